package hostscript

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"junban/deploy"
)

// post starts a job as a transport does that does not wait. What it started is ended with the test.
func (h *host) post(j Job) Report {
	h.t.Helper()
	a := h.arrive(h.posted(j))
	r, err := Parse(a.answer())
	if err != nil {
		h.t.Fatalf("%v\nstderr: %s", err, a.errs.String())
	}
	return r
}

func (h *host) posted(j Job) string {
	h.t.Helper()
	if j.Token == "" {
		j.Token = "op/lane/1/command"
	}
	if j.Instance == "" {
		j.Instance = instance
	}
	script, err := wrap("post", j, time.Second)
	must(h.t, err)
	return script
}

// answer waits for the end, which may be a kill, and answers stdout.
func (a *arrival) answer() string {
	a.h.t.Helper()
	select {
	case <-a.done:
	case <-time.After(time.Minute):
		a.h.t.Fatal("no answer within a minute")
	}
	return a.out.String()
}

func TestStartAnswersWhileTheCommandRuns(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := h.gated("op/lane/1/command", "7")
		want(t, h.post(j), Running, -1)
		want(t, h.post(j), Running, -1)
		want(t, h.post(Job{Token: "op2", Script: "exit 0"}), Refused, -1)
		h.open()
		want(t, h.run(j), Exited, 7)
		want(t, h.post(j), Exited, 7)
		wantStarts(t, h, 1)
		h.wait("everything is tidied", func() bool {
			left, _ := filepath.Glob(filepath.Join(h.state, instance, "run", "*", "guard"))
			return len(left) == 0
		})
		h.wantTidy()
	})
}

func TestWhatIsStartedHearsAnInterrupt(t *testing.T) {
	// What sh starts with & ignores SIGINT for ever; the command must not be started that way.
	eachShell(t, func(t *testing.T, h *host) {
		j := Job{Token: "op", Script: "kill -INT $$; echo not reached"}
		h.post(j)
		want(t, h.run(j), Exited, 130)
	})
}

func TestStartRefusesAndUsesUpNoToken(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		j := Job{Token: "op", Script: "exit 3", Directory: h.path("later")}
		r := h.post(j)
		want(t, r, Refused, -1)
		if !strings.Contains(r.Why, "directory does not exist") {
			t.Errorf("why %q", r.Why)
		}
		want(t, h.look("op"), Absent, -1)
		must(t, os.Mkdir(h.path("later"), 0o755))
		h.post(j)
		want(t, h.run(j), Exited, 3)
		want(t, h.cancel("off"), Absent, -1)
		want(t, h.post(Job{Token: "off", Script: "exit 0"}), Cancelled, -1)
	})
}

func TestFiftyStartsAtOnceRunOnce(t *testing.T) {
	h := anyShell(t)
	j := h.gated("op/lane/1/command", "4")
	var all []*arrival
	for range 50 {
		all = append(all, h.arrive(h.posted(j)))
	}
	for _, a := range all {
		r, err := Parse(a.answer())
		if err != nil || r.State != Running {
			t.Errorf("%s %q: %v %s", r.State, r.Why, err, a.errs.String())
		}
	}
	h.open()
	want(t, h.run(j), Exited, 4)
	wantStarts(t, h, 1)
}

func TestWhatOnlyLooksRunsBesideOthers(t *testing.T) {
	eachShell(t, func(t *testing.T, h *host) {
		command := h.gated("op/lane/1/command", "0")
		want(t, h.post(command), Running, -1)
		living := h.gated("read/1", "0")
		living.Instance, living.Read = instance+".read", true
		want(t, h.post(living), Running, -1)
		read := Job{Token: "read/2", Instance: instance + ".read", Read: true, Script: "echo a word aside >&2; echo v41"}
		h.post(read)
		r := h.await(read.Token, read.Instance)
		want(t, r, Exited, 0)
		if r.Output != "v41\n" {
			t.Errorf("output %q", r.Output)
		}
		read.Token, read.Script = "read/3", "echo out; echo why >&2; exit 3"
		h.post(read)
		if r = h.await(read.Token, read.Instance); r.Exit != 3 || r.Output != "out\nwhy\n" {
			t.Errorf("exit %d output %q", r.Exit, r.Output)
		}
		want(t, h.look(command.Token), Running, -1)
		h.open()
		want(t, h.await(living.Token, living.Instance), Exited, 0)
		want(t, h.run(command), Exited, 0)
		wantStarts(t, h, 2)
	})
}

// await looks until a token has ended.
func (h *host) await(token, record string) Report {
	h.t.Helper()
	var r Report
	h.wait(token+" has ended", func() bool {
		script, err := Look(token, record)
		must(h.t, err)
		r = h.arrive(script).report()
		return r.State != Running
	})
	return r
}

func TestWithoutRootTheRecordIsAtHome(t *testing.T) {
	if _, err := os.Stat("/var/lib/junban"); err == nil {
		return // this host has a record of its own, which a test leaves alone
	}
	h := anyShell(t)
	if os.Getuid() == 0 {
		h.cred = &syscall.Credential{Uid: 65534, Gid: 65534}
		h.letIn()
	}
	h.env = append(h.env, "JUNBAN_STATE=", "XDG_STATE_HOME=", "HOME="+h.path("home"))
	must(t, os.Mkdir(h.path("home"), 0o777))
	must(t, os.Chmod(h.path("home"), 0o777))
	for i, where := range []string{"home/.local/state", "other"} {
		if where == "other" {
			h.env = append(h.env, "XDG_STATE_HOME="+h.path("home/other"))
			where = "home/other"
		}
		r := h.run(Job{Token: fmt.Sprint("op/", i), Script: "exit 4"})
		want(t, r, Exited, 4)
		if !strings.HasPrefix(r.OutputPath, h.path(where)+"/junban/"+instance+"/") {
			t.Errorf("the output is kept in %s", r.OutputPath)
		}
	}
}

func TestOfAndRecord(t *testing.T) {
	for want, j := range map[string]deploy.Job{
		"i-1": {Instance: "i-1"}, "i-1.read": {Instance: "i-1", Read: true}, "bot": {}, "bot.read": {Read: true},
	} {
		if got := Record(j); got != want {
			t.Errorf("%+v belongs to %s, want %s", j, got, want)
		}
	}
	records := map[string]bool{}
	for _, j := range []deploy.Job{
		{}, {Service: "web"}, {Service: "web", Environment: "staging"}, {Service: "ウェブ"}, {Service: "web", Read: true},
	} {
		records[Record(j)] = true
	}
	if len(records) != 5 {
		t.Errorf("on the bot's own host two services share a record: %v", records)
	}
	if _, err := Of(deploy.Job{Env: []string{"A"}}); err == nil {
		t.Error("a variable without a value was taken")
	}
	j, err := Of(deploy.Job{Token: "t", Script: "x", Env: []string{"A=b=c"}, For: time.Minute, Every: time.Second, Timeout: time.Hour})
	must(t, err)
	if j.Env[0] != (Var{"A", "b=c"}) || *j.Retry != (Retry{time.Minute, time.Second}) || j.Timeout != time.Hour || j.Instance != "bot" {
		t.Errorf("%+v", j)
	}
}
