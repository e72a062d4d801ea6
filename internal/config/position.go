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
	field = strings.TrimPrefix(strings.TrimRight(field, ":"), strings.TrimPrefix(section, "$.")+".")
	for _, path := range []string{section + "." + field, section} {
		if at := find(file, path); at != "" {
			return at
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
	at := node.GetToken().Position
	return fmt.Sprintf("[%d:%d] ", at.Line, at.Column)
}
