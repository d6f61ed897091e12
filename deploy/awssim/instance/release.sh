#!/bin/sh
# Puts the release named by $REF on this server: stops the application, copies
# the release, starts it again. It asks nobody whether requests are under way.
# RELEASE_SECONDS is how long the copying takes (0.5 if unset).
set -eu
CDPATH='' cd -- "$(dirname -- "$0")"
: "${REF:?set REF to the release to put here}"

# tell LINE: to the application. Opened for reading too (1<>), as a pipe that
# nobody reads would otherwise block for ever.
tell() {
	[ -p app.ctl ] || { echo "release: this server is not installed: no app.ctl" >&2; exit 1; }
	echo "$1" 1<>app.ctl
}

# await STATE: until app.state says so; ten seconds at most.
await() {
	tries=0
	until [ "$(cat app.state)" = "$1" ]; do
		tries=$((tries + 1))
		if [ "$tries" -gt 200 ]; then
			echo "release: waited 10 s for \"$1\", but it is \"$(cat app.state)\"" >&2
			exit 1
		fi
		sleep 0.05
	done
}

echo "release $REF: here is $(cat REVISION), $(cat app.state)"
tell stop
await stopped
echo "release $REF: stopped"
sleep "${RELEASE_SECONDS:-0.5}"
printf '%s\n' "$REF" >REVISION.new
mv -f REVISION.new REVISION
echo "release $REF: copied"
tell start
await "running $REF"
echo "release $REF: running"
