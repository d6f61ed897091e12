package card

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"junban/bot/card/scenes"
	"junban/deploy"
)

// update writes the golden files anew: JUNBAN_UPDATE=1 go test ./bot/card
var update = os.Getenv("JUNBAN_UPDATE") != ""

// voices are those of the golden files: the English ones in testdata, the Japanese ones below each in ja.
var (
	en     = English()
	ja, _  = In("ja")
	voices = map[string]Voice{"": en, "ja": ja}
)

// t0 is when the story begins.
var t0 = scenes.T0

// script tells a story by its events; each golden file shows the card and the thread at the moments that matter.
type script struct {
	t      *testing.T
	op     deploy.Operation
	events []deploy.Event
	out    map[string]*strings.Builder // by voice
}

func begin(t *testing.T, p deploy.Plan) *script {
	s := &script{t: t, out: map[string]*strings.Builder{"": {}, "ja": {}}}
	return s.does(0, deploy.Event{Type: deploy.EventRequested, Op: "261121-090000-abc", By: "U0ALICE", Plan: &p})
}

func (s *script) does(at time.Duration, e deploy.Event) *script {
	s.t.Helper()
	e.Version, e.Seq, e.At = deploy.EventVersion, s.op.Seq+1, t0.Add(at)
	if e.Op == "" {
		e.Op = s.op.ID
	}
	op, err := deploy.Apply(s.op, e)
	if err != nil {
		s.t.Fatal(err)
	}
	s.op, s.events = op, append(s.events, e)
	return s
}

func (s *script) approve(at time.Duration) *script {
	return s.does(at, deploy.Event{Type: deploy.EventVoted, By: "U0BOB", Act: &deploy.Act{Verb: deploy.ActApprove, By: deploy.Person{ID: "U0BOB", Groups: []string{"S0LEADS"}}, Hash: s.op.Hash}}).
		does(at+time.Second, deploy.Event{Type: deploy.EventStarted, Plan: &s.op.Plan})
}

// steps ends a lane's next steps well, one a minute.
func (s *script) steps(lane, n int) *script {
	for range n {
		at := s.op.Updated.Sub(t0)
		s.does(at, deploy.Event{Type: deploy.EventBegun, Lane: lane, Attempt: s.op.Lanes[lane].Attempt, Deadline: t0.Add(at + time.Hour)})
		s.does(at+time.Minute, deploy.Event{Type: deploy.EventEnded, Lane: lane, OK: true})
	}
	return s
}

// shot writes down what people see now.
func (s *script) shot(what string) *script {
	s.t.Helper()
	for tag, w := range voices {
		fmt.Fprintf(s.out[tag], "===== %s\n%s", what, show(w.Parent(s.op, s.op.Updated, Around{Health: scenes.Health(s.op)})))
	}
	return s
}

func show(m Message) string {
	var out strings.Builder
	fmt.Fprintf(&out, "[%s] %s\n", m.Tone, m.Text)
	if m.Broadcast {
		fmt.Fprintln(&out, "===== in the channel too")
	}
	for _, b := range m.Blocks {
		switch {
		case b.Header != "":
			fmt.Fprintf(&out, "# %s\n", b.Header)
		case b.Text != nil:
			fmt.Fprintln(&out, b.Text.Plain())
		case b.Context != nil:
			fmt.Fprintf(&out, "(%s)\n", b.Context.Plain())
		case b.Code != "":
			fmt.Fprintf(&out, "```%s```\n", b.Code)
		case b.Divider:
			fmt.Fprintln(&out, "-----")
		}
		for _, button := range b.Buttons {
			fmt.Fprintf(&out, "<%s> %s", button.Label, button.Value)
			if button.Confirm != nil {
				fmt.Fprintf(&out, " | %s | %s | %s", button.Confirm.Title, button.Confirm.Text, button.Confirm.OK)
			}
			fmt.Fprintln(&out)
		}
	}
	return out.String()
}

// tellAll are the messages of a thread that is told whenever something is due, and at the end.
func tellAll(t *testing.T, w Voice, events []deploy.Event) (out []Message) {
	t.Helper()
	story := w.NewStory()
	for n, e := range events {
		if err := story.Add(e); err != nil {
			t.Fatal(err)
		}
		if m, ok := story.Message(); ok && (story.Due() || n == len(events)-1) {
			out = append(out, m)
			story.Told()
		}
	}
	return out
}

// golden compares the shots, and the whole thread, with a file for each voice.
func (s *script) golden(name string) {
	s.t.Helper()
	for tag, w := range voices {
		fmt.Fprintf(s.out[tag], "===== the details\n%s", show(w.Details(s.op)))
		for n, m := range tellAll(s.t, w, s.events) {
			fmt.Fprintf(s.out[tag], "===== message %d\n%s", n+1, show(m))
		}
		compare(s.t, filepath.Join("testdata", tag, name+".txt"), s.out[tag].String())
	}
}

func TestCards(t *testing.T) {
	t.Run("a rollout", func(t *testing.T) {
		s := begin(t, scenes.Plan(deploy.KindDeploy, 2)).shot("asked").approve(time.Minute).shot("started")
		s.steps(0, 1).shot("the first is drained").steps(0, 3).shot("the first is done").steps(1, 4)
		s.does(time.Hour, deploy.Event{Type: deploy.EventFinished, State: deploy.StateSucceeded}).shot("done").golden("rollout")
	})
	t.Run("a failure", func(t *testing.T) {
		s := begin(t, scenes.Plan(deploy.KindDeploy, 3)).approve(time.Minute).steps(0, 4).steps(1, 1)
		at := s.op.Updated.Sub(t0)
		s.does(at, deploy.Event{Type: deploy.EventBegun, Lane: 1, Attempt: 1, Deadline: t0.Add(at + time.Hour)})
		s.does(at+9*time.Second, deploy.Event{Type: deploy.EventEnded, Lane: 1, Cause: deploy.Because(deploy.CommandFailed, "exit", 1), Output: "npm ERR! disk full"})
		s.shot("halted")
		act := deploy.Act{Verb: deploy.ActLeaveOut, By: deploy.Person{ID: "U0ALICE"}, Lane: "i-0002", Attempt: 1}
		s.does(at+time.Minute, deploy.Event{Type: deploy.EventChosen, Lane: 1, By: "U0ALICE", Act: &act}).steps(2, 4)
		s.does(time.Hour, deploy.Event{Type: deploy.EventFinished, State: deploy.StateFailed, Cause: deploy.Because(deploy.NotDeployed, "instances", "i-0002")})
		s.shot("ended").golden("failure")
	})
	t.Run("a drain that is aborted", func(t *testing.T) {
		s := begin(t, scenes.Plan(deploy.KindDrain, 3)).shot("asked").approve(time.Minute)
		s.does(2*time.Minute, deploy.Event{Type: deploy.EventBegun, Lane: 0, Attempt: 1, Deadline: t0.Add(time.Hour)})
		s.does(3*time.Minute, deploy.Event{Type: deploy.EventAborted, By: "U0BOB", Act: &deploy.Act{Verb: deploy.ActAbort, By: deploy.Person{ID: "U0BOB"}}})
		s.shot("aborting").steps(0, 1)
		s.does(time.Hour, deploy.Event{Type: deploy.EventFinished, State: deploy.StateAborted, Cause: deploy.Because(deploy.Aborted, "by", "U0BOB")})
		s.shot("ended").golden("drain")
	})
	t.Run("a pause, and a way back", func(t *testing.T) {
		s := begin(t, scenes.Plan(deploy.KindDeploy, 3)).approve(time.Minute).steps(0, 4)
		at := s.op.Updated.Sub(t0)
		s.does(at, deploy.Event{Type: deploy.EventPaused, By: "U0BOB", Act: scenes.Act(deploy.ActPause, "U0BOB", "lunch")}).shot("paused")
		s.does(at, deploy.Event{Type: deploy.EventContinued, By: "U0BOB", Act: scenes.Act(deploy.ActResume, "U0BOB", "")}).steps(1, 2)
		at = s.op.Updated.Sub(t0)
		s.does(at, deploy.Event{Type: deploy.EventTurned, By: "U0BOB", Act: scenes.Act(deploy.ActRollback, "U0BOB", "it is slow")}).shot("turned")
		s.steps(1, 3).steps(0, 4)
		at = s.op.Updated.Sub(t0)
		s.does(at, deploy.Event{Type: deploy.EventFinished, State: deploy.StateFailed, Cause: deploy.Because(deploy.RolledBack, "ref", "v41", "by", "U0BOB", "why", "", "missed", "")})
		s.shot("ended").golden("way-back")
	})
	t.Run("a rule stops it", func(t *testing.T) {
		p := scenes.Plan(deploy.KindDeploy, 3)
		p.Rules.OnFailure = deploy.PolicyStop
		s := begin(t, p).approve(time.Minute).steps(0, 1)
		at := s.op.Updated.Sub(t0)
		s.does(at, deploy.Event{Type: deploy.EventBegun, Attempt: 1, Deadline: t0.Add(at + time.Hour)})
		s.does(at, deploy.Event{Type: deploy.EventEnded, Cause: deploy.Because(deploy.CommandFailed, "exit", 1), Output: "no disk"})
		s.does(at, deploy.Event{Type: deploy.EventStopped, Cause: deploy.Because(deploy.FailedLane, "instance", "i-0001", "why", deploy.CommandFailed)}).shot("stopped")
		s.does(at, deploy.Event{Type: deploy.EventFinished, State: deploy.StateFailed, Cause: s.op.Stopped}).shot("ended").golden("stopped")
	})
	t.Run("above ten instances", func(t *testing.T) {
		begin(t, scenes.Plan(deploy.KindDeploy, 40)).shot("asked").approve(time.Minute).steps(0, 4).steps(1, 2).shot("rolling").golden("many")
	})
}

// Every cause that the core knows has a sentence that ends as one.
func TestEveryCauseIsASentence(t *testing.T) {
	for _, code := range codes(t) {
		text := en.Because(deploy.Cause{Code: code}, func(id string) string { return id }).Plain()
		if !strings.HasSuffix(strings.TrimSpace(text), ".") || strings.HasPrefix(text, "It was refused: ") {
			t.Errorf("%s: %q", code, text)
		}
	}
}

// codes are all constants of type deploy.Code, read from its source.
func codes(t *testing.T) []deploy.Code {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "deploy", "cause.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []deploy.Code
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); !ok || typ.Name != "Code" || len(spec.Values) != 1 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
			out = append(out, deploy.Code(strings.Trim(lit.Value, `"`)))
		}
		return true
	})
	if len(out) < 50 {
		t.Fatalf("%d codes were found: this test would prove nothing", len(out))
	}
	return out
}
