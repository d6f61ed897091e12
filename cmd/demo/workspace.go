package main

import (
	"context"

	"junban/bot/slackapi"
	"junban/bot/slacksim"
)

// Who and what is in the simulated Slack. The tokens open nothing anywhere else.
const (
	deploys = "C0DEPLOYS"
	alice   = "U0ALICE" // may ask
	bob     = "U0BOB"   // may approve
	devs    = "S0DEVS"  // Alice
	leads   = "S0LEADS" // Bob
	botUser = "U0JUNBAN"

	botToken = "xoxb-demo"
	appToken = "xapp-demo"
)

// newWorkspace is the Slack of a small team.
func newWorkspace() *slacksim.Workspace {
	w := slacksim.New(slacksim.Options{TeamName: "Junban demo", TeamDomain: "junban-demo"})
	for _, u := range []slacksim.User{
		{ID: alice, Name: "alice", RealName: "Alice", Title: "Developer: asks for deploys", Color: "5b89d5"},
		{ID: bob, Name: "bob", RealName: "Bob", Title: "Lead: approves", Color: "2b6836"},
		{ID: "U0GIL", Name: "gil", RealName: "Gil", Title: "Guest", IsUltraRestricted: true, Color: "e0a729"},
		{ID: "U0ERIN", Name: "erin", RealName: "Erin", Title: "Of another company", IsStranger: true, TeamID: "T0ELSEWHERE", Color: "9f69e7"},
	} {
		w.AddUser(u)
	}
	w.AddGroup(slacksim.Group{ID: devs, Handle: "devs", Users: []string{alice}})
	w.AddGroup(slacksim.Group{ID: leads, Handle: "leads", Users: []string{bob}})
	w.AddApp(slacksim.App{
		AppID: "A0JUNBAN", Name: "junban", BotUser: botUser, BotToken: botToken, AppToken: appToken,
		Commands: []string{"/deploy"}, Events: []string{"app_mention", "app_home_opened"}, HomeTab: true,
		Shortcuts: []slacksim.Shortcut{{CallbackID: slackapi.ShortcutOperation, Name: "What is this?"}},
	})
	w.AddChannel(slacksim.Channel{ID: deploys, Name: "deploys", Topic: "Deploys, one instance after another", BotIsMember: true})
	w.AddChannel(slacksim.Channel{ID: "C0GENERAL", Name: "general", Topic: "Everything else"})
	return w
}

// startSlack lets the bot in. slack-go sends Slack's own Origin, so that is not looked at.
func startSlack(c *crew, w *slacksim.Workspace, d doors) {
	c.start("the simulated Slack", func(ctx context.Context) error {
		defer w.Close()
		return serve(ctx, d.slack, loopbackOnly(w.Handler()))
	})
}
