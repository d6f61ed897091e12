package slackapi

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/slack-go/slack"
)

// verdict says what a failed call has come to.
type verdict struct {
	kind  kind
	code  string        // Slack's error code, if it gave one
	after time.Duration // busy: when to try again
}

type kind int

const (
	refused kind = iota // Slack said no: nothing was done, and the same call will be refused again
	busy                // too many calls: nothing was done
	unsent              // no connection was made: nothing was done
	unclear             // nobody can say whether it was done
)

func (v verdict) transient() bool { return v.kind != refused }

// usualWait is how long to wait after a refused rate that does not say how long.
const usualWait = 5 * time.Second

// errHollow stands for an answer that says neither yes nor no.
var errHollow = errors.New("Slack's answer is empty")

// ownFault is what went wrong before Slack was asked. Asking again would not mend it.
type ownFault struct{ cause error }

func (e *ownFault) Error() string { return e.cause.Error() }
func (e *ownFault) Unwrap() error { return e.cause }

// judge reads an error of slack-go. docs.slack.dev says of fatal_error and internal_error that some of the work may
// have been done before, so they are as unclear as a cut connection.
func judge(err error) verdict {
	if _, ok := errors.AsType[*ownFault](err); ok {
		return verdict{kind: refused}
	}
	if limited, ok := errors.AsType[*slack.RateLimitedError](err); ok {
		return verdict{kind: busy, code: "ratelimited", after: max(limited.RetryAfter, time.Second)}
	}
	if answer, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return judgeCode(answer.Err)
	}
	if status, ok := errors.AsType[slack.StatusCodeError](err); ok {
		switch {
		case status.Code == http.StatusTooManyRequests:
			return verdict{kind: busy, after: usualWait}
		case status.Code >= 400 && status.Code < 500 && status.Code != http.StatusRequestTimeout:
			return verdict{kind: refused}
		}
		return verdict{kind: unclear}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return verdict{kind: unsent}
	}
	return verdict{kind: unclear}
}

func judgeCode(code string) verdict {
	switch code {
	case "ratelimited", "rate_limited":
		return verdict{kind: busy, code: code, after: usualWait}
	case "fatal_error", "internal_error", "service_unavailable", "request_timeout", "team_added_to_org":
		return verdict{kind: unclear, code: code}
	}
	return verdict{kind: refused, code: code}
}

// fatal says whether Slack will go on refusing to open connections until a person changes something.
func fatal(v verdict) bool {
	return v.kind == refused && slices.Contains([]string{
		"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
		"not_allowed_token_type", "no_permission", "access_denied", "accesslimited", "forbidden_team", "missing_args",
		"team_access_not_granted", "user_removed_from_team", "team_disabled", "link_disabled", "socket_mode_not_enabled",
		"org_login_required", "ekm_access_denied", "app_missing_action_url",
	}, v.code)
}

// gone says whether a message can be edited no more.
func gone(v verdict) bool {
	return v.kind == refused && slices.Contains([]string{
		"message_not_found", "edit_window_closed", "cant_update_message", "is_inactive", "thread_not_found",
	}, v.code)
}

// passed says whether a form can be opened or redrawn no more: its trigger is used up or too old, it was closed, or it
// has changed. docs.slack.dev/reference/methods/views.open and views.update.
func passed(v verdict) bool {
	return v.kind == refused && slices.Contains([]string{
		"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "trigger_expired", "trigger_exchanged", "invalid_trigger",
		"not_found", "hash_conflict", "view_not_found",
	}, v.code)
}

// advice is what a person does about an error code; "" if there is nothing to be said.
func advice(code string) string {
	switch code {
	case "invalid_auth", "not_authed", "token_revoked", "token_expired":
		return "the token is not valid (any more): copy the tokens of the app again (OAuth & Permissions, Basic Information) and restart"
	case "account_inactive", "user_removed_from_team", "team_access_not_granted":
		return "the app was removed from the workspace: install it again"
	case "team_disabled", "forbidden_team", "org_login_required", "ekm_access_denied", "accesslimited":
		return "the workspace does not let the app in: ask its owner"
	case "missing_scope", "no_permission", "access_denied":
		return "the app lacks a scope: compare it with `junban manifest` and install it again; the app-level token needs connections:write"
	case "not_allowed_token_type", "missing_args":
		return "SLACK_BOT_TOKEN takes the bot token (xoxb-…) and SLACK_APP_TOKEN the app-level token (xapp-…)"
	case "link_disabled", "socket_mode_not_enabled", "app_missing_action_url":
		return "Socket Mode is switched off: switch it on in the app's settings"
	case "not_in_channel":
		return "invite the bot to the channel"
	case "channel_not_found":
		return "check the channel's id, and invite the bot if the channel is private"
	case "is_archived":
		return "unarchive the channel or configure another one"
	case "user_not_in_channel":
		return "they are not in the channel"
	case "restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel":
		return "the channel's settings do not let the bot post"
	case "plan_upgrade_required", "paid_teams_only", "team_not_eligible":
		return "user groups need a paid plan: list people by their ids"
	case "not_enabled":
		return "the app's home tab is switched off: switch it on in the app's settings, or make the app of `junban manifest`"
	case "message_limit_exceeded":
		return "the workspace has used up its messages"
	}
	return ""
}

// told wraps an error of slack-go for people: what was being done, what Slack said, what to do; without secrets.
func (c *Client) told(doing string, err error) error {
	clean := c.scrub.error(err)
	answer, ok := errors.AsType[slack.SlackErrorResponse](err)
	if !ok {
		return fmt.Errorf("%s: %w", doing, clean)
	}
	text := ""
	if answer.Needed != "" {
		text = " (needed: " + answer.Needed + ")"
	}
	for _, message := range answer.ResponseMetadata.Messages {
		text += "; " + c.scrub.text(message)
	}
	if do := advice(answer.Err); do != "" {
		text += ": " + do
	}
	return fmt.Errorf("%s: Slack answers %w%s", doing, clean, text)
}
