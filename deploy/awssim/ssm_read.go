package awssim

import (
	"fmt"
	"slices"
	"time"

	"junban/deploy/awssim/world"
)

// epoch is a time as SSM writes it: seconds with a fraction.
func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// status folds what the invocations say into the command's.
func (c *command) status() (status, details string) {
	status, details = success, success
	for _, i := range c.invocations {
		if !i.over() {
			return i.status, i.details
		}
		if i.status != success {
			status, details = i.status, i.details
		}
	}
	return status, details
}

// describe is a Command as SSM answers it.
func (c *command) describe() map[string]any {
	status, details := c.status()
	ids, done, bad, late := []string{}, 0, 0, 0
	for _, i := range c.invocations {
		ids = append(ids, i.instance.ID)
		switch {
		case !i.over():
			continue
		case i.details == "Delivery Timed Out":
			late++
		case i.status != success:
			bad++
		}
		done++
	}
	return map[string]any{
		"CommandId": c.id, "DocumentName": c.document, "DocumentVersion": "$DEFAULT", "Comment": c.comment,
		"ExpiresAfter":      epoch(c.requested.Add(time.Duration(c.delivery)*time.Second + c.execution)),
		"Parameters":        c.params,
		"InstanceIds":       ids,
		"Targets":           nonNil(c.targets),
		"RequestedDateTime": epoch(c.requested),
		"Status":            status, "StatusDetails": details,
		"OutputS3BucketName": "", "OutputS3KeyPrefix": "", "OutputS3Region": "", "ServiceRole": "",
		"MaxConcurrency": "50", "MaxErrors": "0", "TimeoutSeconds": c.delivery,
		"TargetCount": len(c.invocations), "CompletedCount": done, "ErrorCount": bad, "DeliveryTimedOutCount": late,
		"NotificationConfig":     map[string]any{"NotificationArn": "", "NotificationEvents": []string{}, "NotificationType": ""},
		"CloudWatchOutputConfig": map[string]any{"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": false},
	}
}

func nonNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func (s *Server) getCommandInvocation(r *request) (any, error) {
	var in struct{ CommandID, InstanceID, PluginName string }
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	s.ssm.mu.Lock()
	defer s.ssm.mu.Unlock()
	c := s.ssm.byID(in.CommandID)
	if c != nil && s.world.Now().Sub(c.requested) >= s.ssm.getLag {
		for _, i := range c.invocations {
			if i.instance.ID == in.InstanceID {
				return i.describe(s.world.Now()), nil
			}
		}
	}
	return nil, &world.Error{Code: "InvocationDoesNotExist", Status: 400}
}

// describe is the answer of GetCommandInvocation. Output stays empty and the
// response code -1 until the command ends.
func (i *invocation) describe(now time.Time) map[string]any {
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	took := ""
	if !i.began.IsZero() {
		until := now
		if i.over() {
			until = i.ended
		}
		took = fmt.Sprintf("PT%.3fS", until.Sub(i.began).Seconds())
	}
	return map[string]any{
		"CommandId": i.command.id, "InstanceId": i.instance.ID, "Comment": i.command.comment,
		"DocumentName": i.command.document, "DocumentVersion": "$DEFAULT", "PluginName": "aws:runShellScript",
		"ResponseCode": i.code, "Status": i.status, "StatusDetails": i.details,
		"ExecutionStartDateTime": stamp(i.began), "ExecutionEndDateTime": stamp(i.ended), "ExecutionElapsedTime": took,
		"StandardOutputContent": i.stdout, "StandardOutputUrl": "",
		"StandardErrorContent": i.stderr, "StandardErrorUrl": "",
		"CloudWatchOutputConfig": map[string]any{"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": false},
	}
}

type listInput struct {
	CommandID  string
	InstanceID string
	Filters    []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	MaxResults *int
	NextToken  string
	Details    bool
}

// selected are the commands that a list call asks for, newest first. The
// caller holds the lock.
func (s *Server) selected(in listInput) ([]*command, error) {
	if in.MaxResults != nil && (*in.MaxResults < 1 || *in.MaxResults > 50) {
		return nil, violates(fmt.Sprint(*in.MaxResults), "maxResults", "Member must have value less than or equal to 50")
	}
	if in.CommandID != "" && s.ssm.byID(in.CommandID) == nil {
		return nil, &world.Error{Code: "InvalidCommandId", Status: 400}
	}
	var out []*command
	for _, c := range slices.Backward(s.ssm.list) {
		ok := (in.CommandID == "" || c.id == in.CommandID) && s.world.Now().Sub(c.requested) >= s.ssm.listLag &&
			(in.InstanceID == "" || slices.ContainsFunc(c.invocations, func(i *invocation) bool { return i.instance.ID == in.InstanceID }))
		for _, f := range in.Filters {
			match, err := c.fits(f.Key, f.Value)
			if err != nil {
				return nil, err
			}
			ok = ok && match
		}
		if ok {
			out = append(out, c)
		}
	}
	return out, nil
}

func (c *command) fits(key, value string) (bool, error) {
	status, _ := c.status()
	switch key {
	case "DocumentName":
		return c.document == value, nil
	case "Status":
		return status == value, nil
	case "ExecutionStage":
		executing := slices.Contains([]string{pending, inProgress, cancelling}, status)
		return executing == (value == "Executing"), nil
	case "InvokedAfter", "InvokedBefore":
		t, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return false, &world.Error{Code: "InvalidFilterKey", Message: "The filter value is not a valid timestamp: " + value, Status: 400}
		}
		// SSM's filters know whole seconds.
		if key == "InvokedAfter" {
			return !c.requested.Truncate(time.Second).Before(t.Truncate(time.Second)), nil
		}
		return c.requested.Before(t), nil
	}
	return false, &world.Error{Code: "InvalidFilterKey", Message: "The specified filter key is not valid: " + key, Status: 400}
}

func (in listInput) size() int {
	if in.MaxResults == nil {
		return 50
	}
	return *in.MaxResults
}

func (s *Server) listCommands(r *request) (any, error) {
	var in listInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	s.ssm.mu.Lock()
	defer s.ssm.mu.Unlock()
	found, err := s.selected(in)
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(found, in.size(), in.NextToken, "InvalidNextToken")
	if err != nil {
		return nil, err
	}
	rows := []any{}
	for _, c := range page {
		rows = append(rows, c.describe())
	}
	return paged("Commands", rows, next), nil
}

func (s *Server) listCommandInvocations(r *request) (any, error) {
	var in listInput
	if err := r.decode(&in); err != nil {
		return nil, err
	}
	s.ssm.mu.Lock()
	defer s.ssm.mu.Unlock()
	found, err := s.selected(in)
	if err != nil {
		return nil, err
	}
	rows := []any{}
	for _, c := range found {
		for _, i := range c.invocations {
			if in.InstanceID == "" || i.instance.ID == in.InstanceID {
				rows = append(rows, i.row(in.Details))
			}
		}
	}
	page, next, err := pageOf(rows, in.size(), in.NextToken, "InvalidNextToken")
	if err != nil {
		return nil, err
	}
	return paged("CommandInvocations", page, next), nil
}

func (i *invocation) row(details bool) map[string]any {
	plugins := []any{}
	if details {
		p := map[string]any{
			"Name": "aws:runShellScript", "Status": i.status, "StatusDetails": i.details,
			"ResponseCode": i.code, "Output": first(i.stdout, keepPlugin),
		}
		if !i.began.IsZero() {
			p["ResponseStartDateTime"] = epoch(i.began)
		}
		if i.over() {
			p["ResponseFinishDateTime"] = epoch(i.ended)
		}
		plugins = append(plugins, p)
	}
	return map[string]any{
		"CommandId": i.command.id, "InstanceId": i.instance.ID, "InstanceName": i.instance.Name,
		"Comment": i.command.comment, "DocumentName": i.command.document, "DocumentVersion": "$DEFAULT",
		"RequestedDateTime": epoch(i.command.requested), "Status": i.status, "StatusDetails": i.details,
		"StandardOutputUrl": "", "StandardErrorUrl": "", "ServiceRole": "", "CommandPlugins": plugins,
	}
}

func paged(name string, rows []any, next string) map[string]any {
	out := map[string]any{name: nonNil(rows)}
	if next != "" {
		out["NextToken"] = next
	}
	return out
}
