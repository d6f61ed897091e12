package bot

import (
	"fmt"
	"strings"
	"unicode"

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

// forms are the commands with what they look like, in the order in which help shows them.
var forms = []struct{ verb, form, does string }{
	{"deploy", "SERVICE REF [to ENVIRONMENT] [on INSTANCE] [at TIME] [because REASON]", "asks to deploy; somebody else approves"},
	{"status", "status [SERVICE]", "what runs, waits, is held and is locked"},
	{"plan", "plan SERVICE REF [to ENVIRONMENT] [on INSTANCE]", "what a deploy would do; touches nothing"},
	{"rollback", "rollback SERVICE [REF] [to ENVIRONMENT] [because REASON]", "asks to go back to a ref, or to the last one that succeeded"},
	{"abort", "abort [SERVICE or ID]", "ends a rollout in order: put back, or held"},
	{"help", "help", "this"},
	{"pause", "pause [SERVICE or ID] [because REASON]", "what has left goes on to its end; nothing more leaves"},
	{"resume", "resume [SERVICE or ID]", "ends a pause"},
	{"continue", "continue [SERVICE or ID]", "answers what an operation asks, such as whether the canary is good"},
	{"queue", "queue", "what waits, in order"},
	{"history", "history [SERVICE]", "the last operations and how they ended"},
	{"logs", "logs ID or SERVICE [on INSTANCE]", "the end of what the commands printed on each instance"},
	{"doctor", "doctor [SERVICE] [to ENVIRONMENT]", "what would make a rolling deploy unsafe; touches nothing"},
	{"drain", "drain SERVICE on INSTANCE [to ENVIRONMENT] [because REASON]", "takes one instance out and holds it"},
	{"restore", "restore SERVICE on INSTANCE [to ENVIRONMENT]", "puts a held instance back"},
	{"lock", "lock SERVICE [to ENVIRONMENT] because REASON", "nothing is deployed there until it is unlocked"},
	{"unlock", "unlock SERVICE [to ENVIRONMENT] [because REASON]", "ends that"},
	{"emergency", "emergency [rollback] SERVICE REF [to ENVIRONMENT] [on INSTANCE] because REASON", "a deploy outside of windows and freezes, told loudly"},
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
	if _, is := clauseWords[verb]; is {
		return Command{}, mistake(slash, "deploy", "A command does not begin with %q.", verb)
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
