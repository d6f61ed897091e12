# Who a process is: its pid, when it started, and the boot that it belongs to. A pid alone is given out again.

# Where /proc is missing, as on macOS, ps and sysctl are asked. The tests hide it by naming another folder.
proc=${JUNBAN_PROC:-/proc}

# boot_id: one word that changes with every boot.
boot_id() {
	if [ -r "$proc/sys/kernel/random/boot_id" ]; then
		cat "$proc/sys/kernel/random/boot_id"
		return
	fi
	# kern.boottime moves when the clock is set, so the session's own id comes first.
	id=$(sysctl -n kern.bootsessionuuid 2>/dev/null)
	[ -n "$id" ] || id=$(sysctl -n kern.boottime 2>/dev/null | sed 's/^{ *sec *= *\([0-9]*\).*/\1/')
	printf '%s' "${id:-none}" | tr -d ' \t\n'
}

# start_of PID: when the process started, one word. Fails if there is none, or only its unreaped remains.
start_of() {
	if [ -r "$proc/self/stat" ]; then
		stat=$(cat "$proc/$1/stat" 2>/dev/null) || return 1
		# The program's name stands in brackets and may hold brackets and spaces; behind its end comes field 3.
		set -- ${stat##*) }
		case ${1:-Z} in Z | X | x) return 1 ;; esac
		printf '%s\n' "${20}"
		return
	fi
	# In a fixed zone: the same start must read the same after the clocks change.
	set -- $(TZ=UTC0 ps -o stat= -o lstart= -p "$1" 2>/dev/null)
	case ${1:-Z} in Z*) return 1 ;; esac
	printf '%s_%s_%s_%s_%s\n' "$2" "$3" "$4" "$5" "${6:-}"
}

# alive PID START: that very process lives. An empty start is no process: start_of says nothing of a dead one either.
alive() {
	[ -n "${1:-}" ] && [ -n "${2:-}" ] && [ "$(start_of "$1")" = "$2" ]
}

# group_alive PID START: the process, or its group after it. While a group lives its number is not given to a new
# process, so a process with that pid and another start means that the group is gone.
group_alive() {
	alive "$1" "$2" && return 0
	kill -0 "$1" 2>/dev/null && return 1
	kill -0 "-$1" 2>/dev/null
}

# send SIGNAL PID: to the whole group. Without a way to make a group, to the process.
send() {
	kill "-$1" "-$2" 2>/dev/null || kill "-$1" "$2" 2>/dev/null
}

# own_session COMMAND...: in a session of its own, so that what ends the caller's group (the agent's own timeout, a lost
# ssh connection) does not end it too. In the foreground: what sh starts with & would ignore SIGINT and SIGQUIT for ever.
own_session() {
	if command -v setsid >/dev/null 2>&1; then
		setsid "$@"
	elif command -v perl >/dev/null 2>&1; then
		perl -MPOSIX -e 'POSIX::setsid(); exec { $ARGV[0] } @ARGV or exit 127' -- "$@"
	else
		"$@"
	fi
}

# nap: a short wait, a second where sleep knows no fractions.
nap() {
	sleep 0.1 2>/dev/null || sleep 1
}
