package awscall

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"junban/deploy/engine"
)

var (
	errOutside = errors.New("a call to AWS was made outside of awscall.Make")
	errEmpty   = errors.New("the answer is empty")
)

// slow is the error of a try that was given up. It has no Timeout method: the SDK would try again.
type slow struct{ after time.Duration }

func (s slow) Error() string { return fmt.Sprintf("no answer within %v", s.after) }

// Hook puts Make's rules into a client: append it to the client's Options.APIOptions.
func Hook(stack *middleware.Stack) error {
	// Inside of the SDK's retry loop, so that each try is counted.
	if err := stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("JunbanTry", try), "Retry", middleware.After); err != nil {
		return err
	}
	// After signing, which may have had to fetch credentials first.
	if err := stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("JunbanFence", fenceIn), middleware.After); err != nil {
		return err
	}
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("JunbanWhole", whole), middleware.After)
}

// try waits for the budget, then limits the time of one try.
func try(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	m, ok := ctx.Value(key{}).(*made)
	if !ok {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, errOutside
	}
	if err := m.await(ctx); err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, err
	}
	limited, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	if m.Began != nil {
		m.Began(time.Now())
	}
	out, meta, err := next.HandleFinalize(limited, in)
	if _, ok := answered(err); err != nil && !ok && ctx.Err() == nil && limited.Err() != nil {
		err = slow{m.Timeout}
	}
	return out, meta, err
}

// await waits for the budget, but not in vain: a call that would be late by then is late now.
func (m *made) await(ctx context.Context) error {
	if m.NotAfter.IsZero() {
		return m.Budget.Wait(ctx)
	}
	limited, cancel := context.WithDeadline(ctx, m.NotAfter)
	defer cancel()
	err := m.Budget.Wait(limited)
	if err != nil && ctx.Err() == nil {
		m.late.Store(true)
		return engine.ErrLate
	}
	return err
}

// fenceIn puts the fence around the request's body.
func fenceIn(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	m, ok := ctx.Value(key{}).(*made)
	req, is := in.Request.(*smithyhttp.Request)
	if !ok || !is {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, errOutside
	}
	body, ok := req.GetStream().(io.ReadSeeker)
	if !ok {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, fmt.Errorf("request body %T cannot be fenced", req.GetStream())
	}
	fenced, err := req.SetStream(&fence{body, m})
	if err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, fmt.Errorf("fencing the request: %w", err)
	}
	in.Request = fenced
	if err := m.inTime(); err != nil {
		return middleware.FinalizeOutput{}, middleware.Metadata{}, err
	}
	return next.HandleFinalize(ctx, in)
}

// inTime says ErrLate once NotAfter has passed.
func (m *made) inTime() error {
	if !m.NotAfter.IsZero() && time.Now().After(m.NotAfter) {
		m.late.Store(true)
		return engine.ErrLate
	}
	return nil
}

// fence is the body of a request. A connection reads it only when it stands, so this is the last moment at which a call
// can still be held back: without its body a request is none. And as long as nothing was read, nothing was asked for.
//
// It must have no WriteTo: over one, net/http cuts the answer off as soon as smithy-go has closed the body, since that
// WriteTo then says io.EOF (aws-sdk-go-v2, issue 2737).
type fence struct {
	io.ReadSeeker
	made *made
}

func (f *fence) Read(p []byte) (int, error) {
	if err := f.made.inTime(); err != nil {
		return 0, err
	}
	n, err := f.ReadSeeker.Read(p)
	if n > 0 {
		f.made.sent.Store(true)
	}
	return n, err
}

// whole refuses a success without a body. The SDK takes it for an answer whose lists are all empty, which would read as
// a target group without targets.
func whole(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, meta, err := next.HandleDeserialize(ctx, in)
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || resp.StatusCode >= 300 {
		return out, meta, err
	}
	peeked := bufio.NewReader(resp.Body)
	if _, err := peeked.Peek(1); err != nil {
		resp.Body.Close()
		if errors.Is(err, io.EOF) {
			err = errEmpty
		}
		return out, meta, fmt.Errorf("reading the answer: %w", err)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{peeked, resp.Body}
	return out, meta, nil
}
