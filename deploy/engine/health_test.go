package engine_test

import (
	"testing"

	"junban/deploy"
	"junban/deploy/deploytest"
)

// While an instance is out, people are told how many are healthy; of what does not run, nothing.
func TestTheHealthOfAGroupIsToldWhileItRolls(t *testing.T) {
	play(t, deploytest.Setup{Instances: 3}, func(s *stage) {
		s.live(0)
		op := s.approve(s.request(webV42, "U-dev"), "U-lead")
		s.until(op.ID, "two are healthy while the first is out", func(o deploy.Operation) bool {
			h := s.bot.Health(op.ID)
			return o.Lanes[0].Touched && len(h) == 1 && h[0].Group == "web" && h[0].Healthy == 2 && h[0].Minimum == 1 && !h[0].At.IsZero()
		})
		s.until(op.ID, "finished", finished)
		s.until(op.ID, "nothing is told of it", func(deploy.Operation) bool { return s.bot.Health(op.ID) == nil })
	})
}
