package slackapi_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// On Enterprise Grid a colleague of another workspace is no foreigner; one of another organisation is.
func TestEnterpriseGrid(t *testing.T) {
	users := map[string]map[string]any{
		"U0MATE":  {"id": "U0MATE", "team_id": "T0SISTER", "enterprise_user": map[string]any{"enterprise_id": "E0OURS"}},
		"U0RIVAL": {"id": "U0RIVAL", "team_id": "T0RIVAL", "enterprise_user": map[string]any{"enterprise_id": "E0THEIRS"}},
	}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		answer := map[string]any{"ok": true, "team_id": "T0OURS", "user_id": botUser, "enterprise_id": "E0OURS"}
		if strings.HasSuffix(r.URL.Path, "/users.info") {
			answer = map[string]any{"ok": true, "user": users[r.FormValue("user")]}
		}
		_ = json.NewEncoder(rw).Encode(answer)
	}))
	defer server.Close()
	c := newClient(slackapi.Options{BotToken: botToken, AppToken: appToken, APIURL: server.URL + "/api", HTTP: server.Client()})
	defer server.Client().CloseIdleConnections()
	for id, want := range map[string]deploy.Standing{"U0MATE": deploy.Member, "U0RIVAL": deploy.External} {
		if p, err := c.Person(t.Context(), id, nil); err != nil || p.Kind != want {
			t.Errorf("%s: %+v, %v; want %s", id, p, err, want)
		}
	}
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
