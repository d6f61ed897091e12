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
	slow   time.Duration                      // how long the edit of a reply takes
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
	if e.Key.Seq > 0 {
		time.Sleep(b.slow)
	}
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

// fails ends the next step of a lane badly.
func (r *rollout) fails(lane int) {
	r.does(deploy.Event{Type: deploy.EventBegun, Lane: lane, Attempt: 1, Deadline: time.Now().Add(time.Hour)})
	time.Sleep(9 * time.Second)
	r.does(deploy.Event{Type: deploy.EventEnded, Lane: lane, Cause: deploy.Because(deploy.CommandFailed, "exit", 1), Output: "no disk"})
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

// talk is what is remembered of the conversation.
func (r *rollout) talk() (k talk) {
	r.t.Helper()
	if err := json.Unmarshal(r.memory.m["talk/"+string(rolled)], &k); err != nil {
		r.t.Fatal(err)
	}
	return k
}

// ended demands that the end of the journal is shown and told, once in each message.
func (r *rollout) ended() {
	r.t.Helper()
	k, op := r.talk(), r.now()
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
