package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/localrun"
)

const (
	// changesWithin limits the look at what a request would change, for which somebody waits.
	changesWithin = 20 * time.Second
	// longestComparison bounds GitHub's answer, which holds up to 250 commits and the patches of 300 files.
	longestComparison = 32 << 20 // bytes
)

// historian reads what lies between two refs, as the configuration says. It implements engine.Historian.
type historian struct {
	config func() *config.Config
	client *http.Client
	token  string // GitHub's; "" = none
}

// newHistorian takes GitHub's token from the environment, where the bot's other tokens are.
func newHistorian(c func() *config.Config) historian {
	return historian{config: c, client: &http.Client{}, token: os.Getenv("GITHUB_TOKEN")}
}

// Changes answers what a request would change against the ref before; nil if the configuration does not say where to
// look. It never fails: what could not be read is said in the answer, in a short line without the token.
func (h historian) Changes(ctx context.Context, ask deploy.Ask, previous, revision string) *deploy.Changelog {
	t, err := h.config().Target(ask.Service, ask.Environment)
	if err != nil || t.Changes == (config.Changes{}) {
		return nil
	}
	log := &deploy.Changelog{From: previous, To: ask.Ref}
	if revision != "" {
		log.To = revision
	}
	if previous == "" {
		log.Unread = deploy.Because(deploy.NothingEarlier)
		return log
	}
	ctx, cancel := context.WithTimeout(ctx, changesWithin)
	defer cancel()
	if t.Changes.Command != "" {
		err = h.run(ctx, t, ask, revision, log)
	} else {
		err = h.compare(ctx, t.Changes, log)
	}
	if err != nil {
		*log = deploy.Changelog{From: log.From, To: log.To}
		why := err.Error()
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, localrun.ErrLimit) {
			why = fmt.Sprintf("it took longer than %s", changesWithin)
		}
		log.Unreadable(hidden(why, h.token))
	}
	return log
}

// hidden takes a secret out of a text, whatever its shape.
func hidden(text, secret string) string {
	if secret == "" {
		return text
	}
	return strings.ReplaceAll(text, secret, "[redacted]")
}

// run runs changes.command on the bot's host, without the bot's own tokens, as ref.resolve is.
func (h historian) run(ctx context.Context, t config.Target, ask deploy.Ask, revision string, log *deploy.Changelog) error {
	got, err := localrun.Output(ctx, localrun.Options{}, localrun.Script{
		Text: t.Changes.Command, Limit: changesWithin,
		Env: []string{
			"REF=" + ask.Ref, "REVISION=" + revision, "PREVIOUS_REF=" + log.From, "SERVICE=" + t.Service, "ENVIRONMENT=" + t.Environment,
		},
	})
	switch {
	case err != nil:
		return err
	case got.Exit != 0:
		why := fmt.Sprintf("exit %d", got.Exit)
		if said := complaint(got); said != "" {
			why += ", " + said
		}
		return errors.New(why)
	}
	log.Keep(strings.Split(hidden(got.Stdout, h.token), "\n"), 0)
	log.More += got.More
	return nil
}

// comparison is GitHub's answer, as far as it is read (docs.github.com/rest/commits/commits, "Compare two commits"):
// without a page being asked for, the latest 250 commits, the most recent last.
type comparison struct {
	Message      string `json:"message"` // of an error
	TotalCommits int    `json:"total_commits"`
	BehindBy     int    `json:"behind_by"`
	Commits      []struct {
		SHA    string `json:"sha"`
		Commit struct {
			Message string `json:"message"`
		} `json:"commit"`
	} `json:"commits"`
}

// compare asks GitHub.
func (h historian) compare(ctx context.Context, c config.Changes, log *deploy.Changelog) error {
	address := c.API + "/repos/" + c.GitHub + "/compare/" + url.PathEscape(log.From) + "..." + url.PathEscape(log.To)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("asking GitHub: %w", err)
	}
	req.Header.Set("Accept", "application/vnd.github+json")
	req.Header.Set("X-GitHub-Api-Version", "2022-11-28")
	req.Header.Set("User-Agent", "junban") // GitHub refuses requests without one
	if h.token != "" {
		req.Header.Set("Authorization", "Bearer "+h.token)
	}
	res, err := h.client.Do(req)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // without the address, which is long
		}
		return fmt.Errorf("GitHub cannot be asked: %w", err)
	}
	defer res.Body.Close()
	var got comparison
	err = json.NewDecoder(io.LimitReader(res.Body, longestComparison)).Decode(&got)
	switch {
	case res.StatusCode != http.StatusOK:
		return errors.New(strings.TrimSpace("GitHub answered " + res.Status + " " + got.Message))
	case err != nil:
		return fmt.Errorf("reading GitHub's answer: %w", err)
	}
	var lines []string
	for _, one := range slices.Backward(got.Commits) {
		first, _, _ := strings.Cut(one.Commit.Message, "\n")
		lines = append(lines, one.SHA[:min(len(one.SHA), 7)]+" "+strings.TrimSpace(first))
	}
	log.Behind = got.BehindBy
	log.Keep(lines, got.TotalCommits)
	return nil
}
