// Package world holds AWS's rules for target groups, instances and their
// health, with the clock handed in. It is the one account and region behind
// the simulated wire (package awssim).
//
// It must never touch the network, start a goroutine or read the clock by
// itself: whatever time makes of a target is worked out from Options.Now when
// somebody asks, so it behaves the same in a real process and in a
// testing/synctest bubble.
//
// Wherever a target group is asked for, its ARN or its name will do.
package world

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// Options say what a World is made of.
type Options struct {
	Now     func() time.Time // the clock; time.Now if nil
	Seed    uint64           // of the random phases, ARN suffixes and stale reads
	Region  string           // default ap-northeast-1
	Account string           // twelve digits, default 123456789012
	// StateChange is how long an instance stays pending, stopping or
	// shutting-down. 0, the default: not at all.
	StateChange time.Duration
	// Launch completes an instance that RunInstances or an Auto Scaling group
	// starts: where its stand-in listens, its folder, whether its agent
	// answers (it does unless Launch says no). The world is locked meanwhile:
	// it must not be called.
	Launch func(*Instance)
}

// World is the state of one account in one region. It is safe for concurrent use.
type World struct {
	now      func() time.Time
	region   string
	account  string
	change   time.Duration
	complete func(*Instance)

	mu        sync.Mutex
	rng       *rand.Rand
	groups    []*group
	balancers []*balancer
	instances []*instance
	byID      map[string]*instance
	subnets   []Subnet
	scalings  []*scaling
	alarms    []Alarm
	at        time.Time // up to when the state is worked out
	next      time.Time // when time will next do something; zero: never
	planned   bool      // next holds: nothing has changed since it was worked out
	checks    checks    // the health checks to come
	changed   chan struct{}
	log       []Entry
	stale     time.Duration
	gen       uint64
}

// New makes an empty world.
func New(o Options) *World {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Region == "" {
		o.Region = "ap-northeast-1"
	}
	if o.Account == "" {
		o.Account = "123456789012"
	}
	return &World{
		now: o.Now, region: o.Region, account: o.Account, change: o.StateChange, complete: o.Launch,
		rng:     rand.New(rand.NewPCG(o.Seed, 0x6a756e62616e)),
		byID:    map[string]*instance{},
		changed: make(chan struct{}),
	}
}

// Now is the world's clock.
func (w *World) Now() time.Time { return w.now() }

// Region is the region that ARNs name, such as ap-northeast-1.
func (w *World) Region() string { return w.region }

// Account is the account that ARNs name, twelve digits.
func (w *World) Account() string { return w.account }

// Changed returns a channel that is closed at the next change of state. Take
// it before reading, then wait on it. A change that time alone makes is only
// noticed when somebody calls the world at or after NextChange.
func (w *World) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

// Pair is what ELB knows a target by: the same instance on another port is
// another target.
type Pair struct {
	ID   string // instance id, or the address in a group of type ip
	Port int    // 1 to 65535; 0 in a request means the group's default port
}

// String is ID:port.
func (p Pair) String() string { return p.ID + ":" + strconv.Itoa(p.Port) }

// Error is an error as AWS answers it.
type Error struct {
	Code    string // AWS's code, such as InvalidTarget
	Message string
	Status  int // HTTP status
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func failf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...), Status: 400}
}

// enter locks the world and lets the clock do what has become due. Callers
// defer w.mu.Unlock().
func (w *World) enter() time.Time {
	w.mu.Lock()
	now := w.now()
	w.advance(now)
	return now
}

// broadcast wakes whoever waits on Changed.
func (w *World) broadcast() {
	w.planned = false
	close(w.changed)
	w.changed = make(chan struct{})
}

// hex is the random end of an ARN.
func (w *World) hex() string {
	const chars = "0123456789abcdef"
	b := make([]byte, 16)
	for i := range b {
		b[i] = chars[w.rng.IntN(len(chars))]
	}
	return string(b)
}

func (w *World) arn(resource string) string {
	return "arn:aws:elasticloadbalancing:" + w.region + ":" + w.account + ":" + resource
}
