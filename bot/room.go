package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// here refuses what was done in a channel where nothing is taken: one that the configuration does not name, or, where it
// names none, one that another organisation's people share, who could press its buttons.
func (b *Bot) here(ctx context.Context, e Envelope) error {
	switch {
	case e.Channel == "": // a form, or a home tab
		return nil
	case slices.Contains(b.Channels, e.Channel):
		return nil
	case len(b.Channels) > 0:
		return fault("mistake.not_here", "channels", strings.Join(b.Channels, ", "))
	case b.Where == nil:
		return nil
	}
	room, err := b.Where.Room(ctx, e.Channel)
	if err != nil {
		return fmt.Errorf("asking Slack what this channel is: %w", err)
	}
	if room.Shared {
		return fault("mistake.shared", "channel", e.Channel)
	}
	return nil
}
