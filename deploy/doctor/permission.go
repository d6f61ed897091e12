package doctor

import (
	"fmt"
	"slices"
	"strings"

	"junban/deploy"
)

// permissionMissing: what IAM refused. A refused write cannot be seen without making it, so these are reads only.
func permissionMissing(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, d := range x.Denied {
		severity := deploy.Warns
		if d.Needed {
			severity = deploy.Blocks
		}
		out = append(out, found(severity, x.grant(d), "action", d.Action, "principal", d.Principal))
	}
	return out
}

// grant is the line that allows an action to the role or user who was refused it.
func (x *exam) grant(d Denial) string {
	kind, name := holder(d.Principal)
	if kind == "" {
		return ""
	}
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%q,"Resource":"*"}]}`, d.Action)
	_, action, _ := strings.Cut(d.Action, ":")
	return x.aws("iam", "put-"+kind+"-policy", "--"+kind+"-name", name, "--policy-name", "junban-"+action, "--policy-document", policy)
}

// holder reads who holds a policy out of an ARN: arn:aws:sts::1:assumed-role/ROLE/SESSION, arn:aws:iam::1:user/PATH/NAME.
func holder(arn string) (kind, name string) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return "", ""
	}
	path := strings.Split(parts[5], "/")
	switch {
	case path[0] == "assumed-role" && len(path) >= 2:
		return "role", path[1]
	case (path[0] == "role" || path[0] == "user") && len(path) >= 2:
		return path[0], path[len(path)-1]
	}
	return "", ""
}

// read reports whether none of the actions was denied or failed.
func (x *exam) read(actions ...string) bool {
	for _, a := range actions {
		if slices.ContainsFunc(x.Denied, func(d Denial) bool { return d.Action == a }) ||
			slices.ContainsFunc(x.Unread, func(u Unread) bool { return u.Action == a }) {
			return false
		}
	}
	return true
}

// notChecked: what could not be read for another reason is not silently fine.
func notChecked(x *exam) []deploy.Finding {
	var out []deploy.Finding
	for _, u := range x.Unread {
		out = append(out, found(deploy.Notes, "", "action", u.Action, "why", u.Why))
	}
	return out
}
