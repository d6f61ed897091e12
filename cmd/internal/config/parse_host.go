package config

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"junban/deploy/hostscript"
)

var (
	regionName = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
	groupName  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$`)
	groupARN   = regexp.MustCompile(`^arn:aws[a-z-]*:elasticloadbalancing:([a-z0-9-]+):([0-9]{12}):targetgroup/([A-Za-z0-9-]{1,32})/[0-9a-zA-Z]+$`)
	hostUser   = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$`)
	variable   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

func region(text string) (any, error) {
	if regionName.MatchString(text) {
		return text, nil
	}
	if zone := strings.TrimRight(text, "abcdef"); zone != text && regionName.MatchString(zone) {
		return nil, fmt.Errorf("%s is an availability zone; its region is %s", quote(text), zone)
	}
	return nil, fmt.Errorf("%s is not a region; accepted: as in ap-northeast-1 or us-east-1", quote(text))
}

// targetGroup accepts a name by the rule of CreateTargetGroup (at most 32
// letters, digits and hyphens, no hyphen first or last) or an ARN.
func targetGroup(text string) (any, error) {
	switch {
	case strings.HasPrefix(text, "arn:"):
		if groupARN.MatchString(text) {
			return text, nil
		}
		return nil, fmt.Errorf("%s is not the ARN of a target group; accepted: arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID", quote(text))
	case groupName.MatchString(text):
		return text, nil
	case len(text) > 32:
		return nil, fmt.Errorf("%s is %d characters long; a target group's name has at most 32", quote(text), len([]rune(text)))
	}
	return nil, fmt.Errorf("%s is not a target group's name; accepted: letters, digits and hyphens, no hyphen first or last, or an ARN", quote(text))
}

// hostUsers are names of users of the bot's own host.
var hostUsers = naming{
	check: func(text string) error {
		_, err := user(text)
		return err
	},
	pattern: hostUser.String(),
}

func user(text string) (any, error) {
	if !hostUser.MatchString(text) {
		return nil, fmt.Errorf("%s is not a user of the host; accepted: as in deploy", quote(text))
	}
	return text, nil
}

func directory(text string) (any, error) {
	if !path.IsAbs(text) {
		return nil, fmt.Errorf("%s is not absolute; accepted: a path from the root, as in /srv/web", quote(text))
	}
	return text, nil
}

func shell(text string) (any, error) {
	if text != "sh" && text != "bash" && !path.IsAbs(text) {
		return nil, fmt.Errorf("%s is not a shell; accepted: sh, bash or an absolute path, as in /bin/dash", quote(text))
	}
	return text, nil
}

// ours are the variables that the bot gives to every command.
var ours = map[string]bool{
	"REF": true, "REVISION": true, "PREVIOUS_REF": true, "SERVICE": true, "ENVIRONMENT": true,
	"INSTANCE_ID": true, "INSTANCE_NAME": true, "INSTANCE_IP": true, "OPERATION_ID": true,
}

var variableNames = naming{variableName, variable.String(), slices.Sorted(maps.Keys(ours))}

func variableName(text string) error {
	switch {
	case !variable.MatchString(text):
		return fmt.Errorf("%s cannot name an environment variable; accepted: letters, digits and '_', not beginning with a digit, as in APP_ENV", quote(text))
	case ours[text]:
		return fmt.Errorf("%s is set by the bot for every command; choose another name", text)
	case hostscript.KeptByShells(text):
		return fmt.Errorf("%s is kept by shells for themselves, so its value would not arrive; choose another name", text)
	}
	return nil
}

// refPattern insists on both anchors: a pattern that matches somewhere in a
// ref would let anything through around it.
func refPattern(text string) (any, error) {
	pattern, err := regexp.Compile(text)
	if err != nil {
		var why *syntax.Error
		if errors.As(err, &why) {
			return nil, fmt.Errorf("%s is not a regular expression of Go: %s: %s", quote(text), why.Code, quote(why.Expr))
		}
		return nil, fmt.Errorf("%s is not a regular expression of Go: %w", quote(text), err)
	}
	if !anchored(text) {
		return nil, fmt.Errorf("%s does not bind the whole ref; it must begin with ^ and end with $, with alternatives in brackets, as in ^(v[0-9.]+|main)$", quote(text))
	}
	return pattern, nil
}

// bare is a whole pattern without its anchors, to be put into another.
func bare(pattern *regexp.Regexp) string {
	return strings.TrimSuffix(strings.TrimPrefix(pattern.String(), "^"), "$")
}

// anchored asks the parser, since ^a|b$ and ^a\$ only look anchored.
func anchored(text string) bool {
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil || tree.Op != syntax.OpConcat {
		return false
	}
	first, last := tree.Sub[0], tree.Sub[len(tree.Sub)-1]
	return first.Op == syntax.OpBeginText && last.Op == syntax.OpEndText
}
