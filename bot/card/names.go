package card

import (
	"strings"
	"time"

	"junban/deploy"
)

// Title says what is asked for: Deploy web v42 to production, Drain web-2 of web. An emergency is one in every place.
func (w Voice) Title(o deploy.Operation) string {
	title := w.RowTitle(o.Row())
	if emergency(o.Plan) {
		return w.Line("title.emergency", "title", title)
	}
	return title
}

// RowTitle is Title for a line of the index.
func (w Voice) RowTitle(r deploy.Row) string {
	pairs := []any{
		"service", r.Service, "ref", r.Ref, "on", r.On,
		"to", w.clause("title.to", "environment", r.Environment), "in", w.clause("title.in", "environment", r.Environment),
	}
	switch r.Kind {
	case deploy.KindDeploy:
		pairs = append(pairs, "on", w.clause("title.on", "on", r.On))
	case deploy.KindRollback:
		pairs = append(pairs, "on", w.clause("title.on", "on", r.On), "ref", w.clause("title.rollback.ref", "ref", r.Ref))
	}
	id := "title." + string(r.Kind)
	if r.Kind == "" || !w.lang.Has(id) {
		id, pairs = "title.other", append(pairs, "kind", capital(string(r.Kind)))
	}
	return w.Line(id, pairs...)
}

// titled is an operation in one line: what is asked for, and where it is.
func (w Voice) titled(o deploy.Operation) string {
	return w.Line("title.state", "title", w.Title(o), "headline", w.headline(o))
}

// service is a service with its environment, as people say it.
func (w Voice) service(t deploy.Terms) string { return w.Service(t.Service, t.Environment) }

// Service is a service with its environment, as people say it; "" = it has none.
func (w Voice) Service(name, environment string) string {
	if environment == "" {
		return name
	}
	return w.Line("title.service.in", "service", name, "environment", environment)
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
func (w Voice) before(p deploy.Plan) string {
	switch {
	case p.Kind == deploy.KindRollback && p.Ref != "":
		return p.Ref
	case p.Preview.Previous != "":
		return p.Preview.Previous
	}
	return w.Line("word.ref_before")
}

// version is what is on an instance and what comes to it, "v41 → v42"; "" if nobody has looked.
func (w Voice) version(p deploy.Plan, l *deploy.LaneState) string {
	now := short(p.Preview.Current[l.Name])
	switch {
	case now == "" || !p.Kind.Rolls() || p.Ref == "":
		return ""
	case l.Outcome == deploy.OutcomeReverted, l.Reverting:
		return short(p.Ref) + " → " + short(w.before(p))
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
