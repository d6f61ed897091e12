package awscloud_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.uber.org/goleak"

	"junban/deploy"
	"junban/deploy/awscloud"
	"junban/deploy/awscloud/awstest"
	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a small account: web (type instance, on a load balancer) with i-1 on the default port and i-2 on two
// overridden ones, addr (type ip) with i-3's address and one of nobody's, and spare, which no load balancer uses.
type fixture struct {
	*awscloud.Cloud
	world            *world.World
	account          *awstest.Account // in front of sim: Auto Scaling and CloudWatch
	sim              *awssim.Server
	cfg              aws.Config
	web, addr, spare string // ARNs
}

// bubble runs a test in a synctest bubble with the fixture.
func bubble(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newFixture(t)) })
}

func newFixture(t *testing.T) *fixture {
	w := world.New(world.Options{Seed: 1})
	for n := 1; n <= 4; n++ {
		w.AddInstance(world.Instance{
			ID: fmt.Sprintf("i-%d", n), Name: fmt.Sprintf("web-%d", n), PrivateIP: fmt.Sprintf("10.0.0.%d", n), Zone: "ap-northeast-1a",
		})
	}
	f := &fixture{world: w, sim: awssim.New(awssim.Options{World: w})}
	f.web = w.AddGroup(world.Group{Name: "web", Delay: 20 * time.Second, Interval: 5 * time.Second})
	f.addr = w.AddGroup(world.Group{Name: "addr", TargetType: "ip", Delay: 7 * time.Second, Port: 8000})
	f.spare = w.AddGroup(world.Group{Name: "spare"})
	w.AddBalancer(world.Balancer{Name: "lb"})
	w.AddListener(world.Listener{Balancer: "lb", Group: f.web})
	w.AddListener(world.Listener{Balancer: "lb", Port: 81, Group: f.addr})
	must(t, w.Register("web", []world.Pair{{ID: "i-1"}, {ID: "i-2", Port: 8080}, {ID: "i-2", Port: 8081}}))
	must(t, w.Register("addr", []world.Pair{{ID: "10.0.0.3"}, {ID: "10.9.9.9"}}))
	f.account = awstest.NewAccount(f.sim)
	f.cfg = awstest.Config(t, f.account, nil)
	f.Cloud = awscloud.New(f.cfg, awscloud.Options{})
	t.Cleanup(func() { must(t, f.sim.Close(context.Background())) })
	return f
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fault checks that an error is a fault of a class whose text holds all of the words.
func fault(t *testing.T, err error, class deploy.Class, words ...string) {
	t.Helper()
	f, ok := errors.AsType[*deploy.Fault](err)
	if !ok {
		t.Fatalf("got %T %v, want a fault", err, err)
	}
	if f.Class != class {
		t.Errorf("got class %s of %q, want %s", f.Class, f, class)
	}
	for _, w := range words {
		if !strings.Contains(f.Error(), w) {
			t.Errorf("%q lacks %q", f, w)
		}
	}
}

// listed is how a group's targets read now, as id:port state.
func (f *fixture) listed(t *testing.T, group string) string {
	t.Helper()
	r, err := f.Health(t.Context(), group, time.Now())
	must(t, err)
	var out []string
	for _, x := range r.Targets {
		out = append(out, fmt.Sprintf("%s %s", x.Pair, x.State))
	}
	return strings.Join(out, ", ")
}

func (f *fixture) pair(id string, port int) deploy.Pair {
	return deploy.Pair{Group: f.web, Target: id, Port: port}
}

// words splits at blanks; nothing is nil.
func words(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Fields(s)
}

// tagsOf reads K=V K=V.
func tagsOf(s string) map[string]string {
	out := map[string]string{}
	for _, w := range words(s) {
		k, v, _ := strings.Cut(w, "=")
		out[k] = v
	}
	return out
}
