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
		return c, mistake(slash, verb, "mistake.which_service.ref")
	case len(rest) == 1:
		return c, mistake(slash, verb, "mistake.which_ref", "service", clip(rest[0]))
	case len(rest) != 2:
		return c, mistake(slash, verb, "mistake.words", "verb", verb, "n", len(rest), "words", clip(strings.Join(rest, " ")))
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
		return c, mistake(slash, verb, "mistake.words.rollback", "words", clip(strings.Join(rest, " ")))
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
			err = mistake(slash, verb, "mistake.which_service")
		}
	} else {
		c, err = parseDeploy(slash, verb, words)
		c.Verb = "deploy"
	}
	c.Emergency = true
	if err == nil && c.Reason == "" {
		err = mistake(slash, verb, "mistake.no_reason.emergency")
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
		return c, mistake(slash, verb, "mistake.one_instance", "verb", verb)
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
	case len(rest) == 0:
		return c, mistake(slash, verb, "mistake.one_service.none", "verb", verb)
	case len(rest) != 1:
		return c, mistake(slash, verb, "mistake.one_service", "verb", verb, "words", clip(strings.Join(rest, " ")))
	case verb == "lock" && c.Reason == "":
		return c, mistake(slash, verb, "mistake.no_reason.lock")
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
		return Command{}, mistake(slash, verb, "mistake.at_most_one", "verb", verb, "words", clip(strings.Join(rest, " ")))
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
		return Command{}, mistake(slash, verb, "mistake.at_most_one.act", "verb", verb, "words", clip(strings.Join(rest, " ")))
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
			return nil, mistake(slash, verb, "mistake.takes_no", "verb", verb, "word", word)
		case i+1 == len(words):
			return nil, mistake(slash, verb, "mistake.behind", "word", word)
		case *into != "":
			return nil, mistake(slash, verb, "mistake.twice", "word", word)
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
