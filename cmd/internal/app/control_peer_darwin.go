package app

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// peerUID asks the kernel who connected: unix(4) of macOS, LOCAL_PEERCRED.
func peerUID(c net.Conn) (uint32, error) {
	var cred *unix.Xucred
	err := control(c, func(fd int) (err error) {
		cred, err = unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("asking the kernel who connected: %w", err)
	}
	return cred.Uid, nil
}
