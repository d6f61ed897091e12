package card

import (
	"fmt"
	"maps"
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

func (v values) instance() Span {
	id := v.v["instance"]
	switch {
	case chores[deploy.Verb(id)] != "":
		return B(string(chores[deploy.Verb(id)]))
	case v.name == nil:
		return B(id)
	}
	return B(v.name(id))
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

// moment is a time, shown in the reader's own zone.
func (v values) moment(k string) Span {
	t, err := time.Parse(time.RFC3339Nano, v.v[k])
	if err != nil {
		return Span{Value: v.v[k]}
	}
	return At(t)
}

// since is the beginning of a state, set off.
func (v values) since() Text {
	if v.v["since"] == "" {
		return nil
	}
	return T(" since ", v.moment("since"))
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
var sentences = gather(plans, runs, ends, votes)

func gather(tables ...map[deploy.Code]func(values) Text) map[deploy.Code]func(values) Text {
	out := map[deploy.Code]func(values) Text{}
	for _, t := range tables {
		maps.Copy(out, t)
	}
	return out
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
	"failed": "ended it", "succeeded": "ended it", "turned": "turned it back", "continued": "answered it", "paused": "paused it", "goon": "counted it as done",
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
	return resourceName(v.get("resource"), v.name)
}

// resourceName is what a lock is on, as people say it.
func resourceName(resource string, name func(string) string) string {
	kind, id, _ := strings.Cut(resource, ":")
	switch kind {
	case "service":
		return "the service " + strings.Replace(id, "/", " in ", 1)
	case "instance":
		if name != nil {
			id = name(id)
		}
		return "the instance " + id
	case "scaling":
		return "the Auto Scaling group " + id
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

// opens says when the next window begins, if that is known.
func opens(v values, words string) Text {
	if v.get("opens") == "" {
		return T("No window opens within the next weeks. ")
	}
	until := Text{}
	if v.get("until") != "" {
		until = T(", until ", v.moment("until"))
	}
	return T(words, v.moment("opens"), until, ". ")
}

// calls mentions people and groups, in front of a sentence.
func calls(ids string) Text {
	var out Text
	for _, id := range strings.FieldsFunc(ids, func(r rune) bool { return r == ',' || r == ' ' }) {
		out = append(out, P(id), Span{Value: " "})
	}
	if len(out) > 0 {
		out[len(out)-1].Value = ", "
	}
	return out
}

// doing names a step as an activity.
func doing(v deploy.Verb) string {
	if s, ok := map[deploy.Verb]string{
		deploy.VerbLeave: "draining", deploy.VerbIdle: "draining", deploy.VerbCommand: "the deploy command", deploy.VerbRevert: "the rollback command",
		deploy.VerbVerify: "the verification", deploy.VerbJoin: "getting healthy", "": "this step", "rollout": "the whole rollout",
	}[v]; ok {
		return s
	}
	return chores[v].or(string(v))
}

// phrase is a cause's code in a few words, inside a sentence.
func phrase(code string) string {
	if s, ok := phrases[deploy.Code(code)]; ok {
		return s
	}
	return strings.ReplaceAll(code, "_", " ")
}

var phrases = map[deploy.Code]string{
	"":                    "a rule",
	deploy.CommandFailed:  "the deploy command failed",
	deploy.VerifyFailed:   "the verification failed",
	deploy.CommandTimeout: "the deploy command took too long",
	deploy.HealthTimeout:  "it did not become healthy in time",
	deploy.NeverHealthy:   "it cannot become healthy",
	deploy.DrainTimeout:   "it did not drain",
	deploy.InstanceGone:   "the instance has gone",
	deploy.CloudFault:     "AWS failed",
	deploy.CanarySick:     "the canary is not well",
	deploy.AlarmOn:        "an alarm is on",
	deploy.Overdue:        "it took too long",
	deploy.Unattended:     "nobody decided",
	deploy.CommandRefused: "the command was not run",
	deploy.CommandUnknown: "nobody can say how the command ended",

	deploy.CommandCanceled: "the command was cancelled",
	deploy.PutBackByOther:  "somebody else put it back into service",
	deploy.TakenByOther:    "somebody else took it out of service",
	deploy.Vanished:        "somebody else took it out of service",
	deploy.StillInService:  "it is still in service",
	deploy.SomebodyLooked:  "how its command ended is not known",
	deploy.CanaryBaked:     "whether the canary is good",
	deploy.FailOpen:        "no target is healthy",
	deploy.FailedLane:      "an instance failed",

	deploy.NoTargets:      "no instance is registered",
	deploy.AllHeld:        "every instance is held",
	deploy.MinimumTooHigh: "min_healthy is more than the fleet can keep",
	deploy.NotBalanced:    "no load balancer uses the target group",
	deploy.ServiceLocked:  "the service is locked",
	deploy.DoctorBlocks:   "the doctor found something",
	deploy.RolledBack:     "a rollout failed and was rolled back",
	deploy.Behind:         "it waited for one that was approved earlier",
	deploy.LockedBy:       "it waited for a lock",
	deploy.StillClosed:    "it was outside of the windows",
	deploy.AskFailed:      "not everything could be checked",
	deploy.Scheduled:      "it was scheduled",
}
