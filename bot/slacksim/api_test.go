package slacksim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"junban/bot/slacksim"
)

func TestWhoAndWhere(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	api := p.api()
	auth, err := api.AuthTest()
	if err != nil || auth.UserID != "U0JUNBAN" || auth.BotID != "B0JUNBAN" || auth.TeamID != "T0JUNBAN" ||
		auth.Header.Get("X-OAuth-Scopes") != strings.Join(slacksim.DefaultScopes(), ",") {
		t.Errorf("auth.test = %+v, %v", auth, err)
	}
	channel, err := api.GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: deploys, IncludeNumMembers: true})
	if err != nil || channel.Name != "deploys" || !channel.IsMember || channel.IsPrivate || channel.NumMembers != 5 {
		t.Errorf("conversations.info = %+v, %v", channel, err)
	}
	members, next, err := api.GetUsersInConversation(&slack.GetUsersInConversationParameters{ChannelID: deploys, Limit: 3})
	if err != nil || len(members) != 3 || next == "" {
		t.Fatalf("members = %v, %q, %v", members, next, err)
	}
	rest, next, err := api.GetUsersInConversation(&slack.GetUsersInConversationParameters{ChannelID: deploys, Cursor: next})
	if err != nil || len(rest) != 2 || next != "" || !slices.Contains(append(members, rest...), "U0JUNBAN") {
		t.Errorf("members = %v + %v, %q, %v", members, rest, next, err)
	}
	groups, err := api.GetUserGroups(slack.GetUserGroupsOptionIncludeUsers(true))
	if err != nil || len(groups) != 1 || !cmp.Equal(groups[0].Users, []string{bob}) {
		t.Errorf("groups = %+v, %v", groups, err)
	}
	p.SetGroup("S0LEADS", alice, bob)
	if users, err := api.GetUserGroupMembers("S0LEADS"); err != nil || !cmp.Equal(users, []string{alice, bob}) {
		t.Errorf("group = %v, %v", users, err)
	}
	if _, err := api.GetUserGroupMembers("S0NONE"); err == nil || err.Error() != "no_such_subteam" {
		t.Errorf("no group: %v", err)
	}
}

func TestUsersAsSlackShowsThem(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	api := p.api()
	p.AddUser(slacksim.User{ID: "U0GONE", Name: "gone", Deleted: true})
	for id, ok := range map[string]func(*slack.User) bool{
		alice:      func(u *slack.User) bool { return u.Profile.Email == "alice@example.com" && u.TZOffset == 9*3600 },
		guest:      func(u *slack.User) bool { return u.IsRestricted && !u.IsUltraRestricted },
		stranger:   func(u *slack.User) bool { return u.IsStranger && u.TeamID == "T0OTHER" },
		"U0GONE":   func(u *slack.User) bool { return u.Deleted },
		"U0JUNBAN": func(u *slack.User) bool { return u.IsBot && u.Profile.BotID == "B0JUNBAN" },
	} {
		u, err := api.GetUserInfo(id)
		if err != nil || u.ID != id || !ok(u) {
			t.Errorf("%s = %+v, %v", id, u, err)
		}
	}
	if _, err := api.GetUserInfo("U0NONE"); err == nil || err.Error() != "user_not_found" {
		t.Errorf("nobody: %v", err)
	}
	if all, err := api.GetUsers(); err != nil || len(all) != 6 {
		t.Errorf("users.list: %d, %v", len(all), err)
	}
}

// A post whose answer was lost is found again by its metadata.
func TestHistoryAndReplies(t *testing.T) {
	p := overSockets(t, slacksim.Options{NoRates: true})
	api := p.api()
	var all []string
	for i := range 7 {
		_, ts, err := api.PostMessage(deploys, card(strings.Repeat("x", i+1))...)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, ts)
	}
	for range 3 {
		if _, _, err := api.PostMessage(deploys, slack.MsgOptionText("reply", false), slack.MsgOptionTS(all[2])); err != nil {
			t.Fatal(err)
		}
	}
	read := func(q slack.GetConversationHistoryParameters) (got []string) {
		t.Helper()
		for {
			q.ChannelID = deploys
			page, err := api.GetConversationHistory(&q)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page.Messages {
				got = append(got, m.Timestamp)
			}
			if q.Cursor = page.ResponseMetaData.NextCursor; q.Cursor == "" {
				return got
			}
		}
	}
	newest := slices.Clone(all)
	slices.Reverse(newest)
	for name, c := range map[string]struct {
		query slack.GetConversationHistoryParameters
		want  []string
	}{
		"all":       {slack.GetConversationHistoryParameters{}, newest},
		"pages":     {slack.GetConversationHistoryParameters{Limit: 3}, newest},
		"exclusive": {slack.GetConversationHistoryParameters{Oldest: all[2], Latest: all[5]}, []string{all[4], all[3]}},
		"inclusive": {slack.GetConversationHistoryParameters{Oldest: all[2], Latest: all[5], Inclusive: true}, []string{all[5], all[4], all[3], all[2]}},
	} {
		if diff := cmp.Diff(c.want, read(c.query)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	page, err := api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: deploys, IncludeAllMetadata: true})
	if err != nil || page.Messages[0].Metadata.EventPayload["id"] != "op1" || page.Messages[4].ReplyCount != 3 {
		t.Errorf("with metadata: %v", err)
	}
	page, err = api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: deploys})
	if err != nil || page.Messages[0].Metadata.EventType != "" {
		t.Errorf("metadata that nobody asked for: %+v, %v", page.Messages[0].Metadata, err)
	}
	replies, more, _, err := api.GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: deploys, Timestamp: all[2]})
	if err != nil || more || len(replies) != 4 || replies[0].Timestamp != all[2] || replies[1].ParentUserId != "U0JUNBAN" {
		t.Errorf("replies = %+v, %v, %v", replies, more, err)
	}
}

func TestTokensAndScopes(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	for name, c := range map[string]struct {
		token, method, want string
	}{
		"none":      {"", "auth.test", "not_authed"},
		"wrong":     {"xoxb-other", "auth.test", "invalid_auth"},
		"app's":     {appToken, "chat.postMessage", "not_allowed_token_type"},
		"bot's":     {botToken, "apps.connections.open", "not_allowed_token_type"},
		"app's own": {appToken, "auth.test", "ok"},
	} {
		req, err := http.NewRequest(http.MethodPost, p.base+"/api/"+c.method, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.token != "" {
			req.Header.Set("Authorization", "Bearer "+c.token)
		}
		if got := p.send(t, req); got["error"] != c.want && (c.want != "ok" || got["ok"] != true) {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
	p.AddApp(slacksim.App{AppID: "A0JUNBAN", BotToken: botToken, AppToken: appToken, BotUser: "U0JUNBAN", Scopes: []string{"chat:write", "commands"}})
	_, err := p.api().GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: deploys})
	var refused slack.SlackErrorResponse
	if !errors.As(err, &refused) || refused.Err != "missing_scope" || refused.Needed != "channels:history" || refused.Provided != "chat:write,commands" {
		t.Errorf("missing scope: %#v", err)
	}
	if _, err := p.api().GetConversationInfo(&slack.GetConversationInfoInput{ChannelID: secrets}); !errors.As(err, &refused) || refused.Needed != "groups:read" {
		t.Errorf("missing scope for a private channel: %#v", err)
	}
}

func (p *place) send(t *testing.T, req *http.Request) map[string]any {
	t.Helper()
	resp, err := p.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return body
}

// The same call in each of the encodings that the clients use.
func TestEncodings(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	var form bytes.Buffer
	multi := multipart.NewWriter(&form)
	for key, value := range map[string]string{"channel": deploys, "text": "t", "blocks": `[{"type":"divider"}]`} {
		if err := multi.WriteField(key, value); err != nil {
			t.Fatal(err)
		}
	}
	_ = multi.Close()
	for kind, body := range map[string]string{
		"application/json; charset=utf-8":   `{"channel":"C0DEPLOYS","text":"t","blocks":[{"type":"divider"}],"thread_ts":null,"unfurl_links":false}`,
		"application/json":                  `{"channel":"C0DEPLOYS","text":"t","blocks":"[{\"type\":\"divider\"}]"}`,
		"application/x-www-form-urlencoded": `channel=C0DEPLOYS&text=t&blocks=%5B%7B%22type%22%3A%22divider%22%7D%5D`,
		multi.FormDataContentType():         form.String(),
	} {
		req, err := http.NewRequest(http.MethodPost, p.base+"/api/chat.postMessage", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Authorization", "Bearer "+botToken)
		got := p.send(t, req)
		message, _ := got["message"].(map[string]any)
		if got["ok"] != true || message["text"] != "t" || len(message["blocks"].([]any)) != 1 {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

func TestRates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{})
		api := p.api()
		limited := func(err error, want time.Duration) {
			t.Helper()
			var rate *slack.RateLimitedError
			if !errors.As(err, &rate) || rate.RetryAfter != want {
				t.Fatalf("error = %v, want a rate limit of %v", err, want)
			}
		}
		var ts string
		for range 5 {
			_, posted, err := api.PostMessage(deploys, slack.MsgOptionText("x", false))
			if err != nil {
				t.Fatal(err)
			}
			ts = posted
		}
		_, _, err := api.PostMessage(deploys, slack.MsgOptionText("x", false))
		limited(err, 5*time.Second)
		p.AddChannel(slacksim.Channel{ID: "C0OTHER", Name: "other", BotIsMember: true})
		if _, _, err := api.PostMessage("C0OTHER", slack.MsgOptionText("x", false)); err != nil {
			t.Errorf("another channel: %v", err)
		}
		time.Sleep(5 * time.Second)
		if _, _, err := api.PostMessage(deploys, slack.MsgOptionText("x", false)); err != nil {
			t.Errorf("after Retry-After: %v", err)
		}
		for range 50 {
			if _, _, _, err := api.UpdateMessage(deploys, ts, slack.MsgOptionText("y", false)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(20 * time.Second)
		_, _, _, err = api.UpdateMessage(deploys, ts, slack.MsgOptionText("y", false))
		limited(err, 40*time.Second)
	})
}

func TestOwnRates(t *testing.T) {
	p := overSockets(t, slacksim.Options{Rates: map[string]slacksim.Rate{"auth.test": {Calls: 1, Per: time.Hour}, "chat.postMessage": {}}})
	api := p.api()
	if _, err := api.AuthTest(); err != nil {
		t.Fatal(err)
	}
	if _, err := api.AuthTest(); err == nil {
		t.Error("the second auth.test was taken")
	}
	for range 20 {
		if _, _, err := api.PostMessage(deploys, slack.MsgOptionText("x", false)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReactions(t *testing.T) {
	p := overSockets(t, slacksim.Options{})
	ts, err := p.Post(t.Context(), alice, deploys, "", "hello")
	if err != nil {
		t.Fatal(err)
	}
	ref := slack.NewRefToMessage(deploys, ts)
	if err := p.api().AddReaction("eyes", ref); err != nil {
		t.Fatal(err)
	}
	if err := p.api().AddReaction("eyes", ref); err == nil || err.Error() != "already_reacted" {
		t.Errorf("twice: %v", err)
	}
	if m, _ := p.Message(deploys, ts); !cmp.Equal(m.Reactions, []string{"eyes"}) {
		t.Errorf("reactions = %v", m.Reactions)
	}
}

func TestThreadsOfDeletedMessages(t *testing.T) {
	p := overSockets(t, slacksim.Options{NoRates: true})
	api := p.api()
	post := func(thread string) string {
		t.Helper()
		_, ts, err := api.PostMessage(deploys, slack.MsgOptionText("x", false), slack.MsgOptionTS(thread))
		if err != nil {
			t.Fatal(err)
		}
		return ts
	}
	parent := post("")
	reply := post(parent)
	p.Delete(deploys, parent)
	if m, ok := p.Message(deploys, parent); !ok || m.Subtype != "tombstone" {
		t.Errorf("a deleted parent with replies: %+v, %v", m, ok)
	}
	post(reply) // a reply to a reply goes to the thread
	if n := len(p.Thread(deploys, parent)); n != 3 {
		t.Errorf("the thread has %d messages, want 3", n)
	}
	lonely := post("")
	p.Delete(deploys, lonely)
	orphan := post(lonely)
	if m, _ := p.Message(deploys, orphan); m.ThreadTS != "" {
		t.Errorf("a reply to nothing: %+v", m)
	}
	if p.Delete(deploys, lonely) {
		t.Error("deleted twice")
	}
}
