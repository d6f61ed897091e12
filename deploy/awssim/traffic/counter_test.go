package traffic

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)

func TestOnlyWhole200sSucceed(t *testing.T) {
	c := newCounter()
	for _, r := range []result{
		{path: "/", status: 200, version: "v41"},
		{path: "/", status: 200, version: "v42"},
		{path: "/", status: 200},
		{path: "/a", status: 204, version: "v42"},
		{path: "/b", status: 302},
		{path: "/c", status: 502},
		{path: "/d", problem: "connection reset"},
		{path: "/e", status: 200, version: "v42", problem: "unexpected EOF"},
	} {
		c.count(noon, r)
	}
	want := Snapshot{
		Requests:  8,
		Failed:    5,
		ByVersion: map[string]int64{"v41": 1, "v42": 1},
		Failures: []Failure{
			{At: noon, Path: "/a", Status: 204, Error: "204 No Content"},
			{At: noon, Path: "/b", Status: 302, Error: "302 Found"},
			{At: noon, Path: "/c", Status: 502, Error: "502 Bad Gateway"},
			{At: noon, Path: "/d", Error: "connection reset"},
			{At: noon, Path: "/e", Status: 200, Error: "unexpected EOF"},
		},
	}
	if diff := cmp.Diff(want, c.at(noon)); diff != "" {
		t.Error(diff)
	}
}

func TestTheLastFailuresAreKept(t *testing.T) {
	c := newCounter()
	for i := range 50 {
		c.count(noon.Add(time.Duration(i)), result{status: http.StatusBadGateway})
	}
	s := c.at(noon)
	if s.Failed != 50 || len(s.Failures) != 20 || !s.Failures[0].At.Equal(noon.Add(30)) || !s.Failures[19].At.Equal(noon.Add(49)) {
		t.Errorf("%d failed, kept %v", s.Failed, s.Failures)
	}
	s.Failures[0].Path = "/changed"
	if c.at(noon).Failures[0].Path != "" {
		t.Error("a snapshot shares its slice")
	}
}

func TestRatesAreOfTheLastWholeSeconds(t *testing.T) {
	c := newCounter()
	if s := c.at(noon); s.Rate != 0 {
		t.Errorf("rate %g before anything", s.Rate)
	}
	// 10 a second for 20 s, one of them failed, then 30 a second for 2.
	for second := range 22 {
		n := 10
		if second >= 20 {
			n = 30
		}
		for i := range n {
			r := result{status: http.StatusOK}
			if i == 0 {
				r.status = http.StatusBadGateway
			}
			c.count(noon.Add(time.Duration(second)*time.Second+time.Duration(i)*time.Millisecond), r)
		}
		after := noon.Add(time.Duration(second)*time.Second + 500*time.Millisecond)
		var want, failed float64
		switch {
		case second == 0:
		case second <= 20:
			want, failed = 10, 1
		default: // one second of 30 among five
			want, failed = 14, 1
		}
		if s := c.at(after); s.Rate != want || s.FailedRate != failed {
			t.Errorf("in second %d: %g a second, %g failed; want %g, %g", second, s.Rate, s.FailedRate, want, failed)
		}
	}
	if s := c.at(noon.Add(time.Hour)); s.Rate != 0 {
		t.Errorf("rate %g an hour later", s.Rate)
	}
}
