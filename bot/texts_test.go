package bot

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"junban/bot/lang"
	"junban/deploy"
	"junban/deploy/doctor"
)

// spoken are the folders whose code says messages.
var spoken = []string{".", "card", filepath.Join("..", "cmd", "internal", "app"), filepath.Join("..", "cmd", "bot")}

func parsed(t *testing.T, folder string) []*ast.File {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no source: %v", folder, err)
	}
	var out []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
	return out
}

func text(n ast.Node) (string, bool) {
	lit, ok := n.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// constants are all constants of a type of package deploy, read from its source.
func constants(t *testing.T, typ string) []string {
	t.Helper()
	var out []string
	for _, f := range parsed(t, filepath.Join("..", "deploy")) {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) != 1 {
				return true
			}
			if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != typ {
				return true
			}
			if s, ok := text(spec.Values[0]); ok && s != "" {
				out = append(out, s)
			}
			return true
		})
	}
	if len(out) < 2 {
		t.Fatalf("%s: %d constants: this test would prove nothing", typ, len(out))
	}
	return out
}

// literals are the texts of a function or of variables in the core.
func literals(t *testing.T, file string, names ...string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		named := false
		switch n := n.(type) {
		case *ast.FuncDecl:
			named = slices.Contains(names, n.Name.Name)
		case *ast.ValueSpec:
			named = slices.Contains(names, n.Names[0].Name)
		}
		if named {
			ast.Inspect(n, func(n ast.Node) bool {
				if s, ok := text(n); ok && s != "state" {
					out = append(out, s)
				}
				return true
			})
		}
		return true
	})
	if len(out) == 0 {
		t.Fatalf("%s says nothing any more in %v: this test would prove nothing", file, names)
	}
	return out
}

func family(prefix string, names []string, suffixes ...string) (out []string) {
	if len(suffixes) == 0 {
		suffixes = []string{""}
	}
	for _, n := range names {
		for _, s := range suffixes {
			out = append(out, prefix+"."+strings.ReplaceAll(n, " ", "_")+s)
		}
	}
	return out
}

// needed are the messages that the code makes names of, from what the core has: causes, states, verbs, findings. A new
// one without words fails this test.
func needed(t *testing.T) []string {
	verbs, chores := constants(t, "Verb"), []string{"before", "first", "after"}
	steps := slices.DeleteFunc(slices.Clone(verbs), func(v string) bool { return slices.Contains(chores, v) })
	lane := []string{"retry", "putback", "leaveout", "looked", "goon"}
	acts := slices.DeleteFunc(constants(t, "ActVerb"), func(a string) bool { return a == string(deploy.ActContinue) })
	finished := slices.DeleteFunc(constants(t, "State"), func(s string) bool { return !deploy.State(s).Finished() })
	standings := slices.DeleteFunc(constants(t, "Standing"), func(s string) bool { return s == string(deploy.Member) })
	ways := []string{".now", ".within", ".later"}
	commands := make([]string, len(forms))
	for i, f := range forms {
		commands[i] = f.verb
	}
	var acting []string
	for verb := range typed {
		acting = append(acting, verb)
	}
	return slices.Concat(
		family("cause", constants(t, "Code")), family("phrase", append(constants(t, "Code"), "rule")),
		family("state", constants(t, "State")), family("status", literals(t, "../deploy/operation.go", "Status", "dueAs", "doingAs")),
		family("status", literals(t, "card/chores.go", "choreStatus")), family("health", append(constants(t, "Health"), "in service")),
		family("machine", []string{"pending", "running", "stopping", "stopped", "shutting-down", "terminated"}),
		family("past", slices.Concat(finished, lane, []string{"approve", "turned", "continued", "paused"})), family("standing", standings),
		family("doing", append(steps, "step", "rollout")), family("way", steps), family("chore", chores), family("plan.once.where", chores),
		family("button", acts), family("choice", lane), family("title", constants(t, "Kind")), family("plan.order", constants(t, "Kind")),
		family("doctor.finding", constants(t, "Severity")), family("doctor.line", constants(t, "Severity")), family("plan", []string{"blocks", "warns"}),
		family("finding", doctor.Names(), ".seen", ".mend"), family("trait", []string{"type", "image", "security groups", "metadata tokens"}),
		family("unattended", []string{string(deploy.PolicyStop), string(deploy.PolicyRollback)}, ways...),
		family("difference", literals(t, "../deploy/approve.go", "Difference")), family("outcome", []string{"endless"}),
		family("why", []string{"approve", "deny", "unlock"}, "", ".label"), family("why", []string{"approve", "deny"}, ".empty"),
		family("help", commands), family("typed", acting),
		family("cause", []string{"command_failed", "command_timeout"}, ".chore", ".revert"),
		family("picture.outcome", literals(t, "card/picture.go", "pictured")[:15]), family("picture.status", literals(t, "card/picture.go", "pictured")[15:]),
	)
}

var (
	isID     = regexp.MustCompile(`^[a-z_]+(\.[a-z0-9_-]+)*$`)
	isSuffix = regexp.MustCompile(`^(\.[a-z]+)+$`)
)

// TestEveryMessageIsThereAndIsUsed: what the code names is in the catalogue, and what is in the catalogue is named.
func TestEveryMessageIsThereAndIsUsed(t *testing.T) {
	for _, tag := range []string{lang.English, lang.Japanese} {
		l, err := lang.In(tag)
		if err != nil {
			t.Fatal(err)
		}
		areas, ids := map[string]bool{}, map[string]bool{}
		for _, id := range l.IDs() {
			area, _, _ := strings.Cut(id, ".")
			areas[area], ids[id] = true, true
		}
		used, suffixes := map[string]bool{}, map[string]bool{"": true}
		var names []string
		for _, folder := range spoken {
			for _, f := range parsed(t, folder) {
				ast.Inspect(f, func(n ast.Node) bool {
					if s, ok := text(n); ok && isSuffix.MatchString(s) {
						suffixes[s] = true
					} else if area, rest, dotted := strings.Cut(s, "."); ok && isID.MatchString(s) && areas[area] && (dotted && rest != "yaml" && rest != "allow" && rest != "accept" || ids[s]) {
						names = append(names, s)
					}
					return true
				})
			}
		}
		for _, name := range needed(t) {
			if name = strings.TrimSuffix(name, ":"); strings.ContainsAny(name, "+,") || strings.HasSuffix(name, "-") {
				continue // a sign of deploy.Difference
			}
			if !ids[name] {
				t.Errorf("%s: the core has %s, and the catalogue has no words for it", tag, name)
			}
			names = append(names, name)
		}
		for _, name := range names {
			known := false
			for s := range suffixes {
				known = known || ids[name+s]
				used[name+s] = true
			}
			for id := range ids { // a family, such as picture.status
				known = known || strings.HasPrefix(id, name+".")
			}
			if !known {
				t.Errorf("%s: the code says %s, which the catalogue does not have", tag, name)
			}
		}
		for id := range ids {
			if !used[id] {
				t.Errorf("%s: nobody says %s", tag, id)
			}
		}
	}
}

// TestValuesHaveTheirPlaces: what is given to a message by name is what its placeholders take, neither more nor less.
func TestValuesHaveTheirPlaces(t *testing.T) {
	l, err := lang.In(lang.English)
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, folder := range spoken {
		for _, f := range parsed(t, folder) {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) == 0 || call.Ellipsis.IsValid() {
					return true
				}
				sel, ok := call.Fun.(*ast.SelectorExpr)
				if !ok || sel.Sel.Name != "Say" && sel.Sel.Name != "Line" && sel.Sel.Name != "say" {
					return true
				}
				id, ok := text(call.Args[0])
				if !ok || !l.Has(id) {
					return true
				}
				looked++
				var given []string
				for i := 1; i < len(call.Args); i += 2 {
					if name, ok := text(call.Args[i]); ok {
						given = append(given, name)
					}
				}
				for _, name := range given {
					if !slices.Contains(l.Values(id), name) {
						t.Errorf("%s is given %s, and has no place for it", id, name)
					}
				}
				for _, name := range l.Values(id) {
					if sel.Sel.Name != "say" && !slices.Contains(given, name) {
						t.Errorf("%s is not given %s", id, name)
					}
				}
				return true
			})
		}
	}
	if looked < 100 {
		t.Fatalf("%d calls were looked at: this test would prove nothing", looked)
	}
}
