package deploy

import "time"

// Seen is what the engine has seen of the world, for one operation. It is never journalled.
type Seen struct {
	Groups  map[string]Reading       // by target group ARN: the latest reading
	Prior   map[string]Reading       // by target group ARN: the reading before the latest
	Looks   map[string]int           // by target group ARN: how many readings were made for this operation
	Hosts   map[string]Host          // by instance id: the latest EC2 state
	Faults  map[Look]Trouble         // looks that fail: since when, and with what. The Look has no time
	Effects map[EffectKey]EffectSeen // effects of the present steps
	Alarms  Alarms                   // the latest reading of the rules' alarms
	Check   *Check                   // before the start: the plan remade, and who everybody is now
	Ahead   ID                       // an operation approved earlier that waits for a resource of this one
	Locked  *Lock                    // the lock that refused the start
}

// Host is one reading of an instance's EC2 state.
type Host struct {
	Begun time.Time
	State string // EC2's; "terminated" too for one that EC2 no longer knows
}

// Trouble is a look or an effect that keeps failing.
type Trouble struct {
	Since, Last time.Time
	Tries       int
	Fault       Fault
}

// Check is what must be known at the start of an operation and cannot be known by the journal.
type Check struct {
	At     time.Time
	Plan   *Plan
	Gone   Cause             // why no plan can be made any more
	People map[string]Person // requester and approvers
	Fault  string            // Slack or AWS could not be asked
}

// EffectKind is one thing that the engine can do outside.
type EffectKind string

const (
	DoCheck      EffectKind = "check"      // remake the plan, read the standing of the people
	DoDeregister EffectKind = "deregister" // Pairs
	DoRegister   EffectKind = "register"   // Pairs
	DoSend       EffectKind = "send"       // Job: start the command on the host
	DoFind       EffectKind = "find"       // Job: look whether it was sent
	DoWait       EffectKind = "wait"       // Job, Made: until it ends
	DoCancel     EffectKind = "cancel"     // Job: end it, and make a late arrival harmless
)

// EffectKey names one effect of one step of one attempt.
type EffectKey struct {
	Kind    EffectKind
	Lane    int
	At      int // step
	Attempt int
}

// Effect is an order to the engine. Orders are repeated in every decision as long as they stand; the engine begins
// each once and forgets its result only when the step is over.
type Effect struct {
	EffectKey
	Pairs    []Pair
	Job      *Job
	Made     string
	Since    time.Time // find: when the intent was journalled
	NotAfter time.Time // do not call later than this: what was checked is then too old. Zero = whenever
}

// EffectSeen is what became of an effect.
type EffectSeen struct {
	Running bool
	Began   time.Time // when the latest try began
	Tries   int       // that ended
	First   time.Time // when the first try ended
	Last    time.Time // when the last try ended
	Done    bool      // the call succeeded
	Unsure  bool      // some try may have been done, whatever later ones answered
	Late    bool      // it was not made: NotAfter had passed
	Found   bool      // find
	Made    string    // send, find
	Report  *Report   // wait, cancel
	Fault   *Fault    // of the last try
}

// Job is one command or verification on one host. Token makes it harmless to send it twice.
type Job struct {
	Token       string
	Via         string // ssm (also ""), ssh, local
	Instance    string // "" = the bot's own host
	Address     string // its private IP address
	Read        bool   // it only looks: it may run beside a command, and more than once
	Ports       []int  // Read, with an empty Script: the built-in probe ends with 0 once the connections of these ports are idle
	Service     string // of the configuration, with Environment: how a host is reached
	Environment string
	Script      string
	User        string
	Directory   string
	Shell       string
	Env         []string // NAME=value, sorted; approved ones first
	Timeout     time.Duration
	For         time.Duration // verify: how long to try; zero = once
	Every       time.Duration
}

// ReportState is how a job stands on its host.
type ReportState string

const (
	ReportExited    ReportState = "exited"
	ReportTimeout   ReportState = "timedout"
	ReportRefused   ReportState = "refused"   // it was not run: Why
	ReportCancelled ReportState = "cancelled" // the token can never run any more
	ReportUnknown   ReportState = "unknown"   // it began, and nobody can say how it ended: Why
)

// Alarms is one reading of CloudWatch alarms.
type Alarms struct {
	Begun  time.Time
	States map[string]string // by alarm name: OK, ALARM or INSUFFICIENT_DATA
}

// Report is what a host says of a job.
type Report struct {
	State  ReportState
	Exit   int
	Output string // the last 8 KB
	Why    string
}

// Look is a wish for a reading begun at At or later: of a target group, of an instance's EC2 state, or of the alarms.
type Look struct {
	Group    string
	Instance string
	Alarms   bool // of the operation's rules
	At       time.Time
}

// Decision is what Next answers.
type Decision struct {
	Events []Event   // to append, in order; then ask again
	Do     []Effect  // that must be under way
	Looks  []Look    // wanted
	Wake   time.Time // ask again at this time at the latest; zero = only when something was seen
}

func (d *Decision) wake(at time.Time) {
	if d.Wake.IsZero() || at.Before(d.Wake) {
		d.Wake = at
	}
}

func (d *Decision) look(l Look) {
	for i, have := range d.Looks {
		if have.Group == l.Group && have.Instance == l.Instance && have.Alarms == l.Alarms {
			if l.At.Before(have.At) {
				d.Looks[i].At = l.At
			}
			return
		}
	}
	d.Looks = append(d.Looks, l)
}
