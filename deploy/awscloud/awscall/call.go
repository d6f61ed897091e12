// Package awscall is how one call to AWS is made: within a budget, with a limit on each try, never later than what was
// checked before it allows, and with an answer that is either whole or a classified *deploy.Fault.
//
// It knows no service and no action. It must never repeat a call by itself: the SDK's retryer of each client says whether
// a call is tried again, and every try passes the budget anew.
package awscall

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// Call says how a call is to be made.
type Call struct {
	// Doing is the action and what it acts on, for people: "DescribeTargetHealth of target group web".
	Doing string
	// Budget is waited for before each try. It should refill more slowly than AWS's own bucket, which all clients of
	// the account and region share.
	Budget *rate.Limiter
	// Timeout limits each try, counted from when the budget allows it to its whole answer. More than 0.
	Timeout time.Duration
	// NotAfter is the moment after which no request may leave any more; the zero time sets no limit.
	NotAfter time.Time
	// Began, if not nil, hears when each try begins, after the wait for the budget.
	Began func(time.Time)
}

// made is a Call under way. The SDK's middleware finds it in the context.
type made struct {
	Call
	late atomic.Bool // a request was held back because of NotAfter
	sent atomic.Bool // some of a request's body has been handed to a connection
}

type key struct{}

// Make makes the call that send makes through an SDK client that has Hook among its APIOptions. The context that send is
// given must go to the client. The error is engine.ErrLate if no request left in time, the context's own if its owner
// cancelled it, else a *deploy.Fault.
func Make[T any](ctx context.Context, c Call, send func(context.Context) (T, error)) (T, error) {
	m := &made{Call: c}
	out, err := send(context.WithValue(ctx, key{}, m))
	if err != nil {
		var none T
		return none, m.fault(ctx, err)
	}
	return out, nil
}
