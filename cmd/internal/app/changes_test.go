package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/cmd/internal/config"
	"junban/deploy"
)

// history is a historian whose service web says this of changes.
func history(t *testing.T, changes, token string) historian {
	t.Helper()
	c, err := config.Parse("deploy.yaml", []byte(`slack: {channel: C0123456789}
aws: {region: ap-northeast-1}
services:
  web:
    target_groups: [web]
    run: {command: ./web.sh}
    deploy: {allow: [S0DEVS]}
    approve: {allow: [S0LEADS]}
    environments: {production: {changes: `+changes+`}, staging: }
`))
	if err != nil {
		t.Fatal(err)
	}
	h := newHistorian(func() *config.Config { return c })
	h.token = token
	return h
}

var toProduction = deploy.Ask{Kind: deploy.KindDeploy, Service: "web", Environment: "production", Ref: "v42"}

// TestChangesFromAShell runs a real shell: what it says is kept as it is, within bounds, and what it was given is told.
func TestChangesFromAShell(t *testing.T) {
	t.Setenv("SLACK_BOT_TOKEN", "xoxb-not-for-scripts")
	for name, c := range map[string]struct {
		command string
		want    deploy.Changelog
	}{
		"what it is given": {
			`echo "$PREVIOUS_REF..$REF $REVISION $SERVICE $ENVIRONMENT ${SLACK_BOT_TOKEN:-none}"`,
			deploy.Changelog{Lines: []string{"v41..v42 0123abc web production none"}},
		},
		"foreign text": {`echo '  <!channel> *bold* & <@U0ALICE>  '; echo; echo 順番`, deploy.Changelog{Lines: []string{"<!channel> *bold* & <@U0ALICE>", "順番"}}},
		"nothing":      {":", deploy.Changelog{}},
		"a long line":  {`printf '%0300d' 7`, deploy.Changelog{Lines: []string{strings.Repeat("0", 200)}}},
		"a failure":    {`echo half; echo 'fatal: bad revision, token ghs_hidden' >&2; exit 128`, deploy.Changelog{Unread: deploy.Because(deploy.ChangesUnread, "why", "exit 128, fatal: bad revision, token [redacted]")}},
	} {
		c.want.From, c.want.To = "v41", "0123abc"
		got := history(t, "{command: "+quoted(c.command)+"}", "ghs_hidden").Changes(t.Context(), toProduction, "v41", "0123abc")
		if diff := cmp.Diff(&c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	got := history(t, `{command: 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo line $i; done'}`, "").Changes(t.Context(), toProduction, "v41", "")
	if len(got.Lines) != 20 || got.Lines[19] != "line 20" || got.More != 19980 || got.To != "v42" {
		t.Errorf("%d lines up to %q and %d more, to %s", len(got.Lines), got.Lines[len(got.Lines)-1], got.More, got.To)
	}
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func TestChangesAreInNobodysWay(t *testing.T) {
	h := history(t, "{command: 'exec sleep 60'}", "")
	if got := h.Changes(t.Context(), deploy.Ask{Service: "web", Environment: "staging", Ref: "v42"}, "v41", ""); got != nil {
		t.Errorf("not configured: %+v", got)
	}
	if got := h.Changes(t.Context(), deploy.Ask{Service: "gone", Ref: "v42"}, "v41", ""); got != nil {
		t.Errorf("a service that left the file: %+v", got)
	}
	if got := h.Changes(t.Context(), toProduction, "", ""); got.Unread.Code != deploy.NothingEarlier {
		t.Errorf("with no ref before: %+v", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if got := h.Changes(ctx, toProduction, "v41", ""); got.Unread.Code != deploy.ChangesUnread || !strings.Contains(got.Unread.Values["why"], "longer") {
		t.Errorf("a script that hangs: %+v", got)
	}
}

// github is a server that answers as GitHub's compare API does, and what it was asked.
func github(t *testing.T, status int, body any) (address string, asked *http.Request) {
	t.Helper()
	asked = &http.Request{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = *r.Clone(context.WithoutCancel(r.Context()))
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body) // the client's end tells
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

type commit map[string]any

func commits(n int) []commit {
	var out []commit
	for i := range n {
		out = append(out, commit{"sha": fmt.Sprintf("%040d", i+1)[33:] + strings.Repeat("a", 33), "commit": commit{"message": fmt.Sprintf("change %d\n\nwhy <b>", i+1)}})
	}
	return out
}

func TestChangesFromGitHub(t *testing.T) {
	address, asked := github(t, http.StatusOK, commit{"status": "diverged", "total_commits": 300, "behind_by": 2, "commits": commits(250)})
	ask := toProduction
	ask.Ref = "feature/a?b"
	got := history(t, "{github: acme/web, api: "+address+"/api/v3/}", "ghs_secret").Changes(t.Context(), ask, "v41", "")
	if asked.URL.EscapedPath() != "/api/v3/repos/acme/web/compare/v41...feature%2Fa%3Fb" || asked.URL.RawQuery != "" || asked.Header.Get("Authorization") != "Bearer ghs_secret" {
		t.Errorf("asked %s %v", asked.URL, asked.Header)
	}
	if len(got.Lines) != 20 || got.Lines[0] != "0000250 change 250" || got.Lines[19] != "0000231 change 231" || got.More != 280 || got.Behind != 2 || got.Unread.Code != "" {
		t.Errorf("%+v", got)
	}
	got = history(t, "{github: acme/web, api: "+address+"}", "").Changes(t.Context(), ask, "v41", "0123abc")
	if asked.URL.Path != "/repos/acme/web/compare/v41...0123abc" || asked.Header.Get("Authorization") != "" || got.To != "0123abc" {
		t.Errorf("asked %s %v, %+v", asked.URL, asked.Header, got)
	}
}

// TestGitHubThatDoesNotAnswer: whatever it does, there is an answer, and the token is not in it.
func TestGitHubThatDoesNotAnswer(t *testing.T) {
	refused, _ := github(t, http.StatusNotFound, commit{"message": "Not Found: ghs_secret"})
	broken, _ := github(t, http.StatusOK, "no object")
	closed, _ := github(t, http.StatusOK, nil)
	for name, c := range map[string]struct{ address, says string }{
		"not found": {refused, "GitHub answered 404 Not Found Not Found: [redacted]"},
		"nonsense":  {broken, "reading GitHub's answer"},
		"no server": {strings.Replace(closed, "127.0.0.1", "127.0.0.2", 1), "GitHub cannot be asked"},
	} {
		got := history(t, "{github: acme/web, api: "+c.address+"}", "ghs_secret").Changes(t.Context(), toProduction, "v41", "")
		if why := got.Unread.Values["why"]; !strings.Contains(why, c.says) || strings.Contains(why, "ghs_secret") || len(got.Lines) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
