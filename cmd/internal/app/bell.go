package app

import (
	"sync"

	"junban/deploy"
)

// bell tells any number of listeners that some operation has moved on.
type bell struct {
	mu   sync.Mutex
	next chan struct{}
}

func newBell() *bell { return &bell{next: make(chan struct{})} }

// rung is closed at the next ring. Take it before looking at what may have moved.
func (b *bell) rung() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.next
}

// ring never blocks.
func (b *bell) ring(deploy.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.next)
	b.next = make(chan struct{})
}
