package card

import (
	"strings"

	"junban/bot/lang"
	"junban/deploy"
)

// quorum is how far the approvals have come, where one vote is not all that is wanted.
func (w Voice) quorum(o deploy.Operation) Text {
	q := o.Quorum()
	if len(q.Parties) == 0 || len(q.Parties) == 1 && q.Parties[0].Required == 1 {
		return nil
	}
	var parties Text
	for n, p := range q.Parties {
		if n > 0 {
			parties = append(parties, T("; ")...)
		}
		id := "quorum.party"
		if len(p.By) > 0 {
			id = "quorum.party.by"
		}
		parties = append(parties, w.Say(id, "n", len(p.By), "required", p.Required, "who", people(p.Allow, P), "by", people(p.By, U))...)
	}
	if q.Any {
		return w.Say("quorum.any", "parties", parties)
	}
	return w.Say("quorum.all", "parties", parties)
}

// changes are the commits that the request brings, as somebody else's text.
func (w Voice) changes(p deploy.Plan) []Block {
	c := p.Preview.Changes
	switch {
	case c == nil:
		return nil
	case c.Unread.Code != "":
		return []Block{{Text: w.Because(c.Unread, nil)}}
	}
	id := "changes.none"
	if len(c.Lines) > 0 {
		id = "changes"
	}
	out := []Block{{Text: w.Say(id, "from", C(short(c.From)), "to", C(short(c.To)))}}
	if len(c.Lines) > 0 {
		lines := strings.Join(c.Lines, "\n")
		if c.More > 0 {
			lines += "\n" + w.Line("changes.more", "n", lang.Count(c.More))
		}
		out = append(out, Block{Code: lines})
	}
	if c.Behind > 0 {
		out = append(out, Block{Text: w.Say("changes.behind", "n", lang.Count(c.Behind), "from", C(short(c.From)))})
	}
	return out
}
