#!/bin/sh
# Checks that the release named by $REF runs on this server and is sound.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")"
: "${REF:?set REF to the release that should run here}"

fail() {
	echo "verify $REF: $1" >&2
	exit 1
}

revision=$(cat REVISION)
[ "$revision" = "$REF" ] || fail "the release on disk is $revision"
state=$(cat app.state)
[ "$state" = "running $REF" ] || fail "the application is $state"
if [ -f broken ]; then
	if [ "$(cat broken)" = next ]; then # this one it is, and from now on no other
		printf '%s\n' "$REF" >broken.new
		mv -f broken.new broken
	fi
	[ "$(cat broken)" != "$REF" ] || fail "the front page shows an error: this release is broken"
fi
echo "verify $REF: runs and answers"
