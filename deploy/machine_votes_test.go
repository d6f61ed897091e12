package deploy_test

import (
	"slices"

	"pgregory.net/rapid"

	"junban/deploy"
)

// everybody is who may come by while a request waits: some may approve for one party, one for either, some never.
var everybody = []deploy.Person{
	lead, member("U-ada", "S-leads"), member("U-bob", "S-sec"), member("U-janus", "S-leads", "S-sec"), dev, any1, ci,
	{ID: "U-robot", Kind: deploy.Robot, Groups: []string{"S-leads", "S-sec"}}, {ID: "U-guest", Kind: deploy.Guest, Groups: []string{"S-leads"}},
}

// anyApproval is a list of approvers, or parties. The lead is among them in any case.
func anyApproval(t *rapid.T, a *deploy.Approval) {
	switch rapid.IntRange(0, 6).Draw(t, "who must approve") {
	case 0, 1, 2:
		return
	case 3:
		a.Required = 2
		return
	case 4:
		a.Parties = []deploy.Party{party(1, "S-leads", "U-lead"), party(1, "S-sec", "U-robot", "B-ci")}
	case 5:
		a.Parties = []deploy.Party{party(2, "S-leads", "U-lead", "U-dev"), party(1, "S-sec", "U-janus")}
	case 6:
		a.Any, a.Parties = true, []deploy.Party{party(2, "S-leads", "U-lead", "B-ci"), party(2, "S-sec")}
	}
	a.Required, a.Allow = 0, nil
	for _, p := range a.Parties {
		a.Allow = append(a.Allow, p.Allow...)
	}
}

// agree lets people vote at once, in most runs until nobody else is needed.
func (m *machine) agree() {
	if rapid.IntRange(0, 3).Draw(m.t, "at once") == 0 {
		return
	}
	for _, who := range rapid.Permutation(everybody).Draw(m.t, "votes") {
		if m.op.State != deploy.StateRequested {
			return
		}
		m.vote(who)
	}
}

// vote is an approval by anybody, which must be taken exactly from those who may, once each.
func (m *machine) vote(who deploy.Person) {
	p, requested := m.plan, m.op.State == deploy.StateRequested && m.now.Before(m.op.Expires)
	may := requested && who.Kind == deploy.Member && who.ID != m.op.RequestedBy && m.listed(who) &&
		!slices.ContainsFunc(m.votes, func(v deploy.Person) bool { return v.ID == who.ID })
	events, err := deploy.Decide(m.op, deploy.Act{Verb: deploy.ActApprove, By: who, Hash: m.op.Hash, Fresh: &p}, m.now)
	switch {
	case may && (err != nil || len(events) != 1):
		m.fail("the vote of %s is not taken: %v", who.ID, err)
	case !may && err == nil:
		m.fail("I6: the vote of %s is taken", who.ID)
	case err != nil:
		return
	}
	m.votes = append(m.votes, who)
	m.fold(events[0])
}

// listed reports whether somebody is on a list of those who may approve, by id or by group.
func (m *machine) listed(who deploy.Person) bool {
	return slices.ContainsFunc(m.ask1.Rules.Approval.Allow, func(id string) bool { return id == who.ID || slices.Contains(who.Groups, id) })
}

// enough counts votes by trying every way of seating them.
func (m *machine) enough(voters []deploy.Person) bool {
	a := m.ask1.Rules.Approval
	parties := a.Parties
	if len(parties) == 0 {
		parties = []deploy.Party{{Allow: a.Allow, Required: a.Required}}
	}
	return brute(parties, a.Any, voters)
}

// standing is who the voters are by the check that was made before the start.
func (m *machine) standing() []deploy.Person {
	var out []deploy.Person
	for _, v := range m.votes {
		out = append(out, m.seen.Check.People[v.ID])
	}
	return out
}

// stand is who everybody is now; somebody may have left, or gone to another group.
func (m *machine) stand(kind bool) map[string]deploy.Person {
	out := map[string]deploy.Person{}
	for _, p := range everybody {
		out[p.ID] = p
	}
	if kind || rapid.IntRange(0, 4).Draw(m.t, "everybody stays") > 0 {
		return out
	}
	who := rapid.SampledFrom(everybody).Draw(m.t, "who")
	switch rapid.IntRange(0, 2).Draw(m.t, "leaves") {
	case 0:
		who.Kind = deploy.Deleted
	case 1:
		who.Groups = nil
	case 2:
		who.Groups = []string{"S-sec"}
	}
	out[who.ID] = who
	return out
}

// judgeVotes is I6: an operation is approved exactly when the votes are enough, and starts only if they still are.
func (m *machine) judgeVotes(e deploy.Event) {
	switch e.Type {
	case deploy.EventVoted:
		if enough := m.enough(m.votes); enough != (m.op.State == deploy.StateApproved) {
			m.fail("I6: it is %s, and the votes are enough: %t", m.op.State, enough)
		}
	case deploy.EventStarted:
		if !m.enough(m.votes) || !m.enough(m.standing()) {
			m.fail("I6: it starts, and the votes of those who still stand are not enough")
		}
		if who := m.seen.Check.People[m.op.RequestedBy]; who.Kind != deploy.Member && (who.Kind != deploy.Robot || !m.op.Plan.Kind.Rolls()) {
			m.fail("it starts, and whoever asked is %q", who.Kind)
		}
	}
}
