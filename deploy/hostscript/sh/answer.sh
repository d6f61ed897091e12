# Answering: one header line, then the end of the output. The command's output comes only from its file and only after
# the header, so nothing that it prints can be taken for one. The guard ends with 0 whatever the command did.

# say STATE EXIT: uses why, other, shown (a run's folder), began and ended, where set.
say() {
	file=${shown:+$home/run/$shown/output} size=0 sent=0
	if [ -n "$file" ] && [ -f "$file" ]; then
		tail -c 8192 "$file" >"$dir/tail"
		sent=$(($(wc -c <"$dir/tail"))) size=$(($(wc -c <"$file")))
	fi
	printf 'junban-guard 1\ttoken=%s\tstate=%s\texit=%s\tsize=%s\tsent=%s\tstarted=%s\tended=%s\tother=%s\tpath=%s\twhy=%s\n' \
		"$token" "$1" "$2" "$size" "$sent" "${began:-0}" "${ended:-0}" "${other:-}" "$(plain "$file")" "$(plain "${why:-}")"
	[ "$sent" -eq 0 ] || cat "$dir/tail"
	rm -f "$dir/tail"
}

# plain TEXT: without what would break the header.
plain() {
	printf '%s' "$1" | tr '\000-\037\177' '?'
}

# tell: what the record says of the token's entry, which does not live.
tell() {
	if [ "$mine" = cancel ]; then
		why='it was cancelled before it had started'
		say cancelled -1
		return
	fi
	shown=$m_run began=$m_at
	if { read -r outcome code ended; } 2>/dev/null <"$home/run/$m_run/result" && [ -n "$code" ]; then
		[ "$outcome" != refused ] || why='the guard was disturbed before it had started the command'
		say "$outcome" "$code"
		return
	fi
	ended=0
	tidy "$m_run"
	if [ -e "$home/run/$m_run/cancel" ]; then
		why='it was cancelled, and its exit code is lost'
		say cancelled -1
	elif [ "$m_boot" != "$boot" ]; then
		why='the host was restarted while it ran'
		say unknown -1
	else
		why='its process ended without leaving an exit code'
		say unknown -1
	fi
}

# settle: waits for the token's living run, then tells.
settle() {
	while mine_lives; do nap; done
	tell
}

# arrive: runs the token unless the record forbids it, and answers.
arrive() {
	scan
	if [ -z "$mine" ]; then
		prepare || {
			say refused -1
			return
		}
		# Descriptors that the agent left open must not keep its pipes open when it is gone.
		own_session sh "$dir/guard" supervise "$dir" </dev/null >/dev/null 2>"$dir/trouble" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
		scan
	fi
	if [ -n "$mine" ]; then
		[ -n "${posted:-}" ] || settle
	elif read -r verdict rest 2>/dev/null <"$dir/verdict" && [ "$verdict" != 0 ]; then
		other=$verdict why='another command of the bot is still running on this host'
		say refused -1
	else
		# The job's folder is removed before this answer: a supervisor that is late cannot enter it any more.
		why="the guard could not start: ${rest:-$(head -n 1 "$dir/trouble" 2>/dev/null)}"
		drop
		dir='' shown=''
		say refused -1
	fi
}

# post: arrives, and does not wait for the end. A second process answers as soon as the record knows the token. If that
# is by this arrival, it then kills this process, which has nothing left to do; nothing else could end it in time. (What sh
# starts with & ignores SIGINT and SIGQUIT for ever, so it is the waiting that goes to the background, not the command.)
post() {
	scan
	if [ -n "$mine" ]; then
		look
		return
	fi
	sh "$dir/guard" announce "$dir" $$ &
	announcer=$!
	posted=1
	arrive
	# After a refusal nobody else may speak.
	[ -n "$mine" ] || kill -KILL "$announcer" 2>/dev/null
	wait "$announcer" 2>/dev/null
}

# announce PID: answers for post, whose process it is. With that gone there is nobody to answer.
announce() {
	while [ -d "$dir" ] && kill -0 "$1" 2>/dev/null; do
		scan
		if [ -n "$mine" ]; then
			look
			[ "$mine $m_run" != "run $run" ] || kill -KILL "$1" 2>/dev/null
			return
		fi
		nap
	done
}

# look: what is known of the token now. Starts and changes nothing.
look() {
	scan
	if [ -z "$mine" ]; then
		say absent -1
	elif mine_lives; then
		shown=$m_run began=$m_at
		say running -1
	else
		tell
	fi
}

# cancel: makes sure that the token neither runs nor ever will, and tells what was found. A run that is about to start is
# caught too: the mark is set before the pid is read, and child does it the other way round.
cancel() {
	while :; do
		scan
		[ -z "$mine" ] || break
		append "cancel $token"
		case $? in
		0) say absent -1 && return ;;
		2) why="the guard's record cannot be written on the host (is its disk full?)" && say refused -1 && return ;;
		esac
	done
	if mine_lives; then
		true >"$home/run/$m_run/cancel"
		end_run "$m_run"
		waited=0
		while mine_lives && [ "$waited" -lt 100 ]; do
			nap
			waited=$((waited + 1))
			# A child that came up after the first look ends by itself; asking again costs nothing.
			[ $((waited % 10)) -ne 0 ] || end_run "$m_run"
		done
	fi
	if mine_lives; then
		shown=$m_run began=$m_at why='it could not be ended'
		say running -1
	else
		tell
	fi
}

# drop: removes this arrival's own folder, unless it has become the run's.
drop() {
	[ "${m_run:-}" != "$run" ] || return 0
	unhand "$dir"
	rm -rf "$dir"
}
