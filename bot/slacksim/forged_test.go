package slacksim_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/slack-go/slack"

	"junban/bot/slacksim"
)

func TestForgedFormsReachTheAppAndChangeNoView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := overPipes(t, slacksim.Options{NoRates: true})
		f := &former{answer: obj("response_action", "errors", "errors", obj("nowhere", "No."))}
		f.start(t, p)
		f.open(t, p)
		sent, err := p.SubmitForged(t.Context(), bob, slacksim.Forged{Callback: "root", Private: "{", Values: map[string]string{"ref": "v42"}})
		if err != nil || sent.Closed || sent.Errors["nowhere"] != "No." {
			t.Errorf("%+v %v", sent, err)
		}
		got := f.last()
		if got.Type != slack.InteractionTypeViewSubmission || got.User.ID != bob || got.View.CallbackID != "root" || got.View.PrivateMetadata != "{" ||
			got.View.State.Values["ref"]["forged"].Value != "v42" {
			t.Errorf("the app got %+v", got)
		}
		if err := p.ClickInForged(t.Context(), bob, slacksim.Forged{}, "approve", "{}"); err != nil {
			t.Fatal(err)
		}
		if got := f.last(); got.View.Type != slack.VTHomeTab || got.ActionCallback.BlockActions[0].ActionID != "approve" || got.ActionCallback.BlockActions[0].Value != "{}" {
			t.Errorf("the app got %+v", got)
		}
		if n := len(p.Modals(bob)); n != 0 || len(p.Modals(alice)) != 1 {
			t.Errorf("%d forms are open for somebody who opened none", n)
		}
		p.SetOutage(true)
		if _, err := p.SubmitForged(t.Context(), bob, slacksim.Forged{}); !errors.Is(err, slacksim.ErrOutage) {
			t.Errorf("while Slack is down: %v", err)
		}
	})
}
