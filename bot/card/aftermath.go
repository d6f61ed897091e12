package card

import (
	"strings"

	"junban/deploy"
)

// aftermath says what an ended operation has left out of service, and locked.
func (w Voice) aftermath(o deploy.Operation) Text {
	var held []string
	for _, l := range o.Lanes {
		if l.Outcome == deploy.OutcomeHeld {
			held = append(held, o.Plan.Preview.Name(l.Name))
		}
	}
	var out Text
	if len(held) > 0 {
		out = w.Say("aftermath.held", "names", strings.Join(held, ", "), "line", w.typed(restore(o.Plan.Terms, held[0])))
	}
	service := []any{"service", w.service(o.Plan.Terms), "line", w.typed(unlock(o.Plan.Terms))}
	switch {
	case o.State == deploy.StateSucceeded && o.Plan.Kind == deploy.KindLock:
		out = T(out, w.Say("aftermath.lock", service...))
	case o.State == deploy.StateSucceeded && o.Plan.Kind == deploy.KindUnlock:
		out = T(out, w.Say("aftermath.unlock", service...))
	case o.State.Finished() && locked(o):
		if len(out) > 0 {
			out = T(out, w.gap())
		}
		out = T(out, w.Say("aftermath.locked", service...))
	}
	return out
}

// locked reports whether the operation's end leaves a lock on its service.
func locked(o deploy.Operation) bool {
	for _, l := range deploy.LockChanges(o, deploy.Event{Type: deploy.EventFinished, At: o.FinishedAt}).Keep {
		if l.Instance() == "" {
			return true
		}
	}
	return false
}

func unlock(t deploy.Terms) string {
	line := "unlock " + t.Service
	if t.Environment != "" {
		line += " to " + t.Environment
	}
	return line
}

func restore(t deploy.Terms, instance string) string {
	line := "restore " + t.Service + " on " + instance
	if t.Environment != "" {
		line += " to " + t.Environment
	}
	return line
}

// small is the small print: what to quote, what is deployed exactly, and what it was before.
func (w Voice) small(o deploy.Operation) Text {
	out := w.Say("small.operation", "op", string(o.ID))
	if r := o.Plan.Ref; r != "" {
		out = T(out, w.Say("small.ref", "ref", short(r)))
	}
	if r := o.Plan.Revision; r != "" {
		out = T(out, w.Say("small.revision", "revision", commit(r)))
	}
	if p := o.Plan.Preview.Previous; p != "" && o.Plan.Kind == deploy.KindDeploy {
		out = T(out, w.Say("small.before", "ref", p))
	}
	return out
}

// commit shortens what looks like the id of a commit, and nothing else.
func commit(revision string) string {
	r := strings.TrimSpace(revision)
	if len(r) < 40 || strings.Trim(strings.ToLower(r), "0123456789abcdef") != "" {
		return short(r)
	}
	return r[:12]
}

// people names people and groups: with U as what they are, with P as a call, since they have to act.
func people(ids []string, as func(string) Span) Text {
	var out Text
	for i, id := range ids {
		if i > 0 {
			out = append(out, T(", ")...)
		}
		out = append(out, as(id))
	}
	return out
}
