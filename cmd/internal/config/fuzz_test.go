package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse holds for any bytes: no panic; either a whole configuration, which
// the JSON Schema accepts too, or faults that are sorted, different, on one line
// each and inside the file.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range append(paths, filepath.Join("..", "..", "..", "deploy.yaml")) {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		content, _, _ := strings.Cut(string(data), marker)
		f.Add([]byte(content))
	}
	for _, text := range []string{minimal, layered, several, "? &a *a\n: *a\n", "!!bool x: !!int \"a\\nb\"\n", "a: !<\\n> b\n"} {
		f.Add([]byte(text))
	}
	schema := resolved(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("deploy.yaml", data)
		if err != nil {
			checkFaults(t, data, err)
			return
		}
		if value, ok := instance(data); !ok {
			t.Error("accepted, but not readable")
		} else if err := schema.Validate(value); err != nil {
			t.Errorf("the schema refuses it: %v", err)
		}
		for _, target := range c.Targets() {
			if (len(target.TargetGroups) == 0) == (len(target.Tags) == 0) || target.Run.Command == "" || target.Run.Timeout <= 0 || target.Channel == "" ||
				target.Ref.Pattern == nil || len(target.Deploy.Allow) == 0 || target.Approve.None == (len(target.Approve.Allow) > 0) {
				t.Errorf("accepted, but not whole: %+v", target)
			}
		}
	})
}

func checkFaults(t *testing.T, data []byte, err error) {
	var faults Faults
	if !errors.As(err, &faults) || len(faults) == 0 {
		t.Fatalf("no list of faults: %v", err)
	}
	lines := strings.Split(string(data), "\n")
	for i, f := range faults {
		if f.Line < 1 || f.Line > len(lines) || f.Column < 1 || f.Column > utf8.RuneCountInString(lines[f.Line-1])+1 {
			t.Errorf("outside the file: %s", f)
		}
		if f.Message == "" || strings.ContainsFunc(f.Message, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Errorf("not one line: %q", f.Message)
		}
		if i == 0 {
			continue
		}
		if b := faults[i-1]; f == b || f.Line < b.Line || f.Line == b.Line && f.Column < b.Column {
			t.Errorf("not sorted, or twice: %s after %s", f, b)
		}
	}
}
