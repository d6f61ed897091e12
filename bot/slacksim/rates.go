package slacksim

import (
	"math"
	"time"
)

// Rate is how many calls a method takes in any window of the given length. Zero means no limit.
type Rate struct {
	Calls int
	Per   time.Duration
}

// Slack's tiers, as docs.slack.dev/apis/web-api/rate-limits names them. They are floors; here they are exact.
func tier2() Rate { return Rate{20, time.Minute} }
func tier3() Rate { return Rate{50, time.Minute} }
func tier4() Rate { return Rate{100, time.Minute} }

// perChannel is the special rate of chat.postMessage: one a second and channel, short bursts allowed.
func perChannel() Rate { return Rate{5, 5 * time.Second} }

// overRate counts a call and answers zero, or answers in how many whole seconds it may be made again.
// The caller holds mu.
func (w *Workspace) overRate(name string, m method, req *request) int {
	rate := m.rate
	if special, ok := w.opt.Rates[name]; ok {
		rate = special
	}
	if w.opt.NoRates || rate.Calls == 0 {
		return 0
	}
	key := name + " " + req.app.AppID
	if m.ratePerChannel {
		key += " " + req.params["channel"]
	}
	now := w.opt.Now()
	used := w.usage[key]
	for len(used) > 0 && now.Sub(used[0]) >= rate.Per {
		used = used[1:]
	}
	if len(used) >= rate.Calls {
		w.usage[key] = used
		wait := rate.Per - now.Sub(used[0])
		return max(1, int(math.Ceil(wait.Seconds())))
	}
	w.usage[key] = append(used, now)
	return 0
}
