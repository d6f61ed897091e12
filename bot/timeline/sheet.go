package timeline

import (
	"image"

	"junban/deploy"
)

// Sizes of type in pixels. A phone shows a third of them.
const (
	titleSize   = 50
	outcomeSize = 44
	nameSize    = 36
	smallSize   = 30
)

const (
	margin     = 36
	legendLine = 48
	axisLine   = 46
	iconRoom   = 50 // left of what has an icon
	gap        = 24 // between two texts on one line
	air        = 8  // above the legend, and below it
)

// shape is how much room a row takes, in pixels.
type shape struct{ text, bar, below, sign int }

var (
	roomy = shape{text: 48, bar: 34, below: 22, sign: 17}
	dense = shape{text: 41, bar: 22, below: 9, sign: 13}
)

// roomyRows is how many rows get much room.
const roomyRows = 20

// sheet is a picture laid out.
type sheet struct {
	Picture
	story  story
	font   *typeface
	axis   axis
	shape  shape
	title  []string
	counts string
	keys   [][]key
	rows   []row
	height int
	top    int // of the rows
	bottom int
}

// key is one entry of the legend.
type key struct {
	phase phase // or
	sign  sign  // if phase is none
	text  string
	width int // with its swatch
}

func newSheet(p Picture, s story, t *typeface) *sheet {
	h := &sheet{Picture: p, story: s, font: t, axis: newAxis(s, margin, Width-margin), shape: roomy}
	h.title = t.wrap(p.Title, titleSize, Width-2*margin, 2)
	h.rows = p.rows(s)
	if len(h.rows) > roomyRows {
		h.shape = dense
	}
	y := margin + len(h.title)*(titleSize+16) + outcomeSize + 26 + smallSize + 16
	if all := p.counts(s, s.order()); all != "" && len(h.rows) > 0 && len(s.op.Plan.Instances()) > 1 {
		h.counts = all
		y += smallSize + 16
	}
	if len(h.rows) > 0 {
		h.keys = h.legend()
		y += 2*air + len(h.keys)*legendLine + axisLine
	}
	h.top = y
	for i := range h.rows {
		r := &h.rows[i]
		bar := h.shape.bar
		if len(r.lanes) > 1 {
			bar = min(max(bar, 5*len(r.lanes)), stripsMost)
		}
		r.text = image.Rect(margin, y, Width-margin, y+h.shape.text)
		r.bar = image.Rect(margin, y+h.shape.text, Width-margin, y+h.shape.text+bar)
		y = r.bar.Max.Y + h.shape.below
	}
	h.bottom = y
	if len(h.rows) > 0 {
		y += axisLine
	}
	h.height = min(y+margin/2, MaxHeight)
	return h
}

// legend explains what is drawn, and nothing else, in as many lines as it takes.
func (h *sheet) legend() [][]key {
	used, signed := h.used()
	w := h.Words
	var all []key
	for _, k := range []key{
		{phase: phaseDrain, text: w.Drain}, {phase: phaseCommand, text: w.Command}, {phase: phaseVerify, text: w.Verify},
		{phase: phaseHealth, text: w.Health}, {phase: phaseRollBack, text: w.RollBack}, {phase: phaseOut, text: w.Out},
		{phase: phaseUndecided, text: w.Undecided}, {phase: phasePaused, text: w.Paused},
		{sign: signFailed, text: w.Failed}, {sign: signUnknown, text: w.Unknown}, {sign: signDecided, text: w.Decided},
		{sign: signRestarted, text: w.Restarted}, {sign: signAborted, text: w.Aborted}, {sign: signTurned, text: w.Turned},
	} {
		if k.phase != phaseNone && used[k.phase] || k.phase == phaseNone && signed[k.sign] {
			k.text = h.font.cut(k.text, smallSize, (Width-2*margin-gap)/2-swatch-10) // two beside each other at least
			k.width = swatch + 10 + h.font.width(k.text, smallSize)
			all = append(all, k)
		}
	}
	var lines [][]key
	room := 0
	for _, k := range all {
		if room < k.width {
			lines, room = append(lines, nil), Width-2*margin
		}
		n := len(lines) - 1
		lines[n], room = append(lines[n], k), room-k.width-gap
	}
	return lines
}

// used says which phases and signs the picture shows.
func (h *sheet) used() (used [phases]bool, signed [signs]bool) {
	see := func(t track) {
		for _, s := range t.spans {
			used[s.phase] = true
		}
		for _, m := range t.marks {
			signed[m.sign] = true
		}
	}
	see(h.story.whole)
	for _, t := range h.story.tracks {
		see(t)
	}
	return used, signed
}

// started is when the operation began, or was asked for, as a wall clock showed it.
func (h *sheet) started() string {
	what := h.Words.Started
	if !h.story.began {
		what = h.Words.Requested
	}
	return what + " " + h.story.from.In(h.Zone).Format("2006-01-02 15:04:05 MST")
}

// outcome is the line that says how it ended and how long it took.
func (h *sheet) outcome() string {
	out := word(h.Words.Outcome, Outcome(h.story.op))
	if h.story.began && h.story.op.Plan.Kind != deploy.KindLock && h.story.op.Plan.Kind != deploy.KindUnlock {
		out += " · " + clock(h.story.total())
	}
	return out
}
