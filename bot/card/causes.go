package card

import (
	"fmt"
	"strings"
	"time"

	"junban/deploy"
)

// Because is a cause as a sentence: what was wrong, where, and what would be accepted. name gives an instance's name.
func Because(c deploy.Cause, name func(string) string) Text {
	if say, ok := sentences[c.Code]; ok {
		return say(values{c.Values, name})
	}
	return T("It was refused: ", C(c.String()), ".")
}

// values are a cause's values, with their meanings.
type values struct {
	v    map[string]string
	name func(string) string
}

func (v values) get(k string) string { return v.v[k] }

// who is a person's mention, or nobody.
func (v values) who(k string) any {
	if v.v[k] == "" {
		return "somebody"
	}
	return U(v.v[k])
}

func (v values) instance(k string) Span {
	if v.name == nil {
		return B(v.v[k])
	}
	return B(v.name(v.v[k]))
}

func (v values) duration(k string) string {
	d, err := time.ParseDuration(v.v[k])
	if err != nil {
		return v.v[k]
	}
	return Duration(d)
}

// why is a person's reason, set off.
func (v values) why(k string) string {
	if v.v[k] == "" {
		return ""
	}
	return ": " + v.v[k]
}

// Duration writes a time span as people say it: 5 s, 12 min 30 s, 2 h.
func Duration(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s"
	case d < 10*time.Second:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", d.Seconds()), ".0") + " s"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	}
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	var parts []string
	for _, p := range []struct {
		n    int
		unit string
	}{{h, "h"}, {m, "min"}, {s, "s"}} {
		if p.n > 0 && len(parts) < 2 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.unit))
		}
	}
	return strings.Join(parts, " ")
}

// sentences is the table of causes in English.
var sentences = map[deploy.Code]func(values) Text{
	deploy.NoTargets: func(v values) Text {
		return T("No instance is registered in ", B(v.get("groups")), ", so there is nothing to deploy to. Register the instances first.")
	},
	deploy.NotBalanced: func(v values) Text {
		return T("No load balancer uses the target group ", B(v.get("group")), ", so none of its targets can become healthy. Attach it to a listener first.")
	},
	deploy.NoSuchInstance: func(v values) Text {
		return T("There is no instance ", C(v.get("instance")), " in this service. There are: ", v.get("known"), ".")
	},
	deploy.TwoInstances: func(v values) Text {
		return T("Several instances are named ", C(v.get("instance")), ". Name one by its id: ", v.get("ids"), ".")
	},
	deploy.AlreadyHeld: func(v values) Text {
		return T(v.instance("instance"), " is held out of service by ", v.who("by"), v.why("why"), ".")
	},
	deploy.NotHeld: func(v values) Text {
		if v.get("held") == "" {
			return T(C(v.get("instance")), " is not held, and neither is any other instance of this service: there is nothing to restore.")
		}
		return T(C(v.get("instance")), " is not held. Held are: ", v.get("held"), ".")
	},
	deploy.AllHeld: func(values) Text {
		return T("Every instance of this service is held. Restore one first.")
	},
	deploy.MinimumTooHigh: func(v values) Text {
		return T("With ", v.get("registered"), " instances in ", B(v.get("group")), " none can leave while ", v.get("minimum"),
			" must stay healthy. The largest min_healthy that works is ", B(v.get("largest")), ".")
	},
	deploy.FailOpen: func(v values) Text {
		return T("No target of ", B(v.get("group")), " is healthy, so the load balancer sends requests to all of them, and taking one out takes capacity away. Bring one back to health first.")
	},
	deploy.ForeignTarget: func(v values) Text {
		return T("The target ", C(v.get("target")), " belongs to no instance that can be seen in this account.")
	},
	deploy.GateHealthy: func(v values) Text {
		return T("Kept in service by min_healthy: without ", B(v.get("instance")), ", ", v.get("healthy"), " would be healthy in ", B(v.get("group")), ", and ", v.get("minimum"), " must be. It goes on by itself when others are healthy again.")
	},
	deploy.GateUnavailable: func(v values) Text {
		return T("Kept in service by max_unavailable: ", v.get("names"), " is out already.")
	},
	deploy.CommandFailed: func(v values) Text { return T("The deploy command exited ", B(v.get("exit")), ".") },
	deploy.VerifyFailed: func(v values) Text {
		if v.get("limit") != "" {
			return T("The verification did not succeed within ", v.duration("limit"), "; its last try was cut off.")
		}
		return T("The verification failed, last with exit code ", B(v.get("exit")), ".")
	},
	deploy.CommandTimeout: func(v values) Text {
		return T("The deploy command was stopped: it ran longer than ", v.duration("limit"), ".")
	},
	deploy.CommandRefused: func(v values) Text { return T("The command was not run: ", v.get("why"), ".") },
	deploy.CommandUnknown: func(v values) Text {
		return T("Nobody can say how the command ended: ", v.get("why"), ". Nothing is registered or run there until its host says that it has ended, or one of you has looked.")
	},
	deploy.CommandCanceled: func(values) Text { return T("The command was cancelled, and may have done a part of its work.") },
	deploy.PutBackByOther: func(v values) Text {
		return T("Somebody else put ", C(v.get("pair")), " back into service (", v.get("state"), ") while it was to be out. No command runs on an instance in service.")
	},
	deploy.TakenByOther: func(v values) Text {
		return T("Somebody else took ", C(v.get("pair")), " out of ", B(v.get("group")), " after it had been registered.")
	},
	deploy.StillInService: func(v values) Text {
		return T(C(v.get("pair")), " is still in service (", v.get("state"), ") although AWS took the order to deregister it.")
	},
	deploy.DrainTimeout: func(v values) Text {
		return T("It is still not drained after ", v.duration("after"), ", longer than the deregistration delay.")
	},
	deploy.HealthTimeout: func(v values) Text {
		return T("It was not healthy in ", B(v.get("group")), " within ", v.duration("limit"), ": ", reason(v), ".")
	},
	deploy.NeverHealthy: func(v values) Text {
		return T("It cannot become healthy in ", B(v.get("group")), ": ", reason(v), ".")
	},
	deploy.InstanceGone: func(v values) Text { return T("The instance is ", v.get("state"), ".") },
	deploy.CloudFault: func(v values) Text {
		return T("AWS failed ", v.get("tries"), " times at ", C(v.get("action")), ", last with: ", v.get("message"), ".")
	},
	deploy.SomebodyLooked: func(v values) Text { return T(v.who("by"), " looked: the command does not run any more.") },
	deploy.Expired: func(v values) Text {
		return T("Nobody approved it within ", v.duration("after"), ". Ask again if it is still wanted.")
	},
	deploy.StartLate: func(v values) Text {
		return T("It could not start within ", v.duration("after"), " of its approval. Ask again if it is still wanted.")
	},
	deploy.PlanChanged: func(v values) Text {
		return T("What would be done has changed since it was asked for (", v.get("what"), "), so no approval counts. Ask again.")
	},
	deploy.NoStanding: func(v values) Text {
		return T(v.who("who"), " may not do this any more (", strings.ReplaceAll(v.get("why"), "_", " "), "), so it did not start.")
	},
	deploy.Denied:    func(v values) Text { return T("Denied by ", v.who("by"), v.why("reason"), ".") },
	deploy.Withdrawn: func(v values) Text { return T("Withdrawn by ", v.who("by"), ".") },
	deploy.Aborted:   func(v values) Text { return T("Aborted by ", v.who("by"), ".") },
	deploy.NotDeployed: func(v values) Text {
		return T("Not every instance got through: ", names(v), ".")
	},
	deploy.LockedBy: func(v values) Text {
		return T("It waits for ", C(v.get("op")), " of ", v.who("by"), ", which has ", resource(v), ". It starts by itself after that.")
	},
	deploy.Behind: func(v values) Text {
		return T("It waits for ", C(v.get("op")), ", which was approved earlier. It starts by itself after that.")
	},
	deploy.AskFailed: func(v values) Text {
		return T("It does not start, since not everything could be checked: ", v.get("why"), ". This is tried again.")
	},
	deploy.NotAMember: func(v values) Text {
		return T("Only full members of this workspace may do that; this account is ", standing(v.get("kind")), ".")
	},
	deploy.NotAllowed: func(v values) Text {
		if v.get("list") == "approve" {
			return T("You are not among those who may approve this (", C("approve.allow"), " in deploy.yaml).")
		}
		return T("You are not among those who may do this (", C("deploy.allow"), " in deploy.yaml).")
	},
	deploy.OwnRequest: func(values) Text { return T("You asked for it yourself, so somebody else has to approve it.") },
	deploy.NotYours: func(v values) Text {
		return T("Only ", v.who("by"), ", who asked for it, may withdraw it.")
	},
	deploy.NotNow:       notNow,
	deploy.AlreadyVoted: func(values) Text { return T("You have approved it already.") },
	deploy.WrongHash: func(values) Text {
		return T("That button belongs to other terms than those that are asked for now. Look at the message again.")
	},
	deploy.NoSuchLane: func(v values) Text { return T("This operation has no instance ", C(v.get("instance")), ".") },
	deploy.OldButton: func(values) Text {
		return T("That button belongs to an earlier attempt. Look at the message again.")
	},
	deploy.UnknownAct: func(v values) Text { return T("There is no act ", C(v.get("act")), ".") },
}

func notNow(v values) Text {
	if did := v.get("did"); did != "" && v.get("by") != "" {
		return T("Too late: ", v.who("by"), " has ", past[did], ". It is ", B(v.get("state")), ".")
	}
	return T("That is not possible now: it is ", B(v.get("state")), ".")
}

var past = map[string]string{
	"approve": "approved it", "denied": "denied it", "withdrawn": "withdrawn it", "aborted": "aborted it", "expired": "found it changed",
	"retry": "ordered a new attempt", "putback": "put it back", "leaveout": "left it out", "looked": "looked",
	"failed": "ended it", "succeeded": "ended it",
}

func standing(kind string) string {
	if s, ok := map[string]string{"guest": "a guest", "external": "from another organisation", "bot": "a bot", "deleted": "deactivated"}[kind]; ok {
		return s
	}
	return "unknown here"
}

func reason(v values) string {
	if v.get("reason") == "" {
		return v.get("state")
	}
	return v.get("state") + ", " + v.get("reason")
}

func resource(v values) string {
	kind, id, _ := strings.Cut(v.get("resource"), ":")
	if kind == "instance" && v.name != nil {
		return "the instance " + v.name(id)
	}
	if _, tail, ok := strings.Cut(id, "targetgroup/"); ok {
		id, _, _ = strings.Cut(tail, "/")
	}
	return "the target " + kind + " " + id
}

func names(v values) string {
	var out []string
	for _, id := range strings.Split(v.get("instances"), ", ") {
		if v.name != nil {
			id = v.name(id)
		}
		out = append(out, id)
	}
	return strings.Join(out, ", ")
}
