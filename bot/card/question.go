package card

import (
	"junban/deploy"
)

// question is a cause with which the whole operation waits for somebody to continue it. Its words are question.<code>.*:
// head in a few words, next what to look at, label of the button that continues, and where they are needed say, instead
// of the cause's own sentence, and sure, asked before the click counts.
type question struct {
	id        string // of its words
	operators bool   // whoever may deploy may answer too
}

var questions = map[deploy.Code]question{
	deploy.CanaryBaked: {id: "question.canary_baked"},
	deploy.CanarySick:  {id: "question.canary_sick", operators: true},
	deploy.AlarmOn:     {id: "question.alarm_on", operators: true},
	deploy.FailOpen:    {id: "question.fail_open", operators: true},
	deploy.Overdue:     {id: "question.overdue", operators: true},
}

// asked is the question that an operation waits with; ok is false if it asks nothing.
func asked(o deploy.Operation) (q question, ok bool) {
	if o.Asked.Code == "" || o.State.Finished() {
		return q, false
	}
	return questionOf(o.Asked.Code), true
}

func questionOf(code deploy.Code) question {
	if q, ok := questions[code]; ok {
		return q
	}
	return question{id: "question.other"}
}

// ask is a question in words: what is seen, what to look at, and who may answer. Those who have to act are called.
func (w Voice) ask(o deploy.Operation, c deploy.Cause) Text {
	q := questionOf(c.Code)
	seen := w.Because(c, o.Plan.Preview.Name)
	if id := q.id + ".say"; w.lang.Has(id) {
		seen = values{w, c.Values, o.Plan.Preview.Name}.say(id)
	}
	id, by := "ask", people(o.Plan.Rules.Approval.Allow, P)
	if q.operators || len(o.Plan.Rules.Approval.Allow) == 0 {
		id, by = "ask.operators", T(P(o.RequestedBy))
	}
	return w.Say(id, "head", capital(w.Line(q.id+".head")), "seen", seen, "next", w.Line(q.id+".next"), "by", by, "label", w.Line(q.id+".label"))
}
