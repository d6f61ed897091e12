package traffic

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestThePaceIsSteady(t *testing.T) {
	for _, rate := range []float64{0.5, 7, 300, 2000} {
		synctest.Test(t, func(t *testing.T) {
			c, err := New(Options{URL: "http://x", Rate: rate})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			due := make(chan string, 16)
			go func() {
				c.pace(ctx, due)
				close(due)
			}()
			perSecond := map[int]int{}
			begin := time.Now()
			var sent int
			for range due {
				perSecond[int(time.Since(begin)/time.Second)]++
				sent++
			}
			if want := rate * 10; float64(sent) < want || float64(sent) > want+1 {
				t.Errorf("rate %g: %d sent in 10 s", rate, sent)
			}
			for s, n := range perSecond {
				if float64(n) > rate+1 {
					t.Errorf("rate %g: %d in second %d", rate, n, s)
				}
			}
			if s := c.Snapshot(); s.Missed != 0 {
				t.Errorf("rate %g: %d missed", rate, s.Missed)
			}
		})
	}
}

func TestWhatIsDueWhileAllAreBusyIsMissedNotPiledUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, err := New(Options{URL: "http://x", Rate: 10})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 9950*time.Millisecond)
		defer cancel()
		due := make(chan string, 4) // nobody takes
		c.pace(ctx, due)
		if s := c.Snapshot(); s.Missed != 96 || len(due) != 4 || s.Requests != 0 || s.Failed != 0 {
			t.Errorf("%d waiting, %+v", len(due), s)
		}
	})
}
