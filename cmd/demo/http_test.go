package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

func (s *stage) get(path string, header ...string) (*http.Response, string) {
	s.t.Helper()
	return s.send(http.MethodGet, urlOf(s.doors.http)+path, "", header...)
}

// send sends a request; header is names and values in turn, Host among them.
func (s *stage) send(method, url, body string, header ...string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Close = true
	for n := 0; n+1 < len(header); n += 2 {
		if header[n] == "Host" {
			req.Host = header[n+1]
		}
		req.Header.Set(header[n], header[n+1])
	}
	res, err := new(http.Transport).RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, string(text)
}

func TestWhatThePageReads(t *testing.T) {
	t.Parallel()
	s := perform(t, options{flags: quick(2), bot: nobody})
	s.seen(50)
	res, body := s.get("/world/state")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		"service": "web", "group": "web", "minimum": 1.0, "healthy": 2.0, "failed": 0.0, "last_failure": "",
		"break_next": false, "hurry": "idle", "language": "en",
	} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
	targets, _ := got["targets"].([]any)
	if len(targets) != 2 {
		t.Fatalf("targets: %v", got["targets"])
	}
	first, _ := targets[0].(map[string]any)
	for key, want := range map[string]any{
		"instance": s.fleet.instances[0].ID(), "name": "web-1", "zone": "ap-northeast-1a", "port": 80.0, "state": "healthy",
		"reason": "", "version": "v41", "app": "running", "draining_until": "",
	} {
		if first[key] != want {
			t.Errorf("the first target's %s is %v, want %v", key, first[key], want)
		}
	}
	if n, _ := first["requests"].(float64); n == 0 {
		t.Error("the first target had no requests")
	}
	if res, body := s.get("/"); res.StatusCode != http.StatusOK || !strings.Contains(body, "<script") {
		t.Errorf("the page: %d", res.StatusCode)
	}
	if res, body := s.get("/slack/state"); res.StatusCode != http.StatusOK || !strings.Contains(body, `"deploys"`) {
		t.Errorf("the chat: %d %s", res.StatusCode, body)
	}
}

func TestThePageIsToldOfChanges(t *testing.T) {
	t.Parallel()
	s := perform(t, options{flags: quick(2), bot: nobody})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, urlOf(s.doors.http)+"/world/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := new(http.Transport).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if kind := res.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("content type %q", kind)
	}
	if err := s.fleet.breakNext(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var got state
		if err := json.Unmarshal([]byte(data), &got); err != nil {
			t.Fatal(err)
		}
		if got.BreakNext {
			return
		}
	}
	t.Error("the stream ended before it told")
}

func TestWhatThePageMaySend(t *testing.T) {
	t.Parallel()
	s := perform(t, options{flags: quick(2), bot: nobody})
	url := urlOf(s.doors.http) + "/world/break"
	for name, c := range map[string]struct {
		header []string
		want   int
	}{
		"of another site":       {[]string{"Content-Type", "application/json", "Sec-Fetch-Site", "cross-site"}, 403},
		"with another's origin": {[]string{"Content-Type", "application/json", "Origin", "http://evil.example"}, 403},
		"as a form":             {[]string{"Content-Type", "application/x-www-form-urlencoded"}, 415},
		"without a kind":        {nil, 415},
		"under another's name":  {[]string{"Content-Type", "application/json", "Host", "evil.example:8700"}, 403},
	} {
		if res, body := s.send(http.MethodPost, url, "{}", c.header...); res.StatusCode != c.want {
			t.Errorf("%s: %d %s", name, res.StatusCode, body)
		}
	}
	if s.fleet.breaksNext() {
		t.Error("what was refused had its effect")
	}
	res, body := s.send(http.MethodPost, url, "{}", "Content-Type", "application/json", "Sec-Fetch-Site", "same-origin", "Origin", urlOf(s.doors.http))
	if res.StatusCode != http.StatusOK || body != "{\"ok\":true}\n" || !s.fleet.breaksNext() {
		t.Errorf("from the page itself: %d %s", res.StatusCode, body)
	}
	if res, _ := s.get("/world/break"); res.StatusCode != http.StatusNotFound {
		t.Errorf("a GET: %d", res.StatusCode)
	}
}

// The simulated SSM runs scripts: a page of another site must not reach it, whatever its name resolves to.
func TestOtherSitesDoNotReachTheAPIs(t *testing.T) {
	t.Parallel()
	s := perform(t, options{flags: quick(2), bot: nobody})
	const form = "Action=DescribeTargetGroups&Version=2015-12-01"
	kind := []string{"Content-Type", "application/x-www-form-urlencoded"}
	aws, slack := urlOf(s.doors.aws)+"/", urlOf(s.doors.slack)+"/api/auth.test"
	if res, body := s.send(http.MethodPost, aws, form, kind...); res.StatusCode != http.StatusOK || !strings.Contains(body, s.fleet.arn()) {
		t.Errorf("AWS: %d %s", res.StatusCode, body)
	}
	if res, _ := s.send(http.MethodPost, aws, form, append(kind, "Host", "evil.example")...); res.StatusCode != http.StatusForbidden {
		t.Errorf("AWS under another's name: %d", res.StatusCode)
	}
	if res, _ := s.send(http.MethodPost, aws, form, append(kind, "Origin", "http://evil.example")...); res.StatusCode != http.StatusForbidden {
		t.Errorf("AWS from another site: %d", res.StatusCode)
	}
	if res, body := s.send(http.MethodPost, slack, "", "Authorization", "Bearer "+botToken, "Origin", "https://api.slack.com"); !strings.Contains(body, `"ok":true`) {
		t.Errorf("Slack: %d %s", res.StatusCode, body)
	}
	if res, _ := s.send(http.MethodPost, slack, "", "Host", "evil.example"); res.StatusCode != http.StatusForbidden {
		t.Errorf("Slack under another's name: %d", res.StatusCode)
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost:8700": true, "LOCALHOST": true, "127.0.0.1:8700": true, "127.9.9.9": true, "[::1]:8700": true, "[::1]": true,
		"": false, "evil.example": false, "127.0.0.1.evil.example:8700": false, "10.0.0.1:8700": false, "localhost.evil.example": false,
	} {
		if loopback(host) != want {
			t.Errorf("loopback(%q) is %v", host, !want)
		}
	}
}
