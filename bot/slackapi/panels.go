package slackapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"junban/bot"
	"junban/bot/card"
)

var _ bot.Panels = (*Client)(nil)

// triggerLife is how long a trigger opens a form: docs.slack.dev/interactivity/handling-user-interaction.
const triggerLife = 3 * time.Second

// maxAlt is how many characters may say what a file shows: docs.slack.dev/reference/methods/files.getUploadURLExternal.
const maxAlt = 1000

// Open shows a form to whoever sent the envelope. It is tried once: a trigger opens one form only, so that after a lost
// answer nobody can say whether it is open. bot.ErrGone: there is no trigger, it is used up, or it is older than three
// seconds, also when it would be by the time of its turn at Slack's rates.
func (c *Client) Open(ctx context.Context, e bot.Envelope, v card.View) error {
	doing := "opening a form for " + e.User
	view, err := modal(v, maxViewChars)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if e.Trigger == "" {
		return fmt.Errorf("%w: %s: the envelope has no trigger", bot.ErrGone, doing)
	}
	turn := ctx
	if !e.At.IsZero() {
		var cancel context.CancelFunc
		turn, cancel = context.WithDeadline(ctx, e.At.Add(triggerLife))
		defer cancel()
	}
	asked, err := c.once(turn, c.paces.viewOpen, newTurn("", true), func(context.Context) error {
		// the trigger's deadline is Slack's to judge once it is asked
		answer, err := c.api.OpenViewContext(ctx, e.Trigger, view)
		if err == nil && answer.ID == "" {
			return errHollow
		}
		return err
	})
	switch {
	case err == nil:
		return nil
	case ctx.Err() == nil && (!asked || passed(judge(err))):
		return fmt.Errorf("%w: %w", bot.ErrGone, c.told(doing, err))
	}
	return c.told(doing, err)
}

// Redraw replaces a form that is open. Transient errors are tried again, four tries in all; twice does no harm. With a
// hash, bot.ErrGone may also mean that an earlier try, whose answer was lost, has changed it.
func (c *Client) Redraw(ctx context.Context, id, hash string, v card.View) error {
	doing := "redrawing form " + id
	view, err := modal(v, maxViewChars)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	err = c.againAs(ctx, c.paces.viewUpdate, newTurn(id, true), func(ctx context.Context) error {
		answer, err := c.api.UpdateViewContext(ctx, view, "", hash, id)
		if err == nil && answer.ID == "" {
			return errHollow
		}
		return err
	})
	switch {
	case err == nil:
		return nil
	case passed(judge(err)):
		return fmt.Errorf("%w: %w", bot.ErrGone, c.told(doing, err))
	}
	return c.told(doing, err)
}

// Home replaces a person's home tab. Transient errors are tried again, four tries in all; twice does no harm.
func (c *Client) Home(ctx context.Context, user string, v card.View) error {
	doing := "drawing the home tab of " + user
	view, err := homeTab(v)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	err = c.againAs(ctx, c.paces.viewPublish, newTurn(user, false), func(ctx context.Context) error {
		answer, err := c.api.PublishViewContext(ctx, slack.PublishViewContextRequest{UserID: user, View: view})
		if err == nil && answer.ID == "" {
			return errHollow
		}
		return err
	})
	if err != nil {
		return c.told(doing, err)
	}
	return nil
}

// Upload posts a file into a channel, into a thread if one is named, in the three steps of
// docs.slack.dev/messaging/working-with-files: an address, the bytes, and the word that they are all there, which posts
// the file. The last is said once: bot.ErrUnclear says that Slack may have posted it. Any other error means that
// nothing was posted.
func (c *Client) Upload(ctx context.Context, channel, thread string, f bot.File) error {
	doing := fmt.Sprintf("uploading %s to %s", f.Name, channel)
	if f.Name == "" || len(f.Data) == 0 {
		return fmt.Errorf("%s: %w", doing, errors.New("a file must have a name and hold something"))
	}
	var id string
	err := c.again(ctx, c.paces.fileAddress, func(ctx context.Context) error {
		answer, err := c.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{
			FileName: f.Name, FileSize: len(f.Data), AltTxt: firstRunes(clean(f.Alt), maxAlt),
		})
		if err != nil {
			return err
		}
		if answer.FileID == "" || answer.UploadURL == "" {
			return errHollow
		}
		id = answer.FileID
		return c.api.UploadToURL(ctx, slack.UploadToURLParameters{UploadURL: answer.UploadURL, Reader: bytes.NewReader(f.Data), Filename: f.Name})
	})
	if err != nil {
		return c.told(doing, err)
	}
	asked, err := c.once(ctx, c.paces.fileDone, newTurn(thread, false), func(ctx context.Context) error {
		answer, err := c.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
			Files: []slack.FileSummary{{ID: id, Title: clean(f.Title)}}, Channel: channel, ThreadTimestamp: thread,
		})
		if err == nil && len(answer.Files) == 0 {
			return errHollow
		}
		return err
	})
	switch {
	case err == nil:
		return nil
	case asked && judge(err).kind == unclear:
		return fmt.Errorf("%w: %w", bot.ErrUnclear, c.told(doing, err))
	}
	return c.told(doing, err)
}
