package slackapi_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"junban/bot"
	"junban/bot/card"
	"junban/bot/slackapi"
	"junban/bot/slacksim"
)

// form is one with fields of each kind.
func form() card.View {
	return card.View{
		Callback: "deploy", Private: `{"from":"C0DEPLOYS"}`, Title: "Deploy", Submit: "Ask for it", Close: "Leave",
		Blocks: []card.Block{
			{Text: card.T("What is to be deployed? <!channel>")},
			{Input: &card.Input{ID: "service", Label: "Service", Kind: card.Choice, Value: "api", Tells: true, Options: []card.Option{
				{Label: "web", Value: "web", Group: "front"}, {Label: "api <v2>", Value: "api", Group: "back"}, {Label: "jobs", Value: "jobs", Group: "back"},
			}}},
			{Input: &card.Input{ID: "ref", Label: "Ref", Hint: "a tag or a branch", Empty: "v42", Kind: card.Line, Longest: 200}},
			{Input: &card.Input{ID: "why", Label: "Why", Kind: card.Lines, Value: "because", Optional: true}},
			{Buttons: []card.Button{{Action: "docs", Label: "Read more", Value: "x", URL: "https://junban.test/docs"}}},
		},
	}
}

// commanded is what a command's envelope is that may open a form now.
func (w *world) commanded(t *testing.T, r *receiver) bot.Envelope {
	t.Helper()
	before := len(r.envelopes())
	if reply, err := w.Command(t.Context(), alice, deploys, "/deploy", ""); err != nil || reply.Failure != "" {
		t.Fatal(reply, err)
	}
	return r.envelopes()[before]
}

func last(r *receiver) bot.Envelope { all := r.envelopes(); return all[len(all)-1] }

// A form is opened by a command, tells of a choice at once, is redrawn, and comes back as it was filled in.
func TestAFormThereAndBack(t *testing.T) {
	w := overSockets(t, slacksim.Options{})
	r := &receiver{}
	w.start(t, r)
	w.connected(t, 2)
	e := w.commanded(t, r)
	if err := w.client.Open(t.Context(), e, form()); err != nil {
		t.Fatal(err)
	}
	shown, ok := w.Modal(alice)
	if !ok || shown.Title != "Deploy" || shown.Submit != "Ask for it" || shown.Close != "Leave" {
		t.Fatalf("shown %+v", shown)
	}
	mustContain(t, shown.Text(), "What is to be deployed? <!channel>", "Service", "api <v2>", "because", "Read more")

	mustContain(t, string(shown.Blocks), "a tag or a branch", `"max_length":200`, "https://junban.test/docs")
	if err := w.Fill(t.Context(), alice, "", "service", "web"); err != nil {
		t.Fatal(err)
	}
	filled := &bot.Filled{
		ID: shown.ID, Hash: shown.Hash, Callback: "deploy", Private: `{"from":"C0DEPLOYS"}`,
		Values: map[string]string{"service": "web", "ref": "", "why": "because"},
	}
	loose := cmpopts.IgnoreFields(bot.Envelope{}, "ID", "At", "Trigger")
	want := bot.Envelope{Kind: bot.InputClick, Team: "T0JUNBAN", User: alice, Action: "service", Value: "web", View: filled}
	if diff := cmp.Diff(want, last(r), loose); diff != "" || last(r).Trigger == "" {
		t.Errorf("the choice (-want +got):\n%s", diff)
	}

	again := form()
	again.Title = "Deploy web"
	if err := w.client.Redraw(t.Context(), shown.ID, shown.Hash, again); err != nil {
		t.Fatal(err)
	}
	if now, _ := w.Modal(alice); now.Title != "Deploy web" {
		t.Errorf("redrawn as %q", now.Title)
	}
	if err := w.client.Redraw(t.Context(), shown.ID, shown.Hash, form()); !errors.Is(err, bot.ErrGone) {
		t.Errorf("a form that has changed was redrawn: %v", err)
	}
	if err := w.client.Redraw(t.Context(), "V0NONE", "", form()); !errors.Is(err, bot.ErrGone) {
		t.Errorf("a form that is not there was redrawn: %v", err)
	}

	if err := w.Fill(t.Context(), alice, "", "ref", "v42 & <b>"); err != nil {
		t.Fatal(err)
	}
	now, _ := w.Modal(alice)
	if sent, err := w.Submit(t.Context(), alice, ""); err != nil || !sent.Closed || sent.Failure != "" {
		t.Fatalf("sent %+v, %v", sent, err)
	}
	filled.Hash, filled.Values["ref"] = now.Hash, "v42 & <b>"
	want = bot.Envelope{Kind: bot.InputSubmit, Team: "T0JUNBAN", User: alice, View: filled}
	if diff := cmp.Diff(want, last(r), loose); diff != "" {
		t.Errorf("what was sent (-want +got):\n%s", diff)
	}
}

// What is wrong stands beside its field, the form may become another one, and both fit the acknowledgement.
func TestTheReplyToAForm(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		var reply bot.Reply
		r := &receiver{reply: func(bot.Envelope) bot.Reply { return reply }}
		w.start(t, r)
		w.connected(t, 2)
		if err := w.client.Open(t.Context(), w.commanded(t, r), form()); err != nil {
			t.Fatal(err)
		}
		if err := w.Fill(t.Context(), alice, "", "ref", "v42"); err != nil {
			t.Fatal(err)
		}
		submit := func() slacksim.Sent {
			t.Helper()
			sent, err := w.Submit(t.Context(), alice, "")
			if err != nil || sent.Failure != "" {
				t.Fatalf("sent %+v, %v", sent, err)
			}
			return sent
		}
		reply = bot.Reply{Errors: map[string]string{"ref": "there is no v42", "nowhere": strings.Repeat("locked ", 5000)}}
		got := submit()
		if got.Closed || !strings.HasPrefix(got.Errors["ref"], "there is no v42 locked") { // the form's first field by name
			t.Errorf("errors %q, closed %v", got.Errors, got.Closed)
		}
		big := form()
		big.Title = "Really?"
		for range 40 {
			big.Blocks = append(big.Blocks, card.Block{Text: card.T(strings.Repeat("<long> ", 400))})
		}
		reply = bot.Reply{View: &big}
		if got := submit(); got.Closed || len(got.Errors) > 0 {
			t.Errorf("sent %+v", got)
		}
		if shown, _ := w.Modal(alice); shown.Title != "Really?" {
			t.Errorf("the form became %q", shown.Title)
		}
		reply = bot.Reply{}
		if got := submit(); !got.Closed {
			t.Errorf("sent %+v", got)
		}
	})
}

// A trigger opens one form, within three seconds; nothing is tried twice.
func TestATriggerThatIsUsedUpOrTooOld(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		r := &receiver{}
		w.start(t, r)
		w.connected(t, 2)
		gone := func(what string, e bot.Envelope, calls int) {
			t.Helper()
			before := len(w.CallsOf("views.open"))
			if err := w.client.Open(t.Context(), e, form()); !errors.Is(err, bot.ErrGone) {
				t.Errorf("%s: %v", what, err)
			}
			if n := len(w.CallsOf("views.open")) - before; n != calls {
				t.Errorf("%s: %d calls", what, n)
			}
		}
		e := w.commanded(t, r)
		if err := w.client.Open(t.Context(), e, form()); err != nil {
			t.Fatal(err)
		}
		gone("used up", e, 1)
		e = w.commanded(t, r)
		time.Sleep(4 * time.Second)
		gone("too old by our clock", e, 0)
		e.At = time.Now()
		gone("too old by Slack's", e, 1)
		e.Trigger = "1795766478893.4700000000000.abcdef"
		gone("forged", e, 1)
		e.Trigger = ""
		gone("none", e, 0)

		e = w.commanded(t, r)
		w.Inject(slacksim.Fault{On: "views.open", Do: slacksim.RateLimited, After: 10 * time.Second, Times: 1})
		gone("Slack asks for fewer calls", e, 1)
		time.Sleep(time.Minute)
		e = w.commanded(t, r)
		lost := w.Inject(slacksim.Fault{On: "views.open", Do: slacksim.CutAfter})
		if err := w.client.Open(t.Context(), e, form()); err == nil || errors.Is(err, bot.ErrGone) || lost.Hits() != 1 {
			t.Errorf("a lost answer: %v after %d tries", err, lost.Hits())
		}
	})
}

// The home tab is drawn when it is opened, and its buttons come back.
func TestTheHomeTab(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		r := &receiver{}
		w.start(t, r)
		w.connected(t, 2)
		if err := w.OpenHome(t.Context(), alice); err != nil {
			t.Fatal(err)
		}
		received(t, w, r, 1)
		loose := cmpopts.IgnoreFields(bot.Envelope{}, "ID", "At", "Trigger")
		if diff := cmp.Diff(bot.Envelope{Kind: bot.InputHome, Team: "T0JUNBAN", User: alice}, last(r), loose); diff != "" || !strings.HasPrefix(last(r).ID, "Ev") {
			t.Errorf("the opening (-want +got):\n%s", diff)
		}
		home := card.View{Blocks: []card.Block{
			{Header: "What runs"}, {Buttons: []card.Button{{Action: "show", Label: "Show", Value: "op1"}, {Action: "show", Label: "Show", Value: "op2"}}},
		}}
		if err := w.client.Home(t.Context(), alice, home); err != nil {
			t.Fatal(err)
		}
		shown, ok := w.Home(alice)
		if !ok {
			t.Fatal("no home tab")
		}
		if err := w.ClickIn(t.Context(), alice, shown.ID, "show#2"); err != nil {
			t.Fatal(err)
		}
		want := bot.Envelope{Kind: bot.InputClick, Team: "T0JUNBAN", User: alice, Action: "show", Value: "op2",
			View: &bot.Filled{ID: shown.ID, Hash: shown.Hash, Values: map[string]string{}}}
		if diff := cmp.Diff(want, last(r), loose); diff != "" || last(r).Trigger == "" {
			t.Errorf("the click (-want +got):\n%s", diff)
		}
		if err := w.client.Home(t.Context(), alice, card.View{}); err != nil {
			t.Errorf("an empty home tab: %v", err)
		}
		if err := w.client.Home(t.Context(), alice, form()); err == nil {
			t.Error("a home tab with fields was drawn")
		}
	})
}

// The shortcut says which message was meant, in a channel and in a thread; other bots say who they are.
func TestShortcutsAndOtherBots(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		w.AddApp(slacksim.App{AppID: "A0CI", Name: "ci", BotToken: "xoxb-ci", Scopes: []string{"chat:write"}})
		r := &receiver{}
		w.start(t, r)
		w.connected(t, 2)
		parent, err := w.client.Post(t.Context(), deploys, "", question(), bot.Key{})
		if err != nil {
			t.Fatal(err)
		}
		reply, err := w.client.Post(t.Context(), deploys, parent.TS, words("drained"), bot.Key{})
		if err != nil {
			t.Fatal(err)
		}
		for _, ts := range []string{parent.TS, reply.TS} {
			if err := w.UseShortcut(t.Context(), alice, deploys, ts, slackapi.ShortcutOperation); err != nil {
				t.Fatal(err)
			}
		}
		mention, err := w.PostAsBot(t.Context(), "A0CI", deploys, "", "<@U0JUNBAN> web v42")
		if err != nil {
			t.Fatal(err)
		}
		received(t, w, r, 3)
		want := []bot.Envelope{
			{Kind: bot.InputMessage, Team: "T0JUNBAN", User: alice, Channel: deploys, Action: "operation", Message: parent.TS},
			{Kind: bot.InputMessage, Team: "T0JUNBAN", User: alice, Channel: deploys, Action: "operation", Message: reply.TS, Thread: parent.TS},
			{Kind: bot.InputMention, Team: "T0JUNBAN", Channel: deploys, Message: mention, Text: "<@U0JUNBAN> web v42", Robot: "B0CI"},
		}
		if diff := cmp.Diff(want, r.envelopes(), cmpopts.IgnoreFields(bot.Envelope{}, "ID", "At", "Response", "Trigger")); diff != "" {
			t.Errorf("envelopes (-want +got):\n%s", diff)
		}
	})
}

// A reply can be shown in the channel too.
func TestAReplyThatTheChannelIsShownToo(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		parent := w.posted(t, 1)[0]
		for i, broadcast := range []bool{false, true} {
			m := words("failed")
			m.Broadcast = broadcast
			if _, err := w.client.Post(t.Context(), deploys, parent.TS, m, key("op1", i+1)); err != nil {
				t.Fatal(err)
			}
			if _, inChannel, err := w.client.Find(t.Context(), deploys, "", key("op1", i+1), time.Now()); err != nil || inChannel != broadcast {
				t.Errorf("broadcast %v: in the channel %v, %v", broadcast, inChannel, err)
			}
		}
	})
}

func picture() bot.File {
	return bot.File{Name: "timeline.svg", Title: "web v42", Alt: "three instances, one after another", Data: []byte("<svg/>")}
}

func TestAFile(t *testing.T) {
	w := overSockets(t, slacksim.Options{})
	parent := w.posted(t, 1)[0]
	if err := w.client.Upload(t.Context(), deploys, parent.TS, picture()); err != nil {
		t.Fatal(err)
	}
	thread := w.Thread(deploys, parent.TS)
	if len(thread) != 2 || len(thread[1].Files) != 1 {
		t.Fatalf("thread %+v", thread)
	}
	f, data, ok := w.File(thread[1].Files[0].ID)
	if !ok || f.Name != "timeline.svg" || f.Title != "web v42" || f.Alt != picture().Alt || string(data) != "<svg/>" {
		t.Errorf("%+v %q", f, data)
	}
	if err := w.client.Upload(t.Context(), deploys, "", bot.File{Name: "empty.txt"}); err == nil {
		t.Error("an empty file was uploaded")
	}
}

// A file is posted once: what cannot be told is said to be unclear, what is refused is not.
func TestAFileWhoseAnswerIsLost(t *testing.T) {
	for name, c := range map[string]struct {
		fault   slacksim.Fault
		unclear bool
		files   int
	}{
		"cut after complete":  {slacksim.Fault{On: "files.completeUploadExternal", Do: slacksim.CutAfter}, true, 1},
		"cut before complete": {slacksim.Fault{On: "files.completeUploadExternal", Do: slacksim.CutBefore}, true, 0},
		"refused":             {slacksim.Fault{On: "files.completeUploadExternal", Do: slacksim.Refuse, Code: "channel_not_found"}, false, 0},
		"no address":          {slacksim.Fault{On: "files.getUploadURLExternal", Do: slacksim.ServerError}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
				w.Inject(c.fault)
				err := w.client.Upload(t.Context(), deploys, "", picture())
				if err == nil || errors.Is(err, bot.ErrUnclear) != c.unclear {
					t.Errorf("Upload: %v", err)
				}
				if n := len(w.Messages(deploys)); n != c.files {
					t.Errorf("%d files are posted", n)
				}
			})
		})
	}
}

func TestAFileWaitsForSlacksRates(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		for _, method := range []string{"files.getUploadURLExternal", "files.completeUploadExternal"} {
			w.Inject(slacksim.Fault{On: method, Do: slacksim.RateLimited, After: 30 * time.Second, Times: 1})
		}
		began := time.Now()
		if err := w.client.Upload(t.Context(), deploys, "", picture()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != time.Minute || len(w.Messages(deploys)) != 1 {
			t.Errorf("%d files after %v", len(w.Messages(deploys)), took)
		}
	})
}

// Views are drawn one after another for one person: what was drawn last stands.
func TestHomeTabsDoNotOvertakeEachOther(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		slow := w.Inject(slacksim.Fault{On: "views.publish", Do: slacksim.Hang, Times: 1})
		done := make(chan error, 2)
		for _, title := range []string{"older", "newer"} {
			go func() {
				done <- w.client.Home(context.WithoutCancel(t.Context()), alice, card.View{Blocks: []card.Block{{Header: title}}})
			}()
			synctest.Wait()
		}
		slow.Lift()
		if err := errors.Join(<-done, <-done); err != nil {
			t.Error(err)
		}
		shown, _ := w.Home(alice)
		mustContain(t, shown.Text(), "newer")
	})
}

// An app made from the manifest has every scope and every event that the client uses: nothing it does is refused.
func TestTheManifestIsEnough(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		w.AddApp(manifestApp(t))
		r := &receiver{}
		w.start(t, r)
		w.connected(t, 2)
		ctx := t.Context()
		must := func(what string, err error) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		o := w.options()
		o.Channels = []string{deploys, private}
		_, err := slackapi.New(o).Check(ctx)
		must("Check", err)
		must("Open", w.client.Open(ctx, w.commanded(t, r), form()))
		must("Redraw", w.client.Redraw(ctx, open(w), "", form()))
		must("Home", w.client.Home(ctx, alice, card.View{}))
		for _, channel := range []string{deploys, private} {
			place, err := w.client.Post(ctx, channel, "", question(), key("op1", 0))
			must("Post", err)
			must("Update", w.client.Update(ctx, place, edit(question())))
			_, _, err = w.client.Find(ctx, channel, "", key("op1", 0), time.Now())
			must("Find", err)
			_, _, err = w.client.Find(ctx, channel, place.TS, key("op1", 1), time.Now())
			must("Find in a thread", err)
			must("Upload", w.client.Upload(ctx, channel, place.TS, picture()))
			must("Whisper", w.client.Whisper(ctx, bot.Envelope{User: alice, Channel: channel}, words("x")))
			_, err = w.client.Room(ctx, channel)
			must("Room", err)
			must("click", w.Click(ctx, bob, channel, place.TS, "approve"))
			must("shortcut", w.UseShortcut(ctx, alice, channel, place.TS, slackapi.ShortcutOperation))
		}
		_, err = w.client.Person(ctx, bob, []string{leads})
		must("Person", err)
		must("opening the home tab", w.OpenHome(ctx, alice))
		_, err = w.Mention(ctx, alice, deploys, "", "status")
		must("mention", err)
		received(t, w, r, 7)
		kinds := map[bot.Input]int{}
		for _, e := range r.envelopes() {
			kinds[e.Kind]++
		}
		want := map[bot.Input]int{bot.InputCommand: 1, bot.InputClick: 2, bot.InputMessage: 2, bot.InputHome: 1, bot.InputMention: 1}
		if !maps.Equal(kinds, want) {
			t.Errorf("received %v, want %v", kinds, want)
		}
		for _, c := range w.Calls() {
			if c.Outcome != "ok" {
				t.Errorf("%s: %s", c.Method, c.Outcome)
			}
		}
	})
}

// open is the form that alice has open.
func open(w *world) string { shown, _ := w.Modal(alice); return shown.ID }
