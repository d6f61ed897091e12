package system

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"junban/deploy/awssim/world"
)

// What tests of the rules do to a stage, and ask of it.

// probe is the health check: an instance is ill while there is a file named sick in its folder.
func (st *stage) probe(_ context.Context, c world.Check) world.Result {
	if _, err := os.Stat(filepath.Join(st.dir, c.ID, "sick")); err == nil {
		return world.Result{Reason: world.ReasonTimeout}
	}
	return world.Result{OK: true}
}

// falls makes instances ill, and waits until their targets are unhealthy.
func (st *stage) falls(ill ...int) {
	st.t.Helper()
	for _, n := range ill {
		st.put(n, "sick", "")
	}
	st.await("they are unhealthy", func() bool {
		for _, n := range ill {
			if st.health(n) != world.Unhealthy {
				return false
			}
		}
		return true
	})
}

// health is the state of an instance's target as it really is; "" if it is not listed.
func (st *stage) health(n int) string {
	truth, _ := st.w.Truth(st.group)
	for _, target := range truth {
		if target.Pair.ID == st.ids[n] {
			return target.State
		}
	}
	return ""
}

// put writes a file in an instance's folder.
func (st *stage) put(n int, name, text string) {
	st.t.Helper()
	if err := os.WriteFile(filepath.Join(st.dir, st.ids[n], name), []byte(text), 0o600); err != nil {
		st.t.Fatal(err)
	}
}

// drop removes a file from an instance's folder.
func (st *stage) drop(n int, name string) {
	st.t.Helper()
	if err := os.Remove(filepath.Join(st.dir, st.ids[n], name)); err != nil {
		st.t.Fatal(err)
	}
}

// holds is what a file in an instance's folder says.
func (st *stage) holds(n int, name string) string {
	data, err := os.ReadFile(filepath.Join(st.dir, st.ids[n], name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

// alreadyOn puts a ref on every instance, as if it had been deployed by hand; with run.current it is known.
func (st *stage) alreadyOn(ref string) {
	for n := range st.ids {
		st.put(n, "REVISION", ref+"\n")
	}
}

// onAll checks which ref is on every instance.
func (st *stage) onAll(ref string) {
	st.t.Helper()
	for n := range st.ids {
		if got := st.holds(n, "REVISION"); got != ref {
			st.t.Errorf("%s has %q, not %s", st.name(n), got, ref)
		}
	}
}

// joins adds an instance in a zone to the target group.
func (st *stage) joins(zone string) {
	st.t.Helper()
	n := len(st.ids)
	id := fmt.Sprintf("i-%017d", n+1)
	dir := filepath.Join(st.dir, id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		st.t.Fatal(err)
	}
	st.w.AddInstance(world.Instance{
		Profile: "arn:aws:iam::123456789012:instance-profile/web", ID: id, Name: st.name(n), PrivateIP: fmt.Sprintf("10.0.1.%d", n+1),
		Zone: zone, AgentOnline: true, Dir: dir,
	})
	pair := world.Pair{ID: id, Port: 8080}
	if err := st.w.Register(st.group, []world.Pair{pair}); err != nil {
		st.t.Fatal(err)
	}
	st.w.Checked(st.group, pair, true, "")
	st.ids = append(st.ids, id)
}

func (st *stage) name(n int) string { return fmt.Sprintf("web-%d", n+1) }

// goes asks for something and has it approved.
func (st *stage) goes(text string) string {
	st.t.Helper()
	ts := st.asks(dev, text)
	st.clicks(lead, ts, "Approve")
	return ts
}

// tells waits until the thread says something.
func (st *stage) tells(ts, text string) {
	st.t.Helper()
	st.await(fmt.Sprintf("the thread says %q", text), func() bool { return strings.Contains(st.thread(ts), text) })
}

// button reports whether a message offers a button.
func (st *stage) button(ts, label string) bool { return strings.Contains(st.card(ts), "["+label+"]") }

// mentions types a word to the bot in a thread.
func (st *stage) mentions(who, ts, text string) {
	st.t.Helper()
	ctx, cancel := st.ctx()
	defer cancel()
	if _, err := st.slack.Mention(ctx, who, channel, ts, text); err != nil {
		st.t.Fatal(err)
	}
}

// presses sends the click of a button that somebody still sees, though the message may have changed since.
func (st *stage) presses(who, ts, action, value string) error {
	ctx, cancel := st.ctx()
	defer cancel()
	return st.slack.ClickForged(ctx, who, channel, ts, action, value)
}

// left are the names of the instances that were taken out since a mark, in that order.
func (st *stage) left(mark world.Mark) string {
	var out []string
	for _, e := range st.w.LogSince(mark) {
		if e.Kind == world.KindDeregister && e.Effect {
			out = append(out, st.name(slices.Index(st.ids, e.Pair.ID)))
		}
	}
	return strings.Join(out, " ")
}

// mostOut is the largest number of instances that were out of service at once since a mark: from their deregistration
// until they are healthy.
func (st *stage) mostOut(mark world.Mark) int {
	most, out := 0, map[string]bool{}
	for _, e := range st.w.LogSince(mark) {
		switch {
		case e.Kind == world.KindDeregister && e.Effect:
			out[e.Pair.ID] = true
		case e.Kind == world.KindState && e.To == world.Healthy:
			delete(out, e.Pair.ID)
		}
		most = max(most, len(out))
	}
	return most
}

// back is when an instance was last found healthy after it had been out, as AWS saw it; zero if it never was.
func (st *stage) back(n int, mark world.Mark) (at time.Time) {
	for _, e := range st.w.LogSince(mark) {
		if e.Kind == world.KindState && e.Pair.ID == st.ids[n] && e.To == world.Healthy {
			at = e.At
		}
	}
	return at
}

// took is when an instance was first taken out since a mark; zero if it never was.
func (st *stage) took(n int, mark world.Mark) time.Time {
	for _, e := range st.w.LogSince(mark) {
		if e.Kind == world.KindDeregister && e.Effect && e.Pair.ID == st.ids[n] {
			return e.At
		}
	}
	return time.Time{}
}

// clock waits for a moment: for what must not happen until then.
func (st *stage) clock(at time.Time) {
	st.t.Helper()
	st.await("the time is come", func() bool { return !time.Now().Before(at) })
}

// refusal is what somebody is told whose command is refused.
func (st *stage) refusal(who, text string) string {
	st.t.Helper()
	before := len(st.parents())
	said := st.types(who, text)
	if n := len(st.parents()); n != before {
		st.t.Errorf("/deploy %s was asked for after all:\n%s", text, st.transcript())
	}
	return said
}

// says checks that a text holds everything that it must.
func (st *stage) says(what, text string, parts ...string) {
	st.t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			st.t.Errorf("%s does not say %q:\n%s", what, part, text)
		}
	}
}

// value is what a button that a message shows carries.
func (st *stage) value(ts, action string) string {
	st.t.Helper()
	m, _ := st.slack.Message(channel, ts)
	return buttonValue(st.t, m, action)
}
