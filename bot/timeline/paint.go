package timeline

import (
	"image"
	"image/color"
	"image/draw"
	"slices"

	"git.sr.ht/~sbinet/gg"
)

// Colours that most people with a colour vision deficiency tell apart (Okabe and Ito, Color Universal Design, 2008), on white.
var (
	white      = color.RGBA{0xff, 0xff, 0xff, 0xff}
	ink        = color.RGBA{0x1d, 0x1c, 0x1d, 0xff}
	faded      = color.RGBA{0x61, 0x60, 0x61, 0xff}
	ground     = color.RGBA{0xf2, 0xf2, 0xf2, 0xff} // of a bar's row
	grid       = color.RGBA{0xd4, 0xd4, 0xd4, 0xff}
	skyBlue    = color.RGBA{0x56, 0xb4, 0xe9, 0xff}
	orange     = color.RGBA{0xe6, 0x9f, 0x00, 0xff}
	green      = color.RGBA{0x00, 0x9e, 0x73, 0xff}
	blue       = color.RGBA{0x00, 0x72, 0xb2, 0xff}
	purple     = color.RGBA{0xcc, 0x79, 0xa7, 0xff}
	vermillion = color.RGBA{0xd5, 0x5e, 0x00, 0xff}
)

// fills are the colours of the phases. Those in which nothing is done have a pattern instead, or a line.
var fills = [phases]color.RGBA{
	phaseOut: faded, phaseDrain: skyBlue, phaseCommand: orange, phaseVerify: green, phaseHealth: blue, phaseRollBack: purple,
	phaseUndecided: vermillion, phasePaused: faded,
}

// canvas is a picture while it is drawn.
type canvas struct {
	img   *image.RGBA
	dc    *gg.Context
	texts []placed // what was written, and the room that it had
}

type placed struct {
	text string
	size int
	box  image.Rectangle
}

func (h *sheet) draw() *canvas {
	img := image.NewRGBA(image.Rect(0, 0, Width, h.height))
	draw.Draw(img, img.Bounds(), image.NewUniform(white), image.Point{}, draw.Src)
	c := &canvas{img: img, dc: gg.NewContextForRGBA(img)}
	h.header(c)
	if len(h.rows) == 0 {
		return c
	}
	for _, r := range h.rows {
		fill(img, r.bar, ground)
	}
	h.ticks(c)
	for _, r := range h.rows {
		h.label(c, r)
		h.bars(c, r)
	}
	h.across(c)
	for _, r := range h.rows {
		h.signs(c, r)
	}
	return c
}

func (h *sheet) header(c *canvas) {
	y := margin
	for _, line := range h.title {
		h.text(c, line, titleSize, image.Rect(margin, y, Width-margin, y+titleSize+16), ink)
		y += titleSize + 16
	}
	c.icon(outcomeIcon(Outcome(h.story.op)), margin+22, y+(outcomeSize+26)/2, 21)
	box := image.Rect(margin+iconRoom+8, y, Width-margin, y+outcomeSize+26)
	h.text(c, h.font.cut(h.outcome(), outcomeSize, box.Dx()), outcomeSize, box, ink)
	y += outcomeSize + 26
	line := smallSize + 16
	id := h.font.cut(string(h.story.op.ID), smallSize, (Width-2*margin)/2)
	at := Width - margin - h.font.width(id, smallSize)
	h.text(c, id, smallSize, image.Rect(at, y, Width-margin, y+line), faded)
	box = image.Rect(margin, y, at-gap, y+line)
	h.text(c, h.font.cut(h.started(), smallSize, box.Dx()), smallSize, box, ink)
	y += line
	if h.counts != "" {
		box = image.Rect(margin, y, Width-margin, y+line)
		h.text(c, h.font.cut(h.counts, smallSize, box.Dx()), smallSize, box, ink)
		y += line
	}
	y += air
	for _, keys := range h.keys {
		x := margin
		for _, k := range keys {
			c.swatch(k, image.Rect(x, y+10, x+swatch, y+legendLine-12))
			h.text(c, k.text, smallSize, image.Rect(x+swatch+10, y, x+k.width, y+legendLine), ink)
			x += k.width + gap
		}
		y += legendLine
	}
}

// text writes a text that was made to fit into its box, from the left, in the middle of its height.
func (h *sheet) text(c *canvas, s string, size int, box image.Rectangle, col color.RGBA) {
	base := (box.Min.Y+box.Max.Y)/2 + size*3/8 // three quarters of a size is how high capitals are
	h.font.write(c.img, s, size, box.Min.X, base, col)
	c.texts = append(c.texts, placed{s, size, box})
}

// ticks draws the axis above and below, and its lines through all rows. A label that would touch the one before is left out.
func (h *sheet) ticks(c *canvas) {
	free := 0
	for _, d := range h.axis.ticks() {
		x := h.axis.x(h.axis.from.Add(d))
		label := clock(d)
		w := h.font.width(label, smallSize)
		if at := min(max(x-w/2, margin), Width-margin-w); at >= free {
			free = at + w + gap/2
			for _, y := range []int{h.top - axisLine, h.bottom} {
				h.text(c, label, smallSize, image.Rect(at, y, at+w, y+axisLine-4), faded)
			}
		}
		for _, r := range h.rows {
			fill(c.img, image.Rect(x-1, r.bar.Min.Y, x+1, r.bar.Max.Y), grid)
		}
	}
}

// label writes what a row is and what became of it.
func (h *sheet) label(c *canvas, r row) {
	box := r.text
	if r.icon != iconNone {
		c.icon(r.icon, box.Min.X+16, (box.Min.Y+box.Max.Y)/2, 15)
		box.Min.X += iconRoom - 8
	}
	end := h.font.cut(r.end, smallSize, box.Dx()*3/5)
	at := box.Max.X - h.font.width(end, smallSize)
	if end != "" {
		h.text(c, end, smallSize, image.Rect(at, box.Min.Y, box.Max.X, box.Max.Y), faded)
	}
	box.Max.X = at - gap
	h.text(c, h.font.cutMiddle(r.name, nameSize, box.Dx()), nameSize, box, ink)
}

// bars draws what was done, in a row: of one lane over its whole height, of several as strips.
func (h *sheet) bars(c *canvas, r row) {
	if len(r.lanes) == 0 {
		h.track(c, h.story.whole, r.bar, false)
	}
	for n, i := range r.lanes {
		box := r.bar
		box.Min.Y = r.bar.Min.Y + n*r.bar.Dy()/len(r.lanes)
		box.Max.Y = max(r.bar.Min.Y+(n+1)*r.bar.Dy()/len(r.lanes), box.Min.Y+1)
		h.track(c, h.story.tracks[i], box, len(r.lanes) > 1)
	}
}

// least is how wide a bar is at least: what happened can be seen, however short it was.
const least = 4

func (h *sheet) track(c *canvas, t track, box image.Rectangle, strip bool) {
	for _, s := range t.spans {
		b := box
		b.Min.X, b.Max.X = h.axis.x(s.from), h.axis.x(s.to)
		if s.phase != phaseOut && b.Dx() < least {
			b.Max.X = min(b.Min.X+least, box.Max.X)
			b.Min.X = b.Max.X - least
		}
		switch { // a strip has no room for a line in its middle, nor for a frame
		case strip && s.phase == phaseOut:
			fill(c.img, b, grid)
		case strip && s.phase == phaseUndecided:
			c.pattern(b, vermillion, slanted)
		default:
			c.bar(s.phase, b)
		}
	}
}

// across draws a line through all rows where something concerned them all.
func (h *sheet) across(c *canvas) {
	for _, m := range h.story.whole.marks {
		if !m.sign.across() {
			continue
		}
		x := h.axis.x(m.at)
		for _, r := range h.rows {
			for y := r.bar.Min.Y - 4; y < r.bar.Max.Y+4; y += 12 {
				fill(c.img, image.Rect(x-2, y, x+2, y+7), ink)
			}
		}
	}
}

// signs draws a row's signs side by side where they would cover each other.
func (h *sheet) signs(c *canvas, r row) {
	var marks []mark
	if len(r.lanes) == 0 {
		marks = h.story.whole.marks
	}
	for _, i := range r.lanes {
		marks = append(marks, h.story.tracks[i].marks...)
	}
	radius := h.shape.sign
	if len(r.lanes) > 1 {
		marks = h.merged(marks, 2*radius)
	}
	for n, x := range h.apart(marks, 2*radius+2) {
		c.sign(marks[n].sign, x, (r.bar.Min.Y+r.bar.Max.Y)/2, radius)
	}
}

// merged sorts the signs of several lanes, and leaves one where several of a kind would lie on each other: how many there
// were, the row says in words.
func (h *sheet) merged(marks []mark, wide int) []mark {
	slices.SortStableFunc(marks, func(a, b mark) int { return a.at.Compare(b.at) })
	var out []mark
	last := [signs]int{}
	for _, m := range marks {
		if x := h.axis.x(m.at); last[m.sign] == 0 || x-last[m.sign] >= wide {
			last[m.sign] = x
			out = append(out, m)
		}
	}
	return out
}

// apart places signs in their order, each at its time or right of the one before, and none beyond the picture.
func (h *sheet) apart(marks []mark, wide int) []int {
	lo, hi := margin+wide/2, Width-margin-wide/2
	if n := len(marks); n > 1 {
		wide = min(wide, (hi-lo)/(n-1))
	}
	out := make([]int, len(marks))
	for n, m := range marks {
		out[n] = max(h.axis.x(m.at), lo)
		if n > 0 {
			out[n] = max(out[n], out[n-1]+wide)
		}
	}
	for n := len(out) - 1; n >= 0; n-- {
		out[n] = min(out[n], hi)
		hi = out[n] - wide
	}
	return out
}
