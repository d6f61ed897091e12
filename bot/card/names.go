package card

import (
	"strings"
	"time"

	"junban/deploy"
)

// Title says what is asked for: Deploy web v42 to production, Drain web-2 of web. An emergency is one in every place.
func Title(o deploy.Operation) string {
	if emergency(o.Plan) {
		return "EMERGENCY: " + RowTitle(o.Row())
	}
	return RowTitle(o.Row())
}

// RowTitle is Title for a line of the index.
func RowTitle(r deploy.Row) string {
	in := func(word string) string {
		if r.Environment == "" {
			return ""
		}
		return " " + word + " " + r.Environment
	}
	on := ""
	if r.On != "" {
		on = " on " + r.On
	}
	switch r.Kind {
	case deploy.KindDeploy:
		return "Deploy " + r.Service + " " + r.Ref + in("to") + on
	case deploy.KindRollback:
		return "Roll back " + r.Service + in("in") + strings.TrimSuffix(" to "+r.Ref, " to ") + on
	case deploy.KindLock, deploy.KindUnlock:
		return capital(string(r.Kind)) + " " + r.Service + in("in")
	}
	return capital(string(r.Kind)) + " " + r.On + " of " + r.Service + in("in")
}

// service is a service with its environment, as people say it.
func service(t deploy.Terms) string {
	if t.Environment == "" {
		return t.Service
	}
	return t.Service + " in " + t.Environment
}

func emergency(p deploy.Plan) bool { return p.Emergency || p.Preview.Ask.Emergency }

// startAt is when an operation was asked to start; zero = as soon as it is approved.
func startAt(p deploy.Plan) time.Time {
	if !p.StartAt.IsZero() {
		return p.StartAt
	}
	return p.Preview.Ask.At
}

// before is the ref that a rollback goes back to.
func before(p deploy.Plan) string {
	switch {
	case p.Kind == deploy.KindRollback && p.Ref != "":
		return p.Ref
	case p.Preview.Previous != "":
		return p.Preview.Previous
	}
	return "the ref before"
}

// version is what is on an instance and what comes to it, "v41 → v42"; "" if nobody has looked.
func version(p deploy.Plan, l deploy.LaneState) string {
	now := short(p.Preview.Current[l.Name])
	switch {
	case now == "" || !p.Kind.Rolls() || p.Ref == "":
		return ""
	case l.Outcome == deploy.OutcomeReverted, l.Reverting:
		return short(p.Ref) + " → " + short(before(p))
	case l.Phase == deploy.PhaseDone && !l.Ran:
		return now
	case l.Outcome == deploy.OutcomePutBack, l.Outcome == deploy.OutcomeHeld:
		return now + " → ?" // the command did not get through
	}
	return now + " → " + short(p.Ref)
}

// short is a version in one line of at most forty characters, as whatever tells it may tell more.
func short(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if r := []rune(s); len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return s
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
