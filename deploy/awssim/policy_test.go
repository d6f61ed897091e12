package awssim

import (
	"strings"
	"testing"
)

func TestJudgingAPolicy(t *testing.T) {
	one := func(statement string) string { return `{"Version":"2012-10-17","Statement":` + statement + `}` }
	for _, tt := range []struct {
		name, policy string
		q            ask
		want         verdict
	}{
		{"a wildcard in the action, any case", one(`{"Effect":"Allow","Action":"EC2:describe*","Resource":"*"}`), ask{action: "ec2:DescribeInstances", resource: "*"}, allowed},
		{"another action", one(`{"Effect":"Allow","Action":"ec2:Describe*","Resource":"*"}`), ask{action: "ec2:StopInstances", resource: "*"}, notAllowed},
		{"everything but", one(`{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`), ask{action: "ec2:StopInstances", resource: "*"}, allowed},
		{"a resource that is not the whole", one(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:r:1:instance/i-1"}`), ask{action: "a:B", resource: "*"}, notAllowed},
		{"a question mark", one(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:ec2:r:1:instance/i-?"}`), ask{action: "a:B", resource: "arn:aws:ec2:r:1:instance/i-1"}, allowed},
		{"deny comes first", one(`[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"a:B","Resource":"*"}]`), ask{action: "a:B", resource: "*"}, denied},
		{"not resource", one(`{"Effect":"Allow","Action":"*","NotResource":"arn:aws:ec2:r:1:instance/*"}`), ask{action: "a:B", resource: "arn:aws:ec2:r:1:instance/i-1"}, notAllowed},
		{"a tag, key in any case", one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"AWS:ResourceTag/Role":"web"}}}`), ask{action: "a:B", resource: "*", keys: map[string]string{"aws:resourcetag/role": "web"}}, allowed},
		{"a tag that is not there", one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Role":"web"}}}`), ask{action: "a:B", resource: "*"}, notAllowed},
		{"not equal to what is not there", one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:ResourceTag/Role":"db"}}}`), ask{action: "a:B", resource: "*"}, allowed},
		{"if it exists", one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqualsIfExists":{"aws:ResourceTag/Role":"web"}}}`), ask{action: "a:B", resource: "*"}, allowed},
		{"no tag", one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"aws:ResourceTag/Role":"true"}}}`), ask{action: "a:B", resource: "*", keys: map[string]string{"aws:resourcetag/role": "x"}}, notAllowed},
		{"two conditions, one fails", one(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"k":"v"},"ArnLike":{"l":"arn:*"}}}`), ask{action: "a:B", resource: "*", keys: map[string]string{"k": "v", "l": "no"}}, notAllowed},
	} {
		p, err := parsePolicy(tt.policy)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := p.judge(tt.q); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// TestPoliciesThatIAMWouldNotTake: a test that sets one must not pass.
func TestPoliciesThatIAMWouldNotTake(t *testing.T) {
	s := start(t, setup{})
	for want, document := range map[string]string{
		"Version":              `{"Statement":[{"Effect":"Allow","Action":"a:B","Resource":"*"}]}`,
		"no Statement":         `{"Version":"2012-10-17","Statement":[]}`,
		"unknown field":        `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Actions":"a:B","Resource":"*"}]}`,
		"Effect":               `{"Version":"2012-10-17","Statement":[{"Effect":"allow","Action":"a:B","Resource":"*"}]}`,
		"Action and NotAction": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*"}]}`,
		"not an action":        `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"DescribeInstances","Resource":"*"}]}`,
		"not a resource":       `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:B","Resource":"web"}]}`,
		"one of Resource":      `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:B"}]}`,
		"has no Principal":     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:B","Resource":"*","Principal":"*"}]}`,
		"NumericEquals":        `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"NumericEquals":{"k":"1"}}}]}`,
		"Sid":                  `{"Version":"2012-10-17","Statement":[{"Sid":"a b","Effect":"Allow","Action":"a:B","Resource":"*"}]}`,
		"IAM takes 10240":      `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:B","Resource":["arn:aws:ec2:r:1:` + strings.Repeat("x", 10300) + `"]}]}`,
		"unexpected EOF":       `{"Version":"2012-10-17"`,
	} {
		if _, err := s.AddUser(User{Name: "u", AccessKey: "k", Policy: document}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	if _, err := s.AddRole(Role{Name: "r", Trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}`}); err == nil || !strings.Contains(err.Error(), "needs a Principal") {
		t.Error(err)
	}
	if err := s.SetPolicy("arn:aws:iam::1:user/nobody", ""); err == nil {
		t.Error("nobody was given a policy")
	}
}
