package slacksim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"junban/bot/slacksim"
)

func home(label string) map[string]any {
	return obj("type", "home", "blocks", []any{
		actions(button("action_id", "go", "value", label)),
		actions(obj("type", "static_select", "action_id", "pick", "options", options(3))),
	})
}

func TestHomeTab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		f := &former{}
		var opened []slackevents.AppHomeOpenedEvent
		f.onHome = func(e *slackevents.AppHomeOpenedEvent) { opened = append(opened, *e) }
		f.start(t, p)
		ctx := t.Context()
		publish := func(user string, view any, hash string) map[string]any {
			return p.call(t, "views.publish", map[string]string{"user_id": user, "view": text(view), "hash": hash})
		}
		open := func() slackevents.AppHomeOpenedEvent {
			t.Helper()
			if err := p.OpenHome(ctx, alice); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			return opened[len(opened)-1]
		}
		if e := open(); e.User != alice || e.Tab != "home" || e.View != nil || !strings.HasPrefix(e.Channel, "D") {
			t.Errorf("the first time: %+v", e)
		}
		first := publish(alice, home("one"), "")["view"].(map[string]any)
		if got := errorOf(publish(alice, home("two"), "1.x")); got != "hash_conflict" {
			t.Errorf("another hash: %s", got)
		}
		second := publish(alice, home("two"), first["hash"].(string))["view"].(map[string]any)
		if second["id"] != first["id"] || second["hash"] == first["hash"] {
			t.Errorf("published %v after %v", second, first)
		}
		if e := open(); e.View == nil || e.View.ID != first["id"] || e.View.Hash != second["hash"] {
			t.Errorf("the second time: %+v", e)
		}
		s, ok := p.Home(alice)
		if !ok || s.Type != "home" {
			t.Fatalf("home = %+v", s)
		}
		if err := p.ClickIn(ctx, alice, s.ID, "go", slacksim.WithValue("one")); !errors.Is(err, slacksim.ErrNotShown) {
			t.Errorf("what is not shown: %v", err)
		}
		if err := p.ClickIn(ctx, bob, s.ID, "go"); !errors.Is(err, slacksim.ErrNotShown) {
			t.Errorf("somebody else's: %v", err)
		}
		if err := p.ClickIn(ctx, alice, s.ID, "go"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if c := f.last(); c.Container.Type != "view" || c.View.Type != "home" || c.ActionCallback.BlockActions[0].Value != "two" || c.ResponseURL != "" || c.Channel.ID != "" {
			t.Errorf("click = %+v", c)
		}
		if err := p.Fill(ctx, alice, s.ID, "pick", "2"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		body := p.call(t, "views.open", map[string]string{"trigger_id": f.last().TriggerID, "view": text(deployForm())})
		if errorOf(body) != "ok" || f.last().ActionCallback.BlockActions[0].SelectedOption.Value != "2" {
			t.Errorf("a form from home: %v", body)
		}
		for want, body := range map[string]map[string]any{
			"invalid_arguments": publish("U0NONE", home("x"), ""),
			"ok":                publish(bob, home("x"), ""),
		} {
			if errorOf(body) != want {
				t.Errorf("%v, want %s", body, want)
			}
		}
		if got := errorOf(publish(bob, deployForm(), "")); got != "invalid_arguments" {
			t.Errorf("a modal as a home tab: %s", got)
		}
		p.AddApp(slacksim.App{AppID: "A0OTHER", BotToken: "xoxb-other", BotUser: "U0OTHER", Name: "other"})
		if got := errorOf(p.callAs(t, "xoxb-other", "views.publish", map[string]string{"user_id": alice, "view": text(home("x"))})); got != "not_enabled" {
			t.Errorf("without a home tab: %s", got)
		}
	})
}

func TestMessageShortcut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		f := &former{}
		f.start(t, p)
		ts, err := p.Post(t.Context(), bob, deploys, "", "v42 is ready")
		if err != nil {
			t.Fatal(err)
		}
		if err := p.UseShortcut(t.Context(), alice, deploys, ts, "deploy_this"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		c := f.last()
		if c.Type != slack.InteractionTypeMessageAction || c.CallbackID != "deploy_this" || c.User.ID != alice || c.Channel.ID != deploys ||
			c.Message.Text != "v42 is ready" || c.MessageTs != ts || c.ResponseURL == "" {
			t.Errorf("shortcut = %+v", c)
		}
		if body := p.call(t, "views.open", map[string]string{"trigger_id": c.TriggerID, "view": text(deployForm())}); errorOf(body) != "ok" {
			t.Errorf("its form: %v", body)
		}
		for ts, id := range map[string]string{ts: "none", "1.000001": "deploy_this"} {
			if err := p.UseShortcut(t.Context(), alice, deploys, ts, id); !errors.Is(err, slacksim.ErrNotShown) {
				t.Errorf("%s on %s: %v", id, ts, err)
			}
		}
	})
}

func TestAnotherBotsMention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		p.AddApp(slacksim.App{AppID: "A0CI", Name: "ci", BotToken: "xoxb-ci", BotUser: "U0CI"})
		p.AddApp(slacksim.App{AppID: "A0HOOK", Name: "hook"})
		bot := &app{}
		bot.run(t, p)
		var inner struct {
			Event struct {
				Type, User, Text, Username, Subtype string
				BotID                               string `json:"bot_id"`
				UserTeam                            string `json:"user_team"`
				BotProfile                          struct {
					ID    string
					AppID string `json:"app_id"`
				} `json:"bot_profile"`
			}
		}
		read := func(r socketmode.Request) {
			t.Helper()
			inner.Event.User, inner.Event.Subtype = "", ""
			if err := json.Unmarshal(r.Payload, &inner); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.PostAsBot(t.Context(), "A0CI", deploys, "", "@junban deploy web v42"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		read(bot.received()[0])
		if e := inner.Event; e.Type != "app_mention" || e.User != "U0CI" || e.BotID != "B0CI" || e.BotProfile.ID != "B0CI" || e.BotProfile.AppID != "A0CI" || e.UserTeam != "" {
			t.Errorf("event = %+v", e)
		}
		if _, err := p.PostAsBot(t.Context(), "A0HOOK", deploys, "", "@junban deploy web v43"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		read(bot.received()[1])
		if e := inner.Event; e.User != "" || e.BotID != "B0HOOK" || e.Subtype != "bot_message" || e.Username != "hook" {
			t.Errorf("event without a user = %+v", e)
		}
		body := p.callAs(t, "xoxb-ci", "chat.postMessage", map[string]string{"channel": deploys, "text": "<@U0JUNBAN> status"})
		synctest.Wait()
		if n := len(bot.received()); errorOf(body) != "ok" || n != 3 {
			t.Errorf("through the Web API: %v, %d events", body, n)
		}
		if _, _, err := bot.api.PostMessage(deploys, slack.MsgOptionText("I am <@U0JUNBAN>", false)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := len(bot.received()); n != 3 {
			t.Errorf("its own mention came back: %d", n)
		}
		info := p.call(t, "bots.info", map[string]string{"bot": "B0CI"})["bot"].(map[string]any)
		if info["user_id"] != "U0CI" || info["app_id"] != "A0CI" || info["name"] != "ci" {
			t.Errorf("bots.info: %v", info)
		}
		user, err := bot.api.GetUserInfo("U0CI")
		if err != nil || !user.IsBot || user.Profile.BotID != "B0CI" {
			t.Errorf("users.info: %+v, %v", user, err)
		}
		if got := errorOf(p.call(t, "bots.info", map[string]string{"bot": "B0NONE"})); got != "bot_not_found" {
			t.Errorf("no such bot: %s", got)
		}
	})
}

func TestSharedChannelsAndEnterpriseGrid(t *testing.T) {
	p := overSockets(t, slacksim.Options{EnterpriseID: "E0ORG", EnterpriseName: "Org"})
	p.AddChannel(slacksim.Channel{ID: deploys, Name: "deploys", BotIsMember: true, IsExtShared: true, SharedTeams: []string{"T0OTHER"}})
	p.AddChannel(slacksim.Channel{ID: "C0ORG", Name: "org", BotIsMember: true, IsOrgShared: true, SharedTeams: []string{"T0SISTER"}})
	p.AddChannel(slacksim.Channel{ID: "C0SOON", Name: "soon", BotIsMember: true, IsPendingExtShared: true, SharedTeams: []string{"T0OTHER"}})
	p.AddUser(slacksim.User{ID: "U0GRID", Name: "gus", TeamID: "T0SISTER", EnterpriseID: "E0ORG", Teams: []string{"T0SISTER", "T0JUNBAN"}})
	for id, want := range map[string]string{
		deploys: "true true false false [T0JUNBAN T0OTHER]", "C0ORG": "true false true false [T0JUNBAN T0SISTER]", "C0SOON": "false false false true [T0JUNBAN]",
	} {
		c := p.call(t, "conversations.info", map[string]string{"channel": id})["channel"].(map[string]any)
		if got := join(c["is_shared"], c["is_ext_shared"], c["is_org_shared"], c["is_pending_ext_shared"], c["shared_team_ids"]); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	user, err := p.api().GetUserInfo("U0GRID")
	if err != nil || user.TeamID != "T0SISTER" || user.Enterprise.EnterpriseID != "E0ORG" || len(user.Enterprise.Teams) != 2 {
		t.Errorf("user = %+v, %v", user, err)
	}
	if auth, err := p.api().AuthTest(); err != nil || auth.EnterpriseID != "E0ORG" {
		t.Errorf("auth.test: %+v, %v", auth, err)
	}
	f := &former{}
	f.start(t, p)
	var command slack.SlashCommand
	f.onCommand = func(c slack.SlashCommand) any { command = c; return nil }
	if _, err := p.Command(t.Context(), stranger, deploys, "/deploy", "x"); err != nil || command.UserID != stranger || command.EnterpriseID != "E0ORG" {
		t.Errorf("a stranger's command: %+v, %v", command, err)
	}
	p.SetGroup("S0LEADS", alice)
	if ids, err := p.api().GetUserGroupMembers("S0LEADS"); err != nil || len(ids) != 1 || ids[0] != alice {
		t.Errorf("members = %v, %v", ids, err)
	}
	p.RemoveGroup("S0LEADS")
	if _, err := p.api().GetUserGroupMembers("S0LEADS"); err == nil || err.Error() != "no_such_subteam" {
		t.Errorf("a group that is gone: %v", err)
	}
}

func TestFiles(t *testing.T) {
	p := overSockets(t, slacksim.Options{NoRates: true})
	api := p.api()
	ts, err := p.Post(t.Context(), alice, deploys, "", "thread")
	if err != nil {
		t.Fatal(err)
	}
	picture := "<svg onload='x'/>"
	upload := func() (*slack.FileSummary, error) {
		return api.UploadFile(slack.UploadFileParameters{
			Filename: "time line.svg", Title: "Timeline", AltTxt: "a picture", Content: picture, FileSize: len(picture),
			Channel: deploys, ThreadTimestamp: ts, InitialComment: "How it went",
		})
	}
	done, err := upload()
	if err != nil || done.Title != "Timeline" {
		t.Fatalf("%+v, %v", done, err)
	}
	thread := p.Thread(deploys, ts)
	if len(thread) != 2 || thread[1].Text != "How it went" || len(thread[1].Files) != 1 || thread[1].BotID != "B0JUNBAN" {
		t.Fatalf("thread = %+v", thread)
	}
	f, data, ok := p.File(done.ID)
	if !ok || f != thread[1].Files[0] || string(data) != picture || f.Mimetype != "image/svg+xml" || f.Alt != "a picture" || f.Size != len(picture) {
		t.Errorf("file = %+v, %q, %v", f, data, ok)
	}
	resp, err := p.client.Get(p.base + f.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if shown, _ := io.ReadAll(resp.Body); string(shown) != picture || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("the page gets %q, %v", shown, resp.Header)
	}
	history := p.call(t, "conversations.replies", map[string]string{"channel": deploys, "ts": ts})["messages"].([]any)
	file := history[1].(map[string]any)["files"].([]any)[0].(map[string]any)
	private := func() error { var b bytes.Buffer; return api.GetFile(file["url_private"].(string), &b) }
	if private() == nil {
		t.Error("a file was read without files:read")
	}
	p.Inject(slacksim.Fault{On: "upload_url", Do: slacksim.ServerError, Times: 1})
	if _, err := upload(); err == nil {
		t.Error("uploaded in spite of a fault")
	}

	send := func(length int, body string) (id string, status int) {
		t.Helper()
		u, err := api.GetUploadURLExternalContext(t.Context(), slack.GetUploadURLExternalParameters{FileName: "a.txt", FileSize: length})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := p.client.Post(u.UploadURL, "application/octet-stream", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return u.FileID, resp.StatusCode
	}
	short, status := send(5, "abc")
	if status != http.StatusBadRequest {
		t.Errorf("a shorter file: %d", status)
	}
	good, _ := send(3, "abc")
	complete := func(id, channel string) string {
		return errorOf(p.call(t, "files.completeUploadExternal", map[string]string{"files": text([]any{obj("id", id)}), "channel_id": channel}))
	}
	p.AddChannel(slacksim.Channel{ID: "C0OUT", Name: "out"})
	for _, c := range []struct{ id, channel, want string }{
		{"F0NONE", deploys, "file_not_found"}, {short, deploys, "file_not_found"}, {done.ID, deploys, "file_not_found"},
		{good, "C0NONE", "channel_not_found"}, {good, secrets, "channel_not_found"}, {good, "C0OUT", "not_in_channel"}, {good, "#deploys", "invalid_channel"},
		{good, deploys, "ok"}, {good, deploys, "file_not_found"},
	} {
		if got := complete(c.id, c.channel); got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.id, c.channel, got, c.want)
		}
	}
	for want, args := range map[string]map[string]string{
		"missing_argument":            {"filename": "a", "length": "0"},
		"file_upload_size_restricted": {"filename": "a", "length": "99999999999"},
		"alt_txt_too_large":           {"filename": "a", "length": "1", "alt_txt": strings.Repeat("あ", 1001)},
		"invalid_arguments":           {"length": "1"},
	} {
		if got := errorOf(p.call(t, "files.getUploadURLExternal", args)); got != want {
			t.Errorf("%v: %s, want %s", args, got, want)
		}
	}
	p.AddApp(slacksim.App{AppID: "A0JUNBAN", BotToken: botToken, BotUser: "U0JUNBAN", Scopes: []string{"files:read"}})
	if err := private(); err != nil {
		t.Errorf("with files:read: %v", err)
	}
	if got := complete(good, deploys); got != "missing_scope" {
		t.Errorf("without files:write: %s", got)
	}
}

// The views that slack-go builds are taken, and what comes back reads as what was sent.
func TestSlackGosOwnViews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		f := &former{}
		f.start(t, p)
		if _, err := p.Command(t.Context(), alice, deploys, "/deploy", ""); err != nil {
			t.Fatal(err)
		}
		line := func(s string) *slack.TextBlockObject { return slack.NewTextBlockObject("plain_text", s, false, false) }
		web := slack.NewOptionBlockObject("web", line("Web"), nil)
		pick := slack.NewOptionsGroupSelectBlockElement("static_select", line("Choose"), "v", slack.NewOptionGroupBlockElement(line("Group"), web))
		pick.InitialOption = web
		ref := slack.NewPlainTextInputBlockElement(line("v42"), "v")
		ref.MaxLength = 200
		service := slack.NewInputBlock("service", line("Service"), line("which one"), pick)
		service.DispatchAction = true
		view := slack.ModalViewRequest{
			Type: slack.VTModal, CallbackID: "deploy", PrivateMetadata: "x", NotifyOnClose: true,
			Title: line("Deploy"), Submit: line("Go"), Close: line("Cancel"),
			Blocks: slack.Blocks{BlockSet: []slack.Block{service, slack.NewInputBlock("ref", line("Ref"), nil, ref)}},
		}
		opened, err := f.api.OpenView(f.trigger, view)
		if err != nil || opened.CallbackID != "deploy" || opened.Hash == "" || opened.RootViewID != opened.ID || len(opened.Blocks.BlockSet) != 2 {
			t.Fatalf("opened = %+v, %v", opened, err)
		}
		if _, err := f.api.UpdateView(view, "", "1.x", opened.ID); err == nil || err.Error() != "hash_conflict" {
			t.Errorf("another hash: %v", err)
		}
		if _, err := f.api.UpdateView(view, "", opened.Hash, opened.ID); err != nil {
			t.Errorf("its hash: %v", err)
		}
		if s, _ := p.Modal(alice); s.Text() != "Deploy\nService: <Web>\nRef: <>\n[Cancel]\n[Go]" {
			t.Errorf("alice reads %q", s.Text())
		}
		f.answer = slack.NewErrorsViewSubmissionResponse(map[string]string{"ref": "not there"})
		f.fill(t, p, "ref", "v42")
		if sent, err := p.Submit(t.Context(), alice, ""); err != nil || sent.Errors["ref"] != "not there" {
			t.Errorf("sent = %+v, %v", sent, err)
		}
		f.answer = slack.NewUpdateViewSubmissionResponse(&slack.ModalViewRequest{Type: slack.VTModal, Title: line("Done"), Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewDividerBlock()}}})
		if sent, err := p.Submit(t.Context(), alice, ""); err != nil || sent.Closed || sent.Failure != "" {
			t.Errorf("sent = %+v, %v", sent, err)
		}
		if _, err := p.Submit(t.Context(), alice, ""); !errors.Is(err, slacksim.ErrNotShown) {
			t.Errorf("a view without a submit button: %v", err)
		}
		tab := slack.HomeTabViewRequest{Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: []slack.Block{slack.NewHeaderBlock(line("Locks"))}}}
		if _, err := f.api.PublishView(alice, tab, ""); err != nil {
			t.Errorf("home: %v", err)
		}
	})
}
