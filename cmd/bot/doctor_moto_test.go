package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// account is an AWS account that moto's server plays, set up through the AWS CLI as an operator would.
type account struct {
	t        *testing.T
	cli, url string
	subnets  map[string]string // a, c, d -> subnet id
	vpc      string
	sg       []string
	image    string
	mu       sync.Mutex
	groups   map[string]string   // name -> ARN
	ids      map[string][]string // name of the group -> instance ids
}

// needs finds a program that a test needs; on CI its absence is a failure.
func needs(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is needed on CI: %v", name, err)
	}
	t.Skipf("no %s: %v", name, err)
	return ""
}

func newAccount(t *testing.T) *account {
	t.Helper()
	a := &account{t: t, cli: needs(t, "aws"), subnets: map[string]string{}, groups: map[string]string{}, ids: map[string][]string{}}
	server := needs(t, "moto_server")
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil { // moto listens there now
		t.Fatal(err)
	}
	cmd := exec.Command(server, "-H", "127.0.0.1", "-p", port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	a.url = "http://127.0.0.1:" + port
	for late := time.Now().Add(time.Minute); !a.answers(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("moto does not answer")
		}
	}
	return a
}

func (a *account) answers() bool {
	req, err := http.NewRequestWithContext(a.t.Context(), http.MethodGet, a.url+"/moto-api/data.json", nil)
	if err != nil {
		a.t.Fatal(err)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil
}

func environment(url, key, secret string) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + url, "AWS_REGION=ap-northeast-1", "AWS_DEFAULT_REGION=ap-northeast-1", "AWS_ACCESS_KEY_ID=" + key,
		"AWS_SECRET_ACCESS_KEY=" + secret, "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_CONFIG_FILE=/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE=/dev/null", "HTTP_PROXY=", "http_proxy=",
	}
}

// aws runs one line of the AWS CLI and answers the words that it prints. The line may hold no quoted words.
func (a *account) aws(query, line string, args ...any) []string {
	a.t.Helper()
	words := strings.Fields(fmt.Sprintf(line, args...))
	if query != "" {
		words = append(words, "--query", query, "--output", "text")
	}
	ctx, cancel := context.WithTimeout(a.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, a.cli, words...)
	cmd.Env = append(os.Environ(), environment(a.url, "AKIDEXAMPLE", "secret")...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		a.t.Fatalf("aws %s: %v\n%s", strings.Join(words, " "), err, errs.String())
	}
	return strings.Fields(out.String())
}

// foundation is what all fleets stand on.
func (a *account) foundation() {
	rows := a.aws("Subnets[].[AvailabilityZone,SubnetId,VpcId]", "ec2 describe-subnets")
	for i := 0; i+2 < len(rows); i += 3 {
		a.subnets[rows[i][len(rows[i])-1:]] = rows[i+1]
		a.vpc = rows[i+2]
	}
	for _, name := range []string{"web", "db"} {
		a.sg = append(a.sg, a.aws("GroupId", "ec2 create-security-group --group-name %s --description %s --vpc-id %s", name, name, a.vpc)...)
	}
	a.aws("", "iam create-instance-profile --instance-profile-name web")
	a.aws("", "iam create-instance-profile --instance-profile-name other")
	a.image = "ami-12c6146b"
}

// machine is how an instance differs from the usual one.
type machine struct{ zone, with, without, image string }

// launch starts instances for a fleet: one for each zone, but for what a machine says otherwise.
func (a *account) launch(fleet string, machines ...machine) {
	a.t.Helper()
	usual := []string{
		"--instance-type t3.small", "--iam-instance-profile Name=web", "--security-group-ids " + a.sg[0], "--metadata-options HttpTokens=required",
	}
	for n, m := range machines {
		options := slices.DeleteFunc(slices.Clone(usual), func(o string) bool {
			name, _, _ := strings.Cut(o, " ")
			return m.without != "" && name == m.without || strings.HasPrefix(m.with, name)
		})
		image := a.image
		if m.image != "" {
			image = m.image
		}
		id := a.aws("Instances[].InstanceId", "ec2 run-instances --image-id %s --count 1 --subnet-id %s --tag-specifications ResourceType=instance,Tags=[{Key=Name,Value=%s-%d}] %s %s",
			image, a.subnets[m.zone], fleet, n+1, strings.Join(options, " "), m.with)
		a.mu.Lock()
		a.ids[fleet] = append(a.ids[fleet], id...)
		a.mu.Unlock()
	}
}

// group makes a target group with a fleet's instances in it, and sets attributes.
func (a *account) group(name string, fleets []string, attributes ...string) {
	a.t.Helper()
	arn := a.aws("TargetGroups[0].TargetGroupArn", "elbv2 create-target-group --name %s --protocol HTTP --port 80 --vpc-id %s", name, a.vpc)[0]
	a.mu.Lock()
	a.groups[name] = arn
	var targets []string
	for _, fleet := range fleets {
		for _, id := range a.ids[strings.TrimSuffix(fleet, ":8080")] {
			target := "Id=" + id
			if strings.HasSuffix(fleet, ":8080") {
				target += ",Port=8080"
			}
			targets = append(targets, target)
		}
	}
	a.mu.Unlock()
	if len(targets) > 0 {
		a.aws("", "elbv2 register-targets --target-group-arn %s --targets %s", arn, strings.Join(targets, " "))
	}
	if len(attributes) > 0 {
		a.aws("", "elbv2 modify-target-group-attributes --target-group-arn %s --attributes %s", arn, strings.Join(attributes, " "))
	}
}

// balance puts a load balancer in zones before groups: one listener for each five of them, as many as AWS takes.
func (a *account) balance(name, zones string, groups ...string) {
	a.t.Helper()
	var subnets []string
	for _, z := range zones {
		subnets = append(subnets, a.subnets[string(z)])
	}
	lb := a.aws("LoadBalancers[0].LoadBalancerArn", "elbv2 create-load-balancer --name %s --subnets %s", name, strings.Join(subnets, " "))[0]
	port := 80
	for some := range slices.Chunk(groups, 5) {
		var forward []string
		for _, g := range some {
			forward = append(forward, fmt.Sprintf(`{"TargetGroupArn":%q,"Weight":1}`, a.groups[g]))
		}
		a.aws("", `elbv2 create-listener --load-balancer-arn %s --protocol HTTP --port %d --default-actions [{"Type":"forward","ForwardConfig":{"TargetGroups":[%s]}}]`,
			lb, port, strings.Join(forward, ","))
		port++
	}
}

// scaled makes an Auto Scaling group of two, in a target group that exists.
func (a *account) scaled(group string) {
	a.t.Helper()
	a.aws("", "autoscaling create-launch-configuration --launch-configuration-name lc --image-id %s --instance-type t3.small --iam-instance-profile web --security-groups %s", a.image, a.sg[0])
	a.aws("", "autoscaling create-auto-scaling-group --auto-scaling-group-name workers --launch-configuration-name lc --min-size 2 --max-size 2 --vpc-zone-identifier %s,%s --target-group-arns %s",
		a.subnets["a"], a.subnets["c"], a.groups[group])
}

// fleets sets all fleets up. Each has one thing to be found, but for good, which has none.
func (a *account) fleets() {
	a.foundation()
	ac := []machine{{zone: "a"}, {zone: "c"}}
	acac := append(slices.Clone(ac), ac...)
	var all sync.WaitGroup
	for _, make := range []func(){
		func() { a.launch("good", ac...); a.group("good", []string{"good"}) },
		func() { a.launch("one", ac[:1]...); a.group("one", []string{"one"}) },
		func() {
			a.launch("sticky", acac...)
			a.group("sticky", []string{"sticky"}, "Key=stickiness.enabled,Value=true", "Key=load_balancing.cross_zone.enabled,Value=false")
		},
		func() {
			a.launch("wide", ac...)
			a.group("wide", []string{"wide"}, "Key=slow_start.duration_seconds,Value=60")
		},
		func() {
			a.launch("astray", append(ac[:2:2], machine{zone: "d"})...)
			a.group("astray", []string{"astray"})
		},
		func() {
			a.launch("profile", machine{zone: "a"}, machine{zone: "c", without: "--iam-instance-profile"})
			a.group("profile", []string{"profile"})
		},
		func() {
			a.launch("profiles", machine{zone: "a"}, machine{zone: "c"}, machine{zone: "c", with: "--iam-instance-profile Name=other"})
			a.group("profiles", []string{"profiles"}, "Key=deregistration_delay.timeout_seconds,Value=60")
		},
		func() {
			a.launch("differs", machine{zone: "a"}, machine{zone: "c"}, machine{zone: "c", image: "ami-03cf127a",
				with: "--instance-type t3.large --security-group-ids " + a.sg[0] + " " + a.sg[1] + " --metadata-options HttpTokens=optional"})
			a.group("differs", []string{"differs"}, "Key=deregistration_delay.timeout_seconds,Value=60")
		},
		func() {
			a.launch("zero", ac...)
			a.group("zero", []string{"zero"}, "Key=deregistration_delay.timeout_seconds,Value=0")
		},
		func() { a.launch("long", append(ac[:2:2], machine{zone: "a"})...); a.group("long", []string{"long"}) },
		func() { a.launch("port", ac...); a.group("port", []string{"port:8080"}) },
		func() { a.launch("both", ac...); a.group("api", []string{"both"}); a.group("cron", []string{"both"}) },
		func() { a.launch("unused", ac...); a.group("unused", []string{"unused"}) },
		func() { a.group("empty", nil) },
		func() { a.group("scaled", nil); a.scaled("scaled") },
	} {
		all.Go(make)
	}
	all.Wait()
	a.balance("front", "ac", "good", "one", "sticky", "astray", "profile", "profiles", "differs", "zero", "long", "port", "api", "cron", "empty", "scaled")
	a.balance("wide", "acd", "wide")
}

const fleetsYAML = `slack: {channel: C0123456789}
aws: {region: ap-northeast-1}
defaults:
  run: {command: ./deploy.sh}
  deploy: {allow: [S0DEVS]}
  approve: none
services:
  good: {target_groups: [good], sessions: shared}
  twin: {target_groups: [good], rolling: {min_healthy: 2}}
  local: {target_groups: [good], sessions: local}
  one: {target_groups: [one]}
  down: {target_groups: [one], rolling: {min_healthy: 0}}
  sticky: {target_groups: [sticky], sessions: local}
  wide: {target_groups: [wide]}
  astray: {target_groups: [astray], rolling: {max_unavailable: 2}}
  profile: {target_groups: [profile]}
  profiles: {target_groups: [profiles]}
  differs: {target_groups: [differs]}
  pets: {target_groups: [differs], doctor: {accept: {fleet-differs: they are pets}}}
  zero: {target_groups: [zero]}
  long: {target_groups: [long]}
  port: {target_groups: [port]}
  api: {target_groups: [api]}
  cron: {target_groups: [cron]}
  unused: {target_groups: [unused]}
  empty: {target_groups: [empty]}
  scaled: {target_groups: [scaled]}
  nowhere: {target_groups: [nowhere]}
`

// expected is all that is to be found, by service, beside what moto does not know: SSM's agents.
var expected = map[string][]string{
	"good":     nil,
	"twin":     {"blocks minimum-too-high"},
	"local":    {"warns sessions-not-sticky"},
	"one":      {"blocks one-healthy-target", "warns zone-without-target"},
	"down":     {"warns one-healthy-target", "warns zone-without-target"},
	"sticky":   {"warns sticky-without-cross-zone"},
	"wide":     {"warns zone-without-target", "notes slow-start"},
	"astray":   {"warns target-in-disabled-zone"},
	"profile":  {"warns instance-profile-missing"},
	"profiles": {"warns instance-profiles-differ"},
	"differs":  {"warns fleet-differs", "warns fleet-differs", "warns fleet-differs", "warns fleet-differs"},
	"pets":     {"accepted fleet-differs", "accepted fleet-differs", "accepted fleet-differs", "accepted fleet-differs"},
	"zero":     {"warns deregistration-delay-zero"},
	"long":     {"notes deregistration-delay-long"},
	"port":     {"notes port-override"},
	"api":      {"warns shared-instance"},
	"cron":     {"warns shared-instance"},
	"unused":   {"blocks group-unused"},
	"empty":    {"blocks no-healthy-target"},
	"scaled":   {"warns in-auto-scaling-group"},
}

type examination struct {
	Service, Error string
	Blocked        bool
	Findings       []struct {
		Name, Severity, Fix, Accepted, Seen, Mend string
		Values                                    map[string]string
	}
}

func (e examination) brief() []string {
	var out []string
	for _, f := range e.Findings {
		if f.Accepted != "" {
			f.Severity = "accepted"
		}
		if f.Name != "not-checked" || f.Values["action"] != "ssm:DescribeInstanceInformation" {
			out = append(out, f.Severity+" "+f.Name)
		}
	}
	return out
}

// examine runs `junban doctor --json`.
func examine(t *testing.T, config string, code int, args ...string) map[string]examination {
	t.Helper()
	got, out, errs := junban(t, nil, append([]string{"doctor", "--json", "--config", config}, args...)...)
	var all []examination
	if err := json.Unmarshal([]byte(out), &all); got != code || err != nil {
		t.Fatalf("exit code %d: %v\n%s%s", got, err, out, errs)
	}
	by := map[string]examination{}
	for _, e := range all {
		by[e.Service] = e
	}
	return by
}

// TestDoctorFindsEachFaultOfAFleetExactlyWhereItIs sets fleets up in moto through the AWS CLI and asks junban doctor.
func TestDoctorFindsEachFaultOfAFleetExactlyWhereItIs(t *testing.T) {
	a := newAccount(t)
	a.fleets()
	for _, e := range environment(a.url, "AKIDEXAMPLE", "secret") {
		k, v, _ := strings.Cut(e, "=")
		t.Setenv(k, v)
	}
	config := write(t, fleetsYAML)
	all := examine(t, config, exitFailed)
	for service, want := range expected {
		e := all[service]
		if d := cmp.Diff(want, e.brief()); d != "" {
			t.Errorf("%s: %s\n%+v", service, d, e)
		}
		if blocks := slices.ContainsFunc(want, func(f string) bool { return strings.HasPrefix(f, "blocks") }); e.Blocked != blocks {
			t.Errorf("%s is blocked: %v", service, e.Blocked)
		}
	}
	if e := all["nowhere"]; !e.Blocked || !strings.Contains(e.Error, "no target group has the name nowhere") {
		t.Errorf("%+v", e)
	}
	if len(all) != len(expected)+1 {
		t.Errorf("%d services", len(all))
	}
	t.Run("one service", func(t *testing.T) {
		code, out, errs := junban(t, nil, "doctor", "good", "--config", config)
		if code != exitDone || !strings.Contains(out, "good: Nothing stands against a rolling deploy.") || strings.Contains(out, "wide") {
			t.Errorf("%d %s%s", code, out, errs)
		}
		code, out, errs = junban(t, nil, "doctor", "one", "--config", config)
		if code != exitFailed || !strings.Contains(out, "BLOCKS  one-healthy-target") || !strings.Contains(errs, "a deploy of one is blocked") {
			t.Errorf("%d %s%s", code, out, errs)
		}
	})
	t.Run("the lines mend it", func(t *testing.T) { a.mends(t, config, all) })
	t.Run("permissions", func(t *testing.T) { a.permissions(t, config) })
}

// mends runs the AWS CLI lines that doctor printed, and looks again.
func (a *account) mends(t *testing.T, config string, all map[string]examination) {
	for _, service := range []string{"local", "sticky", "wide", "astray", "profile", "profiles", "differs", "zero"} {
		for _, f := range all[service].Findings {
			if f.Fix == "" {
				continue
			}
			cmd := exec.CommandContext(t.Context(), "sh", "-ec", f.Fix)
			cmd.Env = append(os.Environ(), environment(a.url, "AKIDEXAMPLE", "secret")...)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %s\n%v\n%s", service, f.Fix, err, out)
			}
		}
	}
	after := examine(t, config, exitFailed)
	for service, want := range map[string][]string{
		"local": nil, "sticky": nil, "wide": {"notes slow-start"}, "profile": nil, "profiles": nil, "zero": nil,
		"differs": {"warns fleet-differs", "warns fleet-differs"}, // type and image: no line changes them
	} {
		if d := cmp.Diff(want, after[service].brief()); d != "" {
			t.Errorf("%s: %s\n%+v", service, d, after[service])
		}
	}
	if b := after["astray"].brief(); slices.Contains(b, "warns target-in-disabled-zone") {
		t.Errorf("astray: %v", b)
	}
}

// permissions examines as a user who may not do everything. moto judges policies only when it is told to.
func (a *account) permissions(t *testing.T, config string) {
	a.aws("", "iam create-user --user-name junban")
	a.aws("", `iam put-user-policy --user-name junban --policy-name most --policy-document `+
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["elasticloadbalancing:DescribeTarget*","ec2:*","ssm:*"],"Resource":"*"},`+
		`{"Effect":"Deny","Action":"elasticloadbalancing:DescribeTargetHealth","Resource":"*"}]}`)
	key := a.aws("AccessKey.[AccessKeyId,SecretAccessKey]", "iam create-access-key --user-name junban")
	a.enforce(t, "0")
	defer a.enforce(t, "inf")
	t.Setenv("AWS_ACCESS_KEY_ID", key[0])
	t.Setenv("AWS_SECRET_ACCESS_KEY", key[1])
	e := examine(t, config, exitFailed, "good")["good"]
	if d := cmp.Diff([]string{"blocks permission-missing", "warns permission-missing"}, e.brief()); d != "" {
		t.Fatalf("%s\n%+v", d, e)
	}
	for n, action := range []string{"elasticloadbalancing:DescribeTargetHealth", "elasticloadbalancing:DescribeLoadBalancers"} {
		f := e.Findings[n]
		if f.Values["action"] != action || !strings.HasSuffix(f.Values["principal"], ":user/junban") || !strings.Contains(f.Fix, "iam put-user-policy --user-name junban") {
			t.Errorf("%+v", f)
		}
	}
}

func (a *account) enforce(t *testing.T, after string) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, a.url+"/moto-api/reset-auth", strings.NewReader(after))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v %s", err, res.Status)
	}
}
