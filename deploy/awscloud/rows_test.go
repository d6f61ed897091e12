package awscloud_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/awscloud/awstest"
)

const (
	around = `<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DescribeTargetHealthResult>LIST</DescribeTargetHealthResult></DescribeTargetHealthResponse>`
	one    = `<member><Target><Id>i-1</Id><Port>80</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member>`
	two    = `<member><Target><Id>i-2</Id><Port>80</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member>`
	gone   = `<member><Target><Id>i-2</Id><Port>80</Port></Target><TargetHealth><State>draining</State><Reason>Target.DeregistrationInProgress</Reason></TargetHealth></member>`
	portly = `<member><Target><Id>i-1</Id><Port>81</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member>`
)

func listing(rows ...string) string {
	return strings.Replace(around, "LIST", "<TargetHealthDescriptions>"+strings.Join(rows, "")+"</TargetHealthDescriptions>", 1)
}

// TestAReadingDoesNotDependOnTheOneBefore: whatever AWS answered before, the next answer reads as it reads to somebody who
// has seen none. So it is for answers of every shape, also those that are no answer.
func TestAReadingDoesNotDependOnTheOneBefore(t *testing.T) {
	answers := map[string]string{
		"two":             listing(one, two),
		"one":             listing(one),
		"the other order": listing(two, one),
		"one drains":      listing(one, gone),
		"another port":    listing(portly, two),
		"twice the same":  listing(one, one),
		"none":            listing(),
		"none, shortly":   strings.Replace(around, "LIST", "<TargetHealthDescriptions/>", 1),
		"laid out":        strings.ReplaceAll(listing(one, two), "><", ">\n  <"),
		"in a comment":    listing(one, "<!-- ", two, " -->"),
		"raw text":        listing(one, "<![CDATA[", two, "]]>"),
		"a list besides":  strings.Replace(around, "LIST", "<Others>"+two+"</Others><TargetHealthDescriptions>"+one+"</TargetHealthDescriptions>", 1),
		"a list within":   listing(one, strings.Replace(two, "<TargetHealth>", "<Seen>"+one+"</Seen><TargetHealth>", 1)),
		"no state":        listing(one, strings.Replace(two, "healthy", "well", 1)),
		"no port":         listing(one, strings.Replace(two, "<Port>80</Port>", "", 1)),
		"cut short":       listing(one, two)[:len(listing(one))],
		"unbalanced":      listing(one, "</Target>", two),
		"something else":  "<html><body>" + one + "</body></html>",
	}
	for before, first := range answers {
		t.Run(before, func(t *testing.T) {
			for after, second := range answers {
				synctest.Test(t, func(t *testing.T) {
					var body string
					cfg := awstest.Config(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }), nil)
					read := func(c *awscloud.Cloud) (deploy.Reading, string) {
						time.Sleep(time.Second) // a reading serves whoever asks at the same time
						r, err := c.Health(t.Context(), "arn", time.Now())
						if err != nil && !errors.As(err, new(*deploy.Fault)) {
							t.Errorf("got %T %v", err, err)
						}
						if err != nil {
							return r, err.Error()
						}
						return r, ""
					}
					c := awscloud.New(cfg, awscloud.Options{})
					body = first
					read(c)
					body = second
					got, err := read(c)
					want, fails := read(awscloud.New(cfg, awscloud.Options{}))
					if diff := cmp.Diff(want.Targets, got.Targets, cmpopts.EquateEmpty()); diff != "" || err != fails {
						t.Errorf("%s after %s: %q, to somebody new %q %s", after, before, err, fails, diff)
					}
				})
			}
		})
	}
}
