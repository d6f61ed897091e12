package config

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"junban/deploy/doctor"
)

// The rules are AWS's own: IAM's for roles (API reference, CreateRole), STS's for
// external ids (AssumeRole), EC2's for tags (Tag your resources), CloudWatch's
// for alarms (PutMetricAlarm).
var (
	roleName     = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}):role/[A-Za-z0-9_+=,.@/-]{1,576}$`)
	externalName = regexp.MustCompile(`^[A-Za-z0-9_+=,.@:/-]{2,}$`)
	plainLabel   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
)

// The most characters that each may have.
const (
	longestExternal = 1224
	longestTagKey   = 128
	longestTagValue = 256
	longestAlarm    = 255
)

func roleARN(text string) (any, error) {
	if !roleName.MatchString(text) {
		return nil, fmt.Errorf("%s is not the ARN of a role; accepted: arn:aws:iam::ACCOUNT:role/NAME, ACCOUNT being 12 digits", quote(text))
	}
	return text, nil
}

// externalID is never shown whole: some teams treat it as a secret.
func externalID(text string) (any, error) {
	if !externalName.MatchString(text) || len(text) > longestExternal {
		return nil, errors.New("this is not an external id; accepted: 2 to 1224 letters, digits and _+=,.@:/-")
	}
	return text, nil
}

// accountNames are the names of aws.accounts.
var accountNames = naming{
	check: func(text string) error {
		_, err := accountName(text)
		return err
	},
	pattern: plainLabel.String(),
}

func accountName(text string) (any, error) {
	if !plainLabel.MatchString(text) {
		return nil, fmt.Errorf("%s cannot name an account; accepted: at most 63 letters, digits, '.', '_' and '-', beginning with a letter or digit, as in prod", quote(text))
	}
	return text, nil
}

var tagKeys = naming{tagKey, `^[^\x00-\x1f]{1,128}$`, nil}

func tagKey(text string) error {
	switch n := len([]rune(text)); {
	case text == "":
		return errors.New("a tag without a name; accepted: as in Role")
	case n > longestTagKey:
		return fmt.Errorf("the tag %s has %d characters; a tag's key has at most %d", quote(text), n, longestTagKey)
	case strings.ContainsFunc(text, unicode.IsControl):
		return fmt.Errorf("the tag %s holds a control character", quote(text))
	}
	return nil
}

func tagValue(text string) (any, error) {
	switch n := len([]rune(text)); {
	case n > longestTagValue:
		return nil, fmt.Errorf("%s has %d characters; a tag's value has at most %d", quote(text), n, longestTagValue)
	case strings.Contains(text, "*"):
		return nil, fmt.Errorf("%s: values are compared whole, and * stands for nothing else; name one value", quote(text))
	case strings.ContainsFunc(text, unicode.IsControl):
		return nil, fmt.Errorf("%s holds a control character", quote(text))
	}
	return text, nil
}

func alarm(text string) (any, error) {
	switch n := len([]rune(text)); {
	case strings.HasPrefix(text, "arn:"):
		return nil, fmt.Errorf("%s is an ARN; accepted: the alarm's name, as in web-5xx", quote(text))
	case text == "" || text != strings.TrimSpace(text):
		return nil, fmt.Errorf("%s is not an alarm's name; accepted: as in web-5xx, without spaces around it", quote(text))
	case n > longestAlarm:
		return nil, fmt.Errorf("%s has %d characters; an alarm's name has at most %d", quote(text), n, longestAlarm)
	case strings.ContainsFunc(text, unicode.IsControl):
		return nil, fmt.Errorf("%s holds a control character", quote(text))
	}
	return text, nil
}

var findingNames = naming{findingName, "^(" + strings.Join(doctor.Names(), "|") + ")$", nil}

func findingName(text string) error {
	if !slices.Contains(doctor.Names(), text) {
		return fmt.Errorf("%s is no finding of doctor's; %s", quote(text), suggest(text, doctor.Names()))
	}
	return nil
}

// why is a reason in words.
func why(text string) (any, error) {
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("the reason is empty; say why the team lives with it")
	}
	return text, nil
}
