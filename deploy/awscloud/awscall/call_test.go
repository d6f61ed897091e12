package awscall_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.uber.org/goleak"
	"golang.org/x/time/rate"

	"junban/deploy"
	"junban/deploy/awscloud/awscall"
	"junban/deploy/awscloud/awstest"
	"junban/deploy/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const doing = "DescribeTargetHealth of target group web"

const healthy = `<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DescribeTargetHealthResult>
<TargetHealthDescriptions><member><Target><Id>i-1</Id><Port>80</Port></Target><TargetHealth><State>healthy</State></TargetHealth></member></TargetHealthDescriptions>
</DescribeTargetHealthResult></DescribeTargetHealthResponse>`

func refusal(code string) string {
	return `<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><Error><Type>Sender</Type><Code>` + code +
		`</Code><Message>said so</Message></Error><RequestId>4a5b</RequestId></ErrorResponse>`
}

// answer is a server that always answers the same. It counts the requests that arrived whole: AWS does nothing before.
type answer struct {
	status int
	body   string
	count  atomic.Int32
}

func (a *answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	a.count.Add(1)
	w.Header().Set("X-Amzn-Requestid", "4a5b")
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

// hang never answers. A server notices that its client has gone only once the request is read.
func hang(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func once() aws.Retryer { return aws.NopRetryer{} }

func client(cfg aws.Config, r aws.Retryer) *elb.Client {
	return elb.NewFromConfig(cfg, func(o *elb.Options) {
		o.Retryer, o.RetryMaxAttempts = r, 0
		o.APIOptions = append(o.APIOptions, awscall.Hook)
	})
}

func call() awscall.Call {
	return awscall.Call{Doing: doing, Budget: rate.NewLimiter(100, 100), Timeout: 10 * time.Second}
}

func describe(ctx context.Context, c *elb.Client, how awscall.Call) error {
	_, err := awscall.Make(ctx, how, func(ctx context.Context) (*elb.DescribeTargetHealthOutput, error) {
		return c.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String("arn")})
	})
	return err
}

// outcome is a fault as a test wants it; the message need only hold the words.
type outcome struct {
	class         deploy.Class
	code, message string
}

func refusing(status int, code string) *answer {
	return &answer{status: status, body: refusal(code)}
}

func TestEveryErrorHasItsClass(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.Handler
		dial    func(context.Context) error
		want    outcome
	}{
		"refused":            {handler: refusing(400, "TargetGroupNotFound"), want: outcome{deploy.Refused, "TargetGroupNotFound", "said so"}},
		"forbidden":          {handler: refusing(403, "AccessDenied"), want: outcome{deploy.Refused, "AccessDenied", "said so"}},
		"throttled":          {handler: refusing(400, "ThrottlingException"), want: outcome{deploy.Throttled, "ThrottlingException", "said so"}},
		"throttled by 503":   {handler: refusing(503, "RequestLimitExceeded"), want: outcome{deploy.Throttled, "RequestLimitExceeded", "said so"}},
		"throttled by 429":   {handler: refusing(429, "Slowly"), want: outcome{deploy.Throttled, "Slowly", "said so"}},
		"prior not complete": {handler: refusing(400, "PriorRequestNotComplete"), want: outcome{deploy.Throttled, "PriorRequestNotComplete", "said so"}},
		"expired token":      {handler: refusing(403, "ExpiredToken"), want: outcome{deploy.Throttled, "ExpiredToken", "said so"}},
		"server error":       {handler: refusing(500, "InternalFailure"), want: outcome{deploy.Unsure, "InternalFailure", "said so"}},
		"health unavailable": {handler: refusing(500, "HealthUnavailable"), want: outcome{deploy.Unsure, "HealthUnavailable", "said so"}},
		"a proxy's page":     {handler: &answer{status: 403, body: "<html>no</html>"}, want: outcome{deploy.Unsure, "", "status 403"}},
		"bad gateway":        {handler: &answer{status: 502, body: "<html>no"}, want: outcome{deploy.Unsure, "", "status 502"}},
		"empty":              {handler: &answer{status: 200}, want: outcome{deploy.Unsure, "", "malformed: the answer is empty"}},
		"cut short":          {handler: &answer{status: 200, body: healthy[:200]}, want: outcome{deploy.Unsure, "", "malformed"}},
		"something else":     {handler: &answer{status: 200, body: "<html>welcome to the wifi</html>"}, want: outcome{deploy.Unsure, "", "malformed"}},
		"no answer": {
			handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
			want:    outcome{deploy.Unsure, "", "the connection to AWS broke"},
		},
		"hanging": {
			handler: http.HandlerFunc(hang),
			want:    outcome{deploy.Unsure, "", "no answer within 10s"},
		},
		"no connection": {
			handler: &answer{status: 200, body: healthy},
			dial: func(context.Context) error {
				return &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
			},
			want: outcome{deploy.Throttled, "", "AWS could not be reached: dial tcp: connection refused"},
		},
		"no connection in time": {
			handler: &answer{status: 200, body: healthy},
			dial:    func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			want:    outcome{deploy.Throttled, "", "no answer within 10s"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				err := describe(t.Context(), client(awstest.Config(t, c.handler, c.dial), once()), call())
				f, ok := errors.AsType[*deploy.Fault](err)
				if !ok {
					t.Fatalf("got %T %v, want a *deploy.Fault", err, err)
				}
				if f.Class != c.want.class || f.Code != c.want.code || !strings.Contains(f.Message, c.want.message) {
					t.Errorf("got %+v, want %+v", *f, c.want)
				}
				if !strings.HasPrefix(f.Message, doing+": ") {
					t.Errorf("message %q does not say what was being done", f.Message)
				}
				for _, noise := range []string{"RequestID", "4a5b", "operation error", "https response"} {
					if strings.Contains(f.Message, noise) {
						t.Errorf("message %q has %q in it", f.Message, noise)
					}
				}
			})
		})
	}
}

func TestASuccessIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if err := describe(t.Context(), client(awstest.Config(t, &answer{status: 200, body: healthy}, nil), once()), call()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheCallersCancellationIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		server := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			cancel()
			hang(w, r)
		})
		err := describe(ctx, client(awstest.Config(t, server, nil), once()), call())
		if !errors.Is(err, context.Canceled) || errors.As(err, new(*deploy.Fault)) {
			t.Fatalf("got %T %v, want the context's error", err, err)
		}
	})
}

func TestNothingLeavesTooLate(t *testing.T) {
	wait := func(ctx context.Context) error {
		select {
		case <-time.After(3 * time.Second):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	slowKeys := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, wait(ctx)
	})
	for name, c := range map[string]struct {
		dial   func(context.Context) error
		keys   aws.CredentialsProvider
		budget *rate.Limiter
		within time.Duration
		atOnce bool
	}{
		"the connection takes too long":  {dial: wait, within: 2 * time.Second},
		"the credentials take too long":  {keys: slowKeys, within: 2 * time.Second},
		"the budget would take too long": {budget: rate.NewLimiter(0.1, 1), within: 2 * time.Second, atOnce: true},
		"it is late already":             {within: -time.Second, atOnce: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &answer{status: 200, body: healthy}
				cfg := awstest.Config(t, server, c.dial)
				if c.keys != nil {
					cfg.Credentials = c.keys
				}
				how := call()
				if c.budget != nil {
					c.budget.Allow()
					how.Budget = c.budget
				}
				began := time.Now()
				how.NotAfter = began.Add(c.within)
				err := describe(t.Context(), client(cfg, once()), how)
				if !errors.Is(err, engine.ErrLate) {
					t.Errorf("got %v, want ErrLate", err)
				}
				if n := server.count.Load(); n != 0 {
					t.Errorf("%d requests arrived", n)
				}
				if c.atOnce && time.Since(began) != 0 {
					t.Errorf("it took %v to say so", time.Since(began))
				}
			})
		})
	}
	t.Run("in time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := &answer{status: 200, body: healthy}
			how := call()
			how.NotAfter = time.Now().Add(4 * time.Second)
			if err := describe(t.Context(), client(awstest.Config(t, server, wait), once()), how); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestEveryTryIsPaidFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := refusing(500, "InternalFailure")
		how := call()
		how.Budget = rate.NewLimiter(rate.Every(time.Minute), 1)
		var began []time.Time
		how.Began = func(at time.Time) { began = append(began, at) }
		three := retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 3, time.Second })
		if err := describe(t.Context(), client(awstest.Config(t, server, nil), three), how); err == nil {
			t.Fatal("no error")
		}
		if len(began) != 3 || server.count.Load() != 3 {
			t.Fatalf("%d tries began and %d arrived, want 3", len(began), server.count.Load())
		}
		for i := 1; i < len(began); i++ {
			if gap := began[i].Sub(began[i-1]); gap < time.Minute-time.Millisecond {
				t.Errorf("try %d came %v after the one before, which the budget forbids", i+1, gap)
			}
		}
	})
}

func TestAClientWithoutTheRulesIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &answer{status: 200, body: healthy}
		c := client(awstest.Config(t, server, nil), once())
		_, err := c.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String("arn")})
		if err == nil || server.count.Load() != 0 {
			t.Fatalf("a call outside of Make was made: %v", err)
		}
	})
}

func TestCode(t *testing.T) {
	f := &deploy.Fault{Code: "X"}
	if got := awscall.Code(fmt.Errorf("wrapped: %w", f)); got != "X" {
		t.Errorf("got %q", got)
	}
	if got := awscall.Code(errors.New("X")); got != "" {
		t.Errorf("got %q", got)
	}
}

// A body with a WriteTo would now and then cost an answer, as fence says; nothing shows which until there is load.
func TestTheBodyOfARequestHasNoWriteTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := awstest.Config(t, &answer{status: 200, body: healthy}, nil)
		sender := cfg.HTTPClient
		seen := false
		cfg.HTTPClient = smithyhttp.ClientDoFunc(func(r *http.Request) (*http.Response, error) {
			seen = true
			if _, has := r.Body.(io.WriterTo); has {
				t.Error("the body has a WriteTo")
			}
			return sender.Do(r)
		})
		if err := describe(t.Context(), client(cfg, once()), call()); err != nil || !seen {
			t.Error(seen, err)
		}
	})
}
