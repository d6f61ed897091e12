package card

import (
	"fmt"
	"strings"

	"junban/deploy"
	"junban/deploy/doctor"
)

// finding is how one finding is told: what was seen and why it matters, and how to mend it.
type finding struct{ seen, mend func(values) Text }

// findings is the table of doctor's findings in English. Their names are doctor's.
var findings = map[string]finding{
	doctor.PermissionMissing: {
		func(v values) Text {
			return T("AWS refused ", C(v.get("action")), refusedTo(v), ".")
		},
		func(values) Text {
			return T("Allow it. What the bot may write is not tried here, since that would do it; ", C("junban policy"), " lists all that it needs.")
		},
	},
	doctor.GroupUnused: {
		func(v values) Text {
			return T("No load balancer uses ", B(v.get("group")), ", so none of its targets is ever checked or healthy.")
		},
		always("Attach it to a listener, or take it out of target_groups."),
	},
	doctor.NoHealthyTarget: {
		func(v values) Text {
			if v.get("registered") == "0" {
				return T("No instance is registered in ", B(v.get("group")), ".")
			}
			return T("None of the ", v.get("registered"), " instances in ", B(v.get("group")),
				" is healthy. The load balancer sends requests to all of them then, so each one that leaves takes capacity away.")
		},
		func(v values) Text {
			if v.get("registered") == "0" {
				return T("Register its instances.")
			}
			return T("Bring one to health first. A deploy asks a person before it takes anything out of such a group.")
		},
	},
	doctor.OneHealthyTarget: {
		func(v values) Text {
			if v.get("registered") != "1" && v.get("minimum") == "0" {
				return T("Only ", B(v.get("instance")), " of the ", v.get("registered"), " instances in ", B(v.get("group")), " is healthy: the service is DOWN if it leaves before another one is.")
			}
			if v.get("registered") != "1" {
				return T("Only ", B(v.get("instance")), " of the ", v.get("registered"), " instances in ", B(v.get("group")), " is healthy: it cannot leave until another one is.")
			}
			if v.get("minimum") == "0" {
				return T(B(v.get("instance")), " is the only instance in ", B(v.get("group")), ": the service is DOWN while it is deployed to.")
			}
			return T(B(v.get("instance")), " is the only instance in ", B(v.get("group")), ", and min_healthy keeps it in service, so it can never be deployed to.")
		},
		func(v values) Text {
			if v.get("registered") != "1" {
				return T("Bring the others to health.")
			}
			if v.get("minimum") == "0" {
				return T("Add a second instance if it must stay up.")
			}
			return T("Add a second instance; or write ", C("min_healthy: 0"), " if the service may be down for a while.")
		},
	},
	doctor.MinimumTooHigh: {
		func(v values) Text {
			return T("min_healthy wants ", v.get("minimum"), " healthy instances in ", B(v.get("group")), ", which has ", v.get("registered"), ": with one out that cannot be kept.")
		},
		func(v values) Text {
			return T("The largest ", C("min_healthy"), " that works is ", B(v.get("largest")), ".")
		},
	},
	doctor.TargetInDisabledZone: {
		func(v values) Text {
			return T(B(v.get("instances")), " of ", B(v.get("group")), " is in ", v.get("zones"), ", where the load balancer ", B(v.get("balancer")),
				" is not enabled (it is in ", v.get("enabled"), "): it gets no requests.")
		},
		func(v values) Text {
			if v.get("scheme") == "internet-facing" {
				return T("Enable the zone, in a subnet that is public there: the line names the instance's own.")
			}
			return T("Enable the zone for the load balancer.")
		},
	},
	doctor.AgentOffline: {
		func(v values) Text {
			return T("The SSM agent does not answer (", v.get("ping"), "): ", B(v.get("instances")), ". It would leave service and take no command.")
		},
		func(v values) Text {
			if v.get("ping") == doctor.Never {
				return T("Install and start the agent; give the instance a profile with AmazonSSMManagedInstanceCore and a way to SSM's endpoints.")
			}
			return T("Start the agent on the host (", C("systemctl restart amazon-ssm-agent"), "), and look at its way to SSM's endpoints.")
		},
	},
	doctor.SlackSetup:        {func(v values) Text { return T("Slack: ", v.get("problems"), ".") }, always("The bot does not start until that is right.")},
	doctor.SlackScopeMissing: {func(v values) Text { return T("The Slack app lacks scopes: ", v.get("scopes"), ".") }, slackManifest},
	doctor.SlackNotInChannel: {
		func(v values) Text { return T("The bot cannot work in ", C(v.get("channel")), ": ", v.get("why"), ".") },
		always("Invite it there, or name another channel."),
	},
	doctor.SessionsNotSticky: {
		func(v values) Text {
			return T("Sessions are local, and ", B(v.get("group")), " is not sticky: a client's requests reach all ", v.get("registered"), " instances, and most of them do not know its session.")
		},
		always("Turn stickiness on, or keep the sessions where all instances see them (sessions: shared)."),
	},
	doctor.StickyWithoutCross: {
		func(v values) Text {
			return T(B(v.get("group")), " is sticky, but its cross-zone balancing is off: sticky sessions do not work so.")
		},
		always("Turn the target group's cross-zone balancing on."),
	},
	doctor.ZoneWithoutTarget: {
		func(v values) Text {
			return T("The load balancer ", B(v.get("balancer")), " is enabled in ", v.get("zones"), ", where ", B(v.get("group")), " has no target: requests that arrive there", goAstray(v))
		},
		func(v values) Text {
			if v.get("others") != "" {
				return T("Add an instance there. Other target groups use the load balancer (", v.get("others"), "): disable the zone only if none of them needs it.")
			}
			return T("Add an instance there, or disable the zone; a load balancer keeps two zones at least.")
		},
	},
	doctor.ZoneWithOneTarget: {
		func(v values) Text {
			return T("The cross-zone balancing of ", B(v.get("group")), " is off, and ", B(v.get("instances")), " is alone in its zone (", v.get("zones"), "): while it is out, requests that arrive there fail.")
		},
		always("Turn the target group's cross-zone balancing on, or have two targets in each zone."),
	},
	doctor.ProfileMissing: {
		func(v values) Text {
			return T("No instance profile: ", B(v.get("instances")), ". Their SSM agent, and what their application asks of AWS, has no credentials.")
		},
		always("Give them the profile that the others have. (Default Host Management Configuration lets an agent do without.)"),
	},
	doctor.ProfilesDiffer: {
		func(v values) Text {
			return T("The instance profiles differ: ", v.get("profiles"), ". What one instance may do, the next may not.")
		},
		always("Give all instances the same one."),
	},
	doctor.FleetDiffers: {
		func(v values) Text {
			return T("The instances differ in ", B(strings.ReplaceAll(v.get("what"), "_", " ")), ": ", v.get("seen"), ".")
		},
		mendDiffers,
	},
	doctor.InAutoScaling: {
		func(v values) Text {
			out := T("In the Auto Scaling group ", B(v.get("scaling")), ": ", v.get("instances"), ".")
			if v.get("suspended") != "" {
				return append(out, T(" It does not replace what is taken out (suspended: ", v.get("suspended"), ").")...)
			}
			return append(out, T(" It may terminate and replace an instance that is taken out of its target groups.")...)
		},
		func(v values) Text {
			if v.get("suspended") != "" {
				return T("Nothing to do, but what is suspended is easily forgotten.")
			}
			return T("Suspend its processes, and resume them afterwards; or detach the instances.")
		},
	},
	doctor.SharedInstance: {
		func(v values) Text {
			return T(B(v.get("instances")), " also serves ", B(v.get("services")), ": a deploy takes it out of this service's target groups only, so those requests go on arriving while the command runs.")
		},
		always("List those target groups here too if the command interrupts them, or use instances of their own."),
	},
	doctor.DeregistrationZero: {
		func(v values) Text {
			return T("The deregistration delay of ", B(v.get("group")), " is 0: requests that are being answered are cut when an instance leaves.")
		},
		always("Set it to a little more than your longest request takes."),
	},
	doctor.DeregistrationDefault: {
		func(v values) Text {
			return T("The deregistration delay of ", B(v.get("group")), " is ", v.duration("delay"), ", so ", v.get("instances"), " instances take about ", v.duration("estimate"), " even if nothing is in flight.")
		},
		func(values) Text {
			return T("Lower it to a little more than your longest request takes; or wait for idle connections only: ", C("drain: {until: idle}"), ".")
		},
	},
	doctor.SlowStart: {
		func(v values) Text {
			return T(B(v.get("group")), " has a slow start of ", v.duration("slow_start"), ": an instance that is back carries less than its share so long, and the next one leaves meanwhile.")
		},
		func(v values) Text {
			return T("Write ", C("pause_between: "+v.get("slow_start")), " under rolling.")
		},
	},
	doctor.PortOverride: {
		func(v values) Text {
			return T(B(v.get("group")), " has port ", v.get("port"), ", and targets on others: ", v.get("targets"), ". To deregister such a target without its port does nothing, and AWS does not say so.")
		},
		always("Nothing to do: the bot always names the port. Those who type AWS CLI lines must too."),
	},
	doctor.NotChecked: {
		func(v values) Text { return T("Not checked: ", C(v.get("action")), " failed: ", v.get("why"), ".") },
		always("What it would have told is not known."),
	},
}

func always(s string) func(values) Text { return func(values) Text { return T(s) } }

func slackManifest(values) Text {
	return T("Add them (", C("junban manifest"), " has them all) and install the app again. The bot does not start without.")
}

func refusedTo(v values) Text {
	if v.get("principal") == "" {
		return nil
	}
	return T(" to ", C(v.get("principal")))
}

func goAstray(v values) string {
	if v.get("cross_zone") == "false" {
		return " fail, since the group's cross-zone balancing is off."
	}
	return " have to cross to another zone, and time out if its subnet's routes or rules do not let them."
}

func mendDiffers(v values) Text {
	switch v.get("what") {
	case "type":
		return T("A type is changed while the instance is stopped: drain it first.")
	case "image":
		return T("Nothing changes the image of an instance: replace it, or accept that they are pets.")
	}
	return T("Give all instances what most of them have, or accept that they differ.")
}

// Finding is one finding as two texts: what was seen, and how to mend it.
func Finding(f deploy.Finding) (seen, mend Text) {
	say, ok := findings[f.Name]
	if !ok {
		return T("It was found: ", C(fmt.Sprint(f.Name, " ", f.Values)), "."), nil
	}
	v := values{map[string]string{}, nil}
	for k, long := range f.Values {
		v.v[k] = clip(long)
	}
	return say.seen(v), say.mend(v)
}

// clip shortens a long list: a fleet may have a thousand instances.
func clip(s string) string {
	const most = 400
	if len(s) <= most {
		return s
	}
	short := s[:most]
	if i := strings.LastIndex(short, ", "); i > 0 {
		short = short[:i]
	}
	return strings.ToValidUTF8(short, "") + " and more"
}

// severities are how severe a finding is, in words.
var severities = map[deploy.Severity]string{deploy.Blocks: "Blocks", deploy.Warns: "Warns", deploy.Notes: "Note"}

// manyFindings bounds the findings of one message: Slack takes 50 blocks in one.
const manyFindings = 20

// Findings is an examination of a service, for one reader: what blocks first, what is accepted last.
func Findings(service string, list []deploy.Finding) Message {
	m := Message{Text: "Doctor: " + service + ": " + prognosis(list)}
	m.Blocks = []Block{{Header: "Doctor: " + service}, {Text: T(prognosis(list))}}
	var accepted []string
	told := 0
	for _, f := range list {
		if f.Accepted != "" {
			accepted = append(accepted, f.Name+" ("+f.Accepted+")")
			continue
		}
		if told++; told > manyFindings {
			continue
		}
		seen, mend := Finding(f)
		m.Blocks = append(m.Blocks, Block{Text: T(B(severities[f.Severity]+": "+f.Name), "\n", seen, "\n", mend)})
		if f.Fix != "" {
			m.Blocks = append(m.Blocks, Block{Code: head(f.Fix)})
		}
	}
	if told > manyFindings {
		m.Blocks = append(m.Blocks, Block{Context: T(fmt.Sprintf("And %d more: `junban doctor %s` prints them all.", told-manyFindings, service))})
	}
	if len(accepted) > 0 {
		m.Blocks = append(m.Blocks, Block{Context: T("Accepted in deploy.yaml: ", strings.Join(accepted, ", "), ".")})
	}
	return m
}

// head is the first of many lines.
func head(lines string) string {
	const most = 10
	all := strings.Split(lines, "\n")
	if len(all) <= most {
		return lines
	}
	return strings.Join(all[:most], "\n") + fmt.Sprintf("\n# and %d more", len(all)-most)
}

// prognosis is an examination in one sentence.
func prognosis(list []deploy.Finding) string {
	n := map[deploy.Severity]int{}
	for _, f := range list {
		if f.Accepted == "" {
			n[f.Severity]++
		}
	}
	switch {
	case n[deploy.Blocks] > 0:
		return fmt.Sprintf("%d of its findings %s a deploy.", n[deploy.Blocks], oneOr(n[deploy.Blocks], "blocks", "block"))
	case n[deploy.Warns] > 0:
		return fmt.Sprintf("Nothing blocks a deploy; %d %s.", n[deploy.Warns], oneOr(n[deploy.Warns], "warning", "warnings"))
	}
	return "Nothing stands against a rolling deploy."
}

func oneOr(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// FindingsText is the same as plain lines, for a terminal, with every finding.
func FindingsText(service string, list []deploy.Finding) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s\n", service, prognosis(list))
	for _, f := range list {
		seen, mend := Finding(f)
		fmt.Fprintf(&out, "\n  %-6s  %s\n          %s\n", strings.ToUpper(string(f.Severity)), f.Name, seen.Plain())
		if f.Accepted != "" {
			fmt.Fprintf(&out, "          Accepted: %s\n", f.Accepted)
			continue
		}
		fmt.Fprintf(&out, "          Mend: %s\n", mend.Plain())
		for line := range strings.Lines(f.Fix) {
			fmt.Fprintf(&out, "          $ %s\n", strings.TrimSuffix(line, "\n"))
		}
	}
	return out.String()
}
