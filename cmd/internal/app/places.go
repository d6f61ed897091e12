package app

import (
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"junban/deploy/awscloud"
	"junban/deploy/engine"
	"junban/deploy/localrun"
	"junban/deploy/sshrun"
	"junban/deploy/ssmrun"
)

// places are the ways to AWS and to hosts, one of each per account, made when they are first asked for and then kept: a
// Cloud's readings are shared by all who use it.
type places struct {
	cfg      aws.Config // the bot's own credentials and region
	accounts map[string]account
	direct   map[string]engine.Runner // by via: those that no account has a part in

	mu      sync.Mutex
	made    map[string]place  // by account name; "" = the bot's own
	budgets map[where]budgets // what AWS counts together is counted together here
}

type place struct {
	cloud *awscloud.Cloud
	ssm   *ssmrun.Runner
}

// where is what AWS has token buckets for: an account, by number, and a region. The number of the bot's own account is
// not known without asking, so it is "" here, and a role of the very same account gets budgets of its own.
type where struct{ number, region string }

type budgets struct {
	cloud awscloud.Options
	ssm   ssmrun.Options
}

func newPlaces(cfg aws.Config, accounts map[string]account, reach sshrun.Reach) *places {
	return &places{
		cfg: cfg, accounts: accounts, made: map[string]place{}, budgets: map[where]budgets{},
		direct: map[string]engine.Runner{"local": localrun.New(localrun.Options{}), "ssh": sshrun.New(reach, 0)},
	}
}

// cloud is the AWS of an account ("" = the bot's own). One of an account that the configuration does not have refuses
// everything.
func (p *places) cloud(name string) engine.Cloud {
	at, ok := p.place(name)
	if !ok {
		return unknownAccount(name, p.accounts)
	}
	return at.cloud
}

// runner runs commands on hosts: on the bot's own, through ssh, or else on an account's by SSM.
func (p *places) runner(name, via string) engine.Runner {
	if r, ok := p.direct[via]; ok {
		return r
	}
	at, ok := p.place(name)
	if !ok {
		return unknownAccount(name, p.accounts)
	}
	return at.ssm
}

// place finds or makes what an account is worked in through. It makes no call.
func (p *places) place(name string) (place, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, ok := p.made[name]; ok {
		return at, true
	}
	cfg, spot := p.cfg, where{region: p.cfg.Region}
	if name != "" {
		a, ok := p.accounts[name]
		if !ok {
			return place{}, false
		}
		cfg = a.assumed(p.cfg)
		spot = where{a.number(), cfg.Region}
	}
	b, ok := p.budgets[spot]
	if !ok {
		b = budgets{awscloud.Defaults(), ssmrun.Defaults()} // which two names of one account share
		p.budgets[spot] = b
	}
	at := place{awscloud.New(cfg, b.cloud), ssmrun.New(cfg, b.ssm)}
	p.made[name] = at
	return at, true
}
