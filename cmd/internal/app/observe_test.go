package app

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/engine"
	"junban/store"
)

// TestABotThatObservesTakesNoOrders by the socket, from one reload to the next.
func TestABotThatObservesTakesNoOrders(t *testing.T) {
	operators := map[string]string{me(t): alice}
	a, r, way := socketed(t, operators, member)
	a.desk = &watched{r, a.shelf.config}
	reload := func(mode string) error {
		rewrite(t, a, "mode: "+mode+"\n"+yaml+operate(operators))
		_, err := way.Do(t.Context(), Order{Verb: "reload"})
		return err
	}
	if err := reload("observe"); err != nil {
		t.Fatal(err)
	}
	for _, o := range []Order{
		{Verb: "deploy", Service: "api", Ref: "v42"}, {Verb: "rollback", Service: "api"}, {Verb: "drain", Service: "api", On: "api-1"},
		{Verb: "restore", Service: "api", On: "api-1"}, {Verb: "lock", Service: "api", Reason: "audit"}, {Verb: "unlock", Service: "api"},
		{Verb: "deploy", Service: "api", Ref: "v42", Emergency: true, Reason: "down"},
	} {
		_, err := way.Do(t.Context(), o)
		no, ok := errors.AsType[*Refused](err)
		if !ok || !strings.Contains(no.Why, "mode: observe") || !strings.Contains(no.Accept, "junban status") || !strings.Contains(no.Accept, "plan") {
			t.Errorf("%s: %v", o.Verb, err)
		}
	}
	if n := r.calls(); n > 0 {
		t.Fatalf("%d orders reached the desk", n)
	}
	if err := reload("operate"); err != nil {
		t.Fatal(err)
	}
	got, err := way.Do(t.Context(), Order{Verb: "deploy", Service: "api", Ref: "v42"})
	if err != nil {
		t.Fatal(err)
	}
	if err := reload("observe"); err == nil || !strings.Contains(err.Error(), string(got.Operation.Op)) {
		t.Errorf("it observes while something has not finished: %v", err)
	}
	if _, err := way.Do(t.Context(), Order{Verb: "pause", Which: "api"}); err != nil {
		t.Errorf("what has not finished can be acted on: %v", err)
	}
}

// TestEveryWayInLeadsToOneDesk: the conversation has the one that the socket has, and the file's channels.
func TestEveryWayInLeadsToOneDesk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deploy.yaml")
	text := "mode: observe\n" + strings.Replace(yaml, "slack: {channel: C0123456789}", "slack: {channel: C0123456789, channels: [C0123456789, C0000000WEB]}", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{Config: path, BotToken: "xoxb-1", AppToken: "xapp-1"}
	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if a.bot.Desk != a.desk || !slices.Equal(a.bot.Channels, []string{"C0123456789", "C0000000WEB"}) {
		t.Errorf("the conversation has %T and %v", a.bot.Desk, a.bot.Channels)
	}
	ask := deploy.Ask{Kind: deploy.KindDeploy, Service: "api", Ref: "v42"}
	_, err = a.desk.Request(t.Context(), "op-1", ask, alice)
	_, asks := errors.AsType[*engine.Mistake](err)
	_, err = a.desk.Act(t.Context(), "op-1", deploy.Act{Verb: deploy.ActApprove, By: deploy.Person{ID: alice}})
	if _, acts := errors.AsType[*engine.Mistake](err); !asks || !acts {
		t.Errorf("requests are refused: %t, acts: %t", asks, acts)
	}
	if _, err := a.desk.Unfinished(t.Context()); err != nil {
		t.Errorf("reading: %v", err)
	}
	c := a.shelf.config()
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}

	s, err := store.Open(c.Store.Bolt, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plan := deploy.Plan{Terms: deploy.Terms{Kind: deploy.KindDeploy, Service: "api"}}
	ev := deploy.Event{Version: deploy.EventVersion, Seq: 1, Op: "op-1", At: time.Now(), Type: deploy.EventRequested, By: alice, Plan: &plan}
	op, err := deploy.Apply(deploy.Operation{}, ev)
	if err := errors.Join(err, s.Append(t.Context(), ev, op.Row(), deploy.Changes{}), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), o); err == nil || !strings.Contains(err.Error(), "op-1 has not finished") {
		t.Errorf("it observes while something has not finished: %v", err)
	}
}
