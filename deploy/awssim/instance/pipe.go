package instance

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// makePipe makes sure that path is a named pipe. One that is there is kept: a
// script may be waiting to write to it. Anything else is replaced, such as the
// ordinary file that `echo start > app.ctl` makes where there is no pipe.
func makePipe(path string) error {
	info, err := os.Lstat(path)
	switch {
	case err == nil && info.Mode().Type() == fs.ModeNamedPipe:
		return nil
	case err == nil:
		if err := os.Remove(path); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		return &fs.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	return nil
}

// pipe is the reading end of app.ctl.
type pipe struct {
	file    *os.File
	closing chan struct{} // closed by close
	done    chan struct{} // closed when the reader has ended
}

func openPipe(path string) (*pipe, error) {
	if err := makePipe(path); err != nil {
		return nil, fmt.Errorf("making the pipe for commands: %w", err)
	}
	// For writing too: then there is always a reader and a writer, so that
	// scripts never block and we never see an end of file.
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the pipe for commands: %w", err)
	}
	return &pipe{file: f, closing: make(chan struct{}), done: make(chan struct{})}, nil
}

// listen passes on the lines that are written to the pipe, until close is
// called, which waits for its goroutine, or reading fails.
func (p *pipe) listen() (lines <-chan string, failed <-chan error) {
	out, fail := make(chan string), make(chan error, 1)
	go func() {
		defer close(p.done)
		if err := p.read(out); err != nil {
			fail <- fmt.Errorf("reading the pipe for commands: %w", err)
		}
	}()
	return out, fail
}

func (p *pipe) read(out chan<- string) error {
	r := bufio.NewReader(p.file)
	for {
		text, part, err := r.ReadLine()
		if err != nil {
			return err
		}
		if part { // longer than any command: only its end is passed on, to be refused
			continue
		}
		line := strings.TrimSpace(string(text))
		select {
		case out <- line:
		case <-p.closing:
			if line == "" {
				return nil
			}
		}
	}
}

// close ends the reader and waits for it. An empty line wakes the reader up:
// on macOS neither a deadline nor Close reaches a read from a named pipe. The
// first newline ends what a script may have left without one.
func (p *pipe) close() {
	close(p.closing)
	if _, err := p.file.WriteString("\n\n"); err == nil {
		<-p.done
	}
	p.file.Close()
}
