package bot

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy"
)

// Three requests for one service: the cards of those that wait say at which place, also when only another one's journal
// has moved.
func TestACardSaysItsPlaceInTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, c := &reviewDesk{events: map[deploy.ID][]deploy.Event{}}, &board{}
		b := New(Options{Desk: d, Chat: c, Directory: reviewPeople{}, Memory: &reviewMemory{m: map[string][]byte{}}, Rooms: reviewRooms{}, Slash: "/deploy"})
		does := func(id deploy.ID, e deploy.Event) {
			d.add(id, e)
			b.Moved(id)
			time.Sleep(time.Minute)
		}
		ids := []deploy.ID{"op-a", "op-b", "op-c"}
		for _, id := range ids {
			d.add(id, requested("U-dev"))
		}
		stop := b.reviewRun(t)
		defer stop()
		says := func(want ...string) {
			t.Helper()
			for i, place := range want {
				var card string
				for _, n := range c.of(0) {
					if n.key.Op == ids[i] {
						card = n.m.Plain()
					}
				}
				if got := strings.Contains(card, "in line"); got != (place != "") || !strings.Contains(card, place) {
					t.Errorf("%s is not at %q:\n%s", ids[i], place, card)
				}
			}
		}
		for i, id := range ids {
			op, err := d.Operation(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			lead := deploy.Person{ID: "U-lead", Kind: deploy.Member}
			does(id, deploy.Event{Type: deploy.EventVoted, By: lead.ID, Act: &deploy.Act{Verb: deploy.ActApprove, By: lead, Hash: op.Hash}})
			ahead := deploy.Because(deploy.LockedBy, "resource", "service:web", "op", "op-0", "by", "U-dev")
			if i > 0 {
				ahead = deploy.Because(deploy.Behind, "op", string(ids[0]))
			}
			does(id, deploy.Event{Type: deploy.EventQueued, Cause: ahead})
		}
		says("1 of 3 in line", "2 of 3 in line", "3 of 3 in line")
		edits := len(c.made())
		time.Sleep(3 * time.Hour)
		if more := len(c.made()) - edits; more > 0 {
			t.Errorf("%d edits while nothing happened", more)
		}
		op, err := d.Operation(t.Context(), ids[0])
		if err != nil {
			t.Fatal(err)
		}
		does(ids[0], deploy.Event{Type: deploy.EventStarted, Plan: &op.Plan})
		says("", "1 of 2 in line", "2 of 2 in line")
		does(ids[1], deploy.Event{Type: deploy.EventFinished, State: deploy.StateWithdrawn, By: "U-dev", Cause: deploy.Because(deploy.Withdrawn, "by", "U-dev")})
		says("", "", "")
		if s := fmt.Sprint(c.replies()); strings.Contains(s, "in line") {
			t.Errorf("the thread is told places: %s", s)
		}
	})
}
