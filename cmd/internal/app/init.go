package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"junban/cmd/internal/config"
	"junban/deploy/awscloud"
	"junban/deploy/doctor"
	"junban/deploy/engine"
)

// InitOptions say what a first deploy.yaml is about.
type InitOptions struct {
	Config  string   // where it is written; nothing that is there is written over
	Groups  []string // target groups, by name or ARN
	Region  string   // "" = the AWS SDK's own
	Service string   // "" = made of the first target group's name
	Channel string   // Slack's ids; "" or none = a word in capitals that `check` points at
	Deploy  []string
	Approve []string
}

// Init reads target groups as they are now and writes a first deploy.yaml for them, with what it saw as comments. It
// answers the places that are still to be filled in. It only reads AWS.
func Init(ctx context.Context, o InitOptions) (left []string, err error) {
	if _, err := os.Lstat(o.Config); err == nil {
		return nil, fmt.Errorf("%s is there already, and is left as it is: name another one with --config", o.Config)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("looking whether %s is there: %w", o.Config, err)
	}
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(o.Region))
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("no AWS region is known: say --region ap-northeast-1, or set AWS_REGION")
	}
	o.Region = cfg.Region
	seen, err := awscloud.New(cfg, awscloud.Options{}).Survey(ctx, awscloud.Subject{Want: engine.Want{Groups: o.Groups}})
	if err != nil {
		return nil, err
	}
	if len(seen.Denied) > 0 {
		return nil, fmt.Errorf("AWS does not let these credentials read: %s", seen.Denied[0].Action)
	}
	text, left, err := firstConfig(o, seen)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(o.Config, text, 0o644); err != nil { //nolint:gosec // it holds no secret
		return nil, fmt.Errorf("writing the configuration: %w", err)
	}
	return left, nil
}

// first is what the template fills in.
type first struct {
	InitOptions
	Account string
	Groups  []firstGroup
	Sticky  bool
	Hosts   int  // distinct instances
	Idle    bool // the delay is long enough that waiting until idle is worth it
	Delay   time.Duration
}

type firstGroup struct {
	Name, Seen string
	Targets    []string
}

// firstConfig is the text of a first deploy.yaml, and what is left to be filled in. Without those places it is one that
// `check` accepts.
func firstConfig(o InitOptions, seen doctor.Survey) (text []byte, left []string, err error) {
	hole := func(v *string, word, what string) {
		if *v == "" {
			*v = word
			left = append(left, word+": "+what)
		}
	}
	hole(&o.Channel, "THE_CHANNEL", "the id of the Slack channel for requests, such as C0123456789 (at the end of the channel's details)")
	for _, list := range []struct {
		ids        *[]string
		word, what string
	}{
		{&o.Deploy, "WHO_MAY_ASK", "ids of the Slack user groups (S…) and people (U…) who may ask for a deploy"},
		{&o.Approve, "WHO_MAY_APPROVE", "ids of those who may approve one; nobody approves their own"},
	} {
		if len(*list.ids) == 0 {
			*list.ids = []string{list.word}
			left = append(left, list.word+": "+list.what)
		}
	}
	v := first{InitOptions: o}
	hosts := map[string]bool{}
	for _, g := range seen.Groups {
		v.Groups = append(v.Groups, describe(g, seen.Instances, hosts))
		v.Sticky = v.Sticky || g.Sticky
		v.Delay = max(v.Delay, g.Delay)
	}
	v.Hosts, v.Idle = len(hosts), v.Delay >= time.Minute
	if v.Service == "" {
		v.Service = serviceName(seen.Groups[0].Name)
	}
	var out bytes.Buffer
	if err := firstTemplate.Execute(&out, v); err != nil {
		return nil, nil, fmt.Errorf("writing the configuration: %w", err)
	}
	return out.Bytes(), left, firstIsRight(out.Bytes(), len(left) > 0)
}

// describe says of one group what is worth knowing, and notes its instances.
func describe(g doctor.Group, known map[string]doctor.Instance, hosts map[string]bool) firstGroup {
	out := firstGroup{Name: g.Name, Seen: fmt.Sprintf("deregistration delay %s, health checks every %s", g.Delay, g.Interval)}
	for _, t := range g.Targets {
		id := t.Target
		if owner := g.Owner[id]; owner != "" {
			id = owner
		}
		hosts[id] = true
		name := known[id].Name
		out.Targets = append(out.Targets, oneLine(strings.TrimSpace(fmt.Sprintf("%s %s port %d, %s", name, id, t.Port, t.State))))
	}
	slices.Sort(out.Targets)
	return out
}

// oneLine keeps what somebody named in AWS from ending a comment.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}

var notInNames = regexp.MustCompile(`[^a-z0-9-]+`)

// serviceName makes a service's name of a target group's.
func serviceName(group string) string {
	name := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(group), "-"), "-")
	for _, tail := range []string{"-target-group", "targetgroup", "-tg"} {
		name = strings.Trim(strings.TrimSuffix(name, tail), "-")
	}
	if name == "" {
		return "web"
	}
	return name
}

// firstIsRight checks what was written as `check` does; the places to be filled in are faults that it is to have.
func firstIsRight(text []byte, holes bool) error {
	dir, err := os.MkdirTemp("", "junban-init")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "deploy.yaml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return err
	}
	if _, err := config.Load(path); err != nil && !holes {
		return fmt.Errorf("what was given makes no right configuration: %s", strings.ReplaceAll(err.Error(), path, "deploy.yaml"))
	}
	return nil
}

var firstTemplate = template.Must(template.New("deploy.yaml").Funcs(template.FuncMap{
	"list": func(ids []string) string { return "[" + strings.Join(ids, ", ") + "]" },
}).Parse(`# Written by junban init from what AWS showed. ` + "`junban schema`" + ` lists every key.
# mode: observe          # for the first week: status, plan and doctor work, nothing is deployed
slack:
  channel: {{.Channel}}
aws:
  region: {{.Region}}
services:
  {{.Service}}:
{{- range .Groups}}
    # {{.Name}}: {{.Seen}}
{{- range .Targets}}
    #   {{.}}
{{- end}}
{{- end}}
    target_groups: [{{range $i, $g := .Groups}}{{if $i}}, {{end}}{{$g.Name}}{{end}}]
{{- if .Sticky}}
    sessions: local        # stickiness is on: whoever is on an instance is logged out when it is deployed to
{{- end}}
    run:
      # user: deploy       # SSM runs as root, without HOME
      # directory: /srv/{{.Service}}
      command: ./deploy.sh "$REF"
      # verify: curl -fsS http://127.0.0.1/
{{- if or (lt .Hosts 2) .Idle}}
    rolling:
{{- if lt .Hosts 2}}
      min_healthy: 0       # there is one instance: the service is DOWN while it is deployed to
{{- end}}
{{- if .Idle}}
      # drain: {until: idle}   # not the whole {{.Delay}} of the deregistration delay, but until its connections are idle
{{- end}}
{{- end}}
    deploy: {allow: {{list .Deploy}}}
    approve: {allow: {{list .Approve}}}
`))
