package bot

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// noUploads are panels that take no file.
type noUploads struct {
	Panels
	tried int
}

func (p *noUploads) Upload(context.Context, string, string, File) error {
	p.tried++
	return errors.New("missing_scope")
}

// Neither an answer to a bot nor a picture that Slack refuses holds up what is told of the operation.
func TestWhatComesBesideTheConversationHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRollout(t, 2)
		r.stop()
		answers, panels := 0, &noUploads{}
		r.chat.answer = func(k Key) (bool, error) {
			if k.Op == "" { // no message of the operation: the answer
				answers++
				return false, errors.New("not_in_channel")
			}
			return true, nil
		}
		if err := r.bot.waitsFor(t.Context(), rolled, asker{Place: Place{"C0CI", "1.1"}}); err != nil {
			t.Fatal(err)
		}
		r.bot = New(Options{Desk: r, Chat: r.chat, Panels: panels, Directory: reviewPeople{}, Memory: r.memory, Rooms: reviewRooms{}, Slash: "/deploy"})
		r.stop = r.bot.reviewRun(t)
		r.whole()
		time.Sleep(time.Minute)
		r.stop()
		r.ended()
		if answers < 2 || answers > 3*mostTries || panels.tried != mostTries { // an edit between two tries gives it more
			t.Errorf("the answer was tried %d times, the picture %d times", answers, panels.tried)
		}
	})
}
