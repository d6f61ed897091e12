package deploy_test

import (
	"testing"
	"time"

	"junban/deploy"
)

var everyDay = []time.Weekday{0, 1, 2, 3, 4, 5, 6}

func hm(h, m int) deploy.Clock { return deploy.Clock(h*60 + m) }

// TestOpens: when something may start. All times are wall-clock times of the zone, but for "+" the second pass of an hour
// that clocks go through twice.
func TestOpens(t *testing.T) {
	work := []deploy.Window{{Days: []time.Weekday{1, 2, 3, 4}, From: hm(10, 0), To: hm(16, 0)}}
	night := []deploy.Window{{Days: []time.Weekday{5, 6}, From: hm(22, 0), To: hm(4, 0)}}
	small := []deploy.Window{{Days: everyDay, From: hm(2, 0), To: hm(3, 0)}}
	later := []deploy.Window{{Days: everyDay, From: hm(3, 0), To: hm(4, 0)}}
	yearEnd := []deploy.Freeze{{From: "2026-12-28", To: "2027-01-04"}}
	for name, c := range map[string]struct {
		zone    string
		windows []deploy.Window
		freeze  []deploy.Freeze
		at      string
		opens   string // "" = never
	}{
		"no windows at all":                    {"Asia/Tokyo", nil, nil, "2026-05-04 03:00", "2026-05-04 03:00"},
		"inside":                               {"Asia/Tokyo", work, nil, "2026-05-04 10:00", "2026-05-04 10:00"},
		"the last minute":                      {"Asia/Tokyo", work, nil, "2026-05-04 15:59", "2026-05-04 15:59"},
		"the end is outside":                   {"Asia/Tokyo", work, nil, "2026-05-04 16:00", "2026-05-05 10:00"},
		"before it opens":                      {"Asia/Tokyo", work, nil, "2026-05-04 09:59", "2026-05-04 10:00"},
		"over the weekend":                     {"Asia/Tokyo", work, nil, "2026-05-07 16:00", "2026-05-11 10:00"},
		"past midnight":                        {"Asia/Tokyo", night, nil, "2026-05-10 03:59", "2026-05-10 03:59"},
		"past midnight, a day too late":        {"Asia/Tokyo", night, nil, "2026-05-11 03:59", "2026-05-15 22:00"},
		"a freeze by days, its first moment":   {"Asia/Tokyo", nil, yearEnd, "2026-12-28 00:00", "2027-01-05 00:00"},
		"a freeze by days, just before":        {"Asia/Tokyo", nil, yearEnd, "2026-12-27 23:59", "2026-12-27 23:59"},
		"a freeze by days, its last moment":    {"Asia/Tokyo", nil, yearEnd, "2027-01-04 23:59", "2027-01-05 00:00"},
		"a freeze by days, then a window":      {"Asia/Tokyo", work, yearEnd, "2026-12-28 12:00", "2027-01-05 10:00"},
		"a freeze by hours ends without":       {"Asia/Tokyo", nil, []deploy.Freeze{{From: "2026-05-04T10:00", To: "2026-05-04T12:00"}}, "2026-05-04 11:59", "2026-05-04 12:00"},
		"two freezes that touch":               {"Asia/Tokyo", nil, []deploy.Freeze{{From: "2026-05-04", To: "2026-05-04"}, {From: "2026-05-05", To: "2026-05-06"}}, "2026-05-04 08:00", "2026-05-07 00:00"},
		"a window that a freeze cuts":          {"Asia/Tokyo", work, []deploy.Freeze{{From: "2026-05-04T09:00", To: "2026-05-04T13:30"}}, "2026-05-04 09:30", "2026-05-04 13:30"},
		"no day":                               {"Asia/Tokyo", []deploy.Window{{From: 0, To: 1440}}, nil, "2026-05-04 08:00", ""},
		"frozen for good":                      {"Asia/Tokyo", nil, []deploy.Freeze{{From: "2026-01-01", To: "2030-01-01"}}, "2026-05-04 08:00", ""},
		"Berlin, an hour that is left out":     {"Europe/Berlin", small, nil, "2026-03-29 01:30", "2026-03-30 02:00"},
		"Berlin, after it":                     {"Europe/Berlin", later, nil, "2026-03-29 01:59", "2026-03-29 03:00"},
		"Berlin, an hour twice, first":         {"Europe/Berlin", small, nil, "2026-10-25 01:59", "2026-10-25 02:00"},
		"Berlin, an hour twice, second":        {"Europe/Berlin", small, nil, "2026-10-25 02:30+", "2026-10-25 02:30+"},
		"Berlin, an hour twice, middle":        {"Europe/Berlin", small, nil, "2026-10-25 02:59", "2026-10-25 02:59"},
		"New York, an hour twice, first":       {"America/New_York", []deploy.Window{{Days: everyDay, From: hm(1, 0), To: hm(2, 0)}}, nil, "2026-11-01 00:59", "2026-11-01 01:00"},
		"New York, an hour twice, second":      {"America/New_York", []deploy.Window{{Days: everyDay, From: hm(1, 0), To: hm(2, 0)}}, nil, "2026-11-01 01:59+", "2026-11-01 01:59+"},
		"Berlin, an hour twice, over":          {"Europe/Berlin", small, nil, "2026-10-25 03:00", "2026-10-26 02:00"},
		"Berlin, across the change":            {"Europe/Berlin", night, nil, "2026-03-29 03:30", "2026-03-29 03:30"},
		"New York, an hour that is left out":   {"America/New_York", small, nil, "2026-03-08 01:30", "2026-03-09 02:00"},
		"New York, across the change":          {"America/New_York", night, nil, "2026-11-01 03:59", "2026-11-01 03:59"},
		"New York, after the change":           {"America/New_York", night, nil, "2026-11-01 04:00", "2026-11-06 22:00"},
		"New York, a freeze ends on that day":  {"America/New_York", nil, []deploy.Freeze{{From: "2026-03-01", To: "2026-03-08"}}, "2026-03-05 12:00", "2026-03-09 00:00"},
		"Berlin, work on the day of a change":  {"Europe/Berlin", []deploy.Window{{Days: everyDay, From: hm(10, 0), To: hm(16, 0)}}, nil, "2026-03-29 09:00", "2026-03-29 10:00"},
		"Berlin, the whole day of a change":    {"Europe/Berlin", []deploy.Window{{Days: []time.Weekday{0}, From: 0, To: 1440}}, nil, "2026-10-25 23:59", "2026-10-25 23:59"},
		"Berlin, the whole day, then the next": {"Europe/Berlin", []deploy.Window{{Days: []time.Weekday{0}, From: 0, To: 1440}}, nil, "2026-10-26 00:00", "2026-11-01 00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			got := deploy.Calendar{Zone: c.zone, Windows: c.windows, Freeze: c.freeze}.Opens(wall(t, c.zone, c.at))
			if c.opens == "" {
				if !got.IsZero() {
					t.Errorf("it opens %s", got)
				}
				return
			}
			if want := wall(t, c.zone, c.opens); !got.Equal(want) {
				t.Errorf("it opens %s, not %s", got, want)
			}
		})
	}
}

// wall reads a wall-clock time; with + an hour later, in the second pass.
func wall(t *testing.T, zone, s string) time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	again := s[len(s)-1] == '+'
	if again {
		s = s[:len(s)-1]
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", s, loc)
	if err != nil {
		t.Fatal(err)
	}
	if before := at.Add(-time.Hour); before.Format("15:04") == at.Format("15:04") {
		at = before
	}
	if again {
		at = at.Add(time.Hour)
	}
	return at
}

// TestOpensIsTheFirstOpenMinute compares with a clock on the wall, minute by minute, through the nights in which clocks
// are changed.
func TestOpensIsTheFirstOpenMinute(t *testing.T) {
	for _, zone := range []string{"Asia/Tokyo", "Europe/Berlin", "America/New_York"} {
		for _, w := range []deploy.Window{
			{Days: everyDay, From: hm(10, 0), To: hm(16, 0)}, {Days: everyDay, From: hm(0, 30), To: hm(5, 0)},
			{Days: []time.Weekday{6, 0}, From: hm(22, 15), To: hm(4, 0)}, {Days: []time.Weekday{0}, From: 0, To: hm(24, 0)},
		} {
			c := deploy.Calendar{Zone: zone, Windows: []deploy.Window{w}}
			for _, day := range []string{"2026-03-07 12:00", "2026-03-28 12:00", "2026-10-24 12:00", "2026-10-31 12:00"} {
				begin := wall(t, zone, day)
				next := time.Time{}
				for at := begin.Add(36 * time.Hour); !at.Before(begin); at = at.Add(-7 * time.Minute) {
					open := onTheWall(w, at)
					if open != c.Opens(at).Equal(at) {
						t.Fatalf("%s %+v: at %s it is open %t", zone, w, at, !open)
					}
					if open {
						next = at
					} else if got := c.Opens(at); !next.IsZero() && (got.After(next) || !got.After(at)) {
						t.Fatalf("%s %+v: at %s it opens %s, and is open at %s", zone, w, at, got, next)
					}
				}
			}
		}
	}
}

func onTheWall(w deploy.Window, at time.Time) bool {
	on := func(d time.Weekday) bool {
		for _, x := range w.Days {
			if x == (d+7)%7 {
				return true
			}
		}
		return false
	}
	now, day := deploy.Clock(at.Hour()*60+at.Minute()), at.Weekday()
	if w.From < w.To {
		return on(day) && now >= w.From && now < w.To
	}
	return on(day) && now >= w.From || on(day-1) && now < w.To
}

// What may not start before its approval is over ends at once, with the reason: nobody waits for it in vain.
func TestWhatMayNotStartInTimeEndsAtOnce(t *testing.T) {
	opens := after(5 * time.Hour)
	for code, c := range map[deploy.Code]deploy.Calendar{
		deploy.Frozen: {Freeze: []deploy.Freeze{{From: "2026-01-01", To: "2030-01-01"}}},
		deploy.OutsideWindow: {Windows: []deploy.Window{{
			Days: []time.Weekday{opens.Weekday()}, From: deploy.Clock(opens.Hour() * 60), To: deploy.Clock(opens.Hour()*60 + 30),
		}}},
	} {
		r := request(deploy.KindDeploy, "")
		r.Rules.Calendar = c
		s := tell(t, plan(t, r, fleet(3, "web"))).approved()
		if e := event(t, s.next(seenAt(s.now)), deploy.EventFinished); e.State != deploy.StateExpired || e.Cause.Code != code {
			t.Errorf("it ends %s with %s", e.State, e.Cause)
		}
	}
}

// A scheduled start may be hours away, and then late by half an hour at most.
func TestAScheduledStartOutlivesStartWithin(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.At = after(10 * time.Hour)
	s := tell(t, plan(t, r, fleet(3, "web"))).approved()
	s.then(event(t, s.next(seenAt(s.now)), deploy.EventQueued))
	s.now = after(3 * time.Hour)
	if d := s.next(seenAt(s.now)); len(d.Events) != 0 || !d.Wake.Equal(r.At) {
		t.Errorf("after 3 h: %s", told(d))
	}
	s.now = r.At
	if d := s.next(seenAt(s.now)); len(d.Do) != 1 {
		t.Errorf("at its time: %s", told(d))
	}
	s.now = r.At.Add(29 * time.Minute)
	if d := s.next(seenAt(s.now)); len(d.Events) != 0 {
		t.Errorf("29 minutes late: %s", told(d))
	}
	s.now = r.At.Add(30 * time.Minute)
	if e := event(t, s.next(seenAt(s.now)), deploy.EventFinished); e.Cause.Code != deploy.StartLate || e.Cause.Values["after"] != "30m0s" {
		t.Errorf("it ends with %s", e.Cause)
	}
}

// One that is approved only after its time still has half an hour.
func TestAnApprovalAfterTheScheduledTimeStillStarts(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.At = after(time.Minute)
	s := tell(t, plan(t, r, fleet(3, "web"))).wait(20 * time.Minute).approved()
	if d := s.next(seenAt(s.now)); len(d.Do) != 1 {
		t.Errorf("approved 19 minutes late: %s", told(d))
	}
}

func TestWhatIsScheduledMustBeAllowedThen(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.Rules.Calendar = deploy.Calendar{Zone: "Asia/Tokyo", Windows: []deploy.Window{{Days: everyDay, From: hm(10, 0), To: hm(16, 0)}}}
	r.At = time.Date(2026, 5, 5, 0, 0, 0, 0, time.UTC) // 09:00 there
	_, err := deploy.MakePlan(r, fleet(3, "web"))
	refused(t, err, deploy.OutsideWindow, "opens", "2026-05-05T10:00:00+09:00")
	r.Emergency, r.Reason = true, "down"
	if _, err := deploy.MakePlan(r, fleet(3, "web")); err != nil {
		t.Errorf("an emergency: %v", err)
	}
	r.Reason = "  "
	_, err = deploy.MakePlan(r, fleet(3, "web"))
	refused(t, err, deploy.NoReason)
}

func TestAnEmergencyNeedsOneWhoMayApprove(t *testing.T) {
	r := request(deploy.KindDeploy, "")
	r.Emergency, r.Reason = true, "down"
	refused(t, deploy.MayRequest(dev, r), deploy.NeedApprover)
	if err := deploy.MayRequest(lead, r); err != nil {
		t.Error(err)
	}
}
