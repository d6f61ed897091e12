package lb

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
)

// exchange is one request's way to a target and back.
type exchange struct {
	log      *slog.Logger
	target   *target
	header   http.Header     // of the answer to the client
	cookies  []string        // Set-Cookie of the balancer's own
	client   context.Context // done when the client is gone or Serve is ended
	ctx      context.Context // of client; cancelled with errLeft too
	failed   ending          // set by fail; served otherwise
	bodyErr  error           // why the target's body broke off
	upgraded bool            // the connection became a tunnel
	returned bool            // the proxy came back without breaking the client's connection off
}

// rewrite turns the client's request into the target's.
func (x *exchange) rewrite(p *httputil.ProxyRequest) {
	p.Out.URL.Scheme = "http"
	p.Out.URL.Host = x.target.addr
	p.Out.URL.RawQuery = p.In.URL.RawQuery // byte for byte, also where it does not parse
	p.Out.Host = p.In.Host
	forwarded(p)
	if p.Out.Body == nil && replayed(p.Out.Method) {
		p.Out.Body = once{}
	}
}

// forwarded sets the headers that tell the target about the client, in AWS's
// default mode "append". ReverseProxy has removed all of them from the request;
// the two that AWS does not know are passed on as they came.
func forwarded(p *httputil.ProxyRequest) {
	for _, name := range []string{"Forwarded", "X-Forwarded-Host"} {
		if v, ok := p.In.Header[name]; ok {
			p.Out.Header[name] = v
		}
	}
	hops := p.In.Header["X-Forwarded-For"]
	if ip, _, err := net.SplitHostPort(p.In.RemoteAddr); err == nil {
		hops = append(hops[:len(hops):len(hops)], ip)
	}
	if len(hops) > 0 {
		p.Out.Header.Set("X-Forwarded-For", strings.Join(hops, ", "))
	}
	p.Out.Header.Set("X-Forwarded-Proto", "http")
	port := "80"
	if addr, ok := p.In.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if _, n, err := net.SplitHostPort(addr.String()); err == nil {
			port = n
		}
	}
	p.Out.Header.Set("X-Forwarded-Port", port)
}

// watch notes what becomes of an answer whose header has come.
func (x *exchange) watch(res *http.Response) error {
	if res.StatusCode == http.StatusSwitchingProtocols {
		x.upgraded = true
		return nil
	}
	for _, c := range x.cookies {
		res.Header.Add("Set-Cookie", c)
	}
	// A missing Content-Type stays missing: our server must not guess one.
	x.header["Content-Type"] = nil
	res.Body = &watched{ReadCloser: res.Body, x: x}
	return nil
}

// fail answers for a target that did not.
func (x *exchange) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusBadGateway
	var timeout net.Error
	switch {
	case x.cut():
		x.failed = cut
	case x.client.Err() != nil:
		x.failed = clientGone
	case errors.As(err, &timeout) && timeout.Timeout():
		x.failed, status = timedOut, http.StatusGatewayTimeout
	default:
		x.failed = badGateway
	}
	if x.failed == clientGone {
		panic(http.ErrAbortHandler) // nobody is there; when Serve is ended, say nothing
	}
	x.log.Info("a request failed", "target", x.target.key, "path", r.URL.Path, "status", status, "err", err)
	answer(w, status)
}

// cut says whether the exchange was ended because its target left.
func (x *exchange) cut() bool { return errors.Is(context.Cause(x.ctx), errLeft) }

// ending judges the exchange after the proxy is done with it.
func (x *exchange) ending() ending {
	switch {
	case x.failed != served:
		return x.failed
	case x.cut() && (x.upgraded || x.bodyErr != nil):
		return cut
	case x.bodyErr != nil && x.client.Err() == nil:
		return broken
	case x.bodyErr != nil, !x.returned:
		return clientGone
	}
	return served
}

// watched notes why a body broke off, to tell a failing target from a client
// that went away.
type watched struct {
	io.ReadCloser
	x *exchange
}

func (b *watched) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.x.bodyErr = err
	}
	return n, err
}

// replayed says whether http.Transport would send a request of this method, if
// it has no body, a second time when a kept-alive connection dies under it.
// AWS does not: a target that closes a connection on which a request was sent
// is a 502, which is why the guide asks for a keep-alive in the target longer
// than the balancer's idle timeout. That rule holds here in the same way: idle
// connections are closed by us first, and the transport never hands out one
// that it is closing, so a healthy target causes no 502.
func replayed(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}

// once is an empty body of unknown kind. The transport cannot rewind it and so
// does not repeat the request; it finds it empty and sends no body at all.
type once struct{}

func (once) Read([]byte) (int, error) { return 0, io.EOF }
func (once) Close() error             { return nil }
