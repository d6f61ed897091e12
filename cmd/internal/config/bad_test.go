package config

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the expected faults at the end of each file in testdata/bad")

const marker = "# faults:\n"

// TestEachBadFile reads one bad file per rule. Its faults stand at its end, as
// comments: line:column: message.
func TestEachBadFile(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no bad files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			content, want, _ := strings.Cut(string(data), marker)
			_, err = Parse("deploy.yaml", []byte(content))
			var faults Faults
			if !errors.As(err, &faults) || len(faults) == 0 {
				t.Fatalf("accepted, or no list of faults: %v", err)
			}
			got := ""
			for _, f := range faults {
				got += fmt.Sprintf("# %d:%d: %s\n", f.Line, f.Column, f.Message)
			}
			if *update {
				if err := os.WriteFile(path, []byte(content+marker+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}
