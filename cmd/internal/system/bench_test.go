package system

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"junban/deploy/awssim/world"
)

// BenchmarkAcknowledge types slash commands at a steady 50 a second for 20 s while four rollouts run, and reports how
// long Slack waited for the acknowledgement: each command is recorded on disk before it is acknowledged.
//
//	go test -run '^$' -bench Acknowledge -benchtime 1x ./cmd/internal/system
func BenchmarkAcknowledge(b *testing.B) {
	st := newStage(b, setup{
		delay: 12 * time.Second, interval: 5 * time.Second, free: true,
		more: services(4),
	})
	for n := range 4 {
		st.addGroup(fmt.Sprintf("svc%d", n), 12*time.Second)
	}
	st.bot()
	for b.Loop() {
		var tss []string
		for n := range 4 {
			ts := st.asks(dev, fmt.Sprintf("svc%d v42", n))
			st.clicks(lead, ts, "Approve")
			tss = append(tss, ts)
		}
		for _, ts := range tss {
			st.shows(ts, "Rolling")
		}
		before := len(st.slack.AckTimes())
		var typing sync.WaitGroup
		tick := time.NewTicker(20 * time.Millisecond)
		for range 1000 {
			<-tick.C
			typing.Go(func() {
				if reply, err := st.slack.Command(b.Context(), dev, channel, "/deploy", "status"); err != nil || reply.Failure != "" {
					b.Errorf("not acknowledged: %v %s", err, reply.Failure)
				}
			})
		}
		tick.Stop()
		typing.Wait()
		var took []time.Duration
		for _, a := range st.slack.AckTimes()[before:] {
			if a.Type == "slash_commands" {
				took = append(took, a.Took)
			}
		}
		slices.Sort(took)
		p := func(q float64) float64 { return took[int(q*float64(len(took)-1))].Seconds() * 1000 }
		b.ReportMetric(p(0.5), "ms-p50")
		b.ReportMetric(p(0.99), "ms-p99")
		b.ReportMetric(p(1), "ms-max")
		b.ReportMetric(float64(len(took)), "commands")
		rolling := 0
		for _, ts := range tss {
			if !strings.Contains(st.card(ts), "Rolling") {
				continue
			}
			rolling++
		}
		if rolling != len(tss) {
			b.Errorf("only %d of %d rollouts ran to the end of the typing", rolling, len(tss))
		}
		if p(0.99) >= 100 {
			b.Errorf("p99 is %.1f ms", p(0.99))
		}
	}
}

// services are more services in YAML, each with a target group of its own name.
func services(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, `  svc%d:
    target_groups: [svc%d]
    run: {command: 'echo "$REF" > REVISION'}
    deploy: {allow: [S0000DEVS]}
    approve: {allow: [S000LEADS]}
`, i, i)
	}
	return out.String()
}

// addGroup adds a target group with three instances of its own.
func (st *stage) addGroup(name string, every time.Duration) {
	arn := st.w.AddGroup(world.Group{Name: name, Port: 80, Delay: every, Interval: every})
	st.w.AddListener(world.Listener{Balancer: "lb", Port: 8000 + len(st.w.Groups()), Group: arn})
	for n := range 3 {
		id := fmt.Sprintf("i-%s%013d", strings.ReplaceAll(name, "svc", "abc"), n+1)
		st.instance(id, fmt.Sprintf("%s-%d", name, n+1))
		pair := world.Pair{ID: id, Port: 8080}
		if err := st.w.Register(arn, []world.Pair{pair}); err != nil {
			st.t.Fatal(err)
		}
		st.w.Checked(arn, pair, true, "")
	}
}
