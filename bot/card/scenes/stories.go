package scenes

import (
	"time"

	"junban/deploy"
)

// Stories are operations from beginning to end, or as far as they go, by name.
func Stories() map[string]*Story {
	return map[string]*Story{
		"rollout": rolledOut(), "failure": leftOut(), "rolled-back": turned(), "stopped": stopped(), "many": many(),
		"drain": drained(), "denied": denied(), "four-eyes": FourEyes(), "unread": Unread(),
	}
}

func (s *Story) since() time.Duration { return s.Op.Updated.Sub(T0) }

// fails lets the next command of a lane fail.
func (s *Story) fails(lane int) *Story {
	at := s.since()
	return s.Does(at, deploy.Event{Type: deploy.EventBegun, Lane: lane, Attempt: s.Op.Lanes[lane].Attempt, Deadline: T0.Add(at + time.Hour)}).
		Does(at+9*time.Second, deploy.Event{
			Type: deploy.EventEnded, Lane: lane, Cause: deploy.Because(deploy.CommandFailed, "exit", 1),
			Output: "npm ERR! code ENOSPC\nnpm ERR! <disk> & `memory` are *full*\n",
		})
}

func (s *Story) finished(state deploy.State, cause deploy.Cause) *Story {
	return s.Does(s.since(), deploy.Event{Type: deploy.EventFinished, State: state, Cause: cause})
}

func rolledOut() *Story {
	s := Begin(Plan(deploy.KindDeploy, 2)).Approve(time.Minute).Steps(0, 4).Steps(1, 4)
	return s.finished(deploy.StateSucceeded, deploy.Cause{})
}

func leftOut() *Story {
	s := Begin(Plan(deploy.KindDeploy, 3)).Approve(time.Minute).Steps(0, 4).Steps(1, 1).fails(1)
	act := deploy.Act{Verb: deploy.ActLeaveOut, By: deploy.Person{ID: "U0ALICE"}, Lane: "i-0002", Attempt: 1}
	s.Does(s.since(), deploy.Event{Type: deploy.EventChosen, Lane: 1, By: "U0ALICE", Act: &act}).Steps(2, 4)
	return s.finished(deploy.StateFailed, deploy.Because(deploy.NotDeployed, "instances", "i-0002"))
}

func turned() *Story {
	s := Begin(Plan(deploy.KindDeploy, 3)).Approve(time.Minute).Steps(0, 4)
	s.Does(s.since(), deploy.Event{Type: deploy.EventPaused, By: "U0BOB", Act: Act(deploy.ActPause, "U0BOB", "lunch")})
	s.Does(s.since(), deploy.Event{Type: deploy.EventContinued, By: "U0BOB", Act: Act(deploy.ActResume, "U0BOB", "")}).Steps(1, 2)
	s.Does(s.since(), deploy.Event{Type: deploy.EventTurned, By: "U0BOB", Act: Act(deploy.ActRollback, "U0BOB", "it is slow")})
	s.Steps(1, 3).Steps(0, 4)
	return s.finished(deploy.StateFailed, deploy.Because(deploy.RolledBack, "ref", "v41", "by", "U0BOB", "why", "", "missed", ""))
}

func stopped() *Story {
	p := Plan(deploy.KindDeploy, 3)
	p.Rules.OnFailure = deploy.PolicyStop
	s := Begin(p).Approve(time.Minute).Steps(0, 1).fails(0)
	s.Does(s.since(), deploy.Event{Type: deploy.EventStopped, Cause: deploy.Because(deploy.FailedLane, "instance", "i-0001", "why", deploy.CommandFailed)})
	return s.finished(deploy.StateFailed, s.Op.Stopped)
}

func many() *Story {
	return Begin(Plan(deploy.KindDeploy, 40)).Approve(time.Minute).Steps(0, 4).Steps(1, 2)
}

func drained() *Story {
	s := Begin(Plan(deploy.KindDrain, 3)).Approve(time.Minute)
	s.Does(2*time.Minute, deploy.Event{Type: deploy.EventBegun, Lane: 0, Attempt: 1, Deadline: T0.Add(time.Hour)})
	s.Does(3*time.Minute, deploy.Event{Type: deploy.EventAborted, By: "U0BOB", Act: Act(deploy.ActAbort, "U0BOB", "")}).Steps(0, 1)
	return s.finished(deploy.StateAborted, deploy.Because(deploy.Aborted, "by", "U0BOB"))
}

func denied() *Story {
	s := Begin(Plan(deploy.KindDeploy, 2))
	return s.Does(time.Minute, deploy.Event{
		Type: deploy.EventFinished, State: deploy.StateDenied, By: "U0BOB", Act: Act(deploy.ActDeny, "U0BOB", "not on a Friday"),
		Cause: deploy.Because(deploy.Denied, "by", "U0BOB", "reason", "not on a Friday"),
	})
}
