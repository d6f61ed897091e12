package deploy

import (
	"slices"
	"strings"
)

// Queued is an operation's place among those that wait for the same resources.
type Queued struct {
	N, Of  int // the first is 1 of N
	Behind ID  // the one that must get out of the way last before it; "" = none of those that are known
}

// Ahead finds the operation that was approved earlier, has not started, and shares a resource with this one; "" if
// there is none. One that waits for a time of its own keeps nobody waiting.
func Ahead(ops []Operation, op Operation) ID {
	mine := resources{}.with(op)
	for _, other := range ops {
		if other.queues() && other.before(op) && mine.shares(other) {
			return other.ID
		}
	}
	return ""
}

// Place tells where an approved operation that has not started stands in the queue, from all operations that have not
// finished; ok is false if it does not wait in it. Those ahead are also those that keep somebody ahead waiting.
func Place(ops []Operation, id ID) (q Queued, ok bool) {
	at := slices.IndexFunc(ops, func(o Operation) bool { return o.ID == id })
	if at < 0 || !ops[at].queues() {
		return Queued{}, false
	}
	waiting := slices.DeleteFunc(slices.Clone(ops), func(o Operation) bool { return !o.queues() })
	slices.SortFunc(waiting, func(a, b Operation) int {
		if n := a.ApprovedAt.Compare(b.ApprovedAt); n != 0 {
			return n
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	at = slices.IndexFunc(waiting, func(o Operation) bool { return o.ID == id })
	ahead := kept(waiting[at], slices.Backward(waiting[:at]))
	after := kept(waiting[at], slices.All(waiting[at+1:]))
	q = Queued{N: len(ahead) + 1, Of: len(ahead) + 1 + len(after)}
	mine := resources{}.with(waiting[at])
	if next := slices.IndexFunc(ahead, mine.shares); next >= 0 { // the nearest first
		q.Behind = ahead[next].ID
		return q, true
	}
	for _, other := range ops {
		if other.State.Rolling() && mine.shares(other) {
			q.Behind = other.ID
		}
	}
	return q, true
}

// kept are those of some operations, in their order, that share a resource with one, or with another of them.
func kept(one Operation, others func(func(int, Operation) bool)) []Operation {
	var out []Operation
	have := resources{}.with(one)
	for _, o := range others {
		if have.shares(o) {
			out, have = append(out, o), have.with(o)
		}
	}
	return out
}

// queues reports whether the operation waits for its turn.
func (o Operation) queues() bool {
	return o.State == StateApproved || o.State == StateQueued && !o.Idles()
}

// before reports whether the operation was approved before another one.
func (o Operation) before(other Operation) bool {
	return o.ApprovedAt.Before(other.ApprovedAt) || o.ApprovedAt.Equal(other.ApprovedAt) && o.ID < other.ID
}

// resources are what some operations need.
type resources map[string]bool

func (r resources) with(o Operation) resources {
	for _, name := range o.Plan.Needs() {
		r[name] = true
	}
	return r
}

// shares reports whether an operation needs one of them.
func (r resources) shares(o Operation) bool {
	return slices.ContainsFunc(o.Plan.Needs(), func(name string) bool { return r[name] })
}
