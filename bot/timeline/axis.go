package timeline

import (
	"fmt"
	"math"
	"time"
)

// axis lays time on pixels.
type axis struct {
	from        time.Time
	total       time.Duration // more than zero
	left, right int
}

func newAxis(s story, left, right int) axis {
	return axis{from: s.from, total: max(s.total(), time.Second), left: left, right: right}
}

// x is where a time is, within the axis.
func (a axis) x(t time.Time) int {
	part := float64(t.Sub(a.from)) / float64(a.total)
	return a.left + int(math.Round(min(max(part, 0), 1)*float64(a.right-a.left)))
}

// steps are the distances between ticks that people can count in; beyond the last, whole days.
var steps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// maxTicks is how many labels stand beside each other without touching, at the width of the longest of a day.
const maxTicks = 7

// ticks are the times since the start that the axis names: at most maxTicks, evenly spaced, the first is the start.
func (a axis) ticks() []time.Duration {
	step := steps[len(steps)-1]
	for _, s := range steps {
		if a.total/s < maxTicks {
			step = s
			break
		}
	}
	if n := a.total / step; n >= maxTicks {
		step *= n/maxTicks + 1
	}
	var out []time.Duration
	for n := range maxTicks {
		d := time.Duration(n) * step
		if d > a.total || d < 0 {
			break
		}
		out = append(out, d)
	}
	return out
}

// clock is a length of time as a clock would show it: 4:05, 1:00:00.
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s < 3600 {
		return fmt.Sprintf("%d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
