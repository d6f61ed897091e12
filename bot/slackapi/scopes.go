package slackapi

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// scope is one permission of the bot token.
type scope struct {
	name string
	why  string
}

// scopes is what the bot needs, from each method's page on docs.slack.dev. The manifest and Check read this table.
func scopes() []scope {
	return []scope{
		{name: "commands", why: "the slash command and the shortcut"},
		{name: "app_mentions:read", why: "commands in threads, by mentioning the bot"},
		{name: "chat:write", why: "posting and editing messages"},
		{name: "users:read", why: "telling members from guests, bots and external people"},
		{name: "usergroups:read", why: "who is in the groups that may deploy and approve"},
		{name: "channels:read", why: "checking public channels"},
		{name: "groups:read", why: "checking private channels"},
		{name: "channels:history", why: "finding the bot's own message in a public channel after a lost answer"},
		{name: "groups:history", why: "the same in a private channel"},
		{name: "files:write", why: "pictures and long outputs as files"},
	}
}

// lacking lists what is not among the granted scopes, with what it is for.
func lacking(granted []string) []string {
	var out []string
	for _, s := range scopes() {
		if !slices.Contains(granted, s.name) {
			out = append(out, s.name+" ("+s.why+")")
		}
	}
	return out
}

// events are what the app subscribes to: what Slack tells it that no command, button or form is.
func events() []string { return []string{"app_mention", "app_home_opened"} }

// ShortcutOperation is the callback id of the shortcut in a message's menu that tells what operation it is about.
const ShortcutOperation = "operation"

// splitScopes reads the X-OAuth-Scopes header.
func splitScopes(header string) []string {
	var out []string
	for part := range strings.SplitSeq(header, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// manifest is docs.slack.dev/reference/app-manifest, as far as the bot uses it.
type manifest struct {
	Display  manifestDisplay  `json:"display_information"`
	Features manifestFeatures `json:"features"`
	OAuth    manifestOAuth    `json:"oauth_config"`
	Settings manifestSettings `json:"settings"`
}

type manifestDisplay struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Background  string `json:"background_color"`
}

type manifestFeatures struct {
	Home      manifestHome       `json:"app_home"`
	BotUser   manifestBotUser    `json:"bot_user"`
	Shortcuts []manifestShortcut `json:"shortcuts"`
	Commands  []manifestCommand  `json:"slash_commands"`
}

type manifestHome struct {
	Home     bool `json:"home_tab_enabled"`
	Messages bool `json:"messages_tab_enabled"`
}

type manifestShortcut struct {
	Name        string `json:"name"` // at most 24 characters
	Type        string `json:"type"`
	Callback    string `json:"callback_id"`
	Description string `json:"description"`
}

type manifestBotUser struct {
	Name         string `json:"display_name"`
	AlwaysOnline bool   `json:"always_online"`
}

type manifestCommand struct {
	Command     string `json:"command"`
	Description string `json:"description"`
	Usage       string `json:"usage_hint"`
	Escape      bool   `json:"should_escape"` // mentions come as ids: names are not unique and can be spoofed
}

type manifestOAuth struct {
	Scopes struct {
		Bot []string `json:"bot"`
	} `json:"scopes"`
}

type manifestSettings struct {
	Events struct {
		Bot []string `json:"bot_events"`
	} `json:"event_subscriptions"`
	Interactivity struct {
		Enabled bool `json:"is_enabled"`
	} `json:"interactivity"`
	OrgDeploy     bool `json:"org_deploy_enabled"`
	SocketMode    bool `json:"socket_mode_enabled"`
	TokenRotation bool `json:"token_rotation_enabled"`
}

// Slack's limits on names, in characters: docs.slack.dev/reference/app-manifest.
const (
	maxAppName  = 35
	maxShortcut = 24
)

var commandPattern = regexp.MustCompile(`^/[^\s/A-Z]{1,31}$`)

// Manifest is the app manifest, in JSON, that makes the Slack app this bot needs when it is pasted into "Create an app
// from a manifest". name is the app's and the bot's, at most 35 characters; command is the slash command with its
// slash, in lower case, at most 32 characters.
func Manifest(name, command string) ([]byte, error) {
	if name == "" || len([]rune(name)) > maxAppName {
		return nil, fmt.Errorf("making the app manifest: the name %q must have 1 to %d characters", name, maxAppName)
	}
	if !commandPattern.MatchString(command) {
		return nil, fmt.Errorf("making the app manifest: the command %q must be a slash and at most 31 characters, without spaces and capitals", command)
	}
	m := manifest{
		Display: manifestDisplay{
			Name: name, Background: "#2c2d30",
			Description: "Deploys to the instances behind a load balancer, one after another, while the service stays up",
		},
		Features: manifestFeatures{
			Home:    manifestHome{Home: true},
			BotUser: manifestBotUser{Name: name, AlwaysOnline: true},
			Shortcuts: []manifestShortcut{{
				Name: shortcutName(name), Type: "message", Callback: ShortcutOperation,
				Description: "What operation this message is about, and how it stands",
			}},
			Commands: []manifestCommand{{
				Command: command, Description: "Deploy, or see what is being deployed", Escape: true,
				Usage: "SERVICE REF [to ENVIRONMENT] [on INSTANCE] | status | plan | abort | help",
			}},
		},
	}
	for _, s := range scopes() {
		m.OAuth.Scopes.Bot = append(m.OAuth.Scopes.Bot, s.name)
	}
	m.Settings.Events.Bot = events()
	m.Settings.Interactivity.Enabled = true
	m.Settings.SocketMode = true
	out, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("making the app manifest: %w", err)
	}
	return append(out, '\n'), nil
}

// shortcutName names the app, if there is room.
func shortcutName(app string) string {
	if name := app + ": what is this?"; len([]rune(name)) <= maxShortcut {
		return name
	}
	return "What is this?"
}
