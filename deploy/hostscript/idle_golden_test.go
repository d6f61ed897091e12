package hostscript

import (
	"os"
	"strings"
	"testing"
	"time"
)

// heading and listener are how ss begins.
const (
	heading  = "State  Recv-Q Send-Q Local Address:Port  Peer Address:Port Process\n"
	listener = "LISTEN 0      511          0.0.0.0:80         0.0.0.0:*\n\t cubic cwnd:10\n"
)

// established is one connection to port 80 as ss prints it, with its information on a line of its own.
func established(queues, info string) string {
	return "ESTAB  " + queues + "       10.0.0.5:80       10.0.0.9:41234\n\t cubic wscale:7,7 rto:204 rtt:0.5/0.2 mss:1448 segs_out:9 segs_in:9 " + info + " send 100Mbps rcv_space:14600 minrtt:0.1\n"
}

const exchanged = "bytes_sent:500 bytes_acked:500 bytes_received:100 "

func TestWhatSSPrints(t *testing.T) {
	answered := established("0 0", exchanged+"lastsnd:15000 lastrcv:15100 lastack:15000")
	for name, c := range map[string]struct {
		ss   string
		idle bool
	}{
		"nobody":               {"", true},
		"answered":             {answered, true},
		"answered too lately":  {established("0 0", exchanged+"lastsnd:9000 lastrcv:15100 lastack:9000"), false},
		"asked":                {established("0 0", exchanged+"lastsnd:15100 lastrcv:15000 lastack:15000"), false},
		"asked just now":       {established("0 0", exchanged+"lastsnd:15100"), false},     // ss leaves out what is 0
		"answered just now":    {established("0 0", exchanged+"lastrcv:20000 x:1"), false}, // the same
		"both at once":         {established("0 0", exchanged+"lastsnd:15000 lastrcv:15000 lastack:15000"), false},
		"both, and heard":      {established("0 0", exchanged+"lastsnd:15000 lastrcv:15000 lastack:14960"), true},
		"both, and kept alive": {established("0 0", exchanged+"lastsnd:15000 lastrcv:15000 lastack:12"), false},
		"kept alive":           {established("0 0", exchanged+"lastsnd:15000 lastrcv:15040 lastack:12"), true},
		"never answered":       {established("0 0", "bytes_received:100 lastsnd:15000 lastrcv:15004 lastack:15004"), false},
		"never asked":          {established("0 0", "lastsnd:15 lastrcv:15 lastack:15"), true},
		"unread":               {established("7 0", exchanged+"lastsnd:15000 lastrcv:15100 lastack:15000"), false},
		"unsent":               {established("0 7", exchanged+"lastsnd:15000 lastrcv:15100 lastack:15000"), false},
		"unacknowledged":       {established("0 0", exchanged+"unacked:2 lastsnd:15000 lastrcv:15100 lastack:15000"), false},
		"an old kernel":        {strings.Replace(established("0 0", "lastsnd:15000 lastrcv:15100 lastack:15000"), "segs_in:9", "", 1), false},
		"no bytes_sent":        {established("0 0", "bytes_acked:500 bytes_received:100 lastsnd:15000 lastrcv:15100 lastack:15000"), true},
		"no information":       {"ESTAB 0 0 10.0.0.5:80 10.0.0.9:41234\n", false},
		"on one line":          {strings.ReplaceAll(established("0 0", exchanged+"lastsnd:15000 lastrcv:15100 lastack:15000"), "\n\t", " "), true},
		"busy on one line":     {strings.ReplaceAll(established("0 0", exchanged+"lastsnd:15100 lastrcv:15000 lastack:15000"), "\n\t", " "), false},
		"IPv6":                 {strings.Replace(established("0 0", exchanged+"lastsnd:15100 lastrcv:15000"), "10.0.0.5:80", "[2001:db8::5]:80", 1), false},
		"IPv4 in IPv6":         {strings.Replace(established("0 0", exchanged+"lastsnd:15100 lastrcv:15000"), "10.0.0.5:80", "[::ffff:10.0.0.5]:80", 1), false},
		"a scope":              {strings.Replace(established("0 0", exchanged+"lastsnd:15100 lastrcv:15000"), "10.0.0.5:80", "[fe80::1]%eth0:80", 1), false},
		"another port":         {strings.Replace(established("0 0", exchanged+"lastsnd:15100 lastrcv:15000"), "10.0.0.5:80", "10.0.0.5:8080", 1), true},
		"the peer's port":      {strings.Replace(established("0 0", exchanged+"lastsnd:15100 lastrcv:15000"), "10.0.0.5:80       10.0.0.9:41234", "10.0.0.5:41234 10.0.0.9:80", 1), true},
		"over":                 {"TIME-WAIT 0 0 10.0.0.5:80 10.0.0.9:1\nFIN-WAIT-2 0 0 10.0.0.5:80 10.0.0.9:2\nLAST-ACK 0 1 10.0.0.5:80 10.0.0.9:3\n", true},
		"beginning":            {"SYN-RECV 0 0 10.0.0.5:80 10.0.0.9:1\n", false},
		"closing, and sending": {"FIN-WAIT-1 0 900 10.0.0.5:80 10.0.0.9:1\n", false},
		"the peer has closed":  {strings.Replace(established("1 0", exchanged+"lastsnd:15000 lastrcv:15100 lastack:15000"), "ESTAB", "CLOSE-WAIT", 1), true},
		"half closed, asking":  {strings.Replace(established("1 0", exchanged+"lastsnd:15100 lastrcv:15000 lastack:15000"), "ESTAB", "CLOSE-WAIT", 1), false},
		"two, the last busy":   {answered + strings.Replace(established("0 0", exchanged+"lastsnd:15100 lastrcv:15000"), ":41234", ":41235", 1), false},
		"two, the first busy":  {strings.Replace(established("0 0", exchanged+"lastsnd:15100 lastrcv:15000"), ":41234", ":41235", 1) + answered, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for shell, path := range shells(t) {
				p := newProber(t, path)
				p.noFilter()
				must(t, os.WriteFile(p.path("sockets"), []byte(heading+listener+c.ss), 0o644))
				// At the fourth look ss fails, which ends a probe that still waits.
				p.tool("ss", "[ \"$1\" = -tnai ] || exit 0\necho >>'"+p.path("looks")+"'\n[ \"$(wc -l <'"+p.path("looks")+"')\" -lt 4 ] || exit 1\ncat '"+p.path("sockets")+"'\n")
				code, said := p.ends(p.start(idleScript([]int{80}, 10*time.Second, 0)))
				if idle := code == 0; idle != c.idle || !idle && !strings.Contains(said, "ss fails") {
					t.Errorf("%s: exit %d %q, idle should be %v", shell, code, said, c.idle)
				}
				if c.idle && p.looks() != 2 {
					t.Errorf("%s: %d looks, want two in a row", shell, p.looks())
				}
			}
		})
	}
}

// noFilter hides the host's own packet filter.
func (p *prober) noFilter() {
	for _, tool := range []string{"iptables-save", "ip6tables-save", "nft"} {
		p.tool(tool, "exit 0\n")
	}
}

func TestAnAnsweredConnectionStaysAnsweredWhileNothingMoves(t *testing.T) {
	// First its acknowledgement was seen, then only a keepalive's; another connection has kept the probe waiting meanwhile.
	p := newProber(t, anyShellPath(t))
	p.noFilter()
	busy := established("0 3", exchanged)
	for look, text := range []string{
		established("0 0", exchanged+"lastsnd:15000 lastrcv:15000 lastack:14960") + busy,
		established("0 0", exchanged+"lastsnd:16000 lastrcv:16000 lastack:12") + busy,
		established("0 0", exchanged+"lastsnd:17000 lastrcv:17000 lastack:1012"),
		established("0 0", exchanged+"lastsnd:18000 lastrcv:18000 lastack:2012"),
	} {
		must(t, os.WriteFile(p.path("sockets."+itoa(look+1)), []byte(heading+listener+text), 0o644))
	}
	p.tool("ss", "[ \"$1\" = -tnai ] || exit 0\necho >>'"+p.path("looks")+"'\ncat '"+p.path("sockets.")+"'$(($(wc -l <'"+p.path("looks")+"')))\n")
	p.wantIdle(p.start(idleScript([]int{80}, 10*time.Second, 0)))
	if p.looks() != 4 {
		t.Errorf("%d looks, want 4", p.looks())
	}
}

func TestARuleThatLeadsTheTrafficElsewhere(t *testing.T) {
	const nat = "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
	for rule, elsewhere := range map[string]bool{
		nat: false,
		nat + "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080":                                                                               true,
		nat + "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80":                                                                               false,
		nat + "-A PREROUTING -p tcp -m multiport --dports 443,80 -j REDIRECT --to-ports 8080":                                                                                          true,
		nat + "-A PREROUTING -p tcp -m multiport --dports 443,8000:9000 -j REDIRECT --to-ports 80":                                                                                     false,
		nat + "-A PREROUTING -p tcp -m tcp --dport 1:1024 -j DNAT --to-destination 10.1.1.1":                                                                                           true,
		nat + "-A PREROUTING -p tcp -m tcp ! --dport 22 -j DNAT --to-destination 10.1.1.1":                                                                                             true,
		nat + "-A PREROUTING -d 10.0.0.5/32 -j DNAT --to-destination 10.1.1.1":                                                                                                         true,
		nat + "-A PREROUTING -p udp -m udp --dport 80 -j DNAT --to-destination 10.1.1.1":                                                                                               false,
		nat + "-A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 51679":                                                                                                        false,
		nat + "-A PREROUTING -d 169.254.170.2/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1":                                                                          false,
		"table ip nat {\n\tchain prerouting {\n\t\ttype nat hook prerouting priority dstnat; policy accept;\n\t\ttcp dport 80 counter packets 0 bytes 0 dnat to 172.17.0.2:80\n\t}\n}": true,
		"table ip nat {\n\tchain x {\n\t\tiifname \"eth0\" tcp dport { 443, 80 } redirect to :8080\n\t}\n}":                                                                            true,
		"table ip nat {\n\tchain x {\n\t\ttcp dport { 443, 8000-9000 } redirect to :80\n\t}\n}":                                                                                        false,
		"table ip nat {\n\tchain x {\n\t\ttcp dport @web redirect to :8080\n\t}\n}":                                                                                                    true,
		"table ip nat {\n\tchain x {\n\t\tdnat to 10.1.1.1\n\t}\n}":                                                                                                                    true,
		"table ip nat {\n\tchain out {\n\t\ttype nat hook output priority dstnat; policy accept;\n\t\ttcp dport 80 redirect to :8080\n\t}\n}":                                          false,
		"table inet filter {\n\tchain input {\n\t\ticmp type redirect accept\n\t\ttcp dport 80 accept\n\t}\n}":                                                                         false,
	} {
		p := newProber(t, anyShellPath(t))
		p.noFilter()
		must(t, os.WriteFile(p.path("rules"), []byte(rule+"\n"), 0o644))
		tool := "iptables-save"
		if strings.HasPrefix(rule, "table") {
			tool = "nft"
		}
		p.tool(tool, "cat '"+p.path("rules")+"'\n")
		p.tool("ss", "[ \"$1\" != -tnai ] || printf '%s\\n' '"+strings.TrimSpace(listener)+"'\n")
		script := idleScript([]int{80}, 10*time.Second, 0)
		if elsewhere {
			p.wantInvalid(script, "a packet filter leads the port's traffic elsewhere: ")
			continue
		}
		if code, said := p.ends(p.start(script)); code != 0 {
			t.Errorf("%s\nexit %d %q, want idle", rule, code, said)
		}
	}
}

func TestTheProbeKnowsItsLimits(t *testing.T) {
	script := idleScript([]int{80}, 10*time.Second, 0)
	p := newProber(t, anyShellPath(t))
	p.noFilter()
	p.tool("ss", "case $1 in -tlnp) echo 'LISTEN 0 4096 0.0.0.0:80 0.0.0.0:* users:((\"docker-proxy\",pid=7,fd=4))' ;; *) printf '%s\\n' '"+strings.TrimSpace(listener)+"' ;; esac\n")
	p.wantInvalid(script, `hands the traffic on to a container: "docker-proxy"`)
	p.tool("ss", "exit 1\n")
	p.wantInvalid(script, "ss fails")
	p.tool("ss", "echo nonsense\n")
	p.wantInvalid(script, "nothing is seen to listen on port 80")
	p.tool("awk", "exit 1\n")
	p.wantInvalid(script, "no awk")
	// Without root the rules cannot be read, which matters if there can be any.
	p = newProber(t, anyShellPath(t))
	for _, tool := range []string{"iptables-save", "ip6tables-save", "nft"} {
		p.tool(tool, "exit 1\n")
	}
	p.tool("ss", "[ \"$1\" != -tnai ] || printf '%s\\n' '"+strings.TrimSpace(listener)+"'\n")
	p.tool("grep", "case $* in *nf_nat*) exit 0 ;; *) exit 1 ;; esac\n")
	p.wantInvalid(script, "run it as root")
	p.tool("grep", "exit 1\n")
	p.wantIdle(p.start(script))
}
