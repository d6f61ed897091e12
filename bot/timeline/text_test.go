package timeline

import (
	"bytes"
	"image"
	"image/draw"
	"strings"
	"testing"
)

func face(t *testing.T) *typeface {
	t.Helper()
	f, err := newTypeface()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// drawing is how a text looks.
func drawing(f *typeface, s string) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 400, 60))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	f.write(img, s, nameSize, 10, 45, ink)
	return img.Pix
}

// TestEveryCharacterIsSeen: what the font has looks like itself, and what it lacks is a box and takes its room.
func TestEveryCharacterIsSeen(t *testing.T) {
	f := face(t)
	box, nothing := drawing(f, "\U000f0000"), drawing(f, "")
	if bytes.Equal(box, nothing) || f.width("\U000f0000", nameSize) == 0 {
		t.Fatal("a character that no font has is dropped")
	}
	if !bytes.Equal(drawing(f, "😀"), box) {
		t.Error("a character that the font lacks is not drawn as its box")
	}
	looks := map[string]rune{}
	for _, r := range "abczABCZ0123456789-_./:()受注在庫本番東京第一二三号機サーバーひらがなガﾊﾞ髙﨑薔薇…·切離戻確認復帰待判断中止済正常対象外" {
		pix := drawing(f, string(r))
		if bytes.Equal(pix, box) || bytes.Equal(pix, nothing) {
			t.Errorf("%c is not in the font", r)
		}
		if other, ok := looks[string(pix)]; ok && other != r {
			t.Errorf("%c looks like %c", r, other)
		}
		looks[string(pix)] = r
	}
	for _, w := range []Words{english, japanese} {
		for _, s := range wordsOf(w) {
			for _, r := range s {
				if r != ' ' && bytes.Equal(drawing(f, string(r)), box) {
					t.Errorf("%c of %q is not in the font", r, s)
				}
			}
		}
	}
}

func wordsOf(w Words) []string {
	out := []string{w.Drain, w.Command, w.Verify, w.Health, w.RollBack, w.Undecided, w.Out, w.Paused, w.Started, w.Requested, w.Failed,
		w.Unknown, w.Decided, w.Restarted, w.Aborted, w.Turned, w.Whole, w.Before, w.First, w.After}
	for _, table := range []map[string]string{w.Outcome, w.Status} {
		for _, s := range table {
			out = append(out, s)
		}
	}
	return out
}

func TestLongTextsAreCut(t *testing.T) {
	f := face(t)
	name := "production-web-asg-ap-northeast-1a-blue-fleet-0000000042"
	for _, s := range []string{name, strings.Repeat("薔薇", 90), "x", "", strings.Repeat("😀", 500)} {
		for _, width := range []int{0, 5, 40, 300, 700} {
			for how, cut := range map[string]func(string, int, int) string{"end": f.cut, "middle": f.cutMiddle} {
				got := cut(s, nameSize, width)
				if w := f.width(got, nameSize); w > width {
					t.Errorf("%s: %q in %d pixels is %q with %d", how, s, width, got, w)
				}
				if got != s && width >= 40 && !strings.Contains(got, ellipsis) {
					t.Errorf("%s: %q became %q without a sign of it", how, s, got)
				}
			}
		}
	}
	if got := f.cutMiddle(name, nameSize, 500); !strings.HasPrefix(got, "production") || !strings.HasSuffix(got, "0042") {
		t.Errorf("the name lost one of its ends: %q", got)
	}
	for _, line := range f.wrap("Deploy a-service-with-a-long-name release/2026-11-27-hotfix-of-the-payment-page to production-tokyo on web-1", titleSize, 1000, 2) {
		if f.width(line, titleSize) > 1000 {
			t.Errorf("%q is too wide", line)
		}
	}
	if got := f.wrap(title, titleSize, 500, 2); len(got) != 2 || strings.Join(got, " ") != title {
		t.Errorf("%q", got)
	}
}

// TestForeignTextIsOneLine: nothing in a Name tag moves or turns what stands beside it.
func TestForeignTextIsOneLine(t *testing.T) {
	for in, want := range map[string]string{
		"web\n1": "web 1", "\u202eweb\u200b-1\x00": "web-1", "a\xffb": "a\ufffdb", "\tweb\u30001\t": "web 1",
	} {
		if got := line(in); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
}
