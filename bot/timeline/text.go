package timeline

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"strings"
	"unicode"

	"github.com/hajimehoshi/ebiten/v2/examples/resources/fonts"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// typeface is the font of all pictures, M+ 1p: it has Latin, kana and the kanji of JIS levels 1 and 2 nearly whole. A
// character that it lacks is drawn as its own box for that, so that two names never look the same because of it.
type typeface struct {
	font  *opentype.Font
	faces map[int]font.Face // by size in pixels
}

func newTypeface() (*typeface, error) {
	f, err := opentype.Parse(fonts.MPlus1pRegular_ttf)
	if err != nil {
		return nil, fmt.Errorf("reading the timeline's font: %w", err)
	}
	t := &typeface{font: f, faces: map[int]font.Face{}}
	for _, size := range []int{titleSize, outcomeSize, nameSize, smallSize} {
		if t.faces[size], err = opentype.NewFace(f, &opentype.FaceOptions{Size: float64(size), DPI: 72}); err != nil {
			return nil, fmt.Errorf("reading the timeline's font: %w", err)
		}
	}
	return t, nil
}

// width is how wide a text is at a size, in pixels, rounded up.
func (t *typeface) width(s string, size int) int { return font.MeasureString(t.faces[size], s).Ceil() }

// write draws a text with its baseline at y.
func (t *typeface) write(img draw.Image, s string, size, x, y int, c color.Color) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: t.faces[size], Dot: fixed.P(x, y)}
	d.DrawString(s)
}

const ellipsis = "…"

// cut shortens a text at its end until it is at most width pixels wide.
func (t *typeface) cut(s string, size, width int) string {
	return t.shorten(s, size, width, func(r []rune, n int) string { return strings.TrimRight(string(r[:n]), " ") + ellipsis })
}

// cutMiddle does the same in the middle: the names of instances differ at their ends.
func (t *typeface) cutMiddle(s string, size, width int) string {
	return t.shorten(s, size, width, func(r []rune, n int) string {
		return string(r[:(n+1)/2]) + ellipsis + string(r[len(r)-n/2:])
	})
}

// shorten finds the longest form that fits; with n characters left it is what short says.
func (t *typeface) shorten(s string, size, width int, short func(r []rune, n int) string) string {
	s = line(s)
	if t.width(s, size) <= width {
		return s
	}
	r := []rune(s)
	fits, fails := 0, len(r)
	for fails-fits > 1 {
		if n := (fits + fails) / 2; t.width(short(r, n), size) <= width {
			fits = n
		} else {
			fails = n
		}
	}
	if s = short(r, fits); t.width(s, size) <= width {
		return s
	}
	return ""
}

// wrap breaks a text into lines of at most width pixels; the last one is cut if there are more than n.
func (t *typeface) wrap(s string, size, width, n int) []string {
	s = line(s)
	var out []string
	for len(out) < n-1 && t.width(s, size) > width {
		r := []rune(s)
		end, space := 0, 0
		for end < len(r) && t.width(string(r[:end+1]), size) <= width {
			if r[end] == ' ' {
				space = end
			}
			end++
		}
		if space > 0 {
			end = space
		}
		if end == 0 {
			break
		}
		out, s = append(out, strings.TrimSpace(string(r[:end]))), strings.TrimSpace(string(r[end:]))
	}
	return append(out, t.cut(s, size, width))
}

// longest is how many characters of a foreign text are looked at: none that fits is longer.
const longest = 400

// line makes one line of a text from outside: what cannot be seen has no place in a picture, and might turn it around.
func line(s string) string {
	var out strings.Builder
	n := 0
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case unicode.Is(unicode.C, r) && r != unicode.ReplacementChar:
			continue
		}
		if n++; n > longest {
			break
		}
		out.WriteRune(r)
	}
	return strings.TrimSpace(out.String())
}
