package timeline

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"
	"time"

	"junban/deploy"
)

// reporter is a test, or a run of rapid's.
type reporter interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

const title = "Deploy web v42 to production"

// painted draws an operation and checks what holds for every picture; it answers the sheet, and the picture unpacked.
func painted(t reporter, p Picture, events []deploy.Event) (*sheet, image.Image) {
	t.Helper()
	data, err := Draw(p, events)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != Width || b.Dy() > MaxHeight || len(data) > 2_000_000 {
		t.Errorf("%v, %d bytes", b, len(data))
	}
	c, err := paint(p, events)
	if err != nil {
		t.Fatal(err)
	}
	fits(t, c)
	if unpacked, ok := img.(*image.RGBA); !ok || !bytes.Equal(unpacked.Pix, c.img.Pix) {
		t.Error("the same events, drawn twice, gave two pictures")
	}
	s, err := tell(events, p.Now)
	if err != nil {
		t.Fatal(err)
	}
	if p.Zone == nil {
		p.Zone = time.UTC
	}
	face, err := newTypeface()
	if err != nil {
		t.Fatal(err)
	}
	h := newSheet(p, s, face)
	if h.bottom > h.height {
		t.Errorf("the rows end at %d, the picture at %d", h.bottom, h.height)
	}
	return h, img
}

// fits checks that every text is as narrow and low as the room that it has, and that no two share a place.
func fits(t reporter, c *canvas) {
	t.Helper()
	face, err := newTypeface()
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range c.texts {
		if w := face.width(p.text, p.size); w > p.box.Dx() || p.size > p.box.Dy() {
			t.Errorf("%q is %d pixels wide and %d high, its box is %v", p.text, w, p.size, p.box)
		}
		if !p.box.In(c.img.Bounds()) {
			t.Errorf("%q stands outside of the picture: %v", p.text, p.box)
		}
		for _, q := range c.texts[:i] {
			if p.text != "" && q.text != "" && p.box.Overlaps(q.box) {
				t.Errorf("%q at %v and %q at %v cover each other", p.text, p.box, q.text, q.box)
			}
		}
	}
}

// TestPictures draws operations of all sorts in both languages. JUNBAN_PICTURES names a folder to look at them.
func TestPictures(t *testing.T) {
	for name, j := range stories(t) {
		for lang, w := range map[string]Words{"en": english, "ja": japanese} {
			t.Run(name+"-"+lang, func(t *testing.T) {
				p := Picture{Title: title, Words: w, Zone: tokyo, Now: j.now.Add(5 * sec)}
				h, img := painted(t, p, j.events)
				look(t, name+"-"+lang, img)
				coloured(t, h, img)
			})
		}
	}
}

// coloured checks that each lane with a row of its own has the colour of its phase in the middle of each longer span.
func coloured(t *testing.T, h *sheet, img image.Image) {
	t.Helper()
	for _, r := range h.rows {
		if len(r.lanes) != 1 {
			continue
		}
		track := h.story.tracks[r.lanes[0]]
		for _, s := range track.spans {
			from, to := h.axis.x(s.from), h.axis.x(s.to)
			x := (from + to) / 2
			if to-from < 8 || s.phase == phaseOut || s.phase == phaseUndecided || h.near(x, track) {
				continue
			}
			if got := img.At(x, r.bar.Min.Y+2); !same(got, fills[s.phase]) {
				t.Errorf("%s: at %v it has the colour %v, not that of phase %d: %v", r.name, s.from.Sub(h.axis.from), got, s.phase, fills[s.phase])
			}
		}
	}
}

// near reports whether a sign or a line across all lanes covers a place of a lane.
func (h *sheet) near(x int, t track) bool {
	signs := append(append([]mark{}, t.marks...), h.story.whole.marks...)
	for _, m := range signs {
		if d := h.axis.x(m.at) - x; d > -60 && d < 60 {
			return true
		}
	}
	return false
}

func same(a, b color.Color) bool {
	r, g, bl, al := a.RGBA()
	r2, g2, b2, al2 := b.RGBA()
	return r == r2 && g == g2 && bl == b2 && al == al2
}

// TestWhatIsDrawnWhere: the phases of one instance as pixels, with times counted by hand: 1000 s are 1008 pixels.
func TestWhatIsDrawnWhere(t *testing.T) {
	j := begin(t, settings{instances: 2})
	j.after(100*sec).steps(0, 200*sec).after(100 * sec) // the gap of 100 s: nothing is done, and it is out
	j.steps(0, 100*sec, 50*sec, 150*sec).after(300 * sec).finishes(deploy.StateAborted)
	h, img := painted(t, Picture{Title: title, Words: english}, j.events)
	r := h.rows[0]
	top, mid := r.bar.Min.Y+4, (r.bar.Min.Y+r.bar.Max.Y)/2
	for _, c := range []struct {
		at   time.Duration
		y    int
		want color.RGBA
		what string
	}{
		{50 * sec, mid, ground, "in service"},
		{200 * sec, top, skyBlue, "drain"},
		{350 * sec, top, ground, "out of service, above the line"},
		{350 * sec, mid, faded, "out of service, on the line"},
		{450 * sec, top, orange, "command"},
		{525 * sec, top, green, "verify"},
		{630 * sec, top, blue, "until healthy"},
		{850 * sec, mid, ground, "in service again"},
	} {
		x := margin + int(c.at.Seconds()*1008/1000)
		if got := img.At(x, c.y); !same(got, c.want) {
			t.Errorf("%s: the pixel at %v is %v, not %v", c.what, c.at, got, c.want)
		}
		if got := img.At(x, h.rows[1].bar.Min.Y+4); !same(got, ground) && !same(got, grid) {
			t.Errorf("the other lane is not empty at %v: %v", c.at, got)
		}
	}
}

// written are all texts of a picture, a line each.
func written(t testing.TB, p Picture, events []deploy.Event) string {
	t.Helper()
	c, err := paint(p, events)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, w := range c.texts {
		fmt.Fprintln(&out, w.text)
	}
	return out.String()
}

func TestWhatAPictureSays(t *testing.T) {
	all := stories(t)
	for name, says := range map[string][]string{
		"three":        {title, "Succeeded · 18:30", "Started 2026-11-27 10:02:05 JST", "261127-100205-k3x", "healthy 3", "web-3", "healthy 6:08", "drain", "until healthy", "0:00", "5:00", "15:00"},
		"trouble":      {"Aborted · ", "All", "once before", "once first", "once after", "bot restarted", "aborted or stopped", "paused", "decision", "outcome unknown", "failed", "held 1", "put back 1", "skipped"},
		"rollback":     {"Rolled back · ", "roll back", "turned back", "rolled back 2"},
		"five-seconds": {"Succeeded · 0:05", "0:01", "0:05"},
		"nine-hours":   {"8:23:21", "2:00:00", "waits for a decision"},
		"drain":        {"held"},
		"running":      {"Rolling · ", "受注サーバー一号機", "在庫😀鷗", "waiting 3"},
		"forty":        {"ip-10-0-0-40", "healthy 40"},
		"two-hundred":  {"ip-10-0-0-8", "ip-10-0-1-91 … ip-10-0-2-0", "once after"},
		"denied":       {"Denied", "Asked for 2026-11-27 10:02:05 JST"},
	} {
		text := written(t, Picture{Title: title, Words: english, Zone: tokyo, Now: all[name].now}, all[name].events)
		for _, s := range says {
			if !strings.Contains(text, s) {
				t.Errorf("%s does not say %q:\n%s", name, s, text)
			}
		}
	}
	three := written(t, Picture{Title: title, Words: english}, all["three"].events)
	for _, s := range []string{"failed", "decision", "bot restarted", "roll back", "paused", "All", "waits for a decision"} {
		if strings.Contains(three, s) {
			t.Errorf("a rollout without it has %q:\n%s", s, three)
		}
	}
}

// TestTheLegendNamesNothingThatIsNotThere: steps that follow each other at once leave nothing to see between them.
func TestTheLegendNamesNothingThatIsNotThere(t *testing.T) {
	all := stories(t)
	for name, want := range map[string]bool{"five-seconds": false, "drain": false, "trouble": true} {
		if got := strings.Contains(written(t, Picture{Words: english}, all[name].events), "out of service"); got != want {
			t.Errorf("%s: the legend has a line for being out of service: %v", name, got)
		}
	}
}

// TestExceptionsStandAlone: of many instances those that failed are drawn one by one, and none is missing.
func TestExceptionsStandAlone(t *testing.T) {
	j := fleet(t, 200)
	h, _ := painted(t, Picture{Title: title, Words: english}, j.events)
	drawn := map[int]int{}
	single := map[int]bool{}
	for _, r := range h.rows {
		for _, i := range r.lanes {
			drawn[i]++
			single[i] = len(r.lanes) == 1
		}
	}
	for i, l := range j.op.Lanes {
		if drawn[i] != 1 {
			t.Errorf("%s is drawn %d times", l.Name, drawn[i])
		}
		if (l.Failed || l.Chore()) != single[i] {
			t.Errorf("%s, failed: %v, has a row of its own: %v", l.Name, l.Failed, single[i])
		}
	}
}

// TestTheTallestPictures: as many rows as there can be, under a legend of long words and a title of two lines.
func TestTheTallestPictures(t *testing.T) {
	for n, rows := range map[int]int{40: 44, 300: 34} {
		j := begin(t, settings{instances: n, window: n, chores: true}).steps(0, 20*sec)
		for i := range n {
			j.begins(i + 2)
		}
		j.does(deploy.Event{Type: deploy.EventResumed}).after(300 * sec)
		for i := range n {
			j.ends(i + 2)
		}
		j.steps(1, 20*sec)
		for i := range n * 2 / 3 {
			j.begins(i + 2).after(sec).fails(i + 2)
		}
		j.chooses(2, deploy.ActRetry).steps(2, 20*sec, 5*sec, 20*sec).begins(3 + n*2/3).does(deploy.Event{Type: deploy.EventUnknown, Lane: 3 + n*2/3})
		j.act(deploy.EventPaused, deploy.ActPause).after(20*sec).act(deploy.EventContinued, deploy.ActResume)
		j.does(deploy.Event{Type: deploy.EventTurned}).after(sec).steps(2, 20*sec, 20*sec).act(deploy.EventAborted, deploy.ActAbort)
		h, img := painted(t, Picture{Title: strings.Repeat(title+" ", 3), Words: long(), Now: j.now.Add(mnt)}, j.events)
		look(t, fmt.Sprintf("tallest-%d", n), img)
		if len(h.rows) != rows || len(h.keys) != 7 || len(h.title) != 2 {
			t.Errorf("%d instances: %d rows, %d lines of legend and %d of title: these are not the tallest", n, len(h.rows), len(h.keys), len(h.title))
		}
	}
}

// TestSignsDoNotCoverEachOther: failures and decisions within a second of nine hours stand side by side.
func TestSignsDoNotCoverEachOther(t *testing.T) {
	j := begin(t, settings{instances: 1}).steps(0, 300*sec)
	for range 30 {
		j.begins(0).after(sec).fails(0).chooses(0, deploy.ActRetry)
	}
	j.steps(0, 9*time.Hour)
	h, _ := painted(t, Picture{Title: title, Words: english, Now: j.now}, j.events)
	wide := 2*h.shape.sign + 2
	for n, marks := range map[int][]mark{10: h.story.tracks[0].marks[:10], 60: h.story.tracks[0].marks} {
		xs := h.apart(marks, wide)
		for i := 1; i < len(xs); i++ {
			if d := xs[i] - xs[i-1]; d < min(wide, 16) || n == 10 && d < wide {
				t.Fatalf("of %d signs, %d and %d are %d pixels apart", n, i-1, i, d)
			}
		}
		if xs[0] < margin || xs[len(xs)-1] > Width-margin {
			t.Errorf("signs from %d to %d", xs[0], xs[len(xs)-1])
		}
	}
}

// TestManyFailuresAtOnceAreOneSign: in a row of many lanes, at its own time, and each kind has its own.
func TestManyFailuresAtOnceAreOneSign(t *testing.T) {
	h := &sheet{axis: axis{from: t0, total: 1008 * sec, left: margin, right: Width - margin}}
	at := func(s sign, seconds int) mark { return mark{s, t0.Add(time.Duration(seconds) * sec)} }
	got := h.merged([]mark{at(signFailed, 500), at(signFailed, 100), at(signFailed, 110), at(signDecided, 105), at(signFailed, 505)}, 26)
	want := []mark{at(signFailed, 100), at(signDecided, 105), at(signFailed, 500)}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, not %v", got, want)
	}
}

func TestTicksAreRoundAndFew(t *testing.T) {
	for total, want := range map[time.Duration]string{
		sec: "[0s 1s]", 5 * sec: "[0s 1s 2s 3s 4s 5s]", 90 * sec: "[0s 15s 30s 45s 1m0s 1m15s 1m30s]", 20 * mnt: "[0s 5m0s 10m0s 15m0s 20m0s]",
		9 * time.Hour: "[0s 2h0m0s 4h0m0s 6h0m0s 8h0m0s]", 400 * time.Hour: "[0s 72h0m0s 144h0m0s 216h0m0s 288h0m0s 360h0m0s]",
	} {
		if got := fmt.Sprint(axis{total: total}.ticks()); got != want {
			t.Errorf("%v: %s, not %s", total, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0:00", 65 * sec: "1:05", 3599*sec + 600*time.Millisecond: "1:00:00", 30 * time.Hour: "30:00:00"} {
		if got := clock(d); got != want {
			t.Errorf("%v reads %s, not %s", d, got, want)
		}
	}
}

func TestTheSameEventsGiveTheSameBytes(t *testing.T) {
	j := stories(t)["trouble"]
	p := Picture{Title: title, Words: english, Zone: tokyo}
	one, err := Draw(p, j.events)
	if err != nil {
		t.Fatal(err)
	}
	two, err := Draw(p, j.events)
	if err != nil || !bytes.Equal(one, two) {
		t.Errorf("%d bytes and %d: %v", len(one), len(two), err)
	}
}

func TestNoJournalNoPicture(t *testing.T) {
	j := begin(t, settings{instances: 1})
	if _, err := Draw(Picture{}, append(j.events, j.events[1])); err == nil {
		t.Error("a journal with an event twice was drawn")
	}
}
