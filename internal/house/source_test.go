package house_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// source is one parsed file, not of a test.
type source struct {
	pkg  string
	path string
	rel  string
	ast  *ast.File
	fset *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var out []source
	all := list(t)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		for _, name := range all[path].GoFiles {
			s := source{pkg: path, path: filepath.Join(all[path].Dir, name), fset: token.NewFileSet()}
			if s.rel, err = filepath.Rel(root, s.path); err != nil {
				t.Fatal(err)
			}
			if s.ast, err = parser.ParseFile(s.fset, s.path, nil, parser.ParseComments|parser.SkipObjectResolution); err != nil {
				t.Fatal(err)
			}
			out = append(out, s)
		}
	}
	return out
}

func (s source) at(n ast.Node) string {
	p := s.fset.Position(n.Pos())
	p.Filename = s.rel
	return p.String()
}

// TestTheCoreReadsNoClock: time comes in as an argument, or a decision could not be told again from its journal.
func TestTheCoreReadsNoClock(t *testing.T) {
	banned := map[string]bool{
		"time.Now": true, "time.Since": true, "time.Until": true, "time.Sleep": true, "time.After": true, "time.AfterFunc": true,
		"time.NewTimer": true, "time.NewTicker": true, "time.Tick": true, "fmt.Print": true, "fmt.Println": true, "fmt.Printf": true, "time.Local": true,
	}
	seen := false
	for _, s := range sources(t) {
		if s.pkg != module+"/deploy" && s.pkg != module+"/deploy/doctor" {
			continue
		}
		seen = true
		ast.Inspect(s.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && banned[x.Name+"."+n.Sel.Name] {
					t.Errorf("%s: %s.%s in the pure core", s.at(n), x.Name, n.Sel.Name)
				}
			case *ast.GoStmt:
				t.Errorf("%s: the pure core starts no goroutine", s.at(n))
			case *ast.SelectStmt, *ast.ChanType:
				t.Errorf("%s: the pure core knows no channel", s.at(n))
			}
			return true
		})
	}
	if !seen {
		t.Fatal("no file of the core was looked at")
	}
}

// maxLines is where a file holds more than one topic. Generated files are counted too: there are none.
const maxLines = 450

func TestFilesStayReadable(t *testing.T) {
	for _, s := range sources(t) {
		data, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(data, []byte("\n")); n > maxLines {
			t.Errorf("%s has %d lines, more than %d: split it by topic", s.rel, n, maxLines)
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init runs whether or not anybody wants it; call it from where it is needed", s.at(f))
			}
		}
	}
}

// TestExportedNamesAreDocumented: a comment on the name, on its line, or on the group that it stands in.
func TestExportedNamesAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) && !wellKnown(d) {
					t.Errorf("%s: %s has no doc comment", s.at(d), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					undocumented(t, s, d, spec)
				}
			}
		}
	}
}

func undocumented(t *testing.T, s source, d *ast.GenDecl, spec ast.Spec) {
	t.Helper()
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
			t.Errorf("%s: type %s has no doc comment", s.at(spec), spec.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			if name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil && !typed(d, spec) {
				t.Errorf("%s: %s has no doc comment", s.at(spec), name.Name)
			}
		}
	}
}

// typed reports whether a constant stands in a group of values of one named type, whose own comment says what they are.
func typed(d *ast.GenDecl, spec *ast.ValueSpec) bool {
	if d.Tok != token.CONST || !d.Lparen.IsValid() {
		return false
	}
	first, ok := d.Specs[0].(*ast.ValueSpec)
	return ok && first.Type != nil && (spec.Type != nil || len(spec.Values) == 0)
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	typ := d.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if generic, ok := typ.(*ast.IndexExpr); ok {
		typ = generic.X
	}
	id, ok := typ.(*ast.Ident)
	return ok && id.IsExported()
}

// wellKnown are methods whose meaning the standard library gives.
func wellKnown(d *ast.FuncDecl) bool {
	return d.Recv != nil && slices.Contains([]string{
		"Error", "String", "Unwrap", "Is", "As", "MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "ServeHTTP", "Close", "Read", "Write", "Len", "Less", "Swap",
	}, d.Name.Name)
}

// TestNothingNamesOneMachine: a path or an address that holds on one machine only has no place in the tree.
func TestNothingNamesOneMachine(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			for _, root := range []string{`"/` + "home/", `"/` + "root/", `"/` + "Users/"} {
				if strings.HasPrefix(lit.Value, root) {
					t.Errorf("%s: %s is a path of one machine", s.at(lit), lit.Value)
				}
			}
			return true
		})
	}
}
