package world

import (
	"slices"
	"time"
)

// States of an alarm.
const (
	AlarmOK      = "OK"
	AlarmFiring  = "ALARM"
	AlarmUnknown = "INSUFFICIENT_DATA"
)

// Alarm is a CloudWatch metric alarm. It changes its state when it is told to:
// the world has no metrics.
type Alarm struct {
	ARN         string // set by PutAlarm
	Name        string
	Description string
	State       string // default INSUFFICIENT_DATA
	Reason      string
	Updated     time.Time // of State; set by PutAlarm and SetAlarm
	Namespace   string
	Metric      string
	Statistic   string
	Comparison  string // ComparisonOperator
	Threshold   float64
	Period      int // seconds
	Periods     int // evaluation periods
}

// AlarmARN is the ARN of an alarm.
func AlarmARN(region, account, name string) string {
	return "arn:aws:cloudwatch:" + region + ":" + account + ":alarm:" + name
}

// PutAlarm adds an alarm, or replaces one of the same name, which keeps its
// state unless a new one is given.
func (w *World) PutAlarm(a Alarm) {
	now := w.enter()
	defer w.mu.Unlock()
	a.ARN = AlarmARN(w.region, w.account, a.Name)
	i := w.alarm(a.Name)
	switch {
	case a.State != "" || i < 0:
		a.Updated = now
	default:
		a.State, a.Reason, a.Updated = w.alarms[i].State, w.alarms[i].Reason, w.alarms[i].Updated
	}
	if a.State == "" {
		a.State, a.Reason = AlarmUnknown, "Unchecked: Initial alarm creation"
	}
	if i < 0 {
		w.alarms = append(w.alarms, a)
	} else {
		w.alarms[i] = a
	}
	w.broadcast()
}

// SetAlarm changes an alarm's state, one of OK, ALARM and INSUFFICIENT_DATA.
// Errors: ResourceNotFound, ValidationError.
func (w *World) SetAlarm(name, state, reason string) error {
	now := w.enter()
	defer w.mu.Unlock()
	i := w.alarm(name)
	if i < 0 {
		return &Error{Code: "ResourceNotFound", Message: "Unknown alarm: " + name, Status: 404}
	}
	if !slices.Contains([]string{AlarmOK, AlarmFiring, AlarmUnknown}, state) {
		return failf("ValidationError", "1 validation error detected: Value '%s' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]", state)
	}
	a := &w.alarms[i]
	w.append(Entry{At: now, Kind: KindAlarm, Alarm: name, From: a.State, To: state, Reason: reason, Effect: a.State != state})
	if a.State != state {
		a.Updated = now
	}
	a.State, a.Reason = state, reason
	w.broadcast()
	return nil
}

// RemoveAlarm removes an alarm; one that is not there is passed over.
func (w *World) RemoveAlarm(name string) {
	w.enter()
	defer w.mu.Unlock()
	w.alarms = slices.DeleteFunc(w.alarms, func(a Alarm) bool { return a.Name == name })
	w.broadcast()
}

// Alarms returns all alarms in the order they were added.
func (w *World) Alarms() []Alarm {
	w.enter()
	defer w.mu.Unlock()
	return slices.Clone(w.alarms)
}

func (w *World) alarm(name string) int {
	return slices.IndexFunc(w.alarms, func(a Alarm) bool { return a.Name == name })
}
