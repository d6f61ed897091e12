package store

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// remoteMagic names network file systems by their magic number, as in statfs(2).
var remoteMagic = map[uint32]string{
	0x6969:     "nfs",
	0x517B:     "smb",
	0xFF534D42: "cifs",
	0xFE534D42: "smb2",
	0x564C:     "ncp",
	0x5346414F: "afs",
	0x6B414653: "afs",
	0x73757245: "coda",
	0x00C36400: "ceph",
	0x0BD00BD0: "lustre",
	0x19830326: "fhgfs",
}

// fuseMagic is all that statfs knows of a file system in user space; the kind of it stands in mountinfo.
const fuseMagic = 0x65735546

// remoteFuse are the kinds of FUSE file systems that lie on another machine or in an object store.
var remoteFuse = map[string]bool{
	"sshfs": true, "s3fs": true, "goofys": true, "geesefs": true, "mount-s3": true, "mountpoint-s3": true, "gcsfuse": true, "rclone": true,
	"glusterfs": true, "ceph": true, "ceph-fuse": true, "juicefs": true, "seaweedfs": true, "davfs": true, "davfs2": true, "curlftpfs": true,
	"smbnetfs": true, "blobfuse": true, "blobfuse2": true,
}

// remoteType names the network file system that a folder lies on; "" if it lies on none.
func remoteType(folder string) (string, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return "", os.NewSyscallError("statfs", err)
	}
	if uint32(fs.Type) != fuseMagic {
		return remoteMagic[uint32(fs.Type)], nil
	}
	var at syscall.Stat_t
	if err := syscall.Stat(folder, &at); err != nil {
		return "", os.NewSyscallError("stat", err)
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", nil // it cannot be told; most of them are local
	}
	defer func() { _ = mounts.Close() }()
	return remoteMount(mounts, uint64(at.Dev)), nil //nolint:unconvert // 32 bits on some of Linux's architectures
}

// remoteMount finds a device's mount in mountinfo (proc_pid_mountinfo(5)) and names it if it is a remote one.
func remoteMount(mountinfo io.Reader, dev uint64) string {
	major := dev>>8&0xfff | dev>>32&^0xfff // as glibc's gnu_dev_major and gnu_dev_minor
	minor := dev&0xff | dev>>12&0xfffff00
	device := strconv.FormatUint(major, 10) + ":" + strconv.FormatUint(minor, 10)
	for lines := bufio.NewScanner(mountinfo); lines.Scan(); {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		place, kinds := strings.Fields(before), strings.Fields(after)
		if !ok || len(place) < 3 || place[2] != device || len(kinds) < 2 {
			continue
		}
		// "fuse.sshfs host:/dir", or "fuse mountpoint-s3" where the program gave no kind.
		kind, source := strings.TrimPrefix(kinds[0], "fuse."), kinds[1]
		if remoteFuse[kind] || kind == "fuse" && remoteFuse[source] {
			return kinds[0] + " " + source
		}
	}
	return ""
}
