package deploy

import "strings"

// Changelog is what lies between the ref before and the ref that is asked for, as far as somebody looked. Its lines are
// foreign text, as it came.
type Changelog struct {
	From   string   `json:"from"` // the ref before
	To     string   `json:"to"`   // the revision, or the ref
	Lines  []string `json:"lines,omitempty"`
	More   int      `json:"more,omitempty"`   // how many lines there were besides
	Behind int      `json:"behind,omitempty"` // how many commits of the ref before are not in this one, if that is known
	Unread Cause    `json:"unread,omitzero"`  // why it could not be read
}

// Bounds of what is kept of the changes: it is journalled with the plan, and shown on a card.
const (
	changeLines = 20
	changeWidth = 200 // characters
)

// Keep takes lines in, the most important ones first, without what looks like a credential; of is how many there are in
// all, if more are known of than are handed in.
func (c *Changelog) Keep(lines []string, of int) {
	for _, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			continue
		case len(c.Lines) == changeLines:
			c.More++
			continue
		}
		runes := []rune(strings.ToValidUTF8(Redact(line), "\uFFFD"))
		c.Lines = append(c.Lines, string(runes[:min(len(runes), changeWidth)]))
	}
	c.More = max(c.More, of-len(c.Lines))
}

// Unreadable notes why the changes could not be read: a short line, without what looks like a credential.
func (c *Changelog) Unreadable(why string) {
	c.Unread = Because(ChangesUnread, "why", FirstLine(Redact(strings.TrimSpace(why))))
}
