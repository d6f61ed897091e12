package engine_test

import (
	"os"
	"strconv"
	"testing"

	"junban/deploy/deploytest"
)

// stride thins the pairs of crashes out: JUNBAN_CRASH_STRIDE=1 tells all of the some 8,400 stories, in a minute or two.
func stride() int {
	if n, err := strconv.Atoi(os.Getenv("JUNBAN_CRASH_STRIDE")); err == nil && n > 0 {
		return n
	}
	return 29 * sweep
}

// TestPairsOfCrashes ends two lives, each at every hook, on the way to two deployed instances.
func TestPairsOfCrashes(t *testing.T) {
	sc := scenario{setup: deploytest.Setup{Instances: 2}, ask: webV42, check: deployed}
	stories := 0
	for first := 1; ; first++ {
		over := false
		for second := 1 + first%stride(); ; second += stride() {
			blown := true
			play(t, sc.setup, func(s *stage) {
				op, err := s.tell(sc, first, second)
				if err != nil {
					t.Errorf("crashes at hooks %d and %d (%s): %v\n%s", first, second, s.died, err, s.story(op.ID))
				}
				blown = s.fuse.At == 0 // a third life was needed: both fuses blew
				over = s.lives == 1
			})
			stories++
			if !blown || over {
				break
			}
		}
		if over {
			break
		}
	}
	t.Logf("%d stories", stories)
}
