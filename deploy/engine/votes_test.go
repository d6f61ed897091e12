package engine_test

import (
	"context"
	"testing"
	"time"

	"junban/deploy"
	"junban/deploy/deploytest"
	"junban/deploy/engine"
)

// fourEyes needs one of S-leads and one of S-sec.
func (s *stage) fourEyes() {
	a := &s.book.req.Rules.Approval
	a.Parties = []deploy.Party{{Allow: []string{"S-leads"}, Required: 1}, {Allow: []string{"S-sec"}, Required: 1}}
	a.Allow, a.Required = []string{"S-leads", "S-sec"}, 0
	s.people.is("U-janus", deploy.Member, "S-leads", "S-sec")
	s.people.is("U-lead", deploy.Member, "S-leads")
	s.people.is("U-sec", deploy.Member, "S-sec")
}

func TestNothingHappensBeforeBothPartiesHaveApproved(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.fourEyes()
		s.live(0)
		op := s.approve(s.request(webV42, "U-dev"), "U-janus")
		time.Sleep(10 * time.Minute)
		if op = s.load(op.ID); op.State != deploy.StateRequested || s.w.Commands(s.w.IDs[0], 0) != 0 {
			t.Fatalf("one person for two parties makes it %s\n%s", op.State, s.story(op.ID))
		}
		s.ended(s.approve(op, "U-lead"), deploy.StateSucceeded)
		s.must(s.atRest(3, 0))
	})
}

func TestAnApproverOfOnePartyWhoLeftVoidsTheRequest(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.fourEyes()
		s.live(0)
		a, b := s.request(webV42, "U-dev"), s.request(webV42, "U-dev")
		s.approve(s.approve(a, "U-lead"), "U-sec")
		time.Sleep(time.Second)
		s.approve(s.approve(b, "U-sec"), "U-lead")
		s.until(a.ID, "rolling", func(o deploy.Operation) bool { return o.State == deploy.StateRolling })
		s.people.is("U-sec", deploy.Member, "S-leads")
		s.ended(a, deploy.StateSucceeded)
		if b = s.ended(b, deploy.StateExpired); b.Cause.Code != deploy.QuorumLost || b.Cause.Values["parties"] != "1 of S-sec" {
			t.Fatalf("%s", b.Cause)
		}
	})
}

func TestTheCallForVotesSurvivesARestart(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.fourEyes()
		s.live(0)
		op := s.approve(s.request(webV42, "U-dev"), "U-lead")
		time.Sleep(14 * time.Minute)
		s.stop()
		time.Sleep(2 * time.Minute)
		for range 2 {
			s.live(0)
			s.until(op.ID, "reminded", func(o deploy.Operation) bool { return o.Reminded })
			time.Sleep(time.Minute)
			s.stop()
		}
		s.live(0)
		events, err := s.journal.Load(s.ctx, op.ID)
		s.must(err)
		n := 0
		for _, e := range events {
			if e.Cause.Code == deploy.VotesMissing {
				n++
			}
		}
		if n != 1 {
			t.Fatalf("called %d times:\n%s", n, s.story(op.ID))
		}
		s.ended(s.approve(op, "U-sec"), deploy.StateSucceeded)
	})
}

func TestABotAsksAndPeopleApprove(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.book.req.Rules.MayDeploy = append(s.book.req.Rules.MayDeploy, "B-ci")
		s.people.is("B-ci", deploy.Robot)
		s.live(0)
		op := s.request(webV42, "B-ci")
		for _, verb := range []deploy.ActVerb{deploy.ActApprove, deploy.ActDeny, deploy.ActWithdraw, deploy.ActAbort} {
			_, err := s.bot.Act(s.ctx, op.ID, deploy.Act{Verb: verb, By: by("B-ci"), Hash: op.Hash})
			if c, _ := deploy.RefusalOf(err); c.Code != deploy.NotAMember {
				t.Errorf("%s by the bot: %v", verb, err)
			}
		}
		if op = s.ended(s.approve(op, "U-lead"), deploy.StateSucceeded); op.RequestedBy != "B-ci" {
			t.Errorf("asked for by %s", op.RequestedBy)
		}
		_, err := s.bot.Request(s.ctx, engine.NewID(), drain2, "B-ci")
		if c, _ := deploy.RefusalOf(err); c.Code != deploy.RobotOnlyAsks {
			t.Errorf("a drain by a bot: %v", err)
		}
	})
}

func TestOnlyTheOwnerUnlocksWithoutAReason(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		lock := deploy.Ask{Kind: deploy.KindLock, Service: "web", Reason: "audit"}
		unlock := deploy.Ask{Kind: deploy.KindUnlock, Service: "web"}
		s.ended(s.request(lock, "U-lead"), deploy.StateSucceeded)
		_, err := s.bot.Request(s.ctx, engine.NewID(), unlock, "U-dev")
		if c, _ := deploy.RefusalOf(err); c.Code != deploy.LockOfAnother || c.Values["by"] != "U-lead" || c.Values["why"] != "audit" {
			t.Fatalf("%v", err)
		}
		op := s.ended(s.request(unlock, "U-lead"), deploy.StateSucceeded)
		if op.Cause.Code != "" {
			t.Errorf("the owner is told: %s", op.Cause)
		}
		s.ended(s.request(lock, "U-lead"), deploy.StateSucceeded)
		unlock.Reason = "audit is over"
		op = s.ended(s.request(unlock, "U-dev"), deploy.StateSucceeded)
		if op.Cause.Code != deploy.LockLifted || op.Cause.Values["owner"] != "U-lead" || op.Cause.Values["reason"] != "audit is over" {
			t.Errorf("%s", op.Cause)
		}
		s.must(s.atRest(3, 0))
	})
}

// told is a historian that says what it was asked.
type told struct{}

func (told) Changes(_ context.Context, ask deploy.Ask, previous, _ string) *deploy.Changelog {
	return &deploy.Changelog{From: previous, To: ask.Ref, Lines: []string{"as of " + time.Now().Format("15:04")}}
}

// TestTheChangesAreReadOnce: when it is asked for; they bind nobody, and are still there when it has started.
func TestTheChangesAreReadOnce(t *testing.T) {
	play(t, deploytest.Setup{}, func(s *stage) {
		s.live(0)
		s.bot.Historian = told{}
		s.ended(s.approve(s.request(webV42, "U-dev"), "U-lead"), deploy.StateSucceeded)
		ask := webV42
		ask.Ref = "v43"
		op := s.request(ask, "U-dev")
		first := *op.Plan.Preview.Changes
		if first.From != "v42" || first.To != "v43" {
			t.Fatalf("%+v", first)
		}
		time.Sleep(10 * time.Minute)
		op = s.ended(s.approve(op, "U-lead"), deploy.StateSucceeded)
		if c := op.Plan.Preview.Changes; c == nil || c.Lines[0] != first.Lines[0] {
			t.Errorf("at the end: %+v", c)
		}
		if op := s.request(drain2, "U-dev"); op.Plan.Preview.Changes != nil {
			t.Errorf("a drain changes nothing: %+v", op.Plan.Preview.Changes)
		}
	})
}
