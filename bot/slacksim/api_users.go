package slacksim

import (
	"slices"
	"time"
)

func (w *Workspace) authTest(req *request) (answer, *refusal) {
	a := req.app
	if req.params["token"] == a.AppToken {
		return answer{"app_name": a.Name, "app_id": a.AppID}, nil
	}
	out := answer{
		"url":  "https://" + w.opt.TeamDomain + ".slack.com/",
		"team": w.opt.TeamName, "team_id": w.opt.TeamID,
		"user": w.users[a.BotUser].Name, "user_id": a.BotUser, "bot_id": a.botID,
		"is_enterprise_install": false,
	}
	if w.opt.EnterpriseID != "" {
		out["enterprise_id"] = w.opt.EnterpriseID
	}
	return out, nil
}

// botInfo is docs.slack.dev/reference/methods/bots.info.
func (w *Workspace) botInfo(req *request) (answer, *refusal) {
	for _, a := range w.apps {
		if a.botID == req.params["bot"] {
			bot := answer{"id": a.botID, "deleted": false, "name": a.Name, "updated": 1_700_000_000, "app_id": a.AppID, "icons": answer{}}
			if a.BotUser != "" {
				bot["user_id"] = a.BotUser
			}
			return answer{"bot": bot}, nil
		}
	}
	return nil, refuse("bot_not_found")
}

func (w *Workspace) userInfo(req *request) (answer, *refusal) {
	u, ok := w.users[req.params["user"]]
	if !ok {
		return nil, refuse("user_not_found")
	}
	return answer{"user": w.userObject(u, req.app)}, nil
}

func (w *Workspace) userList(req *request) (answer, *refusal) {
	ids, next, refused := paginate(w.userOrder, func(id string) string { return id }, req.params, 1000, 1000)
	if refused != nil {
		return nil, refused
	}
	members := make([]answer, 0, len(ids))
	for _, id := range ids {
		members = append(members, w.userObject(w.users[id], req.app))
	}
	return answer{"members": members, "cache_ts": w.opt.Now().Unix(), "response_metadata": answer{"next_cursor": next}}, nil
}

// userObject is docs.slack.dev/reference/objects/user-object: a deleted user has lost most of its fields, and the
// address takes a scope of its own.
func (w *Workspace) userObject(u *User, a *app) answer {
	profile := answer{
		"real_name": u.RealName, "real_name_normalized": u.RealName, "display_name": u.Name,
		"display_name_normalized": u.Name, "title": u.Title, "team": u.TeamID,
	}
	if u.Email != "" && slices.Contains(a.Scopes, "users:read.email") {
		profile["email"] = u.Email
	}
	if own := w.appOfBot(u.ID); own != nil {
		profile["bot_id"], profile["api_app_id"] = own.botID, own.AppID
	}
	object := answer{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "deleted": u.Deleted, "profile": profile,
		"is_bot": u.IsBot, "updated": 1_700_000_000, "is_app_user": false,
	}
	if u.Deleted {
		return object
	}
	zone, offset := zoneOf(u.TZ, w.opt.Now())
	for key, value := range (answer{
		"color": u.Color, "real_name": u.RealName, "tz": u.TZ, "tz_label": zone, "tz_offset": offset,
		"is_admin": false, "is_owner": false, "is_primary_owner": false,
		"is_restricted": u.IsRestricted || u.IsUltraRestricted, "is_ultra_restricted": u.IsUltraRestricted,
		"is_email_confirmed": true,
	}) {
		object[key] = value
	}
	if u.IsStranger {
		object["is_stranger"] = true
	}
	if u.EnterpriseID != "" {
		teams := u.Teams
		if teams == nil {
			teams = []string{u.TeamID}
		}
		object["enterprise_user"] = answer{
			"id": u.ID, "enterprise_id": u.EnterpriseID, "enterprise_name": u.EnterpriseName,
			"is_admin": false, "is_owner": false, "teams": teams,
		}
	}
	return object
}

func zoneOf(name string, now time.Time) (string, int) {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return "UTC", 0
	}
	return now.In(loc).Zone()
}

func (w *Workspace) groupList(req *request) (answer, *refusal) {
	list := make([]answer, 0, len(w.groups))
	for _, id := range w.groupOrder {
		g := w.groups[id]
		object := answer{
			"id": g.ID, "team_id": w.opt.TeamID, "is_usergroup": true, "is_external": false,
			"name": g.Handle, "handle": g.Handle, "description": "", "date_create": 1_700_000_000,
			"date_update": 1_700_000_000, "date_delete": 0, "created_by": "", "updated_by": "",
			"prefs": answer{"channels": []string{}, "groups": []string{}}, "user_count": len(g.Users),
		}
		if req.params.is("include_users") {
			object["users"] = g.Users
		}
		list = append(list, object)
	}
	return answer{"usergroups": list}, nil
}

func (w *Workspace) groupUsers(req *request) (answer, *refusal) {
	g, ok := w.groups[req.params["usergroup"]]
	if !ok {
		return nil, refuse("no_such_subteam")
	}
	return answer{"users": append([]string{}, g.Users...)}, nil
}
