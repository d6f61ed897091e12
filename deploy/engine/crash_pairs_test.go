package engine_test

import (
	"testing"

	"junban/deploy/deploytest"
)

// TestPairsOfCrashes ends two lives, each at every hook, on the way to two deployed instances.
func TestPairsOfCrashes(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: about twenty thousand stories")
	}
	sc := scenario{setup: deploytest.Setup{Instances: 2}, ask: webV42, check: deployed}
	stories := 0
	for first := 1; ; first++ {
		over := false
		for second := 1; ; second++ {
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
