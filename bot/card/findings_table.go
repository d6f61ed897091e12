package card

import (
	"fmt"

	"junban/deploy"
	"junban/deploy/doctor"
)

// findings is the table of those findings whose sentences are some of several, or take more than the finding's own
// values. The sentences of every other stand in the catalogue under its name: finding.<name>.seen and .mend.
var findings = map[string]struct{ seen, mend func(v values) Text }{
	doctor.PermissionMissing: {seen: func(v values) Text {
		return v.say("finding.permission-missing.seen", "to", v.w.clause("finding.permission-missing.to", "principal", v.get("principal")))
	}},
	doctor.NoHealthyTarget: both(func(v values) string {
		if v.get("registered") == "0" {
			return "finding.no-healthy-target.empty"
		}
		return "finding.no-healthy-target"
	}),
	doctor.OneHealthyTarget: both(func(v values) string {
		switch alone, down := v.get("registered") == "1", v.get("minimum") == "0"; {
		case !alone && down:
			return "finding.one-healthy-target.ill.down"
		case !alone:
			return "finding.one-healthy-target.ill"
		case down:
			return "finding.one-healthy-target.down"
		}
		return "finding.one-healthy-target"
	}),
	doctor.TargetInDisabledZone: {mend: func(v values) Text {
		if v.get("scheme") == "internet-facing" {
			return v.say("finding.target-in-disabled-zone.public.mend")
		}
		return v.say("finding.target-in-disabled-zone.mend")
	}},
	doctor.AgentOffline: {
		seen: func(v values) Text {
			ping := v.get("ping")
			if ping == doctor.Never {
				ping = v.w.Line("finding.agent-offline.never")
			}
			return v.say("finding.agent-offline.seen", "ping", ping)
		},
		mend: func(v values) Text {
			if v.get("ping") == doctor.Never {
				return v.say("finding.agent-offline.never.mend")
			}
			return v.say("finding.agent-offline.mend")
		},
	},
	doctor.ZoneWithoutTarget: {
		seen: func(v values) Text {
			if v.get("cross_zone") == "false" {
				return v.say("finding.zone-without-target.fails.seen")
			}
			return v.say("finding.zone-without-target.seen")
		},
		mend: func(v values) Text {
			if v.get("others") != "" {
				return v.say("finding.zone-without-target.shared.mend")
			}
			return v.say("finding.zone-without-target.mend")
		},
	},
	doctor.FleetDiffers: {
		seen: func(v values) Text {
			return v.say("finding.fleet-differs.seen", "trait", v.w.word("trait", v.get("what")), "list", v.get("seen"))
		},
		mend: func(v values) Text {
			switch v.get("what") {
			case "type":
				return v.say("finding.fleet-differs.type.mend")
			case "image":
				return v.say("finding.fleet-differs.image.mend")
			}
			return v.say("finding.fleet-differs.mend")
		},
	},
	doctor.InAutoScaling: both(func(v values) string {
		if v.get("suspended") != "" {
			return "finding.in-auto-scaling-group.suspended"
		}
		return "finding.in-auto-scaling-group"
	}),
	doctor.SlowStart: {seen: func(v values) Text { return v.say("finding.slow-start.seen", "time", duration(v, "slow_start")) }},
}

// both are the sentences of a finding that come in pairs.
func both(which func(values) string) struct{ seen, mend func(v values) Text } {
	return struct{ seen, mend func(v values) Text }{
		func(v values) Text { return v.say(which(v) + ".seen") },
		func(v values) Text { return v.say(which(v) + ".mend") },
	}
}

// Finding is one finding as two texts: what was seen, and how to mend it.
func (w Voice) Finding(f deploy.Finding) (seen, mend Text) {
	id := "finding." + f.Name
	if f.Name == "" || !w.lang.Has(id+".seen") {
		return w.Say("finding.unheard", "finding", fmt.Sprint(f.Name, " ", f.Values)), nil
	}
	v := values{w: w, v: map[string]string{}}
	for k, long := range f.Values {
		v.v[k] = w.shorten(long)
	}
	say := findings[f.Name]
	seen, mend = v.say(id+".seen"), v.say(id+".mend")
	if say.seen != nil {
		seen = say.seen(v)
	}
	if say.mend != nil {
		mend = say.mend(v)
	}
	return seen, mend
}
