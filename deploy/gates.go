package deploy

import (
	"strings"
	"time"
)

// gate is one thing that must hold before an instance leaves service. It answers the cause of a refusal.
type gate func(m *mover, lane int, readings map[string]Reading) (Cause, bool)

// gates is the table of gates, in the order in which they are asked.
var gates = []gate{gateUnavailable, gateHealthy}

// gateUnavailable keeps the number of instances that are out at once within max_unavailable (I1). It needs no reading.
func gateUnavailable(m *mover, lane int, _ map[string]Reading) (Cause, bool) {
	var out []string
	for i, l := range m.op.Lanes {
		if i != lane && l.Out() {
			out = append(out, m.op.Plan.Preview.Name(l.Name))
		}
	}
	if window := m.op.Plan.Preview.Window; len(out) >= max(1, window) {
		return Because(GateUnavailable, "out", len(out), "max", window, "names", strings.Join(out, ", ")), false
	}
	return Cause{}, true
}

// healthStep is the time between two looks at a group whose targets are being checked every interval.
func healthStep(interval time.Duration) time.Duration {
	return min(max(interval/3, time.Second), 5*time.Second)
}
