package deploy_test

import (
	"testing"

	"junban/deploy"
)

// TestWhatAnAbortMakesOfALane: untouched: skipped; its command not begun: put back; running: goes on; failed: held.
func TestWhatAnAbortMakesOfALane(t *testing.T) {
	p := plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))
	f := fleet(3, "web")
	f.Groups[0].Targets, f.Held = f.Groups[0].Targets[:2], []deploy.Lock{hold(3, "U-x")}
	restore := plan(t, request(deploy.KindRestore, "web-3"), f)
	at := func() *tale { return tell(t, p).rolling() }
	unknown := deploy.Event{Type: deploy.EventUnknown, Cause: deploy.Because(deploy.CommandUnknown)}
	for name, c := range map[string]struct {
		story   *tale
		outcome deploy.Outcome
		next    deploy.Verb // what the lane goes on with, if it does
		joining bool        // on the way back
	}{
		"untouched":                     {at(), deploy.OutcomeSkipped, "", false},
		"failed before it was touched":  {at().failed(0, deploy.InstanceGone, "state", "stopped"), deploy.OutcomeSkipped, "", false},
		"leave begun":                   {at().begun(0), "", deploy.VerbJoin, true},
		"draining":                      {at().begun(0).accepted(0).seen(0, pair("web", 1)), "", deploy.VerbJoin, true},
		"drain failed":                  {at().begun(0).accepted(0).failed(0, deploy.DrainTimeout), "", deploy.VerbJoin, true},
		"drained, command not begun":    {at().steps(0, 1), "", deploy.VerbJoin, true},
		"command begun":                 {at().steps(0, 1).begun(0), "", deploy.VerbCommand, false},
		"command running":               {at().steps(0, 1).begun(0).accepted(0), "", deploy.VerbCommand, false},
		"command unknown":               {at().steps(0, 1).begun(0).then(unknown), "", deploy.VerbCommand, false},
		"command failed":                {at().steps(0, 1).begun(0).failed(0, deploy.CommandFailed), deploy.OutcomeHeld, "", false},
		"retried, not begun again":      {at().steps(0, 1).begun(0).failed(0, deploy.CommandFailed).chosen(0, deploy.ActRetry), deploy.OutcomeHeld, "", false},
		"command done":                  {at().steps(0, 2), "", deploy.VerbVerify, false},
		"verify running":                {at().steps(0, 2).begun(0).accepted(0), "", deploy.VerbVerify, false},
		"verify failed":                 {at().steps(0, 2).begun(0).failed(0, deploy.VerifyFailed), deploy.OutcomeHeld, "", false},
		"verified":                      {at().steps(0, 3), "", deploy.VerbJoin, false},
		"joining":                       {at().steps(0, 3).begun(0).accepted(0), "", deploy.VerbJoin, false},
		"never healthy: out once more":  {at().steps(0, 3).begun(0).accepted(0).failed(0, deploy.HealthTimeout), "", deploy.VerbLeave, false},
		"being put back":                {at().steps(0, 1).begun(0).failed(0, deploy.CommandFailed).chosen(0, deploy.ActPutBack), "", deploy.VerbJoin, true},
		"terminated":                    {at().steps(0, 1).failed(0, deploy.InstanceGone, "state", "terminated"), deploy.OutcomeGone, "", false},
		"stopped":                       {at().steps(0, 1).failed(0, deploy.InstanceGone, "state", "stopped"), deploy.OutcomeHeld, "", false},
		"done":                          {at().steps(0, 4), deploy.OutcomeDone, "", false},
		"a restore that has not begun":  {tell(t, restore).rolling(), deploy.OutcomeHeld, "", false},
		"a restore that has registered": {tell(t, restore).rolling().begun(0).accepted(0), "", deploy.VerbJoin, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := c.story.aborted().op.Lanes[0]
			step, _ := l.Step()
			if l.Phase == deploy.PhaseDone {
				step.Verb = ""
			}
			if l.Outcome != c.outcome || step.Verb != c.next || l.Joining != c.joining {
				t.Fatalf("outcome %q, next %q, joining %t", l.Outcome, step.Verb, l.Joining)
			}
			for _, other := range c.story.op.Lanes[1:] {
				if other.Outcome != deploy.OutcomeSkipped {
					t.Fatalf("%s, which was never touched, is %q", other.Name, other.Outcome)
				}
			}
		})
	}
}

// TestWhatHappensAfterAnAbort: how a lane that went on ends.
func TestWhatHappensAfterAnAbort(t *testing.T) {
	p := plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))
	running := func() *tale { return tell(t, p).rolling().steps(0, 1).begun(0).accepted(0).aborted() }
	looked := running().then(deploy.Event{Type: deploy.EventUnknown, Cause: deploy.Because(deploy.CommandUnknown)})
	for name, c := range map[string]struct {
		story   *tale
		outcome deploy.Outcome
		status  string
	}{
		"exit 0 and verified":       {running().ended(0).steps(0, 2), deploy.OutcomeDone, "healthy"},
		"exit 1":                    {running().failed(0, deploy.CommandFailed, "exit", 1), deploy.OutcomeHeld, "held"},
		"not verified":              {running().ended(0).begun(0).failed(0, deploy.VerifyFailed), deploy.OutcomeHeld, "held"},
		"cancelled":                 {running().aborted().failed(0, deploy.CommandCanceled), deploy.OutcomeHeld, "held"},
		"looked at":                 {looked.chosen(0, deploy.ActLooked), deploy.OutcomeHeld, "held"},
		"never healthy, out, held":  {running().ended(0).steps(0, 1).begun(0).failed(0, deploy.HealthTimeout).steps(0, 1), deploy.OutcomeHeld, "held"},
		"put back and healthy":      {tell(t, p).rolling().steps(0, 1).aborted().steps(0, 1), deploy.OutcomePutBack, "healthy"},
		"put back, never healthy":   {tell(t, p).rolling().steps(0, 1).aborted().begun(0).accepted(0).failed(0, deploy.HealthTimeout).steps(0, 1), deploy.OutcomeHeld, "held"},
		"terminated on the way":     {running().failed(0, deploy.InstanceGone, "state", "terminated"), deploy.OutcomeGone, "terminated"},
		"stopped when it came back": {running().ended(0).steps(0, 1).failed(0, deploy.InstanceGone, "state", "stopped"), deploy.OutcomeHeld, "held"},
	} {
		l := c.story.op.Lanes[0]
		if l.Outcome != c.outcome || l.Status() != c.status {
			t.Errorf("%s: outcome %q, told as %q", name, l.Outcome, l.Status())
		}
	}
}

// TestWhereARetryBegins: with the command while the instance is still out, else with leaving; a way back stays one.
func TestWhereARetryBegins(t *testing.T) {
	p := plan(t, request(deploy.KindDeploy, ""), fleet(3, "web"))
	at := func() *tale { return tell(t, p).rolling() }
	for name, c := range map[string]struct {
		story *tale
		next  deploy.Verb
	}{
		"leave failed":     {at().begun(0).failed(0, deploy.DrainTimeout), deploy.VerbLeave},
		"command failed":   {at().steps(0, 1).begun(0).failed(0, deploy.CommandFailed), deploy.VerbCommand},
		"verify failed":    {at().steps(0, 2).begun(0).failed(0, deploy.VerifyFailed), deploy.VerbCommand},
		"never healthy":    {at().steps(0, 3).begun(0).failed(0, deploy.HealthTimeout), deploy.VerbLeave},
		"put back, unwell": {at().steps(0, 1).begun(0).failed(0, deploy.CommandFailed).chosen(0, deploy.ActPutBack).begun(0).failed(0, deploy.HealthTimeout), deploy.VerbJoin},
		"somebody has looked": {
			at().steps(0, 1).begun(0).then(deploy.Event{Type: deploy.EventUnknown}).chosen(0, deploy.ActLooked), deploy.VerbCommand,
		},
	} {
		l := c.story.chosen(0, deploy.ActRetry).op.Lanes[0]
		if step, _ := l.Step(); step.Verb != c.next || l.Attempt != 2 || l.Phase != deploy.PhaseDue {
			t.Errorf("%s: attempt %d begins with %s, phase %s", name, l.Attempt, step.Verb, l.Phase)
		}
	}
}
