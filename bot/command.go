package bot

import (
	"fmt"
	"strings"
	"unicode"

	"junban/deploy/engine"
)

// Command is one line that somebody typed, understood.
type Command struct {
	Verb        string // deploy plan status history abort drain restore help
	Service     string
	Ref         string
	Environment string
	On          string // instance id or Name tag
	Reason      string
	ID          string // abort: an operation's id
}

// longest is how many characters a command may have; more is a mistake of the clipboard.
const longest = 500

// forms are the commands with what they look like, in the order in which help shows them.
var forms = []struct{ verb, form, does string }{
	{"deploy", "SERVICE REF [to ENVIRONMENT] [on INSTANCE]", "asks to deploy; somebody else approves"},
	{"status", "status [SERVICE]", "what runs, waits and is held"},
	{"plan", "plan SERVICE REF [to ENVIRONMENT] [on INSTANCE]", "what a deploy would do; touches nothing"},
	{"abort", "abort [SERVICE or ID]", "ends a rollout in order: put back, or held"},
	{"help", "help", "this"},
	{"history", "history [SERVICE]", "the last operations and how they ended"},
	{"drain", "drain SERVICE on INSTANCE [to ENVIRONMENT] [because REASON]", "takes one instance out and holds it"},
	{"restore", "restore SERVICE on INSTANCE [to ENVIRONMENT]", "puts a held instance back"},
}

// later are verbs of the grammar that this version does not have.
var later = map[string]bool{
	"rollback": true, "logs": true, "doctor": true, "pause": true, "resume": true, "lock": true, "unlock": true,
	"queue": true, "emergency": true,
}

// Form is how a command is typed.
func Form(slash, verb string) string {
	for _, f := range forms {
		if f.verb == verb {
			return slash + " " + f.form
		}
	}
	return slash + " help"
}

// Parse understands a command line. Its errors are *engine.Mistake and show the right form. slash is the command's own
// name, for those.
func Parse(slash, text string) (Command, error) {
	if n := len([]rune(text)); n > longest {
		return Command{}, mistake(slash, "deploy", "That is %d characters long; a command has at most %d.", n, longest)
	}
	words := strings.FieldsFunc(text, unicode.IsSpace) // IsSpace holds U+3000, the full-width space
	if len(words) == 0 {
		return Command{Verb: "help"}, nil
	}
	for _, w := range words {
		if bad := strings.IndexFunc(w, unprintable); bad >= 0 {
			return Command{}, mistake(slash, "deploy", "There is a character in it that cannot be typed.")
		}
	}
	verb := Narrow(strings.ToLower(words[0]))
	switch {
	case later[verb]:
		return Command{}, mistake(slash, "help", "%s is not supported yet.", verb)
	case verb == "to" || verb == "on" || verb == "at" || verb == "because":
		return Command{}, mistake(slash, "deploy", "A command does not begin with %q.", verb)
	}
	parse, ok := parsers[verb]
	if !ok {
		return parseDeploy(slash, "deploy", words)
	}
	return parse(slash, verb, words[1:])
}

var parsers = map[string]func(slash, verb string, words []string) (Command, error){
	"help":    func(string, string, []string) (Command, error) { return Command{Verb: "help"}, nil },
	"deploy":  parseDeploy,
	"plan":    parseDeploy,
	"status":  parseList,
	"history": parseList,
	"abort":   parseAbort,
	"drain":   parseInstance,
	"restore": parseInstance,
}

func parseDeploy(slash, verb string, words []string) (Command, error) {
	c := Command{Verb: verb}
	rest, err := c.clauses(slash, words)
	if err != nil {
		return c, err
	}
	switch {
	case len(rest) == 1:
		return c, mistake(slash, verb, "Which ref of %s? A branch, a tag or a commit is missing.", clip(rest[0]))
	case len(rest) != 2:
		return c, mistake(slash, verb, "%s takes a service and a ref; I read %d words: %s.", verb, len(rest), clip(strings.Join(rest, " ")))
	case c.Reason != "":
		return c, mistake(slash, verb, "%s takes no reason.", verb)
	}
	c.Service, c.Ref = rest[0], rest[1]
	return c, quoted(slash, verb, rest)
}

func parseInstance(slash, verb string, words []string) (Command, error) {
	c := Command{Verb: verb}
	rest, err := c.clauses(slash, words)
	if err != nil {
		return c, err
	}
	if len(rest) == 2 && c.On == "" {
		c.On, rest = rest[1], rest[:1]
	}
	if len(rest) != 1 || c.On == "" {
		return c, mistake(slash, verb, "%s takes a service and one instance, by its Name tag or id.", verb)
	}
	c.Service = rest[0]
	return c, quoted(slash, verb, []string{c.Service, c.On})
}

func parseList(slash, verb string, words []string) (Command, error) {
	if len(words) > 1 {
		return Command{}, mistake(slash, verb, "%s takes at most one service; I read %s.", verb, clip(strings.Join(words, " ")))
	}
	c := Command{Verb: verb}
	if len(words) == 1 {
		c.Service = words[0]
	}
	return c, quoted(slash, verb, words)
}

func parseAbort(slash, verb string, words []string) (Command, error) {
	c, err := parseList(slash, verb, words)
	c.ID, c.Service = c.Service, ""
	return c, err
}

// clauses takes "to X", "on X" and "because …" out of the words and answers the others.
func (c *Command) clauses(slash string, words []string) (rest []string, err error) {
	for i := 0; i < len(words); i++ {
		word := Narrow(strings.ToLower(words[i]))
		into := map[string]*string{"to": &c.Environment, "on": &c.On}[word]
		switch {
		case word == "because":
			c.Reason = strings.Join(words[i+1:], " ")
			return rest, nil
		case word == "at" && i > 1:
			return nil, mistake(slash, c.Verb, "Starting at a time is not supported yet.")
		case into == nil:
			rest = append(rest, words[i])
		case i+1 == len(words):
			return nil, mistake(slash, c.Verb, "Nothing stands behind %q.", word)
		case *into != "":
			return nil, mistake(slash, c.Verb, "%q stands there twice.", word)
		default:
			*into = words[i+1]
			i++
		}
	}
	return rest, nil
}

// quoted refuses quotation marks, which phones like to add and which are part of no name.
func quoted(slash, verb string, words []string) error {
	for _, w := range words {
		if strings.ContainsAny(w, "\"'`“”‘’«»") {
			return mistake(slash, verb, "Write %s without quotation marks.", clip(w))
		}
	}
	return nil
}

func mistake(slash, verb, format string, args ...any) error {
	return &engine.Mistake{Wrong: fmt.Sprintf(format, args...), Accept: Form(slash, verb)}
}

// Narrow folds full-width forms of ASCII, as Japanese keyboards give them.
func Narrow(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0xFF01 && r <= 0xFF5E {
			return r - 0xFEE0
		}
		return r
	}, s)
}

func unprintable(r rune) bool { return r == unicode.ReplacementChar || unicode.IsControl(r) }

// clip shortens what somebody typed for showing it back.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
