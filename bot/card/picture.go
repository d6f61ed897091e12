package card

import (
	"time"

	"junban/bot/timeline"
	"junban/deploy"
)

// Picture is what the timeline of an operation needs besides its events.
func (w Voice) Picture(o deploy.Operation, zone *time.Location, now time.Time) timeline.Picture {
	return timeline.Picture{Title: w.Title(o), Words: w.pictureWords(), Zone: zone, Now: now}
}

// pictured are the keys of what a lane and an operation may come to in a picture.
var pictured = struct{ outcomes, statuses []string }{
	[]string{
		"requested", "approved", "queued", "rolling", "paused", "succeeded", "failed", "aborted", "denied", "expired", "withdrawn",
		"rolled back", "rolling back", "aborting", "undecided",
	},
	[]string{
		"healthy", "done", "rolled back", "put back", "held", "skipped", "stopped", "terminated", "vanished", "unknown", "failed", "waiting",
		"draining", "drained", "deployed", "deploying", "rolling back", "verifying", "registering", "running",
	},
}

func (w Voice) pictureWords() timeline.Words {
	table := func(family string, keys []string) map[string]string {
		out := map[string]string{}
		for _, k := range keys {
			out[k] = w.word(family, k)
		}
		return out
	}
	return timeline.Words{
		Drain: w.Line("picture.drain"), Command: w.Line("picture.command"), Verify: w.Line("picture.verify"),
		Health: w.Line("picture.health"), RollBack: w.Line("picture.rollback"), Undecided: w.Line("picture.undecided"),
		Out: w.Line("picture.out"), Paused: w.Line("picture.paused"), Started: w.Line("picture.started"),
		Requested: w.Line("picture.requested"), Failed: w.Line("picture.failed"), Unknown: w.Line("picture.unknown"),
		Decided: w.Line("picture.decided"), Restarted: w.Line("picture.restarted"), Aborted: w.Line("picture.aborted"),
		Turned: w.Line("picture.turned"), Whole: w.Line("picture.whole"), Before: w.Line("picture.before"),
		First: w.Line("picture.first"), After: w.Line("picture.after"),
		Outcome: table("picture.outcome", pictured.outcomes), Status: table("picture.status", pictured.statuses),
	}
}
