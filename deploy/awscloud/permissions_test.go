package awscloud_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"junban/deploy/awscloud"
)

// services are the IAM prefixes of the clients, by the field of Cloud that holds them.
var services = map[string]string{"elb": "elasticloadbalancing", "ec2": "ec2", "scaling": "autoscaling", "watch": "cloudwatch"}

// TestPermissionsAreTheCallsThatAreMade: a call without a permission fails in somebody's production, a permission
// without a call is more than the least. What survey*.go reads is the doctor's, with a table of its own.
func TestPermissionsAreTheCallsThatAreMade(t *testing.T) {
	files, err := filepath.Glob("*.go")
	must(t, err)
	made := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "survey") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		must(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if action, ok := call.Fun.(*ast.SelectorExpr); ok {
				if client, ok := action.X.(*ast.SelectorExpr); ok && services[client.Sel.Name] != "" {
					made[services[client.Sel.Name]+":"+action.Sel.Name] = true
				}
			}
			return true
		})
	}
	if len(made) < 10 {
		t.Fatalf("only %v were found: this proves nothing", made)
	}
	named := map[string]bool{}
	for _, p := range awscloud.Permissions() {
		if named[p.Action] {
			t.Errorf("%s stands there twice", p.Action)
		}
		named[p.Action] = true
		if len(p.On) == 0 || p.Why == "" || strings.HasSuffix(p.Why, ".") {
			t.Errorf("%s: on %v because %q", p.Action, p.On, p.Why)
		}
	}
	if d := cmp.Diff(slices.Sorted(maps.Keys(made)), slices.Sorted(maps.Keys(named))); d != "" {
		t.Errorf("calls (-) and permissions (+):\n%s", d)
	}
}
