package bot

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"junban/deploy"
)

// reminders runs only the reminders of a bot until stop.
func reminders(t *testing.T, b *Bot) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.remind(ctx) }()
	synctest.Wait()
	return func() { cancel(); <-done }
}

// What is held is spoken of once a day, in its service's channel, until it is back: whatever restarts between.
func TestWhatIsHeldIsSpokenOfOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m, chat := &actsDesk{}, &reviewMemory{m: map[string][]byte{}}, &actsChat{}
		d.add(actsOp("op-1", "web", "production", deploy.StateSucceeded))
		d.locks = []deploy.Lock{
			{Resource: "instance:i-2", Op: "op-1", By: "U0ALICE", Why: "new disk", Since: time.Now(), Hold: true},
			{Resource: "instance:i-3", Op: "op-2", By: "U0BOB", Since: time.Now()}, // of what runs
		}
		day := func(n int) {
			t.Helper()
			stop := reminders(t, actsBot(d, m, chat))
			time.Sleep(23*time.Hour + 30*time.Minute)
			stop() // and begins again, as if the bot had been restarted
			if len(chat.posted) != n {
				t.Fatalf("before a day is over: %v", chat.posted)
			}
			stop = reminders(t, actsBot(d, m, chat))
			time.Sleep(31 * time.Minute)
			stop()
		}
		day(0)
		if len(chat.posted) != 1 {
			t.Fatalf("after a day: %v", chat.posted)
		}
		for _, word := range []string{"C1: ", "i-2 of web in production", "U0ALICE", "new disk", "for 1 day", "/deploy restore web on i-2 to production"} {
			if !strings.Contains(chat.posted[0], word) {
				t.Errorf("it does not say %q: %s", word, chat.posted[0])
			}
		}
		day(1)
		if len(chat.posted) != 2 || !strings.Contains(chat.posted[1], "2 days") {
			t.Fatalf("after two days: %v", chat.posted)
		}
		d.locks = nil // restored
		stop := reminders(t, actsBot(d, m, chat))
		time.Sleep(72 * time.Hour)
		stop()
		if len(chat.posted) != 2 {
			t.Errorf("it is back, and is still spoken of: %v", chat.posted[2:])
		}
		if _, kept, _ := m.Get(t.Context(), remindedTable, "instance:i-2 op-1"); kept {
			t.Error("the note of what is back is kept")
		}
	})
}

// A reminder that Slack does not take is said as soon as it does.
func TestAReminderThatSlackDoesNotTakeIsSaidLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, m, chat := &actsDesk{}, &reviewMemory{m: map[string][]byte{}}, &actsChat{fail: errors.New("Slack is down")}
		d.add(actsOp("op-1", "web", "", deploy.StateSucceeded))
		d.locks = []deploy.Lock{
			{Resource: "group:arn:a", Op: "op-1", By: "U0ALICE", Why: "audit", Since: time.Now().Add(-25 * time.Hour), Hold: true},
			{Resource: "group:arn:b", Op: "op-1", By: "U0ALICE", Why: "audit", Since: time.Now().Add(-25 * time.Hour), Hold: true},
			{Resource: "instance:i-2", Op: "op-9", By: "U0ALICE", Since: time.Now().Add(-49 * time.Hour), Hold: true}, // its operation cannot be read
		}
		stop := reminders(t, actsBot(d, m, chat))
		time.Sleep(time.Hour)
		chat.mend()
		time.Sleep(6 * time.Minute)
		stop()
		if len(chat.posted) != 1 {
			t.Fatalf("said %v", chat.posted)
		}
		if n := strings.Count(chat.posted[0], "web is still locked"); n != 1 {
			t.Errorf("one lock is spoken of %d times: %s", n, chat.posted[0])
		}
		for _, word := range []string{"web is still locked", "audit", "/deploy unlock web", "i-2 is still out of service", "for 2 days", "op-9"} {
			if !strings.Contains(chat.posted[0], word) {
				t.Errorf("it does not say %q: %s", word, chat.posted[0])
			}
		}
	})
}
