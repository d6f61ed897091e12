# Waits until no request is in flight on some TCP ports of this host. Set before it: ports (numbers with spaces between),
# quiet (ms), again (s). Ends with 0 when all connections were idle in two looks in a row; with 3 and one line on stdout
# when it cannot tell, so that somebody else has to wait out the whole delay; else it goes on until it is ended.

LC_ALL=C
export LC_ALL
PATH=${PATH:-/usr/bin}
for folder in /usr/local/bin /usr/bin /bin /usr/sbin /sbin; do
	case :$PATH: in *:$folder:*) ;; *) PATH=$PATH:$folder ;; esac
done
export PATH

invalid() {
	printf 'the idle probe cannot tell: %s\n' "$1"
	exit 3
}

# What ss prints, judged. Standard input: lines "known KEY" from the last look, then ss -tnai. Prints "known KEY" for each
# connection on which we spoke last, "deaf PORT" for each port that nothing listens on, and "busy N".
#
# A connection is idle when nothing waits in its queues, no data has moved for the quiet time, and ours was the last word:
# lastsnd, the age of what we sent last, is less than lastrcv, the age of what we got. The kernel counts both in ticks of 1
# to 10 ms, so a quick answer has the age of its question, and so has a question that came on the heels of an answer. Then
# lastack decides: an acknowledgement that came within a second after the peer's last data is for our answer, since a peer
# that waits sends none. (Later ones are keepalives.) What was once found answered stays so while no byte moves. In doubt it is
# busy.
judge='
function number(name,   at, text) { # of "name:12" in info, -1 if there is none
	at = index(info, " " name ":")
	if (!at) return -1
	text = substr(info, at + length(name) + 2)
	return text ~ /^[0-9]/ ? text + 0 : -1
}
function age(name,   n) { n = number(name); return n < 0 ? 0 : n } # ss leaves out a zero
function port_of(address) { sub(/.*:/, "", address); return address }
function idle(   sent, got, out, back, ack, key) {
	if (state == "TIME-WAIT" || state == "CLOSED" || state == "UNCONN") return 1
	if (state ~ /^(FIN-WAIT-1|CLOSING|LAST-ACK)$/) return queued_out <= 1 # the rest is our FIN
	if (state == "FIN-WAIT-2") return queued_out == 0
	if (state !~ /^(ESTAB|CLOSE-WAIT)$/) return 0
	if (queued_in > (state == "CLOSE-WAIT" ? 1 : 0) || queued_out > 0 || number("unacked") > 0) return 0
	if (number("segs_in") < 0) return 0 # an old kernel, which tells too little
	got = number("bytes_received")
	if (got <= 0) return 1 # nobody has asked for anything on it yet
	out = number("bytes_sent")
	if (out < 0) out = number("bytes_acked")
	if (out <= 0) return 0
	sent = age("lastsnd"); back = age("lastrcv"); ack = age("lastack")
	key = local "|" peer "|" got "|" out
	if (!(key in known) && !(sent < back || (sent == back && ack < back && back - ack <= 1000))) return 0
	print "known", key
	return sent >= quiet && back >= quiet
}
function settle() {
	if (state == "") return
	if (state == "LISTEN") {
		heard[port_of(local)] = 1
	} else if (!idle()) busy++
	state = ""
}
$1 == "known" && NF == 2 { known[$2] = 1; next }
/^[ \t]/ { info = info " " $0; gsub(/\t/, " ", info); next }
{
	settle()
	if ($0 !~ /^[A-Z][A-Z0-9-]+ +[0-9]+ +[0-9]+ /) next # the heading
	state = $1; queued_in = $2; queued_out = $3; local = $4; peer = $5
	if (!(port_of(local) in wanted)) { state = ""; next }
	info = $0
}
BEGIN { n = split(ports, list, " "); for (i = 1; i <= n; i++) wanted[list[i]] = 1 }
END {
	settle()
	for (i = 1; i <= n; i++) if (!(list[i] in heard)) print "deaf", list[i]
	print "busy", busy + 0
}'

# Packet filters, judged: prints the first rule that leads the traffic of a port elsewhere, before any local socket sees
# it. Rules for what this host itself sends, and for link-local addresses, are none.
filters='
function covers(text,   n, i, part, ends) { # "80", "80,443", "8000:9000", "{ 80, 443 }", "8000-9000"
	gsub(/[{} ]/, "", text)
	n = split(text, part, ",")
	for (i = 1; i <= n; i++) {
		if (part[i] !~ /^[0-9]+([:-][0-9]+)?$/) return 1 # a name, a set: in doubt it does
		if (split(part[i], ends, /[:-]/) == 1) ends[2] = ends[1]
		for (p in wanted) if (p + 0 >= ends[1] + 0 && p + 0 <= ends[2] + 0) return 1
	}
	return 0
}
BEGIN { n = split(ports, list, " "); for (i = 1; i <= n; i++) wanted[list[i]] = 1 }
/^[ \t]*chain / { outgoing = 0 }
/type nat hook output/ { outgoing = 1 }
/^-A OUTPUT / || /169\.254\./ || /(^| )(-p udp|udp dport)/ || /icmp/ { next }
/^-A .* -j (DNAT|REDIRECT|TPROXY)/ {
	if (!/! --dport/ && match($0, /--dports? [^ ]+/)) { text = substr($0, RSTART, RLENGTH); sub(/^--dports? /, "", text); if (!covers(text)) next }
	print; exit
}
!outgoing && !/^-A/ && /(^|[ \t])(dnat|redirect|tproxy)([ \t]|$)/ {
	if (match($0, /dport (\{[^}]*\}|[^ ]+)/)) { text = substr($0, RSTART + 6, RLENGTH - 6); if (!covers(text)) next }
	sub(/^[ \t]+/, ""); print; exit
}'

redirected() {
	rules='' seen=''
	for tool in iptables-save ip6tables-save; do
		command -v $tool >/dev/null 2>&1 && more=$($tool -t nat 2>/dev/null) && seen=1 && rules="$rules
$more"
	done
	command -v nft >/dev/null 2>&1 && more=$(nft list ruleset 2>/dev/null) && seen=1 && rules="$rules
$more"
	if [ -z "$seen" ]; then
		# Without the kernel's module there is nothing to read.
		! grep -q '^nf_nat ' /proc/modules 2>/dev/null || invalid 'it may not read the packet filter, which may lead the traffic elsewhere (run it as root)'
		return 0
	fi
	rule=$(printf '%s\n' "$rules" | awk -v ports="$ports" "$filters")
	[ -z "$rule" ] || invalid "a packet filter leads the port's traffic elsewhere: $rule"
}

# handed_on: what listens may only hand the traffic on, to a container whose sockets are not seen here.
handed_on() {
	for port in $ports; do
		listener=$(ss -tlnp "sport = :$port" 2>/dev/null | grep -oE '"(docker-proxy|rootlessport|rootlesskit|slirp4netns|pasta|gvproxy)"')
		[ -z "$listener" ] || invalid "what listens on port $port hands the traffic on to a container: $listener"
	done
}

command -v ss >/dev/null 2>&1 || invalid 'there is no ss on this host (iproute2)'
awk 'BEGIN { exit 0 }' 2>/dev/null || invalid 'there is no awk on this host'
[ -n "$ports" ] || invalid 'no port was named'
redirected
handed_on
filter=''
for port in $ports; do filter="${filter:+$filter or }sport = :$port"; done
known='' idle=0
while :; do
	sockets=$(ss -tnai "$filter" 2>/dev/null) || invalid 'ss fails on this host'
	seen=$(printf '%s\n%s\n' "$known" "$sockets" | awk -v ports="$ports" -v quiet="$quiet" "$judge") || invalid 'awk fails on this host'
	case $seen in
	*"deaf "*) invalid "nothing is seen to listen on port $(printf '%s\n' "$seen" | sed -n 's/^deaf //p' | head -n 1)" ;;
	*"busy 0"*) idle=$((idle + 1)) ;;
	*"busy "*) idle=0 ;;
	*) invalid 'what ss prints is not understood' ;;
	esac
	[ "$idle" -lt 2 ] || exit 0
	known=$(printf '%s\n' "$seen" | sed -n '/^known /p')
	sleep "$again"
done
