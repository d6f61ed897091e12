package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const (
	// restartAfter is systemd's RestartSec.
	restartAfter = 2 * time.Second
	// endWithin is systemd's TimeoutStopSec.
	endWithin = 10 * time.Second
	// A bot that dies by itself so often within a quiet life each is broken: starting it again would never end.
	quickDeaths = 3
	quietLife   = 10 * time.Second
	// lastLines is how much of its log is shown then, in bytes.
	lastLines = 4 << 10
)

// botState is what the page shows of the bot.
type botState struct {
	State    string `json:"state"` // running, down or starting
	PID      int    `json:"pid"`   // 0 when down
	Restarts int    `json:"restarts"`
}

// keeper keeps the bot running, as an init system does. It is safe for concurrent use.
type keeper struct {
	command   func() (*exec.Cmd, error) // a new child, not started
	connected func() bool               // whether the bot is in Slack
	log       string                    // the file that the bot's log goes to
	err       io.Writer                 // where an unexpected end is told
	pause     time.Duration             // between a death and the next start
	patience  time.Duration             // with a bot that shall end

	mu       sync.Mutex
	process  *os.Process // nil when down
	killed   bool        // by us: nothing to be told
	restarts int
}

// run starts the bot and starts it again when it dies, until ctx is done; then it ends it and waits for it.
func (k *keeper) run(ctx context.Context) error {
	for quick := 0; ; {
		began := time.Now()
		err := k.live(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the end that was asked for
		}
		if k.wasKilled() {
			quick = 0
		} else {
			fmt.Fprintf(k.err, "The bot died by itself (%v); the end of its log:\n%s\n", err, k.tail())
			if quick++; time.Since(began) > quietLife {
				quick = 1
			}
			if quick == quickDeaths {
				return fmt.Errorf("it died %d times in a row", quick)
			}
		}
		select {
		case <-time.After(k.pause):
		case <-ctx.Done():
			return nil
		}
		k.mu.Lock()
		k.restarts++
		k.mu.Unlock()
	}
}

// live is one life of the bot.
func (k *keeper) live(ctx context.Context) error {
	cmd, err := k.command()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(k.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the bot's log: %w", err)
	}
	defer log.Close()
	parent, err := cmd.StdinPipe() // kept open: its end tells the bot that we are gone
	if err != nil {
		return fmt.Errorf("starting the bot: %w", err)
	}
	defer parent.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt from the terminal is for us
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the bot: %w", err)
	}
	k.set(cmd.Process)
	defer k.set(nil)

	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended
	late := time.NewTimer(k.patience)
	defer late.Stop()
	select {
	case err := <-ended:
		return err
	case <-late.C:
		_ = cmd.Process.Kill()
		return <-ended
	}
}

func (k *keeper) set(p *os.Process) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.process = p
	if p != nil {
		k.killed = false
	}
}

// kill ends the bot as kill -9 does.
func (k *keeper) kill() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.process == nil {
		return errors.New("the bot is down already")
	}
	k.killed = true
	if err := k.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("killing the bot: %w", err)
	}
	return nil
}

func (k *keeper) wasKilled() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.killed
}

// state is the bot as of now: it runs when it is in Slack.
func (k *keeper) state() botState {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := botState{State: "down", Restarts: k.restarts}
	if k.process == nil {
		return s
	}
	s.State, s.PID = "starting", k.process.Pid
	if k.connected() {
		s.State = "running"
	}
	return s
}

// tail is the end of the bot's log.
func (k *keeper) tail() string {
	text, err := os.ReadFile(k.log)
	if err != nil {
		return err.Error()
	}
	if len(text) > lastLines {
		text = text[len(text)-lastLines:]
		if _, rest, ok := bytes.Cut(text, []byte("\n")); ok {
			text = rest
		}
	}
	return string(text)
}
