//go:build linux || darwin

package app

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// control calls f with a connection's file descriptor.
func control(c net.Conn, f func(fd int) error) error {
	s, ok := c.(syscall.Conn)
	if !ok {
		return errNoPeer
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return err
	}
	var said error
	err = raw.Control(func(fd uintptr) { said = f(int(fd)) })
	return errors.Join(err, said)
}

// admit sets who may connect to the control socket: this user alone, or, once there are operators, its folder's group
// too. Connecting gives no power by itself: each request is judged by the user that the kernel names. The narrow mode
// is a second wall, and keeps the first one out of everybody's reach on a machine that many use.
func admit(path string, operators bool) error {
	if !operators {
		return os.Chmod(path, 0o600)
	}
	folder, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return err
	}
	stat, ok := folder.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("the group of %s cannot be read", filepath.Dir(path))
	}
	// In this order: no moment lets another group in.
	if err := os.Chown(path, -1, int(stat.Gid)); err != nil {
		return fmt.Errorf("giving it to the folder's group (%d), of which the bot's user has to be: %w", stat.Gid, err)
	}
	return os.Chmod(path, 0o660)
}
