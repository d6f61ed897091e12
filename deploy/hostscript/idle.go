package hostscript

import (
	_ "embed" // the probe's text
	"fmt"
	"strconv"
	"strings"
	"time"
)

//go:embed sh/idle.sh
var idleSh string

// IdleInvalid is the exit code of an idle probe that cannot tell; its one line on stdout says why.
const IdleInvalid = 3

// IdleScript makes the probe that waits until no request is in flight on a host's TCP ports: a text for Job.Script. It ends
// with 0 when every connection to one of the ports was idle in two looks in a row, one second apart: its queues empty,
// nothing moved for ten seconds, and the host spoke last. It ends with IdleInvalid when it cannot tell, as when nothing
// listens there that it can see, or the packet filter leads the traffic elsewhere; the deregistration delay is then to be
// waited out. Otherwise it goes on until Job.Timeout ends it. A request that gets not one byte of its answer for ten
// seconds after the first is taken for answered: services that answer so need a probe of their own (drain.idle_command).
//
// It needs ss (iproute2) and awk, and root to see which program listens and what the packet filter does: without root it
// goes on as long as the host has no address translation at all. Ports are 1 to 65535; with none it cannot tell.
func IdleScript(ports []int) string { return idleScript(ports, 10*time.Second, 1) }

// idleScript has the pause between two looks in seconds.
func idleScript(ports []int, quiet time.Duration, again int) string {
	var list []string
	for _, p := range ports {
		list = append(list, strconv.Itoa(p))
	}
	return fmt.Sprintf("ports='%s' quiet=%d again=%d\n", strings.Join(list, " "), quiet.Milliseconds(), again) + bare(idleSh)
}
