package bot

import (
	"strings"
	"unicode"

	"junban/deploy"
	"junban/deploy/engine"
)

// Command is one line that somebody typed, understood.
type Command struct {
	Verb        string // deploy rollback plan status history queue logs doctor abort pause resume continue drain restore lock unlock help
	Service     string
	Ref         string
	Environment string
	On          string // instance id or Name tag
	At          string // a time to start at, as When reads it
	Reason      string
	ID          string // abort, pause, resume, continue, logs: an operation's id, or a service
	Emergency   bool   // deploy, rollback: outside of windows and freezes
}

// longest is how many characters a command may have; more is a mistake of the clipboard.
const longest = 500

// forms are the commands with what they look like, in the order in which help shows them. What each does stands in the
// catalogue as help.<verb>. They are the same in every language: lines are copied from one person to another.
var forms = []struct{ verb, form string }{
	{"deploy", "SERVICE REF [to ENVIRONMENT] [on INSTANCE] [at TIME] [because REASON]"},
	{"status", "status [SERVICE]"},
	{"plan", "plan SERVICE REF [to ENVIRONMENT] [on INSTANCE]"},
	{"rollback", "rollback SERVICE [REF] [to ENVIRONMENT] [because REASON]"},
	{"abort", "abort [SERVICE or ID]"},
	{"help", "help"},
	{"pause", "pause [SERVICE or ID] [because REASON]"},
	{"resume", "resume [SERVICE or ID]"},
	{"continue", "continue [SERVICE or ID]"},
	{"queue", "queue"},
	{"history", "history [SERVICE]"},
	{"logs", "logs ID or SERVICE [on INSTANCE]"},
	{"doctor", "doctor [SERVICE] [to ENVIRONMENT]"},
	{"drain", "drain SERVICE on INSTANCE [to ENVIRONMENT] [because REASON]"},
	{"restore", "restore SERVICE on INSTANCE [to ENVIRONMENT]"},
	{"lock", "lock SERVICE [to ENVIRONMENT] because REASON"},
	{"unlock", "unlock SERVICE [to ENVIRONMENT] [because REASON]"},
	{"emergency", "emergency [rollback] SERVICE REF [to ENVIRONMENT] [on INSTANCE] because REASON"},
}

// firstForms are how many of them help shows before its line.
const firstForms = 6

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
		return Command{}, mistake(slash, "deploy", "mistake.long", "n", n, "most", longest)
	}
	words := strings.FieldsFunc(text, unicode.IsSpace) // IsSpace holds U+3000, the full-width space
	if len(words) == 0 {
		return Command{Verb: "help"}, nil
	}
	for _, w := range words {
		if bad := strings.IndexFunc(w, unprintable); bad >= 0 {
			return Command{}, mistake(slash, "deploy", "mistake.character")
		}
	}
	verb := Narrow(strings.ToLower(words[0]))
	if _, is := clauseWords[verb]; is {
		return Command{}, mistake(slash, "deploy", "mistake.begins", "word", verb)
	}
	parse, ok := parsers[verb]
	if !ok {
		return parseDeploy(slash, "deploy", words)
	}
	return parse(slash, verb, words[1:])
}

// quoted refuses quotation marks, which phones like to add and which are part of no name.
func quoted(slash, verb string, words []string) error {
	for _, w := range words {
		if strings.ContainsAny(w, "\"'`“”‘’«»") {
			return mistake(slash, verb, "mistake.quoted", "word", clip(w))
		}
	}
	return nil
}

// mistake is answered with the right form of a verb; pairs are the values of its sentence.
func mistake(slash, verb string, what deploy.Code, pairs ...any) error {
	return &engine.Mistake{What: deploy.Because(what, pairs...), Accept: Form(slash, verb)}
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
