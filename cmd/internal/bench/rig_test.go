package bench

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/awscloud/awstest"
	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
	"junban/deploy/engine"
	"junban/deploy/ssmrun"
	"junban/store"
)

// setup says what a rig is made of: services, each with a target group and instances of its own.
type setup struct {
	services, instances int
	delay, interval     time.Duration
	command             time.Duration
	unavailable         deploy.Count // zero = 1
	fake                bool         // inside a bubble: connections are pipes, commands are waits, and nothing is synced to disk
	together            bool         // no rollout starts before all have been approved and checked
	drain               deploy.Drain
	probe               func(context.Context, world.Check) world.Result // nil = every health check passes
	limits              awssim.Limits
	seed                uint64   // of the health checks' phases
	people              []string // who is in Slack: the bot listens there, and Slack is asked who they are
	approvers           []string // beside lead
}

// rig is one simulated account and one bot's engine before it, with the real adapters and the real store.
type rig struct {
	setup
	tb      testing.TB
	dir     string
	world   *world.World
	aws     *awssim.Server
	store   *store.Store
	starts  *starters
	options engine.Options
	bot     *engine.Engine
	moved   chan struct{}
	mark    world.Mark // all are in service
	end     func()
}

func newRig(tb testing.TB, s setup) *rig {
	tb.Helper()
	r := &rig{setup: s, tb: tb, dir: tb.TempDir(), moved: make(chan struct{}, 1)}
	r.world = world.New(world.Options{Seed: s.seed})
	o := awssim.Options{World: r.world, Seed: 1, Limits: s.limits, Probe: s.probe}
	if s.probe == nil {
		o.Look = func(world.Check) (world.Result, bool) { return world.Result{OK: true}, true }
	}
	if s.fake {
		o.Exec = r.pretend
	}
	r.aws = awssim.New(o)
	for n := range s.services {
		r.fleet(n)
	}
	r.mark = r.world.Mark()
	cfg := r.connect()
	var err error
	if r.store, err = store.Open(filepath.Join(r.dir, "junban.db"), store.Options{}); err != nil {
		tb.Fatal(err)
	}
	r.starts = &starters{Store: r.store, aws: r.aws, left: s.services, open: make(chan struct{}), calls: map[deploy.ID]int{}}
	if !s.together {
		close(r.starts.open)
	}
	cloud, runner := awscloud.New(cfg, awscloud.Options{}), ssmrun.New(cfg, ssmrun.Options{})
	r.options = engine.Options{
		Journal: r.starts, Cloud: func(string) engine.Cloud { return cloud }, Runner: func(string, string) engine.Runner { return runner },
		Directory: everybody{}, Book: book{s}, Sink: r,
	}
	tb.Cleanup(func() {
		if err := r.store.Close(); err != nil {
			tb.Error(err)
		}
	})
	return r
}

// connect lets the simulated AWS run, and answers how the SDK reaches it.
func (r *rig) connect() aws.Config {
	ctx, cancel := context.WithCancel(context.Background())
	var ran sync.WaitGroup
	ran.Go(func() {
		if err := r.aws.Run(ctx); err != nil {
			r.tb.Error(err)
		}
	})
	r.tb.Cleanup(func() {
		end, stop := context.WithTimeout(context.Background(), 30*time.Second)
		defer stop()
		if err := r.aws.Close(end); err != nil {
			r.tb.Errorf("commands still run: %v", err)
		}
		cancel()
		ran.Wait()
	})
	if r.fake {
		return awstest.Config(r.tb, r.aws, nil)
	}
	server := httptest.NewServer(r.aws)
	r.tb.Cleanup(server.Close)
	return aws.Config{
		Region: "ap-northeast-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""), BaseEndpoint: aws.String(server.URL),
	}
}

// service names the n-th service and its target group.
func service(n int) string { return fmt.Sprintf("svc%d", n) }

// fleet adds one service's target group with its instances, in service and healthy.
func (r *rig) fleet(n int) {
	if n == 0 {
		r.world.AddBalancer(world.Balancer{Name: "front"})
	}
	name := service(n)
	arn := r.world.AddGroup(world.Group{Name: name, Delay: r.delay, Interval: r.interval})
	r.world.AddListener(world.Listener{Balancer: "front", Port: 8000 + n, Group: arn})
	var pairs []world.Pair
	for i := range r.instances {
		id := fmt.Sprintf("i-%04x%013x", n, i)
		dir := ""
		if !r.fake {
			dir = filepath.Join(r.dir, id)
			if err := os.Mkdir(dir, 0o700); err != nil {
				r.tb.Fatal(err)
			}
		}
		r.world.AddInstance(world.Instance{
			ID: id, Name: fmt.Sprintf("%s-%d", name, i+1), PrivateIP: fmt.Sprintf("10.%d.%d.%d", n, i/250, i%250), Zone: "ap-northeast-1a",
			AgentOnline: true, Dir: dir,
		})
		pairs = append(pairs, world.Pair{ID: id, Port: 8080})
	}
	if err := r.world.Register(arn, pairs); err != nil {
		r.tb.Fatal(err)
	}
	for _, p := range pairs {
		r.world.Checked(arn, p, true, "")
	}
}

// pretend is a command in a bubble: it takes its time, and the guard says that it ended well.
func (r *rig) pretend(ctx context.Context, e awssim.Exec) awssim.Outcome {
	select {
	case <-time.After(r.command):
	case <-ctx.Done():
		return awssim.Outcome{Killed: true}
	}
	return awssim.Outcome{Stdout: "junban-guard 1\ttoken=" + e.Comment + "\tstate=exited\texit=0\tsize=0\tsent=0\n"}
}

// live lets an engine live on the rig's journal.
func (r *rig) live() {
	ctx, cancel := context.WithCancel(context.Background())
	r.bot = engine.New(r.options)
	bot, done := r.bot, make(chan struct{})
	go func() {
		defer close(done)
		if err := bot.Run(ctx); err != nil {
			r.tb.Errorf("the engine ended: %v", err)
		}
	}()
	r.end = sync.OnceFunc(func() { cancel(); <-done })
	r.tb.Cleanup(r.end)
}

// Moved wakes whoever waits for an operation.
func (r *rig) Moved(deploy.ID) {
	select {
	case r.moved <- struct{}{}:
	default:
	}
}

const (
	dev  = "U0DEV"
	lead = "U0LEAD"
)

// deploys asks for a rollout of each service, approves them, and answers their ids.
func (r *rig) deploys() []deploy.ID {
	r.tb.Helper()
	var ids []deploy.ID
	for n := range r.services {
		op, err := r.bot.Request(r.tb.Context(), engine.NewID(), deploy.Ask{Kind: deploy.KindDeploy, Service: service(n), Ref: "v42"}, dev)
		if err != nil {
			r.tb.Fatal(err)
		}
		act := deploy.Act{Verb: deploy.ActApprove, By: deploy.Person{ID: lead}, Hash: op.Hash}
		if _, err := r.bot.Act(r.tb.Context(), op.ID, act); err != nil {
			r.tb.Fatal(err)
		}
		ids = append(ids, op.ID)
	}
	return ids
}

// finish waits until operations have finished, and answers them.
func (r *rig) finish(ids []deploy.ID) []deploy.Operation {
	r.tb.Helper()
	ctx := r.tb.Context()
	for {
		rows, err := r.store.Unfinished(ctx)
		if err != nil {
			r.tb.Fatal(err)
		}
		if !slices.ContainsFunc(rows, func(row deploy.Row) bool { return slices.Contains(ids, row.Op) }) {
			break
		}
		<-r.moved
	}
	var out []deploy.Operation
	for _, id := range ids {
		op, err := r.bot.Operation(ctx, id)
		if err != nil {
			r.tb.Fatal(err)
		}
		out = append(out, op)
	}
	return out
}

// starters is a journal that notes which calls had been made when an operation started, and in which, if they are to start
// together, none starts before all that are expected to.
type starters struct {
	*store.Store
	aws   *awssim.Server
	open  chan struct{} // closed: operations may start
	mu    sync.Mutex
	left  int
	at    time.Time         // when the last of them could start
	calls map[deploy.ID]int // how many calls AWS had answered when the operation started
}

func (s *starters) Append(ctx context.Context, e deploy.Event, row deploy.Row, c deploy.Changes) error {
	if e.Type == deploy.EventStarted {
		s.mu.Lock()
		s.calls[e.Op] = len(s.aws.Calls())
		if s.left--; s.left == 0 && !s.opened() {
			s.at = time.Now()
			close(s.open)
		}
		s.mu.Unlock()
		select {
		case <-s.open:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.Store.Append(ctx, e, row, c)
}

func (s *starters) opened() bool {
	select {
	case <-s.open:
		return true
	default:
		return false
	}
}

// everybody is a directory in which everybody is a member.
type everybody struct{}

func (everybody) Person(_ context.Context, id string, _ []string) (deploy.Person, error) {
	return deploy.Person{ID: id, Kind: deploy.Member}, nil
}

// book is the configuration of all services.
type book struct{ setup }

func (b book) Request(ask deploy.Ask) (deploy.Request, engine.Want, error) {
	out := b.unavailable
	if out == (deploy.Count{}) {
		out = deploy.Count{N: 1}
	}
	return deploy.Request{
		Ask: ask,
		Rules: deploy.Rules{
			MaxUnavailable: out, MinHealthy: deploy.Count{N: 1}, Drain: b.drain, MayDeploy: []string{dev},
			Approval: deploy.Approval{Allow: append([]string{lead}, b.approvers...), Required: 1, Expires: time.Hour, StartWithin: 2 * time.Hour},
		},
		Run:           deploy.Run{Via: "ssm", Command: fmt.Sprintf("sleep %g", b.command.Seconds()), Timeout: time.Minute},
		HealthyWithin: 10 * time.Minute,
	}, engine.Want{Groups: []string{ask.Service}}, nil
}

func (book) Resolve(context.Context, deploy.Ask) (string, error) { return "", nil }
