package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"junban/deploy"
)

// Journal keeps the events of all operations, the index over them and the locks. Nothing here presumes a local file.
type Journal interface {
	// Append writes one event, its index row and its lock changes in one transaction, and answers only when they
	// are safe from a power loss. It writes only if the event's Seq is the next of its operation, else ErrConflict.
	// If a lock to be taken belongs to another operation, nothing is written and the error is a *Locked; a hold of
	// the operation that Lock.Over names is taken over instead. ErrUnknown: it may or may not have been written.
	Append(ctx context.Context, e deploy.Event, row deploy.Row, c deploy.Changes) error
	// Load answers all events of an operation, in order; ErrNotFound if there are none.
	Load(ctx context.Context, op deploy.ID) ([]deploy.Event, error)
	// Unfinished lists the operations that have not finished, oldest request first.
	Unfinished(ctx context.Context) ([]deploy.Row, error)
	// Recent lists at most limit operations, newest request first; service "" = of all services.
	Recent(ctx context.Context, service string, limit int) ([]deploy.Row, error)
	// Locks lists all locks and holds, by resource.
	Locks(ctx context.Context) ([]deploy.Lock, error)
}

var (
	// ErrConflict says that somebody else wrote this seq: reload and decide again.
	ErrConflict = errors.New("somebody else has written this event's number")
	// ErrUnknown says that nobody can tell whether the event was written: read the head back.
	ErrUnknown = errors.New("it is not known whether the event was written")
	// ErrNotFound says that the journal knows no such operation.
	ErrNotFound = errors.New("no such operation")
	// ErrLate says that a call was not made because its time was over: what was checked before it is too old.
	ErrLate = errors.New("not called: what was checked before it is too old by now")
)

// Locked says who has a lock that was wanted.
type Locked struct{ Lock deploy.Lock }

func (l *Locked) Error() string {
	return fmt.Sprintf("%s is locked by %s since %s", l.Lock.Resource, l.Lock.Op, l.Lock.Since.UTC().Format(time.RFC3339))
}

// Cloud is AWS as the engine needs it. Errors are *deploy.Fault where AWS answered or failed to.
type Cloud interface {
	// Fleet reads what is wanted. Every group that was asked for is in the answer, in the same order; one that does not
	// exist is a Fault.
	Fleet(ctx context.Context, w Want) (deploy.Fleet, error)
	// Alarms reads the states of CloudWatch alarms by name. One that does not exist is a Fault.
	Alarms(ctx context.Context, names []string) (deploy.Alarms, error)
	// Health reads one target group (an ARN). The reading was begun at since or later; those who ask at the same
	// time share one call.
	Health(ctx context.Context, group string, since time.Time) (deploy.Reading, error)
	// Host reads the EC2 state of one instance; "terminated" for one that EC2 does not know any more.
	Host(ctx context.Context, instance string) (deploy.Host, error)
	// Deregister and Register act on pairs of one group. Deregister is one try: it is never repeated below, and not
	// made after notAfter (ErrLate); the zero time sets no limit.
	Deregister(ctx context.Context, group string, pairs []deploy.Pair, notAfter time.Time) error
	Register(ctx context.Context, group string, pairs []deploy.Pair) error
}

// Want is what a plan is made from: target groups (names or ARNs) with their targets and the instances behind them, or
// the instances that bear all of some tags; and instances besides.
type Want struct {
	Groups  []string
	Tags    map[string]string
	Besides []string // instance ids
}

// Runner runs jobs on hosts. Errors are *deploy.Fault.
type Runner interface {
	// Send starts a job in one try, never repeated below and never after notAfter (ErrLate; zero = no limit), and
	// answers the id under which Wait finds it.
	Send(ctx context.Context, j deploy.Job, notAfter time.Time) (string, error)
	// Find looks for a job that was sent at since or later; "" if there is none to be seen.
	Find(ctx context.Context, j deploy.Job, since time.Time) (string, error)
	// Wait blocks until the job has ended and answers what the host's guard says of it.
	Wait(ctx context.Context, j deploy.Job, id string) (deploy.Report, error)
	// Cancel ends the job on its host and makes a late arrival of it harmless, and answers what the guard found:
	// exited if it had ended, else cancelled or unknown.
	Cancel(ctx context.Context, j deploy.Job) (deploy.Report, error)
}

// Directory tells who somebody is now. groups are the user groups whose membership matters; the answer lists those
// of them that the person is in. An error means that it could not be asked: then nothing is granted.
type Directory interface {
	Person(ctx context.Context, id string, groups []string) (deploy.Person, error)
}

// Mistake is an error for the person who asked: what was wrong, and what would be accepted. Nothing was done.
type Mistake struct {
	What   deploy.Cause // what was wrong: its code names a sentence of package bot/lang
	Accept string       // a line to copy, or a list; may be empty
}

// Error is for logs; people read the sentence.
func (m *Mistake) Error() string { return strings.TrimSpace(m.What.String() + " " + m.Accept) }

// Book is the configuration: what is asked for, with everything that the configuration says of it, and the target
// groups (names or ARNs) concerned. An ask that the configuration does not know is a *Mistake.
type Book interface {
	Request(ask deploy.Ask) (deploy.Request, Want, error)
	// Resolve runs the configuration's ref.resolve, if there is one, and answers what the ref means now; "" without
	// one. A ref that does not exist is a *Mistake; any other error says that it could not be asked.
	Resolve(ctx context.Context, ask deploy.Ask) (string, error)
}

// Doctor looks for what would make a rolling deploy of a request unsafe. It only reads.
type Doctor interface {
	Findings(ctx context.Context, r deploy.Request, w Want, f deploy.Fleet) ([]deploy.Finding, error)
}

// Historian tells what lies between the ref before and the ref that is asked for (at a revision, if it is known): nil if
// the configuration does not say where to look. It is never in the way: what cannot be read is said in the answer.
type Historian interface {
	Changes(ctx context.Context, ask deploy.Ask, previous, revision string) *deploy.Changelog
}

// Sink hears that an operation has moved on. It must not block.
type Sink interface {
	Moved(op deploy.ID)
}
