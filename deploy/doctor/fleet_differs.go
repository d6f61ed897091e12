package doctor

import (
	"strings"

	"junban/deploy"
)

// trait is one property in which the instances of a service should not differ.
type trait struct {
	name string
	of   func(Instance) string
	mend func(x *exam, i Instance, usual string) string // nil: no line mends it on a running instance
}

var traits = []trait{
	{"type", func(i Instance) string { return i.Type }, nil},
	{"image", func(i Instance) string { return i.Image }, nil},
	{"security_groups", func(i Instance) string { return strings.Join(i.SecurityGroups, " ") }, func(x *exam, i Instance, usual string) string {
		return x.aws(append([]string{"ec2", "modify-instance-attribute", "--instance-id", i.ID, "--groups"}, strings.Fields(usual)...)...)
	}},
	{"metadata_tokens", func(i Instance) string { return i.Tokens }, func(x *exam, i Instance, usual string) string {
		return x.aws("ec2", "modify-instance-metadata-options", "--instance-id", i.ID, "--http-tokens", usual)
	}},
}

// fleetDiffers: what works on one instance may not on the next. One finding for each property that differs. What most
// instances have is taken for right; where no value has a majority there is no line.
func fleetDiffers(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, t := range traits {
		by, usual := alike(x.fleet(), t.of)
		if len(by) < 2 {
			continue
		}
		var fix []string
		for _, i := range x.fleet() {
			if t.mend != nil && usual != "" && t.of(i) != usual {
				fix = append(fix, t.mend(x, i, usual))
			}
		}
		out = append(out, found(deploy.Warns, lines(fix), "what", t.name, "seen", spread(by)))
	}
	return out
}
