package ssmrun_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"go.uber.org/goleak"

	"junban/deploy"
	"junban/deploy/awscloud/awstest"
	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
	"junban/deploy/ssmrun"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "op1/i-1/1/command"

func job() deploy.Job {
	return deploy.Job{Token: token, Instance: "i-1", Script: "echo hello", Timeout: time.Minute}
}

// fixture is one instance, i-1, whose agent is online.
type fixture struct {
	*ssmrun.Runner
	world *world.World
	sim   *awssim.Server
	cfg   aws.Config
	// says is what a command does in a bubble; in a real fixture, sh does it.
	says func(context.Context, awssim.Exec) awssim.Outcome
}

// bubble runs a test in a synctest bubble. Commands do what f.says does; by default the guard answers exit 0.
func bubble(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{says: func(context.Context, awssim.Exec) awssim.Outcome {
			return awssim.Outcome{Stdout: answer("state=exited\texit=0")}
		}}
		f.world = world.New(world.Options{})
		f.world.AddInstance(world.Instance{ID: "i-1", AgentOnline: true})
		f.world.AddInstance(world.Instance{ID: "i-2"})
		f.sim = awssim.New(awssim.Options{World: f.world, Exec: func(ctx context.Context, e awssim.Exec) awssim.Outcome { return f.says(ctx, e) }})
		f.cfg = awstest.Config(t, f.sim, nil)
		f.Runner = ssmrun.New(f.cfg, ssmrun.Options{})
		t.Cleanup(func() { must(t, f.sim.Close(context.Background())) })
		test(t, f)
	})
}

// real is a fixture whose commands sh runs, in a folder of the test's own.
func real(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{world: world.New(world.Options{})}
	f.world.AddInstance(world.Instance{ID: "i-1", AgentOnline: true, Dir: t.TempDir()})
	f.sim = awssim.New(awssim.Options{World: f.world, Limits: awssim.NoLimits()})
	server := httptest.NewServer(f.sim)
	f.cfg = aws.Config{
		Region: "ap-northeast-1", Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
		BaseEndpoint: aws.String(server.URL), HTTPClient: server.Client(),
	}
	f.Runner = ssmrun.New(f.cfg, ssmrun.Options{Poll: 20 * time.Millisecond})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		must(t, f.sim.Close(ctx))
		server.Close()
	})
	return f
}

func (f *fixture) send(t *testing.T, j deploy.Job) string {
	t.Helper()
	id, err := f.Send(t.Context(), j, time.Time{})
	must(t, err)
	return id
}

func (f *fixture) run(t *testing.T, j deploy.Job) deploy.Report {
	t.Helper()
	r, err := f.Wait(t.Context(), j, f.send(t, j))
	must(t, err)
	return r
}

// sent are the bodies of the SendCommand calls.
func (f *fixture) sent(t *testing.T) []sendBody {
	t.Helper()
	var out []sendBody
	for _, c := range f.sim.Calls() {
		if c.Action == "SendCommand" {
			var b sendBody
			must(t, json.Unmarshal([]byte(c.Body), &b))
			out = append(out, b)
		}
	}
	return out
}

type sendBody struct {
	DocumentName, Comment string
	InstanceIDs           []string `json:"InstanceIds"`
	TimeoutSeconds        int
	Parameters            map[string][]string
	OutputS3BucketName    string
	CloudWatch            json.RawMessage `json:"CloudWatchOutputConfig"`
}

// answer is a guard's answer about the token.
func answer(fields string) string {
	return "junban-guard 1\ttoken=" + token + "\t" + fields + "\tsize=0\tsent=0\n"
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fault checks that an error is a fault of a class whose text holds all of the words.
func fault(t *testing.T, err error, class deploy.Class, words ...string) {
	t.Helper()
	f, ok := errors.AsType[*deploy.Fault](err)
	if !ok {
		t.Fatalf("got %T %v, want a fault", err, err)
	}
	if f.Class != class {
		t.Errorf("got class %s of %q, want %s", f.Class, f, class)
	}
	for _, w := range words {
		if !strings.Contains(f.Error(), w) {
			t.Errorf("%q lacks %q", f, w)
		}
	}
}
