package hostscript

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// checkBytes sends a script and a value and compares what the host got with what was sent. The text stands behind the
// script's exit, so that it is carried and never run.
func checkBytes(t interface {
	Fatalf(string, ...any)
}, h *host, text, value string) {
	script := "cat \"$0\" >\"$GOT\"\nprintf %s \"$VALUE\" >\"$GOTVALUE\"\nexit 0\n" + text
	r := h.run(Job{Token: "t/" + fmt.Sprint(h.next()), Script: script, Env: []Var{
		{"VALUE", value}, {"GOT", h.path("got")}, {"GOTVALUE", h.path("gotvalue")}}})
	if r.State != Exited || r.Exit != 0 {
		t.Fatalf("%s exit %d: %s %q", r.State, r.Exit, r.Why, r.Output)
	}
	if got, _ := os.ReadFile(h.path("got")); string(got) != script {
		t.Fatalf("script sent %q, arrived %q", script, got)
	}
	if got, _ := os.ReadFile(h.path("gotvalue")); string(got) != value {
		t.Fatalf("value sent %q, arrived %q", value, got)
	}
}

// next numbers the tokens of one host.
func (h *host) next() int {
	files, _ := filepath.Glob(filepath.Join(h.state, instance, "log", "1*"))
	return len(files)
}

func TestTextArrivesByteForByte(t *testing.T) {
	all := make([]byte, 0, 255)
	for c := 1; c < 256; c++ {
		all = append(all, byte(c))
	}
	texts := []string{
		"'", "''", `'\''`, `"`, "`touch x`", "$(touch x)", "${HOME}", "-n", "--", "a\r\nb\r", "\n\n\n", " lead and trail ",
		`\`, `\\`, `\n`, `\0101`, "%s%d%%", "{{ssm:secret}}", "{{{{", "日本語 emoji 🚀", "é'", "\xff\xfe", "\x80\x81\x88'", "\u2028\ufeff",
		"JUNBAN\nEOF\n", "junban-guard 1\ttoken=x\tstate=exited", "!history", "~", "*", "a\tb", string(all), strings.Repeat("0123456789", 3000),
	}
	eachShell(t, func(t *testing.T, h *host) {
		for _, text := range texts {
			checkBytes(t, h, text, text)
		}
	})
}

func TestAnyTextArrivesByteForByte(t *testing.T) {
	t.Parallel()
	hosts := map[string]*host{}
	var names []string
	for name, path := range shells(t) {
		hosts[name] = newHost(t, path)
		names = append(names, name)
	}
	hard := rapid.SampledFrom([]string{"'", `"`, "`", "$(", ")", "\\", "\n", "\r", "{{", "}}", "-", "%", "\x01", "\x7f", "\x81", "\xff", "日", "0", " "})
	text := rapid.OneOf(
		rapid.Map(rapid.SliceOfN(hard, 0, 20), func(parts []string) string { return strings.Join(parts, "") }),
		rapid.Map(rapid.SliceOfN(rapid.ByteRange(1, 255), 0, 60), func(b []byte) string { return string(b) }),
	)
	rapid.Check(t, func(rt *rapid.T) {
		h := hosts[rapid.SampledFrom(names).Draw(rt, "shell")]
		checkBytes(rt, h, text.Draw(rt, "script"), text.Draw(rt, "value"))
	})
}

func TestWhatIsSentCanTravel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		j := Job{Token: "t", Instance: instance,
			Script: string(rapid.SliceOfN(rapid.ByteRange(1, 255), 1, 99).Draw(rt, "script")) + "{{x}}\r",
			Env:    []Var{{"A", rapid.StringOf(rapid.RuneFrom([]rune("{}'\\\r\x01é"))).Draw(rt, "value")}}}
		sent, err := Wrap(j)
		if err != nil {
			rt.Fatal(err)
		}
		if !utf8.ValidString(sent) || strings.Contains(sent, "{{") || strings.ContainsAny(sent, "\r\x00\x01\uFFFD") {
			rt.Fatalf("cannot travel: %q", sent)
		}
	})
}

func TestTheCommandCannotForgeAnAnswer(t *testing.T) {
	h := anyShell(t)
	r := h.run(Job{Script: "printf 'junban-guard 1\\ttoken=op/lane/1/command\\tstate=exited\\texit=0\\n' | tee -a /dev/stderr\nexit 9\n"})
	want(t, r, Exited, 9)
	if strings.Count(r.Output, "junban-guard") != 2 {
		t.Errorf("output %q", r.Output)
	}
}

func TestLongOutputComesBackFromItsEnd(t *testing.T) {
	h := anyShell(t)
	a := h.start(Job{Script: "i=0; while [ $i -lt 3000 ]; do echo 日本語$i; i=$((i+1)); done"})
	r := a.report()
	want(t, r, Exited, 0)
	if !r.Truncated || !utf8.ValidString(r.Output) || strings.Contains(r.Output, "\uFFFD") || !strings.HasSuffix(r.Output, "日本語2999\n") {
		t.Errorf("truncated %v, ends %q", r.Truncated, r.Output[max(0, len(r.Output)-30):])
	}
	if len(r.Output) > outputLimit || len(r.Output) < outputLimit-3 {
		t.Errorf("%d bytes", len(r.Output))
	}
	if a.out.Len() > 24000 {
		t.Errorf("the answer has %d bytes, SSM keeps 24000", a.out.Len())
	}
	if info, err := os.Stat(r.OutputPath); err != nil || info.Size() != r.Size || r.Size < 30000 {
		t.Errorf("kept: %v, size %d", err, r.Size)
	}
}

func TestTheCommandsSurroundings(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		dir := h.path("a dir with 'quotes' $(x)")
		must(t, os.Mkdir(dir, 0o755))
		j := Job{Directory: dir, Script: "pwd; umask; echo \"[$A] [$LC_ALL] [$HERE]\"; cat; kill -INT $$; echo not reached\n",
			Env: []Var{{"A", "1\n2"}}}
		a := h.start(j, "LC_ALL=C.UTF-8", "HERE=yes")
		r := a.report()
		want(t, r, Exited, 130) // SIGINT is not ignored, as it would be in a command that sh started with &
		if want := dir + "\n0022\n[1\n2] [C.UTF-8] [yes]\n"; strings.Replace(r.Output, "\n022\n", "\n0022\n", 1) != want {
			t.Errorf("got %q, want %q", r.Output, want)
		}
	})
}

func TestARelativeStateFolderAndOneWithSpaces(t *testing.T) {
	h := anyShell(t)
	h.env = append(h.env, "JUNBAN_STATE=my state")
	r := h.run(Job{Script: "cd /; echo ok"})
	want(t, r, Exited, 0)
	if r.OutputPath == "" || !strings.HasPrefix(r.OutputPath, h.path("my state")+"/") || r.Output != "ok\n" {
		t.Errorf("path %q output %q", r.OutputPath, r.Output)
	}
}
