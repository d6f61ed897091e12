package config

import (
	"strings"
	"time"
)

// keyKind is the shape of a key's value.
type keyKind int

const (
	textKey     keyKind = iota
	wholeKey            // a whole number
	flagKey             // true or false
	durationKey         // text with a unit
	countKey            // n or n%
	momentKey           // a date, or a date and a time
	listKey             // of each
	mappingKey          // of keys
	namedKey            // names of the user's own, each with an each
)

// key describes one key of deploy.yaml: a row of the table that checking,
// merging, defaults and the JSON Schema are driven by.
type key struct {
	name    string
	kind    keyKind
	about   string // a noun phrase, for messages: what the value is
	example string // as it would be written

	words   []string                  // of a text: all that is accepted
	parse   func(string) (any, error) // of a scalar: its typed value; nil keeps the text
	pattern string                    // of a text: as much of parse's rule as a regular expression can say
	least   int                       // of a whole number or a count: the least that is accepted
	most    int                       // of a whole number: the most
	span    string                    // of a duration: what is accepted, in words
	def     string                    // what stands for a missing scalar, in the file's own words

	keys   []*key // of a mapping
	each   *key   // of a list or of names
	lone   bool   // of a list: a lone text stands for a list of it
	none   bool   // of a list: may be empty, and then there is none, whatever lies below
	label  naming // of names: which are good ones
	some   bool   // of names: there must be one
	short  string // of a mapping: a lone text stands for a mapping with this key
	word   string // of a mapping: this word may stand instead of it
	opt    bool   // of a mapping: may be missing altogether, and then has no defaults
	part   bool   // of a mapping: one layer of several, so that it may lack what is required
	shared bool   // stands in several places of the table

	required bool     // must be there once all layers are laid over each other
	instead  []string // of a required key: the keys beside it of which one may be there instead; not two of them
	displace []string // keys beside it in lower layers whose place it takes
	lack     string   // what to say when it is missing, where what it is does not say enough
	unbuilt  string   // why the key is refused, when it is
}

// naming is the rule for names of the user's own.
type naming struct {
	check   func(string) error
	pattern string   // as much of check as a regular expression can say
	never   []string // what the pattern allows and check does not
}

// lasting makes the row of a duration between two bounds, both included.
func lasting(least, most time.Duration, k key) *key {
	k.kind, k.span, k.pattern = durationKey, brief(least)+" to "+brief(most), durationPattern
	k.parse = duration(least, most)
	return &k
}

// whole makes the row of a whole number between two bounds, both included.
func whole(least, most int, k key) *key {
	k.kind, k.least, k.most, k.parse = wholeKey, least, most, number(least, most)
	return &k
}

// counted makes the row of n or n%, n being at least least.
func counted(least int, k key) *key {
	k.kind, k.least, k.parse = countKey, least, count(least)
	return &k
}

// commandText makes the row of text that a shell runs.
func commandText(k key) *key {
	k.parse, k.pattern = script, `\S`
	return &k
}

// sub answers the row of a key in a mapping, or nil.
func (k *key) sub(name string) *key {
	for _, s := range k.keys {
		if s.name == name {
			return s
		}
	}
	return nil
}

// accepted lists the keys that a mapping takes today.
func (k *key) accepted() []string {
	var names []string
	for _, s := range k.keys {
		if s.unbuilt == "" {
			names = append(names, s.name)
		}
	}
	return names
}

// shape names the type of a key's value.
func (k *key) shape() string {
	switch k.kind {
	case wholeKey:
		return "a whole number"
	case flagKey:
		return "true or false"
	case durationKey:
		return "a duration"
	case countKey:
		return "a number or percentage"
	case momentKey:
		return "a date or a date with a time"
	case listKey:
		if k.lone {
			return "text or a list"
		}
		return "a list"
	case mappingKey, namedKey:
		switch {
		case k.word != "":
			return "the word " + k.word + " or a mapping"
		case k.short != "":
			return "text or a mapping"
		}
		return "a mapping"
	}
	return "text"
}

// expected says what type of value would be accepted, for what, and an example.
func (k *key) expected() string {
	if len(k.words) > 0 {
		return strings.Join(k.words, " or ")
	}
	return k.shape() + " (" + k.about + ")" + k.asIn()
}

// asIn gives the example.
func (k *key) asIn() string {
	if k.example == "" {
		return ""
	}
	return ", as in " + k.example
}

// home finds where below k a key of this name belongs: "run.timeout".
func (k *key) home(name string) string {
	for _, s := range k.keys {
		if s.name == name && s.unbuilt == "" {
			return name
		}
	}
	for _, s := range k.keys {
		if s.part {
			continue
		}
		if path := s.home(name); path != "" {
			return s.name + "." + path
		}
	}
	if k.each != nil {
		if path := k.each.home(name); path != "" {
			return "NAME." + path
		}
	}
	return ""
}
