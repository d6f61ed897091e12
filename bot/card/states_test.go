package card

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/bot/card/scenes"
	"junban/deploy"
)

// offers are the buttons of acts, since what is offered is the core's business.
func offers(w Voice, o deploy.Operation, fs ...deploy.Offer) string {
	var out strings.Builder
	for _, f := range fs {
		b := w.button(o, f)
		fmt.Fprintf(&out, "<%s> %s %s", b.Label, b.Style, b.Action)
		if c := b.Confirm; c != nil {
			fmt.Fprintf(&out, " | %s | %s | %s", c.Title, c.Text, c.OK)
			if len(c.Title) > 100 || len(c.Text) > 300 || len(c.OK) > 30 {
				fmt.Fprint(&out, " TOO LONG FOR SLACK")
			}
		}
		fmt.Fprintln(&out)
	}
	return out.String()
}

// TestStates: what people see in each state that is more than a plain rollout.
func TestStates(t *testing.T) {
	at := t0.Add(10 * time.Minute)
	for name, make := range scenes.States() {
		t.Run(name, func(t *testing.T) {
			o, fs := make()
			for tag, w := range voices {
				compare(t, filepath.Join("testdata", "states", tag, name+".txt"), show(w.Parent(o, at, Around{Health: scenes.Health(o), Place: scenes.Place(o)}))+offers(w, o, fs...)+details(w, o))
			}
		})
	}
}

// details are the rows, of an operation that has some.
func details(w Voice, o deploy.Operation) string {
	if !Detailed(o) {
		return ""
	}
	return "===== the details\n" + show(w.Details(o))
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (JUNBAN_UPDATE=1 writes it, if this is meant):\n%s", path, diff)
	}
}

// TestTold: what the thread tells of each event that is more than a step of an instance.
func TestTold(t *testing.T) {
	for tag, w := range voices {
		compare(t, filepath.Join("testdata", tag, "told.txt"), told(t, w))
	}
}

func told(t *testing.T, w Voice) string {
	var out strings.Builder
	plain := scenes.Rollout(3)
	chored := scenes.WithChores(scenes.Rollout(3))
	chored.Lanes[3].Begun, chored.Lanes[4].Begun, chored.Lanes[4].StartAt = t0, t0, t0
	askedOp := plain
	askedOp.Asked = deploy.Because(deploy.CanaryBaked, "instances", "i-0001", "bake", 5*time.Minute)
	grown := plain
	grown.Lanes = append(slices.Clone(plain.Lanes), &deploy.LaneState{Name: "i-0009"})
	failed := scenes.WithChores(scenes.Rollout(3))
	failed.Lanes[3].Phase = deploy.PhaseFailed
	failed.Plan.Rules.OnFailure = deploy.PolicyRollback
	idle := scenes.Rollout(3)
	idle.Lanes[1].Steps = []deploy.Step{{Verb: deploy.VerbLeave}, {Verb: deploy.VerbIdle}}
	leaving := scenes.Own(idle)
	leaving.Lanes[1].At, leaving.Lanes[1].Begun, idle.Lanes[1].Begun = 0, t0, t0
	for _, c := range []struct {
		was, is deploy.Operation
		e       deploy.Event
	}{
		{plain, plain, deploy.Event{Type: deploy.EventPaused, By: "U0BOB", Act: scenes.Act(deploy.ActPause, "U0BOB", "lunch")}},
		{plain, plain, deploy.Event{Type: deploy.EventContinued, By: "U0BOB", Act: scenes.Act(deploy.ActResume, "U0BOB", "")}},
		{plain, askedOp, deploy.Event{Type: deploy.EventAsked, Cause: askedOp.Asked}},
		{askedOp, plain, deploy.Event{Type: deploy.EventContinued, Cause: deploy.Because(deploy.FailOpen, "group", "web")}},
		{askedOp, plain, deploy.Event{Type: deploy.EventContinued, By: "U0BOB", Act: scenes.Act(deploy.ActContinue, "U0BOB", "looks good")}},
		{plain, plain, deploy.Event{Type: deploy.EventStopped, Cause: deploy.Because(deploy.FailedLane, "instance", "i-0002", "why", deploy.CommandFailed)}},
		{plain, plain, deploy.Event{Type: deploy.EventTurned, By: "U0BOB", Act: scenes.Act(deploy.ActRollback, "U0BOB", "it is slow")}},
		{plain, chored, deploy.Event{Type: deploy.EventTurned, Cause: deploy.Because(deploy.FailedLane, "instance", "i-0002", "why", deploy.CommandFailed)}},
		{plain, grown, deploy.Event{Type: deploy.EventGrown}},
		{plain, plain, deploy.Event{Type: deploy.EventNoted, Lane: 1, Cause: deploy.Because(deploy.HalfTime, "step", deploy.VerbCommand, "limit", 10*time.Minute)}},
		{plain, plain, deploy.Event{Type: deploy.EventNoted, Lane: 1, Cause: deploy.Because(deploy.IdleNot, "why", "no listener on the port can be seen")}},
		{plain, plain, deploy.Event{Type: deploy.EventNoted, Lane: -1, Cause: deploy.Because(deploy.HalfTime, "step", "rollout", "limit", 2*time.Hour)}},
		{plain, plain, deploy.Event{Type: deploy.EventNoted, Lane: -1, Cause: deploy.Because(deploy.Appeared, "instances", "i-0009, i-0003", "joins", "no")}},
		{askedOp, askedOp, deploy.Event{Type: deploy.EventNoted, Lane: -1, Cause: deploy.Because(deploy.Unattended, "after", 15*time.Minute, "mention", "S0ONCALL U0BOB", "then", deploy.PolicyStop)}},
		{plain, plain, deploy.Event{Type: deploy.EventGated, Lane: 2, Cause: deploy.Because(deploy.GateZone, "zone", "c", "before", "a")}},
		{chored, chored, deploy.Event{Type: deploy.EventBegun, Lane: 3}},
		{chored, chored, deploy.Event{Type: deploy.EventEnded, Lane: 3, OK: true, At: t0.Add(12 * time.Second)}},
		{chored, chored, deploy.Event{Type: deploy.EventEnded, Lane: 4, OK: true, At: t0.Add(12 * time.Second)}},
		{chored, failed, deploy.Event{Type: deploy.EventEnded, Lane: 3, Cause: deploy.Because(deploy.CommandFailed, "exit", 1), Output: "no disk"}},
		{leaving, idle, deploy.Event{Type: deploy.EventEnded, Lane: 1, OK: true, At: t0}}, // nothing: it is not drained yet
		{idle, idle, deploy.Event{Type: deploy.EventEnded, Lane: 1, OK: true, At: t0.Add(21 * time.Second)}},
		{plain, plain, deploy.Event{Type: deploy.EventChosen, Lane: 1, By: "U0BOB", Act: scenes.Act(deploy.ActGoOn, "U0BOB", "done by hand")}},
	} {
		s := w.tell(c.was, c.is, c.e, false)
		fmt.Fprintf(&out, "%s\n[%s] %s\n", c.e.Type, s.tone, s.text.Plain())
		for _, span := range s.text {
			if span.Kind == Ping {
				fmt.Fprintf(&out, "  calls %s\n", span.Value)
			}
		}
		if s.code != "" {
			fmt.Fprintf(&out, "```%s```\n", s.code)
		}
	}
	return out.String()
}

// TestLists: status, queue, reminders and logs.
func TestLists(t *testing.T) {
	for tag, w := range voices {
		compare(t, filepath.Join("testdata", tag, "lists.txt"), lists(t, w))
	}
}

func lists(t *testing.T, w Voice) string {
	now := t0.Add(time.Hour)
	one := scenes.Rollout(2)
	queued := begin(t, scenes.Plan(deploy.KindDeploy, 2)).op
	queued.State, queued.ApprovedAt, queued.Waiting = deploy.StateQueued, now.Add(-time.Minute), deploy.Because(deploy.Behind, "op", "261121-090000-aaa")
	first := begin(t, scenes.Plan(deploy.KindDeploy, 2)).op
	first.State, first.ApprovedAt = deploy.StateQueued, now.Add(-time.Hour)
	first.Waiting = deploy.Because(deploy.LockedBy, "resource", "service:web/production", "op", "261120-030000-xyz", "by", "U0ALICE")
	open := begin(t, scenes.Plan(deploy.KindDeploy, 2)).op
	holds := []deploy.Lock{
		{Resource: "instance:i-0003", Op: "261119-030000-xyz", By: "U0ALICE", Since: t0.Add(-50 * time.Hour), Why: "new disk", Hold: true},
		{Resource: "instance:i-0004", Op: "261120-100000-abc", By: "U0BOB", Since: t0.Add(-23 * time.Hour), Cause: deploy.Because(deploy.CommandFailed, "exit", 1), Hold: true},
		{Resource: "group:arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/web/0123", Op: "261120-030000-xyz", By: "U0ALICE", Since: t0.Add(-30 * time.Hour), Cause: deploy.Because(deploy.RolledBack, "ref", "v41", "why", deploy.VerifyFailed), Hold: true},
		{Resource: "group:arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/api/0123", Op: "261120-030000-xyz", Since: t0.Add(-30 * time.Hour), Cause: deploy.Because(deploy.FailedLane, "instance", "i-0002", "why", deploy.VerifyFailed), Hold: true},
	}
	held := []Held{
		{holds[0], "web", "production", "web-3", "/deploy"}, {holds[2], "web", "production", "", "/deploy"},
		{Lock: holds[1], Name: "i-0004", Slash: "/deploy"},
	}
	ops := []deploy.Operation{queued, open, one, first}
	out := "===== status\n" + show(w.Status(ops, holds, time.UTC)) + "===== queue\n" + show(w.Queue(ops, time.UTC)) + "===== an empty queue\n" + show(w.Queue(nil, time.UTC)) +
		"===== reminder\n" + show(w.Reminder(held, now, time.UTC))
	s := begin(t, scenes.Plan(deploy.KindDeploy, 2)).approve(time.Minute).steps(0, 4).steps(1, 1)
	s.does(time.Hour, deploy.Event{Type: deploy.EventBegun, Lane: 1, Attempt: 1, Deadline: now})
	s.does(time.Hour, deploy.Event{Type: deploy.EventEnded, Lane: 1, Cause: deploy.Because(deploy.CommandFailed, "exit", 1), Output: "npm ERR! disk full\n"})
	op, outputs, err := Outputs(s.events)
	if err != nil {
		t.Fatal(err)
	}
	out += "===== logs\n" + show(w.Logs(op, outputs)) + "===== no logs\n" + show(w.Logs(op, nil))
	return out
}

// Output that is too long is cut at its beginning, and shared out.
func TestLogsFitIntoOneMessage(t *testing.T) {
	op := scenes.Rollout(3)
	line := strings.Repeat("é", 99) + "\n"
	for _, n := range []int{1, 3} {
		var outputs []Output
		for i := range n {
			outputs = append(outputs, Output{Lane: i, Verb: deploy.VerbCommand, Text: strings.Repeat(line, 200) + "the end"})
		}
		chars, ends := 0, 0
		for _, b := range en.Logs(op, outputs).Blocks {
			chars += len([]rune(b.Code))
			if len([]rune(b.Code)) > logsBlock {
				t.Errorf("a block of %d characters", len([]rune(b.Code)))
			}
			if strings.HasSuffix(b.Code, "the end") {
				ends++
			}
		}
		if chars > logsRoom+100 || chars < logsRoom/2 || ends != n {
			t.Errorf("%d outputs: %d characters, %d ends", n, chars, ends)
		}
	}
}
