package sshrun

import (
	"context"
	"errors"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"

	"junban/deploy/hostscript/direct"
)

// host is a session's connection.
type host struct {
	client  *ssh.Client
	address string
}

// Close ends the connection and waits until it has ended.
func (h *host) Close() error {
	err := h.client.Close()
	_ = h.client.Wait() // how it ended does not matter any more
	return err
}

// Run hands a script to sh on its stdin. Nothing of it has any effect before its last line has come, so a connection that
// is cut before anything was written has surely run nothing. When ctx is done the connection is closed.
func (h *host) Run(ctx context.Context, script string, ready func() error) (string, error) {
	stop := context.AfterFunc(ctx, func() { _ = h.client.Close() })
	defer stop()
	s, err := h.client.NewSession()
	if err != nil {
		return "", later("%s gives no ssh session: %v", h.address, err)
	}
	defer func() { _ = s.Close() }()
	in, err := s.StdinPipe()
	if err != nil {
		return "", later("%s gives no ssh session: %v", h.address, err)
	}
	out, complaint := &direct.Head{Limit: direct.AnswerLimit}, &direct.Head{Limit: 1 << 10}
	s.Stdout, s.Stderr = out, complaint
	// By exec, so that the login shell, whichever it is, is not in between.
	if err := s.Start("exec sh -s"); err != nil {
		return "", later("%s does not run sh: %v", h.address, err)
	}
	if ready != nil {
		if err := ready(); err != nil {
			return "", err
		}
	}
	_, err = io.WriteString(in, script)
	if err == nil {
		err = in.Close()
	}
	wait := s.Wait()
	if err == nil {
		err = wait
	}
	return h.answer(ctx, err, out, complaint)
}

// answer judges how a script has ended. The guard's exit code says nothing, and it may end itself by a kill.
func (h *host) answer(ctx context.Context, err error, out, complaint *direct.Head) (string, error) {
	_, exited := errors.AsType[*ssh.ExitError](err)
	switch {
	case ctx.Err() != nil:
		return "", unsure("%s did not answer in time", h.address)
	case out.Len() > 0 && (err == nil || exited || errors.Is(err, io.EOF)): // EOF: sh had ended before it took all
		return out.String(), nil
	case out.Len() == 0 && complaint.Len() > 0:
		return "", unsure("%s gave no answer but: %s", h.address, strings.TrimSpace(complaint.Text()))
	case err != nil && !exited:
		return "", unsure("the connection to %s was cut: %v", h.address, err)
	}
	return out.String(), nil
}
