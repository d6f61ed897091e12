package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"junban/bot/slacksim"
	"junban/deploy/awssim/world"
)

func TestUnattended(t *testing.T) {
	t.Parallel()
	var out buffer
	f := quick(3)
	f.DeregistrationDelay = 2 * time.Second // a machine that stands still for longer has its last requests cut, as AWS does
	f.Unattended, f.JSON = true, true
	d := layOut(t, options{flags: f, out: &out, least: 1500})
	if err := d.run(t.Context(), d.unattended); err != nil {
		t.Fatalf("%v\n%s\nthe load balancer: %+v", err, out.String(), d.fleet.balancer.Stats())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &got); err != nil {
		t.Fatalf("the last line is no object: %v\n%s", err, out.String())
	}
	number := func(key string) float64 {
		n, ok := got[key].(float64)
		if !ok {
			t.Errorf("%s is %v", key, got[key])
		}
		return n
	}
	if got["state"] != "succeeded" || number("instances") != 3 || number("failed") != 0 || number("requests") < 1500 {
		t.Errorf("result: %v", got)
	}
	// Three times two seconds of delay, half a second or more of release, a second of health checks.
	if floor := number("floor_s"); floor < 10.5 || floor > 25 {
		t.Errorf("floor_s is %v", floor)
	}
	if wall := number("wall_s"); wall < 7.5 {
		t.Errorf("wall_s is %v, less than the delays and the releases", wall)
	}
	text := strings.Join(lines[:len(lines)-1], "\n")
	for _, says := range []string{"Alice", "Bob", "web-3", "drained", "succeeded"} {
		if !strings.Contains(text, says) {
			t.Errorf("the thread does not say %q:\n%s", says, text)
		}
	}
	for _, e := range d.fleet.world.Log() {
		if e.Kind == world.KindCommand && len(e.InService) > 0 {
			t.Errorf("a command ran on an instance in service: %+v", e)
		}
	}
}

func TestUnattendedFailsWithTheRollout(t *testing.T) {
	t.Parallel()
	var out buffer
	f := quick(2)
	f.Unattended, f.JSON = true, true
	d := layOut(t, options{flags: f, out: &out, least: 1})
	if err := os.WriteFile(filepath.Join(d.fleet.instances[1].Dir(), brokenFile), []byte(nextRelease), 0o600); err != nil {
		t.Fatal(err)
	}
	err := d.run(t.Context(), d.unattended)
	if err == nil || !strings.Contains(err.Error(), "the rollout is waiting") {
		t.Errorf("it ended with %v", err)
	}
	if strings.Contains(err.Error(), "web-1 serves") || !strings.Contains(out.String(), `{"state":"waiting","instances":2,`) {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// The demo's own point: killed in the middle, the bot goes on where it was, on the same card, and nobody feels it.
func TestAKilledBotGoesOn(t *testing.T) {
	t.Parallel()
	s := perform(t, options{flags: quick(3)})
	s.until("the bot is in Slack", func() bool { return s.live.state().Bot.State == "running" })
	if reply, err := s.chat.Command(s.ctx, alice, deploys, "/deploy", "web v42"); err != nil || reply.Failure != "" {
		t.Fatal(reply, err)
	}
	ts, err := s.asked(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	mark := s.fleet.world.Mark()
	if err := s.chat.Click(s.ctx, bob, deploys, ts, "", slacksim.WithText("Approve")); err != nil {
		t.Fatal(err)
	}
	s.until("the first one drains", func() bool { return s.live.state().Targets[0].State == world.Draining })
	res, body := s.send(http.MethodPost, urlOf(s.doors.http)+"/world/kill", "{}", "Content-Type", "application/json")
	if body != "{\"ok\":true}\n" {
		t.Fatal(res.StatusCode, body)
	}
	s.until("it is down", func() bool { return s.live.state().Bot.State == "down" })
	s.until("it succeeded", func() bool {
		m, _ := s.chat.Message(deploys, ts)
		return final(shown(m))
	})
	m, _ := s.chat.Message(deploys, ts)
	got := s.live.state()
	if shown(m) != "succeeded" || got.Failed != 0 || got.Bot.Restarts != 1 {
		t.Errorf("%s: %+v", shown(m), got)
	}
	for _, i := range s.fleet.instances {
		if n := s.fleet.world.Commands(i.ID(), mark); i.Version() != "v42" || n != 2 { // the command and the verification
			t.Errorf("%s serves %s after %d commands", i.Name(), i.Version(), n)
		}
	}
	if least := s.fleet.world.LeastHealthy(group, mark); least < 2 {
		t.Errorf("only %d were healthy", least)
	}
}

func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"Deploy web v42: succeeded":                          "succeeded",
		"Deploy web v42 to production: 2 of 4 done":          "2 of 4 done",
		"Deploy web v42: waiting for a decision about web-2": waiting,
		"Deploy web v42: aborted":                            "aborted",
		"":                                                   "",
	} {
		if got := shown(slacksim.Message{Text: text}); got != want {
			t.Errorf("%q shows %q", text, got)
		}
	}
	for state, want := range map[string]bool{"succeeded": true, "denied": true, waiting: true, "2 of 4 done": false, "approved": false, "": false} {
		if final(state) != want {
			t.Errorf("final(%q) is %v", state, !want)
		}
	}
}

func TestReadable(t *testing.T) {
	names := map[string]string{"U0BOB": "Bob", "S0LEADS": "@leads"}
	at := time.Date(2026, 11, 21, 9, 30, 0, 0, time.Local)
	in := "*Waiting* for <@U0BOB>, <!subteam^S0LEADS> or <@U0X|x> until <!date^" + strconv.FormatInt(at.Unix(), 10) + "^{date_short_pretty} {time_secs}|soon>, says `junban`"
	if got := readable(in, names); got != "Waiting for Bob, @leads or U0X until 09:30:00, says junban" {
		t.Error(got)
	}
	if got := clock("1.5"); len(got) != len("15:04:05") {
		t.Error(got)
	}
	if got := clock("soon"); got != "soon" {
		t.Error(got)
	}
}
