package deploy

import "time"

// RollbackTarget is the ref that a rollback goes back to: the last one that succeeded everywhere before what is there
// now. After a rollback that is the one before the ref it went back to: rolling back twice goes two steps back, and
// never forth to what was rolled back. rows are newest first; "" if no such ref is known.
func RollbackTarget(rows []Row, service, environment string) string {
	now := ""
	var after bool // the deploy of what is there now has been passed
	for _, r := range rows {
		if !r.rollsAll(service, environment) || r.Started.IsZero() {
			continue
		}
		succeeded := r.State == StateSucceeded
		switch {
		case now == "":
			now, after = r.Ref, r.Kind == KindDeploy
		case !after:
			after = r.Kind == KindDeploy && r.Ref == now
		case succeeded && r.Kind == KindDeploy && r.Ref != now:
			return r.Ref
		}
	}
	return ""
}

// LastSucceeded is the ref of the last rollout of a service that succeeded on all its instances. rows are newest first;
// "" if no such ref is known.
func LastSucceeded(rows []Row, service, environment string) string {
	for _, r := range rows {
		if r.rollsAll(service, environment) && r.State == StateSucceeded {
			return r.Ref
		}
	}
	return ""
}

// rollsAll reports whether the operation puts a ref on all instances of a service.
func (r Row) rollsAll(service, environment string) bool {
	return r.Kind.Rolls() && r.Service == service && r.Environment == environment && r.On == ""
}

// Members are the ids of a fleet's instances.
func Members(f Fleet) []string {
	var out []string
	for _, m := range f.members() {
		if _, known := f.Instances[m.id]; known {
			out = append(out, m.id)
		}
	}
	return out
}

// CurrentJob asks an instance what is on it. It only looks; asked tells this question from others.
func CurrentJob(r Request, i Instance, asked string) Job {
	j := Job{
		Token: "current/" + i.ID + "/" + asked, Via: r.Run.Via, Instance: i.ID, Address: i.IP, Read: true, Service: r.Service,
		Environment: r.Environment, Script: r.Run.Current, User: r.Run.User, Directory: r.Run.Directory, Shell: r.Run.Shell, Timeout: currentLimit,
	}
	for k, v := range r.Run.Env {
		j.Env = append(j.Env, k+"="+v)
	}
	j.Env = append(j.Env, "SERVICE="+r.Service, "ENVIRONMENT="+r.Environment, "INSTANCE_ID="+i.ID, "INSTANCE_NAME="+i.Name, "INSTANCE_IP="+i.IP)
	return j
}

// currentLimit is how long an instance may take to tell what is on it.
const currentLimit = 10 * time.Second

// FirstLine is the first line of what a host told, at most 100 characters.
func FirstLine(s string) string {
	line := []rune(firstLine(s, ""))
	return string(line[:min(len(line), 100)])
}
