package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// position says where in the file the trouble is, as "[line:column] ": at the
// field that the error begins with, as in "rules[0].path …", or else where the
// section is.
func position(text []byte, section string, err error) string {
	file, parseErr := parser.ParseBytes(text, 0)
	if parseErr != nil {
		return ""
	}
	field, _, _ := strings.Cut(err.Error(), " ")
	field = strings.TrimPrefix(strings.TrimRight(field, ":,"), strings.TrimPrefix(section, "$.")+".")
	for _, path := range []string{section + "." + field, section} {
		if found := find(file, path); found != "" {
			return found
		}
	}
	return ""
}

func find(file *ast.File, path string) string {
	p, err := yaml.PathString(path)
	if err != nil {
		return ""
	}
	node, err := p.FilterFile(file)
	if err != nil || node.GetToken() == nil {
		return ""
	}
	return at(node)
}

func at(node ast.Node) string {
	p := node.GetToken().Position
	return fmt.Sprintf("[%d:%d] ", p.Line, p.Column)
}

// scalarPosition says where a value stands that is spelt so.
func scalarPosition(text []byte, value string) string {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return ""
	}
	s := &scalars{value: value}
	for _, doc := range file.Docs {
		ast.Walk(s, doc)
	}
	return s.found
}

// scalars walks a document to the first scalar of a value.
type scalars struct{ value, found string }

func (s *scalars) Visit(node ast.Node) ast.Visitor {
	if _, ok := node.(ast.ScalarNode); ok && s.found == "" && node.GetToken().Value == s.value {
		s.found = at(node)
	}
	return s
}
