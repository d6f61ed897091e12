package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"junban/cmd/internal/config"
	"junban/deploy"
	"junban/deploy/awscloud/awscall"
	"junban/deploy/engine"
)

const (
	// sessionName is what the bot's sessions are called, so that CloudTrail tells whose they are.
	sessionName = "junban"
	// assumeWithin limits one AssumeRole with its retries. Everybody who needs the session waits for the same one; it is
	// less than what each try of a call may take, so that people read that it was the role.
	assumeWithin = 8 * time.Second
	// renewBefore is how long before their end credentials are renewed.
	renewBefore = time.Minute
)

// account is a row of aws.accounts: another account, or another region, that is worked in by an assumed role.
type account struct {
	RoleARN    string
	ExternalID string // "" = the role wants none
	Region     string // "" = the bot's own
}

// accountsOf are the configuration's aws.accounts, by name.
func accountsOf(c *config.Config) map[string]account {
	out := map[string]account{}
	for name, a := range c.AWS.Accounts {
		out[name] = account(a)
	}
	return out
}

// number is the AWS account of a role: arn:aws:iam::123456789012:role/name.
func (a account) number() string {
	if parts := strings.Split(a.RoleARN, ":"); len(parts) == 6 {
		return parts[4]
	}
	return a.RoleARN
}

// assumed is a configuration whose calls are made in the role's account and region. It makes no call: the first that
// needs credentials asks for them, and all share them until they are renewed.
func (a account) assumed(own aws.Config) aws.Config {
	provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(own), a.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = sessionName
		if a.ExternalID != "" {
			o.ExternalID = aws.String(a.ExternalID)
		}
	})
	cfg := own.Copy()
	cfg.Credentials = aws.NewCredentialsCache(role{provider, a.RoleARN}, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = renewBefore })
	if a.Region != "" {
		cfg.Region = a.Region
	}
	return cfg
}

// role assumes a role within a limit: the cache lets nobody's cancellation through to it.
type role struct {
	aws.CredentialsProvider
	arn string
}

// Retrieve makes one session.
func (r role) Retrieve(ctx context.Context) (aws.Credentials, error) {
	ctx, cancel := context.WithTimeout(ctx, assumeWithin)
	defer cancel()
	c, err := r.CredentialsProvider.Retrieve(ctx)
	if err == nil {
		return c, nil
	}
	if ctx.Err() != nil {
		err = fmt.Errorf("no answer within %v", assumeWithin)
	}
	return c, &awscall.CredentialsError{Doing: "assuming the role " + r.arn, Err: err}
}

// unknown is the cloud and the runner of an account that the configuration does not have, as when it was taken out of the
// file while an operation of it had not finished: whatever is asked of it is refused.
type unknown struct{ fault deploy.Fault }

func unknownAccount(name string, known map[string]account) unknown {
	why := "deploy.yaml has no account " + name
	if len(known) == 0 {
		return unknown{deploy.Fault{Class: deploy.Refused, Message: why + ": aws.accounts is empty"}}
	}
	return unknown{deploy.Fault{
		Class: deploy.Refused, Message: why + ": aws.accounts has " + strings.Join(slices.Sorted(maps.Keys(known)), ", "),
	}}
}

var (
	_ engine.Cloud  = unknown{}
	_ engine.Runner = unknown{}
)

func (u unknown) err() error { return &u.fault }

func (u unknown) Fleet(context.Context, engine.Want) (deploy.Fleet, error) {
	return deploy.Fleet{}, u.err()
}

func (u unknown) Alarms(context.Context, []string) (deploy.Alarms, error) {
	return deploy.Alarms{}, u.err()
}

func (u unknown) Health(context.Context, string, time.Time) (deploy.Reading, error) {
	return deploy.Reading{}, u.err()
}

func (u unknown) Host(context.Context, string) (deploy.Host, error) { return deploy.Host{}, u.err() }

func (u unknown) Deregister(context.Context, string, []deploy.Pair, time.Time) error { return u.err() }

func (u unknown) Register(context.Context, string, []deploy.Pair) error { return u.err() }

func (u unknown) Send(context.Context, deploy.Job, time.Time) (string, error) { return "", u.err() }

func (u unknown) Find(context.Context, deploy.Job, time.Time) (string, error) { return "", u.err() }

func (u unknown) Wait(context.Context, deploy.Job, string) (deploy.Report, error) {
	return deploy.Report{}, u.err()
}

func (u unknown) Cancel(context.Context, deploy.Job) (deploy.Report, error) {
	return deploy.Report{}, u.err()
}
