package ssmrun

import (
	"sync"
	"time"

	"junban/deploy"
)

// scripts is how many scripts' paces are remembered.
const scripts = 1000

// paces remember how long scripts have taken, so that the next host that runs one is asked when it may have ended: fewer
// looks, and a shorter wait after the end. The zero value remembers nothing.
type paces struct {
	mu   sync.Mutex
	took map[pace]time.Duration
}

type pace struct{ service, environment, script string }

// of is when the job's script is to be looked at first, counted from its begin; 0 if it has not been met before.
func (p *paces) of(j deploy.Job) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.took[paceOf(j)]
}

// learn notes how long after its begin a job was seen to have ended. That is a little late: sooner is how much earlier to
// look the next time. When that is too early, the look after it says so.
func (p *paces) learn(j deploy.Job, ended, sooner time.Duration) {
	if j.Script == "" {
		return // it waits for something: the last time says nothing of the next
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.took == nil || len(p.took) >= scripts {
		p.took = map[pace]time.Duration{}
	}
	p.took[paceOf(j)] = ended - sooner
}

func paceOf(j deploy.Job) pace { return pace{j.Service, j.Environment, j.Script} }
