package deploytest

import (
	"testing"

	"junban/deploy/engine"
)

func TestJournal(t *testing.T) {
	JournalSuite(t, func(*testing.T) engine.Journal { return NewJournal() })
}
