// Package timeline draws the picture of an operation from its journal: a lane for each instance, a bar for each thing
// that was done to it, and a sign where something failed or somebody decided. It is pure: the same events give the same
// bytes. It knows no language and no clock, and must never refuse to draw what the journal holds.
package timeline

import (
	"bytes"
	"fmt"
	"image/png"
	"time"

	"junban/deploy"
)

// Picture is what a timeline needs besides the events.
type Picture struct {
	Title string         // what the operation is, in one line: card.Title says it
	Words Words          // of the reader's language
	Zone  *time.Location // of the wall time at which it started; nil = UTC
	Now   time.Time      // where the picture of an operation ends that has not finished
}

// Words are all words in a picture. What has none is drawn without one.
type Words struct {
	Drain, Command, Verify, Health, RollBack string // what is done to an instance: the colours of the bars
	Undecided, Out, Paused                   string // waits for a decision; out of service, and nothing is done; somebody paused the operation
	Started, Requested                       string // before the wall time of the start; of the request, if it never started
	Failed, Unknown, Decided                 string // signs on a lane; Unknown: nobody can say whether the command runs
	Restarted, Aborted, Turned               string // signs across all lanes: a new bot, the end in order, back to the ref before
	Whole                                    string // the lane of what concerns all
	Before, First, After                     string // the lanes of what is done once
	// Outcome is what became of the operation, by what Outcome says; Status of a lane, by what deploy.LaneState.Status
	// says, and "put back". A key that is missing is drawn as it is.
	Outcome, Status map[string]string
}

// Width of every picture in pixels: what is drawn for it is legible when a phone shows it 390 px wide.
const Width = 1080

// MaxHeight of a picture in pixels, however many instances there are.
const MaxHeight = 4000

// Draw draws an operation as a PNG. It fails if the events are no journal of an operation.
func Draw(p Picture, events []deploy.Event) ([]byte, error) {
	c, err := paint(p, events)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, c.img); err != nil {
		return nil, fmt.Errorf("drawing the timeline: %w", err)
	}
	return out.Bytes(), nil
}

// paint is Draw before it is packed.
func paint(p Picture, events []deploy.Event) (*canvas, error) {
	s, err := tell(events, p.Now)
	if err != nil {
		return nil, fmt.Errorf("drawing the timeline: %w", err)
	}
	if p.Zone == nil {
		p.Zone = time.UTC
	}
	t, err := newTypeface()
	if err != nil {
		return nil, err
	}
	return newSheet(p, s, t).draw(), nil
}

// word is a word of a table, or its key.
func word(table map[string]string, key string) string {
	if w, ok := table[key]; ok {
		return w
	}
	return key
}

// Outcome says in one key what became of an operation: its state, or what is more than its state says: rolled back,
// rolling back, aborting, undecided (it waits for a person).
func Outcome(o deploy.Operation) string {
	switch {
	case o.State.Finished() && o.Cause.Code == deploy.RolledBack:
		return "rolled back"
	case !o.State.Rolling():
		return string(o.State)
	case len(o.Undecided()) > 0, o.Asked.Code != "":
		return "undecided"
	case o.TurnedBack():
		return "rolling back"
	case o.Aborting():
		return "aborting"
	}
	return string(o.State)
}
