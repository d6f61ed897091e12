package instance_test

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"junban/deploy/awssim/instance"
)

func TestThePortIsNobodyElsesWhileTheApplicationIsStopped(t *testing.T) {
	b := create(t, instance.Options{})
	b.switchOn()
	b.mustSh("echo stop > app.ctl")
	b.until("it is stopped", func() bool { return !b.Running() })
	local, err := net.ResolveTCPAddr("tcp", b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	outgoing := net.Dialer{LocalAddr: local}
	conn, err := outgoing.DialContext(t.Context(), "tcp", other.Addr().String())
	if err == nil {
		conn.Close()
	}
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("an outgoing connection from the port: %v, want that it is in use", err)
	}
}
