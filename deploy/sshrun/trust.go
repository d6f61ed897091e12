package sshrun

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/crypto/ssh/knownhosts"
)

// readKnownHosts reads which keys the host may show, and of which kinds: a host that has several kinds would else show the
// one that it likes best, which need not be the one that is known. A host of which none is known is not asked at all.
func (d *door) readKnownHosts() error {
	check, err := knownhosts.New(d.KnownHosts)
	if err != nil {
		return refused(fmt.Sprintf("the known_hosts file %s cannot be used: %v. %s", d.KnownHosts, err, d.scan()))
	}
	d.check = check
	// Asked about a key that nobody has, the file answers with all that it has.
	nobodys, err := ssh.NewPublicKey(ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)))
	if err != nil {
		return refused(err.Error())
	}
	unknown, ok := errors.AsType[*knownhosts.KeyError](check(d.address, nowhere{}, nobodys))
	if !ok || len(unknown.Want) == 0 {
		return refused(fmt.Sprintf("no key of %s is in %s, and no unknown host is trusted. %s", d.address, d.KnownHosts, d.scan()))
	}
	authorities, err := authorityLines(d.KnownHosts)
	if err != nil {
		return refused(err.Error())
	}
	for _, k := range unknown.Want {
		kinds := []string{k.Key.Type()}
		switch {
		case authorities[k.Line]: // whatever kind of key it has signed
			kinds = certificates
		case k.Key.Type() == ssh.KeyAlgoRSA:
			kinds = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
		}
		for _, kind := range kinds {
			if !slices.Contains(d.algorithms, kind) {
				d.algorithms = append(d.algorithms, kind)
			}
		}
	}
	return nil
}

var certificates = []string{
	ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01, ssh.CertAlgoECDSA521v01, ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01,
}

// authorityLines are the numbers of the lines that name an authority and not a host's own key.
func authorityLines(path string) (map[int]bool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := map[int]bool{}
	for n, line := range bytes.Split(text, []byte("\n")) {
		if bytes.HasPrefix(bytes.TrimSpace(line), []byte("@cert-authority")) {
			out[n+1] = true
		}
	}
	return out, nil
}

// nowhere is the address of a host that has not been dialled.
type nowhere struct{}

func (nowhere) Network() string { return "tcp" }
func (nowhere) String() string  { return "0.0.0.0:0" }

// hostKey judges the key that the host has shown.
func (d *door) hostKey(address string, remote net.Addr, key ssh.PublicKey) error {
	err := d.check(address, remote, key)
	if err == nil {
		d.known = true
		return nil
	}
	shown := key.Type() + " " + ssh.FingerprintSHA256(key)
	if revoked, ok := errors.AsType[*knownhosts.RevokedError](err); ok {
		d.stranger = refused(fmt.Sprintf("%s shows a key that %s line %d revokes: %s. Give the host another key", d.address, d.KnownHosts, revoked.Revoked.Line, shown))
	} else {
		d.stranger = d.changed("it shows " + shown)
	}
	return err
}

// changed refuses a host that is known by another key.
func (d *door) changed(how string) error {
	return refused(fmt.Sprintf("%s is not the host that %s knows: %s. If the host was really made anew: ssh-keygen -R '%s' -f '%s'; then %s",
		d.address, d.KnownHosts, how, knownhosts.Normalize(d.address), d.KnownHosts, d.scan()))
}

// scan is the line that makes a host known.
func (d *door) scan() string {
	name, _, _ := net.SplitHostPort(d.address)
	port := ""
	if d.port() != 22 {
		port = fmt.Sprintf("-p %d ", d.port())
	}
	return fmt.Sprintf("ssh-keyscan %s%s >>'%s' fetches its keys; compare them with /etc/ssh/ssh_host_*_key.pub on the host before you believe them", port, name, d.KnownHosts)
}

// auth is how the bot proves who it is: the key of the file, or what the agent has. done ends what the agent needs.
func (o Options) auth(ctx context.Context) ([]ssh.AuthMethod, func(), error) {
	if o.Key != "" {
		signer, err := readKey(o.Key)
		if err != nil {
			return nil, nil, err
		}
		return []ssh.AuthMethod{ssh.PublicKeys(signer)}, func() {}, nil
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", o.agent())
	if err != nil {
		return nil, nil, refused(fmt.Sprintf("the ssh agent cannot be reached: %v. Start it for the bot, or name a key's file", err))
	}
	hangUp := func() { _ = conn.Close() }
	stop := context.AfterFunc(ctx, hangUp)
	done := func() { stop(); hangUp() }
	return []ssh.AuthMethod{ssh.PublicKeysCallback(agent.NewClient(conn).Signers)}, done, nil
}

func readKey(path string) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, refused(fmt.Sprintf("the private key cannot be read: %v", err))
	}
	signer, err := ssh.ParsePrivateKey(text)
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		return nil, refused(fmt.Sprintf("the private key %s has a passphrase, which nobody is there to type: hand it to an agent (SSH_AUTH_SOCK), or use one without", path))
	}
	if err != nil {
		return nil, refused(fmt.Sprintf("%s is not a private key: %s", path, strings.TrimPrefix(err.Error(), "ssh: ")))
	}
	return signer, nil
}

// broken says that a connection ended under an error, rather than that the host said no.
func broken(err error) bool {
	_, network := errors.AsType[net.Error](err)
	return network || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
