package awssim

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsasg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	awscw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"go.uber.org/goleak"

	"junban/deploy/awssim/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clients are the real SDK's, pointed at an endpoint.
type clients struct {
	ELB *elbv2.Client
	EC2 *awsec2.Client
	SSM *awsssm.Client
	ASG *awsasg.Client
	CW  *awscw.Client
	STS *awssts.Client
}

// dial makes clients without retries, so that a test sees each answer.
func dial(endpoint string, hc *http.Client) clients {
	return dialAs(endpoint, hc, credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""))
}

func dialAs(endpoint string, hc *http.Client, who aws.CredentialsProvider) clients {
	cfg := aws.Config{
		Region: "ap-northeast-1", Credentials: who,
		BaseEndpoint: aws.String(endpoint), HTTPClient: &http.Client{Transport: onlyRead{hc.Transport}},
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
	return clients{
		elbv2.NewFromConfig(cfg), awsec2.NewFromConfig(cfg), awsssm.NewFromConfig(cfg),
		awsasg.NewFromConfig(cfg), awscw.NewFromConfig(cfg), awssts.NewFromConfig(cfg),
	}
}

// onlyRead hides the WriteTo of a request's body. smithy-go closes a body as soon as the answer begins, and its WriteTo
// then says io.EOF where io.WriterTo asks for nil: net/http takes that for a broken request and closes the connection
// under the answer (aws-sdk-go-v2, issue 2737). The bot's own calls have awscall's body, which has no WriteTo.
type onlyRead struct{ http.RoundTripper }

func (o onlyRead) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		r = r.Clone(r.Context())
		r.Body = struct{ io.ReadCloser }{r.Body}
	}
	return o.RoundTripper.RoundTrip(r)
}

// sim is a running simulator with a group "web" of three instances, i-1 to
// i-3, whose apps are real HTTP servers.
type sim struct {
	clients
	*Server
	w     *world.World
	group string
	url   string
	http  *http.Client
	ctx   context.Context
}

type setup struct {
	options Options
	group   world.Group
	world   world.Options
}

func start(t *testing.T, up setup) *sim {
	t.Helper()
	w := world.New(up.world)
	s := &sim{w: w, ctx: t.Context()}
	s.group = populate(t, w, up.group)
	up.options.World = w
	s.Server = New(up.options)
	srv := httptest.NewServer(s.Server)
	s.url = srv.URL
	hc := &http.Client{Transport: &http.Transport{}}
	s.http = hc
	s.clients = dial(srv.URL, hc)
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		end, stop := context.WithTimeout(context.Background(), 10*time.Second)
		defer stop()
		if err := s.Close(end); err != nil {
			t.Error(err)
		}
		cancel()
		run.Wait()
		hc.CloseIdleConnections()
		srv.Close()
	})
	return s
}

// populate adds the load balancer, the group and the instances, with an app
// each.
func populate(t *testing.T, w *world.World, g world.Group) string {
	t.Helper()
	g.Name = "web"
	if g.Interval == 0 {
		g.Interval = 50 * time.Millisecond
	}
	arn := w.AddGroup(g)
	lb := w.AddBalancer(world.Balancer{Name: "front", Zones: []world.Zone{{Name: "ap-northeast-1a", Subnet: "subnet-a"}, {Name: "ap-northeast-1c", Subnet: "subnet-c"}}})
	w.AddListener(world.Listener{Balancer: lb, Group: arn})
	for n, id := range []string{"i-1", "i-2", "i-3"} {
		app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		t.Cleanup(app.Close)
		w.AddInstance(world.Instance{
			ID: id, Name: "web-" + strconv.Itoa(n+1), PrivateIP: "10.0.0." + strconv.Itoa(n+1), Zone: "ap-northeast-1a",
			Tags: map[string]string{"Role": "worker"}, AgentOnline: true, Addr: app.Listener.Addr().String(), Dir: t.TempDir(),
		})
	}
	return arn
}

// until waits for a state of the world.
func (s *sim) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		changed := s.w.Changed()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-late:
			t.Fatal("never: ", what)
		}
	}
}

func (s *sim) reads(p world.Pair) string {
	for _, h := range must(s.w.Truth(s.group)) {
		if h.Pair == p {
			return h.State
		}
	}
	return world.Unused
}

// serve registers a pair and waits until it is healthy.
func (s *sim) serve(t *testing.T, p world.Pair) {
	t.Helper()
	if err := s.w.Register(s.group, []world.Pair{p}); err != nil {
		t.Fatal(err)
	}
	s.until(t, p.String()+" healthy", func() bool { return s.reads(p) == world.Healthy })
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func target(id string, port int32) types.TargetDescription {
	d := types.TargetDescription{Id: aws.String(id)}
	if port != 0 {
		d.Port = aws.Int32(port)
	}
	return d
}

// tool finds a program of the test machine: without it the test is skipped,
// but on CI that is a failure.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is needed on CI: %v", name, err)
	}
	t.Skipf("no %s: %v", name, err)
	return ""
}

// pipes is an in-memory listener, for testing/synctest.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	a, b := net.Pipe()
	select {
	case p.conns <- b:
		return a, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// post sends one raw Query call and returns status and body.
func (s *sim) post(t *testing.T, form string) (int, string) {
	t.Helper()
	resp, err := http.Post(s.url, "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, text(t, resp)
}
