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

// scalarPosition says where the value stands that is spelt so; "" where there
// are several.
func scalarPosition(text []byte, value string) string {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return ""
	}
	s := &scalars{value: value}
	for _, doc := range file.Docs {
		ast.Walk(s, doc)
	}
	if len(s.found) != 1 {
		return ""
	}
	return s.found[0]
}

// scalars walks a document to the scalars of a value, keys left out.
type scalars struct {
	value string
	found []string
}

func (s *scalars) Visit(node ast.Node) ast.Visitor {
	if pair, ok := node.(*ast.MappingValueNode); ok {
		ast.Walk(s, pair.Value)
		return nil
	}
	if _, ok := node.(ast.ScalarNode); ok && node.GetToken().Value == s.value {
		s.found = append(s.found, at(node))
	}
	return s
}
