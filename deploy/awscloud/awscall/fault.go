package awscall

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"junban/deploy"
	"junban/deploy/engine"
)

// fault says what the error of a call means for what was asked.
func (m *made) fault(ctx context.Context, err error) error {
	if m.late.Load() && !m.sent.Load() {
		return fmt.Errorf("%s: %w", m.Doing, engine.ErrLate)
	}
	doing := m.Doing
	if c, ok := errors.AsType[*CredentialsError](err); ok {
		doing, err = doing+": "+c.Doing, c.Err
	}
	if f, ok := answered(err); ok {
		if f.Class == deploy.Unsure && !m.sent.Load() {
			f.Class = deploy.Throttled // what was asked for credentials has failed; the call itself has not left
		}
		f.Message = doing + ": " + f.Message
		return f
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("%s: %w", m.Doing, ctx.Err())
	}
	class, broken := deploy.Unsure, "the connection to AWS broke"
	if !m.sent.Load() { // no request has left, so nothing was done; later it may
		class, broken = deploy.Throttled, "AWS could not be reached"
	}
	return &deploy.Fault{Class: class, Message: doing + ": " + plain(err, broken)}
}

// CredentialsError is the error of a provider that could not get credentials for a call. What STS has answered then is
// not taken for the call's own answer.
type CredentialsError struct {
	Doing string // for people: "assuming the role arn:…"
	Err   error
}

func (c *CredentialsError) Error() string { return c.Doing + ": " + c.Err.Error() }

func (c *CredentialsError) Unwrap() error { return c.Err }

// Malformed is the fault of an answer that was read but cannot be believed.
func Malformed(doing, why string) *deploy.Fault {
	return &deploy.Fault{Class: deploy.Unsure, Message: doing + ": the answer is malformed: " + why}
}

// Refused is the fault of something that cannot be asked for.
func Refused(doing, why string) *deploy.Fault {
	return &deploy.Fault{Class: deploy.Refused, Message: doing + ": " + why}
}

// Code is AWS's error code in an error of Make; "" if AWS gave none.
func Code(err error) string {
	if f, ok := errors.AsType[*deploy.Fault](err); ok {
		return f.Code
	}
	return ""
}

// Denied reports whether AWS has refused something because the role lacks a permission.
func Denied(f *deploy.Fault) bool { return listed(denied, f.Code) }

// passing are refusals that pass by themselves: the SDK fetches new credentials, or the clock is corrected.
var passing = " ExpiredToken ExpiredTokenException TokenRefreshRequired RequestExpired RequestInTheFuture RequestTimeTooSkewed "

// occupied is what Auto Scaling says while it is at something else with the same group; nothing was done.
var occupied = " ResourceContention ResourceContentionFault ScalingActivityInProgress ScalingActivityInProgressFault "

// denied are how the services say that the role lacks a permission.
var denied = " AccessDenied AccessDeniedException UnauthorizedOperation "

// tooMany are throttles that retry.DefaultThrottleErrorCodes lacks.
var tooMany = " TooManyRequests Throttled "

// answered classifies an error that AWS itself has answered with.
func answered(err error) (*deploy.Fault, bool) {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return nil, false
	}
	code, status := api.ErrorCode(), statusOf(err)
	f := &deploy.Fault{Class: deploy.Unsure, Code: code, Message: api.ErrorMessage()}
	_, throttle := retry.DefaultThrottleErrorCodes[code]
	switch {
	case throttle, listed(tooMany, code), listed(passing, code), listed(occupied, code), status == http.StatusTooManyRequests:
		f.Class = deploy.Throttled
	case code == "", code == "UnknownError": // something else answered in AWS's place
		f.Code, f.Message = "", foreign(status)
	case listed(" RequestTimeout RequestTimeoutException ", code), status == http.StatusRequestTimeout:
		// AWS says that it has not read all of the request, and leaves open what it did with it.
	case code == "HealthUnavailable": // 500, and 503 by the API reference
	case status >= 400 && status < 500:
		f.Class = deploy.Refused
	}
	if f.Message == "" {
		f.Message = fmt.Sprintf("AWS answered with status %d", status)
	}
	if listed(denied, code) {
		f.Message += " (junban policy prints the permissions that the bot needs)"
	}
	return f, true
}

// statusOf is the HTTP status of an answer; 0 if there was none.
func statusOf(err error) int {
	r, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err)
	if !ok {
		return 0
	}
	return r.HTTPStatusCode()
}

func foreign(status int) string { return fmt.Sprintf("status %d, and not in AWS's form", status) }

func listed(list, code string) bool { return code != "" && strings.Contains(list, " "+code+" ") }

// plain is an SDK error without the SDK's own wrapping and request ids, for people. A connection's error gets the words
// of broken before it.
func plain(err error, broken string) string {
	if s, ok := errors.AsType[slow](err); ok {
		return s.Error()
	}
	if errors.Is(err, errEmpty) {
		return "the answer is malformed: " + errEmpty.Error()
	}
	if status := statusOf(err); status >= 300 {
		return foreign(status)
	}
	if d, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return "the answer is malformed: " + d.Err.Error()
	}
	if s, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		if u, ok := errors.AsType[*url.Error](s.Err); ok {
			return broken + ": " + u.Err.Error()
		}
		return broken + ": " + s.Err.Error()
	}
	if o, ok := errors.AsType[*smithy.OperationError](err); ok {
		err = o.Err
	}
	return err.Error()
}
