package bench

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot/slacksim"
	"junban/deploy"
)

const (
	// refusing is how long Slack refuses every call, until the end of the storm.
	refusing = time.Minute
	// storming is how long the storm lasts: connections break every second, every envelope comes twice, answers to posts are
	// lost until posts are refused, and messages are deleted.
	storming = 100 * time.Second
	// slip is how much the duration of a rollout may differ: in fake time only by the order in which goroutines run.
	slip = time.Second
)

// TestAStormInSlackHoldsUpNoRolloutAndLeavesNoTrace: a rollout takes as long as it does in calm. Ten seconds after the
// storm, whether the rollout has ended in it or goes on, card, thread and journal agree; nothing is told twice.
func TestAStormInSlackHoldsUpNoRolloutAndLeavesNoTrace(t *testing.T) {
	for _, instances := range []int{2, 6} {
		t.Run(fmt.Sprintf("%d instances", instances), func(t *testing.T) {
			var took [2]time.Duration
			for n, storm := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) { took[n] = weathers(t, instances, storm) })
			}
			t.Logf("%v in calm, %v in the storm", took[0], took[1])
			if d := took[1] - took[0]; d > slip || d < -slip {
				t.Errorf("a rollout took %v in a storm in Slack, and %v without", took[1], took[0])
			}
		})
	}
}

// weathers lets a rollout go through a storm in Slack, or through none, and answers how long it took.
func weathers(t *testing.T, instances int, storm bool) time.Duration {
	s := newTold(t, setup{
		services: 1, instances: instances, delay: 20 * time.Second, interval: 5 * time.Second, command: 2 * time.Second, fake: true,
		people: []string{dev, lead, stranger},
	})
	op, at := s.asks(t, deploy.Ask{Kind: deploy.KindDeploy, Service: service(0), Ref: "v42"}, "approve")
	if err := s.clicks(lead, at, "approve")(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.offers(t, op.ID, "abort")
	if storm {
		s.storm(t, op.ID)
		time.Sleep(calm)
		synctest.Wait()
		s.weathered(t, op.ID)
	}
	s.finish([]deploy.ID{op.ID})
	time.Sleep(time.Minute) // for what may come late
	synctest.Wait()
	op, _ = s.read(t, op.ID)
	if op.State != deploy.StateSucceeded {
		t.Errorf("%s %s", op.State, op.Cause)
	}
	s.agrees(t, op)
	s.toldOnce(t, op)
	s.end()
	return op.FinishedAt.Sub(op.StartedAt)
}

// storm lets everything go wrong in Slack at once. Meanwhile somebody tries what they may not.
func (s *told) storm(t *testing.T, id deploy.ID) {
	t.Helper()
	calls := func(c slacksim.Call) bool { return c.Method != "apps.connections.open" && c.Method != "link" }
	posts := 0
	lost := s.slack.Inject(slacksim.Fault{On: "chat.postMessage", Do: slacksim.CutAfter, When: func(slacksim.Call) bool { posts++; return posts%2 == 1 }})
	twice := s.slack.Inject(slacksim.Fault{Do: slacksim.RepeatEnvelope})
	deleted, acked := 0, len(s.slack.AckTimes())
	for second := range int(storming / time.Second) {
		if second == int((storming-refusing)/time.Second) {
			lost.Lift()
			s.slack.Inject(slacksim.Fault{Do: slacksim.RateLimited, For: refusing, When: calls})
		}
		if op, _ := s.read(t, id); second%20 == 15 && !op.State.Finished() {
			deleted += s.deletes(t, id)
		}
		if s.slack.Connections() > 0 {
			// What is lost, Slack tells the person.
			_, _ = s.slack.Command(t.Context(), stranger, room, "/deploy", service(0)+" v43")
		}
		if second%2 == 0 {
			s.slack.Disconnect(slacksim.ReasonRefresh)
		} else {
			s.slack.Cut()
		}
		time.Sleep(time.Second)
	}
	twice.Lift()
	if deleted < 3 || lost.Hits() == 0 || twice.Hits() == 0 || len(s.slack.AckTimes()) == acked {
		t.Errorf("that was no storm: %d messages deleted, %d answers lost, %d envelopes twice, %d acknowledged", deleted, lost.Hits(), twice.Hits(), len(s.slack.AckTimes())-acked)
	}
}

// deletes takes away the message of an operation and, once there are some, the newest reply in its thread.
func (s *told) deletes(t *testing.T, id deploy.ID) (n int) {
	t.Helper()
	at := s.talk(t, id).Parent
	thread := s.slack.Thread(at.Channel, at.TS)
	for _, m := range []slacksim.Message{thread[0], thread[len(thread)-1]} {
		if m.Subtype == "" && s.slack.Delete(room, m.TS) {
			n++
		}
	}
	return n
}

// weathered demands that, some seconds after the storm, what was in the journal at its end is shown and told.
func (s *told) weathered(t *testing.T, id deploy.ID) {
	t.Helper()
	op, events := s.read(t, id)
	if op.State.Finished() {
		s.agrees(t, op)
		return
	}
	then := 0
	for _, e := range events {
		if time.Since(e.At) >= calm {
			then = e.Seq
		}
	}
	if c := s.talk(t, id); c.Shown < then {
		t.Errorf("%v after the storm the message shows event %d, and %d was in the journal at its end", calm, c.Shown, then)
	}
	m, ok := s.slack.Message(room, s.talk(t, id).Parent.TS)
	if !ok || m.Subtype != "" {
		t.Errorf("%v after the storm there is no message", calm)
	}
}

// toldOnce demands that no event was told twice, that every instance and the end were told, and that the stranger was
// refused once for each time that they were heard.
func (s *told) toldOnce(t *testing.T, op deploy.Operation) {
	t.Helper()
	keys, last, all := map[string]int{}, 0, ""
	for _, c := range s.slack.CallsOf("chat.postMessage") {
		var m struct {
			Payload struct {
				Op  string
				Seq int
			} `json:"event_payload"`
		}
		if !strings.HasSuffix(c.Outcome, "ok") || c.Params["metadata"] == "" || json.Unmarshal([]byte(c.Params["metadata"]), &m) != nil || m.Payload.Seq <= 0 {
			continue
		}
		keys[fmt.Sprint(m.Payload.Op, " ", m.Payload.Seq)]++
		last = max(last, m.Payload.Seq)
		all += c.Params["text"] + c.Params["blocks"] + c.Params["attachments"]
	}
	for key, n := range keys {
		if n > 1 {
			t.Errorf("%s was told %d times", key, n)
		}
	}
	cards := 0
	for _, m := range s.slack.Messages(room) {
		if m.ThreadTS == "" && m.Subtype == "" {
			cards++
		}
	}
	if cards != 1 {
		t.Errorf("%d messages stand in the channel, not one", cards)
	}
	if last != op.Seq {
		t.Errorf("the last event told is %d, and the journal ends with %d", last, op.Seq)
	}
	for _, l := range op.Lanes {
		if !strings.Contains(all, op.Plan.Preview.Name(l.Name)) {
			t.Errorf("the thread never speaks of %s", op.Plan.Preview.Name(l.Name))
		}
	}
	heard, lines := len(s.slack.Ephemerals(stranger)), s.refusals(t)
	commands := 0
	for _, a := range s.slack.AckTimes() {
		if a.Type == "slash_commands" {
			commands++
		}
	}
	if len(lines) != commands || heard != commands {
		t.Errorf("%d commands were taken; %d are refused in the audit, and %d answered", commands, len(lines), heard)
	}
	for _, r := range lines {
		if r.User != stranger || r.Code != deploy.NotAllowed {
			t.Errorf("the audit has %+v", r)
		}
	}
}
