package slackapi

import (
	"testing"
	"time"
)

func TestPauses(t *testing.T) {
	for failures, want := range map[int]time.Duration{1: 1, 2: 2, 3: 4, 5: 16, 6: 30, 100: 30} {
		if got := pauseFor(failures); got < want*time.Second*7/10 || got > want*time.Second {
			t.Errorf("after %d failures: %v", failures, got)
		}
	}
}
