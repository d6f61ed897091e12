package iam_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"junban/deploy/awscloud"
	"junban/deploy/awscloud/awscall"
	"junban/deploy/awscloud/iam"
	"junban/deploy/ssmrun"
)

var update = flag.Bool("update", false, "write the goldens anew")

var assume = []awscall.Permission{{Action: "sts:AssumeRole", On: []awscall.Resource{awscall.Roles}, For: awscall.OtherRole}}

const tokyo = "ap-northeast-1"

// uses are the goldens' by name; ssm says that commands go over SSM.
var uses = map[string]struct {
	use iam.Use
	ssm bool
}{
	"by-name":         {iam.Use{Region: tokyo, Groups: []string{"web", "api", "web"}, Hosts: true}, true},
	"by-arn":          {iam.Use{Region: tokyo, Account: "123456789012", Groups: []string{"arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/web/0123456789abcdef", "api"}, Hosts: true, Alarms: true}, true},
	"without-ssm":     {iam.Use{Region: tokyo, Groups: []string{"web"}}, false},
	"tags":            {iam.Use{Region: tokyo, Tagged: []map[string]string{{"Role": "worker"}, {"Role": "cron", "Env": "a$b"}, {"Role": "worker"}}}, true},
	"tags-and-groups": {iam.Use{Region: tokyo, Groups: []string{"web"}, Hosts: true, Tagged: []map[string]string{{"Role": "worker"}}}, true},
	"accounts":        {iam.Use{Region: tokyo, Groups: []string{"web"}, Hosts: true, Roles: []string{"arn:aws:iam::333333333333:role/junban", "arn:aws:iam::222222222222:role/junban"}}, true},
	"accounts-only":   {iam.Use{Region: tokyo, Bare: true, Roles: []string{"arn:aws:iam::222222222222:role/junban"}}, false},
	"standby":         {iam.Use{Region: "cn-north-1", Account: "123456789012", Groups: []string{"web"}, Hosts: true, Standby: true}, true},
}

func TestPolicies(t *testing.T) {
	for name, c := range uses {
		tables := [][]awscall.Permission{awscloud.Permissions(), assume}
		if c.ssm {
			tables = append(tables, ssmrun.Permissions())
		}
		golden(t, name, iam.Least(c.use, tables...))
	}
	golden(t, "trust", iam.Trust("arn:aws:iam::111111111111:role/bot", "x-1"))
	golden(t, "trust-without-id", iam.Trust("arn:aws:iam::111111111111:role/bot", ""))
}

func golden(t *testing.T, name string, d iam.Document) {
	t.Helper()
	grammar(t, name, d)
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, []byte(d.String()+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), d.String()+"\n"); diff != "" {
		t.Errorf("%s (go test -update writes it anew):\n%s", name, diff)
	}
}

var (
	sid    = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	action = regexp.MustCompile(`^[a-z0-9]+:[A-Z][A-Za-z]+$`) // no patterns: each action by its name
	arn    = regexp.MustCompile(`^arn:aws[a-z-]*:[a-z0-9]+:[a-z0-9-]*:([0-9]{12}|\*|):[^ ]+$`)
)

// grammar checks what IAM would refuse, and what would be more than the least.
func grammar(t *testing.T, name string, d iam.Document) {
	t.Helper()
	if d.Version != "2012-10-17" || len(d.Statement) == 0 {
		t.Errorf("%s: version %s, %d statements", name, d.Version, len(d.Statement))
	}
	var sids []string
	for _, s := range d.Statement {
		if !sid.MatchString(s.Sid) || slices.Contains(sids, s.Sid) || s.Effect != "Allow" || len(s.Action) == 0 {
			t.Errorf("%s: %+v", name, s)
		}
		sids = append(sids, s.Sid)
		if (len(s.Resource) == 0) != (s.Principal != nil) {
			t.Errorf("%s %s: a statement has either resources or a principal", name, s.Sid)
		}
		for _, a := range s.Action {
			if !action.MatchString(a) {
				t.Errorf("%s %s: action %q", name, s.Sid, a)
			}
		}
		for _, r := range s.Resource {
			if !arn.MatchString(r) && r != "*" {
				t.Errorf("%s %s: resource %q", name, s.Sid, r)
			}
			if reads := slices.ContainsFunc(s.Action, func(a string) bool {
				return !strings.Contains(a, ":Describe") && !strings.Contains(a, ":Get") && !strings.Contains(a, ":List")
			}); r == "*" && reads {
				t.Errorf("%s %s: more than reads on everything", name, s.Sid)
			}
		}
	}
	var back iam.Document
	if err := json.Unmarshal([]byte(d.String()), &back); err != nil || !cmp.Equal(d, back) {
		t.Errorf("%s: it does not read back: %v", name, err)
	}
	if n := len(strings.Join(strings.Fields(d.String()), "")); n > 6144 { // what a managed policy may have, blanks not counted
		t.Errorf("%s: %d characters", name, n)
	}
}

func TestPartitions(t *testing.T) {
	for region, want := range map[string]string{
		tokyo: "aws", "us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "us-iso-east-1": "aws-iso",
		"us-isob-east-1": "aws-iso-b", "eusc-de-east-1": "aws-eusc", "": "aws",
	} {
		if got := iam.Partition(region); got != want {
			t.Errorf("%s is in %s, want %s", region, got, want)
		}
	}
}
