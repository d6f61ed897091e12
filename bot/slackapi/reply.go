package slackapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"junban/bot"
	"junban/bot/card"
)

const (
	// maxReply is the most bytes of what goes out with an acknowledgement. Slack drops one of 20 KB or more without a
	// word (slack-go, socketmode.Client.SendCtx); the envelope around it is below a hundred bytes.
	maxReply = 19_500
	maxError = 300 // characters of what is shown beside a field; Slack names no limit
)

// answerTo is what goes out with the acknowledgement of a form that was sent: docs.slack.dev/surfaces/modals. Nothing
// closes the form. Other envelopes have no answer.
func answerTo(e bot.Envelope, r bot.Reply) (any, error) {
	switch {
	case e.Kind != bot.InputSubmit:
		return nil, nil
	case len(r.Errors) > 0:
		return fieldErrors(e, r.Errors)
	case r.View != nil:
		return nextForm(*r.View)
	}
	return nil, nil
}

// fieldErrors puts errors beside their fields. Slack shows nothing of one whose field the form does not have, and says
// that something is broken instead: such an error goes to the form's first field by name.
func fieldErrors(e bot.Envelope, found map[string]string) (any, error) {
	var fields []string
	if e.View != nil {
		fields = slices.Sorted(maps.Keys(e.View.Values))
	}
	if len(fields) == 0 {
		return nil, fmt.Errorf("the form has no field that errors could stand beside: %v", found)
	}
	var last error
	for most := maxError; most > 0; most /= 2 {
		shown := map[string]string{}
		rest := ""
		for _, id := range slices.Sorted(maps.Keys(found)) {
			if slices.Contains(fields, id) {
				shown[id] = firstRunes(oneLine(found[id]), most)
			} else {
				rest += " " + oneLine(found[id])
			}
		}
		if rest != "" {
			shown[fields[0]] = strings.TrimSpace(firstRunes(shown[fields[0]]+rest, 2*most))
		}
		answer, err := fitting(slack.NewErrorsViewSubmissionResponse(shown))
		if err == nil {
			return answer, nil
		}
		last = err
	}
	return nil, last
}

// nextForm is a form in place of the one that was sent, with texts as short as an acknowledgement asks for.
func nextForm(v card.View) (any, error) {
	var last error
	for chars := maxReply; chars >= leastChars; chars /= 2 {
		view, err := modal(v, chars)
		if err != nil {
			return nil, err
		}
		answer, err := fitting(slack.NewUpdateViewSubmissionResponse(&view))
		if err == nil {
			return answer, nil
		}
		last = err
	}
	return nil, last
}

func fitting(answer *slack.ViewSubmissionResponse) (any, error) {
	data, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("writing the reply to a form: %w", err)
	}
	if len(data) > maxReply {
		return nil, fmt.Errorf("the reply to a form has %d bytes, at most %d are possible", len(data), maxReply)
	}
	return json.RawMessage(data), nil
}
