package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"junban/bot"
	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/engine"
)

const alice = "U0000ALICE"

// recorder is a desk that notes what reaches it.
type recorder struct {
	bot.Desk
	people people

	mu     sync.Mutex
	asks   []deploy.Ask
	acts   []deploy.Act
	by     []string
	events map[deploy.ID][]deploy.Event
	err    error
}

func (r *recorder) Request(ctx context.Context, id deploy.ID, ask deploy.Ask, by string) (deploy.Operation, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return deploy.Operation{}, r.err
	}
	if _, err := r.people.Person(ctx, by, nil); err != nil {
		return deploy.Operation{}, err
	}
	plan := deploy.Plan{Terms: deploy.Terms{Kind: ask.Kind, Service: ask.Service, Ref: ask.Ref}, Preview: deploy.Preview{Ask: ask}}
	e := deploy.Event{Version: deploy.EventVersion, Op: id, Seq: 1, At: time.Now(), Type: deploy.EventRequested, By: by, Plan: &plan}
	r.asks, r.by = append(r.asks, ask), append(r.by, by)
	r.events[id] = []deploy.Event{e}
	return deploy.Replay(r.events[id])
}

func (r *recorder) Act(_ context.Context, id deploy.ID, a deploy.Act) (deploy.Operation, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return deploy.Operation{}, r.err
	}
	r.acts = append(r.acts, a)
	return deploy.Replay(r.events[id])
}

func (r *recorder) Events(_ context.Context, id deploy.ID) ([]deploy.Event, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.events[id]) == 0 {
		return nil, engine.ErrNotFound
	}
	return r.events[id], nil
}

func (r *recorder) Operation(ctx context.Context, id deploy.ID) (deploy.Operation, error) {
	events, err := r.Events(ctx, id)
	if err != nil {
		return deploy.Operation{}, err
	}
	return deploy.Replay(events)
}

func (r *recorder) Unfinished(ctx context.Context) ([]deploy.Row, error) {
	var out []deploy.Row
	for id := range r.events {
		if op, err := r.Operation(ctx, id); err == nil && !op.State.Finished() {
			out = append(out, op.Row())
		}
	}
	return out, nil
}

// calls is how much has reached the desk.
func (r *recorder) calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.asks) + len(r.acts)
}

// directory is what Slack says of somebody.
type directory func(id string) (deploy.Person, error)

func (d directory) Person(_ context.Context, id string, _ []string) (deploy.Person, error) {
	return d(id)
}

func member(id string) (deploy.Person, error) {
	return deploy.Person{ID: id, Kind: deploy.Member, Groups: []string{"S0DEVS", "S0LEADS"}}, nil
}

// me is the operating system's user that runs the test.
func me(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

// operate is the key that names operators, as YAML.
func operate(operators map[string]string) string {
	if len(operators) == 0 {
		return ""
	}
	var pairs []string
	for user, id := range operators {
		pairs = append(pairs, fmt.Sprintf("%q: %s", user, id))
	}
	return "operators: {" + strings.Join(pairs, ", ") + "}\n"
}

// socketed serves a control socket over a recorder, and answers both with the way to it.
func socketed(t *testing.T, operators map[string]string, slack directory) (*App, *recorder, Way) {
	t.Helper()
	dir, err := os.MkdirTemp("", "jc") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "deploy.yaml")
	if err := os.WriteFile(path, []byte(yaml+operate(operators)), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	p := people{slack}
	r := &recorder{people: p, events: map[deploy.ID][]deploy.Event{}}
	a := &App{path: path, shelf: newShelf(c), desk: r, people: p, log: slog.New(slog.DiscardHandler), moved: newBell()}
	l, err := listen(socketPath(c.Store.Bolt))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.admit(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- a.serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return a, r, Way{Config: path}
}

func TestOrdersReachTheDeskAsTheOperatorsOwn(t *testing.T) {
	a, r, way := socketed(t, map[string]string{me(t): alice}, member)
	for _, c := range []struct {
		order Order
		ask   deploy.Ask
	}{
		{
			Order{Verb: "deploy", Service: "web", Ref: "v42", Environment: "staging", On: "web-2", Reason: "it is fixed"},
			deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Ref: "v42", Environment: "staging", On: "web-2", Reason: "it is fixed", Local: true},
		},
		{Order{Verb: "rollback", Service: "api"}, deploy.Ask{Kind: deploy.KindRollback, Service: "api", Local: true}},
		{Order{Verb: "drain", Service: "api", On: "api-1"}, deploy.Ask{Kind: deploy.KindDrain, Service: "api", On: "api-1", Local: true}},
		{Order{Verb: "restore", Service: "api", On: "api-1"}, deploy.Ask{Kind: deploy.KindRestore, Service: "api", On: "api-1", Local: true}},
		{Order{Verb: "lock", Service: "api", Reason: "audit"}, deploy.Ask{Kind: deploy.KindLock, Service: "api", Reason: "audit", Local: true}},
		{Order{Verb: "unlock", Service: "api"}, deploy.Ask{Kind: deploy.KindUnlock, Service: "api", Local: true}},
		{
			Order{Verb: "deploy", Service: "api", Ref: "v42", Reason: "all is down", Emergency: true},
			deploy.Ask{Kind: deploy.KindDeploy, Service: "api", Ref: "v42", Reason: "all is down", Emergency: true, Local: true},
		},
	} {
		got, err := way.Do(t.Context(), c.order)
		if err != nil {
			t.Errorf("%+v: %v", c.order, err)
			continue
		}
		n := len(r.asks) - 1
		if r.asks[n] != c.ask || r.by[n] != alice || got.Operation == nil || got.Operation.By != alice {
			t.Errorf("%+v:\nasked %+v\n by   %s\n got  %+v", c.order, r.asks[n], r.by[n], got)
		}
	}
	if _, err := way.Do(t.Context(), Order{Verb: "deploy", Service: "api", Ref: "v42", At: "03:00"}); err != nil {
		t.Fatal(err)
	}
	if at := r.asks[len(r.asks)-1].At; at.IsZero() || time.Until(at) > 25*time.Hour || at.In(a.shelf.config().Zone).Hour() != 3 {
		t.Errorf("at 03:00 is %s", at)
	}
}

func TestActsReachTheOneOperationThatIsMeant(t *testing.T) {
	_, r, way := socketed(t, map[string]string{me(t): alice}, member)
	refused := func(o Order, says ...string) {
		t.Helper()
		_, err := way.Do(t.Context(), o)
		no, ok := errors.AsType[*Refused](err)
		for _, s := range says {
			if !ok || !strings.Contains(no.Error(), s) {
				t.Errorf("%+v: %v", o, err)
			}
		}
	}
	refused(Order{Verb: "abort"}, "Nothing runs or waits")
	one, err := way.Do(t.Context(), Order{Verb: "deploy", Service: "api", Ref: "v42"})
	if err != nil {
		t.Fatal(err)
	}
	id := string(one.Operation.Op)
	for _, c := range []struct {
		order Order
		verb  deploy.ActVerb
	}{
		{Order{Verb: "pause"}, deploy.ActPause},
		{Order{Verb: "resume", Which: "api", Reason: "checked"}, deploy.ActResume},
		{Order{Verb: "abort", Which: id}, deploy.ActAbort},
		{Order{Verb: "abort", Which: id, RollBack: true}, deploy.ActRollback},
	} {
		if _, err := way.Do(t.Context(), c.order); err != nil {
			t.Errorf("%+v: %v", c.order, err)
			continue
		}
		if got := r.acts[len(r.acts)-1]; got.Verb != c.verb || got.By.ID != alice || got.Reason != c.order.Reason {
			t.Errorf("%+v: %+v", c.order, got)
		}
	}
	two, err := way.Do(t.Context(), Order{Verb: "deploy", Service: "api", Ref: "v43"})
	if err != nil {
		t.Fatal(err)
	}
	refused(Order{Verb: "pause"}, "Which one?", "junban pause "+id, "junban pause "+string(two.Operation.Op), "Deploy api v43")
	refused(Order{Verb: "pause", Which: "web"}, "Nothing of the name web")
	r.err = &deploy.Refusal{Cause: deploy.Because(deploy.NotAllowed, "list", "deploy")}
	refused(Order{Verb: "abort", Which: id}, "deploy.allow")
}

func TestWhoIsNoOperatorIsToldTheLineToAdd(t *testing.T) {
	for name, operators := range map[string]map[string]string{"nobody": nil, "others": {"somebodyelse": alice}} {
		_, r, way := socketed(t, operators, member)
		_, err := way.Do(t.Context(), Order{Verb: "deploy", Service: "api", Ref: "v42", Emergency: true, Reason: "now"})
		no, ok := errors.AsType[*Refused](err)
		if !ok || no.status != http.StatusForbidden || no.Accept != "operators: {"+me(t)+": U0123456789}" || !strings.Contains(no.Why, "you are "+me(t)) {
			t.Errorf("operators are %s: %v", name, err)
		}
		if r.calls() != 0 {
			t.Errorf("operators are %s: it reached the desk", name)
		}
		if _, err := way.Do(t.Context(), Order{Verb: "reload"}); err != nil {
			t.Errorf("the bot's own user, who can send SIGHUP, may not reload: %v", err)
		}
	}
}

func TestAForgedOrderIsRefused(t *testing.T) {
	_, r, way := socketed(t, map[string]string{me(t): alice}, member)
	path, err := way.path()
	if err != nil {
		t.Fatal(err)
	}
	post := func(body string) (int, string) {
		res, err := dialing(path).Post("http://junban/do", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		said, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(said)
	}
	for name, body := range map[string]string{
		"nothing": "", "no JSON": "deploy web v42", "a list": `[]`, "cut off": `{"verb":"deploy"`,
		"two orders":              `{"verb":"pause"}{"verb":"resume"}`,
		"another person":          `{"verb":"deploy","service":"api","ref":"v42","by":"U00000BOB0"}`,
		"local by hand":           `{"verb":"deploy","service":"api","ref":"v42","local":true}`,
		"an approval":             `{"verb":"approve","which":"x"}`,
		"no verb":                 `{"service":"api"}`,
		"a clone":                 `{"verb":"clone","service":"api"}`,
		"no ref":                  `{"verb":"deploy","service":"api"}`,
		"a field of another verb": `{"verb":"pause","ref":"v42"}`,
		"an unreasoned emergency": `{"verb":"deploy","service":"api","ref":"v42","emergency":true}`,
		"a blank reason":          `{"verb":"deploy","service":"api","ref":"v42","emergency":true,"reason":"  "}`,
		"a later emergency":       `{"verb":"deploy","service":"api","ref":"v42","emergency":true,"reason":"x","at":"03:00"}`,
		"a lock without a reason": `{"verb":"lock","service":"api"}`,
		"a newline":               `{"verb":"deploy","service":"api","ref":"v42","reason":"a\nb"}`,
		"a long reason":           `{"verb":"deploy","service":"api","ref":"v42","reason":"` + strings.Repeat("a", 501) + `"}`,
		"a flood":                 `{"verb":"` + strings.Repeat("a", 1<<20) + `"}`,
	} {
		if code, said := post(body); code != http.StatusBadRequest || !strings.Contains(said, `"why"`) {
			t.Errorf("%s: %d %.300s", name, code, said)
		}
	}
	if r.calls() != 0 {
		t.Error("a forged order reached the desk")
	}
	res, err := dialing(path).Get("http://junban/do")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET /do answers %s", res.Status)
	}
}

func TestOrdersAtTheSameTime(t *testing.T) {
	a, r, way := socketed(t, map[string]string{me(t): alice}, member)
	var all sync.WaitGroup
	for n := range 24 {
		all.Go(func() {
			o := Order{Verb: "deploy", Service: "api", Ref: fmt.Sprintf("v%d", n)}
			if n%4 == 0 {
				o = Order{Verb: "reload"}
			}
			if _, err := way.Do(t.Context(), o); err != nil {
				t.Errorf("%+v: %v", o, err)
			}
		})
		all.Go(func() { a.moved.ring("") })
	}
	all.Wait()
	if len(r.events) != 18 {
		t.Errorf("%d operations of 18", len(r.events))
	}
}

func TestAnEmergencyIsForThoseWhoMayApprove(t *testing.T) {
	_, r, way := socketed(t, map[string]string{me(t): alice}, func(id string) (deploy.Person, error) {
		return deploy.Person{ID: id, Kind: deploy.Member, Groups: []string{"S0DEVS"}}, nil
	})
	order := Order{Verb: "deploy", Service: "web", Environment: "staging", Ref: "v42", Reason: "all is down", Emergency: true}
	_, err := way.Do(t.Context(), order)
	if no, ok := errors.AsType[*Refused](err); !ok || !strings.Contains(no.Why, "approve.allow") || r.calls() != 0 {
		t.Errorf("%v, %d calls", err, r.calls())
	}
	order.Emergency = false
	if _, err := way.Do(t.Context(), order); err != nil {
		t.Errorf("without an emergency: %v", err)
	}
}

func TestMistakesAreAnsweredWithLinesForATerminal(t *testing.T) {
	for accept, want := range map[string]string{
		"":                                      "",
		"/deploy web v42 to staging on web-2":   "junban deploy web v42 --to staging --on web-2",
		"/deploy drain web to staging on web-2": "junban drain web --to staging web-2",
		"/deploy web REF\n/deploy api REF":      "junban deploy web REF\njunban deploy api REF",
		"/deploy SERVICE REF [to ENVIRONMENT] [on INSTANCE]": "junban deploy SERVICE REF --to ENVIRONMENT --on INSTANCE",
		"nothing to copy": "nothing to copy",
	} {
		if got := typed("/deploy", accept); got != want {
			t.Errorf("%q is %q, not %q", accept, got, want)
		}
	}
}

func TestFollowingTellsTheThreadUntilTheEnd(t *testing.T) {
	a, r, way := socketed(t, map[string]string{me(t): alice}, member)
	got, err := way.Do(t.Context(), Order{Verb: "deploy", Service: "api", Ref: "v42"})
	if err != nil {
		t.Fatal(err)
	}
	id := got.Operation.Op
	go func() {
		r.mu.Lock()
		r.events[id] = append(r.events[id], deploy.Event{
			Version: deploy.EventVersion, Op: id, Seq: 2, At: time.Now(), Type: deploy.EventFinished, State: deploy.StateDenied, By: "U00000BOB0",
			Cause: deploy.Because(deploy.Denied, "by", "U00000BOB0", "reason", "not today"),
		})
		r.mu.Unlock()
		a.moved.ring(id)
	}()
	var told bytes.Buffer
	row, err := way.Follow(t.Context(), id, func(line string) { fmt.Fprintln(&told, line) })
	if err != nil || row.State != deploy.StateDenied || !strings.Contains(told.String(), "Denied by U00000BOB0 at ") || !strings.Contains(told.String(), ": not today. ") {
		t.Errorf("%v %s\n%s", err, row.State, told.String())
	}
	if _, err := way.Follow(t.Context(), "nothing", func(string) {}); err == nil || !strings.Contains(err.Error(), "no such operation") {
		t.Errorf("of an unknown operation: %v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "deploy.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, way := range map[string]Way{"by the file": {Config: path}, "by the socket": {Socket: filepath.Join(dir, "none.sock")}} {
		if _, err := way.Do(t.Context(), Order{Verb: "pause"}); err == nil || !strings.Contains(err.Error(), "no bot is running") && !strings.Contains(err.Error(), "bytes long") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
