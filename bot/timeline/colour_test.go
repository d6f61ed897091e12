package timeline

import (
	"image/color"
	"math"
	"testing"
)

// seen are how colours look to people without one kind of cone, on linear light (Machado, Oliveira and Fernandes, 2009,
// severity 1.0).
var seen = map[string][9]float64{
	"everybody":    {1, 0, 0, 0, 1, 0, 0, 0, 1},
	"protanopia":   {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
	"deuteranopia": {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
	"tritanopia":   {1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900},
}

// lab is a colour in CIELAB, as somebody sees it.
func lab(c color.RGBA, m [9]float64) [3]float64 {
	linear := func(v uint8) float64 {
		f := float64(v) / 255
		if f <= 0.04045 {
			return f / 12.92
		}
		return math.Pow((f+0.055)/1.055, 2.4)
	}
	in := [3]float64{linear(c.R), linear(c.G), linear(c.B)}
	var l [3]float64
	for i := range l {
		l[i] = min(max(m[3*i]*in[0]+m[3*i+1]*in[1]+m[3*i+2]*in[2], 0), 1)
	}
	f := func(t float64) float64 {
		if t > 0.008856 {
			return math.Cbrt(t)
		}
		return 7.787*t + 16.0/116
	}
	x := f((0.4124*l[0] + 0.3576*l[1] + 0.1805*l[2]) / 0.9505)
	y := f(0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2])
	z := f((0.0193*l[0] + 0.1192*l[1] + 0.9505*l[2]) / 1.089)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// TestColoursAreToldApart: by everybody, from each other and from what they lie on. A difference of 10 is seen at a
// glance; patterns are not asked, their form says what they are.
func TestColoursAreToldApart(t *testing.T) {
	told := map[string]color.RGBA{
		"drain": fills[phaseDrain], "command": fills[phaseCommand], "verify": fills[phaseVerify], "health": fills[phaseHealth], "roll back": fills[phaseRollBack], "nothing": ground,
	}
	for who, m := range seen {
		for a, ca := range told {
			for b, cb := range told {
				if a >= b {
					continue
				}
				p, q := lab(ca, m), lab(cb, m)
				if d := math.Hypot(math.Hypot(p[0]-q[0], p[1]-q[1]), p[2]-q[2]); d < 10 {
					t.Errorf("%s: %s and %s differ by %.1f only", who, a, b, d)
				}
			}
		}
	}
}
