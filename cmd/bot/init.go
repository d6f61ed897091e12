package main

import (
	"context"
	"fmt"

	"junban/cmd/internal/app"
)

type initCmd struct {
	file
	Groups  []string `name:"target-group" required:"" help:"A target group, by name or ARN; several if an instance is in several." placeholder:"NAME"`
	Region  string   `help:"The AWS region; else the AWS SDK's own." placeholder:"REGION"`
	Service string   `help:"What the service is called; else made of the target group's name." placeholder:"NAME"`
	Channel string   `help:"The id of the Slack channel for requests." placeholder:"C…"`
	Deploy  []string `help:"Slack ids of those who may ask." placeholder:"S…,U…"`
	Approve []string `help:"Slack ids of those who may approve." placeholder:"S…,U…"`
}

// Run writes the file and says what is left to do.
func (i *initCmd) Run(ctx context.Context, o output) error {
	left, err := app.Init(ctx, app.InitOptions{
		Config: i.Config, Groups: i.Groups, Region: i.Region, Service: i.Service, Channel: i.Channel, Deploy: i.Deploy, Approve: i.Approve,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "%s is written. AWS was only read.\n", i.Config)
	if len(left) > 0 {
		fmt.Fprintln(o.stdout, "Put into it what only you know:")
		for _, l := range left {
			fmt.Fprintf(o.stdout, "  %s\n", l)
		}
	}
	fmt.Fprintf(o.stdout, "Then: junban check, junban doctor, junban run, each with --config %s if it is elsewhere.\n", i.Config)
	return nil
}
