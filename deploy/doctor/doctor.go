// Package doctor says what would make a rolling deploy of a service unsafe, and what would mend it: one rule per
// finding, one file per rule. It judges a Survey, which an adapter has read, by what the configuration asks for.
//
// It is pure. It must never read AWS or Slack itself, and never make a sentence: a finding is a stable name with what was
// seen, and package card says it in people's words.
package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"junban/deploy"
)

// The findings' names. They are stable: doctor.accept in deploy.yaml names them.
const (
	PermissionMissing     = "permission-missing"
	GroupUnused           = "group-unused"
	NoHealthyTarget       = "no-healthy-target"
	OneHealthyTarget      = "one-healthy-target"
	MinimumTooHigh        = "minimum-too-high"
	TargetInDisabledZone  = "target-in-disabled-zone"
	AgentOffline          = "agent-offline"
	SlackSetup            = "slack-setup"
	SlackScopeMissing     = "slack-scope-missing"
	SlackNotInChannel     = "slack-not-in-channel"
	SessionsNotSticky     = "sessions-not-sticky"
	StickyWithoutCross    = "sticky-without-cross-zone"
	ZoneWithoutTarget     = "zone-without-target"
	ZoneWithOneTarget     = "zone-with-one-target"
	ProfileMissing        = "instance-profile-missing"
	ProfilesDiffer        = "instance-profiles-differ"
	FleetDiffers          = "fleet-differs"
	InAutoScaling         = "in-auto-scaling-group"
	SharedInstance        = "shared-instance"
	DeregistrationZero    = "deregistration-delay-zero"
	DeregistrationDefault = "deregistration-delay-long"
	SlowStart             = "slow-start"
	PortOverride          = "port-override"
	NotChecked            = "not-checked"
)

// rule looks for one finding. It answers none, one, or one for each thing that it concerns.
type rule struct {
	name string
	look func(*exam) []deploy.Finding
}

// rules is the table of findings, in the order in which people are told.
var rules = []rule{
	{PermissionMissing, permissionMissing},
	{GroupUnused, groupUnused},
	{NoHealthyTarget, noHealthyTarget},
	{OneHealthyTarget, oneHealthyTarget},
	{MinimumTooHigh, minimumTooHigh},
	{TargetInDisabledZone, targetInDisabledZone},
	{AgentOffline, agentOffline},
	{SlackSetup, slackSetup},
	{SlackScopeMissing, slackScopeMissing},
	{SlackNotInChannel, slackNotInChannel},
	{SessionsNotSticky, sessionsNotSticky},
	{StickyWithoutCross, stickyWithoutCross},
	{ZoneWithoutTarget, zoneWithoutTarget},
	{ZoneWithOneTarget, zoneWithOneTarget},
	{ProfileMissing, profileMissing},
	{ProfilesDiffer, profilesDiffer},
	{FleetDiffers, fleetDiffers},
	{InAutoScaling, inAutoScaling},
	{SharedInstance, sharedInstance},
	{DeregistrationZero, deregistrationZero},
	{DeregistrationDefault, deregistrationLong},
	{SlowStart, slowStart},
	{PortOverride, portOverride},
	{NotChecked, notChecked},
}

// Names lists the names of all findings: what doctor.accept may name.
func Names() []string {
	out := make([]string, 0, len(rules))
	for _, r := range rules {
		out = append(out, r.name)
	}
	return out
}

// Examine answers what the survey shows that matters to the request, blocking findings first. A request without a kind
// is a general examination of its service. Findings that the request accepts say so and do not block. Putting back is
// never blocked, and locks are no concern of the fleet's.
func Examine(s Survey, r deploy.Request) []deploy.Finding {
	if r.Kind == deploy.KindLock || r.Kind == deploy.KindUnlock {
		return nil
	}
	x := newExam(s, r)
	var out []deploy.Finding
	for _, rule := range rules {
		for _, f := range rule.look(x) {
			f.Name, f.Accepted = rule.name, r.Accept[rule.name]
			if r.Kind == deploy.KindRestore && f.Severity == deploy.Blocks {
				f.Severity = deploy.Warns
			}
			out = append(out, f)
		}
	}
	rank := map[deploy.Severity]int{deploy.Blocks: 0, deploy.Warns: 1, deploy.Notes: 2}
	slices.SortStableFunc(out, func(a, b deploy.Finding) int { return cmp.Compare(rank[a.Severity], rank[b.Severity]) })
	return out
}

// Blocking are those findings that stop an approval: they block, and nobody has accepted them.
func Blocking(all []deploy.Finding) []deploy.Finding {
	var out []deploy.Finding
	for _, f := range all {
		if f.Severity == deploy.Blocks && f.Accepted == "" {
			out = append(out, f)
		}
	}
	return out
}

// found makes a finding of names and values in turn; the table gives it its own name.
func found(s deploy.Severity, fix string, pairs ...any) deploy.Finding {
	f := deploy.Finding{Severity: s, Values: map[string]string{}, Fix: fix}
	for i := 0; i+1 < len(pairs); i += 2 {
		if v := said(pairs[i+1]); v != "" {
			f.Values[fmt.Sprint(pairs[i])] = v
		}
	}
	return f
}

func said(v any) string {
	if list, ok := v.([]string); ok {
		return strings.Join(list, ", ")
	}
	return fmt.Sprint(v)
}
