package timeline

import (
	"image"
	"image/color"
	"image/draw"
	"math"
)

// swatch is how wide a sample of the legend is.
const swatch = 44

func fill(img *image.RGBA, r image.Rectangle, c color.RGBA) {
	draw.Draw(img, r, image.NewUniform(c), image.Point{}, draw.Src)
}

// bar draws what is done for a while. What waits has a form of its own, for whoever sees no colours.
func (c *canvas) bar(p phase, b image.Rectangle) {
	col := fills[p]
	switch p {
	case phaseOut:
		mid := (b.Min.Y + b.Max.Y) / 2
		fill(c.img, image.Rect(b.Min.X, mid-3, b.Max.X, mid+3), col)
	case phaseUndecided:
		c.pattern(b, col, slanted)
		c.frame(b, col)
	case phasePaused:
		c.pattern(b, col, upright)
		c.frame(b, col)
	default:
		fill(c.img, b, col)
		if b.Dx() > 3*least { // an edge between two bars
			fill(c.img, image.Rect(b.Min.X, b.Min.Y, b.Min.X+2, b.Max.Y), white)
		}
	}
}

// slanted and upright are patterns of lines. They go by the place in the picture, so that strips under each other make
// one pattern.
func slanted(x, y int) bool { return (x+y)%14 < 7 }
func upright(x, _ int) bool { return x%12 < 5 }

func (c *canvas) pattern(b image.Rectangle, col color.RGBA, on func(x, y int) bool) {
	fill(c.img, b, white)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if on(x, y) {
				c.img.SetRGBA(x, y, col)
			}
		}
	}
}

// frame draws the edge of a pattern.
func (c *canvas) frame(b image.Rectangle, col color.RGBA) {
	for _, edge := range []image.Rectangle{
		{b.Min, image.Pt(b.Max.X, b.Min.Y+3)}, {image.Pt(b.Min.X, b.Max.Y-3), b.Max},
		{b.Min, image.Pt(b.Min.X+2, b.Max.Y)}, {image.Pt(b.Max.X-2, b.Min.Y), b.Max},
	} {
		fill(c.img, edge.Intersect(b), col)
	}
}

// swatch draws a sample for the legend.
func (c *canvas) swatch(k key, b image.Rectangle) {
	if k.phase != phaseNone {
		c.bar(k.phase, b)
		return
	}
	c.sign(k.sign, (b.Min.X+b.Max.X)/2, (b.Min.Y+b.Max.Y)/2, 15)
}

// sign draws the sign of a moment with its middle at x, y. Each has a form of its own.
func (c *canvas) sign(s sign, x, y, radius int) {
	fx, fy, r := float64(x), float64(y), float64(radius)
	switch s {
	case signFailed:
		c.disc(fx, fy, r, vermillion)
		c.cross(fx, fy, r)
	case signUnknown:
		c.query(fx, fy, r)
	case signDecided:
		c.polygon(ink, [2]float64{fx, fy - r - 1}, [2]float64{fx + r + 1, fy}, [2]float64{fx, fy + r + 1}, [2]float64{fx - r - 1, fy})
	case signRestarted:
		c.restart(fx, fy, r)
	case signAborted:
		c.polygon(ink, [2]float64{fx - r, fy - r}, [2]float64{fx + r, fy - r}, [2]float64{fx + r, fy + r}, [2]float64{fx - r, fy + r})
		c.dc.SetColor(white)
		c.dc.DrawRectangle(fx-r*0.45, fy-r*0.45, r*0.9, r*0.9)
		c.dc.Fill()
	case signTurned:
		c.back(fx, fy, r)
	}
}

// icon draws how a lane or an operation is.
func (c *canvas) icon(i icon, x, y, radius int) {
	fx, fy, r := float64(x), float64(y), float64(radius)
	switch i {
	case iconGood:
		c.disc(fx, fy, r, green)
		c.line(white, r/4, [2]float64{fx - r*0.5, fy + r*0.05}, [2]float64{fx - r*0.1, fy + r*0.45}, [2]float64{fx + r*0.5, fy - r*0.4})
	case iconBad:
		c.disc(fx, fy, r, vermillion)
		c.cross(fx, fy, r)
	case iconUnknown:
		c.query(fx, fy, r)
	case iconBack:
		c.back(fx, fy, r)
	case iconMoving:
		c.ring(fx, fy, r, blue)
		c.dc.DrawArc(fx, fy, r, -math.Pi/2, math.Pi/2)
		c.dc.Fill()
	case iconIdle:
		c.ring(fx, fy, r, faded)
	}
}

// disc is a full circle with a white edge, so that it stands out from what it lies on.
func (c *canvas) disc(x, y, r float64, col color.RGBA) {
	c.dc.SetColor(white)
	c.dc.DrawCircle(x, y, r+2)
	c.dc.Fill()
	c.dc.SetColor(col)
	c.dc.DrawCircle(x, y, r)
	c.dc.Fill()
}

func (c *canvas) ring(x, y, r float64, col color.RGBA) {
	c.disc(x, y, r, white)
	c.dc.SetColor(col)
	c.dc.SetLineWidth(r / 4)
	c.dc.DrawCircle(x, y, r-r/8)
	c.dc.Stroke()
}

func (c *canvas) cross(x, y, r float64) {
	d := r * 0.42
	c.line(white, r/4, [2]float64{x - d, y - d}, [2]float64{x + d, y + d})
	c.line(white, r/4, [2]float64{x - d, y + d}, [2]float64{x + d, y - d})
}

// query is a question mark in a ring.
func (c *canvas) query(x, y, r float64) {
	c.ring(x, y, r, vermillion)
	c.dc.SetLineWidth(r / 5)
	c.dc.DrawArc(x, y-r*0.22, r*0.27, -math.Pi, math.Pi/2)
	c.dc.LineTo(x, y+r*0.25)
	c.dc.Stroke()
	c.dc.DrawCircle(x, y+r*0.5, r/8)
	c.dc.Fill()
}

// restart is an arrow that goes round.
func (c *canvas) restart(x, y, r float64) {
	c.disc(x, y, r, white)
	c.dc.SetColor(ink)
	c.dc.SetLineWidth(r / 4)
	c.dc.DrawArc(x, y, r*0.7, -math.Pi/4, math.Pi*5/4)
	c.dc.Stroke()
	d := r * 0.7 * math.Sqrt2 / 2
	c.polygon(ink, [2]float64{x + d - r*0.5, y - d - r*0.1}, [2]float64{x + d + r*0.35, y - d - r*0.4}, [2]float64{x + d + r*0.2, y - d + r*0.45})
}

// back is an arrow to where it came from.
func (c *canvas) back(x, y, r float64) {
	c.polygon(purple, [2]float64{x - r - 1, y}, [2]float64{x + r*0.75, y - r - 1}, [2]float64{x + r*0.75, y + r + 1})
}

// polygon is filled, with a white edge.
func (c *canvas) polygon(col color.RGBA, points ...[2]float64) {
	for _, p := range points {
		c.dc.LineTo(p[0], p[1])
	}
	c.dc.ClosePath()
	c.dc.SetColor(white)
	c.dc.SetLineWidth(4)
	c.dc.StrokePreserve()
	c.dc.SetColor(col)
	c.dc.Fill()
}

func (c *canvas) line(col color.RGBA, width float64, points ...[2]float64) {
	for _, p := range points {
		c.dc.LineTo(p[0], p[1])
	}
	c.dc.SetColor(col)
	c.dc.SetLineWidth(width)
	c.dc.SetLineCapRound()
	c.dc.Stroke()
	c.dc.SetLineCapButt()
}
