package doctor

import (
	"fmt"
	"strings"

	"junban/deploy"
)

// profileMissing: without an instance profile an SSM agent has no credentials, unless the account's Default Host
// Management Configuration gives it some; and whatever the application does with AWS fails.
func profileMissing(x *exam) []deploy.Finding {
	by, usual := alike(x.fleet(), func(i Instance) string { return i.Profile })
	if len(by[""]) == 0 {
		return nil
	}
	var fix []string
	for _, i := range by[""] {
		if profile := other(by, usual); profile != "" {
			fix = append(fix, x.aws("ec2", "associate-iam-instance-profile", "--instance-id", i.ID, "--iam-instance-profile", "Arn="+profile))
		}
	}
	return []deploy.Finding{found(deploy.Warns, lines(fix), "instances", labels(by[""]), "via", x.r.Run.Via)}
}

// other is the profile that those which have one share; "" if they share none.
func other(by map[string][]Instance, usual string) string {
	if usual != "" {
		return usual
	}
	only := ""
	for p := range by {
		if p != "" && only != "" {
			return ""
		}
		if p != "" {
			only = p
		}
	}
	return only
}

// profilesDiffer: what one instance may do, the next may not.
func profilesDiffer(x *exam) []deploy.Finding {
	var have []Instance
	for _, i := range x.fleet() {
		if i.Profile != "" {
			have = append(have, i)
		}
	}
	by, usual := alike(have, func(i Instance) string { return i.Profile })
	if len(by) < 2 {
		return nil
	}
	var fix []string
	for _, i := range have {
		if usual != "" && i.Profile != usual {
			fix = append(fix, x.replaceProfile(i, usual))
		}
	}
	short := map[string][]Instance{}
	for arn, some := range by {
		short[arn[strings.LastIndex(arn, "/")+1:]] = some
	}
	if len(short) < len(by) {
		short = by // two paths, or two accounts, with the same name
	}
	return []deploy.Finding{found(deploy.Warns, lines(fix), "profiles", spread(short))}
}

// replaceProfile needs the id of the association, which only another call tells.
func (x *exam) replaceProfile(i Instance, arn string) string {
	id := x.aws("ec2", "describe-iam-instance-profile-associations", "--filters", "Name=instance-id,Values="+i.ID,
		"--query", "IamInstanceProfileAssociations[0].AssociationId", "--output", "text")
	line := x.aws("ec2", "replace-iam-instance-profile-association", "--association-id", "ID", "--iam-instance-profile", "Arn="+arn)
	return strings.Replace(line, "ID", fmt.Sprintf(`"$(%s)"`, id), 1)
}
