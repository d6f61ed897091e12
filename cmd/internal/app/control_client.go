package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"junban/cmd/internal/config"
	"junban/deploy"
)

// Way leads to the control socket of a running bot.
type Way struct {
	Config string // deploy.yaml, which says where the store is, and so the socket
	Socket string // the socket itself; "" = as the configuration says
}

func (w Way) path() (string, error) {
	if w.Socket != "" {
		return w.Socket, nil
	}
	c, err := config.Load(w.Config)
	if err != nil {
		return "", err
	}
	return socketPath(c.Store.Bolt), nil
}

// answerWithin bounds the wait for an order's answer: AWS is read for a plan, and Slack may have to be given up on.
const answerWithin = 2 * time.Minute

// Do gives an order to the running bot. A *Refused error is its no; any other says that there was no answer.
func (w Way) Do(ctx context.Context, o Order) (Receipt, error) {
	var r Receipt
	body, err := json.Marshal(o)
	if err != nil {
		return r, fmt.Errorf("writing the order: %w", err)
	}
	return r, w.call(ctx, http.MethodPost, "/do", body, answerWithin, &r)
}

// patience is how long Follow waits for a bot that went away: a restart goes on with what runs.
const patience = 2 * time.Minute

// Follow tells the lines of an operation's thread as they come, until the operation has finished. It outlasts a restart
// of the bot.
func (w Way) Follow(ctx context.Context, id deploy.ID, tell func(line string)) (deploy.Row, error) {
	var row deploy.Row
	path, err := w.path()
	if err != nil {
		return row, err
	}
	w.Socket = path    // a file that is being edited meanwhile is not asked again
	var gone time.Time // since when nobody answers
	for {
		var p Progress
		what := "/follow?" + url.Values{"op": {string(id)}, "after": {strconv.Itoa(row.Head)}}.Encode()
		err := w.call(ctx, http.MethodGet, what, nil, holdFor+10*time.Second, &p)
		no, refused := errors.AsType[*Refused](err)
		switch {
		case err == nil:
			row, gone = p.Operation, time.Time{}
			for _, l := range p.Lines {
				tell(l)
			}
			if row.State.Finished() {
				return row, nil
			}
			continue
		case ctx.Err() != nil:
			return row, fmt.Errorf("no longer waiting; %s goes on", id)
		case refused && no.status != http.StatusServiceUnavailable:
			return row, err
		case gone.IsZero():
			gone = time.Now()
			tell("The bot does not answer; waiting for it.")
		case time.Since(gone) > patience:
			return row, fmt.Errorf("the bot has not answered for %s; %s goes on when it is started again: %w", patience, id, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

func (w Way) call(ctx context.Context, method, what string, body []byte, within time.Duration, into any) error {
	path, err := w.path()
	if err != nil {
		return err
	}
	if len(path) > longestSocket {
		return fmt.Errorf("the control socket's path %s is %d bytes long, and systems take %d", path, len(path), longestSocket)
	}
	client := dialing(path)
	client.Timeout = within
	req, err := http.NewRequestWithContext(ctx, method, "http://junban"+what, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return unreached(path, err)
	}
	defer res.Body.Close()
	return heard(res, into)
}

// unreached says why nobody answered, and what to do.
func unreached(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no bot is running: nobody listens at %s; `junban run` starts one", path)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("you may not connect to %s: once deploy.yaml has `operators`, the group of the socket's folder may, so be in that group; else only the bot's own user and root", path)
	}
	return fmt.Errorf("asking the running bot: %w", err)
}
