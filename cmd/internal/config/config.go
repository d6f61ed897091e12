// Package config reads deploy.yaml and answers what a rollout of one service
// to one environment is to do.
//
// A file goes through five stages, each in a file of its own: text (source.go),
// tree (node.go), known keys with typed values (walk.go, driven by the one
// table in table.go), layers laid over each other (layer.go), and the valid
// form (build.go). Every stage reports into one list, so that one run names
// every fault with its line and column.
//
// jsonschema.go writes the same table as a JSON Schema, for editors.
//
// It must never talk to Slack or AWS, hold a secret, or accept a key that has
// no effect: what is not built yet is refused in those words.
package config

import "time"

// Config is a deploy.yaml without a fault in it.
type Config struct {
	Observe   bool              // `mode: observe`: nothing is asked for and nothing is done, it only looks
	Path      string            // the file itself, absolute
	Slack     Slack             // where people ask
	Zone      *time.Location    // times are shown and windows are read in it; UTC unless the file names another
	AWS       AWS               // what no service changes
	Store     Store             // where the journal lives
	Operators map[string]string // users of the bot's host who may act through the control socket -> their Slack user ids (U…, W…); never nil
	Services  []Service         // sorted by name, at least one
}

// Slack is where people ask and read.
type Slack struct {
	Channel  string   // id of the channel that requests are posted to, unless a service names its own
	Channels []string // ids of the channels where commands, mentions and clicks are taken; nil = all that are not shared with another workspace
	Command  string   // the slash command, with its slash; "/deploy" by default
	Language string   // of what people read: "en" or "ja"; "en" by default
}

// AWS is the account's side that no service changes.
type AWS struct {
	Region   string             // as in "ap-northeast-1"
	Accounts map[string]Account // by the name that services use; never nil
}

// Account is an account, or a region of one, that is reached by assuming a role.
type Account struct {
	RoleARN    string // the role to assume, never ""
	ExternalID string // "" when the role's trust policy asks for none
	Region     string // "" for AWS.Region
}

// Store is where the journal lives.
type Store struct {
	Bolt string // absolute path of the bbolt file; a relative one is relative to deploy.yaml
}

// Service is one service and the environments that it can be deployed to.
// Its settings are asked for with [Config.Target].
type Service struct {
	Name         string
	Environments []string // sorted; empty when the service has none

	targets map[string]Target // by environment; "" when there are none
}
