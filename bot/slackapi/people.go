package slackapi

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"junban/deploy"
)

// groupsFresh is how old an answer about a group's members may be. usergroups.users.list allows 20 calls a minute.
const groupsFresh = 60 * time.Second

// Person tells who somebody is now, from users.info, which is asked each time. groups may list any ids; those of user
// groups (S…) are looked up, with answers at most 60 s old, and those that the person is in come back. A group that
// does not exist, or that the workspace's plan does not have, has nobody in it. Somebody whom Slack does not know is a
// deploy.Stranger. Any error means that Slack could not be asked: grant nothing.
func (c *Client) Person(ctx context.Context, id string, groups []string) (deploy.Person, error) {
	person := deploy.Person{ID: id}
	self, err := c.identity(ctx)
	if err != nil {
		return deploy.Person{}, err
	}
	if strings.HasPrefix(id, "B") {
		return c.robot(ctx, person)
	}
	var user *slack.User
	err = c.again(ctx, c.paces.users, func(ctx context.Context) (err error) {
		user, err = c.api.GetUserInfoContext(ctx, id, slack.GetUserInfoOptionIncludeLocale(false))
		if err == nil && user.ID != id {
			return errHollow
		}
		return err
	})
	if err != nil {
		if v := judge(err); v.kind == refused && slices.Contains([]string{"user_not_found", "user_not_visible", "users_not_found"}, v.code) {
			person.Kind = deploy.Stranger
			return person, nil
		}
		return deploy.Person{}, c.told("asking Slack who "+id+" is", err)
	}
	person.Kind = standing(user, self)
	if person.Kind != deploy.Member && person.Kind != deploy.Robot {
		return person, nil // no group gives them anything
	}
	for _, group := range groups {
		if !strings.HasPrefix(group, "S") || slices.Contains(person.Groups, group) {
			continue
		}
		members, err := c.members(ctx, group)
		if err != nil {
			return deploy.Person{}, err
		}
		if slices.Contains(members, id) {
			person.Groups = append(person.Groups, group)
		}
	}
	return person, nil
}

// robot tells of a bot by its own id (B…), from bots.info: apps without a bot user have no other. No group gives it
// anything.
func (c *Client) robot(ctx context.Context, person deploy.Person) (deploy.Person, error) {
	var answer *slack.Bot
	err := c.again(ctx, c.paces.bots, func(ctx context.Context) (err error) {
		answer, err = c.api.GetBotInfoContext(ctx, slack.GetBotInfoParameters{Bot: person.ID})
		if err == nil && answer.ID != person.ID {
			return errHollow
		}
		return err
	})
	switch v := judge(err); {
	case err == nil && answer.Deleted:
		person.Kind = deploy.Deleted
	case err == nil:
		person.Kind = deploy.Robot
	case v.kind == refused && v.code == "bot_not_found":
		person.Kind = deploy.Stranger
	default:
		return deploy.Person{}, c.told("asking Slack who the bot "+person.ID+" is", err)
	}
	return person, nil
}

// standing reads docs.slack.dev/reference/objects/user-object. On Enterprise Grid a colleague may belong to another
// workspace of the same organisation, which is no foreign team.
func standing(u *slack.User, self Identity) deploy.Standing {
	organisation := u.Enterprise.EnterpriseID
	colleague := self.Enterprise != "" && organisation == self.Enterprise
	foreign := u.TeamID != self.Team && !colleague || organisation != "" && self.Enterprise != "" && !colleague
	switch {
	case u.Deleted:
		return deploy.Deleted
	case u.IsStranger, foreign:
		return deploy.External
	case u.IsBot, u.IsWorkflowBot, u.IsConnectorBot, u.ID == "USLACKBOT": // Slackbot's is_bot is false
		return deploy.Robot
	case u.IsRestricted, u.IsUltraRestricted:
		return deploy.Guest
	}
	return deploy.Member
}

// groupCache keeps who is in a group. turn lets one question be asked at a time, so that a burst of clicks asks once.
type groupCache struct {
	turn chan struct{}
	mu   *sync.Mutex
	seen map[string]groupSeen
}

type groupSeen struct {
	members []string
	asked   time.Time // before the question was sent
}

func newGroupCache() groupCache {
	return groupCache{turn: make(chan struct{}, 1), mu: &sync.Mutex{}, seen: map[string]groupSeen{}}
}

func (g groupCache) get(group string) ([]string, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s, ok := g.seen[group]
	return s.members, ok && time.Since(s.asked) < groupsFresh
}

func (c *Client) members(ctx context.Context, group string) ([]string, error) {
	if members, ok := c.groups.get(group); ok {
		return members, nil
	}
	select {
	case c.groups.turn <- struct{}{}:
		defer func() { <-c.groups.turn }()
	case <-ctx.Done():
		return nil, c.told("asking Slack who is in "+group, ctx.Err())
	}
	if members, ok := c.groups.get(group); ok {
		return members, nil
	}
	seen := groupSeen{asked: time.Now()}
	err := c.again(ctx, c.paces.groups, func(ctx context.Context) (err error) {
		seen.asked = time.Now()
		seen.members, err = c.api.GetUserGroupMembersContext(ctx, group)
		return err
	})
	if err != nil {
		v := judge(err)
		if v.kind != refused || !slices.Contains([]string{"no_such_subteam", "subteam_not_found", "plan_upgrade_required", "paid_teams_only"}, v.code) {
			return nil, c.told("asking Slack who is in "+group, err)
		}
		c.log.WarnContext(ctx, "nobody is in this user group", "group", group, "slack", v.code, "do", advice(v.code))
		seen.members = nil
	}
	c.groups.mu.Lock()
	defer c.groups.mu.Unlock()
	c.groups.seen[group] = seen
	return seen.members, nil
}
