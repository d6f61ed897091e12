package awssim

import (
	"encoding/xml"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"junban/deploy/awssim/world"
)

// alarmsAnswer is an answer of CloudWatch, in whichever protocol.
type alarmsAnswer = map[string]any

// describeAlarms leaves out names that are not there, as AWS does. Unless
// AlarmTypes asks for composite ones, of which there are none, it tells of
// metric alarms.
func (s *Server) describeAlarms(r *request) (any, error) {
	f, err := r.fields()
	if err != nil {
		return nil, err
	}
	names, prefix, state, kinds := f.list("AlarmNames"), f.text("AlarmNamePrefix"), f.text("StateValue"), f.list("AlarmTypes")
	if len(names) > 100 {
		return nil, invalid("1 validation error detected: Value at 'alarmNames' failed to satisfy constraint: Member must have length less than or equal to 100")
	}
	if len(names) > 0 && prefix != "" {
		return nil, invalid("AlarmNames and AlarmNamePrefix cannot be specified together")
	}
	size := 50
	if n := int(f.number("MaxRecords")); n != 0 {
		if size = n; n < 1 || n > 100 {
			return nil, invalid(fmt.Sprintf("1 validation error detected: Value '%d' at 'maxRecords' failed to satisfy constraint: Member must have value less than or equal to 100", n))
		}
	}
	var all []world.Alarm
	for _, a := range s.world.Alarms() {
		switch {
		case len(names) > 0 && !slices.Contains(names, a.Name),
			!strings.HasPrefix(a.Name, prefix),
			state != "" && a.State != state,
			len(kinds) > 0 && !slices.Contains(kinds, "MetricAlarm"):
		default:
			all = append(all, a)
		}
	}
	page, next, err := pageOf(all, size, f.text("NextToken"), "InvalidNextToken")
	if err != nil {
		return nil, err
	}
	rows := []any{}
	for _, a := range page {
		rows = append(rows, describeAlarm(a))
	}
	out := alarmsAnswer{"MetricAlarms": rows, "CompositeAlarms": []any{}}
	if next != "" {
		out["NextToken"] = next
	}
	return r.told(out), nil
}

func describeAlarm(a world.Alarm) alarmsAnswer {
	return alarmsAnswer{
		"AlarmName": a.Name, "AlarmArn": a.ARN, "AlarmDescription": a.Description, "ActionsEnabled": true,
		"AlarmConfigurationUpdatedTimestamp": a.Updated, "AlarmActions": []any{}, "OKActions": []any{}, "InsufficientDataActions": []any{},
		"StateValue": a.State, "StateReason": a.Reason, "StateUpdatedTimestamp": a.Updated, "StateTransitionedTimestamp": a.Updated,
		"MetricName": a.Metric, "Namespace": a.Namespace, "Statistic": a.Statistic, "Dimensions": []any{},
		"Period": a.Period, "EvaluationPeriods": a.Periods, "Threshold": a.Threshold, "ComparisonOperator": a.Comparison,
	}
}

func (s *Server) putMetricAlarm(r *request) (any, error) {
	f, err := r.fields()
	if err != nil {
		return nil, err
	}
	a := world.Alarm{
		Name: f.text("AlarmName"), Description: f.text("AlarmDescription"), Namespace: f.text("Namespace"), Metric: f.text("MetricName"),
		Statistic: f.text("Statistic"), Comparison: f.text("ComparisonOperator"), Threshold: f.number("Threshold"),
		Period: int(f.number("Period")), Periods: int(f.number("EvaluationPeriods")),
	}
	for name, v := range map[string]string{"alarmName": a.Name, "comparisonOperator": a.Comparison, "evaluationPeriods": f.text("EvaluationPeriods")} {
		if v == "" {
			return nil, required(name)
		}
	}
	s.world.PutAlarm(a)
	return r.told(alarmsAnswer{}), nil
}

func (s *Server) setAlarmState(r *request) (any, error) {
	f, err := r.fields()
	if err != nil {
		return nil, err
	}
	if err := s.world.SetAlarm(f.text("AlarmName"), f.text("StateValue"), f.text("StateReason")); err != nil {
		return nil, err
	}
	return r.told(alarmsAnswer{}), nil
}

// told is the answer as the call's protocol writes it.
func (r *request) told(out alarmsAnswer) any {
	if r.wire == query {
		return treeXML(out)
	}
	return out
}

// treeXML writes an answer in the Query protocol: lists as members.
type treeXML alarmsAnswer

// MarshalXML writes the tree under the name that it is given.
func (t treeXML) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return writeTree(e, start, alarmsAnswer(t))
}

func writeTree(e *xml.Encoder, start xml.StartElement, v any) error {
	switch v := v.(type) {
	case map[string]any:
		if err := e.EncodeToken(start); err != nil {
			return err
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if err := writeTree(e, element(k), v[k]); err != nil {
				return err
			}
		}
		return e.EncodeToken(start.End())
	case []any:
		if err := e.EncodeToken(start); err != nil {
			return err
		}
		for _, x := range v {
			if err := writeTree(e, element("member"), x); err != nil {
				return err
			}
		}
		return e.EncodeToken(start.End())
	case time.Time:
		return e.EncodeElement(stamp(v), start)
	}
	return e.EncodeElement(v, start)
}
