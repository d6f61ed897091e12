package bench

import (
	"fmt"
	"os"
	"strings"
	"time"

	"junban/deploy"
	"junban/deploy/awssim/world"
)

// figures are what one rollout took, beside what it had to take.
type figures struct {
	wall, floor time.Duration
	guard       time.Duration // of the floor: what the host took around its commands, which a busy machine makes long
	looks       int           // DescribeTargetHealth of its target group from its start to its end
}

func (f figures) ratio() float64 { return f.wall.Seconds() / f.floor.Seconds() }

// figures reads from AWS's own log what the rollout of the n-th service could not have done faster: for each instance the
// deregistration delay, the command as the host ran it, and the time from its registration to the health check that made it healthy.
func (r *rig) figures(n int, op deploy.Operation) figures {
	r.tb.Helper()
	if op.State != deploy.StateSucceeded {
		r.tb.Errorf("%s: %s %s", op.ID, op.State, op.Cause)
	}
	f := figures{wall: op.FinishedAt.Sub(op.StartedAt)}
	if r.together {
		f.wall = op.FinishedAt.Sub(r.starts.at)
	}
	registered, sent := map[world.Pair]time.Time{}, map[string]time.Time{}
	back := 0
	for _, e := range r.world.LogSince(r.mark) {
		switch {
		case e.Kind == world.KindCommand && strings.HasPrefix(e.Comment, string(op.ID)):
			sent[e.Instance] = e.At
		case e.Kind == world.KindEnded && strings.HasPrefix(e.Comment, string(op.ID)):
			f.floor += e.At.Sub(sent[e.Instance])
			f.guard += e.At.Sub(sent[e.Instance]) - r.command
		case e.Group == service(n) && e.Kind == world.KindRegister && e.Effect:
			registered[e.Pair] = e.At
		case e.Group == service(n) && e.Kind == world.KindState && e.To == world.Healthy && !registered[e.Pair].IsZero():
			f.floor += r.delay + e.At.Sub(registered[e.Pair])
			delete(registered, e.Pair)
			back++
		}
	}
	if back != r.instances {
		r.tb.Errorf("%s: %d of %d instances came back", op.ID, back, r.instances)
	}
	arn := ""
	for _, g := range r.world.Groups() {
		if g.Name == service(n) {
			arn = g.ARN
		}
	}
	for _, c := range r.aws.Calls()[r.starts.calls[op.ID]:] {
		if c.Action == "DescribeTargetHealth" && c.Params.Get("TargetGroupArn") == arn {
			f.looks++
		}
	}
	return f
}

// story is an operation's journal as lines, for a figure that was missed.
func (r *rig) story(op deploy.Operation) string {
	events, err := r.bot.Events(r.tb.Context(), op.ID)
	if err != nil {
		return err.Error()
	}
	var out strings.Builder
	for _, e := range events {
		fmt.Fprintf(&out, "%8.3f %-9s lane %d %s\n", e.At.Sub(op.StartedAt).Seconds(), e.Type, e.Lane, e.Cause)
	}
	for _, c := range r.aws.Calls() {
		if !c.At.Before(op.StartedAt) {
			fmt.Fprintf(&out, "%8.3f %s %s\n", c.At.Sub(op.StartedAt).Seconds(), c.Action, c.Outcome)
		}
	}
	return out.String()
}

// load is the machine's load average over the last minute: figures in real time are read beside it.
func load() string {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(data), " ")
	return one
}
