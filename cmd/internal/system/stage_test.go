// Package system holds the tests of the whole: the real bot between a simulated Slack and a simulated AWS, reached by
// the real client libraries over sockets, with commands that really run. Their names read as a specification.
package system

import (
	"context"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"junban/bot/slacksim"
	"junban/deploy/awssim"
	"junban/deploy/awssim/world"
)

const (
	channel = "C0000DEPLOY"
	dev     = "U0000ALICE" // may deploy
	lead    = "U00000BOB0" // may approve
	guest   = "U00000GIL0"
	extern  = "U0000ERIN0"
	gone    = "U0000GONE0"
	other   = "U0000OTTO0" // a member in no group
)

// stage is Slack, AWS and the hosts; the bot comes and goes.
type stage struct {
	t     testing.TB
	dir   string
	w     *world.World
	aws   *awssim.Server
	slack *slacksim.Workspace
	group string // ARN
	ids   []string
	awsAt string
	apiAt string
	extra map[string]string // more of the bot's environment
	inet  string            // the network of private addresses
}

// setup says what a stage looks like. Zero values: three instances, delay and interval of one second.
type setup struct {
	instances       int
	delay, interval time.Duration
	command, verify string
	service         string // more lines of the service, in YAML, indented by four
	more            string // more services, in YAML, indented by two
	groups          []string
	free            bool   // Slack limits no rates
	network         string // of the instances' private addresses; default 10.0.0
}

func newStage(t testing.TB, s setup) *stage {
	t.Helper()
	s = s.filled()
	st := &stage{t: t, dir: shortDir(t), inet: s.network}
	st.w = world.New(world.Options{Seed: 1})
	st.aws = awssim.New(awssim.Options{World: st.w, Seed: 1, Probe: st.probe})
	st.fleet(s)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- st.aws.Run(ctx) }()
	awsSrv := httptest.NewServer(st.aws)
	st.awsAt = awsSrv.URL
	st.slack = newWorkspace(s)
	apiSrv := httptest.NewServer(st.slack.Handler())
	st.apiAt = apiSrv.URL + "/api/"
	t.Cleanup(func() {
		end, stop := context.WithTimeout(context.Background(), 20*time.Second)
		defer stop()
		if err := st.aws.Close(end); err != nil {
			t.Errorf("commands still run: %v", err)
		}
		cancel()
		<-ran
		awsSrv.Close()
		st.slack.Close()
		apiSrv.Close()
	})
	st.write(s)
	return st
}

func (s setup) filled() setup {
	if s.instances == 0 {
		s.instances = 3
	}
	if s.delay == 0 {
		s.delay = time.Second
	}
	if s.interval == 0 {
		s.interval = time.Second
	}
	if s.command == "" {
		s.command = `echo "$REF" > REVISION; echo "$OPERATION_ID $REF" >> ran`
	}
	if s.verify == "" {
		s.verify = `test "$(cat REVISION)" = "$REF"`
	}
	if s.network == "" {
		s.network = "10.0.0"
	}
	if len(s.groups) == 0 {
		s.groups = []string{"web"}
	}
	return s
}

// shortDir is a temporary folder whose path is short enough for a Unix socket.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (st *stage) fleet(s setup) {
	lb := st.w.AddBalancer(world.Balancer{Name: "lb"})
	for n := range s.instances {
		id := fmt.Sprintf("i-%017d", n+1)
		st.instance(id, fmt.Sprintf("web-%d", n+1))
		st.ids = append(st.ids, id)
	}
	for i, name := range s.groups {
		arn := st.w.AddGroup(world.Group{Name: name, Port: 80, Delay: s.delay, Interval: s.interval})
		st.w.AddListener(world.Listener{Balancer: lb, Port: 80 + i, Group: arn})
		if i == 0 {
			st.group = arn
		}
		for _, id := range st.ids {
			pair := world.Pair{ID: id, Port: 8080}
			if err := st.w.Register(arn, []world.Pair{pair}); err != nil {
				st.t.Fatal(err)
			}
			st.w.Checked(arn, pair, true, "")
		}
	}
}

// instance adds an instance with a folder of its own.
func (st *stage) instance(id, name string) {
	dir := filepath.Join(st.dir, id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		st.t.Fatal(err)
	}
	st.w.AddInstance(world.Instance{Profile: "arn:aws:iam::123456789012:instance-profile/web",
		ID: id, Name: name, PrivateIP: fmt.Sprintf("%s.%d", st.inet, len(st.w.Instances())+1), Zone: "ap-northeast-1a", AgentOnline: true, Dir: dir,
	})
}

func newWorkspace(s setup) *slacksim.Workspace {
	w := slacksim.New(slacksim.Options{NoRates: s.free})
	w.AddUser(slacksim.User{ID: dev, Name: "alice"})
	w.AddUser(slacksim.User{ID: lead, Name: "bob"})
	w.AddUser(slacksim.User{ID: guest, Name: "gil", IsRestricted: true})
	w.AddUser(slacksim.User{ID: extern, Name: "erin", IsStranger: true, TeamID: "T0000OTHER"})
	w.AddUser(slacksim.User{ID: gone, Name: "gone", Deleted: true})
	w.AddUser(slacksim.User{ID: other, Name: "otto"})
	w.AddUser(slacksim.User{ID: "U0000BOT00", Name: "junban", IsBot: true})
	w.AddGroup(slacksim.Group{ID: "S0000DEVS", Handle: "devs", Users: []string{dev}})
	w.AddGroup(slacksim.Group{ID: "S000LEADS", Handle: "leads", Users: []string{lead, guest, extern, gone}})
	w.AddChannel(slacksim.Channel{ID: channel, Name: "deploys", BotIsMember: true})
	w.AddApp(slacksim.App{
		AppID: "A0000JUNBAN", Name: "Junban", BotToken: "xoxb-test-token", AppToken: "xapp-test-token", BotUser: "U0000BOT00", Commands: []string{"/deploy"},
		Events: []string{"app_mention", "app_home_opened"}, HomeTab: true, Shortcuts: []slacksim.Shortcut{{CallbackID: "operation", Name: "Show the operation"}},
	})
	return w
}

func (st *stage) config() string { return filepath.Join(st.dir, "deploy.yaml") }

func (st *stage) write(s setup) {
	yaml := fmt.Sprintf(`slack: {channel: %s}
aws: {region: ap-northeast-1}
services:
  web:
    target_groups: [%s]
    run:
      command: %q
      verify: {command: %q, for: 2s, every: 500ms}
      timeout: 1m
    deploy: {allow: [S0000DEVS]}
    approve: {allow: [S000LEADS], expires: 30m}
%s%s`, channel, strings.Join(s.groups, ", "), s.command, s.verify, s.service, s.more)
	if err := os.WriteFile(st.config(), []byte(yaml), 0o600); err != nil {
		st.t.Fatal(err)
	}
}

// env is the bot's environment.
func (st *stage) env() map[string]string {
	env := map[string]string{
		"SLACK_BOT_TOKEN": "xoxb-test-token", "SLACK_APP_TOKEN": "xapp-test-token", "SLACK_API_URL": st.apiAt,
		"AWS_ENDPOINT_URL": st.awsAt, "AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "secret",
		"JUNBAN_STATE":              filepath.Join(st.dir, "state"), // of what runs on the bot's own host
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}
	maps.Copy(env, st.extra)
	return env
}

// ctx ends before the test's own limit, so that a test that waits in vain says what it waited for.
func (st *stage) ctx() (context.Context, context.CancelFunc) {
	return context.WithTimeout(st.t.Context(), 90*time.Second)
}

// connected waits until the bot listens on both its connections.
func (st *stage) connected() {
	st.t.Helper()
	st.await("the bot is connected", func() bool { return st.slack.Connections() > 0 })
}

// await waits until something holds, looking at each change in Slack or AWS.
func (st *stage) await(what string, is func() bool) {
	st.t.Helper()
	ctx, cancel := st.ctx()
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond) // for what neither of the two announces: files, processes
	defer tick.Stop()
	for {
		inSlack, inAWS := st.slack.Changed(), st.w.Changed()
		if is() {
			return
		}
		select {
		case <-ctx.Done():
			st.t.Fatalf("never: %s\n%s", what, st.transcript())
		case <-inSlack:
		case <-inAWS:
		case <-tick.C:
		}
	}
}

// parents are the channel's messages without the replies in threads.
func (st *stage) parents() []slacksim.Message {
	return slices.DeleteFunc(st.slack.Messages(channel), func(m slacksim.Message) bool { return m.ThreadTS != "" && m.ThreadTS != m.TS })
}

// transcript is the whole channel as text.
func (st *stage) transcript() string {
	var out strings.Builder
	for _, m := range st.parents() {
		fmt.Fprintf(&out, "%s\n", slacksim.Text(m))
		for _, r := range st.slack.Thread(channel, m.TS) {
			if r.TS != m.TS {
				fmt.Fprintf(&out, "    %s\n", strings.ReplaceAll(slacksim.Text(r), "\n", "\n    "))
			}
		}
	}
	return out.String()
}

// types types a command and answers what only the person sees.
func (st *stage) types(who, text string) string {
	st.t.Helper()
	ctx, cancel := st.ctx()
	defer cancel()
	before := len(st.slack.Ephemerals(who))
	parents := len(st.parents())
	reply, err := st.slack.Command(ctx, who, channel, "/deploy", text)
	if err != nil || reply.Failure != "" {
		st.t.Fatalf("/deploy %s: %v %s", text, err, reply.Failure)
	}
	st.await("an answer to /deploy "+text, func() bool {
		return len(st.slack.Ephemerals(who)) > before || len(st.parents()) > parents
	})
	if now := st.slack.Ephemerals(who); len(now) > before {
		return slacksim.Text(now[len(now)-1])
	}
	return ""
}

// asks types a command that must come to an operation, and answers its message's timestamp.
func (st *stage) asks(who, text string) string {
	st.t.Helper()
	before := len(st.parents())
	if said := st.types(who, text); said != "" {
		st.t.Fatalf("/deploy %s was refused: %s", text, said)
	}
	st.await("a message about /deploy "+text, func() bool { return len(st.parents()) > before })
	all := st.parents()
	return all[len(all)-1].TS
}

// clicks presses a button of a message.
func (st *stage) clicks(who, ts, action string) {
	st.t.Helper()
	ctx, cancel := st.ctx()
	defer cancel()
	if err := st.slack.Click(ctx, who, channel, ts, "", slacksim.WithText(action)); err != nil {
		st.t.Fatalf("%s presses %s: %v\n%s", who, action, err, st.transcript())
	}
}

// refused presses a button and answers the refusal that only the person sees.
func (st *stage) refused(who, ts, action string) string {
	st.t.Helper()
	before := len(st.slack.Ephemerals(who))
	st.clicks(who, ts, action)
	st.await("a refusal", func() bool { return len(st.slack.Ephemerals(who)) > before })
	now := st.slack.Ephemerals(who)
	return slacksim.Text(now[len(now)-1])
}

// card is a message as text.
func (st *stage) card(ts string) string {
	m, ok := st.slack.Message(channel, ts)
	if !ok {
		return ""
	}
	return slacksim.Text(m)
}

// shows waits until a message shows a text.
func (st *stage) shows(ts, text string) {
	st.t.Helper()
	st.await(fmt.Sprintf("the message shows %q", text), func() bool { return strings.Contains(st.card(ts), text) })
}

// thread is the text of all replies.
func (st *stage) thread(ts string) string {
	var out []string
	for _, m := range st.slack.Thread(channel, ts) {
		if m.TS != ts {
			out = append(out, slacksim.Text(m))
		}
	}
	return strings.Join(out, "\n")
}

// ran lists the operations and refs that an instance's command has run for.
func (st *stage) ran(n int) []string {
	data, err := os.ReadFile(filepath.Join(st.dir, st.ids[n], "ran"))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// safe is I1 and I3 as AWS saw them: never fewer healthy than all but one, no command on an instance in service.
func (st *stage) safe(mark world.Mark) {
	st.t.Helper()
	if least := st.w.LeastHealthy(st.group, mark); least < len(st.ids)-1 {
		st.t.Errorf("only %d of %d were healthy at some moment", least, len(st.ids))
	}
	for _, e := range st.w.LogSince(mark) {
		if e.Kind == world.KindCommand && strings.HasSuffix(e.Comment, "/command") && len(e.InService) > 0 {
			st.t.Errorf("%s ran on %s while it was in service", e.Comment, e.Instance)
		}
	}
}
