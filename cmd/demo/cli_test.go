package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"junban/deploy/awssim/world"
)

// aws runs the AWS CLI against the demo, with what its welcome says and nothing of the caller's.
func (s *stage) aws(args ...string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "aws", append([]string{"--endpoint-url", urlOf(s.doors.aws), "--region", region}, args...)...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.t.TempDir(), "AWS_ACCESS_KEY_ID=demo", "AWS_SECRET_ACCESS_KEY=demo",
		"AWS_PAGER=", "AWS_MAX_ATTEMPTS=1", "AWS_EC2_METADATA_DISABLED=true",
	}
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}

// health is what describe-target-health says of the instance, in words.
func (s *stage) health(targets string) string {
	s.t.Helper()
	out := s.aws("elbv2", "describe-target-health", "--target-group-arn", s.fleet.arn(), "--targets", targets, "--output", "text",
		"--query", "TargetHealthDescriptions[].[Target.Id,Target.Port,TargetHealth.State,TargetHealth.Reason]")
	return strings.Join(strings.Fields(out), " ")
}

// What operators do by hand today, with the commands that they use: out, a release by SSM, and back, under traffic.
func TestTheAWSCLITakesAnInstanceOutAndBack(t *testing.T) {
	if _, err := exec.LookPath("aws"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the AWS CLI is needed on CI: %v", err)
		}
		t.Skipf("no AWS CLI: %v", err)
	}
	t.Parallel()
	f := quick(2)
	f.DeregistrationDelay = 12 * time.Second // a call of the CLI takes a second or two, and its waiters ask every 15 s
	f.HealthInterval = 300 * time.Second     // the first check's moment is random: here it is the test's
	s := perform(t, options{flags: f, bot: nobody})
	id, arn := s.fleet.instances[0].ID(), s.fleet.arn()

	s.aws("elbv2", "deregister-targets", "--target-group-arn", arn, "--targets", "Id="+id)
	if got, want := s.health("Id="+id), id+" 80 draining Target.DeregistrationInProgress"; got != want {
		t.Fatalf("deregistered: %s, want %s", got, want)
	}
	s.aws("elbv2", "wait", "target-deregistered", "--target-group-arn", arn, "--targets", "Id="+id)
	if got, want := s.health("Id="+id), id+" 80 unused Target.NotRegistered"; got != want {
		t.Fatalf("drained: %s, want %s", got, want)
	}
	s.release(id)

	s.aws("elbv2", "register-targets", "--target-group-arn", arn, "--targets", "Id="+id+",Port=80")
	if got, want := s.health("Id="+id+",Port=80"), id+" 80 initial Elb."; !strings.HasPrefix(got, want) {
		t.Fatalf("registered: %s, want %s…", got, want)
	}
	s.fleet.world.Checked(group, world.Pair{ID: id, Port: port}, true, "")
	s.aws("elbv2", "wait", "target-in-service", "--target-group-arn", arn, "--targets", "Id="+id+",Port=80")
	if got, want := s.health("Id="+id), id+" 80 healthy None"; got != want {
		t.Fatalf("in the end: %s, want %s", got, want)
	}
	s.until("it gets requests", func() bool { return s.live.state().Targets[0].RPS > 0 })
	if got := s.fleet.public.Snapshot(); got.Failed != 0 {
		t.Errorf("%d requests failed: %+v", got.Failed, got.Failures)
	}
}

// release runs the instance's release script by SSM and waits for its end.
func (s *stage) release(id string) {
	s.t.Helper()
	command := strings.TrimSpace(s.aws("ssm", "send-command", "--instance-ids", id, "--document-name", "AWS-RunShellScript",
		"--parameters", `{"commands":["REF=v42 ./release.sh"]}`, "--query", "Command.CommandId", "--output", "text"))
	s.until("the release has ended", func() bool { return s.fleet.instances[0].Version() == "v42" })
	s.aws("ssm", "wait", "command-executed", "--command-id", command, "--instance-id", id)
	var got struct{ Status, StandardOutputContent, StandardErrorContent string }
	out := s.aws("ssm", "get-command-invocation", "--command-id", command, "--instance-id", id)
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		s.t.Fatalf("%v in %s", err, out)
	}
	if got.Status != "Success" || !strings.HasSuffix(got.StandardOutputContent, "release v42: running\n") || got.StandardErrorContent != "" {
		s.t.Errorf("the invocation: %+v", got)
	}
}
