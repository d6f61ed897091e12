package system

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"junban/cmd/internal/app"
)

// bot runs the bot in this process until the test ends or stop is called.
func (st *stage) bot() (stop func()) {
	st.t.Helper()
	for k, v := range st.env() {
		st.t.Setenv(k, v)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a, err := app.New(ctx, app.Options{
		Config: st.config(), BotToken: "xoxb-test-token", AppToken: "xapp-test-token", SlackAPI: st.apiAt,
		Log: slog.New(slog.NewTextHandler(testWriter{st.t}, &slog.HandlerOptions{Level: slog.LevelInfo})),
	})
	if err != nil {
		cancel()
		st.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			st.t.Errorf("the bot ended: %v", err)
		}
	}
	st.t.Cleanup(stop)
	st.connected()
	return stop
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func TestFromASlashCommandToTheLastHealthyInstance(t *testing.T) {
	st := newStage(t, setup{})
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.shows(ts, "[Approve]")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Succeeded")
	st.safe(mark)
	for n := range st.ids {
		if ran := st.ran(n); len(ran) != 1 || !strings.HasSuffix(ran[0], " v42") {
			t.Errorf("instance %d ran %v", n, ran)
		}
	}
	if strings.Contains(st.card(ts), "[Approve]") || strings.Contains(st.card(ts), "[Abort]") {
		t.Errorf("an ended operation has buttons:\n%s", st.card(ts))
	}
	t.Log("\n" + st.transcript())
}
