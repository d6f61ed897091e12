# Running: three processes. The wrapper is what was sent: it waits and answers, and may be killed at any time. The
# supervisor, in a session of its own, enters the run in the record, waits for the command and writes its result. The
# child publishes its pid and becomes the command.

# supervise: enters and runs the token, or leaves in $dir/verdict why not.
supervise() {
	my_start=$(start_of $$) && [ -n "$my_start" ] || {
		echo "0 the guard cannot read when a process started (no /proc and no ps?)" >"$dir/verdict"
		return
	}
	claim || return
	if [ "$within" -gt 0 ]; then
		watch "$within" over &
		within_watch=$!
	fi
	while attempt && [ "$within" -gt 0 ] && [ "$code" -ne 0 ] && pause; do :; done
	[ "$within" -eq 0 ] || stop_watch "$within_watch" over
	# What a script that only looks says on stderr is no part of its answer, unless there is none.
	[ "$code" -eq 0 ] || [ ! -s "$dir/errors" ] || cat "$dir/errors" >>"$dir/output"
	printf '%s %s %s\n' "$outcome" "$code" "$(date +%s)" >"$dir/result.new" && mv "$dir/result.new" "$dir/result"
	tidy "$run"
	prune
}

# claim: the one step that makes this the run of the token.
claim() {
	while :; do
		scan
		# ln may have entered it and yet have failed, when it was killed after the work.
		[ "$mine" = run ] && [ "$m_run $m_pid" = "$run $$" ] && return 0
		[ -z "$mine" ] || return 1
		if [ -z "${beside:-}" ] && [ -n "$o_who" ] && lives "$o_run" "$o_pid" "$o_start" "$o_boot"; then
			echo "$o_who" >"$dir/verdict"
			return 1
		fi
		append "run $token $run $$ $my_start $boot $(date +%s)"
		case $? in
		0) return 0 ;;
		2)
			echo "0 the guard's record cannot be written on the host (is its disk full?)" >"$dir/verdict"
			return 1
			;;
		esac
	done
}

# attempt: one start of the command, to its end; sets code and outcome. Fails when there shall be no other.
attempt() {
	rm -f "$dir/pid" "$dir/cut" "$dir/went"
	if [ "$limit" -gt 0 ]; then
		watch "$limit" cut &
		limit_watch=$!
	fi
	own_session sh "$dir/guard" child "$dir" $$ "$my_start" </dev/null
	code=$? outcome=exited
	[ "$limit" -eq 0 ] || stop_watch "$limit_watch" cut
	if [ -e "$dir/cancel" ]; then
		outcome=cancelled
	elif [ -e "$dir/over" ] || [ -e "$dir/cut" ]; then
		outcome=timedout
	elif [ ! -e "$dir/went" ]; then
		outcome=refused code=-1 # the child ended before it had become the command
	fi
	[ "$outcome" != refused ] && [ ! -e "$dir/cancel" ] && [ ! -e "$dir/over" ]
}

# pause: between two tries, in small steps to hear of a cancel or of the end. Fails when there shall be no other try.
pause() {
	left=$every
	while [ "$left" -gt 0 ]; do
		step=$left
		[ "$step" -le 1000 ] || step=1000
		if [ "$step" -eq 1000 ]; then sleep 1; else sleep "0.$(printf %03d "$step")" 2>/dev/null || sleep 1; fi
		left=$((left - step))
		[ ! -e "$dir/over" ] || return 1
		[ ! -e "$dir/cancel" ] || {
			outcome=cancelled
			return 1
		}
	done
}

# watch SECONDS MARK: when they are over, sets the mark and ends the command. It outlives a killed supervisor, so that the
# command still has its limit, and stops soon after a result is there.
watch() {
	left=$1
	while [ "$left" -gt 0 ]; do
		step=$left
		[ "$step" -le 5 ] || step=5
		sleep "$step"
		left=$((left - step))
		[ ! -e "$dir/result" ] || return
	done
	true >"$dir/$2" # not ":", whose failed redirection would end the shell
	end_run "$run"
}

# stop_watch PID MARK: a watch that has begun to end the group finishes that first. KILL, since some shells keep a TERM
# until their sleep is over.
stop_watch() {
	[ -e "$dir/$2" ] || kill -KILL "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# child SUPERVISOR START: becomes the command. It first says who it is and only then looks whether the supervisor lives
# and nothing was called off; the others write or look in the opposite order. So either they see this process, or it
# sees them and runs nothing.
child() {
	# Not the supervisor's redirection: its shell would add its own word on how the command ended.
	exec >>"$dir/output" 2>&1
	[ -z "${beside:-}" ] || exec 2>>"$dir/errors"
	my_start=$(start_of $$) && [ -n "$my_start" ] || exit 125
	printf '%s %s\n' $$ "$my_start" >"$dir/pid.new" && mv "$dir/pid.new" "$dir/pid" || exit 125
	alive "$1" "$2" || exit 125
	for mark in cancel over cut; do
		[ ! -e "$dir/$mark" ] || exit 125
	done
	{ read -r mask && read -r lc_set && IFS= read -r lc; } <"$dir/found"
	read_how || exit 125
	# Or the user could not open /dev/stdout and /dev/stderr, which many scripts do.
	[ "$switch" = none ] || chown "$uid" "$dir/output" ${beside:+"$dir/errors"} || exit 125
	true >"$dir/went" || exit 125
	as_user exec sh "$files/enter" "$mask" "$lc_set" "$lc" "$shell_path" "$user" "$user_home"
}
