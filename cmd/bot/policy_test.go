package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestPolicyIsWhatIAMTakes(t *testing.T) {
	path := write(t, readmes(t))
	code, out, stderr := junban(t, nil, "policy", "--config", path)
	if code != 0 || stderr != "" {
		t.Fatalf("%d %s", code, stderr)
	}
	var policy struct {
		Version   string
		Statement []struct {
			Effect           string
			Action, Resource []string
		}
	}
	if err := json.Unmarshal([]byte(out), &policy); err != nil || policy.Version != "2012-10-17" || len(policy.Statement) != 4 {
		t.Errorf("%v in %s", err, out)
	}
	for _, want := range []string{"elasticloadbalancing:DeregisterTargets", "arn:aws:elasticloadbalancing:ap-northeast-1:*:targetgroup/LaravelTargetGroup/*", "ssm:SendCommand"} {
		if !strings.Contains(out, want) {
			t.Errorf("it lacks %s:\n%s", want, out)
		}
	}
	for _, c := range []struct{ args, want string }{
		{"--account prod", "deploy.yaml has no account prod: aws.accounts is empty"},
		{"--bot arn:aws:iam::1:role/bot", "say --account NAME too"},
	} {
		args := append([]string{"policy", "--config", path}, strings.Fields(c.args)...)
		if code, out, stderr := junban(t, nil, args...); code != 1 || out != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: %d %q %q", c.args, code, out, stderr)
		}
	}
}
