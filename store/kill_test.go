package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"junban/deploy"
	"junban/store"
)

// What was acknowledged is there after kill -9, whole, and the file is sound. It fails if Append answers before its
// commit (an event goes missing), if row, locks and event are written in several transactions (Check finds them at odds),
// and if a new Open does not find the lock of a dead process free.
func TestKill(t *testing.T) {
	cycles := 100
	if testing.Short() {
		cycles = 10
	}
	seed := rand.Uint64()
	t.Log("seed", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	var path string
	var events map[deploy.ID]int // the last that was acknowledged
	var keys map[string]bool
	for cycle := range cycles {
		if cycle%10 == 0 { // a new file: what is verified after each cycle is all that it has
			path, events, keys = filepath.Join(t.TempDir(), "junban.db"), map[deploy.ID]int{}, map[string]bool{}
		}
		p := begin(t, "append", path, fmt.Sprint("c", cycle))
		for range 1 + dice.IntN(60) {
			remember(t, p.hear(t), events, keys)
		}
		must(t, p.cmd.Process.Kill())
		for p.told.Scan() { // what it had told by then
			remember(t, p.told.Text(), events, keys)
		}
		_ = p.cmd.Wait() // "signal: killed"
		verify(t, path, events, keys)
	}
}

// remember notes one acknowledged write. The last line of a killed child may be cut off.
func remember(t *testing.T, line string, events map[deploy.ID]int, keys map[string]bool) {
	t.Helper()
	kind, rest, _ := strings.Cut(line, " ")
	switch kind {
	case "created":
		keys[rest] = true
	case "event":
		op, number, ok := strings.Cut(rest, " ")
		seq, err := strconv.Atoi(number)
		if !ok || err != nil {
			t.Fatalf("the child said %q", line)
		}
		events[deploy.ID(op)] = seq
	}
}

func verify(t *testing.T, path string, events map[deploy.ID]int, keys map[string]bool) {
	t.Helper()
	s, err := store.Open(path, store.Options{})
	must(t, err)
	must(t, s.Check(t.Context()))
	for op, seq := range events {
		all, err := s.Load(t.Context(), op)
		must(t, err)
		if len(all) < seq {
			t.Fatalf("%s has %d events; %d were acknowledged", op, len(all), seq)
		}
	}
	for key := range keys {
		v, ok, err := s.Get(t.Context(), "seen", key)
		must(t, err)
		if !ok || string(v) != key {
			t.Fatalf("the key %q was acknowledged, and reads %q", key, v)
		}
	}
	must(t, s.Close())
}

// A store whose making was interrupted at any step is made anew, or is there whole.
func TestCreateInterrupted(t *testing.T) {
	for _, step := range []string{"named", "begun", "laid", "linked", "unlinked", "synced"} {
		t.Run(step, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "junban.db")
			p := begin(t, "create", path, step)
			said := ""
			for p.told.Scan() {
				said = p.told.Text()
			}
			if err := p.cmd.Wait(); said != step || err == nil || err.Error() != "signal: killed" {
				t.Fatalf("the child ended at %q with %v", said, err)
			}
			_, err := os.Stat(path)
			if there := err == nil; there != (step == "linked" || step == "unlinked" || step == "synced") {
				t.Fatalf("after %q: the file is there: %v", step, there)
			}
			s, err := store.Open(path, store.Options{})
			must(t, err)
			must(t, run(t.Context(), s, "op-1", "i-1", 3, false, quiet))
			must(t, s.Check(t.Context()))
			must(t, s.Close())
			left, err := os.ReadDir(folder)
			must(t, err)
			if len(left) != 1 {
				t.Fatalf("the folder has %v", left)
			}
		})
	}
}

// A full disk refuses writes, says plainly that nothing was written, and is no reason to start anew when there is room again.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "junban.db")
	p := begin(t, "full", path, "")
	if said := p.hear(t); !strings.HasPrefix(said, "full after") {
		t.Fatal(said)
	}
	p.end(t)
}
