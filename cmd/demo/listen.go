package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// doors are the addresses that the demo is reached at.
type doors struct {
	http, aws, slack, service net.Listener
}

// listen opens all four, or says which flags name an address that cannot be had.
func listen(ctx context.Context, f flags) (doors, error) {
	var d doors
	var faults []error
	for _, door := range []struct {
		flag, addr string
		l          *net.Listener
	}{
		{"--http", f.HTTP, &d.http}, {"--aws", f.AWS, &d.aws},
		{"--slack", f.Slack, &d.slack}, {"--service", f.Service, &d.service},
	} {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", door.addr)
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			faults = append(faults, fmt.Errorf("%s %s: the port is taken (by another demo?); choose another with %s HOST:PORT", door.flag, door.addr, door.flag))
		case err != nil:
			faults = append(faults, fmt.Errorf("%s %s: %w", door.flag, door.addr, err))
		default:
			*door.l = l
		}
	}
	if len(faults) > 0 {
		_ = d.close() // why it could not be opened is what matters
		return doors{}, errors.Join(faults...)
	}
	return d, nil
}

// close closes those that are open; a second time does nothing.
func (d doors) close() error {
	var faults []error
	for _, l := range []net.Listener{d.http, d.aws, d.slack, d.service} {
		if l == nil {
			continue
		}
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// urlOf is how a client on this machine reaches a listener, also one that listens everywhere.
func urlOf(l net.Listener) string {
	addr, ok := l.Addr().(*net.TCPAddr)
	if ok && addr.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", addr.Port)
	}
	return "http://" + l.Addr().String()
}
