package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot/card"
	"junban/deploy"
)

// board is a chat that keeps every message, by its key.
type board struct {
	mu     sync.Mutex
	notes  []*pinned
	posts  int
	edits  []time.Time
	answer func(k Key) (kept bool, err error) // to a post; nil = it is kept
	down   error                              // the answer to everything
}

// pinned is one message of a board.
type pinned struct {
	place  Place
	thread string
	key    Key
	m      card.Message
	gone   bool
}

func (b *board) Post(_ context.Context, channel, thread string, m card.Message, k Key) (Place, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down != nil {
		return Place{}, b.down
	}
	kept, err := true, error(nil)
	if b.answer != nil {
		kept, err = b.answer(k)
	}
	b.posts++
	place := Place{channel, fmt.Sprint(b.posts)}
	if kept {
		b.notes = append(b.notes, &pinned{place: place, thread: thread, key: k, m: m})
	}
	if err != nil {
		return Place{}, err
	}
	return place, nil
}

func (b *board) Update(ctx context.Context, p Place, e Edit) error {
	m, err := e.Draw(ctx)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil || b.down != nil {
		return errors.Join(err, b.down)
	}
	for _, n := range b.notes {
		if n.place == p && !n.gone {
			if n.key != e.Key {
				return fmt.Errorf("message %v edited as %v", n.key, e.Key)
			}
			n.m = m
			b.edits = append(b.edits, time.Now())
			return nil
		}
	}
	return ErrGone
}

func (b *board) Find(_ context.Context, channel, thread string, k Key, _ time.Time) (Place, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.notes {
		if n.key == k && n.thread == thread && n.place.Channel == channel && !n.gone {
			return n.place, true, b.down
		}
	}
	return Place{}, false, b.down
}

func (*board) Whisper(context.Context, Envelope, card.Message) error { return nil }

func (b *board) set(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// of are the messages with a key's Seq that are still there.
func (b *board) of(seq int) (out []pinned) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.notes {
		if n.key.Seq == seq && !n.gone {
			out = append(out, *n)
		}
	}
	return out
}

// made are the times of the edits so far.
func (b *board) made() []time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.edits)
}

// replies are the texts of the thread.
func (b *board) replies() (out []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, n := range b.notes {
		if n.thread != "" {
			out = append(out, n.m.Plain())
		}
	}
	return out
}

// rollout is a rollout of n instances in a journal, and a bot that tells it.
type rollout struct {
	*reviewDesk
	t      *testing.T
	memory *reviewMemory
	chat   *board
	bot    *Bot
	stop   func()
}

const rolled = deploy.ID("op-a")

func newRollout(t *testing.T, n int) *rollout {
	t.Helper()
	r := &rollout{t: t, chat: &board{}, memory: &reviewMemory{m: map[string][]byte{}}, reviewDesk: &reviewDesk{events: map[deploy.ID][]deploy.Event{}}}
	f := deploy.Fleet{Instances: map[string]deploy.Instance{}}
	g := deploy.Group{ARN: "arn:web", Name: "web", Type: "instance", Port: 80, Delay: time.Minute, Interval: 10 * time.Second, Balanced: true}
	for i := range n {
		id := fmt.Sprintf("i-%04d", i+1)
		f.Instances[id] = deploy.Instance{ID: id, Name: fmt.Sprintf("web-%d", i+1), State: "running", Zone: "a"}
		g.Targets = append(g.Targets, deploy.Target{Pair: deploy.Pair{Group: g.ARN, Target: id, Port: 80}, State: deploy.Healthy})
	}
	f.Groups = []deploy.Group{g}
	p, err := deploy.MakePlan(deploy.Request{
		Ask: deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v2"},
		Rules: deploy.Rules{MaxUnavailable: deploy.Count{N: max(1, n/10)}, MinHealthy: deploy.Count{N: 1},
			Attention: deploy.Attention{Mention: []string{"S0ONCALL"}},
			Approval:  deploy.Approval{Allow: []string{"S0LEADS"}, Required: 1, Expires: time.Hour, StartWithin: time.Hour}},
		Run: deploy.Run{Command: "true", Timeout: time.Minute}, HealthyWithin: time.Minute, Previous: "v1",
	}, f)
	if err != nil {
		t.Fatal(err)
	}
	r.add(rolled, deploy.Event{Type: deploy.EventRequested, By: "U0ALICE", Plan: &p})
	r.start()
	return r
}

// start begins another life of the bot; stop ends it.
func (r *rollout) start() {
	r.bot = New(Options{Desk: r, Chat: r.chat, Directory: reviewPeople{}, Memory: r.memory, Rooms: reviewRooms{}, Slash: "/deploy", NewID: func() deploy.ID { return "op-b" }})
	r.stop = r.bot.reviewRun(r.t)
}

func (r *rollout) Recent(context.Context, string, int) ([]deploy.Row, error) {
	return []deploy.Row{r.now().Row()}, nil
}

func (r *rollout) now() deploy.Operation {
	op, err := r.Operation(r.t.Context(), rolled)
	if err != nil {
		r.t.Fatal(err)
	}
	return op
}

func (r *rollout) does(e deploy.Event) {
	r.add(rolled, e)
	r.bot.Moved(rolled)
}

// approve approves and starts.
func (r *rollout) approve() {
	op := r.now()
	r.does(deploy.Event{Type: deploy.EventVoted, By: "U0BOB", Act: &deploy.Act{Verb: deploy.ActApprove, By: deploy.Person{ID: "U0BOB", Kind: deploy.Member, Groups: []string{"S0LEADS"}}, Hash: op.Hash, Reason: "go"}})
	time.Sleep(500 * time.Millisecond)
	r.does(deploy.Event{Type: deploy.EventStarted, Plan: &op.Plan})
	time.Sleep(time.Second)
}

// steps ends the next n steps of lanes well, side by side, with some seconds to each.
func (r *rollout) steps(n int, lanes ...int) {
	for range n {
		for _, i := range lanes {
			r.does(deploy.Event{Type: deploy.EventBegun, Lane: i, Attempt: 1, Deadline: time.Now().Add(time.Hour)})
		}
		time.Sleep(5 * time.Second)
		for _, i := range lanes {
			r.does(deploy.Event{Type: deploy.EventEnded, Lane: i, OK: true})
			time.Sleep(100 * time.Millisecond)
		}
	}
}

func (r *rollout) finish() {
	r.does(deploy.Event{Type: deploy.EventFinished, State: deploy.StateSucceeded})
	time.Sleep(time.Minute)
}

// whole rolls all instances, as many at once as may be out, and finishes.
func (r *rollout) whole() {
	r.approve()
	order := r.now().Plan.Preview.Order
	for lanes := range slices.Chunk(order, r.now().Plan.Preview.Window) {
		r.steps(3, lanes...)
	}
	r.finish()
}

// ended demands that the end of the journal is shown and told, once in each message.
func (r *rollout) ended() {
	r.t.Helper()
	var k talk
	if err := json.Unmarshal(r.memory.m["talk/"+string(rolled)], &k); err != nil {
		r.t.Fatal(err)
	}
	op := r.now()
	if !k.Closed || k.Shown != op.Seq || k.Detailed != op.Seq || k.Told != op.Seq || k.Posting != 0 {
		r.t.Errorf("the journal is at %d, the conversation at %+v", op.Seq, k)
	}
	parents, details := r.chat.of(0), r.chat.of(detailsSeq)
	if len(parents) != 1 || len(details) != 1 {
		r.t.Fatalf("%d parents and %d details are left", len(parents), len(details))
	}
	if parents[0].place != k.Parent || details[0].place != k.Details || details[0].thread != k.Parent.TS {
		r.t.Errorf("they are at %v and %v in %s, remembered %+v", parents[0].place, details[0].place, details[0].thread, k)
	}
	if got := parents[0].m.Text; !strings.HasSuffix(got, string(op.State)) {
		r.t.Errorf("the parent ends as %q", got)
	}
	if want := r.bot.Voice.Details(op).Plain(); details[0].m.Plain() != want {
		r.t.Errorf("the details end as:\n%s\ninstead of:\n%s", details[0].m.Plain(), want)
	}
}

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
		r.does(deploy.Event{Type: deploy.EventBegun, Lane: 1, Attempt: 1, Deadline: time.Now().Add(time.Hour)})
		time.Sleep(9 * time.Second)
		r.does(deploy.Event{Type: deploy.EventEnded, Lane: 1, Cause: deploy.Because(deploy.CommandFailed, "exit", 1), Output: "no disk"})
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
