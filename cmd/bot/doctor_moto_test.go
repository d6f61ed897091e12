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
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
)

// account is an AWS account that moto's server plays, set up through the AWS CLI as an operator would.
type account struct {
	t        *testing.T
	cli, url string
	subnets  map[string]string // a, c, d -> subnet id
	vpc      string
	sg       []string
	usual    map[string][]string // a, c -> ids of instances like all others, not given away yet
	groups   map[string]string   // name -> ARN
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
	a := &account{t: t, cli: needs(t, "aws"), subnets: map[string]string{}, usual: map[string][]string{}, groups: map[string]string{}}
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

// run runs one line of the AWS CLI and answers the words that it prints. The line may hold no quoted words.
func (a *account) run(query, line string, args ...any) []string {
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
	rows := a.run("Subnets[].[AvailabilityZone,SubnetId,VpcId]", "ec2 describe-subnets")
	for i := 0; i+2 < len(rows); i += 3 {
		a.subnets[rows[i][len(rows[i])-1:]] = rows[i+1]
		a.vpc = rows[i+2]
	}
	for _, name := range []string{"web", "db"} {
		a.sg = append(a.sg, a.run("GroupId", "ec2 create-security-group --group-name %s --description %s --vpc-id %s", name, name, a.vpc)...)
	}
	a.run("", "iam create-instance-profile --instance-profile-name web")
	a.run("", "iam create-instance-profile --instance-profile-name other")
	a.usual["a"], a.usual["c"] = a.launch("a", 13), a.launch("c", 11)
	a.profiles(slices.Concat(a.usual["a"][1:], a.usual["c"][1:]))
}

// profiles gives instances the profile that they were launched with: moto forgets it for all but the first of a launch.
// It is not done through the CLI, which takes a second for each.
func (a *account) profiles(ids []string) {
	a.t.Helper()
	client := ec2.New(ec2.Options{
		Region: "ap-northeast-1", BaseEndpoint: aws.String(a.url), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	for _, id := range ids {
		_, err := client.AssociateIamInstanceProfile(a.t.Context(), &ec2.AssociateIamInstanceProfileInput{
			InstanceId: aws.String(id), IamInstanceProfile: &types.IamInstanceProfileSpecification{Name: aws.String("web")},
		})
		if err != nil {
			a.t.Fatal(err)
		}
	}
}

// launch starts instances like all others, but for some options.
func (a *account) launch(zone string, count int, but ...string) []string {
	a.t.Helper()
	options := []string{
		"--image-id ami-12c6146b", "--instance-type t3.small", "--iam-instance-profile Name=web", "--security-group-ids " + a.sg[0], "--metadata-options HttpTokens=required",
	}
	for _, o := range but {
		name, value, _ := strings.Cut(o, " ")
		options = slices.DeleteFunc(options, func(o string) bool { return strings.HasPrefix(o, name+" ") })
		if value != "" {
			options = append(options, o)
		}
	}
	return a.run("Instances[].InstanceId", "ec2 run-instances --count %d --subnet-id %s %s", count, a.subnets[zone], strings.Join(options, " "))
}

// some gives usual instances away, one for each zone that is named.
func (a *account) some(zones string) []string {
	var out []string
	for _, z := range zones {
		zone := string(z)
		out = append(out, a.usual[zone][0])
		a.usual[zone] = a.usual[zone][1:]
	}
	return out
}

// group makes a target group with instances in it, and sets attributes of it.
func (a *account) group(name string, ids []string, port string, attributes ...string) {
	a.t.Helper()
	a.groups[name] = a.run("TargetGroups[0].TargetGroupArn", "elbv2 create-target-group --name %s --protocol HTTP --port 80 --vpc-id %s", name, a.vpc)[0]
	if len(ids) > 0 {
		a.run("", "elbv2 register-targets --target-group-arn %s --targets Id=%s", a.groups[name], strings.Join(ids, port+" Id=")+port)
	}
	if len(attributes) > 0 {
		a.run("", "elbv2 modify-target-group-attributes --target-group-arn %s --attributes %s", a.groups[name], strings.Join(attributes, " "))
	}
}

// balance puts a load balancer in zones before groups: one listener for each five of them, as many as AWS takes.
func (a *account) balance(name, zones string, groups ...string) {
	a.t.Helper()
	var subnets []string
	for _, z := range zones {
		subnets = append(subnets, a.subnets[string(z)])
	}
	lb := a.run("LoadBalancers[0].LoadBalancerArn", "elbv2 create-load-balancer --name %s --subnets %s", name, strings.Join(subnets, " "))[0]
	port := 80
	for some := range slices.Chunk(groups, 5) {
		var forward []string
		for _, g := range some {
			forward = append(forward, fmt.Sprintf(`{"TargetGroupArn":%q,"Weight":1}`, a.groups[g]))
		}
		a.run("", `elbv2 create-listener --load-balancer-arn %s --protocol HTTP --port %d --default-actions [{"Type":"forward","ForwardConfig":{"TargetGroups":[%s]}}]`,
			lb, port, strings.Join(forward, ","))
		port++
	}
}

const delay = "Key=deregistration_delay.timeout_seconds,Value="

// fleets sets all fleets up. Each has little to be found, and good has nothing.
func (a *account) fleets() {
	a.foundation()
	a.group("good", a.some("ac"), "")
	a.group("one", a.some("a"), "")
	a.group("sticky", a.some("aacc"), "", delay+"60", "Key=stickiness.enabled,Value=true", "Key=load_balancing.cross_zone.enabled,Value=false")
	a.group("wide", a.some("ac"), "", "Key=slow_start.duration_seconds,Value=60")
	a.group("astray", append(a.some("ac"), a.launch("d", 1)...), "", delay+"60")
	a.group("profile", append(a.some("a"), a.launch("c", 1, "--iam-instance-profile")...), "")
	a.group("differs", append(a.some("ac"), a.launch("c", 1, "--image-id ami-03cf127a", "--instance-type t3.large", "--iam-instance-profile Name=other",
		"--security-group-ids "+a.sg[0]+" "+a.sg[1], "--metadata-options HttpTokens=optional")...), "", delay+"60")
	a.group("zero", a.some("ac"), "", delay+"0")
	a.group("long", a.some("aac"), ",Port=8080")
	both := a.some("ac")
	a.group("api", both, "")
	a.group("cron", both, "")
	a.group("unused", both[:1], "")
	a.group("empty", nil, "")
	workers := a.some("ac")
	a.group("scaled", workers, "")
	a.run("", "autoscaling create-auto-scaling-group --auto-scaling-group-name workers --instance-id %s --min-size 0 --max-size 2 --desired-capacity 0 --vpc-zone-identifier %s,%s --target-group-arns %s",
		workers[0], a.subnets["a"], a.subnets["c"], a.groups["scaled"])
	a.run("", "autoscaling attach-instances --auto-scaling-group-name workers --instance-ids %s", strings.Join(workers, " "))
	a.balance("front", "ac", "good", "one", "sticky", "profile", "differs", "zero", "long", "api", "cron", "empty", "scaled")
	a.balance("wide", "acd", "wide")
	a.balance("astray", "ac", "astray")
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
  differs: {target_groups: [differs]}
  pets: {target_groups: [differs], doctor: {accept: {fleet-differs: they are pets}}}
  zero: {target_groups: [zero]}
  long: {target_groups: [long]}
  api: {target_groups: [api]}
  cron: {target_groups: [cron]}
  unused: {target_groups: [unused]}
  empty: {target_groups: [empty]}
  scaled: {target_groups: [scaled]}
`

// expected is all that is to be found, by service, beside what moto does not know: SSM's agents.
var expected = map[string][]string{
	"good":    nil,
	"twin":    {"blocks minimum-too-high"},
	"local":   {"warns sessions-not-sticky"},
	"one":     {"blocks one-healthy-target", "warns zone-without-target"},
	"down":    {"warns one-healthy-target", "warns zone-without-target"},
	"sticky":  {"warns sticky-without-cross-zone"},
	"wide":    {"warns zone-without-target", "notes slow-start"},
	"astray":  {"warns target-in-disabled-zone"},
	"profile": {"warns instance-profile-missing"},
	"differs": {"warns instance-profiles-differ", "warns fleet-differs", "warns fleet-differs", "warns fleet-differs", "warns fleet-differs"},
	"pets":    {"warns instance-profiles-differ", "accepted fleet-differs", "accepted fleet-differs", "accepted fleet-differs", "accepted fleet-differs"},
	"zero":    {"warns deregistration-delay-zero"},
	"long":    {"notes deregistration-delay-long", "notes port-override"},
	"api":     {"warns shared-instance"},
	"cron":    {"warns shared-instance"},
	"unused":  {"blocks group-unused", "blocks one-healthy-target", "warns shared-instance"},
	"empty":   {"blocks no-healthy-target"},
	"scaled":  {"warns in-auto-scaling-group"},
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
	if len(all) != len(expected) {
		t.Errorf("%d services", len(all))
	}
	t.Run("a group that does not exist hides nothing", func(t *testing.T) {
		head, _, _ := strings.Cut(fleetsYAML, "  twin:")
		two := examine(t, write(t, head+"  nowhere: {target_groups: [nowhere]}\n"), exitFailed)
		if e := two["nowhere"]; !e.Blocked || !strings.Contains(e.Error, "no target group has the name nowhere") {
			t.Errorf("%+v", e)
		}
		if d := cmp.Diff(expected["good"], two["good"].brief()); d != "" || len(two) != 2 {
			t.Errorf("%d services: %s", len(two), d)
		}
	})
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
	for _, service := range []string{"local", "sticky", "wide", "astray", "profile", "differs", "zero"} {
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
		"local": nil, "sticky": nil, "wide": {"notes slow-start"}, "astray": nil, "profile": nil, "zero": nil,
		// No line changes a type or an image; and moto shows a replaced profile among the associations only.
		"differs": {"warns instance-profiles-differ", "warns fleet-differs", "warns fleet-differs"},
	} {
		if d := cmp.Diff(want, after[service].brief()); d != "" {
			t.Errorf("%s: %s\n%+v", service, d, after[service])
		}
	}
	if left := a.run("IamInstanceProfileAssociations[].IamInstanceProfile.Arn", "ec2 describe-iam-instance-profile-associations"); slices.ContainsFunc(left, func(arn string) bool {
		return strings.HasSuffix(arn, "/other")
	}) {
		t.Errorf("the other profile is still there: %v", left)
	}
}

// permissions examines as a user who may not see instances. moto judges policies only when it is told to, and its
// refusals have the form of EC2's, whichever service they are of.
func (a *account) permissions(t *testing.T, config string) {
	a.run("", "iam create-user --user-name junban")
	a.run("", `iam put-user-policy --user-name junban --policy-name some --policy-document `+
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["elasticloadbalancing:*","ssm:*"],"Resource":"*"}]}`)
	key := a.run("AccessKey.[AccessKeyId,SecretAccessKey]", "iam create-access-key --user-name junban")
	a.enforce(t, "0")
	defer a.enforce(t, "inf")
	t.Setenv("AWS_ACCESS_KEY_ID", key[0])
	t.Setenv("AWS_SECRET_ACCESS_KEY", key[1])
	e := examine(t, config, exitFailed, "good")["good"]
	if d := cmp.Diff([]string{"blocks permission-missing"}, e.brief()); d != "" {
		t.Fatalf("%s\n%+v", d, e)
	}
	f := e.Findings[0]
	if f.Values["action"] != "ec2:DescribeInstances" || !strings.HasSuffix(f.Values["principal"], ":user/junban") || !strings.Contains(f.Fix, "iam put-user-policy --user-name junban") {
		t.Errorf("%+v", f)
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
