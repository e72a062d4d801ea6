package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/modelparity/parity/"

// mayImport is the table in ARCHITECTURE.md: what each package may import of
// ours. Tests may import what they like.
var mayImport = map[string][]string{
	"internal/exchange":               {},
	"internal/store":                  {},
	"internal/store/storetest":        {"internal/store"},
	"internal/telemetry":              {},
	"internal/telemetry/statsdtest":   {},
	"internal/telemetry/terminaltest": {},
	"internal/demo":                   {},
	"internal/sagemakertest":          {},
	"internal/tape":                   {},
	"internal/number":                 {},
	"internal/mapping":                {"internal/exchange"},
	"internal/answer":                 {"internal/exchange", "internal/tape"},
	"internal/dataset":                {"internal/exchange", "internal/store"},
	"internal/importer":               {"internal/exchange", "internal/store"},
	"internal/derive":                 {"internal/exchange", "internal/mapping", "internal/store"},
	"capture":                         {"internal/exchange", "internal/telemetry"},
	"capture/recorder":                {"capture", "internal/dataset", "internal/exchange", "internal/store"},
	"replay":                          {"internal/answer", "internal/exchange", "internal/mapping", "internal/telemetry"},
	"compare":                         {"internal/answer", "internal/exchange", "internal/mapping", "internal/number", "internal/tape"},
	"report":                          {"compare", "internal/exchange"},
	"report/reporttest":               {},
	"internal/config":                 {"capture", "compare", "internal/exchange", "internal/mapping", "replay", "report"},
	"internal/explorer":               {"compare", "internal/dataset", "internal/exchange", "internal/store", "report"},
	"bench":                           {"internal/dataset", "internal/exchange", "internal/store"},
	"chaos":                           {}, // its checker must share nothing with what it checks
	"examples/sagemaker":              {"internal/demo", "internal/sagemakertest"},
	"cmd/parity": {
		"capture", "capture/recorder", "compare", "replay", "report", "internal/answer", "internal/config", "internal/dataset", "internal/demo", "internal/derive",
		"internal/exchange", "internal/explorer", "internal/importer", "internal/mapping", "internal/store", "internal/telemetry",
	},
}

// Without this, a verb could come to know Parquet or S3, and packages could
// grow into each other. It parses the files, so that the test cache sees them.
func TestImportDirections(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		if d.IsDir() && rel != "." && (strings.HasPrefix(d.Name(), ".") || rel == "tools" || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		pkg := path.Dir(filepath.ToSlash(rel))
		seen[pkg] = true
		allowed, known := mayImport[pkg]
		if !known {
			t.Errorf("%s is a package that the table does not have", pkg)
			return nil
		}
		checkFile(t, file, pkg, allowed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range mayImport {
		if !seen[pkg] {
			t.Errorf("the table has %s, which has no files", pkg)
		}
	}
}

func checkFile(t *testing.T, file, pkg string, allowed []string) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, imp := range f.Imports {
		name, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		ours, isOurs := strings.CutPrefix(name, module)
		if isOurs && !slices.Contains(allowed, ours) {
			t.Errorf("%s: %s may not import %s", file, pkg, ours)
		}
		if pkg == "internal/exchange" && strings.Contains(strings.Split(name, "/")[0], ".") {
			t.Errorf("%s: %s may import the standard library only, not %s", file, pkg, name)
		}
	}
}
