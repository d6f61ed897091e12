package main

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

func parse(t *testing.T, args ...string) (flags, error) {
	t.Helper()
	var f flags
	k, err := kong.New(&f)
	if err != nil {
		t.Fatal(err)
	}
	_, err = k.Parse(args)
	return f, err
}

func TestTheCommandLine(t *testing.T) {
	f, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	want := flags{
		Instances: 4, DeregistrationDelay: 5 * time.Second, HealthInterval: 5 * time.Second, Language: "en",
		HTTP: "127.0.0.1:8700", AWS: "127.0.0.1:8701", Slack: "127.0.0.1:8702", Service: "127.0.0.1:8703",
	}
	if f != want {
		t.Errorf("defaults: %+v", f)
	}
	f, err = parse(t, "--unattended", "--json", "--instances", "6", "--deregistration-delay=0s", "--health-interval", "10s",
		"--http", ":1", "--aws", ":2", "--slack", ":3", "--service", ":4")
	if err != nil {
		t.Fatal(err)
	}
	want = flags{true, true, 6, 0, 10 * time.Second, "en", ":1", ":2", ":3", ":4"}
	if f != want {
		t.Errorf("all: %+v", f)
	}
}

func TestWhatTheCommandLineRefuses(t *testing.T) {
	for args, says := range map[string]string{
		"--json":                         "--json goes with --unattended",
		"--instances=1":                  "--instances is 1, want 2 to 50",
		"--instances=51":                 "--instances is 51",
		"--deregistration-delay=-1s":     "--deregistration-delay is -1s",
		"--deregistration-delay=1500ms":  "want whole seconds",
		"--deregistration-delay=3601s":   "0s to 1h",
		"--health-interval=0s":           "--health-interval is 0s",
		"--health-interval=500ms":        "--health-interval is 500ms",
		"--health-interval=301s":         "1s to 300s",
		"--instances=0 --json":           "--instances is 0",
		"--language=fr":                  "--language must be one of",
		"--unattended --language=ja":     "leave out --language ja",
		"--health-interval=often":        "often",
		"--deregistration-delay=5s much": "much",
	} {
		if _, err := parse(t, strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestATakenPortIsNamed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	f := quick(2)
	f.AWS, f.Service = taken.Addr().String(), "nowhere"
	_, err = listen(t.Context(), f)
	if err == nil {
		t.Fatal("a port was had twice")
	}
	for _, says := range []string{"--aws " + f.AWS + ": the port is taken", "choose another with --aws", "--service nowhere: "} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("%q is not in: %v", says, err)
		}
	}
	if strings.Contains(err.Error(), "--http") || strings.Contains(err.Error(), "--slack") {
		t.Errorf("others are blamed: %v", err)
	}
}
