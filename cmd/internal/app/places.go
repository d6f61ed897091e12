package app

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"junban/deploy/awscloud"
	"junban/deploy/engine"
	"junban/deploy/ssmrun"
)

// places are the ways to AWS and to hosts, one of each per account.
type places struct {
	own *awscloud.Cloud
	ssm *ssmrun.Runner
}

func newPlaces(cfg aws.Config) *places {
	return &places{own: awscloud.New(cfg, awscloud.Options{}), ssm: ssmrun.New(cfg, ssmrun.Options{})}
}

func (p *places) cloud(string) engine.Cloud { return p.own }

func (p *places) runner(string, string) engine.Runner { return p.ssm }
