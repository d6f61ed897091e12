package store

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

var _ = goleak.IgnoreCurrent

func TestRemoteMount(t *testing.T) {
	const mounts = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
51 22 0:45 / /mnt/far rw,nosuid shared:9 - fuse.sshfs host:/srv rw,user_id=0
52 22 0:46 / /mnt/near rw - fuse.gocryptfs /home/a rw
53 22 0:47 / /mnt/s3 rw - fuse mountpoint-s3 rw
54 22 0:48 / /mnt/old rw - fuse /dev/sdb1 rw
55 22 259:3 / /mnt/big rw - fuse.rclone far: rw
broken line
`
	for dev, want := range map[uint64]string{
		8<<8 | 1:           "",
		45:                 "fuse.sshfs host:/srv",
		46:                 "",
		47:                 "fuse mountpoint-s3",
		48:                 "",
		49:                 "",
		259<<8&0xfff00 | 3: "fuse.rclone far:",
	} {
		if got := remoteMount(strings.NewReader(mounts), dev); got != want {
			t.Errorf("device %d: %q, want %q", dev, got, want)
		}
	}
	for magic, want := range map[uint32]string{0x6969: "nfs", 0xFF534D42: "cifs", 0xEF53: "", 0x01021994: ""} {
		if got := remoteMagic[magic]; got != want {
			t.Errorf("magic %x: %q, want %q", magic, got, want)
		}
	}
	if kind, err := remoteType(t.TempDir()); err != nil || kind != "" {
		t.Errorf("the temporary folder: %q, %v", kind, err)
	}
}
