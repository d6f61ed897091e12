package awscloud

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
)

// rows are those of a target group's latest reading, by their bytes. AWS lists all targets in every answer, and nearly all
// of them read byte for byte as they did before. To decode them again would make an instance among a thousand cost many
// times what it costs among ten. What is new is decoded by the SDK.
type rows map[string]row

type row struct {
	bytes string
	is    deploy.Target
}

// memory is what is known of a target group's rows. It is safe for concurrent use.
type memory struct {
	rows atomic.Pointer[rows] // never changed once it is here
	size atomic.Int64         // of the latest answer, in bytes
}

// cut is one call that takes the rows that are known out of its answer before the SDK decodes it.
type cut struct {
	of  *memory
	all []row // of the latest try, in AWS's order; one that is not known has no target. nil = the answer was left whole
}

// hook puts itself between awscall's part and the SDK's decoder. It belongs into the APIOptions of the one call.
func (c *cut) hook(stack *middleware.Stack) error {
	return stack.Deserialize.Insert(middleware.DeserializeMiddlewareFunc("JunbanRows", c.handle), "OperationDeserializer", middleware.After)
}

func (c *cut) handle(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	c.all = nil
	out, meta, err := next.HandleDeserialize(ctx, in)
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || resp.StatusCode != http.StatusOK {
		return out, meta, err
	}
	body := bytes.NewBuffer(make([]byte, 0, c.of.size.Load()+bytes.MinRead))
	var left io.Reader
	if _, err := body.ReadFrom(resp.Body); err != nil {
		left = io.MultiReader(body, broken{err}) // the decoder meets it where it was
	} else {
		c.of.size.Store(int64(body.Len()))
		left = bytes.NewReader(c.take(body.Bytes()))
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{left, resp.Body}
	return out, meta, nil
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

var (
	listBegins, listEnds = []byte("<TargetHealthDescriptions>"), []byte("</TargetHealthDescriptions>")
	rowBegins, rowEnds   = []byte("<member>"), []byte("</member>")
)

// take splits an answer into its rows, and answers what of it must be decoded: all but the rows that are known. An answer
// of another shape than AWS's is left whole.
func (c *cut) take(body []byte) []byte {
	before, list, ok := bytes.Cut(body, listBegins)
	list, after, ends := bytes.Cut(list, listEnds)
	if !ok || !ends || bytes.Contains(before, rowBegins) || bytes.Contains(after, rowBegins) || bytes.Contains(body, []byte("<!")) {
		return body // <! may hide anything
	}
	known := c.of.rows.Load()
	if known == nil {
		known = &rows{}
	}
	all := make([]row, 0, len(*known)+1)
	left := bytes.NewBuffer(nil)
	left.Write(before)
	left.Write(listBegins)
	for {
		between, rest, more := bytes.Cut(list, rowBegins)
		left.Write(between)
		if !more {
			break
		}
		inner, rest, ends := bytes.Cut(rest, rowEnds)
		if !ends || bytes.Contains(inner, rowBegins) { // cut short, or a list in a list
			return body
		}
		r, ok := (*known)[string(inner)]
		if !ok {
			r = row{bytes: string(inner)}
			left.Write(rowBegins)
			left.Write(inner)
			left.Write(rowEnds)
		}
		all, list = append(all, r), rest
	}
	c.all = all
	left.Write(listEnds)
	left.Write(after)
	return left.Bytes()
}

// targets puts together what the SDK has decoded and what was known, and remembers it.
func (c *cut) targets(group string, out *elb.DescribeTargetHealthOutput) ([]deploy.Target, error) {
	fresh := slices.Grow([]deploy.Target(nil), len(out.TargetHealthDescriptions))
	for _, d := range out.TargetHealthDescriptions {
		t, err := target(group, d)
		if err != nil {
			return nil, err
		}
		fresh = append(fresh, t)
	}
	if c.all == nil {
		return fresh, nil
	}
	known, all := make(rows, len(c.all)), slices.Grow([]deploy.Target(nil), len(c.all))
	for _, r := range c.all {
		if r.is.Target == "" {
			if len(fresh) == 0 {
				return nil, awscall.Malformed(describing(group), "a target is missing")
			}
			r.is, fresh = fresh[0], fresh[1:]
		}
		known[r.bytes] = r
		all = append(all, r.is)
	}
	if len(fresh) > 0 {
		return nil, awscall.Malformed(describing(group), fmt.Sprintf("there are %d targets too many", len(fresh)))
	}
	c.of.rows.Store(&known)
	return all, nil
}
