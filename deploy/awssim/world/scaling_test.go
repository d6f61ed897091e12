package world

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// scaled has the instances i-1 to i-3 in the Auto Scaling group "web", which
// is attached to the target group, all healthy.
func scaled(t *testing.T, o Options, g ScalingGroup) (*World, *clock) {
	t.Helper()
	w, c := newWorld(o)
	g.Name, g.TargetGroups, g.Template = "web", []string{"web"}, Instance{Zone: "a"}
	if g.Max == 0 {
		g.Max = 4
	}
	w.AddScalingGroup(g)
	must(t, w.AttachInstances("web", []string{"i-1", "i-2", "i-3"}))
	for _, id := range []string{"i-1", "i-2", "i-3"} {
		serve(t, w, c, Pair{id, 80})
	}
	return w, c
}

// lives are the members with their states, new ones as "new".
func lives(w *World) string {
	var out []string
	for _, m := range w.Members() {
		id := m.Instance
		if len(id) > 10 {
			id = "new"
		}
		if m.Unhealthy {
			id += " unhealthy"
		}
		out = append(out, id+" "+m.Life)
	}
	return strings.Join(out, ", ")
}

func TestStandbyDrainsFirst(t *testing.T) {
	w, c := scaled(t, Options{}, ScalingGroup{Min: 2})
	began := c.now()
	if _, err := w.EnterStandby("web", []string{"i-1"}, true); err != nil {
		t.Fatal(err)
	}
	want(t, w, Pair{"i-1", 80}, Draining, ReasonDraining)
	c.add(29 * time.Second)
	if got := lives(w); got != "i-1 EnteringStandby, i-2 InService, i-3 InService" {
		t.Fatal(got)
	}
	c.add(time.Minute) // nobody asked in the meantime
	if got := lives(w); got != "i-1 Standby, i-2 InService, i-3 InService" {
		t.Fatal(got)
	}
	if m := w.Members()[0]; m.Since.Sub(began) != 30*time.Second {
		t.Errorf("on standby after %v", m.Since.Sub(began))
	}
	if _, err := w.ExitStandby("web", []string{"i-1"}); err != nil {
		t.Fatal(err)
	}
	if got := health(t, w, Pair{"i-1", 80}).State; got != Initial {
		t.Error("registered again, it reads ", got)
	}
}

// What a group makes of a target that another hand has deregistered.
func TestWhatAGroupMakesOfADrainedTarget(t *testing.T) {
	for _, tt := range []struct {
		name string
		g    ScalingGroup
		wait time.Duration
		want string
	}{
		{"before it is noticed", ScalingGroup{HealthCheck: "ELB"}, 9 * time.Second, "i-1 InService, i-2 InService, i-3 InService"},
		{"noticed: it ends and another comes", ScalingGroup{HealthCheck: "ELB"}, 10 * time.Second, "i-1 Terminating, i-2 InService, i-3 InService, new InService"},
		{"drained: it is gone", ScalingGroup{HealthCheck: "ELB"}, time.Minute, "i-2 InService, i-3 InService, new InService"},
		{"within the grace period", ScalingGroup{HealthCheck: "ELB", Grace: time.Hour}, 30 * time.Minute, "i-1 InService, i-2 InService, i-3 InService"},
		{"EC2 health checks", ScalingGroup{}, time.Hour, "i-1 InService, i-2 InService, i-3 InService"},
		{"HealthCheck suspended", ScalingGroup{HealthCheck: "ELB", Suspended: []string{"HealthCheck"}}, time.Hour, "i-1 InService, i-2 InService, i-3 InService"},
		{"ReplaceUnhealthy suspended", ScalingGroup{HealthCheck: "ELB", Suspended: []string{"ReplaceUnhealthy"}}, time.Hour, "i-1 unhealthy InService, i-2 InService, i-3 InService"},
		{"Terminate suspended", ScalingGroup{HealthCheck: "ELB", Suspended: []string{"Terminate"}}, time.Hour, "i-1 unhealthy InService, i-2 InService, i-3 InService"},
		{"Launch suspended", ScalingGroup{HealthCheck: "ELB", Suspended: []string{"Launch"}}, time.Hour, "i-2 InService, i-3 InService"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w, c := scaled(t, Options{}, tt.g)
			must(t, w.Deregister("web", pairs("i-1", 80)))
			c.add(tt.wait)
			if got := lives(w); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

func TestAStandbyInstanceIsLeftAlone(t *testing.T) {
	w, c := scaled(t, Options{}, ScalingGroup{HealthCheck: "ELB", Min: 1})
	if _, err := w.EnterStandby("web", []string{"i-1"}, true); err != nil {
		t.Fatal(err)
	}
	c.add(time.Minute)
	must(t, w.Stop("i-1"))
	c.add(time.Hour)
	if got := lives(w); got != "i-1 Standby, i-2 InService, i-3 InService" {
		t.Error(got)
	}
	must(t, w.Stop("i-2")) // in service it is not
	c.add(time.Hour)
	if got := lives(w); got != "i-1 Standby, i-3 InService, new InService" {
		t.Error(got)
	}
	must(t, w.Terminate("i-1"))
	if got := lives(w); got != "i-3 InService, new InService" {
		t.Error(got)
	}
}

func TestAGroupLaunchesAndEndsInstancesToItsSize(t *testing.T) {
	made := 0
	w, c := scaled(t, Options{StateChange: 20 * time.Second, Launch: func(i *Instance) { made++; i.Addr = "127.0.0.1:1" }}, ScalingGroup{Min: 1})
	four, two := 4, 2
	must(t, w.UpdateScalingGroup("web", Sizes{Desired: &four}))
	if got := lives(w); got != "i-1 InService, i-2 InService, i-3 InService, new Pending" {
		t.Fatal(got)
	}
	c.add(20 * time.Second)
	if got := lives(w); got != "i-1 InService, i-2 InService, i-3 InService, new InService" {
		t.Fatal(got)
	}
	i := w.Instances()[3]
	if i.Addr != "127.0.0.1:1" || !i.AgentOnline || i.PrivateIP == "" || made != 1 || i.Zone != "a" {
		t.Errorf("%+v", i)
	}
	if !slices.Contains(w.InService(i.ID), "web") {
		t.Error("it is not registered")
	}
	must(t, w.UpdateScalingGroup("web", Sizes{Desired: &two}))
	if got := lives(w); got != "i-1 Terminating, i-2 Terminating, i-3 InService, new InService" {
		t.Fatal(got)
	}
	c.add(2 * time.Minute)
	if got := lives(w); got != "i-3 InService, new InService" {
		t.Error(got)
	}
	if got := w.Instances()[0].State; got != Terminated {
		t.Error("i-1 is ", got)
	}
}
