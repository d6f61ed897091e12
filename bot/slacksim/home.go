package slacksim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// OpenHome opens the home tab of the app that has one. The app gets app_home_opened in the background if it subscribes
// to it, with the view if one was published. [Workspace.Home] reads what the tab shows.
func (w *Workspace) OpenHome(_ context.Context, userID string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.appWithHome()
	switch {
	case w.users[userID] == nil:
		return fmt.Errorf("opening the home tab: there is no user %q", userID)
	case a == nil:
		return errors.New("opening the home tab: no app has one")
	case w.outage:
		return fmt.Errorf("opening the home tab: %w", ErrOutage)
	case !slices.Contains(a.Events, "app_home_opened"):
		return nil
	}
	event := map[string]any{
		"type": "app_home_opened", "user": userID, "channel": "D" + strings.TrimPrefix(userID, "U"),
		"tab": homeView, "event_ts": w.stamp(),
	}
	if v, ok := w.homes[homeOf{a.AppID, userID}]; ok {
		event["view"] = w.wireView(v, true)
	}
	w.emit(a, w.eventPayload(a, false, event))
	return nil
}

// appWithHome answers the first app with a home tab, or nil. The caller holds mu.
func (w *Workspace) appWithHome() *app {
	for _, a := range w.apps {
		if a.HomeTab {
			return a
		}
	}
	return nil
}
