package bench

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestRolloutsNearTheirFloor(t *testing.T) {
	const runs = 40
	var wall, floor time.Duration
	looks, missed := 0, 0
	for seed := range uint64(runs) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, setup{services: 1, instances: 3, delay: 20 * time.Second, interval: 5 * time.Second, command: time.Second, fake: true, seed: seed})
			r.live()
			op := r.finish(r.deploys())[0]
			f := r.figures(0, op)
			wall, floor, looks = wall+f.wall, floor+f.floor, looks+f.looks
			if f.ratio() > nearFloor || f.looks > fewLooks*3 {
				missed++
				if missed == 1 {
					t.Log(r.story(op))
				}
			}
			r.end()
		})
	}
	ratio, each := wall.Seconds()/floor.Seconds(), float64(looks)/(runs*3)
	t.Logf("over %d rollouts: %.3f of the floor, %.2f looks per instance; %d alone miss one of the two", runs, ratio, each, missed)
}
