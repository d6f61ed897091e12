// Package sent shows what slackapi sends to Slack for a message or a view, byte for byte.
//
// It is made for tests, and sends nothing to anybody: what stands for Slack takes all there is and judges nothing.
package sent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"junban/bot"
	"junban/bot/card"
	"junban/bot/slackapi"
)

// Message is what chat.postMessage is given: {text, blocks, attachments}, as far as they are sent.
func Message(ctx context.Context, m card.Message) (json.RawMessage, error) {
	form, err := capture(func(c *slackapi.Client) error {
		_, err := c.Post(ctx, "C0DEPLOYS", "", m, bot.Key{Op: "261121-090000-abc"})
		return err
	})
	if err != nil {
		return nil, err
	}
	payload := map[string]json.RawMessage{}
	for _, key := range []string{"blocks", "attachments"} {
		if form.Has(key) {
			payload[key] = json.RawMessage(form.Get(key))
		}
	}
	if form.Has("text") {
		payload["text"] = quoted(form.Get("text"))
	}
	return marshal(payload)
}

// Modal is the view that views.open is given.
func Modal(ctx context.Context, v card.View) (json.RawMessage, error) {
	return view(func(c *slackapi.Client) error { return c.Open(ctx, bot.Envelope{User: "U0ALICE", Trigger: "1.2.3"}, v) })
}

// Home is the view that views.publish is given.
func Home(ctx context.Context, v card.View) (json.RawMessage, error) {
	return view(func(c *slackapi.Client) error { return c.Home(ctx, "U0ALICE", v) })
}

func view(send func(*slackapi.Client) error) (json.RawMessage, error) {
	form, err := capture(send)
	return json.RawMessage(form.Get("view")), err
}

func quoted(s string) json.RawMessage {
	data, _ := json.Marshal(s) // a string: cannot fail
	return data
}

func marshal(v any) (json.RawMessage, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("reading what was sent: %w", err)
	}
	return data, nil
}

// capture sends by a client of its own, so that no rate holds it back, and answers the parameters of its one call.
func capture(send func(*slackapi.Client) error) (url.Values, error) {
	r := &recorder{}
	err := send(slackapi.New(slackapi.Options{BotToken: "xoxb-none", AppToken: "xapp-none", APIURL: "http://slack.invalid/api/", HTTP: &http.Client{Transport: r}}))
	return r.form, err
}

// recorder stands for Slack. It is used by one goroutine at a time.
type recorder struct{ form url.Values }

// RoundTrip takes down a call's parameters, whether they come as a form or as JSON, and answers that all is well.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.form = url.Values{}
	if strings.HasPrefix(req.Header.Get("Content-Type"), "application/json") {
		var all map[string]json.RawMessage
		if err := json.Unmarshal(body, &all); err != nil {
			return nil, err
		}
		for key, value := range all {
			r.form.Set(key, string(value))
		}
	} else if r.form, err = url.ParseQuery(string(body)); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: req,
		Body: io.NopCloser(strings.NewReader(`{"ok":true,"channel":"C0DEPLOYS","ts":"1.2","view":{"id":"V1"}}`)),
	}, nil
}
