package awscloud_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
)

const describeAlarms = "DescribeAlarms"

func TestAlarmsAreReadByName(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.account.SetAlarm("web-5xx", "OK", false)
		f.account.SetAlarm("web-all", "ALARM", true)
		f.account.SetAlarm("other", "ALARM", false)
		f.account.SetAlarm("new", "INSUFFICIENT_DATA", false)
		asked := time.Now()
		got, err := f.Alarms(t.Context(), []string{"web-all", "new", "web-5xx", "new"})
		must(t, err)
		want := map[string]string{"web-5xx": "OK", "web-all": "ALARM", "new": "INSUFFICIENT_DATA"}
		if d := cmp.Diff(want, got.States); d != "" || !got.Begun.Equal(asked) {
			t.Errorf("begun %v late, %s", got.Begun.Sub(asked), d)
		}
		time.Sleep(time.Millisecond)
		f.account.SetAlarm("web-5xx", "ALARM", false)
		if got, err = f.Alarms(t.Context(), []string{"web-5xx"}); err != nil || got.States["web-5xx"] != "ALARM" {
			t.Errorf("later: %v, %v", got, err)
		}
	})
}

func TestUnknownAlarmsAreNamed(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.account.SetAlarm("web-5xx", "OK", false)
		_, err := f.Alarms(t.Context(), []string{"web-5xx", "wev-5xx", "nope"})
		fault(t, err, deploy.Refused, "no metric or composite alarm has the name nope, wev-5xx")
	})
}

func TestNoAlarmsAreNoCall(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.account.SetAlarm("web-5xx", "ALARM", false)
		got, err := f.Alarms(t.Context(), nil)
		if err != nil || len(got.States) != 0 || len(f.account.Of(describeAlarms)) != 0 {
			t.Errorf("got %v, %v after %d calls", got, err, len(f.account.Of(describeAlarms)))
		}
	})
}

func TestManyAlarmsAreReadPageByPage(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.account.Page = 30
		var names []string
		for n := range 130 {
			names = append(names, fmt.Sprintf("alarm-%03d", n))
			f.account.SetAlarm(names[n], "OK", n%3 == 0)
		}
		asked := time.Now()
		got, err := f.Alarms(t.Context(), names)
		must(t, err)
		if len(got.States) != 130 || !got.Begun.Equal(asked) {
			t.Errorf("%d states, begun %v late", len(got.States), got.Begun.Sub(asked))
		}
		if n := len(f.account.Of(describeAlarms)); n != 5 { // 100 names in 4 pages, 30 in one
			t.Errorf("%d calls, want 5", n)
		}
	})
}

func TestThoseWhoAskForTheSameAlarmsShareOneCall(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.account.SetAlarm("a", "OK", false)
		f.account.SetAlarm("b", "OK", false)
		f.account.Delay = 100 * time.Millisecond
		var all sync.WaitGroup
		for n := range 50 {
			names := [][]string{{"a", "b"}, {"b", "a"}}[n%2]
			all.Go(func() {
				got, err := f.Alarms(t.Context(), names)
				if err != nil || len(got.States) != 2 {
					t.Errorf("got %v, %v", got, err)
				}
				delete(got.States, "a") // a caller's own
			})
		}
		all.Wait()
		if n := len(f.account.Of(describeAlarms)); n != 1 {
			t.Errorf("%d calls for 50 who asked at once", n)
		}
	})
}

func TestAFaultOfAlarmsSaysWhatWasAsked(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.account.SetAlarm("a", "OK", false)
		f.account.Fail(describeAlarms, "AccessDenied", 403, 1)
		_, err := f.Alarms(t.Context(), []string{"a"})
		fault(t, err, deploy.Refused, "DescribeAlarms a", "AccessDenied", "junban policy")
		f.account.Fail(describeAlarms, "Throttling", 400, 2)
		if _, err := f.Alarms(t.Context(), []string{"a"}); err != nil {
			t.Errorf("two throttles were not outlasted: %v", err)
		}
		f.account.SetAlarm("a", "DOZING", false)
		_, err = f.Alarms(t.Context(), []string{"a"})
		fault(t, err, deploy.Unsure, "malformed", "DOZING")
	})
}

func TestALeftReadingOfAlarmsSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := f.Alarms(ctx, []string{"a"}); !errors.Is(err, ctx.Err()) {
			t.Errorf("got %v", err)
		}
	})
}
