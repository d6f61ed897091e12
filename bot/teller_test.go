package bot

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

// What is posted into a thread stays few, however many instances there are, and edits are two seconds apart.
func TestARolloutIsToldInFewMessages(t *testing.T) {
	for n, most := range map[int]int{4: 7, 12: 8, 200: 26} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRollout(t, n)
				r.whole()
				r.stop()
				r.ended()
				replies := r.chat.replies()
				if len(replies) > most {
					t.Errorf("%d messages, at most %d are wanted:\n%s", len(replies), most, strings.Join(replies, "\n\n"))
				}
				if !strings.Contains(replies[0], "Instances") {
					t.Errorf("the details are not the first reply: %s", replies[0])
				}
				all := strings.Join(replies[1:], "\n")
				for i := range n {
					if !strings.Contains(all, fmt.Sprintf("web-%d", i+1)) {
						t.Errorf("the thread does not tell of web-%d", i+1)
					}
				}
				if way := "web-4 (i-0004): in service → drained in 5 s → deployed in 5 s → healthy in 5 s"; n <= 10 && !strings.Contains(all, way) {
					t.Errorf("the way of web-4 is not told:\n%s", all)
				}
				edits := r.chat.made()
				edits = edits[1 : len(edits)-2] // the first removes Approve, the last two show the end
				for i := 1; i < len(edits); i++ {
					if gap := edits[i].Sub(edits[i-1]); gap < 2*time.Second {
						t.Errorf("two edits were %v apart", gap)
					}
				}
			})
		})
	}
}

func TestDetailsThatSomebodyDeletesArePostedAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRollout(t, 3)
		r.approve()
		r.steps(3, 0)
		r.chat.set(func() {
			for _, n := range r.chat.notes {
				n.gone = n.gone || n.key.Seq == detailsSeq
			}
		})
		r.steps(3, 1)
		r.steps(3, 2)
		r.finish()
		r.stop()
		r.ended()
	})
}

// With the parent its thread is gone, and the details in it.
func TestAParentThatSomebodyDeletesTakesItsDetailsAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRollout(t, 3)
		r.approve()
		r.steps(3, 0)
		r.chat.set(func() {
			for _, n := range r.chat.notes {
				n.gone = true
			}
		})
		r.steps(3, 1)
		r.steps(3, 2)
		r.finish()
		r.stop()
		r.ended()
	})
}

// A post of the details whose answer is lost is looked up before it is repeated, whether Slack has it or not.
func TestDetailsWhosePostIsUnclear(t *testing.T) {
	for _, kept := range []bool{true, false} {
		t.Run(fmt.Sprint("kept ", kept), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRollout(t, 3)
				tries := 0
				r.chat.answer = func(k Key) (bool, error) {
					if k.Seq != detailsSeq {
						return true, nil
					}
					if tries++; tries > 1 {
						return true, nil
					}
					return kept, ErrUnclear
				}
				r.approve()
				r.stop() // the next life looks it up
				r.start()
				r.steps(3, 0)
				r.steps(3, 1)
				r.steps(3, 2)
				r.finish()
				r.stop()
				r.ended()
				if want := map[bool]int{true: 1, false: 2}[kept]; tries != want {
					t.Errorf("%d posts of the details, not %d", tries, want)
				}
			})
		})
	}
}

func TestALaterLifeGoesOnWithBothMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRollout(t, 4)
		r.approve()
		for i := range 4 {
			r.steps(1, i)
			r.stop()
			r.start()
			r.steps(2, i)
		}
		r.finish()
		r.stop()
		r.ended()
		all := strings.Join(r.chat.replies(), "\n")
		for i := range 4 {
			if n := strings.Count(all, fmt.Sprintf("web-%d (i-000%d): in service", i+1, i+1)); n != 1 {
				t.Errorf("web-%d is told %d times", i+1, n)
			}
		}
	})
}

// A conversation of a version that had no details is gone on with; they are posted in the middle of it.
func TestAConversationWithoutDetailsGetsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRollout(t, 2)
		r.approve()
		r.steps(3, 0)
		r.stop()
		r.chat.set(func() {
			r.chat.notes = slices.DeleteFunc(r.chat.notes, func(n *pinned) bool { return n.key.Seq == detailsSeq })
		})
		var old map[string]any
		if err := json.Unmarshal(r.memory.m["talk/op-a"], &old); err != nil {
			t.Fatal(err)
		}
		delete(old, "details")
		delete(old, "detailed")
		r.memory.m["talk/op-a"], _ = json.Marshal(old)
		r.start()
		r.steps(3, 1)
		r.finish()
		r.stop()
		r.ended()
	})
}

// I7: an outage swallows no end.
func TestTheEndIsShownAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRollout(t, 2)
		r.approve()
		r.chat.set(func() { r.chat.down = errors.New("Slack is down") })
		r.steps(3, 0)
		r.steps(3, 1)
		r.finish()
		time.Sleep(time.Hour)
		r.chat.set(func() { r.chat.down = nil })
		time.Sleep(2 * time.Minute)
		r.stop()
		r.ended()
	})
}

// While something is out the parent tells for how long; when nothing is and nothing happens, nothing is edited.
func TestTheParentIsDrawnAnewWhileSomethingIsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRollout(t, 2)
		quiet := func(while string, d time.Duration) []time.Time {
			time.Sleep(time.Minute) // what has happened is shown
			before := len(r.chat.made())
			time.Sleep(d)
			after := r.chat.made()[before:]
			t.Logf("%s: %d edits in %v", while, len(after), d)
			return after
		}
		if n := len(quiet("nobody has approved", 20*time.Minute)); n != 0 {
			t.Errorf("%d edits while nothing happens", n)
		}
		r.approve()
		if n := len(quiet("nothing has left", 10*time.Minute)); n != 0 {
			t.Errorf("%d edits while nothing is out", n)
		}
		r.does(deploy.Event{Type: deploy.EventBegun, Lane: 0, Attempt: 1, Deadline: time.Now().Add(time.Hour)})
		edits := quiet("one is draining", 10*time.Minute)
		for i := 1; i < len(edits); i++ {
			if gap := edits[i].Sub(edits[i-1]); gap > 30*time.Second || gap < 20*time.Second {
				t.Errorf("two edits were %v apart", gap)
			}
		}
		if len(edits) < 20 || !strings.Contains(r.chat.of(0)[0].m.Plain(), "web-1, draining, 10 min") {
			t.Errorf("%d edits; the parent says: %s", len(edits), r.chat.of(0)[0].m.Plain())
		}
		r.does(deploy.Event{Type: deploy.EventEnded, Lane: 0, OK: true})
		r.steps(2, 0)
		if n := len(quiet("all are back", 10*time.Minute)); n != 0 {
			t.Errorf("%d edits while nothing is out", n)
		}
		r.stop()
	})
}

// The channel sees, and those concerned are called for, what waits for people; nothing else.
func TestAFailureIsShownToTheChannelAndCallsThoseConcerned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRollout(t, 3)
		r.approve()
		r.steps(3, 0)
		r.steps(1, 1)
		r.fails(1)
		time.Sleep(time.Second)
		if asks := r.chat.of(0)[0].m; !strings.Contains(asks.Text, "waiting for a decision about web-2") {
			t.Errorf("a second after the failure the parent says %q", asks.Text)
		}
		r.does(deploy.Event{Type: deploy.EventTurned, By: "U0BOB", Act: &deploy.Act{Verb: deploy.ActRollback, By: deploy.Person{ID: "U0BOB"}}})
		time.Sleep(time.Minute)
		r.stop()
		var shown []string
		for _, n := range r.chat.notes {
			called := ""
			for _, b := range n.m.Blocks {
				for _, s := range b.Text {
					if s.Kind == card.Ping && n.thread != "" {
						called += s.Value + " "
					}
				}
			}
			if n.m.Broadcast || called != "" {
				shown = append(shown, fmt.Sprintf("%v %s%s", n.m.Broadcast, called, strings.SplitN(n.m.Plain(), "\n", 2)[0]))
			}
		}
		want := []string{"true U0ALICE S0ONCALL web-2 (i-0002): in service → drained in 5 s → deploying → failed after 9 s.", "true Rolling back to v1: U0BOB ordered it"}
		if len(shown) != len(want) || !strings.HasPrefix(shown[0], want[0]) || !strings.HasPrefix(shown[1], want[1]) {
			t.Errorf("shown to the channel, or calling people:\n%s", strings.Join(shown, "\n"))
		}
	})
}
