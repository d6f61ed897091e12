package deploy

import (
	"fmt"
	"slices"
	"strings"
)

// Party is one side that has to agree: so many of those on its list.
type Party struct {
	Allow    []string `json:"allow"`    // user and group ids
	Required int      `json:"required"` // distinct people, 1 or more
}

// Seats is how far one party has come.
type Seats struct {
	Party
	By []string // who fills it, in the order of their votes; at most Required
}

// Missing is how many people the party still lacks.
func (s Seats) Missing() int { return max(0, s.Required-len(s.By)) }

// Quorum is how far an approval has come. Without parties nobody is asked, and it is full.
type Quorum struct {
	Parties []Seats
	Any     bool // one full party is enough; else all of them must be

	open []bool // by party: one more vote of it would bring the quorum on
}

// Full reports whether enough people have agreed.
func (q Quorum) Full() bool { return q.Missing() == 0 }

// Missing is the least number of people who must still agree.
func (q Quorum) Missing() int {
	all, least := 0, 0
	for i, p := range q.Parties {
		n := p.Missing()
		all += n
		if i == 0 || n < least {
			least = n
		}
	}
	if q.Any {
		return least
	}
	return all
}

// parties are who has to agree. Without named parties, all who may approve are the only one.
func (a Approval) parties() []Party {
	switch {
	case a.None:
		return nil
	case len(a.Parties) > 0:
		return a.Parties
	}
	return []Party{{Allow: a.Allow, Required: a.Required}}
}

// Quorum counts votes. Each voter fills a place of one party only, wherever places are found for most of them; of
// parties of which one is enough, each is counted for itself. Only members count, each once, whatever was voted.
func (a Approval) Quorum(voters []Person) Quorum {
	s := seating{Quorum: Quorum{Any: a.Any}}
	for _, p := range a.parties() {
		p.Required = max(1, p.Required)
		s.Parties = append(s.Parties, Seats{Party: p})
	}
	for _, p := range voters {
		if p.Kind == Member && !slices.ContainsFunc(s.voters, func(v Person) bool { return v.ID == p.ID }) {
			s.voters = append(s.voters, p)
		}
	}
	s.sit()
	return s.Quorum
}

// Quorum is how far the operation's approval has come, by the groups in which the voters were when they voted.
func (o Operation) Quorum() Quorum {
	var voters []Person
	for _, v := range o.Votes {
		if v.OK {
			voters = append(voters, Person{ID: v.By, Kind: Member, Groups: v.Groups})
		}
	}
	return o.Plan.Rules.Approval.Quorum(voters)
}

// seating gives voters their places.
type seating struct {
	Quorum
	voters []Person
	taken  [][]int // by party: voters
	order  []int   // parties, those first of which the fewest people could be: whoever may sit in another too leaves it free
}

func (s *seating) sit() {
	s.taken, s.open = make([][]int, len(s.Parties)), make([]bool, len(s.Parties))
	for i := range s.Parties {
		s.order = append(s.order, i)
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return breadth(s.Parties[a].Allow) - breadth(s.Parties[b].Allow) })
	for v := range s.voters {
		if s.Any {
			s.alone(v)
		} else {
			s.place(v, make([]bool, len(s.Parties)))
		}
	}
	for i, voters := range s.taken {
		slices.Sort(voters)
		for _, v := range voters {
			s.Parties[i].By = append(s.Parties[i].By, s.voters[v].ID)
		}
	}
	s.reach()
}

// alone counts a voter for every party of which one is enough.
func (s *seating) alone(v int) {
	for i, p := range s.Parties {
		if len(s.taken[i]) < p.Required && s.voters[v].In(p.Allow) {
			s.taken[i] = append(s.taken[i], v)
		}
	}
}

// place finds a voter a place, moving others if they can sit elsewhere: an augmenting path of a bipartite matching.
func (s *seating) place(v int, tried []bool) bool {
	for _, i := range s.order {
		if tried[i] || !s.voters[v].In(s.Parties[i].Allow) {
			continue
		}
		tried[i] = true
		if len(s.taken[i]) < s.Parties[i].Required {
			s.taken[i] = append(s.taken[i], v)
			return true
		}
		for k, other := range s.taken[i] {
			if s.place(other, tried) {
				s.taken[i][k] = v
				return true
			}
		}
	}
	return false
}

// reach notes which parties are worth another vote: those that lack some, and those from which somebody could move on
// to one that does.
func (s *seating) reach() {
	for range s.Parties {
		for i, p := range s.Parties {
			moves := func(v int) bool {
				for j, to := range s.Parties {
					if s.open[j] && !s.Any && s.voters[v].In(to.Allow) {
						return true
					}
				}
				return false
			}
			s.open[i] = s.open[i] || p.Missing() > 0 || slices.ContainsFunc(s.taken[i], moves)
		}
	}
}

// breadth orders lists by how many people may be on them; a group may hold any number.
func breadth(allow []string) int {
	n := len(allow)
	for _, id := range allow {
		if strings.HasPrefix(id, "S") {
			n += 1000
		}
	}
	return n
}

// Awaited are the ids of the people and groups whose approval would bring the request on: none once it is approved.
func (o Operation) Awaited() []string {
	q := o.Quorum()
	if o.State != StateRequested || q.Full() {
		return nil
	}
	var out []string
	voted := o.Approvers()
	for i, p := range q.Parties {
		if !q.open[i] {
			continue
		}
		for _, id := range p.Allow {
			own := id == o.RequestedBy && !o.Plan.Rules.Approval.Self
			if !own && !slices.Contains(voted, id) && !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// lacks writes what each party still lacks, one after another: 1 of S-leads, 2 of S-sec U-x.
func (q Quorum) lacks() string {
	var out []string
	for _, p := range q.Parties {
		if n := p.Missing(); n > 0 {
			out = append(out, fmt.Sprintf("%d of %s", n, strings.Join(p.Allow, " ")))
		}
	}
	return strings.Join(out, ", ")
}

// agreed says whether the approvals still fill the quorum with everybody as they stand now, or why not: somebody who
// left the workspace, or a list, has taken their vote with them.
func (o Operation) agreed(now map[string]Person) (Cause, bool) {
	approval := o.Plan.Rules.Approval
	var voters []Person
	var gone, why string
	for _, id := range o.Approvers() {
		if code, ok := stands(now[id], approval.Allow); ok {
			voters = append(voters, now[id])
		} else if gone == "" {
			gone, why = id, string(code)
		}
	}
	switch q := approval.Quorum(voters); {
	case q.Full():
		return Cause{}, true
	case gone != "":
		return Because(NoStanding, "who", gone, "why", why, "missing", q.Missing(), "parties", q.lacks()), false
	default:
		return Because(QuorumLost, "missing", q.Missing(), "parties", q.lacks()), false
	}
}
