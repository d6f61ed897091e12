package hostscript

import (
	_ "embed" // the guard's text
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

var (
	//go:embed sh/head.sh
	headSh string
	//go:embed sh/process.sh
	processSh string
	//go:embed sh/record.sh
	recordSh string
	//go:embed sh/user.sh
	userSh string
	//go:embed sh/run.sh
	runSh string
	//go:embed sh/answer.sh
	answerSh string
	//go:embed sh/main.sh
	mainSh string
)

// Wrap makes the script that runs the job and waits for it. Its answer's state is exited, timedout or cancelled when
// the token's run has ended, now or earlier; unknown when it died without an exit code; refused when it was not started.
// The error lists everything about the job that cannot be sent.
func Wrap(j Job) (string, error) { return wrap("arrive", j, Grace) }

// Start makes the script that starts the job and does not wait for its end, for a transport whose connection may be cut:
// the command goes on when whoever sent it is gone. It answers as soon as the record knows the token: running, or, as Look
// would, what became of it; refused when it was not started, which the record does not know.
func Start(j Job) (string, error) { return wrap("post", j, Grace) }

// Cancel makes the script that ends a living run of the token, and sees to it that a late arrival of the token runs
// nothing. Its answer tells what it found: absent (it had not come, and never will run now), cancelled (it was running
// and has been ended; with a zero Started it had been cancelled before), exited, timedout, unknown, or running when it
// could not be ended. After any answer but running and refused, the token's command neither runs nor ever will.
func Cancel(token, instance string) (string, error) { return ask("cancel", token, instance) }

// Look makes the script that tells what the record says of the token, at once, and starts and ends nothing.
func Look(token, instance string) (string, error) { return ask("look", token, instance) }

func wrap(op string, j Job, grace time.Duration) (string, error) {
	if err := j.check(); err != nil {
		return "", fmt.Errorf("wrap a command for the host: %w", err)
	}
	shell := j.Shell
	if shell == "" {
		shell = "sh"
	}
	var within, every int64
	if j.Retry != nil {
		within, every = seconds(j.Retry.For), max(j.Retry.Every.Milliseconds(), 1)
	}
	job := assign("token", j.Token) + assign("user", j.User) + assign("shell", shell) + assign("directory", j.Directory) +
		fmt.Sprintf("limit=%d within=%d every=%d grace=%d\n", seconds(j.Timeout), within, every, seconds(grace))
	if j.Read {
		job += "beside=1\n"
	}
	return script(op, j.Token, j.Instance, file{"job", job}, file{"enter", enter(j)}, file{"script", j.Script}), nil
}

func ask(op, token, instance string) (string, error) {
	if err := checkNames(token, instance); err != nil {
		return "", fmt.Errorf("%s a command on the host: %w", op, err)
	}
	job := assign("token", token) + fmt.Sprintf("grace=%d\n", seconds(Grace))
	return script(op, token, instance, file{"job", job}), nil
}

type file struct{ name, text string }

// script puts together what is sent: the head, the files it lays, and the guard.
func script(op, token, instance string, files ...file) string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n# Junban's guard: runs one command at most once on this host.\n")
	b.WriteString(assign("op", op) + assign("token", token) + assign("instance", instance))
	b.WriteString(assign("key", strings.ReplaceAll(token, "/", ",")))
	b.WriteString(bare(headSh))
	for _, f := range files {
		fmt.Fprintf(&b, "put %s %d %s\n", f.name, len(f.text), encode(f.text))
	}
	guard := bare(processSh + recordSh + userSh + runSh + answerSh + mainSh)
	fmt.Fprintf(&b, "put guard %d %s\n", len(guard), encode(guard))
	b.WriteString("exec sh \"$dir/guard\" \"$op\" \"$dir\"\n")
	return b.String()
}

// enter is the script that the child becomes before it becomes the command: as the user already, it sets umask, folder
// and environment. Its arguments are umask, whether LC_ALL was set, LC_ALL, the shell, the user and the user's home.
func enter(j Job) string {
	var b strings.Builder
	b.WriteString("umask \"$1\"\n")
	b.WriteString("[ -z \"$5\" ] || { HOME=$6 USER=$5 LOGNAME=$5; export HOME USER LOGNAME; }\n")
	switch {
	case j.Directory != "":
		fmt.Fprintf(&b, "cd %s || exit 126\n", quote(j.Directory))
	case j.User != "":
		b.WriteString("cd \"$6\" 2>/dev/null || cd /\n")
	}
	isLocale := func(v Var) bool { return v.Name == "LC_ALL" }
	// Until the last line of data the shell has to read bytes, not some other encoding's characters.
	for _, v := range j.Env {
		if !isLocale(v) {
			fmt.Fprintf(&b, "export %s=%s\n", v.Name, quote(v.Value))
		}
	}
	if i := slices.IndexFunc(j.Env, isLocale); i >= 0 {
		fmt.Fprintf(&b, "export LC_ALL=%s\n", quote(j.Env[i].Value))
	} else {
		b.WriteString("if [ \"$2\" = 1 ]; then export LC_ALL=\"$3\"; else unset LC_ALL; fi\n")
	}
	b.WriteString("exec \"$4\" \"${0%/*}/script\"\n")
	return b.String()
}

// seconds rounds up.
func seconds(d time.Duration) int64 { return int64(roundUp(d) / time.Second) }

func assign(name, value string) string { return name + "=" + quote(value) + "\n" }

// quote makes one word of sh that is the text.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// encode makes one word of sh that printf %b turns into the text. What is sent is valid UTF-8 without control characters
// but newline and tab, whatever the text is: it may travel as JSON. It also holds no two opening braces in a row, which
// SSM would take for a reference to a parameter and replace.
func encode(s string) string {
	var b strings.Builder
	b.WriteByte('\'')
	last := rune(0)
	for i, width := 0, 0; i < len(s); i += width {
		var r rune
		r, width = utf8.DecodeRuneInString(s[i:])
		plain := r == '\n' || r == '\t' || unicode.IsPrint(r)
		if r == '\\' || r == '\'' || r == '{' && last == '{' || r == utf8.RuneError {
			plain = false
		}
		last = r
		if plain {
			b.WriteRune(r)
			continue
		}
		for _, c := range []byte(s[i : i+width]) {
			fmt.Fprintf(&b, `\0%03o`, c)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// bare is the text without its comments: they are for readers of the source, and a command has a limited size.
func bare(sh string) string {
	var b strings.Builder
	for line := range strings.Lines(sh) {
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}
