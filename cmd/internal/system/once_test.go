package system

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// done is what ran once, in order.
func (st *stage) done() string {
	data, err := os.ReadFile(filepath.Join(st.dir, "done"))
	if err != nil {
		return ""
	}
	return strings.Join(strings.Split(strings.TrimSpace(string(data)), "\n"), ", ")
}

// once configures what runs once: each writes its name, first waits for a file go of its instance.
func (st *stage) once() {
	st.t.Helper()
	file := filepath.Join(st.dir, "done")
	st.edit("    run:\n", `    run:
      once:
        before: echo "before $REF" >> `+file+`
        first: echo "first on $INSTANCE_NAME" >> `+file+`; until test -e go; do sleep 0.1; done
        after: echo "after" >> `+file+"\n")
}

// Neither another attempt, nor another instance, nor a restarted bot repeats what runs once.
func TestWhatRunsOncePerRolloutRunsOnceThroughAKillAndARetry(t *testing.T) {
	t.Parallel()
	st := newStage(t, faulty("on_failure: ask", 3))
	st.once()
	st.put(0, "bad-v42", "")
	bot := st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.says("the card", st.card(ts), "Once: before anything leaves, on the bot's host; on the first instance that is drained; at the end, on the bot's host.",
		"What runs on the first instance (a migration) is not undone by a rollback.")
	st.clicks(lead, ts, "Approve")
	st.await("the migration runs", func() bool { return strings.Contains(st.done(), "first") })
	bot.kill()
	if len(st.ran(0)) > 0 {
		t.Error("the command ran before the migration was done")
	}
	st.bot()
	st.put(0, "go", "")
	st.shows(ts, "Waiting for a decision")
	st.says("the thread", st.thread(ts), "*once first*  done", "on web-1", "What ran once on the first instance (a migration) stays: a rollback does not undo it.")
	st.drop(0, "bad-v42")
	st.clicks(dev, ts, "Retry")
	st.shows(ts, "Succeeded")
	if done := st.done(); done != "before v42, first on web-1, after" {
		t.Errorf("once ran: %s", done)
	}
	if n := len(st.ran(0)); n != 2 {
		t.Errorf("the first instance's command ran %d times, not twice", n)
	}
	st.tells(ts, "A rollback does not undo it.")
	st.safe(mark)
}

func TestNothingLeavesUntilWhatRunsOnceBeforeHasSucceeded(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, free: true})
	broken := filepath.Join(st.dir, "broken")
	st.edit("    run:\n", "    run:\n      once: {before: \"if test -e "+broken+"; then echo no assets; exit 4; fi\"}\n")
	if err := os.WriteFile(broken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	st.bot()
	mark := st.w.Mark()
	ts := st.goes("web v42")
	st.shows(ts, "Waiting for a decision")
	st.says("the card", st.card(ts), "*once before failed*", "It exited *4*.", "Nothing leaves service meanwhile.")
	st.tells(ts, "no assets")
	if left := st.left(mark); left != "" {
		t.Errorf("left: %s", left)
	}
	if st.button(ts, "Retry") {
		t.Errorf("what runs once is offered again:\n%s", st.card(ts))
	}
	st.clicks(dev, ts, "Count it as done, go on") // somebody has done by hand what was left
	st.shows(ts, "Succeeded")
	st.onAll("v42")
}
