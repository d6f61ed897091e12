package bench

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot"
	"junban/bot/card"
	"junban/bot/slacksim"
	"junban/deploy"
	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
	"junban/deploy/engine"
)

const (
	second   = "U0SECOND" // may approve, as lead may
	stranger = "U0OTTO"   // may nothing
	// calm is how long Slack may show what was, once it takes everything again.
	calm = 10 * time.Second
)

// races is how many times two people act at once: few of them, about ten seconds of CPU, or a thousand with
// JUNBAN_RACES=1. Under the race detector each takes ten times as long.
func races(few int) int {
	switch {
	case os.Getenv("JUNBAN_RACES") != "":
		return 1000
	case detecting:
		return few / 5
	}
	return few
}

func peopled() setup {
	return setup{
		services: 1, instances: 2, delay: 5 * time.Second, interval: 5 * time.Second, command: time.Second, fake: true,
		people: []string{dev, lead, second, stranger}, approvers: []string{second},
	}
}

// asks asks for a rollout, and answers it once its message has a button.
func (s *told) asks(t *testing.T, ask deploy.Ask, button string) (deploy.Operation, bot.Place) {
	t.Helper()
	op, err := s.rig.bot.Request(t.Context(), engine.NewID(), ask, dev)
	if err != nil {
		t.Fatal(err)
	}
	return op, s.offers(t, op.ID, button)
}

// offers waits until an operation's message has a button.
func (s *told) offers(t *testing.T, id deploy.ID, button string) bot.Place {
	t.Helper()
	var at bot.Place
	if err := s.slack.Wait(t.Context(), func(v slacksim.View) bool {
		at = s.talk(t, id).Parent
		m, ok := v.Message(at.Channel, at.TS)
		return ok && slices.Contains(buttons(t, m), button)
	}); err != nil {
		t.Fatal(err)
	}
	return at
}

// conversation is what the bot remembers of an operation's messages.
type conversation struct {
	Parent      bot.Place
	Told, Shown int
	Details     bot.Place
	Detailed    int
}

func (s *told) talk(t *testing.T, id deploy.ID) (c conversation) {
	t.Helper()
	data, ok, err := s.store.Get(t.Context(), "talk", string(id))
	if err == nil && ok {
		err = json.Unmarshal(data, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// buttons are the acts that a message offers.
func buttons(t *testing.T, m slacksim.Message) (out []string) {
	t.Helper()
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if id, ok := v["action_id"].(string); ok && v["type"] == "button" {
				out = append(out, id)
			}
			for _, child := range v {
				walk(child)
			}
		case []any:
			for _, child := range v {
				walk(child)
			}
		}
	}
	for _, part := range []json.RawMessage{m.Blocks, m.Attachments} {
		var tree any
		if len(part) > 0 {
			if err := json.Unmarshal(part, &tree); err != nil {
				t.Fatal(err)
			}
		}
		walk(tree)
	}
	slices.Sort(out)
	return out
}

// agrees demands that an operation's message shows what its journal says, and that all of it is told (I7).
func (s *told) agrees(t *testing.T, op deploy.Operation) {
	t.Helper()
	c := s.talk(t, op.ID)
	if c.Shown != op.Seq || op.State.Finished() && c.Told != op.Seq {
		t.Errorf("%s is at %d; shown is %d, told %d", op.ID, op.Seq, c.Shown, c.Told)
	}
	if c.Details.TS != "" && op.State.Finished() && c.Detailed != op.Seq {
		t.Errorf("%s is at %d; its details show %d", op.ID, op.Seq, c.Detailed)
	}
	m, ok := s.slack.Message(c.Parent.Channel, c.Parent.TS)
	want := s.voice.Parent(op, time.Now(), card.Around{})
	if !ok || m.Subtype != "" || !strings.HasSuffix(m.Text, want.Text) {
		t.Errorf("%s shows %q, not %q", op.ID, m.Text, want.Text)
	}
	var acts []string
	for _, b := range want.Blocks {
		for _, button := range b.Buttons {
			acts = append(acts, button.Action)
		}
	}
	slices.Sort(acts)
	if got := buttons(t, m); !slices.Equal(got, acts) {
		t.Errorf("%s %s offers %v, not %v", op.ID, op.State, got, acts)
	}
}

// heard counts what each person was told alone.
func (s *told) heard() map[string]int {
	out := map[string]int{}
	for _, who := range s.people {
		out[who] = len(s.slack.Ephemerals(who))
	}
	return out
}

// refusals are the lines of the audit, newest first.
func (s *told) refusals(t *testing.T) []bot.Refused {
	t.Helper()
	out, err := bot.Audit(t.Context(), s.store, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// together runs two acts at once. The second begins at the nth call that AWS gets from now on, at once if n is 0, and a
// second later at the latest.
func (s *told) together(t *testing.T, n int, first, other func(ctx context.Context) error) {
	t.Helper()
	begins := make(chan struct{})
	begin := sync.OnceFunc(func() { close(begins) })
	var calls atomic.Int64
	s.aws.OnCall(func(c awssim.Call) {
		if !c.Done && calls.Add(1) >= int64(n) {
			begin()
		}
	})
	defer s.aws.OnCall(nil)
	if n == 0 {
		begin()
	}
	var both sync.WaitGroup
	var errs [2]error
	both.Go(func() { errs[0] = first(t.Context()) })
	both.Go(func() {
		select {
		case <-begins:
		case <-time.After(time.Second):
		}
		errs[1] = other(t.Context())
	})
	both.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	time.Sleep(calm)
	synctest.Wait()
}

// read reads an operation with its events.
func (s *told) read(t *testing.T, id deploy.ID) (deploy.Operation, []deploy.Event) {
	t.Helper()
	events, err := s.rig.bot.Events(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	op, err := deploy.Replay(events)
	if err != nil {
		t.Fatal(err)
	}
	return op, events
}

func (s *told) clicks(who string, at bot.Place, action string) func(context.Context) error {
	return func(ctx context.Context) error { return s.slack.Click(ctx, who, at.Channel, at.TS, action) }
}

// ends lets an operation end by an act, and waits for it.
func (s *told) ends(t *testing.T, id deploy.ID, verb deploy.ActVerb) {
	t.Helper()
	op, _ := s.read(t, id)
	if !op.State.Finished() {
		a := deploy.Act{Verb: verb, By: deploy.Person{ID: dev}}
		if _, err := s.rig.bot.Act(t.Context(), id, a); err != nil {
			if _, refused := deploy.RefusalOf(err); !refused {
				t.Fatal(err)
			}
		}
	}
	s.finish([]deploy.ID{id})
	time.Sleep(calm)
	synctest.Wait()
	op, _ = s.read(t, id)
	s.agrees(t, op)
}

// TestOfApproveAndDenyAtOnceOneWinsAndTheOtherIsTold: both are judged by the journal as it is when they are written.
func TestOfApproveAndDenyAtOnceOneWinsAndTheOtherIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newTold(t, peopled())
		before, won, times := cpu(t), map[string]int{}, races(200)
		for n := range times {
			op, at := s.asks(t, deploy.Ask{Kind: deploy.KindDeploy, Service: service(0), Ref: "v42", At: time.Now().Add(time.Hour)}, "approve")
			if err := s.clicks(second, at, "form:deny")(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.slack.Wait(t.Context(), func(v slacksim.View) bool { _, open := v.Modal(second); return open }); err != nil {
				t.Fatal(err)
			}
			heard, refused := s.heard(), len(s.refusals(t))
			s.together(t, n%8, s.clicks(lead, at, "approve"), func(ctx context.Context) error {
				_, err := s.slack.Submit(ctx, second, "")
				return err
			})
			op, events := s.read(t, op.ID)
			loser := second
			if op.State == deploy.StateDenied {
				loser = lead
			}
			won[string(op.State)]++
			var decided []deploy.Type
			for _, e := range events {
				if e.Act != nil {
					decided = append(decided, e.Type)
				}
			}
			if len(decided) != 1 || op.State != deploy.StateDenied && op.State != deploy.StateApproved && op.State != deploy.StateQueued {
				t.Fatalf("race %d: %s by %v", n, op.State, decided)
			}
			heard[loser]++
			s.toldOnly(t, n, heard, refused, loser)
			s.agrees(t, op)
			s.ends(t, op.ID, deploy.ActWithdraw)
			if t.Failed() {
				return
			}
		}
		s.end()
		t.Logf("%v; %v of CPU each", won, ((cpu(t) - before) / time.Duration(times)).Round(time.Microsecond))
		if won["denied"] == 0 || won["denied"] == times {
			t.Errorf("it was no race: %v", won)
		}
	})
}

// toldOnly demands that whoever lost was told, nobody else was, and the audit says so.
func (s *told) toldOnly(t *testing.T, race int, heard map[string]int, refused int, losers ...string) {
	t.Helper()
	for who, n := range s.heard() {
		if n != heard[who] {
			t.Errorf("race %d: %s was told %d times more than they should", race, who, n-heard[who])
		}
	}
	audit := s.refusals(t)
	if len(audit) != refused+len(losers) {
		t.Fatalf("race %d: %d lines more in the audit, not %d", race, len(audit)-refused, len(losers))
	}
	for i, who := range losers {
		if audit[i].User != who || audit[i].Code != deploy.NotNow {
			t.Errorf("race %d: the audit has %+v, not %s by %s", race, audit[i], deploy.NotNow, who)
		}
	}
}

// TestAbortAndContinueAtOnceComeInOneOrder: what is aborted is not continued, and whoever wanted that is told. What was
// continued first can still be aborted.
func TestAbortAndContinueAtOnceComeInOneOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var well atomic.Bool
		setup := peopled()
		setup.probe = func(context.Context, world.Check) world.Result {
			return world.Result{OK: well.Load(), Reason: world.ReasonFailed}
		}
		s := newTold(t, setup)
		before, won, times := cpu(t), map[string]int{}, races(100)
		for n := range times {
			well.Store(false)
			time.Sleep(15 * time.Second) // then no target is healthy, and it asks whether to go on all the same
			op, _ := s.asks(t, deploy.Ask{Kind: deploy.KindDeploy, Service: service(0), Ref: "v42"}, "approve")
			if _, err := s.rig.bot.Act(t.Context(), op.ID, deploy.Act{Verb: deploy.ActApprove, By: deploy.Person{ID: lead}, Hash: op.Hash}); err != nil {
				t.Fatal(err)
			}
			at := s.offers(t, op.ID, "continue")
			heard, refused := s.heard(), len(s.refusals(t))
			acts := []func(context.Context) error{s.clicks(dev, at, "abort"), s.clicks(second, at, "continue")}
			s.together(t, 0, acts[n%2], acts[1-n%2])
			op, events := s.read(t, op.ID)
			order := ""
			for _, e := range events {
				if e.Act != nil && e.Type != deploy.EventVoted {
					order += " " + string(e.Type)
				}
			}
			won[order]++
			var losers []string
			switch order {
			case " aborted":
				losers = []string{second}
				heard[second]++
			case " continued aborted":
			default:
				t.Fatalf("race %d:%s", n, order)
			}
			s.toldOnly(t, n, heard, refused, losers...)
			s.agrees(t, op)
			well.Store(true)
			s.ends(t, op.ID, deploy.ActAbort)
			if op, _ = s.read(t, op.ID); op.State != deploy.StateAborted || t.Failed() {
				t.Fatalf("race %d: %s", n, op.State)
			}
		}
		s.end()
		t.Logf("%v; %v of CPU each", won, ((cpu(t) - before) / time.Duration(times)).Round(time.Microsecond))
		if len(won) != 2 {
			t.Errorf("it was no race: %v", won)
		}
	})
}
