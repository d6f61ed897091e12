package main

import (
	"fmt"
	"time"

	"junban/deploy/awssim/traffic"
	"junban/deploy/awssim/world"
)

// state is the picture of the load balancer, as the page draws it.
type state struct {
	Service     string   `json:"service"`
	Group       string   `json:"group"`
	Minimum     int      `json:"minimum"` // healthy instances that a rollout leaves in service
	Healthy     int      `json:"healthy"`
	Targets     []target `json:"targets"` // one for each instance, in service or not
	RPS         float64  `json:"rps"`
	Requests    int64    `json:"requests"`
	Failed      int64    `json:"failed"` // since the last reset
	LastFailure string   `json:"last_failure"`
	Bot         botState `json:"bot"`
	BreakNext   bool     `json:"break_next"`
	Hurry       string   `json:"hurry"`    // idle or running
	Language    string   `json:"language"` // the bot's
}

// target is one instance as the load balancer sees it.
type target struct {
	Instance      string  `json:"instance"`
	Name          string  `json:"name"`
	Zone          string  `json:"zone"`
	Port          int     `json:"port"`
	State         string  `json:"state"` // ELBv2's, unused if it is not registered
	Reason        string  `json:"reason"`
	Version       string  `json:"version"`
	App           string  `json:"app"` // running or stopped
	Requests      int64   `json:"requests"`
	RPS           float64 `json:"rps"`
	DrainingUntil string  `json:"draining_until"` // RFC 3339, or empty
}

// picture takes samples of what goes through the load balancer and makes states of them. Look must not be called by two
// goroutines at once.
type picture struct {
	flags flags
	fleet *fleet
	bot   func() botState

	samples  []sample // of the last window, oldest first
	failed   int64    // how many had failed at the last reset
	failures time.Time
}

// sample is how many requests had been sent at a moment.
type sample struct {
	at       time.Time
	total    int64
	byTarget map[string]int64
}

// window is what rates are taken over.
const window = 2 * time.Second

// reset begins to count failures anew.
func (p *picture) reset() {
	p.failed, p.failures = p.fleet.public.Snapshot().Failed, time.Now()
}

// look is the state as of now.
func (p *picture) look() state {
	seen := p.fleet.public.Snapshot()
	now := sample{at: time.Now(), total: seen.Requests, byTarget: p.fleet.balancer.Stats().ByTarget}
	first := p.since(now)
	s := state{
		Service: group, Group: group, Minimum: p.flags.minHealthy(), Language: p.flags.Language,
		RPS: perSecond(seen.Requests-first.total, first, now), Requests: seen.Requests,
		Failed: seen.Failed - p.failed, LastFailure: p.lastFailure(seen.Failures),
		Bot: p.bot(), BreakNext: p.fleet.breaksNext(), Hurry: "idle",
	}
	if p.fleet.hurrying.Load() {
		s.Hurry = "running"
	}
	listed := p.fleet.listed()
	for n, i := range p.fleet.instances {
		h, ok := listed[i.ID()]
		if !ok {
			h = world.TargetHealth{Pair: world.Pair{ID: i.ID(), Port: port}, State: world.Unused, Reason: world.ReasonNotRegister}
		}
		key := h.Pair.String()
		t := target{
			Instance: i.ID(), Name: i.Name(), Zone: p.fleet.zones[n], Port: h.Pair.Port,
			State: h.State, Reason: h.Reason, Version: i.Version(), App: "stopped",
			Requests: now.byTarget[key], RPS: perSecond(now.byTarget[key]-first.byTarget[key], first, now),
		}
		if i.Running() {
			t.App = "running"
		}
		if !h.Until.IsZero() {
			t.DrainingUntil = h.Until.Format(time.RFC3339Nano)
		}
		if h.State == world.Healthy {
			s.Healthy++
		}
		s.Targets = append(s.Targets, t)
	}
	return s
}

// since keeps a sample and returns the oldest one of the window.
func (p *picture) since(now sample) sample {
	for len(p.samples) > 1 && now.at.Sub(p.samples[1].at) >= window {
		p.samples = p.samples[1:]
	}
	p.samples = append(p.samples, now)
	return p.samples[0]
}

func perSecond(n int64, from, to sample) float64 {
	took := to.at.Sub(from.at).Seconds()
	if took <= 0 {
		return 0
	}
	return float64(int64(float64(n)/took*10+0.5)) / 10
}

func (p *picture) lastFailure(list []traffic.Failure) string {
	if len(list) == 0 || !list[len(list)-1].At.After(p.failures) {
		return ""
	}
	f := list[len(list)-1]
	what := f.Error
	if f.Status != 0 {
		what = fmt.Sprint(f.Status)
	}
	return what + " at " + f.At.Format(time.TimeOnly)
}

// listed is each registered instance's reading; of several pairs the one that still gets requests.
func (s *fleet) listed() map[string]world.TargetHealth {
	out := map[string]world.TargetHealth{}
	all, err := s.world.Truth(group)
	if err != nil {
		return out // there is always that group
	}
	for _, h := range all {
		if was, ok := out[h.Pair.ID]; !ok || was.State == world.Draining {
			out[h.Pair.ID] = h
		}
	}
	return out
}
