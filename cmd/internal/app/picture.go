package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"junban/bot/card"
	"junban/bot/timeline"
	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/engine"
)

// Picture is the timeline of one operation.
type Picture struct {
	Op  deploy.ID `json:"op"`
	PNG []byte    `json:"png"`
}

// ReadPicture asks the running bot for the picture of an operation, or, with none running, draws it from its store.
func ReadPicture(ctx context.Context, path string, id deploy.ID) (p Picture, err error) {
	what := "/picture?" + url.Values{"op": {string(id)}}.Encode()
	_, err = read(ctx, path, what, &p, func(j journal, c *config.Config) (err error) {
		p, err = readPicture(ctx, j.Load, id, voiceOf(c), c.Zone)
		return err
	})
	return p, err
}

// readPicture draws an operation from its events, as load gives them.
func readPicture(ctx context.Context, load func(context.Context, deploy.ID) ([]deploy.Event, error), id deploy.ID, voice card.Voice, zone *time.Location) (Picture, error) {
	events, err := load(ctx, id)
	switch {
	case errors.Is(err, engine.ErrNotFound):
		return Picture{}, &Refused{Why: fmt.Sprintf("There is no operation %q. The last ones, with their ids, are listed by:", id), Accept: "junban history", status: http.StatusNotFound}
	case err != nil:
		return Picture{}, fmt.Errorf("reading the events of %s: %w", id, err)
	}
	op, err := deploy.Replay(events)
	if err != nil {
		return Picture{}, fmt.Errorf("reading the events of %s: %w", id, err)
	}
	png, err := timeline.Draw(voice.Picture(op, zone, time.Now()), events)
	return Picture{Op: op.ID, PNG: png}, err
}
