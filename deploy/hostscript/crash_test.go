package hostscript

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tools are the programs that the guard starts. Between two of them its processes touch nothing outside, so a kill
// before or after each of them is a kill at every step.
var tools = []string{"mkdir", "chmod", "wc", "cat", "tail", "ln", "mv", "sync", "date", "rm", "find", "id", "setsid", "tr", "sleep"}

// shim stands in for a tool: it counts the calls and, at call $KILL_AT, kills before or after the tool's work:
// its parent, the wrapper, the supervisor, or all of its ancestors up to the wrapper.
const shim = `#!/bin/sh
shims=$PATH
PATH=$REAL_PATH
[ -e "$KILL_DIR/wrapper" ] || PATH=$shims exec NAME "$@"
n=0
set -C
until true >"$KILL_DIR/call.$n"; do n=$((n + 1)); done 2>/dev/null
set +C
end() {
	IFS= read -r wrapper <"$KILL_DIR/wrapper"
	true >"$KILL_DIR/killed"
	exec 2>/dev/null
	case $KILL_WHO in
	parent) kill -9 "$PPID" ;;
	wrapper) kill -9 "$wrapper" ;;
	supervisor) read -r _ _ _ pid _ <"$KILL_LOG/10000001" && kill -9 "$pid" ;;
	all)
		pid=$PPID list=
		while [ "$pid" -gt 1 ]; do
			list="$list $pid"
			[ "$pid" != "$wrapper" ] || break
			pid=$(ps -o ppid= -p "$pid" | tr -d ' ')
			[ -n "$pid" ] || break
		done
		case " $list " in *" $wrapper "*) kill -9 $list ;; *) kill -9 "$PPID" "$wrapper" ;; esac
		;;
	esac
}
[ "$n" != "$KILL_AT" ] || [ "$KILL_WHEN" != before ] || { end; exit 1; }
PATH=$shims NAME "$@"
code=$?
[ "$n" != "$KILL_AT" ] || [ "$KILL_WHEN" != after ] || end
exit $code
`

func (h *host) addShims() string {
	dir := h.path("shims")
	must(h.t, os.Mkdir(dir, 0o755))
	for _, tool := range tools {
		path, err := exec.LookPath(tool)
		if err != nil {
			continue // as setsid on macOS
		}
		text := []byte(strings.ReplaceAll(shim, "NAME", path))
		must(h.t, os.WriteFile(filepath.Join(dir, tool), text, 0o755))
	}
	return dir
}

func TestAKillAtEveryStep(t *testing.T) {
	// Whatever is killed and when: the command has started at most once, a report of an exit code is true, and the host
	// is not blocked for the next token.
	t.Parallel()
	for _, c := range []struct{ op, who, when string }{
		{"arrive", "parent", "before"}, {"arrive", "parent", "after"}, {"arrive", "supervisor", "after"}, {"arrive", "wrapper", "after"},
		{"arrive", "all", "after"}, {"post", "parent", "before"}, {"post", "supervisor", "after"}, {"post", "all", "after"},
	} {
		t.Run(c.op+" "+c.who+" "+c.when, func(t *testing.T) {
			t.Parallel()
			h := anyShell(t)
			shims := h.addShims()
			states := map[State]int{}
			at := 0
			for ; h.killAt(c.op, shims, c.who, c.when, at, states); at++ {
			}
			t.Logf("%d steps: %v", at, states)
			if at < 20 || states[Exited] == 0 || c.who != "wrapper" && states[Unknown] == 0 {
				t.Errorf("%d steps with %v: the sweep does not reach the guard", at, states)
			}
		})
	}
}

// killAt runs one job that is killed at a step, and judges what comes after. It answers whether there was that step.
func (h *host) killAt(op, shims, who, when string, at int, states map[State]int) bool {
	h.t.Helper()
	h.state = h.path(fmt.Sprint("state", at))
	h.env = append(h.env, "JUNBAN_STATE="+h.state)
	dir := h.path(fmt.Sprint("kill", at))
	must(h.t, os.Mkdir(dir, 0o755))
	count := filepath.Join(dir, "starts")
	job := Job{Script: "echo x >>\"$STARTS\"\nexit 5\n", Env: []Var{{"STARTS", count}}}

	// The wrapper says its pid first, in the same process.
	script := "echo $$ >\"$KILL_DIR/wrapper\"\n" + h.wrapped(job)
	if op == "post" {
		script = "echo $$ >\"$KILL_DIR/wrapper\"\n" + h.posted(job)
	}
	first := h.arrive(script, "PATH="+shims+":"+h.path("bin")+":"+os.Getenv("PATH"), "REAL_PATH="+os.Getenv("PATH"),
		"KILL_DIR="+dir, "KILL_LOG="+filepath.Join(h.state, instance, "log"), "KILL_WHO="+who, "KILL_WHEN="+when, fmt.Sprint("KILL_AT=", at))
	<-first.done
	where := fmt.Sprintf("%s killed %s step %d", who, when, at)
	started := countX(count)
	second := h.run(job)
	after := countX(count)
	if _, err := os.Stat(filepath.Join(dir, fmt.Sprint("call.", at))); err != nil {
		if op == "arrive" {
			want(h.t, first.report(), Exited, 5)
		}
		want(h.t, second, Exited, 5)
		return false
	}
	states[second.State]++
	switch {
	case after > 1:
		h.t.Errorf("%s: the command started %d times", where, after)
	case second.State == Exited && (second.Exit != 5 || after != 1):
		h.t.Errorf("%s: exit %d reported after %d starts", where, second.Exit, after)
	case second.State == Unknown && after != started && who == "all" && op == "arrive":
		h.t.Errorf("%s: started after all was killed", where)
	case second.State == Refused && after != 0:
		h.t.Errorf("%s: refused after it had started: %s", where, second.Why)
	case second.State != Exited && second.State != Unknown && second.State != Refused:
		h.t.Errorf("%s: the token was answered %s: %s", where, second.State, second.Why)
	}
	if first.out.Len() > 0 && op == "arrive" { // it could still answer: then it told the truth
		if r, err := Parse(first.out.String()); err == nil && r.State != second.State && r.State != Refused {
			h.t.Errorf("%s: first %s %s, then %s", where, r.State, r.Why, second.State)
		}
	}
	// A child that is only now finding its supervisor dead counts as living until it has ended itself.
	h.wait(where+": the next token runs", func() bool {
		return h.run(Job{Token: "op/next", Script: "exit 0"}).State == Exited
	})
	if countX(count) != after {
		h.t.Errorf("%s: the command started after it was answered for", where)
	}
	return true
}

func TestACommandWhoseSupervisorIsGoneBeforeItStartsDoesNotStart(t *testing.T) {
	// The supervisor is killed just before the child's pid is published. Somebody who looked in between found neither
	// alive and may have let another token run.
	h := anyShell(t)
	mv, err := exec.LookPath("mv")
	must(t, err)
	text := "#!/bin/sh\ncase $2 in */pid) read -r _ _ _ pid _ <\"$LOG/10000001\"; kill -9 \"$pid\"; while kill -0 \"$pid\"; do sleep 0.02; done 2>/dev/null ;; esac\nexec " + mv + " \"$@\"\n"
	must(t, os.WriteFile(filepath.Join(h.dir, "bin", "mv"), []byte(text), 0o755))
	h.env = append(h.env, "LOG="+filepath.Join(h.state, instance, "log"))
	want(t, h.run(Job{Script: "echo x >>\"$STARTS\"", Env: []Var{{"STARTS", h.path("starts")}}}), Unknown, -1)
	h.wait("the child has ended", func() bool { pid := h.child(); return pid > 0 && !running(pid) })
	wantStarts(t, h, 0)
}

func TestACancelBeforeTheCommandStartsIsHeard(t *testing.T) {
	// The cancel comes when the run is entered and its pid is not yet known, so there is nothing that could be ended.
	h := anyShell(t)
	mv, err := exec.LookPath("mv")
	must(t, err)
	text := "#!/bin/sh\ncase $2 in */pid) echo >\"$ABOUT\"; until [ -e \"$GO\" ]; do sleep 0.02; done ;; esac\nexec " + mv + " \"$@\"\n"
	must(t, os.WriteFile(filepath.Join(h.dir, "bin", "mv"), []byte(text), 0o755))
	h.env = append(h.env, "ABOUT="+h.path("about"), "GO="+h.path("go"))
	j := h.gated("op/lane/1/command", "0")
	first := h.start(j)
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	h.wait("the child is about to publish its pid", func() bool { return exists(h.path("about")) })
	script, err := Cancel(j.Token, instance)
	must(t, err)
	cancel := h.arrive(script)
	h.wait("the mark is set", func() bool {
		marks, _ := filepath.Glob(filepath.Join(h.state, instance, "run", "*", "cancel"))
		return len(marks) == 1
	})
	must(t, os.WriteFile(h.path("go"), nil, 0o644))
	if r := cancel.report(); r.State != Cancelled {
		t.Errorf("cancel was told %s: %s", r.State, r.Why)
	}
	if r := first.report(); r.State != Cancelled {
		t.Errorf("the arrival was told %s: %s", r.State, r.Why)
	}
	wantStarts(t, h, 0)
}
