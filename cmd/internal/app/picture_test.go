package app

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"junban/bot/timeline"
	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/store"
)

// showsAPicture checks that a picture is one, of the operation that was meant.
func showsAPicture(t *testing.T, p Picture, id deploy.ID) {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(p.PNG))
	if err != nil || img.Bounds().Dx() != timeline.Width || p.Op != id {
		t.Errorf("the picture of %q instead of %q, %d bytes: %v", p.Op, id, len(p.PNG), err)
	}
}

func TestThePictureOfARunningBotsOperation(t *testing.T) {
	_, _, way := socketed(t, map[string]string{me(t): alice}, member)
	got, err := way.Do(t.Context(), Order{Verb: "deploy", Service: "api", Ref: "v42"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := ReadPicture(t.Context(), way.Config, got.Operation.Op)
	if err != nil {
		t.Fatal(err)
	}
	showsAPicture(t, p, got.Operation.Op)
	if _, err := ReadPicture(t.Context(), way.Config, "261127-000000-none"); err == nil || !strings.Contains(err.Error(), `no operation "261127-000000-none"`) || !strings.Contains(err.Error(), "junban history") {
		t.Errorf("of an unknown operation: %v", err)
	}
}

func TestThePictureFromTheStoreOfABotThatDoesNotRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deploy.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(c.Store.Bolt, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan := deploy.Plan{Terms: deploy.Terms{Kind: deploy.KindDeploy, Service: "web", Ref: "v42"}}
	e := deploy.Event{Version: deploy.EventVersion, Op: "261127-100205-k3x", Seq: 1, At: time.Now(), Type: deploy.EventRequested, By: alice, Plan: &plan}
	op, err := deploy.Replay([]deploy.Event{e})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), e, op.Row(), deploy.Changes{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	p, err := ReadPicture(t.Context(), path, op.ID)
	if err != nil {
		t.Fatal(err)
	}
	showsAPicture(t, p, op.ID)
	if _, err := ReadPicture(t.Context(), path, "nothing"); err == nil || !strings.Contains(err.Error(), `no operation "nothing"`) {
		t.Errorf("of an unknown operation: %v", err)
	}
}
