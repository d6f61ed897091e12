package main

import (
	"fmt"

	"junban/cmd/internal/app"
	"junban/deploy/awscloud/iam"
)

type policyCmd struct {
	file
	Account string `help:"Of this one of aws.accounts: one object with its role's policy and its trust policy, as .policy and .trust." placeholder:"NAME"`
	Bot     string `help:"With --account: the ARN of the bot's own role or user, whom the account's role is to trust." placeholder:"ARN"`
}

// Run prints the policy alone, as the console and the AWS CLI take it, or with --account both.
func (p *policyCmd) Run(o output) error {
	if p.Bot != "" && p.Account == "" {
		return fmt.Errorf("--bot is for a trust policy, and only an account's role has one: say --account NAME too")
	}
	got, err := app.Policy(p.Config, p.Account, p.Bot)
	if err != nil {
		return err
	}
	if p.Account == "" {
		_, err = fmt.Fprintln(o.stdout, got.Policy)
		return err
	}
	if p.Bot == "" {
		fmt.Fprintln(o.stderr, "In the trust policy, put the bot's own role or user in place of BOT_ACCOUNT and BOT_ROLE, or say --bot ARN.")
	}
	_, err = fmt.Fprintln(o.stdout, iam.Pretty(got))
	return err
}
