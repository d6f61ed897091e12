# What the command needs, found before anything is entered in the record: a refusal uses up no token.

# prepare: finds the shell, the folder and the way to become the user, and leaves them in $dir/how and $dir/files; or
# sets why and fails.
prepare() {
	switch=none uid=0 gid=0 user_home='' files=$dir
	if [ -n "$user" ]; then
		find_user || return 1
	fi
	shell_path=$(command -v "$shell" 2>/dev/null)
	case $shell_path in
	/*) [ -f "$shell_path" ] && [ -x "$shell_path" ] ;;
	*) false ;;
	esac || {
		why="the shell does not exist on the host: $shell"
		return 1
	}
	if [ -n "$directory" ] && [ ! -d "$directory" ]; then
		why="the directory does not exist on the host: $directory"
		return 1
	fi
	if [ "$switch" != none ]; then
		find_switch && hand_over || return 1
	fi
	if ! as_user '' sh -c '{ [ -z "$1" ] || cd "$1"; } && [ -x "$2" ]' sh "$directory" "$shell_path" </dev/null >/dev/null 2>&1; then
		why="${user:-the guard} cannot enter the directory or run the shell: $directory $shell_path"
		return 1
	fi
	{ printf '%s\n' "$switch" "$uid" "$gid" "$user_home" "$shell_path" "$files" >"$dir/how"; } 2>/dev/null || {
		why='the job'"'"'s files could not be written on the host (is its disk full?)'
		return 1
	}
}

find_user() {
	# Its form was checked before it was sent; it is the only text that eval ever sees.
	case $user in
	'' | [!A-Za-z_]* | *[!A-Za-z0-9._-]*) why="not a user's name: $user" && return 1 ;;
	esac
	uid=$(id -u "$user" 2>/dev/null) && gid=$(id -g "$user" 2>/dev/null) || {
		why="there is no such user on the host: $user"
		return 1
	}
	eval "user_home=~$user"
	[ "$uid" != "$(id -u)" ] || return 0
	[ "$(id -u)" = 0 ] || {
		why="running as $user needs root, and the guard runs as $(id -un)"
		return 1
	}
	switch=wanted
}

# find_switch: the first way that works here. setpriv leaves no process of its own in between; a tool that exists may yet
# be unable (busybox's setpriv, sudo without a rule, a login shell of nologin), so each is tried.
find_switch() {
	for switch in setpriv runuser sudo su; do
		command -v "$switch" >/dev/null 2>&1 || continue
		[ "$(as_user '' id -u </dev/null 2>/dev/null)" != "$uid" ] || return 0
	done
	why="no way to become $user on the host (setpriv, runuser, sudo, su)"
	return 1
}

# hand_over: the record's folder is closed to the user, so what is to be read goes into a folder of the user's own.
hand_over() {
	files=$(mktemp -d /tmp/junban.XXXXXX) && echo "$files" >"$dir/files" &&
		mv "$dir/script" "$dir/enter" "$files/" && chown -R "$uid:$gid" "$files" || {
		why="the job's files could not be handed to $user"
		return 1
	}
}

# unhand DIR: removes what hand_over made. Only such a folder: the line that names it may have been cut by a full disk.
unhand() {
	{ read -r handed; } 2>/dev/null <"$1/files" || return 0
	case $handed in
	*/*/*/*) ;;
	/tmp/junban.??????) rm -rf "$handed" ;;
	esac
}

# as_user GO COMMAND...: as the user of the job; GO is exec or empty.
as_user() {
	go=$1
	shift
	case $switch in
	none) $go "$@" ;;
	setpriv) $go setpriv --reuid "$uid" --regid "$gid" --init-groups -- "$@" ;;
	runuser) $go runuser -u "$user" -- "$@" ;;
	sudo) $go sudo -n -u "$user" -- "$@" ;;
	su) $go su -s /bin/sh -c 'exec "$@"' -- "$user" sh "$@" ;;
	esac
}

read_how() {
	{ read -r switch && read -r uid && read -r gid && IFS= read -r user_home && IFS= read -r shell_path && IFS= read -r files; } <"$dir/how"
}
