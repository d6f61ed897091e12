# The head of what is sent: makes the record's folder, lays the job's files into a folder of their own and hands over to
# the guard. Set before it: op, token, instance, key (the token as a file name). It starts nothing of the user's.

# The guard compares and cuts bytes and reads what ps prints, so it works in the C locale. The command gets back the
# LC_ALL and the umask that were found here.
found_umask=$(umask)
found_lc=${LC_ALL-} found_lc_set=${LC_ALL+1}
LC_ALL=C
# An agent's PATH may lack what only root uses.
PATH=${PATH:-/usr/bin}
for folder in /usr/local/bin /usr/bin /bin /usr/sbin /sbin; do
	case :$PATH: in *:$folder:*) ;; *) PATH=$PATH:$folder ;; esac
done
export LC_ALL PATH
umask 077

# fail WHY: the answer when there is no guard yet to answer.
fail() {
	printf 'junban-guard 1\ttoken=%s\tstate=refused\texit=-1\twhy=%s\n' "$token" "$1"
	[ -z "${dir:-}" ] || rm -rf "$dir"
	exit 0
}

# put NAME BYTES TEXT: writes the decoded text; a full disk must not leave half a script to be run.
put() {
	printf '%b' "$3" >"$dir/$1" 2>/dev/null && [ "$(($(wc -c <"$dir/$1")))" -eq "$2" ] ||
		fail "the job's files could not be written on the host (is its disk full?)"
}

state=${JUNBAN_STATE:-/var/lib/junban}
# Who is not root and cannot write there keeps the record at home. Where one is there it is gone on with, whatever has
# become writable since: a forgotten token could start again.
own=${XDG_STATE_HOME:-${HOME:+$HOME/.local/state}}
if [ -z "${JUNBAN_STATE:-}" ] && [ -n "$own" ] && [ "$(id -u)" != 0 ]; then
	{ [ ! -d "$own/junban/$instance" ] && mkdir -p "$state" && [ -w "$state" ]; } 2>/dev/null || state=$own/junban
fi
case $state in
/*) ;;
*) state=$PWD/$state ;;
esac
home=$state/$instance
# chmod also fails on a folder that somebody else has put there.
{ mkdir -p "$home/log" "$home/run" && chmod 700 "$home"; } 2>/dev/null ||
	fail "the guard's folder cannot be used by $(id -un) on the host: $instance in JUNBAN_STATE, /var/lib/junban or ~/.local/state/junban"
n=0 name=$key.$$
until mkdir "$home/run/$name" 2>/dev/null; do
	n=$((n + 1)) name=$key.$$.$n
	[ "$n" -lt 20 ] || fail "no folder for the job could be made on the host (is its disk full?)"
done
dir=$home/run/$name
printf '%s\n' "$found_umask" "${found_lc_set:-0}" "$found_lc" >"$dir/found" 2>/dev/null ||
	fail "the job's files could not be written on the host (is its disk full?)"
