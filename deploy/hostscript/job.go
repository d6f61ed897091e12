// Package hostscript makes the scripts that run one command on one host at most once, and reads what they answer.
//
// A command sent to a host may arrive twice, late, or together with another, and whoever sent it may be killed while it
// runs. So it is sent inside a guard: POSIX sh with a record on the host, under
// ${JUNBAN_STATE:-/var/lib/junban}/INSTANCE_ID, that knows which tokens came and what became of them. (A guard that is not
// root and cannot write there keeps it in ${XDG_STATE_HOME:-~/.local/state}/junban.) Wrap makes the script that runs a Job
// and waits for it, Start the one that does not wait, Cancel the one that makes sure that it never runs any more, Look the
// one that only asks. All answer on stdout, and Parse reads that. The scripts are the same for every way of sending them.
// IdleScript makes another kind of script: the probe that waits until a port has no request in flight.
//
// The package must never send or run anything itself, know which transport carries its scripts, or put text of a user's
// into the guard's code: it travels quoted, as data. The answer's exit code is never the script's own: the guard ends
// with 0 unless it could not even print.
package hostscript

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Grace is how long an ended command has between SIGTERM and SIGKILL.
const Grace = 10 * time.Second

// Job is one command or verification to run on one host, at most once per token.
type Job struct {
	// Token names the run: operation/lane/attempt/verb. One to 100 of A-Z a-z 0-9 . _ / -
	Token string
	// Instance is the host's id, as i-0abc, or what Record makes of it. It names the folder of the record. One to 100 of
	// A-Z a-z 0-9 . _ -, the first a letter or a digit.
	Instance string
	// Script is the approved text; it is run byte for byte, with stdin from /dev/null. Its stdout and stderr are one file,
	// as they are under SSM: a script that opens /dev/stderr with > and not >> empties it. Not empty, no NUL.
	Script string
	// Shell runs the script: sh (also when empty), bash, or an absolute path.
	Shell string
	// User runs the script, if not empty. It takes a guard that runs as root, or as that user already. HOME, USER and
	// LOGNAME are set from it; Env comes later and wins. The script then starts in the user's home if Directory is empty.
	User string
	// Directory is where the script starts: an absolute path, or empty for wherever the transport starts it.
	Directory string
	// Env is what the script finds in its environment, beside what the transport gives. Names are distinct.
	Env []Var
	// Timeout is the limit of one start of the script, rounded up to whole seconds; 0 is none. When it is over, the
	// script's process group gets SIGTERM and, after Grace, SIGKILL.
	Timeout time.Duration
	// Retry makes this a verification: Script is started until it exits with 0. Nil starts it once.
	Retry *Retry
	// Read says that the script only looks: other tokens of its record may live beside it, and its output is its stdout
	// alone (with its stderr after it where it did not exit with 0). Its record is not the commands' own: see Record.
	Read bool
}

// Var is one environment variable. Name is [A-Za-z_][A-Za-z0-9_]* and none that a shell keeps for itself (IFS, PWD, UID
// and the like); Value is any bytes but NUL.
type Var struct{ Name, Value string }

// Retry says how long a verification is tried.
type Retry struct {
	// For bounds all tries together, rounded up to whole seconds, more than 0. A try that runs when it is over is ended
	// like one that is over its own Timeout.
	For time.Duration
	// Every is the pause between two tries, in whole milliseconds.
	Every time.Duration
}

// Longest is how long the wrapped job may take on the host from its start to its answer, 0 for without a limit. A
// transport's own limit has to be longer, or the answer is lost (the command goes on and its result is kept).
func (j Job) Longest() time.Duration {
	const slack = 10 * time.Second // the guard's own work and its answer
	limit := roundUp(j.Timeout)
	if j.Retry != nil {
		limit = roundUp(j.Retry.For)
	}
	if limit == 0 {
		return 0
	}
	return limit + Grace + slack
}

func roundUp(d time.Duration) time.Duration {
	return (d + time.Second - 1) / time.Second * time.Second
}

var (
	tokenForm    = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,100}$`)
	instanceForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
	userForm     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9._-]{0,63}$`)
	nameForm     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
)

// shellsOwn are the variables that shells set, count or refuse themselves: a value sent would not arrive.
const shellsOwn = " _ BASHOPTS BASHPID BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_ALIASES BASH_COMMAND BASH_LINENO " +
	"BASH_SOURCE BASH_SUBSHELL BASH_VERSINFO BASH_VERSION COMP_WORDBREAKS DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME GROUPS " +
	"HISTCMD IFS LINENO OLDPWD OPTIND PPID PS4 PWD RANDOM SECONDS SHELLOPTS SHLVL SRANDOM UID "

// KeptByShells reports whether shells set, count or refuse a variable themselves, so that Wrap refuses it in Job.Env.
func KeptByShells(name string) bool { return strings.Contains(shellsOwn, " "+name+" ") }

func (j Job) check() error {
	errs := []error{checkNames(j.Token, j.Instance)}
	add := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	add(j.Script == "", "the script is empty")
	add(hasNUL(j.Script), "the script holds a NUL byte")
	add(j.Shell != "" && j.Shell != "sh" && j.Shell != "bash" && !isPath(j.Shell),
		"shell %q is not sh, bash or an absolute path", j.Shell)
	add(j.User != "" && !userForm.MatchString(j.User), "user %q is not a user's name", j.User)
	add(j.Directory != "" && !isPath(j.Directory), "directory %q is not an absolute path", j.Directory)
	add(j.Timeout < 0, "timeout %v is negative", j.Timeout)
	if j.Retry != nil {
		add(j.Retry.For <= 0, "retry for %v is not positive", j.Retry.For)
		add(j.Retry.Every < 0, "retry every %v is negative", j.Retry.Every)
	}
	seen := map[string]bool{}
	for _, v := range j.Env {
		add(!nameForm.MatchString(v.Name), "environment variable %q: not a name", v.Name)
		add(KeptByShells(v.Name), "environment variable %s: shells keep it for themselves", v.Name)
		add(seen[v.Name], "environment variable %s is set twice", v.Name)
		add(hasNUL(v.Value), "environment variable %s: the value holds a NUL byte", v.Name)
		seen[v.Name] = true
	}
	return errors.Join(errs...)
}

func checkNames(token, instance string) error {
	var errs []error
	if !tokenForm.MatchString(token) {
		errs = append(errs, fmt.Errorf("token %q is not 1 to 100 of A-Z a-z 0-9 . _ / -", token))
	}
	if !instanceForm.MatchString(instance) {
		errs = append(errs, fmt.Errorf("instance %q is not 1 to 100 of A-Z a-z 0-9 . _ -", instance))
	}
	return errors.Join(errs...)
}

// isPath allows no control characters either: a path with a newline cannot be kept in one line of the record.
func isPath(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func hasNUL(s string) bool { return strings.IndexByte(s, 0) >= 0 }
