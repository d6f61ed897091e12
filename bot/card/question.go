package card

import (
	"junban/deploy"
)

// question is how a cause reads when the whole operation waits for somebody to continue it.
type question struct {
	head  string            // in a few words, behind "asks: "
	say   func(values) Text // nil = the cause's own sentence
	next  string            // what to look at before answering
	label string            // of the button that continues
	sure  string            // asked before the click counts; "" = nothing is asked

	operators bool // whoever may deploy may answer too
}

var questions = map[deploy.Code]question{
	deploy.CanaryBaked: {
		head: "is the canary good?", label: "The canary is good: continue",
		next: "Look at the canary and at what it serves.",
	},
	deploy.CanarySick: {
		head: "the canary is not well: go on?", label: "Go on all the same", operators: true,
		next: "Look at the canary. If it is the new version that makes it ill, abort and roll back.",
		sure: "The other instances leave service one after another and get what the canary has, although it is not well.",
	},
	deploy.AlarmOn: {
		head: "an alarm is on: go on?", label: "The alarm is known: continue", operators: true,
		next: "Look whether the alarm has to do with this rollout.",
		sure: "Instances leave service although the alarm is on.",
	},
	deploy.FailOpen: {
		head: "no target is healthy: take one out?", label: "Take it out although none is healthy", operators: true,
		say: func(v values) Text {
			return T("No target of ", B(v.get("group")), " is healthy, so the load balancer sends requests to all of them, and taking one out takes capacity away.")
		},
		next: "Bring one back to health; or, if it is this deploy that mends them, let it go on.",
		sure: "The load balancer sends requests to all targets now, since none is healthy. The instance that leaves serves no more until it is done.",
	},
	deploy.Overdue: {
		head: "it takes too long: go on?", label: "Go on all the same", operators: true,
		next: "Look why it takes so long.",
	},
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
	return question{head: "go on?", label: "Go on all the same", next: "Look whether it may go on."}
}

// ask is a question in words: what is seen, what to look at, and who may answer. Those who have to act are called.
func ask(o deploy.Operation, c deploy.Cause) Text {
	q := questionOf(c.Code)
	what := Because(c, o.Plan.Preview.Name)
	if q.say != nil {
		what = q.say(values{c.Values, o.Plan.Preview.Name})
	}
	who := T(people(o.Plan.Rules.Approval.Allow, P), " may press ")
	if q.operators || len(o.Plan.Rules.Approval.Allow) == 0 {
		who = T(P(o.RequestedBy), ", or whoever else may deploy or approve, may press ")
	}
	return T(B(capital(q.head)), "\n", what, " Nothing more leaves service meanwhile.\n", B("Next: "), q.next+" Then ", who, B(q.label), ", or abort.")
}
