package awstest

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Account is a server for what stands beside the instances: Auto Scaling, CloudWatch's alarms and STS, as far as the
// adapters ask for it. Everything else is handed on. It is safe for concurrent use.
type Account struct {
	// Next answers every other service; nil = 404.
	Next http.Handler
	// Page is how many entries one answer holds before it is cut; 0 = as many as AWS's own default, 50.
	Page int
	// Delay is how long each answer takes.
	Delay time.Duration

	mu     sync.Mutex
	calls  []Call
	faults []*fault
	groups map[string]*ScalingGroup
	alarms map[string]alarm
	roles  map[string]string // external id by role ARN
	keys   int               // sessions that were handed out
}

// Call is one request as it arrived.
type Call struct {
	Action string     // DescribeAlarms, AssumeRole, …
	Form   url.Values // Query protocol only
	Key    string     // the access key that signed it
	Region string     // that it was signed for
	Token  bool       // it bore a session token
	At     time.Time
}

type fault struct {
	action, code string
	status, left int
}

// NewAccount makes an account with nothing in it.
func NewAccount(next http.Handler) *Account {
	return &Account{Next: next, groups: map[string]*ScalingGroup{}, alarms: map[string]alarm{}, roles: map[string]string{}}
}

// Fail makes the next calls of an action end with a code and a status.
func (a *Account) Fail(action, code string, status, times int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = append(a.faults, &fault{action, code, status, times})
}

// Calls are all calls so far, those that were handed on included.
func (a *Account) Calls() []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Call(nil), a.calls...)
}

// Of are the calls of one action.
func (a *Account) Of(action string) []Call {
	var out []Call
	for _, c := range a.Calls() {
		if c.Action == action {
			out = append(out, c)
		}
	}
	return out
}

var signed = regexp.MustCompile(`Credential=([^/,]+)/[0-9]{8}/([^/,]*)/([^/,]+)/aws4_request`)

// ServeHTTP answers one call.
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	call := Call{At: time.Now(), Token: r.Header.Get("X-Amz-Security-Token") != ""}
	service := ""
	if m := signed.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		call.Key, call.Region, service = m[1], m[2], m[3]
	}
	op, cbor := strings.CutPrefix(r.URL.Path, "/service/GraniteServiceVersion20100801/operation/")
	switch {
	case cbor:
		call.Action = op
	case r.Header.Get("X-Amz-Target") != "":
		_, call.Action, _ = strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	default:
		call.Form, _ = url.ParseQuery(string(body)) // a malformed one has no action
		call.Action = call.Form.Get("Action")
	}
	a.mu.Lock()
	a.calls = append(a.calls, call)
	f := a.suffer(call.Action)
	a.mu.Unlock()
	select {
	case <-time.After(a.Delay):
	case <-r.Context().Done():
		return
	}
	switch {
	case f != nil && cbor:
		refuseCBOR(w, f.status, f.code, "said so")
	case f != nil:
		refuse(w, f.status, f.code, "said so")
	case cbor:
		a.serveAlarms(w, body)
	case service == "autoscaling":
		a.serveScaling(w, call)
	case service == "sts":
		a.serveSTS(w, call)
	case a.Next != nil:
		a.Next.ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}

// suffer takes one of an action's faults; the caller holds the lock.
func (a *Account) suffer(action string) *fault {
	for _, f := range a.faults {
		if f.action == action && f.left > 0 {
			f.left--
			return f
		}
	}
	return nil
}

// page cuts a list where an answer ends, and answers where the next one begins, "" at the end.
func page[T any](all []T, from string, size int) ([]T, string) {
	start := 0
	for start < len(all) && from != "" && token(start) != from {
		start++
	}
	end := min(len(all), start+size)
	if end == len(all) {
		return all[start:], ""
	}
	return all[start:end], token(end)
}

func token(n int) string { return "next-" + strings.Repeat("x", n) }

func (a *Account) size(asked int) int {
	size := 50
	if a.Page > 0 {
		size = a.Page
	}
	if asked > 0 {
		return min(size, asked)
	}
	return size
}
