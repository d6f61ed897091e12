package doctor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"junban/deploy"
	"junban/deploy/doctor"
)

const (
	lbARN   = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/app/front/50dc6c495c0c9188"
	webARN  = "arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
	profile = "arn:aws:iam::123456789012:instance-profile/web"
)

// patient is what is examined: a case changes what it is about.
type patient struct {
	doctor.Survey
	r deploy.Request
}

func (p *patient) group() *doctor.Group       { return &p.Groups[0] }
func (p *patient) balancer() *doctor.Balancer { return &p.Balancers[0] }

func (p *patient) instance(id string, change func(*doctor.Instance)) {
	i := p.Instances[id]
	change(&i)
	p.Instances[id] = i
}

// add registers one more healthy instance like the others.
func (p *patient) add(id, zone string) {
	n := strings.TrimPrefix(id, "i-")
	p.Instances[id] = doctor.Instance{
		Instance: deploy.Instance{ID: id, Name: "web-" + n, IP: "10.0.0." + n, Zone: zone, State: "running"},
		Type:     "t3.small", Image: "ami-1", Subnet: "subnet-" + zone[len(zone)-1:], Profile: profile, SecurityGroups: []string{"sg-1"}, Tokens: "required",
	}
	p.Agents[id] = doctor.Online
	g := p.group()
	g.Targets = append(g.Targets, deploy.Target{Pair: deploy.Pair{Group: webARN, Target: id, Port: 80}, State: deploy.Healthy})
}

func (p *patient) remove(id string) {
	p.group().Targets = slices.DeleteFunc(p.group().Targets, func(t deploy.Target) bool { return t.Target == id })
}

func (p *patient) state(id string, h deploy.Health) {
	for i, t := range p.group().Targets {
		if t.Target == id {
			p.group().Targets[i].State = h
		}
	}
}

// sound is a fleet in which nothing is to be found: i-1 and i-3 in one zone, i-2 and i-4 in the other.
func sound() *patient {
	p := &patient{
		Survey: doctor.Survey{
			Region: "ap-northeast-1", Instances: map[string]doctor.Instance{}, Agents: map[string]string{},
			Groups: []doctor.Group{{
				Group:     deploy.Group{ARN: webARN, Name: "web", Type: "instance", Port: 80, Delay: 30 * time.Second, Interval: 30 * time.Second, Balanced: true},
				Balancers: []string{lbARN}, Attributes: true, CrossZone: "use_load_balancer_configuration",
			}},
			Balancers: []doctor.Balancer{{
				ARN: lbARN, Name: "front", Type: "application", Scheme: "internal", OthersOK: true,
				Zones: []doctor.Zone{{Name: "ap-northeast-1a", Subnet: "subnet-a"}, {Name: "ap-northeast-1c", Subnet: "subnet-c"}},
			}},
		},
		r: deploy.Request{Rules: deploy.Rules{MaxUnavailable: deploy.Count{N: 1}, MinHealthy: deploy.Count{N: 1}}},
	}
	for n, zone := range []string{"ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1a", "ap-northeast-1c"} {
		p.add(fmt.Sprintf("i-%d", n+1), zone)
	}
	return p
}

func brief(all []deploy.Finding) []string {
	var out []string
	for _, f := range all {
		out = append(out, string(f.Severity)+" "+f.Name)
	}
	return out
}

// cases are one fleet each, and all that is found in it. Every finding stands in one case at least.
var cases = []struct {
	name   string
	change func(*patient)
	want   []string
	says   string // a part of the first finding's values
	fix    string // the first finding's
}{
	{"a sound fleet", func(*patient) {}, nil, "", ""},

	{"one target", func(p *patient) {
		p.remove("i-2")
		p.remove("i-3")
		p.remove("i-4")
		p.balancer().Zones = p.balancer().Zones[:1]
	}, []string{"blocks one-healthy-target"}, "web-1 (i-1)", ""},
	{"one target that may be down", func(p *patient) {
		p.remove("i-2")
		p.remove("i-3")
		p.remove("i-4")
		p.balancer().Zones = p.balancer().Zones[:1]
		p.r.Rules.MinHealthy.N = 0
	}, []string{"warns one-healthy-target"}, "minimum:0", ""},
	{"one healthy of four", func(p *patient) {
		p.state("i-1", deploy.Unhealthy)
		p.state("i-3", deploy.Initial)
		p.state("i-4", deploy.Unhealthy)
	}, []string{"warns one-healthy-target"}, "web-2 (i-2)", ""},
	{"one healthy port of two is no healthy instance", func(p *patient) {
		p.state("i-1", deploy.Unhealthy)
		p.state("i-3", deploy.Unhealthy)
		p.group().Targets = append(p.group().Targets, deploy.Target{Pair: deploy.Pair{Group: webARN, Target: "i-4", Port: 80}, State: deploy.Unhealthy})
	}, []string{"warns one-healthy-target"}, "web-2 (i-2)", ""},
	{"none healthy", func(p *patient) {
		for id := range p.Instances {
			p.state(id, deploy.Unhealthy)
		}
	}, []string{"warns no-healthy-target"}, "registered:4", ""},
	{"none registered", func(p *patient) { p.group().Targets = nil }, []string{"blocks no-healthy-target"}, "registered:0", ""},
	{"another rollout has three of four out", func(p *patient) {
		for _, id := range []string{"i-1", "i-3", "i-4"} {
			p.remove(id)
		}
		p.state("i-2", deploy.Healthy)
		p.Away = []string{"i-1", "i-3", "i-4"}
	}, []string{"warns one-healthy-target"}, "registered:4", ""},
	{"a draining target is not registered", func(p *patient) {
		p.state("i-1", deploy.Draining)
		p.state("i-3", deploy.Draining)
		p.state("i-4", deploy.Draining)
		p.balancer().Zones = p.balancer().Zones[1:]
	}, []string{"blocks one-healthy-target"}, "web-2", ""},
	{"a minimum that cannot be kept", func(p *patient) { p.r.Rules.MinHealthy = deploy.Count{N: 80, Percent: true} },
		[]string{"blocks minimum-too-high"}, "largest:3", ""},
	{"a group on no load balancer", func(p *patient) { p.group().Balancers, p.Balancers = nil, nil }, []string{"blocks group-unused"}, "web", ""},

	{"local sessions without stickiness", func(p *patient) { p.r.Sessions = "local" }, []string{"warns sessions-not-sticky"}, "web",
		"aws elbv2 modify-target-group-attributes --target-group-arn " + webARN + " --attributes Key=stickiness.enabled,Value=true Key=stickiness.type,Value=lb_cookie --region ap-northeast-1"},
	{"shared sessions without stickiness", func(p *patient) { p.r.Sessions = "shared" }, nil, "", ""},
	{"local sessions with stickiness", func(p *patient) { p.r.Sessions, p.group().Sticky = "local", true }, nil, "", ""},
	{"attributes that were not read are no fact", func(p *patient) {
		p.r.Sessions, p.group().Attributes, p.group().Delay = "local", false, 0
	}, nil, "", ""},
	{"stickiness without cross-zone", func(p *patient) { p.group().Sticky, p.group().CrossZone = true, "false" }, []string{"warns sticky-without-cross-zone"}, "web",
		"aws elbv2 modify-target-group-attributes --target-group-arn " + webARN + " --attributes Key=load_balancing.cross_zone.enabled,Value=true --region ap-northeast-1"},
	{"cross-zone off without stickiness, two in each zone", func(p *patient) { p.group().CrossZone = "false" }, nil, "", ""},

	{"a zone without a target", func(p *patient) {
		p.balancer().Zones = append(p.balancer().Zones, doctor.Zone{Name: "ap-northeast-1d", Subnet: "subnet-d"})
	}, []string{"warns zone-without-target"}, "zones:ap-northeast-1d",
		"aws elbv2 set-subnets --load-balancer-arn " + lbARN + " --subnets subnet-a subnet-c --region ap-northeast-1"},
	{"a zone without a target that another group may need", func(p *patient) {
		p.balancer().Zones = append(p.balancer().Zones, doctor.Zone{Name: "ap-northeast-1d", Subnet: "subnet-d"})
		p.balancer().Others = []string{"api"}
	}, []string{"warns zone-without-target"}, "others:api", ""},
	{"the second zone has no target, and a load balancer needs two", func(p *patient) {
		p.remove("i-2")
		p.remove("i-4")
	}, []string{"warns zone-without-target"}, "zones:ap-northeast-1c", ""},
	{"a target in a zone that is not enabled", func(p *patient) { p.add("i-5", "ap-northeast-1d") }, []string{"warns target-in-disabled-zone"}, "instances:web-5 (i-5)",
		"aws elbv2 set-subnets --load-balancer-arn " + lbARN + " --subnets subnet-a subnet-c subnet-d --region ap-northeast-1"},
	{"all targets in zones that are not enabled", func(p *patient) {
		p.balancer().Zones = []doctor.Zone{{Name: "ap-northeast-1d", Subnet: "subnet-d"}, {Name: "ap-northeast-1e", Subnet: "subnet-e"}}
	}, []string{"blocks target-in-disabled-zone"}, "enabled:ap-northeast-1d, ap-northeast-1e",
		"aws elbv2 set-subnets --load-balancer-arn " + lbARN + " --subnets subnet-d subnet-e subnet-a subnet-c --region ap-northeast-1"},
	{"a target whose zone is not known leaves the zones open", func(p *patient) {
		p.balancer().Zones = append(p.balancer().Zones, doctor.Zone{Name: "ap-northeast-1d", Subnet: "subnet-d"})
		p.group().Targets = append(p.group().Targets, deploy.Target{Pair: deploy.Pair{Group: webARN, Target: "10.9.9.9", Port: 80}, State: deploy.Healthy})
	}, nil, "", ""},
	{"a load balancer that names no zones", func(p *patient) { p.balancer().Zones = nil }, nil, "", ""},
	{"alone in a zone with cross-zone off", func(p *patient) {
		p.remove("i-4")
		p.group().CrossZone = "false"
	}, []string{"warns zone-with-one-target"}, "instances:web-2 (i-2)",
		"aws elbv2 modify-target-group-attributes --target-group-arn " + webARN + " --attributes Key=load_balancing.cross_zone.enabled,Value=true --region ap-northeast-1"},

	{"a profile is missing", func(p *patient) { p.instance("i-2", func(i *doctor.Instance) { i.Profile = "" }) }, []string{"warns instance-profile-missing"}, "web-2 (i-2)",
		"aws ec2 associate-iam-instance-profile --instance-id i-2 --iam-instance-profile Arn=" + profile + " --region ap-northeast-1"},
	{"no profile at all", func(p *patient) {
		for id := range p.Instances {
			p.instance(id, func(i *doctor.Instance) { i.Profile = "" })
		}
	}, []string{"warns instance-profile-missing"}, "web-4 (i-4)", ""},
	{"profiles differ", func(p *patient) { p.instance("i-3", func(i *doctor.Instance) { i.Profile = profile + "2" }) }, []string{"warns instance-profiles-differ"}, "web2: web-3 (i-3)",
		`aws ec2 replace-iam-instance-profile-association --association-id "$(aws ec2 describe-iam-instance-profile-associations --filters Name=instance-id,Values=i-3 ` +
			`--query 'IamInstanceProfileAssociations[0].AssociationId' --output text --region ap-northeast-1)" --iam-instance-profile Arn=` + profile + " --region ap-northeast-1"},
	{"profiles differ half and half", func(p *patient) {
		p.instance("i-3", func(i *doctor.Instance) { i.Profile = profile + "2" })
		p.instance("i-4", func(i *doctor.Instance) { i.Profile = profile + "2" })
	}, []string{"warns instance-profiles-differ"}, "web2: web-3", ""},
	{"types differ", func(p *patient) { p.instance("i-2", func(i *doctor.Instance) { i.Type = "t3.large" }) }, []string{"warns fleet-differs"},
		"t3.small: web-1 (i-1), web-3 (i-3), web-4 (i-4); t3.large: web-2 (i-2)", ""},
	{"images differ", func(p *patient) { p.instance("i-2", func(i *doctor.Instance) { i.Image = "ami-2" }) }, []string{"warns fleet-differs"}, "what:image", ""},
	{"security groups differ", func(p *patient) {
		p.instance("i-1", func(i *doctor.Instance) { i.SecurityGroups = []string{"sg-1", "sg-2"} })
	}, []string{"warns fleet-differs"}, "sg-1 sg-2: web-1", "aws ec2 modify-instance-attribute --instance-id i-1 --groups sg-1 --region ap-northeast-1"},
	{"metadata differs", func(p *patient) { p.instance("i-1", func(i *doctor.Instance) { i.Tokens = "optional" }) }, []string{"warns fleet-differs"}, "what:metadata_tokens",
		"aws ec2 modify-instance-metadata-options --instance-id i-1 --http-tokens required --region ap-northeast-1"},
	{"a terminated instance is not compared", func(p *patient) {
		p.instance("i-2", func(i *doctor.Instance) { i.State, i.Type = "terminated", "t3.large" })
	}, nil, "", ""},

	{"no delay", func(p *patient) { p.group().Delay = 0 }, []string{"warns deregistration-delay-zero"}, "web",
		"aws elbv2 modify-target-group-attributes --target-group-arn " + webARN + " --attributes Key=deregistration_delay.timeout_seconds,Value=60 --region ap-northeast-1"},
	{"AWS's delay and a long rollout", func(p *patient) { p.group().Delay = 300 * time.Second }, []string{"notes deregistration-delay-long"}, "estimate:22m0s", ""},
	{"AWS's delay and two at a time", func(p *patient) { p.group().Delay, p.r.Rules.MaxUnavailable.N = 300*time.Second, 2 }, nil, "", ""},
	{"AWS's delay, waiting for idle", func(p *patient) { p.group().Delay, p.r.Rules.Drain.Idle = 300*time.Second, true }, nil, "", ""},
	{"slow start", func(p *patient) { p.group().SlowStart = 60 * time.Second }, []string{"notes slow-start"}, "slow_start:1m0s", ""},
	{"slow start that is waited for", func(p *patient) { p.group().SlowStart, p.r.Rules.PauseBetween = 60*time.Second, time.Minute }, nil, "", ""},
	{"another port", func(p *patient) { p.group().Targets[1].Port = 8080 }, []string{"notes port-override"}, "web-2 (i-2):8080", ""},

	{"Auto Scaling", func(p *patient) { p.instance("i-2", func(i *doctor.Instance) { i.Scaling = "web asg" }) }, []string{"warns in-auto-scaling-group"}, "web-2 (i-2)",
		"aws autoscaling suspend-processes --auto-scaling-group-name 'web asg' --scaling-processes AZRebalance AlarmNotification ScheduledActions ReplaceUnhealthy --region ap-northeast-1"},
	{"Auto Scaling that is suspended", func(p *patient) {
		p.instance("i-2", func(i *doctor.Instance) { i.Scaling, i.Suspended = "web", []string{"ReplaceUnhealthy"} })
	}, []string{"notes in-auto-scaling-group"}, "suspended:ReplaceUnhealthy", ""},
	{"agents that do not answer", func(p *patient) {
		p.Agents["i-2"] = "ConnectionLost"
		delete(p.Agents, "i-3")
	}, []string{"blocks agent-offline", "blocks agent-offline"}, "ConnectionLost", ""},
	{"agents that nobody could ask", func(p *patient) { p.Agents = nil }, nil, "", ""},
	{"agents that nobody needs", func(p *patient) { p.Agents, p.r.Run.Via = map[string]string{}, "ssh" }, nil, "", ""},
	{"an agent that does not answer, of a stopped instance", func(p *patient) {
		p.instance("i-2", func(i *doctor.Instance) { i.State = "stopped" })
		delete(p.Agents, "i-2")
	}, nil, "", ""},
	{"an agent that does not answer, of another instance", func(p *patient) {
		p.r.On = "web-1"
		delete(p.Agents, "i-2")
	}, nil, "", ""},
	{"an agent that does not answer, of the instance asked for", func(p *patient) {
		p.r.On = "web-2"
		delete(p.Agents, "i-2")
	}, []string{"blocks agent-offline"}, "never registered", ""},
	{"an instance of two services", func(p *patient) {
		p.Shared = map[string][]string{"i-1": {"api"}, "i-2": {"api", "cron"}, "i-9": {"other"}}
	}, []string{"warns shared-instance"}, "services:api, cron", ""},

	{"a permission that a rollout needs", func(p *patient) {
		p.Survey = doctor.Survey{Region: p.Region, Denied: []doctor.Denial{{
			Action: "elasticloadbalancing:DescribeTargetGroups", Principal: "arn:aws:sts::123456789012:assumed-role/junban/i-0", Needed: true,
		}}}
	}, []string{"blocks permission-missing"}, "DescribeTargetGroups",
		`aws iam put-role-policy --role-name junban --policy-name junban-DescribeTargetGroups --policy-document ` +
			`'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"elasticloadbalancing:DescribeTargetGroups","Resource":"*"}]}' --region ap-northeast-1`},
	{"a permission that only the examination needs", func(p *patient) {
		p.Agents = nil
		p.Denied = []doctor.Denial{{Action: "ssm:DescribeInstanceInformation", Principal: "arn:aws:iam::123456789012:user/bots/junban"}}
	}, []string{"warns permission-missing"}, "ssm:",
		`aws iam put-user-policy --user-name junban --policy-name junban-DescribeInstanceInformation --policy-document ` +
			`'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ssm:DescribeInstanceInformation","Resource":"*"}]}' --region ap-northeast-1`},
	{"health that may not be read is no bad health", func(p *patient) {
		p.group().Targets = nil
		p.Denied = []doctor.Denial{{Action: "elasticloadbalancing:DescribeTargetHealth", Needed: true}}
	}, []string{"blocks permission-missing"}, "", ""},
	{"a read that failed", func(p *patient) {
		p.Unread = []doctor.Unread{{Action: "ssm:DescribeInstanceInformation", Why: "status 500"}}
	}, []string{"notes not-checked"}, "status 500", ""},

	{"Slack scopes", func(p *patient) { p.Slack.Scopes = []string{"chat:write", "users:read"} }, []string{"blocks slack-scope-missing"}, "chat:write, users:read", ""},
	{"Slack channel", func(p *patient) { p.Slack.Channel, p.Slack.Why = "C0WEB", "the bot is not in it" }, []string{"blocks slack-not-in-channel"}, "C0WEB", ""},
	{"Slack otherwise", func(p *patient) { p.Slack.Problems = []string{"SLACK_APP_TOKEN is not set"} }, []string{"blocks slack-setup"}, "SLACK_APP_TOKEN", ""},

	{"hosts behind no load balancer", func(p *patient) {
		p.Groups, p.Balancers, p.Tagged = nil, nil, []string{"i-1", "i-2"}
		p.instance("i-2", func(i *doctor.Instance) { i.Type = "t3.large" })
		p.instance("i-3", func(i *doctor.Instance) { i.Image = "ami-of-another-service" })
	}, []string{"warns fleet-differs"}, "what:type", ""},
	{"what blocks comes first", func(p *patient) {
		p.group().Delay = 0
		p.group().Targets[1].Port = 8080
		p.Agents["i-2"] = "Inactive"
	}, []string{"blocks agent-offline", "warns deregistration-delay-zero", "notes port-override"}, "Inactive", ""},
	{"a restore is never blocked", func(p *patient) {
		p.r.Kind = deploy.KindRestore
		p.r.Rules.MinHealthy.N = 4
		p.Agents = map[string]string{}
	}, []string{"warns minimum-too-high"}, "", ""},
	{"a drain runs no command", func(p *patient) { p.r.Kind, p.Agents = deploy.KindDrain, map[string]string{} }, nil, "", ""},
	{"a lock is no concern of the fleet's", func(p *patient) { p.r.Kind, p.group().Targets = deploy.KindLock, nil }, nil, "", ""},
}

func TestEachFindingExactlyWhereItShouldBe(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			p := sound()
			c.change(p)
			got := doctor.Examine(p.Survey, p.r)
			if d := cmp.Diff(c.want, brief(got)); d != "" {
				t.Fatalf("%s\n%v", d, got)
			}
			for _, f := range got {
				seen[f.Name] = true
			}
			if len(got) == 0 {
				return
			}
			if values := fmt.Sprint(got[0].Values); !strings.Contains(values, c.says) {
				t.Errorf("%q is not in %s", c.says, values)
			}
			if c.fix != "" && got[0].Fix != c.fix {
				t.Errorf("the line is\n%s\nwant\n%s", got[0].Fix, c.fix)
			}
			if c.fix == "" && len(got) == 1 && got[0].Fix != "" && got[0].Name != doctor.DeregistrationDefault {
				t.Errorf("there should be no line, and there is\n%s", got[0].Fix)
			}
		})
	}
	for _, name := range doctor.Names() {
		if !seen[name] {
			t.Errorf("no case shows %s", name)
		}
	}
}

func TestWhatIsAcceptedDoesNotBlock(t *testing.T) {
	p := sound()
	p.Agents["i-2"] = "ConnectionLost"
	p.instance("i-1", func(i *doctor.Instance) { i.Type = "t3.large" })
	p.r.Accept = map[string]string{doctor.FleetDiffers: "pets"}
	got := doctor.Examine(p.Survey, p.r)
	if len(doctor.Blocking(got)) != 1 || got[1].Accepted != "pets" {
		t.Errorf("%+v", got)
	}
	p.r.Accept[doctor.AgentOffline] = "it is run by hand"
	got = doctor.Examine(p.Survey, p.r)
	if len(doctor.Blocking(got)) != 0 || got[0].Severity != deploy.Blocks || got[0].Accepted == "" {
		t.Errorf("%+v", got)
	}
}

// A plan's own reading of the fleet is newer than the survey that it shares with others.
func TestAFleetIsLaidOverASurvey(t *testing.T) {
	p := sound()
	kept := p.Survey
	f := deploy.Fleet{
		Groups:    []deploy.Group{{ARN: webARN, Targets: []deploy.Target{{Pair: deploy.Pair{Group: webARN, Target: "i-1", Port: 80}, State: deploy.Healthy}}}},
		Instances: map[string]deploy.Instance{"i-1": {ID: "i-1", Scaling: "asg", Suspended: []string{"Terminate"}}},
		Out:       []deploy.Pair{{Group: webARN, Target: "i-2", Port: 80}, {Group: "another", Target: "i-9", Port: 80}},
	}
	got := doctor.Examine(kept.With(f), p.r)
	want := []string{"warns one-healthy-target", "notes in-auto-scaling-group"}
	if d := cmp.Diff(want, brief(got)); d != "" {
		t.Errorf("%s\n%v", d, got)
	}
	if len(doctor.Examine(kept, p.r)) != 0 {
		t.Error("the kept survey was changed")
	}
}

// TestAnswersAreInOneOrder: maps are read on the way, and people compare two examinations.
func TestAnswersAreInOneOrder(t *testing.T) {
	p := sound()
	p.balancer().Zones = p.balancer().Zones[:1]
	for n := 5; n < 12; n++ {
		id := fmt.Sprintf("i-%d", n)
		p.add(id, "ap-northeast-1"+string(rune('b'+n)))
		p.instance(id, func(i *doctor.Instance) { i.Type, i.Scaling, i.Profile = "t"+id, "asg"+id, profile+id })
		p.Agents[id] = "Odd" + id
	}
	first := doctor.Examine(p.Survey, p.r)
	for range 20 {
		if d := cmp.Diff(first, doctor.Examine(p.Survey, p.r)); d != "" {
			t.Fatal(d)
		}
	}
}

func TestNamesAreStable(t *testing.T) {
	want := strings.Fields(`permission-missing group-unused no-healthy-target one-healthy-target minimum-too-high target-in-disabled-zone agent-offline
		slack-setup slack-scope-missing slack-not-in-channel sessions-not-sticky sticky-without-cross-zone zone-without-target zone-with-one-target
		instance-profile-missing instance-profiles-differ fleet-differs in-auto-scaling-group shared-instance deregistration-delay-zero
		deregistration-delay-long slow-start port-override not-checked`)
	if d := cmp.Diff(want, doctor.Names()); d != "" {
		t.Errorf("doctor.accept in people's files names these:\n%s", d)
	}
}
