package bot

import (
	"slices"
	"strings"
)

// parsers is the table of verbs: how the words after each are read.
var parsers = map[string]func(slash, verb string, words []string) (Command, error){
	"help":      func(string, string, []string) (Command, error) { return Command{Verb: "help"}, nil },
	"deploy":    parseDeploy,
	"plan":      parseDeploy,
	"rollback":  parseRollback,
	"emergency": parseEmergency,
	"status":    parseList,
	"history":   parseList,
	"queue":     parseList,
	"doctor":    parseList,
	"logs":      parseAct,
	"abort":     parseAct,
	"pause":     parseAct,
	"resume":    parseAct,
	"continue":  parseAct,
	"drain":     parseInstance,
	"restore":   parseInstance,
	"lock":      parseService,
	"unlock":    parseService,
}

// clauseWords are the words that begin a clause, and which verbs take it.
var clauseWords = map[string][]string{
	"to":      {"deploy", "plan", "rollback", "emergency", "doctor", "drain", "restore", "lock", "unlock"},
	"on":      {"deploy", "plan", "emergency", "drain", "restore", "logs"},
	"at":      {"deploy", "plan"},
	"because": {"deploy", "plan", "rollback", "emergency", "abort", "pause", "resume", "continue", "drain", "restore", "lock", "unlock"},
}

func parseDeploy(slash, verb string, words []string) (Command, error) {
	c := Command{Verb: verb}
	rest, err := c.clauses(slash, verb, words)
	if err != nil {
		return c, err
	}
	switch {
	case len(rest) == 0:
		return c, mistake(slash, verb, "Which service? It is missing, with its ref.")
	case len(rest) == 1:
		return c, mistake(slash, verb, "Which ref of %s? A branch, a tag or a commit is missing.", clip(rest[0]))
	case len(rest) != 2:
		return c, mistake(slash, verb, "%s takes a service and a ref; I read %d words: %s.", verb, len(rest), clip(strings.Join(rest, " ")))
	}
	c.Service, c.Ref = rest[0], rest[1]
	return c, quoted(slash, verb, append(rest, c.Environment, c.On))
}

func parseRollback(slash, verb string, words []string) (Command, error) {
	c := Command{Verb: "rollback"}
	rest, err := c.clauses(slash, verb, words)
	if err != nil {
		return c, err
	}
	if len(rest) > 2 {
		return c, mistake(slash, verb, "rollback takes a service and, if it is not the last one that succeeded, a ref; I read %s.", clip(strings.Join(rest, " ")))
	}
	for i, into := range []*string{&c.Service, &c.Ref} {
		if i < len(rest) {
			*into = rest[i]
		}
	}
	return c, quoted(slash, verb, append(rest, c.Environment))
}

// parseEmergency reads a deploy or a rollback that waits for no window: loud, so it says why.
func parseEmergency(slash, verb string, words []string) (c Command, err error) {
	if len(words) > 0 && Narrow(strings.ToLower(words[0])) == "rollback" {
		if c, err = parseRollback(slash, verb, words[1:]); err == nil && c.Service == "" {
			err = mistake(slash, verb, "Which service?")
		}
	} else {
		c, err = parseDeploy(slash, verb, words)
		c.Verb = "deploy"
	}
	c.Emergency = true
	if err == nil && c.Reason == "" {
		err = mistake(slash, verb, "An emergency needs a reason: everybody in the channel will read it.")
	}
	return c, err
}

func parseInstance(slash, verb string, words []string) (Command, error) {
	c := Command{Verb: verb}
	rest, err := c.clauses(slash, verb, words)
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

func parseService(slash, verb string, words []string) (Command, error) {
	c := Command{Verb: verb}
	rest, err := c.clauses(slash, verb, words)
	switch {
	case err != nil:
		return c, err
	case len(rest) != 1:
		return c, mistake(slash, verb, "%s takes one service; I read %s.", verb, orNothing(rest))
	case verb == "lock" && c.Reason == "":
		return c, mistake(slash, verb, "A lock needs a reason: whoever meets it will read it.")
	}
	c.Service = rest[0]
	return c, quoted(slash, verb, append(rest, c.Environment))
}

func parseList(slash, verb string, words []string) (Command, error) {
	c := Command{Verb: verb}
	rest, err := c.clauses(slash, verb, words)
	if err != nil {
		return c, err
	}
	if len(rest) > 1 {
		return Command{}, mistake(slash, verb, "%s takes at most one service; I read %s.", verb, clip(strings.Join(rest, " ")))
	}
	if len(rest) == 1 {
		c.Service = rest[0]
	}
	return c, quoted(slash, verb, append(rest, c.Environment))
}

// parseAct reads a verb on an operation that is there already.
func parseAct(slash, verb string, words []string) (Command, error) {
	c := Command{Verb: verb}
	rest, err := c.clauses(slash, verb, words)
	if err != nil {
		return c, err
	}
	if len(rest) > 1 {
		return Command{}, mistake(slash, verb, "%s takes at most one service or operation; I read %s.", verb, clip(strings.Join(rest, " ")))
	}
	if len(rest) == 1 {
		c.ID = rest[0]
	}
	return c, quoted(slash, verb, append(rest, c.On))
}

// clauses takes "to X", "on X", "at TIME" and "because …" out of the words and answers the others.
func (c *Command) clauses(slash, verb string, words []string) (rest []string, err error) {
	for i := 0; i < len(words); i++ {
		word := Narrow(strings.ToLower(words[i]))
		takers, is := clauseWords[word]
		into := map[string]*string{"to": &c.Environment, "on": &c.On, "at": &c.At, "because": &c.Reason}[word]
		switch {
		case !is:
			rest = append(rest, words[i])
			continue
		case !slices.Contains(takers, verb):
			return nil, mistake(slash, verb, "%s takes no %q.", verb, word)
		case i+1 == len(words):
			return nil, mistake(slash, verb, "Nothing stands behind %q.", word)
		case *into != "":
			return nil, mistake(slash, verb, "%q stands there twice.", word)
		}
		n := 1
		switch {
		case word == "because":
			n = len(words) - i - 1
		case word == "at" && i+2 < len(words) && isDay(words[i+1]) && strings.ContainsAny(words[i+2], ":："):
			n = 2
		}
		*into = strings.Join(words[i+1:i+1+n], " ")
		i += n
	}
	return rest, nil
}

func orNothing(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return clip(strings.Join(words, " "))
}
