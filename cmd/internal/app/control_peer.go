package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/user"
	"regexp"
	"strconv"
)

// peer is who is at the other end of the control socket. The kernel says so, as of the moment of connecting: no word of
// a request counts.
type peer struct {
	uid  uint32
	name string // of the operating system's user; the uid in digits if it has no name
	err  error  // the kernel did not say
}

// errNoPeer says that this operating system tells nothing about the other end of a socket, or that we do not know how
// to ask it.
var errNoPeer = errors.New("this operating system does not tell who is at the other end of a socket")

type peerKey struct{}

// withPeer puts the other end of a connection into the contexts of its requests.
func withPeer(ctx context.Context, c net.Conn) context.Context {
	p := peer{}
	if p.uid, p.err = peerUID(c); p.err == nil {
		p.name = strconv.FormatUint(uint64(p.uid), 10)
		if u, err := user.LookupId(p.name); err == nil {
			p.name = u.Username
		}
	}
	return context.WithValue(ctx, peerKey{}, p)
}

// peerFrom is the other end of the connection that a request came by.
func peerFrom(ctx context.Context) peer {
	if p, ok := ctx.Value(peerKey{}).(peer); ok {
		return p
	}
	return peer{err: errors.New("this connection is not a control socket's")}
}

// house reports whether the peer is the bot's own user or root, who can stop the bot and read its store anyway.
func (p peer) house() bool { return p.err == nil && (p.uid == 0 || int(p.uid) == os.Geteuid()) }

// operator is the Slack id that the configuration gives to the peer. Nobody has one by default, neither root nor the
// bot's own user: every event of the journal names somebody whom the lists of deploy.yaml can speak of.
func (p peer) operator(known map[string]string) (string, error) {
	if p.err != nil {
		return "", &Refused{Why: "The bot cannot tell who you are, so it takes no orders here: " + p.err.Error() + ".", status: http.StatusForbidden}
	}
	if p.uid == overflowUID {
		return "", &Refused{Why: "You are nobody where the bot runs (user 65534), which stands for many users at once.", status: http.StatusForbidden}
	}
	if id := known[p.name]; id != "" {
		return id, nil
	}
	key := p.name
	if !plainKey.MatchString(key) {
		key = strconv.Quote(key)
	}
	return "", &Refused{
		Why: fmt.Sprintf("The bot takes orders here from those whom deploy.yaml maps to a Slack id, and you are %s, who is not among them. "+
			"With your own Slack id it takes this line, and then `junban reload`:", p.name),
		Accept: fmt.Sprintf("operators: {%s: U0123456789}", key), status: http.StatusForbidden,
	}
}

// overflowUID stands, on Linux, for every user of another namespace that this one has no number for
// (user_namespaces(7)): it is nobody's identity.
const overflowUID = 65534

// plainKey is what YAML takes for text without quotation marks.
var plainKey = regexp.MustCompile(`^[a-z_][a-z0-9_-]*$`)

// reader refuses who may not even look: on a socket that is open to a group, the group's other users.
func (p peer) reader(known map[string]string) error {
	if p.house() || errors.Is(p.err, errNoPeer) { // then the socket is this user's alone: see admit
		return nil
	}
	_, err := p.operator(known)
	return err
}
