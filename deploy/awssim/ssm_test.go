package awssim

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"junban/deploy/awssim/world"
)

func shellCommand(id string, lines ...string) *awsssm.SendCommandInput {
	return &awsssm.SendCommandInput{
		DocumentName: aws.String("AWS-RunShellScript"), InstanceIds: []string{id}, Comment: aws.String("op-1/0/1"),
		TimeoutSeconds: aws.Int32(30), Parameters: map[string][]string{"commands": lines, "executionTimeout": {"600"}},
	}
}

func (s *sim) send(t *testing.T, in *awsssm.SendCommandInput) string {
	t.Helper()
	out, err := s.SSM.SendCommand(s.ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	return *out.Command.CommandId
}

func (s *sim) invocation(t *testing.T, command, id string) *awsssm.GetCommandInvocationOutput {
	t.Helper()
	out, err := s.SSM.GetCommandInvocation(s.ctx, &awsssm.GetCommandInvocationInput{CommandId: &command, InstanceId: &id})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// ended waits for a command's end.
func (s *sim) ended(t *testing.T, command, id string) *awsssm.GetCommandInvocationOutput {
	t.Helper()
	s.until(t, command+" ended", func() bool {
		for _, e := range s.w.Log() {
			if e.Kind == world.KindEnded && e.Command == command && e.Instance == id {
				return true
			}
		}
		return false
	})
	return s.invocation(t, command, id)
}

// appears waits for a file that a script makes.
func appears(t *testing.T, path string) string {
	t.Helper()
	for late := time.Now().Add(10 * time.Second); time.Now().Before(late); time.Sleep(5 * time.Millisecond) {
		if b, err := os.ReadFile(path); err == nil && len(b) > 0 {
			return strings.TrimSpace(string(b))
		}
	}
	t.Fatal("never: ", path)
	return ""
}

func TestACommandReallyRuns(t *testing.T) {
	s := start(t, setup{})
	i, _ := s.w.Instance("i-1")
	id := s.send(t, shellCommand("i-1", `echo "in $(pwd)"`, `echo "state $JUNBAN_STATE home [$HOME]"`, `echo oops >&2`, `env | sort | cut -d= -f1 | tr '\n' ' '`, "exit 3"))
	got := s.ended(t, id, "i-1")
	dir, err := filepath.EvalSymlinks(i.Dir)
	if err != nil {
		t.Fatal(err)
	}
	out := aws.ToString(got.StandardOutputContent)
	if !strings.Contains(out, "in "+dir+"\n") || !strings.Contains(out, "state "+i.Dir+"/junban home []") {
		t.Errorf("stdout %q", out)
	}
	for _, name := range strings.Fields(out[strings.LastIndex(out, "\n")+1:]) {
		switch name {
		case "PATH", "JUNBAN_STATE", "PWD", "SHLVL", "_", "OLDPWD": // sh sets the last four itself
		default:
			t.Errorf("environment has %s", name)
		}
	}
	if e := aws.ToString(got.StandardErrorContent); e != "oops\nfailed to run commands: exit status 3" {
		t.Errorf("stderr %q", e)
	}
	if got.Status != types.CommandInvocationStatusFailed || *got.StatusDetails != "Failed" || got.ResponseCode != 3 || *got.Comment != "op-1/0/1" || *got.ExecutionEndDateTime == "" {
		t.Errorf("%+v", got)
	}
	if left, _ := os.ReadDir(filepath.Join(i.Dir, ".ssm")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOutputIsCutAtSSMsLimits(t *testing.T) {
	s := start(t, setup{})
	id := s.send(t, shellCommand("i-1", `i=0; while [ $i -lt 3000 ]; do echo "0123456 あ"; echo "err $i 56789" >&2; i=$((i+1)); done`))
	got := s.ended(t, id, "i-1")
	if n := len([]rune(*got.StandardOutputContent)); n != 24000 {
		t.Errorf("stdout has %d characters", n)
	}
	if !strings.HasPrefix(*got.StandardErrorContent, "err 0 ") || len(*got.StandardErrorContent) != 8000 {
		t.Errorf("stderr has %d bytes", len(*got.StandardErrorContent))
	}
	if got.Status != types.CommandInvocationStatusSuccess || got.ResponseCode != 0 {
		t.Errorf("%v %d", got.Status, got.ResponseCode)
	}
}

func TestCancelKillsTheWholeProcessGroup(t *testing.T) {
	s := start(t, setup{})
	i, _ := s.w.Instance("i-1")
	id := s.send(t, shellCommand("i-1", "sleep 300 & echo $! > child", "echo begun", "wait"))
	child, err := strconv.Atoi(appears(t, filepath.Join(i.Dir, "child")))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.invocation(t, id, "i-1"); got.Status != types.CommandInvocationStatusInProgress || got.ResponseCode != -1 || *got.StandardOutputContent != "" {
		t.Errorf("while it runs: %+v", got)
	}
	if _, err := s.SSM.CancelCommand(s.ctx, &awsssm.CancelCommandInput{CommandId: &id}); err != nil {
		t.Fatal(err)
	}
	got := s.ended(t, id, "i-1")
	if got.Status != types.CommandInvocationStatusCancelled || got.ResponseCode != -1 || *got.StandardOutputContent != "begun\n" {
		t.Errorf("afterwards: %v %d %q", got.Status, got.ResponseCode, *got.StandardOutputContent)
	}
	gone(t, child)
	if _, err := s.SSM.CancelCommand(s.ctx, &awsssm.CancelCommandInput{CommandId: &id}); err != nil {
		t.Errorf("cancelling what has ended: %v", err)
	}
	if got := s.invocation(t, id, "i-1"); got.Status != types.CommandInvocationStatusCancelled {
		t.Errorf("changed: %v", got.Status)
	}
}

func TestExecutionTimeout(t *testing.T) {
	s := start(t, setup{})
	in := shellCommand("i-1", "echo $$ > self", "sleep 300")
	in.Parameters["executionTimeout"] = []string{"1"}
	id := s.send(t, in)
	got := s.ended(t, id, "i-1")
	if got.Status != types.CommandInvocationStatusTimedOut || *got.StatusDetails != "Execution Timed Out" || got.ResponseCode != -1 {
		t.Errorf("%v %s %d", got.Status, *got.StatusDetails, got.ResponseCode)
	}
	i, _ := s.w.Instance("i-1")
	pid, err := strconv.Atoi(appears(t, filepath.Join(i.Dir, "self")))
	if err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
}

func TestACommandOutlivesItsSender(t *testing.T) {
	s := start(t, setup{})
	i, _ := s.w.Instance("i-1")
	ctx, cancel := context.WithCancel(s.ctx)
	fault := s.Fault(Fault{Action: "SendCommand", Do: Hold, After: true})
	sent := make(chan error, 1)
	go func() {
		_, err := s.SSM.SendCommand(ctx, shellCommand("i-1", "while [ ! -e go ]; do sleep 0.01; done; echo done > here"))
		sent <- err
	}()
	<-fault.Held()
	cancel() // the client dies
	if err := <-sent; err == nil {
		t.Fatal("the client was answered")
	}
	if err := os.WriteFile(filepath.Join(i.Dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	appears(t, filepath.Join(i.Dir, "here"))
	fault.Release()
	list, err := s.SSM.ListCommands(s.ctx, &awsssm.ListCommandsInput{})
	if err != nil || len(list.Commands) != 1 || *list.Commands[0].Comment != "op-1/0/1" {
		t.Fatalf("%+v %v", list, err)
	}
}

func TestSendCommandRefuses(t *testing.T) {
	s := start(t, setup{})
	s.w.SetAgent("i-2", false)
	if err := s.w.Stop("i-3"); err != nil {
		t.Fatal(err)
	}
	change := func(f func(*awsssm.SendCommandInput)) *awsssm.SendCommandInput {
		in := shellCommand("i-1", "true")
		f(in)
		return in
	}
	for _, tt := range []struct {
		name string
		in   *awsssm.SendCommandInput
		code string
	}{
		{"no agent", shellCommand("i-2", "true"), "InvalidInstanceId"},
		{"stopped", shellCommand("i-3", "true"), "InvalidInstanceId"},
		{"unknown", shellCommand("i-404", "true"), "InvalidInstanceId"},
		{"another document", change(func(in *awsssm.SendCommandInput) { in.DocumentName = aws.String("AWS-RunPowerShellScript") }), "InvalidDocument"},
		{"a long comment", change(func(in *awsssm.SendCommandInput) { in.Comment = aws.String(strings.Repeat("x", 101)) }), "ValidationException"},
		{"a short delivery", change(func(in *awsssm.SendCommandInput) { in.TimeoutSeconds = aws.Int32(29) }), "ValidationException"},
		{"an unknown parameter", change(func(in *awsssm.SendCommandInput) { in.Parameters["comands"] = []string{"x"} }), "InvalidParameters"},
		{"no commands", change(func(in *awsssm.SendCommandInput) { delete(in.Parameters, "commands") }), "InvalidParameters"},
		{"a timeout with a unit", change(func(in *awsssm.SendCommandInput) { in.Parameters["executionTimeout"] = []string{"10m"} }), "InvalidParameters"},
		{"a timeout too long", change(func(in *awsssm.SendCommandInput) { in.Parameters["executionTimeout"] = []string{"172801"} }), "InvalidParameters"},
	} {
		_, err := s.SSM.SendCommand(s.ctx, tt.in)
		if code, _ := said(err); code != tt.code {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if n := s.w.Commands("i-1", 0); n != 0 {
		t.Errorf("%d commands were started", n)
	}
}

func TestListsAndLags(t *testing.T) {
	s := start(t, setup{options: Options{Limits: NoLimits(), Exec: func(context.Context, Exec) Outcome { return Outcome{Stdout: "hello"} }}})
	var ids []string
	for n := range 5 {
		ids = append(ids, s.send(t, shellCommand("i-"+strconv.Itoa(1+n%2), "true")))
	}
	for n, id := range ids {
		s.ended(t, id, "i-"+strconv.Itoa(1+n%2))
	}
	count := func(in *awsssm.ListCommandsInput) (n, calls int) {
		t.Helper()
		pages := awsssm.NewListCommandsPaginator(s.SSM, in)
		for pages.HasMorePages() {
			page, err := pages.NextPage(s.ctx)
			if err != nil {
				t.Fatal(err)
			}
			n, calls = n+len(page.Commands), calls+1
		}
		return n, calls
	}
	filter := func(k types.CommandFilterKey, v string) []types.CommandFilter {
		return []types.CommandFilter{{Key: k, Value: &v}}
	}
	stamp := func(d time.Duration) string { return s.w.Now().Add(d).UTC().Format(time.RFC3339) }
	if n, calls := count(&awsssm.ListCommandsInput{MaxResults: aws.Int32(2)}); n != 5 || calls != 3 {
		t.Errorf("%d commands in %d pages", n, calls)
	}
	for _, tt := range []struct {
		name string
		in   *awsssm.ListCommandsInput
		want int
	}{
		{"instance", &awsssm.ListCommandsInput{InstanceId: aws.String("i-2")}, 2},
		{"command", &awsssm.ListCommandsInput{CommandId: &ids[0]}, 1},
		{"since a minute", &awsssm.ListCommandsInput{Filters: filter("InvokedAfter", stamp(-time.Minute))}, 5},
		{"since a minute from now", &awsssm.ListCommandsInput{Filters: filter("InvokedAfter", stamp(time.Minute))}, 0},
		{"document", &awsssm.ListCommandsInput{Filters: filter("DocumentName", "AWS-RunShellScript")}, 5},
		{"another document", &awsssm.ListCommandsInput{Filters: filter("DocumentName", "AWS-Other")}, 0},
		{"status", &awsssm.ListCommandsInput{Filters: filter("Status", "Failed")}, 0},
	} {
		if n, _ := count(tt.in); n != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, n, tt.want)
		}
	}
	inv, err := s.SSM.ListCommandInvocations(s.ctx, &awsssm.ListCommandInvocationsInput{CommandId: &ids[1], Details: true})
	if err != nil || len(inv.CommandInvocations) != 1 || *inv.CommandInvocations[0].CommandPlugins[0].Output != "hello" || inv.CommandInvocations[0].Status != "Success" {
		t.Errorf("%+v %v", inv, err)
	}
	s.SetInvocationLag(time.Hour, time.Hour)
	_, err = s.SSM.GetCommandInvocation(s.ctx, &awsssm.GetCommandInvocationInput{CommandId: &ids[0], InstanceId: aws.String("i-1")})
	if code, _ := said(err); code != "InvocationDoesNotExist" {
		t.Errorf("shortly after a send: %v", err)
	}
	if n, _ := count(&awsssm.ListCommandsInput{}); n != 0 {
		t.Errorf("%d commands are shown already", n)
	}
	info, err := s.SSM.DescribeInstanceInformation(s.ctx, &awsssm.DescribeInstanceInformationInput{Filters: []types.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: []string{"i-1"}}}})
	if err != nil || len(info.InstanceInformationList) != 1 || info.InstanceInformationList[0].PingStatus != "Online" {
		t.Errorf("%+v %v", info, err)
	}
}

func TestTheCommandOfAnInstanceThatIsStoppedDies(t *testing.T) {
	s := start(t, setup{})
	i, _ := s.w.Instance("i-1")
	in := shellCommand("i-1", "echo $$ > self", "sleep 300")
	in.Parameters["executionTimeout"] = []string{"2"}
	id := s.send(t, in)
	pid, err := strconv.Atoi(appears(t, filepath.Join(i.Dir, "self")))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.w.Stop("i-1"); err != nil {
		t.Fatal(err)
	}
	gone(t, pid)
	if got := s.ended(t, id, "i-1"); got.Status != types.CommandInvocationStatusTimedOut {
		t.Errorf("%v", got.Status)
	}
}
