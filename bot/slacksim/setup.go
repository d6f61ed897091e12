package slacksim

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
)

// User is a person or a bot in the workspace, or somebody of another one whom a shared channel shows.
// The flags are those of Slack's user object.
type User struct {
	ID                string // "U…"
	Name              string // the handle behind @
	RealName          string
	Title             string
	Email             string
	IsBot             bool
	Deleted           bool
	IsRestricted      bool   // a multi-channel guest
	IsUltraRestricted bool   // a single-channel guest
	IsStranger        bool   // of another workspace, seen through a shared channel
	TeamID            string // this workspace's if empty
	EnterpriseID      string // "E…": the Enterprise Grid organisation that the user belongs to
	EnterpriseName    string
	Teams             []string // the workspaces of that organisation where the user is; TeamID if nil
	TZ                string   // "Asia/Tokyo" if empty
	Color             string   // six hex digits; derived from ID if empty
}

// Kind is the user in one word: member, guest, external, bot or deleted.
func (u User) Kind() string {
	switch {
	case u.Deleted:
		return "deleted"
	case u.IsBot:
		return "bot"
	case u.IsStranger:
		return "external"
	case u.IsRestricted || u.IsUltraRestricted:
		return "guest"
	}
	return "member"
}

// Group is a user group ("subteam"), which Slack has on paid plans.
type Group struct {
	ID     string // "S…"
	Handle string
	Users  []string
}

// Channel is a public or private channel.
type Channel struct {
	ID          string // "C…"
	Name        string // without #
	Topic       string
	Private     bool
	IsArchived  bool
	Members     []string // user ids; everybody if empty
	BotIsMember bool     // every app's bot has been invited

	IsExtShared        bool     // shared with another organisation (Slack Connect)
	IsOrgShared        bool     // shared between workspaces of one Enterprise Grid organisation
	IsPendingExtShared bool     // an invitation to share it waits for its answer
	SharedTeams        []string // the other workspaces that it is shared with, or would be
}

// App is an installed app.
type App struct {
	AppID    string // "A…"
	Name     string // "junban" if empty
	BotToken string // "xoxb-…"
	AppToken string // "xapp-…", for Socket Mode
	BotUser  string // the bot's user id; the user is added if it is not there. Empty: an integration without a user
	Scopes   []string
	Commands []string // slash commands, with the slash
	Events   []string // subscriptions: app_mention, message and app_home_opened; only app_mention if nil

	Shortcuts []Shortcut // of messages
	HomeTab   bool       // features.app_home.home_tab_enabled
}

// DefaultScopes are what an app has if its Scopes are nil: all that the simulated methods ask for.
func DefaultScopes() []string {
	return []string{
		"app_mentions:read", "channels:history", "channels:read", "chat:write", "commands", "files:write",
		"groups:history", "groups:read", "reactions:write", "usergroups:read", "users:read", "users:read.email",
	}
}

// app is an App with what Slack derives for it.
type app struct {
	App
	botID string
}

// room is a channel with its messages, oldest first.
type room struct {
	Channel
	messages []*Message
}

func (r *room) has(user string) bool {
	return len(r.Members) == 0 || slices.Contains(r.Members, user)
}

// AddUser adds a user, or replaces the one with the same id.
func (w *Workspace) AddUser(u User) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.putUser(u)
	w.notify()
}

func (w *Workspace) putUser(u User) {
	setDefault(&u.TeamID, w.opt.TeamID)
	setDefault(&u.TZ, "Asia/Tokyo")
	setDefault(&u.RealName, u.Name)
	setDefault(&u.Color, colorOf(u.ID))
	u.Teams = slices.Clone(u.Teams)
	if _, known := w.users[u.ID]; !known {
		w.userOrder = append(w.userOrder, u.ID)
	}
	w.users[u.ID] = &u
}

// AddGroup adds a user group, or replaces the one with the same id.
func (w *Workspace) AddGroup(g Group) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.groups[g.ID]; !known {
		w.groupOrder = append(w.groupOrder, g.ID)
	}
	g.Users = slices.Clone(g.Users)
	w.groups[g.ID] = &g
}

// SetGroup replaces the members of a user group. It panics if there is no such group: a mistake in the test.
func (w *Workspace) SetGroup(id string, users ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, ok := w.groups[id]
	if !ok {
		panic(fmt.Sprintf("slacksim: no group %q", id))
	}
	g.Users = slices.Clone(users)
	w.notify()
}

// RemoveGroup takes a user group away, so that the Web API knows it no more.
func (w *Workspace) RemoveGroup(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.groups, id)
	w.groupOrder = slices.DeleteFunc(w.groupOrder, func(x string) bool { return x == id })
	w.notify()
}

// AddChannel adds a channel, or changes the one with the same id and keeps its messages.
func (w *Workspace) AddChannel(c Channel) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.Members, c.SharedTeams = slices.Clone(c.Members), slices.Clone(c.SharedTeams)
	if r, known := w.channels[c.ID]; known {
		r.Channel = c
	} else {
		w.channelOrder = append(w.channelOrder, c.ID)
		w.channels[c.ID] = &room{Channel: c}
	}
	w.notify()
}

// AddApp installs an app, or changes the one with the same AppID, for example its scopes.
func (w *Workspace) AddApp(a App) {
	w.mu.Lock()
	defer w.mu.Unlock()
	setDefault(&a.Name, "junban")
	if a.Scopes == nil {
		a.Scopes = DefaultScopes()
	}
	if a.Events == nil {
		a.Events = []string{"app_mention"}
	}
	if _, known := w.users[a.BotUser]; !known && a.BotUser != "" {
		w.putUser(User{ID: a.BotUser, Name: a.Name, IsBot: true, Title: "App"})
	}
	installed := &app{App: a, botID: "B" + strings.TrimPrefix(a.AppID, "A")}
	at := slices.IndexFunc(w.apps, func(x *app) bool { return x.AppID == a.AppID })
	if at < 0 {
		w.apps = append(w.apps, installed)
		return
	}
	*w.apps[at] = *installed // connections hold the pointer
}

// memberIDs lists who is in a channel, apps' bots included if they were invited. The caller holds mu.
func (w *Workspace) memberIDs(r *room) []string {
	var ids []string
	for _, id := range w.userOrder {
		switch u := w.users[id]; {
		case u.Deleted:
		case w.appOfBot(id) != nil:
			if r.BotIsMember {
				ids = append(ids, id)
			}
		case r.has(id):
			ids = append(ids, id)
		}
	}
	return ids
}

func (w *Workspace) appOfBot(user string) *app {
	for _, a := range w.apps {
		if a.BotUser == user {
			return a
		}
	}
	return nil
}

func (w *Workspace) appOfCommand(command string) *app {
	for _, a := range w.apps {
		if slices.Contains(a.Commands, command) {
			return a
		}
	}
	return nil
}

func colorOf(id string) string {
	palette := []string{"9f69e7", "4bbe2e", "e7392d", "3c989f", "674b1b", "e96699", "e0a729", "684b6c", "5b89d5", "2b6836"}
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return palette[h.Sum32()%uint32(len(palette))]
}
