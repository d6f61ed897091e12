package bot

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

// shown are the replies that the channel was shown too.
func (r *rollout) shown() (out []card.Message) {
	r.chat.set(func() {
		for _, n := range r.chat.notes {
			if n.m.Broadcast {
				out = append(out, n.m)
			}
		}
	})
	return out
}

// Whoever reads only the channel sees that a failure is dealt with, and by whom.
func TestTheChannelSeesHowAFailureWasDecided(t *testing.T) {
	for name, c := range map[string]struct {
		decides func(r *rollout)
		ends    bool
		answer  string
	}{
		"retried": {func(r *rollout) {
			r.does(deploy.Event{Type: deploy.EventChosen, Lane: 1, By: "U0BOB", Act: &deploy.Act{Verb: deploy.ActRetry, Lane: "i-0002", Attempt: 1, By: deploy.Person{ID: "U0BOB"}}})
		}, false, "U0BOB ordered another attempt"},
		"aborted": {func(r *rollout) {
			r.does(deploy.Event{Type: deploy.EventAborted, By: "U0BOB", Act: &deploy.Act{Verb: deploy.ActAbort, By: deploy.Person{ID: "U0BOB"}}})
		}, true, "U0BOB aborted"},
		"turned": {func(r *rollout) {
			r.does(deploy.Event{Type: deploy.EventTurned, By: "U0BOB", Act: &deploy.Act{Verb: deploy.ActRollback, By: deploy.Person{ID: "U0BOB"}}})
		}, false, "Rolling back to v1: U0BOB ordered it"},
	} {
		for _, life := range []string{"", " in another life", " while Slack is down"} {
			t.Run(name+life, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRollout(t, 3)
					r.approve()
					r.chat.set(func() { r.chat.slow = 20 * time.Second })
					r.steps(3, 0)
					r.steps(1, 1)
					r.does(deploy.Event{Type: deploy.EventGated, Lane: 2, Cause: deploy.Because(deploy.GateUnavailable, "max", 1)}) // told with the failure
					r.fails(1)
					time.Sleep(time.Minute)
					before := r.shown()
					if len(before) != 1 || before[0].Tone != card.Bad || strings.Contains(before[0].Plain(), "→ "+c.answer) {
						t.Fatalf("the channel was shown %+v", before)
					}
					switch life {
					case " in another life":
						r.stop()
						c.decides(r)
						r.start()
					case " while Slack is down":
						r.chat.set(func() { r.chat.down = errors.New("no Slack") })
						c.decides(r)
						if c.ends {
							r.does(deploy.Event{Type: deploy.EventFinished, State: deploy.StateAborted, Cause: deploy.Because(deploy.Aborted, "by", "U0BOB")})
						}
						time.Sleep(time.Minute)
						r.chat.set(func() { r.chat.down = nil })
					default:
						c.decides(r)
					}
					time.Sleep(time.Minute)
					r.stop()
					after := r.shown()
					if k := r.talk(); len(k.Alarms) > 0 || k.Closed != r.now().State.Finished() {
						t.Errorf("the conversation is remembered as %+v", k)
					}
					got, want := after[0].Plain(), before[0].Plain()
					if !strings.HasPrefix(got, want) || after[0].Tone != card.Faded || !strings.Contains(got[len(want):], c.answer) {
						t.Errorf("the channel sees:\n%s\nafter:\n%s", got, want)
					}
				})
			})
		}
	}
}
