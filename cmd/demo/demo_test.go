package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"junban/deploy/awssim/traffic"
)

func TestMain(m *testing.M) {
	switch {
	case isBot(): // the demo under test has started itself again
		os.Exit(botMain())
	case os.Getenv(orphanMark) != "":
		os.Exit(orphanMain())
	}
	goleak.VerifyTestMain(m)
}

// stage is a running demo.
type stage struct {
	*demo
	t   *testing.T
	ctx context.Context
}

// quick are the shortest times that AWS's API can tell.
func quick(instances int) flags {
	return flags{
		Instances: instances, DeregistrationDelay: time.Second, HealthInterval: time.Second, Language: "en",
		HTTP: "127.0.0.1:0", AWS: "127.0.0.1:0", Slack: "127.0.0.1:0", Service: "127.0.0.1:0",
	}
}

// layOut lays a demo out on ports of its own.
func layOut(t *testing.T, o options) *demo {
	t.Helper()
	var err error
	if o.doors, err = listen(t.Context(), o.flags); err != nil {
		t.Fatal(err)
	}
	if o.out == nil {
		o.out = t.Output()
	}
	o.err = t.Output()
	d, err := newDemo(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// nobody stands in for the bot where a test does not need one: a process that waits to be ended.
func nobody(string) (*exec.Cmd, error) { return exec.Command("cat"), nil }

// perform runs a demo until the test's end. Its folder must be gone then.
func perform(t *testing.T, o options) *stage {
	t.Helper()
	d := layOut(t, o)
	ctx, cancel := context.WithCancel(context.Background())
	s := &stage{demo: d, t: t}
	up, over := make(chan struct{}), make(chan error, 1)
	go func() {
		over <- d.run(ctx, func(ctx context.Context) error {
			s.ctx = ctx
			close(up)
			<-ctx.Done()
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-over; err != nil {
			t.Errorf("the demo ended: %v", err)
		}
		if _, err := os.Stat(d.dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the demo's folder is still there: %v", err)
		}
	})
	select {
	case <-up:
	case err := <-over:
		over <- err
		t.FailNow()
	}
	return s
}

// until waits for a state, asking again at each beat of the picture.
func (s *stage) until(what string, ok func() bool) {
	s.t.Helper()
	late := time.After(60 * time.Second)
	for {
		next := s.live.next()
		if ok() {
			return
		}
		select {
		case <-next:
		case <-late:
			s.t.Fatalf("waited in vain until %s: %+v\nthe bot's log:\n%s", what, s.live.state(), s.keep.tail())
		}
	}
}

// seen waits until the public has come n times more.
func (s *stage) seen(n int64) traffic.Snapshot {
	s.t.Helper()
	from := s.fleet.public.Snapshot().Requests
	s.until("the public came", func() bool { return s.fleet.public.Snapshot().Requests >= from+n })
	return s.fleet.public.Snapshot()
}

// buffer is an output that a test reads while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
