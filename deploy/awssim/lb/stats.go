package lb

import "maps"

// Stats counts what a Balancer has done since New. Each request that has ended
// is a served one or counted in exactly one of Cut, BadGateway, Broken,
// Timeouts, NoTarget, Refused and ClientGone.
type Stats struct {
	// Requests counts all that arrived.
	Requests int64
	// ByTarget counts the requests sent to each target by Key, whatever became of them.
	ByTarget map[string]int64
	// InFlight is how many are at each target now; targets with none are left out.
	InFlight map[string]int
	// Served counts the answers passed on whole, whatever their status.
	Served int64
	// Cut counts requests that ended because their target left the list:
	// the client saw 502, or a body that broke off.
	Cut int64
	// BadGateway counts the other 502s: the target refused, reset or closed
	// the connection, or sent no HTTP.
	BadGateway int64
	// Broken counts answers whose body the target broke off.
	Broken int64
	// Timeouts counts 504s: no connection or no answer in time.
	Timeouts int64
	// NoTarget counts 503s: no target took requests.
	NoTarget int64
	// Refused counts 405s: the client used TRACE.
	Refused int64
	// ClientGone counts clients that left before their answer was whole
	// (460 in AWS's access log), or were still there when Serve was ended.
	ClientGone int64
}

// ending is how a request ended.
type ending int

const (
	served ending = iota
	cut
	badGateway
	broken
	timedOut
	noTarget
	refused
	clientGone
	endings // how many there are
)

type counts struct {
	requests int64
	byTarget map[string]int64
	inFlight map[string]int
	ended    [endings]int64
}

func newCounts() counts {
	return counts{byTarget: map[string]int64{}, inFlight: map[string]int{}}
}

// Stats returns the counts as of now; the caller owns the maps.
func (b *Balancer) Stats() Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := &b.counts
	return Stats{
		Requests:   c.requests,
		ByTarget:   maps.Clone(c.byTarget),
		InFlight:   maps.Clone(c.inFlight),
		Served:     c.ended[served],
		Cut:        c.ended[cut],
		BadGateway: c.ended[badGateway],
		Broken:     c.ended[broken],
		Timeouts:   c.ended[timedOut],
		NoTarget:   c.ended[noTarget],
		Refused:    c.ended[refused],
		ClientGone: c.ended[clientGone],
	}
}
