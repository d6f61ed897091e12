package config

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

// publicGitHub is the address of github.com's API.
const publicGitHub = "https://api.github.com"

// repositoryName is GitHub's own rule: an owner of letters, digits and hyphens, at most 39, and a repository's name.
var repositoryName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)

func repository(text string) (any, error) {
	if repositoryName.MatchString(text) {
		return text, nil
	}
	parts := strings.Split(strings.TrimSuffix(strings.TrimSuffix(text, "/"), ".git"), "/")
	if n := len(parts); n > 2 && repositoryName.MatchString(parts[n-2]+"/"+parts[n-1]) {
		return nil, fmt.Errorf("%s is an address; accepted: owner and name alone, %s/%s", quote(text), parts[n-2], parts[n-1])
	}
	return nil, fmt.Errorf("%s is no repository; accepted: owner/name, as in acme/web", quote(text))
}

// apiAddress accepts the root of an API. A token goes there, so it is encrypted, unless it stays on the bot's host.
func apiAddress(text string) (any, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%s is not an address; accepted: as in https://github.example.com/api/v3", quote(text))
	case u.User != nil:
		return nil, fmt.Errorf("an address with a user or a password in it; accepted: one without, as in https://github.example.com/api/v3 (the token is GITHUB_TOKEN, in the bot's environment)")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s has a ? or a # in it; accepted: as in https://github.example.com/api/v3", quote(text))
	case u.Scheme == "http" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback():
		return nil, fmt.Errorf("%s is not encrypted, and a token would go there; accepted: https", quote(text))
	}
	return strings.TrimRight(text, "/"), nil
}
