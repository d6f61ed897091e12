package awssim

import (
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"junban/deploy/awssim/world"
)

// cli runs the AWS CLI against the simulator, as an operator would.
type cli struct {
	path, url string
}

func (c cli) run(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.path, args...)
	cmd.Env = append(cmd.Environ(),
		"AWS_ENDPOINT_URL="+c.url, "AWS_REGION=ap-northeast-1", "AWS_DEFAULT_REGION=ap-northeast-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
		"AWS_SECRET_ACCESS_KEY=secret", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "HTTP_PROXY=", "http_proxy=")
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

// parse reads a JSON answer; json.Number keeps numbers as they were written.
func parse(t *testing.T, s string) map[string]any {
	t.Helper()
	var out map[string]any
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	if err := d.Decode(&out); err != nil {
		t.Fatalf("%v in %s", err, s)
	}
	return out
}

func (c cli) health(t *testing.T, group string, more ...string) string {
	t.Helper()
	out := c.run(t, append([]string{"elbv2", "describe-target-health", "--target-group-arn", group, "--query", "TargetHealthDescriptions[].[Target.Id,Target.Port,TargetHealth.State,TargetHealth.Reason]", "--output", "text"}, more...)...)
	return strings.Join(strings.Fields(out), " ")
}

// TestTheCLITakesATargetOutAndBack is what operators do by hand today, command
// for command, with the CLI's own waiters.
func TestTheCLITakesATargetOutAndBack(t *testing.T) {
	path := tool(t, "aws")
	t.Parallel()
	// The CLI needs a second or two for one call, and its waiters ask every 15 s.
	// Health checks are the test's own.
	s := start(t, setup{group: world.Group{Delay: 12 * time.Second, Interval: 24 * time.Hour}})
	c := cli{path, s.url}
	if err := s.w.Register(s.group, []world.Pair{{ID: "i-1"}, {ID: "i-2"}}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"i-1", "i-2"} {
		s.w.Checked(s.group, world.Pair{ID: id}, true, "")
	}
	if got := c.health(t, s.group); got != "i-1 80 healthy None i-2 80 healthy None" {
		t.Fatalf("at rest: %s", got)
	}
	full := parse(t, c.run(t, "elbv2", "describe-target-health", "--target-group-arn", s.group, "--targets", "Id=i-1"))
	row := full["TargetHealthDescriptions"].([]any)[0].(map[string]any)
	if row["HealthCheckPort"] != "80" || row["Target"].(map[string]any)["Port"] != json.Number("80") {
		t.Errorf("%v", row)
	}
	c.run(t, "elbv2", "deregister-targets", "--target-group-arn", s.group, "--targets", "Id=i-1")
	if got := c.health(t, s.group, "--targets", "Id=i-1"); got != "i-1 80 draining Target.DeregistrationInProgress" {
		t.Fatalf("deregistered: %s", got)
	}
	c.run(t, "elbv2", "wait", "target-deregistered", "--target-group-arn", s.group, "--targets", "Id=i-1")
	if got := c.health(t, s.group); got != "i-2 80 healthy None" {
		t.Fatalf("drained: %s", got)
	}
	if got := c.health(t, s.group, "--targets", "Id=i-1"); got != "i-1 80 unused Target.NotRegistered" {
		t.Fatalf("by id: %s", got)
	}
	c.run(t, "elbv2", "register-targets", "--target-group-arn", s.group, "--targets", "Id=i-1,Port=80")
	if got := c.health(t, s.group, "--targets", "Id=i-1,Port=80"); !strings.HasPrefix(got, "i-1 80 initial Elb.") {
		t.Fatalf("registered: %s", got)
	}
	s.w.Checked(s.group, world.Pair{ID: "i-1"}, true, "")
	c.run(t, "elbv2", "wait", "target-in-service", "--target-group-arn", s.group, "--targets", "Id=i-1,Port=80")
	if got := c.health(t, s.group); got != "i-1 80 healthy None i-2 80 healthy None" {
		t.Fatalf("in the end: %s", got)
	}
}

func TestTheCLIRunsACommand(t *testing.T) {
	path := tool(t, "aws")
	t.Parallel()
	s := start(t, setup{})
	c := cli{path, s.url}
	sent := parse(t, c.run(t, "ssm", "send-command", "--instance-ids", "i-1", "--document-name", "AWS-RunShellScript",
		"--comment", "by hand", "--parameters", `{"commands":["echo one","echo two"]}`))["Command"].(map[string]any)
	if sent["DocumentName"] != "AWS-RunShellScript" || sent["Comment"] != "by hand" || sent["Status"] != "Pending" {
		t.Errorf("%v", sent)
	}
	id := sent["CommandId"].(string)
	s.ended(t, id, "i-1")
	got := parse(t, c.run(t, "ssm", "get-command-invocation", "--command-id", id, "--instance-id", "i-1"))
	for k, want := range map[string]any{
		"CommandId": id, "InstanceId": "i-1", "Status": "Success", "StatusDetails": "Success", "ResponseCode": json.Number("0"),
		"StandardOutputContent": "one\ntwo\n", "StandardErrorContent": "", "PluginName": "aws:runShellScript",
	} {
		if got[k] != want {
			t.Errorf("%s is %v, want %v", k, got[k], want)
		}
	}
	list := c.run(t, "ssm", "list-commands", "--filters", "key=InvokedAfter,value="+s.w.Now().Add(-time.Minute).UTC().Format("2006-01-02T15:04:05Z"),
		"--query", "Commands[].[CommandId,Comment]", "--output", "text")
	if strings.TrimSpace(list) != id+"\tby hand" {
		t.Errorf("listed %q", list)
	}
	names := c.run(t, "ec2", "describe-instances", "--filters", "Name=tag:Role,Values=worker", "Name=instance-state-name,Values=running",
		"--query", "Reservations[].Instances[].InstanceId", "--output", "text")
	if strings.Join(strings.Fields(names), " ") != "i-1 i-2 i-3" {
		t.Errorf("instances %q", names)
	}
}
