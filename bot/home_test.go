package bot

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"junban/bot/card"
	"junban/deploy"
	"junban/deploy/engine"
)

// opens opens somebody's home tab, and draws what is due.
func (s *formStage) opens(who string) {
	s.t.Helper()
	s.does(Envelope{Kind: InputHome, User: who})
	synctest.Wait()
}

// home is what somebody's tab shows.
func (s *formStage) home(who string) string {
	all := s.panels.homes[who]
	if len(all) == 0 {
		return ""
	}
	return shown(all[len(all)-1])
}

// draws keeps the home tabs up to date until the test ends.
func (s *formStage) draws() (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.b.drawHomes(ctx)
	}()
	synctest.Wait()
	return func() {
		cancel()
		<-ended
	}
}

// The home tab shows what waits for whoever looks first, then what runs, waits, is held and has ended; with its acts.
func TestTheHomeTabShowsWhatWaitsForYouFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFormStage(t)
		s.judged()
		defer s.draws()()
		mine, running, queued := waitingOp("op-mine", dev), waitingOp("op-runs", dev), waitingOp("op-wait", dev)
		running.State, running.StartedAt, running.Plan.Ref = deploy.StateRolling, time.Now(), "v41"
		queued.State, queued.ApprovedAt, queued.Plan.Ref = deploy.StateQueued, time.Now(), "v43"
		queued.Waiting = deploy.Because(deploy.Behind, "op", "op-runs", "service", "web")
		ended := waitingOp("op-old", dev)
		ended.State, ended.FinishedAt, ended.Plan.Ref = deploy.StateSucceeded, time.Now(), "v40"
		for _, o := range []deploy.Operation{mine, running, queued, ended} {
			s.desk.add(o)
		}
		s.desk.locks = []deploy.Lock{
			{Resource: "instance:i-2", Op: "op-old", By: dev, Since: time.Now(), Why: "disk", Hold: true},
			{Resource: "group:arn:a", Op: "op-mine", By: dev, Since: time.Now(), Why: "audit", Hold: true},
			{Resource: "group:arn:b", Op: "op-mine", By: dev, Since: time.Now(), Why: "audit", Hold: true},
			{Resource: "group:arn:a", Op: "op-runs", By: dev, Since: time.Now()},
		}
		s.opens(lead)
		last := 0
		for _, part := range []string{
			"[Deploy…]", "Waiting for you", "Deploy web v42 to production, requested", "[Approve]", "[Deny]",
			"Running", "Deploy web v41", "[Abort]", "In the queue", "1 of 1: Deploy web v43", "Held and locked", "i-2 of web in production has been out of service",
			"disk", "[Restore]", "web in production has been locked", "audit", "[Unlock…]", "The last operations", "● Deploy web v40",
		} {
			i := strings.Index(s.home(lead)[last:], part)
			if i < 0 {
				t.Fatalf("no %q behind what stands before it:\n%s", part, s.home(lead))
			}
			last += i
		}
		if n := strings.Count(s.home(lead), "has been locked"); n != 1 {
			t.Errorf("the lock of one operation is shown %d times", n)
		}
		s.opens(dev)
		if got := s.home(dev); !strings.Contains(got, "Nothing waits for you") || strings.Contains(got, "[Approve]") || !strings.Contains(got, "[Withdraw]") || !strings.Contains(got, "[Unlock]") {
			t.Errorf("the requester sees:\n%s", got)
		}
		s.opens(otto)
		if got := s.home(otto); strings.Contains(got, "[Abort]") || strings.Contains(got, "[Withdraw]") {
			t.Errorf("somebody who may nothing sees:\n%s", got)
		}
		s.opens(guest)
		if got := s.home(guest); !strings.Contains(got, "Only full members") || strings.Contains(got, "web") {
			t.Errorf("a guest sees:\n%s", got)
		}
		// Its buttons are those of messages.
		press := func(who, label string) {
			home := s.panels.homes[who][len(s.panels.homes[who])-1]
			x := button(t, home.Blocks, label)
			s.does(Envelope{Kind: InputClick, User: who, Trigger: "t", Action: x.Action, Value: x.Value, View: &Filled{ID: "H1"}})
		}
		if press(lead, "Approve"); s.desk.done != 1 || s.desk.acts[0].Verb != deploy.ActApprove {
			t.Errorf("did %v", s.desk.acts)
		}
		if press(lead, "Restore"); len(s.desk.asks) != 1 || s.desk.asks[0] != (deploy.Ask{Kind: deploy.KindRestore, Service: "web", Environment: "production", On: "i-2"}) {
			t.Errorf("asked for %+v", s.desk.asks)
		}
		if press(lead, "Unlock…"); s.form().Title != "Unlock" {
			t.Errorf("opened %+v", s.form())
		}
		if press(dev, "Unlock"); len(s.desk.asks) != 2 || s.desk.asks[1].Kind != deploy.KindUnlock {
			t.Errorf("asked for %+v", s.desk.asks)
		}
		if press(dev, "Deploy…"); s.form().Callback != card.FormRequest {
			t.Errorf("opened %+v", s.form())
		}
	})
}

func TestAnEmptyHomeTabSaysWhatToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFormStage(t)
		defer s.draws()()
		s.opens(dev)
		for _, says := range []string{"Nothing waits for you", "Nothing runs", "/deploy SERVICE REF", "nothing is locked", "/deploy help"} {
			if !strings.Contains(s.home(dev), says) {
				t.Errorf("no %q in:\n%s", says, s.home(dev))
			}
		}
		s.config.closed = &engine.Mistake{What: deploy.Because("mistake.observes")}
		time.Sleep(homeEvery)
		s.opens(dev)
		if home := s.home(dev); strings.Contains(home, "[Deploy") || !strings.Contains(home, "/deploy SERVICE REF") {
			t.Errorf("the form is offered by a bot that only observes:\n%s", home)
		}
	})
}

// A tab that was looked at lately is drawn again when something moves: once in some seconds, and not if it shows that
// already.
func TestHomeTabsAreDrawnAgainWhenSomethingMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFormStage(t)
		defer s.draws()()
		s.opens(lead)
		n := func() int { return len(s.panels.homes[lead]) }
		for i := range 100 {
			synctest.Wait()
			s.desk.add(waitingOp(deploy.ID(fmt.Sprintf("op-%03d", i)), dev))
			s.b.Moved("op")
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		if n() < 2 || n() > 4 {
			t.Errorf("drawn %d times in 10 s", n())
		}
		time.Sleep(homeEvery)
		synctest.Wait()
		drawn := n()
		if !strings.Contains(s.home(lead), "And 90 more") {
			t.Errorf("the last state is not shown:\n%s", s.home(lead))
		}
		s.b.Moved("op")
		time.Sleep(homeEvery)
		synctest.Wait()
		if n() != drawn {
			t.Error("drawn again, though it shows just that")
		}
		s.opens(lead)
		time.Sleep(homeEvery)
		if synctest.Wait(); n() != drawn+1 {
			t.Error("not drawn for whoever opens it again")
		}
		s.panels.fails(errDown)
		delete(s.desk.ops, s.desk.order[0])
		s.desk.order = s.desk.order[1:]
		s.b.Moved("op")
		time.Sleep(homeEvery)
		synctest.Wait()
		s.panels.fails(nil)
		time.Sleep(homeAgain)
		if synctest.Wait(); n() != drawn+2 || !strings.Contains(s.home(lead), "And 89 more") {
			t.Errorf("not drawn after an outage:\n%s", s.home(lead))
		}
	})
}

// Whoever has not looked for hours costs nothing, and however many look, some tabs only are kept.
func TestNothingIsDrawnForIdleViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFormStage(t)
		stop := s.draws()
		for i := range 100 {
			s.opens(fmt.Sprintf("U%04d", i))
			time.Sleep(time.Millisecond)
		}
		first := len(s.panels.homes)
		if first != 100 {
			t.Fatalf("%d of 100 tabs were drawn when they were opened", first)
		}
		redrawn := func() (n int) {
			for _, all := range s.panels.homes {
				n += len(all)
			}
			return n - first
		}
		moves := func() {
			s.desk.add(waitingOp(deploy.ID("op-"+time.Now().String()), dev))
			s.b.Moved("op")
			time.Sleep(homeEvery)
			synctest.Wait()
		}
		if moves(); redrawn() != homeMost || len(s.panels.homes["U0099"]) != 2 || len(s.panels.homes["U0000"]) != 1 {
			t.Errorf("%d tabs are kept", redrawn())
		}
		stop() // another life takes them up
		s.restart()
		stop = s.draws()
		defer stop()
		if redrawn() < 2*homeMost {
			t.Errorf("%d drawn by another life", redrawn()-homeMost)
		}
		time.Sleep(homeFor)
		before := redrawn()
		if moves(); redrawn() != before {
			t.Errorf("%d tabs of idle viewers are drawn", redrawn()-before)
		}
	})
}
