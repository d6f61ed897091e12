package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// minimal is the first example of the README: nothing in it can be left out.
const minimal = `# deploy.yaml
slack:
  channel: C0123456789
aws:
  region: ap-northeast-1
services:
  web:
    target_groups: [web]
    run:
      command: ./deploy.sh "$REF"
    deploy:
      allow: [S0DEVS]
    approve:
      allow: [S0LEADS]
`

// usual is `rolling` where the file says nothing of it.
var usual = Rolling{
	MaxUnavailable: Count{N: 1}, MinHealthy: Count{N: 1}, Drain: Drain{Settle: 20 * time.Second},
	HealthyTimeout: 10 * time.Minute, OnFailure: "ask",
}

// parse reads a file that is right.
func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("/etc/junban/deploy.yaml", []byte(text))
	if err != nil {
		t.Fatalf("refused:\n%v\n%s", err, text)
	}
	return c
}

// target reads a file that is right and answers one of its targets.
func target(t *testing.T, text, service, environment string) Target {
	t.Helper()
	got, err := parse(t, text).Target(service, environment)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// faults reads a file that is wrong.
func faults(t *testing.T, text string) Faults {
	t.Helper()
	c, err := Parse("deploy.yaml", []byte(text))
	var got Faults
	if !errors.As(err, &got) || len(got) == 0 || c != nil {
		t.Fatalf("accepted, or no list of faults: %v\n%s", err, text)
	}
	return got
}

func TestTheExampleAtTheRootIsAccepted(t *testing.T) {
	c, err := Load(filepath.Join("..", "..", "..", "deploy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for environment, none := range map[string]bool{"staging": true, "production": false} {
		got, err := c.Target("web", environment)
		if err != nil {
			t.Fatal(err)
		}
		if got.Approve.None != none {
			t.Errorf("%s: approve none = %v", environment, got.Approve.None)
		}
	}
}

func TestTheMinimalFileMeansItsDefaults(t *testing.T) {
	c := parse(t, minimal)
	if got, want := c.Slack, (Slack{Channel: "C0123456789", Command: "/deploy", Language: "en"}); !reflect.DeepEqual(got, want) {
		t.Errorf("slack = %+v, want %+v", got, want)
	}
	if len(c.AWS.Accounts) != 0 || len(c.Operators) != 0 {
		t.Errorf("accounts %v, operators %v", c.AWS.Accounts, c.Operators)
	}
	if c.Zone != time.UTC || c.AWS.Region != "ap-northeast-1" || c.Path != "/etc/junban/deploy.yaml" || c.Store.Bolt != "/etc/junban/junban.db" {
		t.Errorf("zone %v, region %q, path %q, bolt %q", c.Zone, c.AWS.Region, c.Path, c.Store.Bolt)
	}
	got, err := c.Target("web", "")
	if err != nil {
		t.Fatal(err)
	}
	if pattern := got.Ref.Pattern.String(); pattern != `^[A-Za-z0-9][A-Za-z0-9._/-]*$` {
		t.Errorf("ref.pattern = %s", pattern)
	}
	got.Ref = Ref{}
	want := Target{
		Service: "web", Channel: "C0123456789", TargetGroups: []string{"web"},
		Run:     Run{Via: "ssm", Shell: "sh", Env: map[string]string{}, Command: `./deploy.sh "$REF"`, Timeout: 10 * time.Minute},
		Rolling: usual,
		Deploy:  Deploy{Allow: []string{"S0DEVS"}},
		Approve: Approve{Allow: []string{"S0LEADS"}, Required: 1, Expires: 30 * time.Minute, StartWithin: 2 * time.Hour},
		Accept:  map[string]string{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("target (-want +got):\n%s", diff)
	}
}

func TestNothingOfTheMinimalFileCanBeLeftOut(t *testing.T) {
	for _, line := range []string{
		"  channel: C0123456789\n", "  region: ap-northeast-1\n", "    target_groups: [web]\n",
		"      command: ./deploy.sh \"$REF\"\n", "      allow: [S0DEVS]\n", "      allow: [S0LEADS]\n",
	} {
		rest := strings.Replace(minimal, line, "", 1)
		got := faults(t, rest)
		if rest == minimal || len(got) != 1 {
			t.Errorf("without %q: %v", line, got)
		}
	}
}

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "deploy.yaml")
	if _, err := Load(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Load(folder); err == nil || errors.As(err, new(Faults)) {
		t.Errorf("a folder: %v", err)
	}
	if err := os.WriteFile(path, []byte(minimal), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if c.Store.Bolt != filepath.Join(folder, "junban.db") {
		t.Errorf("bolt = %s", c.Store.Bolt)
	}
	if err := os.WriteFile(path, []byte(minimal+strings.Repeat("#", maxSize)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "deploy.yaml:1:1: the file is larger than 1 MiB") {
		t.Errorf("a large file: %v", err)
	}
}

func TestAnAbsoluteStoreStaysWhereItIs(t *testing.T) {
	if got := parse(t, minimal+"store: {bolt: /var/lib/junban.db}\n").Store.Bolt; got != "/var/lib/junban.db" {
		t.Errorf("bolt = %s", got)
	}
}

func TestWhatIsNoText(t *testing.T) {
	hidden := func(at string) string {
		return "deploy.yaml:" + at + ": an invisible line break that YAML sees and editors do not stands here; remove it, or save with the line ends of Unix or Windows"
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":        {"", "deploy.yaml:1:1: the file is empty; it needs at least slack, aws and services"},
		"null":           {"---\n~\n", "deploy.yaml:2:1: the file is empty; it needs at least slack, aws and services"},
		"latin-1":        {"slack:\n  a: caf\xe9\n", "deploy.yaml:2:9: this byte is not UTF-8; save the file as UTF-8"},
		"UTF-16":         {"\xff\xfes\x00", "deploy.yaml:1:1: the file is UTF-16; save it as UTF-8"},
		"after Japanese": {"slack: # 順番\x00\n", "deploy.yaml:1:12: an invisible control character stands here; remove it, or write it as \"\\x..\" in double quotes"},
		"bell":           {"a: \x07\n", "deploy.yaml:1:4: an invisible control character stands here; remove it, or write it as \"\\x..\" in double quotes"},
		"in the second":  {minimal + "---\na: [\n", "deploy.yaml:17:1: the file ends in the middle of a value (did not find expected node content)"},
		"a noncharacter": {"a: \uffff\n", "deploy.yaml:1:1: this is not YAML: control characters are not allowed (value: 65535)"},
		"NEL":            {"a: b\u0085c: d\n", hidden("1:5")},
		"line separator": {"a: b\nc: \u2028d\n", hidden("2:4")},
		"lone CR":        {"a: b\rc: d\r\n", hidden("1:5")},
		"a directive":    {"%YAML 1.2\n---\na: b\n", "deploy.yaml:1:1: this directive is not understood; remove the line"},
		"a percent sign": {"a: %b\n", "deploy.yaml:1:4: a value cannot begin with '%' in YAML; put it in quotes"},
		"an open quote":  {"a: 'b\n\n\n", "deploy.yaml:1:4: this is not closed before the end of the file (while scanning a quoted scalar)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := faults(t, c.text).Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestEditorsHabitsAreAccepted(t *testing.T) {
	parse(t, "\ufeff"+minimal)
	parse(t, strings.ReplaceAll(minimal, "\n", "\r\n"))
	parse(t, "---\n"+minimal+"...\n")
}

func TestFaultsPrintOneALine(t *testing.T) {
	got := faults(t, "slack: {channel: x}\naws: {region: y}\nservices: {web: }\nzone: z\n").Error()
	lines := strings.Split(got, "\n")
	if len(lines) != 7 || !strings.HasPrefix(lines[0], "deploy.yaml:1:18: slack.channel: ") || !strings.HasPrefix(lines[6], "deploy.yaml:4:7: zone: ") {
		t.Errorf("got\n%s", got)
	}
}

func TestAFaultOfTheDefaultsIsReportedOnce(t *testing.T) {
	got := faults(t, strings.Replace(several, "{command: a}", "{command: a, verify: {command: b, for: 1s}}", 1))
	if len(got) != 1 || !strings.Contains(got[0].Message, "defaults.run.verify.for: 1s is shorter") {
		t.Errorf("got\n%v", got)
	}
}

func TestMergeKeysCannotGrowWithoutBound(t *testing.T) {
	var text strings.Builder
	text.WriteString("base: &base {")
	for i := range 1000 {
		fmt.Fprintf(&text, "k%d: 1, ", i)
	}
	text.WriteString("}\nrest:\n" + strings.Repeat("- <<: *base\n", maxValues/1000+1))
	want := "deploy.yaml:1:1: the file holds more than 50000 values, counting again what aliases (*) repeat"
	if got := faults(t, text.String()).Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAFaultStandsInsideTheFile(t *testing.T) {
	r := newReport("deploy.yaml", []byte("順番\r\nb"))
	r.add(position{0, 0}, "before")
	r.add(position{1, 9}, "right of the first line")
	r.add(position{9, 9}, "after")
	want := "deploy.yaml:1:1: before\ndeploy.yaml:1:3: right of the first line\ndeploy.yaml:2:2: after"
	if got := r.err().Error(); got != want {
		t.Errorf("got\n%s", got)
	}
}
