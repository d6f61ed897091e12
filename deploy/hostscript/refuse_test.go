package hostscript

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRefusalsRunNothingAndUseUpNoToken(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		file := h.path("file")
		must(t, os.WriteFile(file, nil, 0o644))
		for name, bad := range map[string]struct {
			job Job
			why string
		}{
			"directory missing":    {Job{Directory: "/no/such/dir"}, "directory does not exist on the host: /no/such/dir"},
			"directory is a file":  {Job{Directory: file}, "directory does not exist"},
			"shell missing":        {Job{Shell: "/no/such/shell"}, "shell does not exist on the host: /no/such/shell"},
			"shell not executable": {Job{Shell: file}, "shell does not exist"},
			"user unknown":         {Job{User: "no-such-user"}, "no such user on the host: no-such-user"},
		} {
			j := bad.job
			j.Script, j.Env = "echo x >>\"$STARTS\"\n", []Var{{"STARTS", h.path("starts")}}
			r := h.run(j)
			if r.State != Refused || r.Exit != -1 || !strings.Contains(r.Why, bad.why) {
				t.Errorf("%s: %s exit %d, why %q", name, r.State, r.Exit, r.Why)
			}
		}
		wantStarts(t, h, 0)
		h.wantTidy()
		want(t, h.run(Job{Script: "exit 0"}), Exited, 0)
	})
}

func TestAStateFolderThatCannotBeUsedIsRefused(t *testing.T) {
	h := anyShell(t)
	must(t, os.WriteFile(h.path("state"), nil, 0o600))
	r := h.run(Job{Script: "exit 0"})
	want(t, r, Refused, -1)
	if !strings.Contains(r.Why, "folder cannot be used") {
		t.Errorf("why %q", r.Why)
	}
}

func TestALogThatCannotBeWrittenIsRefused(t *testing.T) {
	h := anyShell(t)
	must(t, os.WriteFile(filepath.Join(h.dir, "bin", "ln"), []byte("#!/bin/sh\nexit 1\n"), 0o755))
	r := h.run(Job{Script: "echo x >>\"$STARTS\"", Env: []Var{{"STARTS", h.path("starts")}}})
	want(t, r, Refused, -1)
	if !strings.Contains(r.Why, "record cannot be written") {
		t.Errorf("why %q", r.Why)
	}
	want(t, h.cancel("op"), Refused, -1)
	wantStarts(t, h, 0)
}

// letIn opens the test's folder to other users.
func (h *host) letIn() {
	h.t.Helper()
	must(h.t, os.Chmod(h.dir, 0o777))
	must(h.t, os.Chmod(filepath.Dir(h.dir), 0o755))
}

// nobody is a user that every machine has.
const nobody = "nobody"

func TestUser(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := Job{User: nobody, Directory: "/", Timeout: time.Minute,
			Script: "id -un; echo \"$USER $LOGNAME ${HOME:+home}\"; echo \"$A\" >>/dev/stderr; pwd; umask\nexit 3\n", Env: []Var{{"A", "it's"}}}
		if os.Getuid() != 0 {
			want(t, h.run(j), Refused, -1)
			return
		}
		h.letIn()
		mktemp, err := exec.LookPath("mktemp")
		must(t, err)
		text := "#!/bin/sh\n" + mktemp + " \"$@\" | tee -a \"$MADE\"\n"
		must(t, os.WriteFile(filepath.Join(h.dir, "bin", "mktemp"), []byte(text), 0o755))
		h.env = append(h.env, "MADE="+h.path("made"))
		// Each way in turn is hidden behind one that fails, as it does on hosts that have a lesser one.
		for _, broken := range []string{"", "setpriv", "runuser", "sudo"} {
			if broken != "" {
				must(t, os.WriteFile(filepath.Join(h.dir, "bin", broken), []byte("#!/bin/sh\nexit 1\n"), 0o755))
			}
			j.Token = "op/" + broken
			r := h.run(j)
			want(t, r, Exited, 3)
			if got := strings.Replace(r.Output, "\n022\n", "\n0022\n", 1); got != "nobody\nnobody nobody home\nit's\n/\n0022\n" {
				t.Errorf("without %s: %q", broken, r.Output)
			}
		}
		j.Token, j.Directory = "op/closed", filepath.Join(h.state, instance)
		r := h.run(j)
		want(t, r, Refused, -1)
		if !strings.Contains(r.Why, "nobody cannot enter the directory") {
			t.Errorf("why %q", r.Why)
		}
		must(t, os.WriteFile(filepath.Join(h.dir, "bin", "su"), []byte("#!/bin/sh\nexit 1\n"), 0o755))
		j.Token = "op/no-way"
		want(t, h.run(j), Refused, -1)
		h.wantTidy()
		made, err := os.ReadFile(h.path("made"))
		must(t, err)
		for _, dir := range strings.Fields(string(made)) {
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("left behind: %s", dir)
			}
		}
		if n := strings.Count(string(made), "\n"); n != 5 {
			t.Errorf("%d folders were handed over, want 5", n)
		}
	})
}

func TestCancelAndTimeoutReachAnotherUsersCommand(t *testing.T) {
	if os.Getuid() != 0 {
		return // refused, as TestUser shows
	}
	for _, broken := range []string{"", "setpriv"} {
		h := anyShell(t)
		h.letIn()
		if broken != "" {
			must(t, os.WriteFile(filepath.Join(h.dir, "bin", broken), []byte("#!/bin/sh\nexit 1\n"), 0o755))
		}
		j := h.gated("op/1", "0")
		j.User = nobody
		first := h.start(j)
		pid := h.waitPid()
		want(t, h.look(j.Token), Running, -1)
		if r := h.cancel(j.Token); r.State != Cancelled || running(pid) {
			t.Errorf("cancel: %s, running %v", r.State, running(pid))
		}
		first.report()
		j = h.gated("op/2", "0")
		j.User, j.Timeout = nobody, time.Second
		if r := h.run(j); r.State != TimedOut {
			t.Errorf("%s exit %d %q", r.State, r.Exit, r.Output)
		}
	}
}

func TestUserWithoutRootIsRefused(t *testing.T) {
	h := anyShell(t)
	if os.Getuid() == 0 { // become somebody else
		h.cred = &syscall.Credential{Uid: 65534, Gid: 65534}
		h.state = filepath.Join(h.dir, "open", "state")
		h.letIn()
		must(t, os.Mkdir(filepath.Dir(h.state), 0o777))
		must(t, os.Chmod(filepath.Dir(h.state), 0o777))
		h.env = append(h.env, "JUNBAN_STATE="+h.state)
	}
	r := h.run(Job{User: "root", Script: "echo x >>\"$STARTS\"", Env: []Var{{"STARTS", h.path("starts")}}})
	want(t, r, Refused, -1)
	if !strings.Contains(r.Why, "running as root needs root, and the guard runs as ") {
		t.Errorf("why %q", r.Why)
	}
	wantStarts(t, h, 0)
	want(t, h.run(Job{Script: "exit 8"}), Exited, 8)
	if os.Getuid() == 0 {
		r = h.run(Job{Token: "same", User: nobody, Script: "echo $HOME; exit 2"}) // already that user
		want(t, r, Exited, 2)
	}
}

func TestWrapSaysEverythingThatCannotBeSent(t *testing.T) {
	_, err := Wrap(Job{Token: "a b", Instance: "../x", Script: "a\x00", Shell: "zsh", User: "-x", Directory: "rel", Timeout: -1,
		Retry: &Retry{For: 0, Every: -1},
		Env:   []Var{{"1A", ""}, {"A", "\x00"}, {"A", ""}, {"IFS", ","}, {"A=B", ""}}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{`token "a b"`, `instance "../x"`, "script holds a NUL", `shell "zsh"`, `user "-x"`, `directory "rel"`,
		"timeout", "retry for", "retry every", `"1A": not a name`, "A: the value holds a NUL", "A is set twice", "IFS: shells keep", `"A=B"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
	for _, token := range []string{"", "a\n", "日", strings.Repeat("x", 101), "a;b", "$(x)", "a'b"} {
		if _, err := Wrap(Job{Token: token, Instance: "i-1", Script: "x"}); err == nil {
			t.Errorf("Wrap takes token %q", token)
		}
		if _, err := Cancel(token, "i-1"); err == nil {
			t.Errorf("Cancel takes token %q", token)
		}
		if _, err := Look("t", token); err == nil {
			t.Errorf("Look takes instance %q", token)
		}
	}
}

func TestOddTokensAreKeptApart(t *testing.T) {
	h := anyShell(t)
	for i, token := range []string{".", "..", "-", "/", "a/b", "a//b", "-rf/x", "../../x", strings.Repeat("x", 100)} {
		want(t, h.run(Job{Token: token, Script: fmt.Sprintf("exit %d", i)}), Exited, i)
		want(t, h.look(token), Exited, i)
	}
	if _, err := os.Stat(h.path("x")); err == nil {
		t.Error("a token left the record's folder")
	}
}

func TestLongest(t *testing.T) {
	for _, c := range []struct {
		job  Job
		want time.Duration
	}{
		{Job{}, 0},
		{Job{Timeout: 1500 * time.Millisecond}, 22 * time.Second},
		{Job{Timeout: time.Second, Retry: &Retry{For: time.Minute}}, 80 * time.Second},
	} {
		if got := c.job.Longest(); got != c.want {
			t.Errorf("%+v: %v, want %v", c.job, got, c.want)
		}
	}
}
