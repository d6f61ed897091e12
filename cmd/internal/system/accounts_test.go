package system

import (
	"context"
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"junban/bot/slacksim"
	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
)

// document is an IAM policy as `junban policy` prints it.
type document struct {
	Version   string
	Statement []map[string]any
}

func (d document) json(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// actions lists the actions of a statement.
func (d document) actions(statement int) []string {
	var out []string
	for _, a := range d.Statement[statement]["Action"].([]any) {
		out = append(out, a.(string))
	}
	return out
}

// without is the document without one action of one statement.
func (d document) without(statement int, action string) document {
	left := slices.DeleteFunc(d.actions(statement), func(a string) bool { return a == action })
	if len(left) == 0 {
		left = []string{"sts:GetCallerIdentity"} // a policy has at least one statement, and that at least one action
	}
	d.Statement = slices.Clone(d.Statement)
	d.Statement[statement] = maps.Clone(d.Statement[statement])
	d.Statement[statement]["Action"] = left
	return d
}

// abroad is a stage whose bot is a user of an account of its own and works by a role in the one where the fleet is, each
// with exactly the policy that `junban policy` prints.
type abroad struct {
	*stage
	user, role    string // ARNs
	home          *awssim.Server
	own, assigned document
}

func newAbroad(t *testing.T) *abroad {
	t.Helper()
	st := &abroad{stage: newStage(t, setup{instances: 2})}
	st.scales("web-asg", st.ids...)
	if err := st.w.SuspendProcesses("web-asg", []string{"ReplaceUnhealthy", "Terminate", "AZRebalance"}); err != nil {
		t.Fatal(err)
	}
	st.edit("region: ap-northeast-1}", `region: ap-northeast-1, accounts: {prod: {role_arn: "arn:aws:iam::123456789012:role/junban", external_id: x-1}}}`,
		"  web:\n", "  web:\n    account: prod\n    alarms: [web-5xx]\n")
	st.w.PutAlarm(world.Alarm{Name: "web-5xx", State: "OK"})
	st.home = st.aws.AddAccount(awssim.Options{World: world.New(world.Options{Seed: 2, Account: "210987654321"})})
	t.Cleanup(func() {
		if err := st.home.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	var err error
	if st.user, err = st.home.AddUser(awssim.User{Name: "bot", AccessKey: "AKIABOT"}); err != nil {
		t.Fatal(err)
	}
	st.extra = map[string]string{"AWS_ACCESS_KEY_ID": "AKIABOT"}
	var there struct{ Policy, Trust document }
	for into, text := range map[any]string{&st.own: st.prints(0, "policy"), &there: st.prints(0, "policy", "--account", "prod", "--bot", st.user)} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	}
	st.assigned = there.Policy
	if st.role, err = st.aws.AddRole(awssim.Role{Name: "junban", Trust: there.Trust.json(t), Policy: st.assigned.json(t)}); err != nil {
		t.Fatal(err)
	}
	if err := st.home.SetPolicy(st.user, st.own.json(t)); err != nil {
		t.Fatal(err)
	}
	return st
}

// dies kills the bot when its first command has been sent, before it knows, and starts it again.
func (st *abroad) dies(bot *process) {
	var once sync.Once
	st.aws.OnCall(func(c awssim.Call) {
		if c.Action == "SendCommand" && c.Done {
			once.Do(bot.kill)
		}
	})
}

func TestByAnAssumedRoleWithExactlyThePrintedPolicyAWholeRolloutSucceeds(t *testing.T) {
	t.Parallel()
	st := newAbroad(t)
	bot := st.bot()
	mark := st.w.Mark()
	st.dies(bot) // so that what a restarted bot looks up is asked for too
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.await("the bot is killed", func() bool { return exited(bot) })
	st.start("run")
	st.shows(ts, "Succeeded")
	st.safe(mark)
	if said := st.types(dev, "doctor web"); strings.Contains(said, "permission-missing") {
		t.Errorf("doctor lacks something: %s", said)
	}
	for _, c := range st.aws.Calls() {
		if !strings.HasPrefix(c.Caller, "arn:aws:sts::123456789012:assumed-role/junban/") && c.Action != "AssumeRole" {
			t.Errorf("%s was called by %s", c.Action, c.Caller)
		}
	}
	for n := range st.ids {
		if ran := st.ran(n); len(ran) != 1 {
			t.Errorf("instance %d ran %v", n, ran)
		}
	}
}

func TestWithOneActionLessThanThePolicyARolloutStopsAndNamesIt(t *testing.T) {
	t.Parallel()
	all := newAbroad(t)
	for _, whose := range []string{"the bot's own", "the role's"} {
		d := map[string]document{"the bot's own": all.own, "the role's": all.assigned}[whose]
		for s := range d.Statement {
			for _, action := range d.actions(s) {
				sid := d.Statement[s]["Sid"].(string)
				t.Run(sid+" "+action, func(t *testing.T) {
					t.Parallel()
					st := newAbroad(t)
					at, who := st.home, st.user
					if whose == "the role's" {
						at, who = st.aws, st.role
					}
					if err := at.SetPolicy(who, d.without(s, action).json(t)); err != nil {
						t.Fatal(err)
					}
					st.lacks(action)
				})
			}
		}
	}
}

// lacks plays a rollout that AWS refuses one action of: it gets no further, and the chat names the action. What only reads
// is tried again for a while before that is said, and the test does not wait for it.
func (st *abroad) lacks(action string) {
	st.t.Helper()
	bot := st.bot()
	again := action == "ssm:ListCommands" // what only a restarted bot asks
	if again {
		st.dies(bot)
	}
	patient := again || action == "ssm:GetCommandInvocation" || action == "cloudwatch:DescribeAlarms"
	ctx, cancel := st.ctx()
	defer cancel()
	if _, err := st.slack.Command(ctx, dev, channel, "/deploy", "web v42"); err != nil {
		st.t.Fatal(err)
	}
	approved := false
	st.await("a stop for want of "+action, func() bool {
		if all := st.parents(); !approved && len(all) == 1 && strings.Contains(st.card(all[0].TS), "[Approve]") {
			approved = true
			st.clicks(lead, all[0].TS, "Approve")
		}
		if again && exited(bot) {
			again = false
			st.start("run")
		}
		said := st.transcript()
		for _, m := range st.slack.Ephemerals(dev) {
			said += slacksim.Text(m)
		}
		return strings.Contains(said, action) || patient && st.denied(action)
	})
	if text := st.transcript(); strings.Contains(text, "Succeeded") {
		st.t.Errorf("it succeeded without %s:\n%s", action, text)
	}
}

// denied reports whether AWS has refused an action.
func (st *abroad) denied(action string) bool {
	_, name, _ := strings.Cut(action, ":")
	return slices.ContainsFunc(st.aws.Calls(), func(c awssim.Call) bool { return c.Action == name && strings.HasPrefix(c.Outcome, "AccessDenied") })
}

func TestSchemaIsWhatEditorsReadAndKnowsEveryKeyOfTheConfiguration(t *testing.T) {
	t.Parallel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command(path, "schema").Output()
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Schema     string `json:"$schema"`
		Properties map[string]any
		Others     *bool `json:"additionalProperties"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(schema.Schema, "https://json-schema.org/") || schema.Others == nil || *schema.Others {
		t.Errorf("%q, other keys %v", schema.Schema, schema.Others)
	}
	for _, key := range []string{"slack", "zone", "aws", "store", "operators", "defaults", "services"} {
		if schema.Properties[key] == nil {
			t.Errorf("no key %s", key)
		}
	}
}
