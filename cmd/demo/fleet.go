package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"junban/deploy/awssim"
	"junban/deploy/awssim/instance"
	"junban/deploy/awssim/lb"
	"junban/deploy/awssim/traffic"
	"junban/deploy/awssim/world"
)

const (
	group = "web" // the target group's name, and the service's
	port  = 80    // as the target group lists it; where the applications really listen is the world's business

	// profile is what the instances may do: their SSM agent has its credentials by it.
	profile = "arn:aws:iam::123456789012:instance-profile/web"

	// rate is how many requests the public sends a second.
	rate = 200.0
	// closing is how long commands may still run when the demo ends: the guard lets a release finish.
	closing = 5 * time.Second
)

// fleet is what stands for AWS: the API, the load balancer, the instances and the public that uses them.
type fleet struct {
	world     *world.World
	api       *awssim.Server
	balancer  *lb.Balancer
	instances []*instance.Instance // in the order in which the bot takes them: by zone, then by name
	zones     []string             // of each
	public    *traffic.Clients

	hurries  chan struct{} // a request to release without draining
	hurrying atomic.Bool
}

// newFleet lays out the instances' folders under dir. Nothing runs yet.
func newFleet(f flags, dir, service string) (*fleet, error) {
	w := world.New(world.Options{})
	s := &fleet{world: w, balancer: lb.New(lb.Options{}), hurries: make(chan struct{}, 1)}
	s.api = awssim.New(awssim.Options{World: w})
	w.AddGroup(world.Group{
		Name: group, Port: port, Path: "/health",
		Delay: f.DeregistrationDelay, Interval: f.HealthInterval, Timeout: min(2*time.Second, f.HealthInterval),
		HealthyThreshold: 2, UnhealthyThreshold: 2,
	})
	zones := []string{w.Region() + "a", w.Region() + "c"}
	w.AddBalancer(world.Balancer{Name: "web-alb", Zones: []world.Zone{
		{Name: zones[0], Subnet: "subnet-0a1b2c3d"}, {Name: zones[1], Subnet: "subnet-0c1b2c3d"},
	}})
	w.AddListener(world.Listener{Balancer: "web-alb", Group: group})
	digits := len(fmt.Sprint(f.Instances)) // so that the order of names is that of numbers
	for n := range f.Instances {
		name := fmt.Sprintf("web-%0*d", digits, n+1)
		i, err := instance.New(instance.Options{
			ID: fmt.Sprintf("i-0a1b2c3d4e5f6%04x", n+1), Name: name, Dir: filepath.Join(dir, name), Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			return nil, fmt.Errorf("furnishing the instances: %w", err)
		}
		s.instances = append(s.instances, i)
		s.zones = append(s.zones, zones[n*2/f.Instances])
	}
	var err error
	s.public, err = traffic.New(traffic.Options{URL: service, Rate: rate, Clients: 32, Path: visits()})
	return s, err
}

// visits is what the public asks for: one page in ten takes a while, so that some request is always under way.
func visits() func() string {
	n := 0
	return func() string {
		if n++; n%10 == 0 {
			return "/slow?ms=50"
		}
		return "/"
	}
}

// start switches everything on and returns once every instance is in service.
func (s *fleet) start(c *crew, d doors) error {
	for _, i := range s.instances {
		c.start("instance "+i.Name(), i.Run)
	}
	for n, i := range s.instances {
		if err := awake(c.ctx, i); err != nil {
			return err
		}
		s.world.AddInstance(world.Instance{
			ID: i.ID(), Name: i.Name(), PrivateIP: fmt.Sprintf("10.0.%d.%d", n*2/len(s.instances), n+10), Zone: s.zones[n],
			Tags: map[string]string{"Role": group}, Profile: profile, AgentOnline: true, Addr: i.Addr(), Dir: i.Dir(),
		})
	}
	if err := s.register(); err != nil {
		return err
	}
	s.route(s.world.Routes(group)) // at once: without a target it would answer 503
	c.start("the load balancer", func(ctx context.Context) error { return s.balancer.Serve(ctx, d.service) })
	c.start("the load balancer's targets", func(ctx context.Context) error {
		return awssim.Carry(ctx, s.world, group, s.route)
	})
	c.start("the health checks", s.api.Run)
	c.start("the commands on instances", s.lastCommands)
	c.start("the simulated AWS", func(ctx context.Context) error {
		return serve(ctx, d.aws, loopbackOnly(sameOrigin(s.api)))
	})
	c.start("the hurried hand", s.hurriedHand)
	return nil
}

// register puts all instances into the group, healthy from the start: the demo begins with a service that is up.
func (s *fleet) register() error {
	for _, i := range s.instances {
		p := world.Pair{ID: i.ID(), Port: port}
		if err := s.world.Register(group, []world.Pair{p}); err != nil {
			return fmt.Errorf("registering %s: %w", i.Name(), err)
		}
		s.world.Checked(group, p, true, "")
	}
	return nil
}

// visit lets the public in.
func (s *fleet) visit(c *crew) {
	c.start("the traffic", func(ctx context.Context) error {
		s.public.Run(ctx)
		return nil
	})
}

// arn is the target group's.
func (s *fleet) arn() string { return s.world.Groups()[0].ARN }

// route hands the balancer its targets.
func (s *fleet) route(routes []world.Route) {
	targets := make([]lb.Target, 0, len(routes))
	for _, r := range routes {
		targets = append(targets, lb.Target{Key: r.Pair.String(), Addr: r.Addr, Draining: r.Draining})
	}
	s.balancer.Set(targets)
}

// lastCommands lets the commands that run at the demo's end finish, and kills those that take long.
func (s *fleet) lastCommands(ctx context.Context) error {
	<-ctx.Done()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if err := s.api.Close(end); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// awake waits until an instance's application runs.
func awake(ctx context.Context, i *instance.Instance) error {
	for {
		changed := i.Changed()
		if i.Running() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for instance %s: %w", i.Name(), ctx.Err())
		}
	}
}
