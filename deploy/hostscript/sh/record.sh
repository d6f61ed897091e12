# The record: a log of small files, log/10000001 and on, one line each and never changed:
#   run TOKEN FOLDER PID START BOOT SECONDS    by the supervisor, about to start TOKEN's command, in run/FOLDER
#   cancel TOKEN                               TOKEN shall never start
# What only looks has a record of its own, in which several may live.
# Appending is ln onto the next number, which only one caller can do. Everybody decides from the whole log first, and
# decides again when the number was taken. There is no lock that a killed process could leave behind. Eight digits
# without a leading zero, so that names sort as numbers and none reads as octal.

# scan: reads the log. last: its last number. mine, m_*: the token's entry, if any. o_*: the last run of another token;
# only that one can be living, since a run is entered only when none lives.
scan() {
	last=10000000 mine='' o_who=''
	for entry in "$home"/log/1*; do
		[ -e "$entry" ] || continue
		last=${entry##*/}
		# An entry is complete before it gets its name, so an unreadable one never started anything.
		{ read -r kind who folder pid start booted at; } 2>/dev/null <"$entry" || continue
		if [ "$who" = "$token" ]; then
			mine=$kind m_run=$folder m_pid=$pid m_start=$start m_boot=$booted m_at=$at
		elif [ "$kind" = run ]; then
			o_who=$who o_run=$folder o_pid=$pid o_start=$start o_boot=$booted
		fi
	done
	return 0
}

# durable FILE: on disk before the next step. An old sync takes no names and syncs everything.
durable() {
	sync "$1" 2>/dev/null || sync
}

# append LINE: 0 entered; 1 somebody was quicker, scan again; 2 the log cannot be written.
append() {
	{ printf '%s\n' "$1" >"$dir/entry"; } 2>/dev/null && durable "$dir/entry" || return 2
	if ln "$dir/entry" "$home/log/$((last + 1))" 2>/dev/null; then
		durable "$home/log"
		return 0
	fi
	[ -e "$home/log/$((last + 1))" ] || return 2
	return 1
}

# lives FOLDER PID START BOOT: the run has no result yet and its supervisor or its command lives. The supervisor is
# looked at before the command's pid: see child.
lives() {
	[ ! -e "$home/run/$1/result" ] && [ "$4" = "$boot" ] || return 1
	alive "$2" "$3" && return 0
	{ read -r c_pid c_start; } 2>/dev/null <"$home/run/$1/pid" || return 1
	group_alive "$c_pid" "$c_start"
}

mine_lives() {
	[ "$mine" = run ] && lives "$m_run" "$m_pid" "$m_start" "$m_boot"
}

# end_run FOLDER: TERM to the command's group, KILL to what is left of it after the grace. An unreaped leader counts as
# left here: behind it others of the group may still be running.
end_run() {
	{ read -r c_pid c_start; } 2>/dev/null <"$home/run/$1/pid" || return 0
	group_alive "$c_pid" "$c_start" || return 0
	send TERM "$c_pid"
	waited=0
	while alive "$c_pid" "$c_start" || kill -0 "-$c_pid" 2>/dev/null; do
		if [ "$waited" -ge "$((grace * 10))" ]; then
			send KILL "$c_pid"
			return
		fi
		nap
		waited=$((waited + 1))
	done
}

# tidy FOLDER: the script and the environment go when the run is over; the output and the result stay.
tidy() {
	unhand "$home/run/$1"
	(cd "$home/run/$1" 2>/dev/null && rm -f script enter job guard found files how entry verdict trouble errors)
}

# prune: the newest 20 entries keep their output. Entries are kept for 90 days, three times as long as AWS keeps a
# command waiting for its host, and the newest 50 for ever: a forgotten token could start again. What only looks may.
prune() {
	days=90
	[ -z "${beside:-}" ] || days=1
	set -- "$home"/log/1*
	newer=$#
	for entry in "$@"; do
		newer=$((newer - 1))
		[ "$newer" -ge 20 ] || break
		{ read -r kind who folder rest; } 2>/dev/null <"$entry" || continue
		[ "$kind" != run ] || [ ! -e "$home/run/$folder/output" ] || rm -f "$home/run/$folder/output"
	done
	find "$home/log" -type f -mtime "+$days" | sort | while read -r entry; do
		newer=0
		for later in "$home"/log/1*; do newer=$((newer + 1)); done
		[ "$newer" -gt 50 ] && { read -r kind who folder rest; } <"$entry" || break
		[ "$kind" != run ] || rm -rf "$home/run/$folder"
		rm -f "$entry"
	done
	# What killed arrivals left behind: in no entry, and too old to come into one.
	find "$home/run" -type d -mtime +0 | while read -r stray; do
		[ "$stray" = "$home/run" ] || cat "$home"/log/1* | grep -qF " ${stray##*/} " || {
			tidy "${stray##*/}"
			rm -rf "$stray"
		}
	done
}
