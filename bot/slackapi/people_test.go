package slackapi_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/bot"
	"junban/bot/slackapi"
	"junban/bot/slacksim"
	"junban/deploy"
)

func newClient(o slackapi.Options) *slackapi.Client { return slackapi.New(o) }

func TestWhoSomebodyIs(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		ask := []string{alice, leads, "S0DEVS", "S0NONE", leads}
		for _, want := range []deploy.Person{
			{ID: alice, Kind: deploy.Member, Groups: []string{"S0DEVS"}},
			{ID: bob, Kind: deploy.Member, Groups: []string{leads, "S0DEVS"}},
			{ID: "U0GUEST", Kind: deploy.Guest}, // in a group, which gives a guest nothing
			{ID: "U0SINGLE", Kind: deploy.Guest},
			{ID: "U0STRANGER", Kind: deploy.External},
			{ID: "U0FOREIGN", Kind: deploy.External},
			{ID: "U0LEFT", Kind: deploy.Deleted},
			{ID: "U0ROBOT", Kind: deploy.Robot, Groups: []string{leads}}, // bots may ask
			{ID: "U0NOBODY", Kind: deploy.Stranger},
		} {
			got, err := w.client.Person(t.Context(), want.ID, ask)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s: %v\n%s", want.ID, err, diff)
			}
		}
	})
}

// The person is asked for each time; groups are remembered for a minute and no longer.
func TestHowLongMembershipIsRemembered(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		in := func() bool {
			p, err := w.client.Person(t.Context(), bob, []string{leads})
			if err != nil {
				t.Fatal(err)
			}
			return len(p.Groups) == 1
		}
		if !in() {
			t.Fatal("bob leads")
		}
		w.SetGroup(leads, alice)
		time.Sleep(59 * time.Second)
		if !in() || len(w.CallsOf("usergroups.users.list")) != 1 {
			t.Errorf("asked %d times within a minute", len(w.CallsOf("usergroups.users.list")))
		}
		time.Sleep(time.Second)
		if in() {
			t.Error("bob still leads after a minute")
		}
		w.AddUser(slacksim.User{ID: bob, Name: "bob", Deleted: true})
		if p, err := w.client.Person(t.Context(), bob, nil); err != nil || p.Kind != deploy.Deleted {
			t.Errorf("bob has left: %+v, %v", p, err)
		}
	})
}

func TestErrorsGrantNothing(t *testing.T) {
	for _, method := range []string{"users.info", "usergroups.users.list", "auth.test"} {
		for name, fault := range map[string]slacksim.Fault{
			"cut":           {Do: slacksim.CutBefore},
			"garbled":       {Do: slacksim.Garble},
			"http 500":      {Do: slacksim.ServerError},
			"missing_scope": {Do: slacksim.Refuse, Code: "missing_scope"},
			"internal":      {Do: slacksim.Refuse, Code: "internal_error"},
		} {
			t.Run(method+" "+name, func(t *testing.T) {
				inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
					fault.On = method
					inj := w.Inject(fault)
					p, err := w.client.Person(t.Context(), bob, []string{leads})
					if err == nil || p.ID != "" || p.Groups != nil {
						t.Errorf("Person = %+v, %v", p, err)
					}
					inj.Lift()
					if p, err := w.client.Person(t.Context(), bob, []string{leads}); err != nil || !slices.Contains(p.Groups, leads) {
						t.Errorf("afterwards: %+v, %v", p, err)
					}
				})
			})
		}
	}
}

// Without a paid plan there are no user groups; people who are named by their ids must still get through.
func TestAPlanWithoutUserGroups(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		w.Inject(slacksim.Fault{On: "usergroups.users.list", Do: slacksim.Refuse, Code: "plan_upgrade_required"})
		p, err := w.client.Person(t.Context(), bob, []string{leads, bob})
		if err != nil || len(p.Groups) != 0 || !p.In([]string{leads, bob}) {
			t.Errorf("Person = %+v, %v", p, err)
		}
	})
}

// An answer that is too old grants nothing either when Slack fails.
func TestAnOldMembershipGrantsNothing(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		if p, err := w.client.Person(t.Context(), bob, []string{leads}); err != nil || len(p.Groups) != 1 {
			t.Fatalf("Person = %+v, %v", p, err)
		}
		time.Sleep(time.Minute)
		for name, fault := range map[string]slacksim.Fault{
			"cut": {Do: slacksim.CutBefore}, "internal": {Do: slacksim.Refuse, Code: "internal_error"},
			"missing_scope": {Do: slacksim.Refuse, Code: "missing_scope"},
		} {
			fault.On = "usergroups.users.list"
			inj := w.Inject(fault)
			if p, err := w.client.Person(t.Context(), bob, []string{leads}); err == nil || p.ID != "" || p.Groups != nil {
				t.Errorf("%s: Person = %+v, %v", name, p, err)
			}
			inj.Lift()
		}
	})
}

// fakeSlack answers each method with what the test has for it.
func fakeSlack(t *testing.T, answers func(method string, r *http.Request) map[string]any) *slackapi.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		answer := answers(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], r)
		if answer["error"] == nil {
			answer["ok"] = true
		}
		_ = json.NewEncoder(rw).Encode(answer)
	}))
	t.Cleanup(func() {
		server.Client().CloseIdleConnections()
		server.Close()
	})
	return newClient(slackapi.Options{BotToken: botToken, AppToken: appToken, APIURL: server.URL + "/api", HTTP: server.Client()})
}

// On Enterprise Grid a colleague of another workspace is no foreigner; one of another organisation is. Without the
// Grid every other workspace is foreign, whatever its organisation.
func TestEnterpriseGrid(t *testing.T) {
	of := func(team, organisation string) map[string]any {
		user := map[string]any{"team_id": team}
		if organisation != "" {
			user["enterprise_user"] = map[string]any{"enterprise_id": organisation}
		}
		return user
	}
	users := map[string]map[string]any{
		"U0HERE": of("T0OURS", "E0OURS"), "U0PLAIN": of("T0OURS", ""), "U0MATE": of("T0SISTER", "E0OURS"),
		"U0RIVAL": of("T0RIVAL", "E0THEIRS"), "U0ODD": of("T0OURS", "E0THEIRS"), "U0ALONE": of("T0OTHER", ""),
		"U0HIDDEN": of("T0SISTER", "E0OURS"), "U0GUEST": of("T0SISTER", "E0OURS"), "U0LEFT": of("T0SISTER", "E0OURS"),
	}
	users["U0HIDDEN"]["is_stranger"], users["U0GUEST"]["is_restricted"], users["U0LEFT"]["deleted"] = true, true, true
	for organisation, want := range map[string]map[string]deploy.Standing{
		"E0OURS": {
			"U0HERE": deploy.Member, "U0PLAIN": deploy.Member, "U0MATE": deploy.Member, "U0RIVAL": deploy.External, "U0ODD": deploy.External,
			"U0ALONE": deploy.External, "U0HIDDEN": deploy.External, "U0GUEST": deploy.Guest, "U0LEFT": deploy.Deleted,
		},
		"": {"U0HERE": deploy.Member, "U0PLAIN": deploy.Member, "U0MATE": deploy.External, "U0RIVAL": deploy.External, "U0ALONE": deploy.External},
	} {
		c := fakeSlack(t, func(method string, r *http.Request) map[string]any {
			if method != "users.info" {
				return map[string]any{"team_id": "T0OURS", "user_id": botUser, "enterprise_id": organisation}
			}
			user := maps.Clone(users[r.FormValue("user")])
			user["id"] = r.FormValue("user")
			return map[string]any{"user": user}
		})
		for id, standing := range want {
			if p, err := c.Person(t.Context(), id, nil); err != nil || p.Kind != standing {
				t.Errorf("%s, asked by a bot of %q: %+v, %v; want %s", id, organisation, p, err, standing)
			}
		}
	}
}

// A channel that people of another organisation see, or may see soon, is shared; one that workspaces of one
// organisation share is not.
func TestWhatAChannelIs(t *testing.T) {
	flags := map[string][]string{
		"C0OURS": {}, "C0SECRET": {"is_private"}, "G0MANY": {"is_mpim"}, "C0ABROAD": {"is_shared", "is_ext_shared"},
		"C0SOON": {"is_pending_ext_shared"}, "C0ORG": {"is_shared", "is_org_shared"}, "C0BOTH": {"is_shared", "is_org_shared", "is_ext_shared"},
		"C0VAGUE": {"is_shared"},
	}
	c := fakeSlack(t, func(_ string, r *http.Request) map[string]any {
		channel := map[string]any{"id": r.FormValue("channel")}
		for _, flag := range flags[r.FormValue("channel")] {
			channel[flag] = true
		}
		return map[string]any{"channel": channel}
	})
	for id, want := range map[string]bot.Room{
		"C0OURS": {}, "C0SECRET": {Private: true}, "G0MANY": {Private: true}, "C0ABROAD": {Shared: true}, "C0SOON": {Shared: true},
		"C0ORG": {}, "C0BOTH": {Shared: true}, "C0VAGUE": {Shared: true}, "D0ALICE": {Private: true},
	} {
		if got, err := c.Room(t.Context(), id); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", id, got, err, want)
		}
	}
}

// What a channel is, is remembered for five minutes; when Slack fails then, it is not known.
func TestHowLongAChannelIsRemembered(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		room := func(want bot.Room, calls int) {
			t.Helper()
			got, err := w.client.Room(t.Context(), deploys)
			if n := len(w.CallsOf("conversations.info")); err != nil || got != want || n != calls {
				t.Errorf("%+v, %v after %d calls; want %+v after %d", got, err, n, want, calls)
			}
		}
		room(bot.Room{}, 1)
		w.AddChannel(slacksim.Channel{ID: deploys, Name: "deploys", BotIsMember: true, IsExtShared: true, SharedTeams: []string{"T0OTHER"}})
		time.Sleep(4 * time.Minute)
		room(bot.Room{}, 1)
		time.Sleep(time.Minute)
		room(bot.Room{Shared: true}, 2)
		time.Sleep(5 * time.Minute)
		w.Inject(slacksim.Fault{On: "conversations.info", Do: slacksim.Refuse, Code: "internal_error"})
		if got, err := w.client.Room(t.Context(), deploys); err == nil {
			t.Errorf("with Slack away: %+v", got)
		}
		if _, err := w.client.Room(t.Context(), "D0ALICE"); err != nil {
			t.Errorf("a conversation with the bot alone: %v", err)
		}
	})
}

func TestCheckOfARightSetup(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		o := w.options()
		o.Channels = []string{deploys, private}
		got, err := newClient(o).Check(t.Context())
		want := slackapi.Identity{
			Team: "T0JUNBAN", TeamName: "Junban Works", URL: "https://junban-works.slack.com/",
			BotUser: botUser, BotID: "B0JUNBAN01", AppID: appID,
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Check: %v\n%s", err, diff)
		}
	})
}

func TestCheckNamesAllFaultsAtOnce(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		w.AddApp(theApp([]string{"commands", "chat:write", "channels:read", "users:read", "channels:history", "groups:history"}))
		w.AddChannel(slacksim.Channel{ID: "C0OUT", Name: "out"})
		w.AddChannel(slacksim.Channel{ID: "C0OLD", Name: "old", BotIsMember: true, IsArchived: true})
		w.Inject(slacksim.Fault{On: "apps.connections.open", Do: slacksim.Refuse, Code: "missing_scope"})
		o := w.options()
		o.AppToken = "xapp-1-A0ANOTHER9-2-x"
		o.Channels = []string{deploys, "C0OUT", "C0OLD", shared, private, "C0NONE"}
		_, err := newClient(o).Check(t.Context())
		setup, ok := errors.AsType[*slackapi.SetupError](err)
		if !ok || len(setup.Problems) != 8 {
			t.Fatalf("Check: %v", err)
		}
		if len(setup.Scopes) != 4 || len(setup.Others) != 2 || len(setup.Channels) != 5 || len(setup.Channels["C0OUT"]) != 1 || setup.Channels[deploys] != nil {
			t.Errorf("sorted wrongly: %q %q %q", setup.Scopes, setup.Others, setup.Channels)
		}
		mustContain(t, err.Error(),
			"app_mentions:read", "usergroups:read", "files:write", "groups:read (checking private channels)", "connections:write",
			"of two apps", "not in channel C0OUT (#out): invite", "C0OLD (#old) is archived", "C0SHARED (#shared) is shared",
			"C0PRIVATE: Slack answers missing_scope (needed: groups:read)", "C0NONE: Slack answers channel_not_found: check the channel's id")
		for _, fine := range []string{"chat:write (", "C0DEPLOYS"} {
			if strings.Contains(err.Error(), fine) {
				t.Errorf("%q is no problem:\n%v", fine, err)
			}
		}
	})
}

func TestCheckOfTokens(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		for _, c := range []struct {
			bot, app slackapi.Secret
			want     []string
		}{
			{"", "", []string{"SLACK_BOT_TOKEN is not set", "SLACK_APP_TOKEN is not set"}},
			{appToken, botToken, []string{"must be a bot token (xoxb-", "must be an app-level token (xapp-"}},
			{"xoxb-wrong", appToken, []string{"checking SLACK_BOT_TOKEN: Slack answers invalid_auth"}},
			{botToken, "xapp-wrong", []string{"checking SLACK_APP_TOKEN: Slack answers invalid_auth"}},
		} {
			o := w.options()
			o.BotToken, o.AppToken = c.bot, c.app
			_, err := newClient(o).Check(t.Context())
			if _, ok := errors.AsType[*slackapi.SetupError](err); !ok {
				t.Errorf("Check: %v", err)
				continue
			}
			mustContain(t, err.Error(), c.want...)
		}
	})
}

// If Slack is away nothing is known to be wrong.
func TestCheckWithSlackAway(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		w.SetOutage(true)
		_, err := w.client.Check(t.Context())
		if _, wrong := errors.AsType[*slackapi.SetupError](err); err == nil || wrong {
			t.Errorf("Check: %v", err)
		}
	})
}

// manifestApp is the app that Slack makes of the manifest.
func manifestApp(t *testing.T) slacksim.App {
	t.Helper()
	out, err := slackapi.Manifest("Junban", "/deploy")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Features struct {
			Home struct {
				Enabled bool `json:"home_tab_enabled"`
			} `json:"app_home"`
			Shortcuts []struct {
				Name, Type string
				Callback   string `json:"callback_id"`
			}
			Commands []struct{ Command string } `json:"slash_commands"`
		}
		OAuth struct {
			Scopes struct{ Bot []string }
		} `json:"oauth_config"`
		Settings struct {
			Events struct {
				Bot []string `json:"bot_events"`
			} `json:"event_subscriptions"`
		}
	}
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	app := theApp(m.OAuth.Scopes.Bot)
	app.Events, app.HomeTab, app.Commands, app.Shortcuts = m.Settings.Events.Bot, m.Features.Home.Enabled, nil, nil
	for _, c := range m.Features.Commands {
		app.Commands = append(app.Commands, c.Command)
	}
	for _, s := range m.Features.Shortcuts {
		if s.Type != "message" || len(s.Name) > 24 {
			t.Errorf("shortcut %+v", s)
		}
		app.Shortcuts = append(app.Shortcuts, slacksim.Shortcut{CallbackID: s.Callback, Name: s.Name})
	}
	return app
}

func TestManifest(t *testing.T) {
	out, err := slackapi.Manifest("Junban", "/deploy")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Features struct {
			Commands []map[string]any `json:"slash_commands"`
		} `json:"features"`
		OAuth struct {
			Scopes struct{ Bot []string }
		} `json:"oauth_config"`
		Settings map[string]any `json:"settings"`
	}
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	if c := m.Features.Commands; len(c) != 1 || c[0]["command"] != "/deploy" || c[0]["should_escape"] != true {
		t.Errorf("commands %v", c)
	}
	if m.Settings["socket_mode_enabled"] != true || m.Settings["interactivity"].(map[string]any)["is_enabled"] != true {
		t.Errorf("settings %v", m.Settings)
	}
	// An app made from the manifest passes Check.
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		w.AddApp(theApp(m.OAuth.Scopes.Bot))
		o := w.options()
		o.Channels = []string{deploys, private}
		if _, err := newClient(o).Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
	for _, command := range []string{"", "deploy", "/de ploy", "/Deploy", "/" + strings.Repeat("x", 32)} {
		if _, err := slackapi.Manifest("Junban", command); err == nil {
			t.Errorf("the command %q was taken", command)
		}
	}
}
