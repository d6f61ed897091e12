package store_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
	"junban/deploy/deploytest"
	"junban/store"
)

var writeGolden = flag.Bool("write-golden", false, "write the golden store of the present schema, if there is none")

func goldenPath(schema int) string {
	return filepath.Join("testdata", fmt.Sprintf("schema%d.db.gz", schema))
}

// goldenJournal is what the golden stores have: an operation that has ended, one that has left a hold behind, one that rolls
// with its locks, and one that waits to be approved.
func goldenJournal(ctx context.Context, j interface {
	Append(context.Context, deploy.Event, deploy.Row, deploy.Changes) error
}) error {
	pairs := []deploy.Pair{{Group: "arn:web", Target: "i-1", Port: 80}, {Group: "arn:web", Target: "i-1", Port: 8080}}
	add := func(op deploy.ID, seq int, typ deploy.Type, s deploy.State, c deploy.Changes) error {
		e := deploy.Event{
			Version: 1, Seq: seq, Op: op, At: start, Type: typ, Writer: "w", By: "U1", Lane: 1, Attempt: 2, OK: true, State: s, Made: "cmd",
			Deadline: start.Add(1), Cause: deploy.Because(deploy.CommandFailed, "exit", 7), Pairs: pairs,
			Values: map[string]string{"PREVIOUS_REF": "v0"}, Output: "順番 <&>\n",
			Act: &deploy.Act{Verb: deploy.ActLeaveOut, By: deploy.Person{ID: "U2", Kind: deploy.Member}, Lane: "i-1", Attempt: 2, Reason: "broken"},
		}
		if typ == deploy.EventRequested {
			e.Plan = &deploy.Plan{Terms: deploy.Terms{
				Kind: deploy.KindDeploy, Service: "web", Ref: "v1",
				Lanes: []deploy.Lane{{Name: "i-1", Steps: []deploy.Step{{Verb: deploy.VerbLeave, On: "i-1", Pairs: pairs, Limit: 1}}}},
			}}
		}
		row := deploy.Row{
			Op: op, Kind: deploy.KindDeploy, Service: "web", Environment: "prod", Ref: "v1", State: s, Lanes: 3, Done: 1, By: "U1",
			Requested: start, Approved: start.Add(1), Started: start.Add(2), Head: seq, Cause: e.Cause,
		}
		return j.Append(ctx, e, row, c)
	}
	lock := deploy.Lock{Resource: "group:arn:web", Op: "op-3", By: "U1", Since: start, Why: "because", Over: "op-2"}
	hold := deploy.Lock{
		Resource: "instance:i-1", Op: "op-2", By: "U2", Since: start, Why: "broken", Hold: true, Pairs: pairs,
		Cause: deploy.Because(deploy.CommandFailed, "exit", 7),
	}
	for _, err := range []error{
		add("op-1", 1, deploy.EventRequested, deploy.StateRequested, deploy.Changes{}),
		add("op-1", 2, deploy.EventFinished, deploy.StateSucceeded, deploy.Changes{Free: true}),
		add("op-2", 1, deploy.EventRequested, deploy.StateRequested, deploy.Changes{}),
		add("op-2", 2, deploy.EventFinished, deploy.StateFailed, deploy.Changes{Free: true, Keep: []deploy.Lock{hold}}),
		add("op-3", 1, deploy.EventRequested, deploy.StateRequested, deploy.Changes{}),
		add("op-3", 2, deploy.EventStarted, deploy.StateRolling, deploy.Changes{Take: []deploy.Lock{lock}}),
		add("op-4", 1, deploy.EventRequested, deploy.StateRequested, deploy.Changes{}),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Stores that were written with any schema there has ever been can be opened and read in full. The files are never written
// again: one that cannot be read any more needs a migration.
func TestGolden(t *testing.T) {
	if *writeGolden {
		makeGolden(t)
	}
	want := deploytest.NewJournal()
	must(t, goldenJournal(t.Context(), want))
	for schema := 1; schema <= store.Schema; schema++ {
		path := filepath.Join(t.TempDir(), "junban.db")
		unpack(t, goldenPath(schema), path)
		s := openStore(t, path)
		sameJournal(t, s, want)
		if v, ok, err := s.Get(t.Context(), "seen", "envelope-1"); err != nil || !ok || string(v) != "{}" {
			t.Fatalf("memory: %q, %v, %v", v, ok, err)
		}
	}
}

func sameJournal(t *testing.T, got, want journalReader) {
	t.Helper()
	read := func(j journalReader) []any {
		var all []any
		for n := 1; n <= 4; n++ {
			events, err := j.Load(t.Context(), deploy.ID(fmt.Sprint("op-", n)))
			must(t, err)
			all = append(all, events)
		}
		unfinished, err := j.Unfinished(t.Context())
		must(t, err)
		recent, err := j.Recent(t.Context(), "web", 10)
		must(t, err)
		locks, err := j.Locks(t.Context())
		must(t, err)
		return append(all, unfinished, recent, locks)
	}
	if diff := cmp.Diff(read(want), read(got)); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}

func makeGolden(t *testing.T) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "junban.db")
	s := openStore(t, path)
	must(t, goldenJournal(t.Context(), s))
	must(t, s.Put(t.Context(), "seen", "envelope-1", []byte("{}")))
	must(t, s.Close())
	data, err := os.ReadFile(path)
	must(t, err)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err = z.Write(data)
	must(t, err)
	must(t, z.Close())
	f, err := os.OpenFile(goldenPath(store.Schema), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	must(t, err)
	_, err = f.Write(packed.Bytes())
	must(t, err)
	must(t, f.Close())
}

func unpack(t *testing.T, from, to string) {
	t.Helper()
	f, err := os.Open(from)
	must(t, err)
	z, err := gzip.NewReader(f)
	must(t, err)
	data, err := io.ReadAll(z)
	must(t, err)
	must(t, f.Close())
	must(t, os.WriteFile(to, data, 0o600))
}
