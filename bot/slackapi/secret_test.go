package slackapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"junban/bot"
	"junban/bot/slackapi"
	"junban/bot/slacksim"
)

func TestASecretPrintsAsSuch(t *testing.T) {
	s := slackapi.Secret(botToken)
	o := slackapi.Options{BotToken: s, AppToken: appToken}
	client := slackapi.New(o)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", &s)
		fmt.Fprintf(&out, verb+"\n", o)
		fmt.Fprintf(&out, verb+"\n", client)
		fmt.Fprintf(&out, verb+"\n", struct{ c *slackapi.Client }{client})
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("options", "options", o, "secret", s, "client", client)
	}
	if err := json.NewEncoder(&out).Encode(struct{ A, B any }{s, &s}); err != nil {
		t.Fatal(err)
	}
	mustContain(t, out.String(), "[secret]")
	mustHideTokens(t, out.String())
	if string(s) != botToken {
		t.Error("the token itself is lost")
	}
}

func mustHideTokens(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{"planted", fmt.Sprintf("%x", "planted"), "ticket=", "/response/"} {
		if strings.Contains(strings.ToLower(text), secret) {
			t.Errorf("%q is in:\n%s", secret, text)
		}
	}
}

// Whatever goes wrong, no token, ticket or response URL comes into an error or a log.
func TestNothingSecretIsTold(t *testing.T) {
	faults := map[string]slacksim.Fault{
		"cut": {Do: slacksim.CutBefore}, "garbled": {Do: slacksim.Garble}, "http 500": {Do: slacksim.ServerError},
		"hanging": {Do: slacksim.Hang, For: time.Minute}, "not found": {Do: slacksim.ServerError, Status: 404},
		"echo": {Do: slacksim.Refuse, Code: "bad_token_" + botToken + "_not_xoxp-9-planted-elsewhere_at_wss://wss.example/link/?ticket=1"},
		"auth": {Do: slacksim.Refuse, Code: "invalid_auth"}, "bad redirect": {Do: slacksim.ServerError, Status: 302},
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
				r := &receiver{answer: func(_ context.Context, e bot.Envelope) error { return errors.New("cannot store " + e.Response) }}
				ended, cancel := w.start(t, r)
				w.connected(t, 2)
				_, _ = w.Command(t.Context(), alice, deploys, "/deploy", "web")
				e := r.envelopes()[0]
				w.Inject(fault)
				w.Cut()
				var told []error
				_, err := w.client.Check(t.Context())
				told = append(told, err)
				_, err = w.client.Post(t.Context(), deploys, "", words("x"), key("op1", 0))
				told = append(told, err, w.client.Update(t.Context(), bot.Place{Channel: deploys, TS: "1.2"}, edit(words("x"))))
				_, _, err = w.client.Find(t.Context(), deploys, "", key("op1", 0), time.Now())
				told = append(told, err, w.client.Whisper(t.Context(), e, words("x")))
				e.User = ""
				told = append(told, w.client.Whisper(t.Context(), e, words("x")))
				_, err = w.client.Person(t.Context(), bob, []string{leads})
				told = append(told, err)
				time.Sleep(2 * time.Minute)
				cancel()
				told = append(told, <-ended)
				for _, err := range told {
					mustHideTokens(t, fmt.Sprintf("%v\n%+v\n%#v\n%q", err, err, err, err))
				}
				mustContain(t, w.logs.String(), "not taken")
				mustHideTokens(t, w.logs.String())
			})
		})
	}
}

// A websocket that cannot be opened names its address, which holds the ticket.
func TestTheTicketIsNotTold(t *testing.T) {
	inFakeTime(t, slacksim.Options{}, func(t *testing.T, w *world) {
		for _, fault := range []slacksim.Fault{{Do: slacksim.CutBefore}, {Do: slacksim.ServerError}} {
			fault.On, fault.Times = "link", 2
			w.Inject(fault)
		}
		w.start(t, &receiver{})
		w.connected(t, 2)
		mustContain(t, w.logs.String(), "no connection to Slack")
		mustHideTokens(t, w.logs.String())
	})
}
