package app

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"junban/cmd/internal/config"
	"junban/deploy/awscloud"
	"junban/deploy/awscloud/awscall"
	"junban/deploy/awscloud/iam"
	"junban/deploy/ssmrun"
)

// Policies are the IAM policies of one account.
type Policies struct {
	Policy iam.Document  `json:"policy"`          // of the bot's own role, or of the account's
	Trust  *iam.Document `json:"trust,omitempty"` // whom the account's role lets in; nil for the bot's own
}

// Policy is the least that the bot needs for a deploy.yaml: in its own account with name "", where it also assumes the
// roles of the accounts that services use; else in the account of that name, whose role trusts bot, an ARN, or a
// placeholder without one. It asks AWS nothing.
func Policy(path, name, bot string) (Policies, error) {
	c, err := config.Load(path)
	if err != nil {
		return Policies{}, err
	}
	return policies(c.AWS.Region, accountsOf(c), demands(c), name, bot)
}

// demand is what one service in one environment asks of AWS.
type demand struct {
	account string // "" = the bot's own
	groups  []string
	tags    map[string]string
	ssm     bool // commands go over SSM
	alarms  bool
}

func demands(c *config.Config) []demand {
	var out []demand
	for _, t := range c.Targets() {
		out = append(out, demand{
			account: t.Account, groups: t.TargetGroups, tags: t.Tags, ssm: t.Run.Via == "ssm", alarms: len(t.Alarms) > 0,
		})
	}
	return out
}

// assuming is the permission that the bot's own role needs for the others. The call is the SDK's, ordered in accounts.go.
var assuming = []awscall.Permission{
	{Action: "sts:AssumeRole", On: []awscall.Resource{awscall.Roles}, For: awscall.OtherRole, Why: "work in the accounts of aws.accounts"},
}

// stranger stands for the bot's own role where nobody has said what it is.
const stranger = "iam::BOT_ACCOUNT:role/BOT_ROLE"

func policies(region string, accounts map[string]account, all []demand, name, bot string) (Policies, error) {
	own, known := accounts[name]
	if name != "" && !known {
		return Policies{}, unknownAccount(name, accounts).err()
	}
	use, ssm := useOf(all, name)
	use.Region = cmp.Or(own.Region, region)
	tables := [][]awscall.Permission{awscloud.Permissions(), assuming, examining(ssm)}
	if ssm {
		tables = append(tables, ssmrun.Permissions())
	}
	if name == "" {
		use.Account, use.Roles = accountIn(use.Groups), rolesOf(all, accounts)
		return Policies{Policy: iam.Least(use, tables...)}, nil
	}
	if use.Bare {
		return Policies{}, fmt.Errorf("no service of deploy.yaml has account: %s, so its role needs nothing", name)
	}
	use.Account = own.number()
	trust, err := trusts(region, own, bot)
	return Policies{Policy: iam.Least(use, tables...), Trust: trust}, err
}

// examining are the permissions of the doctor, who looks at each plan.
func examining(ssm bool) []awscall.Permission {
	return slices.DeleteFunc(awscloud.SurveyPermissions(), func(p awscall.Permission) bool { return !ssm && strings.HasPrefix(p.Action, "ssm:") })
}

// useOf is what the services of one account use there, and whether SSM is among it.
func useOf(all []demand, name string) (use iam.Use, ssm bool) {
	use.Bare = true
	for _, d := range all {
		if d.account != name {
			continue
		}
		use.Bare = false
		use.Groups = append(use.Groups, d.groups...)
		use.Alarms = use.Alarms || d.alarms
		ssm = ssm || d.ssm
		switch {
		case d.ssm && len(d.tags) > 0:
			use.Tagged = append(use.Tagged, d.tags)
		case d.ssm:
			use.Hosts = true
		}
	}
	return use, ssm
}

// rolesOf are the roles of all accounts that some service is in.
func rolesOf(all []demand, accounts map[string]account) []string {
	roles := map[string]bool{}
	for _, d := range all {
		if d.account != "" {
			roles[accounts[d.account].RoleARN] = true
		}
	}
	return slices.Sorted(maps.Keys(roles))
}

func trusts(region string, a account, bot string) (*iam.Document, error) {
	switch begins := "arn:" + iam.Partition(region) + ":"; {
	case bot == "":
		bot = begins + stranger
	case !strings.HasPrefix(bot, begins+"iam::"):
		return nil, fmt.Errorf("%q is not the ARN of a role or user; one is %siam::123456789012:role/junban", bot, begins)
	}
	d := iam.Trust(bot, a.ExternalID)
	return &d, nil
}

// accountIn is the account number that all ARNs of target groups agree on; "" if there is none.
func accountIn(groups []string) string {
	number := ""
	for _, g := range groups {
		parts := strings.Split(g, ":")
		if len(parts) != 6 || parts[0] != "arn" {
			continue
		}
		if number != "" && number != parts[4] {
			return ""
		}
		number = parts[4]
	}
	return number
}
