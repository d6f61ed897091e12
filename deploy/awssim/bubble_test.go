package awssim

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elbv2 "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"

	"junban/deploy/awssim/world"
)

// TestInsideSynctest runs the real SDK against the server over in-memory
// pipes, with fake time: AWS's own delays cost nothing.
func TestInsideSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world.New(world.Options{})
		group := w.AddGroup(world.Group{Name: "web", Delay: world.DefaultDelay})
		w.AddBalancer(world.Balancer{Name: "front"})
		w.AddListener(world.Listener{Balancer: "front", Group: "web"})
		w.AddInstance(world.Instance{ID: "i-1", Zone: "a", AgentOnline: true})
		s := New(Options{
			World: w,
			Probe: func(context.Context, world.Check) world.Result { return world.Result{OK: true} },
			Exec: func(ctx context.Context, e Exec) Outcome {
				select {
				case <-time.After(time.Minute):
					return Outcome{Stdout: e.Script}
				case <-ctx.Done():
					return Outcome{Killed: true}
				}
			},
		})
		ln := newPipes()
		srv := &http.Server{Handler: s}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _ = srv.Serve(ln) })
		all.Go(func() { _ = s.Run(ctx) })
		var carried [][]world.Route
		all.Go(func() {
			_ = Carry(ctx, w, "web", func(r []world.Route) { carried = append(carried, r) })
		})
		hc := &http.Client{Transport: &http.Transport{DialContext: ln.dial}}
		c := dial("http://aws.test", hc)

		begin := time.Now()
		targets := []types.TargetDescription{target("i-1", 8080)}
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		state := func() string {
			t.Helper()
			out, err := c.ELB.DescribeTargetHealth(ctx, &elbv2.DescribeTargetHealthInput{TargetGroupArn: &group, Targets: targets})
			check(err)
			return string(out.TargetHealthDescriptions[0].TargetHealth.State)
		}
		_, err := c.ELB.RegisterTargets(ctx, &elbv2.RegisterTargetsInput{TargetGroupArn: &group, Targets: targets})
		check(err)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := state(); got != "healthy" {
			t.Fatal("after one interval: ", got)
		}
		_, err = c.ELB.DeregisterTargets(ctx, &elbv2.DeregisterTargetsInput{TargetGroupArn: &group, Targets: targets})
		check(err)
		time.Sleep(299 * time.Second)
		if got := state(); got != "draining" {
			t.Fatal("before the delay is over: ", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := state(); got != "unused" {
			t.Fatal("after the delay: ", got)
		}
		sent, err := c.SSM.SendCommand(ctx, shellCommand("i-1", "echo hello"))
		check(err)
		time.Sleep(59 * time.Second)
		in := &awsssm.GetCommandInvocationInput{CommandId: sent.Command.CommandId, InstanceId: aws.String("i-1")}
		got, err := c.SSM.GetCommandInvocation(ctx, in)
		check(err)
		if got.Status != "InProgress" {
			t.Fatal("the command is ", got.Status)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		got, err = c.SSM.GetCommandInvocation(ctx, in)
		check(err)
		if got.Status != "Success" || *got.StandardOutputContent != "echo hello\n" || *got.ExecutionElapsedTime != "PT60.000S" {
			t.Fatalf("the command is %s %s", got.Status, *got.ExecutionElapsedTime)
		}

		release := s.HoldCommands("i-1")
		late, err := c.SSM.SendCommand(ctx, shellCommand("i-1", "true"))
		check(err)
		in.CommandId = late.Command.CommandId
		time.Sleep(29 * time.Second)
		got, err = c.SSM.GetCommandInvocation(ctx, in)
		check(err)
		if got.Status != "Pending" {
			t.Fatal("held back: ", got.Status)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		got, err = c.SSM.GetCommandInvocation(ctx, in)
		check(err)
		if *got.StatusDetails != "Delivery Timed Out" || w.Commands("i-1", 0) != 1 {
			t.Fatal("never delivered: ", *got.StatusDetails)
		}
		release()
		if took := time.Since(begin); took != 7*time.Minute {
			t.Errorf("took %v", took)
		}

		check(s.Close(ctx))
		cancel()
		hc.CloseIdleConnections()
		check(srv.Close())
		all.Wait()
		var draining []int
		for _, r := range carried {
			n := 0
			if len(r) > 0 && r[0].Draining {
				n = 1
			}
			draining = append(draining, len(r)+10*n)
		}
		// nothing, registered (fail-open), settled or healthy, draining, gone
		draining = slices.Compact(draining)
		if !slices.Equal(draining, []int{0, 1, 11, 0}) {
			t.Errorf("carried %v", carried)
		}
	})
}

func TestCloseEndsWhatStillRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world.New(world.Options{})
		w.AddInstance(world.Instance{ID: "i-1", AgentOnline: true})
		s := New(Options{World: w, Exec: func(ctx context.Context, _ Exec) Outcome {
			<-ctx.Done()
			return Outcome{Killed: true}
		}})
		send := func() error {
			r := &request{body: []byte(`{"DocumentName":"AWS-RunShellScript","InstanceIds":["i-1"],"Parameters":{"commands":["true"]}}`)}
			_, err := s.sendCommand(r)
			return err
		}
		if err := send(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.HoldCommands("i-1")
		if err := send(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Close(ctx); err == nil {
			t.Error("a command was killed, and Close does not say so")
		}
		var ended []string
		for _, e := range w.Log() {
			if e.Kind == world.KindEnded {
				ended = append(ended, e.Status)
			}
		}
		if !slices.Equal(ended, []string{"Cancelled", "Cancelled"}) || w.Commands("i-1", 0) != 1 {
			t.Errorf("ended %v", ended)
		}
		if err := send(); err == nil {
			t.Error("a closed server took a command")
		}
	})
}

func TestCarryNeedsNobodyElseToSeeADrainingEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := world.New(world.Options{})
		w.AddGroup(world.Group{Name: "web", Delay: time.Minute})
		w.AddBalancer(world.Balancer{Name: "front"})
		w.AddListener(world.Listener{Balancer: "front", Group: "web"})
		w.AddInstance(world.Instance{ID: "i-1"})
		pairs := []world.Pair{{ID: "i-1"}}
		if err := errors.Join(w.Register("web", pairs), w.Deregister("web", pairs)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		begin, gone := time.Now(), time.Duration(0)
		var all sync.WaitGroup
		all.Go(func() {
			_ = Carry(ctx, w, "web", func(r []world.Route) {
				if len(r) == 0 {
					gone = time.Since(begin)
				}
			})
		})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		cancel()
		all.Wait()
		if gone != time.Minute {
			t.Errorf("gone after %v", gone)
		}
	})
}
