package store

import (
	"os"
	"syscall"
)

// remoteTypes names network file systems as mount(8) lists them.
var remoteTypes = map[string]bool{"nfs": true, "smbfs": true, "cifs": true, "afpfs": true, "webdav": true, "ftp": true}

// remoteType names the network file system that a folder lies on; "" if it lies on none.
func remoteType(folder string) (string, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return "", os.NewSyscallError("statfs", err)
	}
	var name []byte
	for _, c := range fs.Fstypename {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	if remoteTypes[string(name)] {
		return string(name), nil
	}
	return "", nil
}
