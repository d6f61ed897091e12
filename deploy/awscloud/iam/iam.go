// Package iam writes the least IAM policy that a bot needs, from the tables of permissions that stand beside the calls.
// It is pure, and knows AWS's policy grammar and the forms of its ARNs, as the service authorization reference has them.
//
// It must never widen an action to a pattern, or a resource further than what is not known of it.
package iam

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"junban/deploy/awscloud/awscall"
)

// Document is an IAM policy. Its JSON is what the console and `aws iam put-role-policy` take.
type Document struct {
	Version   string      `json:"Version"`
	Statement []Statement `json:"Statement"`
}

// Statement allows actions on resources. A trust policy's has a Principal and no Resource.
type Statement struct {
	Sid       string     `json:"Sid"`
	Effect    string     `json:"Effect"`
	Principal *Principal `json:"Principal,omitempty"`
	Action    []string   `json:"Action"`             // sorted
	Resource  []string   `json:"Resource,omitempty"` // sorted
	Condition Condition  `json:"Condition,omitempty"`
}

// Principal is who a trust policy speaks of.
type Principal struct {
	AWS string `json:"AWS"` // an ARN
}

// Condition is values by key by operator.
type Condition map[string]map[string]string

// version is the grammar's, not the document's: with an older one ${…} would be plain text.
const version = "2012-10-17"

// Use is what a bot does in one account and region.
type Use struct {
	Region  string              // as in ap-northeast-1
	Account string              // twelve digits; "" = not known, so any
	Groups  []string            // target groups, by name or ARN; none = no load balancer
	Hosts   bool                // commands run on instances that nothing narrower is known of
	Tagged  []map[string]string // and on those that bear all tags of one of these
	Alarms  bool                // CloudWatch alarms are read
	Standby bool                // instances of Auto Scaling groups are put into standby
	Roles   []string            // ARNs of the roles that are assumed
	Bare    bool                // nothing but the roles: no service is in this account itself
}

// features are what the use has of what some permissions are for.
func (u Use) features() map[awscall.Feature]bool {
	return map[awscall.Feature]bool{
		awscall.Always:    !u.Bare,
		awscall.Balanced:  len(u.Groups) > 0,
		awscall.Alarms:    u.Alarms,
		awscall.Standby:   u.Standby,
		awscall.OtherRole: len(u.Roles) > 0,
	}
}

// Least is the least policy for a use, from tables of permissions. Actions on the same resources share a statement; an
// action that needs several kinds of resources has them in statements of their own, since a condition on the one would
// not hold for the other.
func Least(u Use, tables ...[]awscall.Permission) Document {
	have := u.features()
	actions := map[string][]string{} // by Sid
	blocks := map[string]Statement{}
	for _, p := range slices.Concat(tables...) {
		if !have[p.For] {
			continue
		}
		for _, r := range p.On {
			for _, s := range u.statements(r) {
				blocks[s.Sid] = s
				if !slices.Contains(actions[s.Sid], p.Action) {
					actions[s.Sid] = append(actions[s.Sid], p.Action)
				}
			}
		}
	}
	d := Document{Version: version}
	for _, sid := range slices.SortedFunc(maps.Keys(blocks), bySid) {
		s := blocks[sid]
		s.Action = slices.Sorted(slices.Values(actions[sid]))
		d.Statement = append(d.Statement, s)
	}
	return d
}

// order is that in which a reader meets the statements.
var order = []string{"Read", "TakeOutAndPutBack", "RunThisDocument", "RunOnInstances", "RunOnTagged", "Standby", "AssumeRoles"}

func bySid(a, b string) int {
	place := func(sid string) int {
		return slices.IndexFunc(order, func(o string) bool { return strings.HasPrefix(sid, o) })
	}
	return cmp.Or(place(a)-place(b), len(a)-len(b), strings.Compare(a, b))
}

// Trust is the trust policy of an account's role: whom it lets in, by ARN, and with which external id ("" = it asks for
// none).
func Trust(principal, externalID string) Document {
	s := Statement{Sid: "TheBot", Effect: allow, Principal: &Principal{AWS: principal}, Action: []string{"sts:AssumeRole"}}
	if externalID != "" {
		s.Condition = Condition{"StringEquals": {"sts:ExternalId": plain(externalID)}}
	}
	return Document{Version: version, Statement: []Statement{s}}
}

// String is the document as indented JSON. Nothing in it is escaped for HTML: an ARN is read by people.
func (d Document) String() string { return Pretty(d) }

// Pretty is a document, or several in a struct, as indented JSON.
func Pretty(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err.Error() // strings, slices and maps of them always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}
