package store_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"

	"junban/deploy"
	"junban/deploy/engine"
	"junban/store"
)

// The test binary starts itself again as the other process; these variables tell it what to be.
const (
	roleVariable = "JUNBAN_STORE_TEST_ROLE"
	pathVariable = "JUNBAN_STORE_TEST_PATH"
	argVariable  = "JUNBAN_STORE_TEST_ARG"
)

// process is a child. Its lines come out of told; closing stdin asks it to end.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	told  *bufio.Scanner
}

func begin(t *testing.T, role, path, arg string) *process {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, pathVariable+"="+path, argVariable+"="+arg)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	must(t, err)
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill() // if the test has failed before it ended
		_ = cmd.Wait()
	})
	return &process{cmd, stdin, bufio.NewScanner(stdout)}
}

// hear waits for one line.
func (p *process) hear(t *testing.T) string {
	t.Helper()
	if !p.told.Scan() {
		t.Fatalf("the child ended: %v, %v", p.told.Err(), p.cmd.Wait())
	}
	return p.told.Text()
}

func (p *process) end(t *testing.T) {
	t.Helper()
	must(t, p.stdin.Close())
	for p.told.Scan() {
	}
	must(t, p.cmd.Wait())
}

// child is the other process's main.
func child(role string) int {
	path, arg := os.Getenv(pathVariable), os.Getenv(argVariable)
	roles := map[string]func(path, arg string) error{
		"hold": childHold, "read": childRead, "create": childCreate, "append": childAppend, "full": childFull,
	}
	if err := roles[role](path, arg); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		return 1
	}
	return 0
}

// childHold has the store open until it is told to end.
func childHold(path, _ string) error {
	s, err := store.Open(path, store.Options{})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return s.Close()
}

func childRead(path, _ string) error {
	r, err := store.OpenReader(path)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return r.Close()
}

// childCreate is killed at a step of making a store.
func childCreate(path, step string) error {
	err := store.Create(path, func(reached string) {
		fmt.Println(reached)
		if reached == step {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // until it arrives
		}
	})
	return errors.Join(err, fmt.Errorf("%s was never reached", step))
}

// childAppend writes for ever, and tells each write after it was acknowledged to it.
func childAppend(path, name string) error {
	s, err := store.Open(path, store.Options{})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	tell := func(words ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(words...)
	}
	failed := make(chan error)
	for w := range 3 {
		go func() {
			for n := 0; ; n++ {
				op := deploy.ID(fmt.Sprintf("%s-w%d-%d", name, w, n))
				err := run(context.Background(), s, op, fmt.Sprint("i-", w, "-", name), 6, true, func(seq int) { tell("event", op, seq) })
				if err != nil {
					failed <- err
				}
				key := fmt.Sprint(name, " ", w, " ", n)
				created, err := s.Create(context.Background(), "seen", key, []byte(key))
				if err != nil || !created {
					failed <- fmt.Errorf("create %s: %v, %w", key, created, err)
				}
				tell("created", key)
			}
		}()
	}
	return <-failed
}

// childFull fills the disk, as far as this process goes: its files must not grow.
func childFull(path, _ string) error {
	s, err := store.Open(path, store.Options{})
	if err != nil {
		return err
	}
	before, err := os.Stat(path)
	if err != nil {
		return err
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	free := limit.Cur
	limit.Cur = 4 * uint64(before.Size())
	signal.Ignore(syscall.SIGXFSZ) // then a write beyond it fails with EFBIG
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	told := 0
	if err := fill(s, &told); err != nil {
		return err
	}
	limit.Cur = free
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	fmt.Println("full after", told)
	if err := run(context.Background(), s, "after", "i-after", 6, true, quiet); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	return errors.Join(s.Check(context.Background()), s.Close())
}

// fill writes until the disk is full, and makes sure that the refused writes left nothing.
func fill(s *store.Store, told *int) error {
	ctx := context.Background()
	large := strings.Repeat("x", 4096)
	for ; ; *told++ {
		op := deploy.ID(fmt.Sprint("fill-", *told))
		h, e := request(op, "i-1")
		e.Output = large
		err := h.append(ctx, s, e)
		if err == nil {
			continue
		}
		if errors.Is(err, engine.ErrUnknown) || errors.Is(err, engine.ErrConflict) {
			return fmt.Errorf("a full disk: %w", err)
		}
		if _, err := s.Load(ctx, op); !errors.Is(err, engine.ErrNotFound) {
			return fmt.Errorf("after a refused write: %w", err)
		}
		break
	}
	if created, err := s.Create(ctx, "seen", "key", bytes.Repeat([]byte("x"), 1<<20)); created || err == nil || errors.Is(err, engine.ErrUnknown) {
		return fmt.Errorf("create on a full disk: %v, %w", created, err)
	}
	if *told == 0 {
		return errors.New("the disk was full from the beginning")
	}
	return s.Check(ctx)
}
