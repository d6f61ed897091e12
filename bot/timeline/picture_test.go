package timeline

import (
	"bytes"
	"image/png"
	"testing"
	"time"
)

func TestPictures(t *testing.T) {
	for name, j := range stories(t) {
		for lang, w := range map[string]Words{"en": english, "ja": japanese} {
			t.Run(name+"-"+lang, func(t *testing.T) {
				at := time.Now()
				data, err := Draw(Picture{Title: "Deploy web v42 to production", Words: w, Zone: tokyo, Now: j.now.Add(5 * sec)}, j.events)
				if err != nil {
					t.Fatal(err)
				}
				look(t, name+"-"+lang, data)
				img, err := png.Decode(bytes.NewReader(data))
				if err != nil {
					t.Fatal(err)
				}
				t.Log(len(data), img.Bounds(), time.Since(at))
			})
		}
	}
}
