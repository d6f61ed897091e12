package hostscript

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const header = "junban-guard 1\ttoken=op/1\tstate=exited\texit=3\tsize=5\tsent=5\tstarted=100\tended=105\tother=\tpath=/a b/output\twhy=\n"

func TestParse(t *testing.T) {
	got, err := Parse(header + "a\nb\n\n")
	must(t, err)
	wanted := Report{Token: "op/1", State: Exited, Exit: 3, Output: "a\nb\n\n", Size: 5,
		Started: time.Unix(100, 0).UTC(), Ended: time.Unix(105, 0).UTC(), OutputPath: "/a b/output"}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefusesWhatNoGuardPrinted(t *testing.T) {
	for text, part := range map[string]string{
		"":                               "empty",
		"hello\n":                        "not an answer",
		"\n" + header:                    "not an answer",
		strings.TrimSuffix(header, "\n"): "not an answer", // cut before its end
		"junban-guard 2\ttoken=op/1\tstate=exited\texit=0\n":           `version "2"`,
		"junban-guard 1\ttoken=op/1\tstate=exited\n":                   "without an exit code",
		"junban-guard 1\ttoken=op/1\tstate=fine\texit=0\n":             "unknown state",
		"junban-guard 1\ttoken=op/1\tstate=exited\texit=256\n":         "impossible exit",
		"junban-guard 1\ttoken=op/1\tstate=exited\texit=x\n":           "broken exit",
		"junban-guard 1\tstate=exited\texit=0\n":                       "no token",
		"junban-guard 1\ttoken=op/1\tstate=exited\texit=0\tnonsense\n": "broken field",
		"junban-guard 1\ttoken=a\tstate=exited\texit=0\tstarted=x\n":   "broken started",
	} {
		if r, err := Parse(text); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q: %+v, %v; want %q", text, r, err, part)
		}
	}
}

func TestParseTakesALaterGuardsFields(t *testing.T) {
	if _, err := Parse("junban-guard 1\ttoken=a\tstate=absent\tcolour=red\n"); err != nil {
		t.Error(err)
	}
}

func TestOutputIsCutBetweenCharacters(t *testing.T) {
	cut := strings.Replace(header, "size=5", "size=50", 1)
	for name, c := range map[string]struct {
		header, output, want string
		truncated            bool
	}{
		"whole":            {header, "日本", "日本", false},
		"cut in character": {cut, "\x97\xa5本", "本", true},
		"cut at character": {cut, "日本", "日本", true},
		"not cut, invalid": {header, "\x97\xa5本", "\uFFFD本", false},
		"invalid inside":   {header, "a\xff\xfeb\xe6", "a\uFFFDb\uFFFD", false},
		"too long":         {header, strings.Repeat("日", 3000), strings.Repeat("日", 2730), true},
	} {
		r, err := Parse(c.header + c.output)
		must(t, err)
		if r.Output != c.want || r.Truncated != c.truncated {
			t.Errorf("%s: %.40q (%d bytes) truncated %v", name, r.Output, len(r.Output), r.Truncated)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(header + "out")
	f.Add("junban-guard 1\ttoken=a\tstate=cancelled\texit=-1\twhy=\xff\n\x97\xa5")
	f.Add("junban-guard 1\t\n")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			if err.Error() == "" || len(err.Error()) > 1000 {
				t.Errorf("error %q", err)
			}
			return
		}
		if !strings.HasPrefix(text, Magic) || r.Token == "" || len(r.Output) > outputLimit ||
			!utf8.ValidString(r.Output+r.Why+r.OutputPath+r.Other+r.Token) {
			t.Errorf("%q gave %+v", text, r)
		}
	})
}
