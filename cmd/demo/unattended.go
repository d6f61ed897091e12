package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"junban/bot/slacksim"
	"junban/deploy/awssim/world"
)

const (
	release = "v42"
	waiting = "waiting" // for a person's decision
	// leastRequests is what an unattended run counts at least; the traffic goes on until then.
	leastRequests = 5000
	// ready is how long the bot may take to connect and to answer.
	ready = time.Minute
	// afterwards is how long the traffic goes on after the rollout, and how long the thread may lag behind.
	afterwards = 2 * time.Second
	lag        = 15 * time.Second
)

// result is the last line of --json.
type result struct {
	State     string  `json:"state"` // the operation's, as its message says; waiting if it needs a person
	Instances int     `json:"instances"`
	Requests  int64   `json:"requests"`
	Failed    int64   `json:"failed"`
	WallS     float64 `json:"wall_s"`  // seconds from Approve to the end
	FloorS    float64 `json:"floor_s"` // the sum over instances of deregistration delay + command + one health interval
}

// unattended plays one rollout from the command to the end, judges it by what Slack shows and the public saw, and tells.
func (d *demo) unattended(ctx context.Context) error {
	r := result{State: "none", Instances: d.Instances}
	ts, err := d.play(ctx, &r)
	if err == nil {
		err = d.linger(ctx, ts, r.State)
	}
	seen := d.fleet.public.Snapshot()
	r.Requests, r.Failed = seen.Requests, seen.Failed
	if err == nil {
		err = d.judge(r)
	}
	if ts != "" {
		d.tellThread(ts)
	}
	d.tell(r)
	if err != nil {
		fmt.Fprintf(d.err, "The end of the bot's log:\n%s\n", d.keep.tail())
	}
	return err
}

// play asks, approves and waits; ts is the operation's message.
func (d *demo) play(ctx context.Context, r *result) (ts string, err error) {
	soon, cancel := context.WithTimeout(ctx, ready)
	defer cancel()
	if err := d.chat.Wait(soon, func(slacksim.View) bool { return d.chat.Connections() > 0 }); err != nil {
		return "", fmt.Errorf("the bot did not connect to Slack: %w", err)
	}
	reply, err := d.chat.Command(ctx, alice, deploys, "/deploy", "web "+release)
	if err != nil {
		return "", err
	}
	if reply.Failure != "" {
		return "", fmt.Errorf("/deploy web %s: Slack says %s", release, reply.Failure)
	}
	if ts, err = d.asked(soon); err != nil {
		return "", err
	}
	mark, began := d.fleet.world.Mark(), time.Now()
	if err := d.chat.Click(ctx, bob, deploys, ts, "", slacksim.WithText("Approve")); err != nil {
		return ts, fmt.Errorf("approving: %w", err)
	}
	limit, cancel := context.WithTimeout(ctx, d.longest())
	defer cancel()
	err = d.chat.Wait(limit, func(v slacksim.View) bool {
		m, _ := v.Message(deploys, ts)
		r.State = shown(m)
		return final(r.State)
	})
	r.WallS = seconds(time.Since(began))
	r.FloorS = seconds(d.fleet.floor(d.flags, mark))
	if err != nil {
		return ts, fmt.Errorf("the rollout did not end: %w", err)
	}
	return ts, nil
}

// asked waits for the message that can be approved, or for the bot's refusal.
func (d *demo) asked(ctx context.Context) (ts string, err error) {
	var refusal string
	waited := d.chat.Wait(ctx, func(v slacksim.View) bool {
		for _, m := range v.Messages(deploys) {
			if m.ThreadTS == "" && strings.Contains(slacksim.Text(m), "[Approve]") {
				ts = m.TS
			}
		}
		for _, m := range v.Ephemerals(alice) {
			refusal = slacksim.Text(m)
		}
		return ts != "" || refusal != ""
	})
	switch {
	case ts != "":
		return ts, nil
	case refusal != "":
		return "", fmt.Errorf("the bot refused: %s", refusal)
	}
	return "", fmt.Errorf("nothing to approve appeared: %w", waited)
}

// longest is far above what a rollout can take.
func (d *demo) longest() time.Duration {
	return time.Minute + time.Duration(d.Instances)*(d.DeregistrationDelay+2*d.HealthInterval+20*time.Second)
}

// linger lets the public come for a while longer, and the thread come to its end: Slack takes one message a second.
func (d *demo) linger(ctx context.Context, ts, state string) error {
	least := time.Now().Add(afterwards)
	late, cancel := context.WithTimeout(ctx, lag)
	defer cancel()
	err := d.chat.Wait(late, func(v slacksim.View) bool {
		thread := v.Thread(deploys, ts)
		return len(thread) > 0 && strings.Contains(strings.ToLower(slacksim.Text(thread[len(thread)-1])), state)
	})
	if err != nil && state != waiting {
		return fmt.Errorf("the thread does not say that the rollout has %s: %w", state, err)
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for time.Now().Before(least) || d.fleet.public.Snapshot().Requests < d.least {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// judge says what is wrong with a rollout that has ended.
func (d *demo) judge(r result) error {
	var faults []error
	if r.State != "succeeded" {
		faults = append(faults, fmt.Errorf("the rollout is %s", r.State))
	}
	if r.Failed > 0 {
		all := d.fleet.public.Snapshot().Failures
		last := all[len(all)-1]
		faults = append(faults, fmt.Errorf("%d of %d requests failed, the last one at %s: %s", r.Failed, r.Requests, last.At.Format(time.TimeOnly), last.Error))
	}
	for _, i := range d.fleet.instances {
		if v := i.Version(); v != release || !i.Running() {
			faults = append(faults, fmt.Errorf("%s serves %s", i.Name(), v))
		}
	}
	return errors.Join(faults...)
}

// shown is the state that an operation's message tells: the last words of its one-line text, "Deploy web v42: succeeded".
func shown(m slacksim.Message) string {
	_, state, _ := strings.Cut(m.Text, ": ")
	if strings.HasPrefix(state, "waiting for a decision") {
		return waiting
	}
	return state
}

// final reports whether nothing more will happen by itself.
func final(state string) bool {
	switch state {
	case "succeeded", "failed", "aborted", "denied", "expired", "withdrawn", waiting:
		return true
	}
	return false
}

// floor is what a rollout since mark takes at least: the commands are those that really ran.
func (s *fleet) floor(f flags, mark world.Mark) time.Duration {
	sum := time.Duration(len(s.instances)) * (f.DeregistrationDelay + f.HealthInterval)
	began := map[string]time.Time{}
	for _, e := range s.world.LogSince(mark) {
		switch {
		case !strings.HasSuffix(e.Comment, "/command"): // a verification, or somebody else's
		case e.Kind == world.KindCommand:
			began[e.Command] = e.At
		case e.Kind == world.KindEnded:
			if at, ok := began[e.Command]; ok {
				sum += e.At.Sub(at)
			}
		}
	}
	return sum
}

func seconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Millisecond)) / float64(time.Second)
}

// tell prints the result, as the last line if it is JSON.
func (d *demo) tell(r result) {
	if d.JSON {
		line, _ := json.Marshal(r) // strings and numbers: cannot fail
		fmt.Fprintln(d.out, string(line))
		return
	}
	fmt.Fprintf(d.out, "%s: %d instances in %.1f s, at least %.1f s; %d requests, %d failed\n",
		r.State, r.Instances, r.WallS, r.FloorS, r.Requests, r.Failed)
}
