package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Slack's ids are a letter for the kind and then capitals and digits; Slack
// promises no length (docs.slack.dev, "Slack IDs").
var (
	channelID = regexp.MustCompile(`^[CG][A-Z0-9]{2,30}$`)
	personID  = regexp.MustCompile(`^[SUW][A-Z0-9]{2,30}$`)
	userID    = regexp.MustCompile(`^[UW][A-Z0-9]{2,30}$`)
	botID     = regexp.MustCompile(`^B[A-Z0-9]{2,30}$`)
	slash     = regexp.MustCompile(`^/[^\s/\p{Lu}]{1,31}$`)
)

func channel(text string) (any, error) {
	switch {
	case channelID.MatchString(text):
		return text, nil
	case strings.HasPrefix(text, "#"):
		return nil, fmt.Errorf("%s is a channel's name; accepted: its id (C… or G…), at the bottom of the channel's details in Slack", quote(text))
	case strings.HasPrefix(text, "D"):
		return nil, fmt.Errorf("%s is a direct message; accepted: the id of a channel (C… or G…)", quote(text))
	}
	return nil, fmt.Errorf("%s is not a channel's id; accepted: C… or G…, capitals and digits, as in C0123456789", quote(text))
}

// asker is whoever may ask for a deploy: people, and bots.
func asker(text string) (any, error) {
	if botID.MatchString(text) {
		return text, nil
	}
	return person(text, "S… (user group), U… or W… (user) or B… (bot)")
}

// approver is a person: a bot may ask but never approve.
func approver(text string) (any, error) {
	if botID.MatchString(text) {
		return nil, fmt.Errorf("%s is a bot; bots may ask (deploy.allow) but never approve", text)
	}
	return person(text, "S… (user group) or U… or W… (user)")
}

// called is a person who can be mentioned.
func called(text string) (any, error) {
	if botID.MatchString(text) {
		return nil, fmt.Errorf("%s is a bot, and it is people who are called", text)
	}
	return person(text, "S… (user group) or U… or W… (user)")
}

// oneUser is one person, not a group.
func oneUser(text string) (any, error) {
	if !userID.MatchString(text) && personID.MatchString(text) {
		return nil, fmt.Errorf("%s is a user group; accepted: the one user who acts, U… or W…", text)
	}
	return person(text, "U… or W… (user)")
}

func person(text, accepted string) (any, error) {
	switch {
	case personID.MatchString(text):
		return text, nil
	case strings.HasPrefix(text, "@"):
		return nil, fmt.Errorf("%s is a name; accepted: an id, %s, under \"Copy member ID\" in Slack", quote(text), accepted)
	}
	return nil, fmt.Errorf("%s is not a Slack id; accepted: %s, capitals and digits", quote(text), accepted)
}

// slashCommand follows Slack's own rule for commands: a slash, no spaces, no
// capitals, 32 characters at most.
func slashCommand(text string) (any, error) {
	switch {
	case slash.MatchString(text):
		return text, nil
	case !strings.HasPrefix(text, "/"):
		return nil, fmt.Errorf("%s does not begin with a slash; accepted: as in /deploy", quote(text))
	}
	return nil, fmt.Errorf("%s is not a slash command; accepted: no spaces or capitals, at most 32 characters, as in /deploy", quote(text))
}

// reserved are the words of the command's grammar: a service of that name
// could not be asked for.
var reserved = map[string]bool{
	"status": true, "plan": true, "rollback": true, "abort": true, "help": true,
	"history": true, "logs": true, "doctor": true, "pause": true, "resume": true,
	"lock": true, "unlock": true, "drain": true, "restore": true, "queue": true,
	"emergency": true, "to": true, "on": true, "at": true,
}

// commandWords are the names of services and environments.
var commandWords = naming{commandWord, `^[a-z0-9][a-z0-9._-]{0,62}$`, slices.Sorted(maps.Keys(reserved))}

var (
	plainName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
	inCaps    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// commandWord is the name of a service or an environment, as people type it.
func commandWord(text string) error {
	const accepted = "accepted: small letters, digits, '.', '_' and '-', beginning with a letter or digit, as in web or api-v2"
	switch {
	case reserved[strings.ToLower(text)]:
		return fmt.Errorf("%s is a word of the slash command itself and cannot be a name", quote(text))
	case len(text) > 63:
		return fmt.Errorf("%s is %d characters long; accepted: at most 63", quote(text), len([]rune(text)))
	case plainName.MatchString(text):
		return nil
	case text == "":
		return errors.New("the name is empty; " + accepted)
	case inCaps.MatchString(text):
		return fmt.Errorf("%s has capitals; write %s", quote(text), strings.ToLower(text))
	}
	return fmt.Errorf("%s cannot be a name; %s", quote(text), accepted)
}
