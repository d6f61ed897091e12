// Package sshrun runs jobs on hosts through ssh, at their private addresses. Its Runner is an engine.Runner.
//
// What it runs is always wrapped in the host's guard (package hostscript), which starts the command in a session of its own:
// a connection that is cut ends nothing, and the next one asks. (A host whose logind has KillUserProcesses=yes ends the
// command with the connection all the same; the guard then answers that the outcome is unknown.) Someone who is not root
// there keeps the guard's record at home, and run.user is refused unless it is that very user.
//
// The package must never accept a host key that the known_hosts file does not have, run anything without the guard, or
// send a job twice by itself.
package sshrun

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"junban/deploy"
	"junban/deploy/hostscript/direct"
)

// Options say how a host is reached.
type Options struct {
	// User is who logs in.
	User string
	// Port is 1 to 65535; 0 is 22.
	Port int
	// Key is the path of a private key without a passphrase. "" asks the agent at Agent.
	Key string
	// Agent is the path of an ssh-agent's socket; "" is $SSH_AUTH_SOCK.
	Agent string
	// KnownHosts is the path of a file in OpenSSH's known_hosts form. It is read anew for each connection.
	KnownHosts string
	// Connect limits a connection, from the first packet to the end of the authentication; 0 is 10 s.
	Connect time.Duration
	// Poll is the shortest pause between two looks at a job, by default 0.5 s. The longest is ten times that.
	Poll time.Duration
	// Dial makes the connection; nil is a net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Check says everything that is wrong with the options, without looking at any file.
func (o Options) Check() error {
	var errs []error
	if o.User == "" || strings.HasPrefix(o.User, "-") {
		errs = append(errs, fmt.Errorf("ssh user %q is not a user's name: say who logs in, as in deploy", o.User))
	}
	if o.Port < 0 || o.Port > 65535 {
		errs = append(errs, fmt.Errorf("ssh port %d is not 1 to 65535", o.Port))
	}
	if o.KnownHosts == "" {
		errs = append(errs, errors.New("ssh needs a known_hosts file: ssh-keyscan ADDRESS >>known_hosts makes one, and its keys are to be compared with the hosts' own"))
	}
	if o.Key == "" && o.agent() == "" {
		errs = append(errs, errors.New("ssh needs a private key's file, or an agent in SSH_AUTH_SOCK"))
	}
	return errors.Join(errs...)
}

func (o Options) agent() string {
	if o.Agent != "" {
		return o.Agent
	}
	return os.Getenv("SSH_AUTH_SOCK")
}

func (o Options) port() int {
	if o.Port == 0 {
		return 22
	}
	return o.Port
}

// Reach says how the hosts of a service in an environment ("" if it has none) are reached.
type Reach func(service, environment string) (Options, error)

// To is the Reach that is the same for all.
func To(o Options) Reach { return func(string, string) (Options, error) { return o, nil } }

// New makes a runner. poll is as in Options, for all hosts. It reaches none.
func New(reach Reach, poll time.Duration) *direct.Runner {
	return direct.New("ssh", way{reach}, direct.Options{Poll: poll})
}

type way struct{ reach Reach }

// Open connects to a job's host and logs in. What can be put right by a person is refused, in words that say how; a host
// that does not answer is a throttle: nothing was run, and later it may.
func (w way) Open(ctx context.Context, j deploy.Job) (direct.Host, error) {
	o, err := w.reach(j.Service, j.Environment)
	if err == nil {
		err = o.Check()
	}
	if err != nil {
		return nil, refused(err.Error())
	}
	if j.Address == "" {
		return nil, refused("no address of this instance is known, so ssh cannot reach it")
	}
	if o.Connect <= 0 {
		o.Connect = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, o.Connect)
	defer cancel()
	d := &door{Options: o, address: net.JoinHostPort(j.Address, strconv.Itoa(o.port()))}
	if err := d.readKnownHosts(); err != nil {
		return nil, err
	}
	auth, done, err := o.auth(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	return d.open(ctx, auth)
}

// door is one host about to be entered.
type door struct {
	Options
	address    string // host and port
	check      ssh.HostKeyCallback
	algorithms []string
	known      bool  // the host has shown a key that is known
	stranger   error // why its key is refused
}

func (d *door) open(ctx context.Context, auth []ssh.AuthMethod) (direct.Host, error) {
	dial := d.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	conn, err := dial(ctx, "tcp", d.address)
	if err != nil {
		return nil, later("%s cannot be reached: %v", d.address, err)
	}
	// The handshake knows no context: its end closes the connection.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	c, channels, requests, err := ssh.NewClientConn(conn, d.address, &ssh.ClientConfig{
		User: d.User, Auth: auth, HostKeyCallback: d.hostKey, HostKeyAlgorithms: d.algorithms, ClientVersion: "SSH-2.0-Junban",
	})
	if !stop() && err == nil {
		_ = c.Close()
		err = ctx.Err()
	}
	if err == nil {
		return &host{client: ssh.NewClient(c, channels, requests), address: d.address}, nil
	}
	_ = conn.Close()
	return nil, d.explain(ctx, err)
}

// explain is why the handshake failed. What the host was asked before it broke tells more than the error's text.
func (d *door) explain(ctx context.Context, err error) error {
	negotiation, differs := errors.AsType[*ssh.AlgorithmNegotiationError](err)
	switch {
	case ctx.Err() != nil:
		return later("%s does not answer: no ssh session within %v", d.address, d.Connect)
	case d.stranger != nil:
		return d.stranger
	case differs && negotiation.What == "host key":
		return d.changed(fmt.Sprintf("it has no key of the kinds that are known of it, but %s", strings.Join(negotiation.RequestedAlgorithms, ", ")))
	case differs:
		return refused(fmt.Sprintf("%s and the bot have no way to speak in common: %v", d.address, negotiation))
	case broken(err), !d.known:
		return later("%s ended the connection before a session was there: %v", d.address, err)
	}
	return refused(fmt.Sprintf("%s does not let %s in: %v. Put the public key into that user's authorized_keys there", d.address, d.User, err))
}

func refused(why string) *deploy.Fault { return &deploy.Fault{Class: deploy.Refused, Message: why} }

func unsure(format string, args ...any) *deploy.Fault {
	return &deploy.Fault{Class: deploy.Unsure, Message: fmt.Sprintf(format, args...)}
}

// later is the fault of something that was surely not done, and that may be done another time.
func later(format string, args ...any) *deploy.Fault {
	return &deploy.Fault{Class: deploy.Throttled, Message: fmt.Sprintf(format, args...)}
}
