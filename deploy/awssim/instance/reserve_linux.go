package instance

import (
	"fmt"
	"net"
	"os"
	"syscall"
)

// reserve holds addr, choosing a port if it has none, until release is called.
// While the application is stopped nobody listens, and the system could give
// the port to any outgoing connection; a socket that is bound but does not
// listen prevents that, still refuses connections, and, thanks to SO_REUSEADDR
// on both, does not stand in the application's way.
func reserve(addr string) (full string, release func(), err error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return "", nil, err
	}
	family, sa := sockaddr(tcp)
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", nil, os.NewSyscallError("socket", err)
	}
	port, err := bind(fd, sa)
	if err != nil {
		_ = syscall.Close(fd)
		return "", nil, err
	}
	tcp.Port = port
	return tcp.String(), func() { _ = syscall.Close(fd) }, nil
}

func sockaddr(tcp *net.TCPAddr) (family int, sa syscall.Sockaddr) {
	if v4 := tcp.IP.To4(); v4 != nil {
		return syscall.AF_INET, &syscall.SockaddrInet4{Port: tcp.Port, Addr: [4]byte(v4)}
	}
	v6 := &syscall.SockaddrInet6{Port: tcp.Port}
	copy(v6.Addr[:], tcp.IP.To16())
	return syscall.AF_INET6, v6
}

func bind(fd int, sa syscall.Sockaddr) (port int, err error) {
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(fd, sa); err != nil {
		return 0, os.NewSyscallError("bind", err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	switch b := bound.(type) {
	case *syscall.SockaddrInet4:
		return b.Port, nil
	case *syscall.SockaddrInet6:
		return b.Port, nil
	}
	return 0, fmt.Errorf("getsockname: a %T is no TCP address", bound)
}
