package lb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// errLeft is why the requests in flight to a target that left are cancelled.
var errLeft = errors.New("the target is registered no more")

// idlePerTarget bounds the kept-alive connections to one target; above it
// connections are closed after use. It only must not be reached in practice.
const idlePerTarget = 1024

// target is one stay of a Target in the list: it begins when Set first lists
// the key and ends when Set does so no more. Each stay has connections of its own.
type target struct {
	key, addr string
	transport *http.Transport
	stay      context.Context // done once the target has left, with errLeft as its cause
	end       context.CancelCauseFunc
	inFlight  int // guarded by Balancer.mu
}

func newTarget(want Target, o Options) *target {
	t := &target{key: want.Key, addr: want.Addr}
	t.stay, t.end = context.WithCancelCause(context.Background())
	t.transport = &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			// The transport goes on dialling for its pool when the request
			// that wanted the connection has gone; a target that left must
			// not be connected to any more.
			ctx, cancel := context.WithTimeout(ctx, o.ConnectTimeout)
			defer cancel()
			defer context.AfterFunc(t.stay, cancel)()
			conn, err := o.Dial(ctx, network, addr)
			if err != nil {
				return nil, fmt.Errorf("connecting to target %s: %w", t.key, err)
			}
			return conn, nil
		},
		MaxIdleConnsPerHost:   idlePerTarget,
		IdleConnTimeout:       o.IdleTimeout,
		ResponseHeaderTimeout: o.IdleTimeout,
		DisableCompression:    true, // what the client did not ask for is not for us to add
	}
	return t
}

// leave cuts the requests in flight and closes the idle connections.
func (t *target) leave() {
	t.end(errLeft)
	t.transport.CloseIdleConnections()
}

func (t *target) left() bool { return t.stay.Err() != nil }
