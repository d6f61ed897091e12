package timeline

import (
	"fmt"
	"image"
	"slices"
	"strings"

	"junban/deploy"
)

// row is one line of the picture: all, one lane, or several lanes whose bars are strips of one row.
type row struct {
	lanes []int // none = what concerns all
	name  string
	end   string // what became of it
	icon  icon
	text  image.Rectangle
	bar   image.Rectangle
}

const (
	manyLanes  = 40 // more instances than this are drawn in groups
	alone      = 18 // of which so many that are exceptions have a row of their own
	groupLeast = 10 // instances in a group, at least
	groupsMost = 12
	stripsMost = 80 // pixels of a group's bar
)

// rows says what is drawn in which row, from the top.
func (p Picture) rows(s story) []row {
	if !s.began || len(s.op.Lanes) == 0 {
		return nil // nothing happened to any instance
	}
	var out []row
	if len(s.whole.spans)+len(s.whole.marks) > 0 {
		out = append(out, row{name: p.Words.Whole})
	}
	order := s.order()
	n := 0
	for _, i := range order {
		if !s.op.Lanes[i].Chore() {
			n++
		}
	}
	if n <= manyLanes {
		for _, i := range order {
			out = append(out, p.lane(s, i))
		}
		return out
	}
	return append(out, p.grouped(s, order)...)
}

// grouped draws exceptions and what is done once by themselves, and the others in groups.
func (p Picture) grouped(s story, order []int) []row {
	var first, exceptions, last []row
	var rest []int
	for _, i := range order {
		l := s.op.Lanes[i]
		switch {
		case l.Chore() && l.Steps[0].Verb == deploy.VerbAfter:
			last = append(last, p.lane(s, i))
		case l.Chore():
			first = append(first, p.lane(s, i))
		case len(exceptions) < alone && s.exceptional(i):
			exceptions = append(exceptions, p.lane(s, i))
		default:
			rest = append(rest, i)
		}
	}
	out := slices.Concat(first, exceptions)
	size := max(groupLeast, (len(rest)+groupsMost-1)/groupsMost)
	for len(rest) > 0 {
		n := min(size, len(rest))
		out = append(out, p.group(s, rest[:n]))
		rest = rest[n:]
	}
	return append(out, last...)
}

// lane is the row of one lane.
func (p Picture) lane(s story, i int) row {
	l := s.op.Lanes[i]
	end := word(p.Words.Status, status(l))
	if l.Phase == deploy.PhaseDone && !l.StartAt.IsZero() && l.EndAt.After(l.StartAt) {
		end += " " + clock(l.EndAt.Sub(l.StartAt))
	}
	return row{lanes: []int{i}, name: p.name(s, i), end: end, icon: iconOf(s.op, l)}
}

// name is what people call a lane.
func (p Picture) name(s story, i int) string {
	l := s.op.Lanes[i]
	if l.Chore() {
		switch l.Steps[0].Verb {
		case deploy.VerbBefore:
			return p.Words.Before
		case deploy.VerbFirst:
			return p.Words.First
		}
		return p.Words.After
	}
	return s.op.Plan.Preview.Name(l.Name)
}

// group is the row of several lanes. Its sign is that of its worst.
func (p Picture) group(s story, lanes []int) row {
	r := row{lanes: lanes, name: p.name(s, lanes[0]), end: p.counts(s, lanes)}
	if n := len(lanes); n > 1 {
		r.name += " … " + p.name(s, lanes[n-1])
	}
	for _, i := range lanes {
		r.icon = max(r.icon, iconOf(s.op, s.op.Lanes[i]))
	}
	return r
}

// counts says how many lanes are in which state, in the order in which the states are met.
func (p Picture) counts(s story, lanes []int) string {
	n := map[string]int{}
	var met []string
	for _, i := range lanes {
		l := s.op.Lanes[i]
		if l.Chore() {
			continue
		}
		key := status(l)
		if n[key]++; n[key] == 1 {
			met = append(met, key)
		}
	}
	var out []string
	for _, key := range met {
		out = append(out, fmt.Sprintf("%s %d", word(p.Words.Status, key), n[key]))
	}
	return strings.Join(out, " · ")
}

// icon says how a lane or an operation is, by its form; the later one is the more urgent.
type icon int

const (
	iconNone icon = iota
	iconIdle
	iconGood
	iconBack
	iconMoving
	iconBad
	iconUnknown
)

// iconOf is a lane's sign. A drain ends with a held instance: that is no failure.
func iconOf(o deploy.Operation, l *deploy.LaneState) icon {
	switch status(l) {
	case "healthy", "done":
		return iconGood
	case "rolled back":
		return iconBack
	case "waiting", "skipped", "put back":
		return iconIdle
	case "held":
		if o.Plan.Kind == deploy.KindDrain {
			return iconGood
		}
		return iconBad
	case "unknown":
		return iconUnknown
	}
	if l.Waits() || l.Outcome == deploy.OutcomeGone {
		return iconBad
	}
	return iconMoving
}

// outcomeIcon is the operation's sign, by the key of its outcome.
func outcomeIcon(key string) icon {
	switch key {
	case string(deploy.StateSucceeded):
		return iconGood
	case string(deploy.StateFailed), string(deploy.StateAborted):
		return iconBad
	case "rolled back":
		return iconBack
	case "undecided":
		return iconUnknown
	case string(deploy.StateDenied), string(deploy.StateExpired), string(deploy.StateWithdrawn),
		string(deploy.StateRequested), string(deploy.StateApproved), string(deploy.StateQueued):
		return iconIdle
	}
	return iconMoving
}
