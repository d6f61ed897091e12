package timeline

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"junban/deploy"
)

var (
	t0    = time.Date(2026, 11, 27, 1, 2, 5, 0, time.UTC)
	tokyo = time.FixedZone("JST", 9*3600)
)

var english = Words{
	Drain: "drain", Command: "command", Verify: "verify", Health: "until healthy", RollBack: "roll back",
	Undecided: "waits for a decision", Out: "out of service", Paused: "paused", Started: "Started", Requested: "Asked for",
	Failed: "failed", Unknown: "outcome unknown", Decided: "decision",
	Restarted: "bot restarted", Aborted: "aborted or stopped", Turned: "turned back",
	Whole: "All", Before: "once before", First: "once first", After: "once after",
	Outcome: map[string]string{
		"requested": "Waiting for approval", "approved": "Approved", "queued": "Queued", "rolling": "Rolling", "paused": "Paused",
		"succeeded": "Succeeded", "failed": "Failed", "aborted": "Aborted", "denied": "Denied", "expired": "Expired", "withdrawn": "Withdrawn",
		"rolled back": "Rolled back", "rolling back": "Rolling back", "aborting": "Aborting", "undecided": "Waiting for a decision",
	},
}

var japanese = Words{
	Drain: "切り離し", Command: "コマンド", Verify: "確認", Health: "復帰待ち", RollBack: "切り戻し",
	Undecided: "判断待ち", Out: "切り離されたまま", Paused: "一時停止", Started: "開始", Requested: "依頼",
	Failed: "失敗", Unknown: "結果不明", Decided: "人の判断",
	Restarted: "ボット再起動", Aborted: "中止・停止", Turned: "切り戻し開始",
	Whole: "全体", Before: "事前に一度", First: "最初に一度", After: "事後に一度",
	Outcome: map[string]string{
		"requested": "承認待ち", "approved": "承認済み", "queued": "順番待ち", "rolling": "進行中", "paused": "一時停止中",
		"succeeded": "成功", "failed": "失敗", "aborted": "中止", "denied": "却下", "expired": "期限切れ", "withdrawn": "取り下げ",
		"rolled back": "切り戻し済み", "rolling back": "切り戻し中", "aborting": "中止処理中", "undecided": "判断待ち",
	},
	Status: map[string]string{
		"healthy": "正常", "done": "完了", "rolled back": "切り戻し済み", "put back": "そのまま復帰", "held": "除外中", "skipped": "対象外",
		"stopped": "停止", "terminated": "終了", "vanished": "消失", "unknown": "不明", "failed": "失敗", "waiting": "順番待ち",
		"draining": "切り離し中", "drained": "切り離し済み", "deployed": "実行済み", "deploying": "実行中", "rolling back": "切り戻し中",
		"verifying": "確認中", "registering": "復帰中", "running": "実行中",
	},
}

// journal writes events as an engine would, and refuses what the core refuses.
type journal struct {
	t      testing.TB
	op     deploy.Operation
	events []deploy.Event
	now    time.Time
}

// settings of a plan that is tried.
type settings struct {
	kind      deploy.Kind
	instances int
	window    int
	chores    bool
	name      func(n int) string // of the nth instance, from 1
}

func planOf(s settings) deploy.Plan {
	if s.kind == "" {
		s.kind = deploy.KindDeploy
	}
	if s.name == nil {
		s.name = func(n int) string { return fmt.Sprintf("web-%d", n) }
	}
	verbs := map[deploy.Kind][]deploy.Verb{
		deploy.KindDeploy: {deploy.VerbLeave, deploy.VerbCommand, deploy.VerbVerify, deploy.VerbJoin}, deploy.KindDrain: {deploy.VerbLeave},
		deploy.KindRestore: {deploy.VerbJoin},
	}[s.kind]
	p := deploy.Plan{Terms: deploy.Terms{Kind: s.kind, Service: "web", Ref: "v42"}, Preview: deploy.Preview{
		Window: max(1, s.window), Previous: "v41", Instances: map[string]deploy.Instance{},
	}}
	p.Rules.Approval.None = true
	add := func(l deploy.Lane) {
		p.Preview.Order = append(p.Preview.Order, len(p.Lanes))
		p.Lanes = append(p.Lanes, l)
	}
	if s.chores {
		add(deploy.Lane{Name: "before", Steps: []deploy.Step{{Verb: deploy.VerbBefore}}})
		add(deploy.Lane{Name: "first", Steps: []deploy.Step{{Verb: deploy.VerbFirst}}})
	}
	for n := range s.instances {
		id := fmt.Sprintf("i-%017d", n+1)
		p.Preview.Instances[id] = deploy.Instance{ID: id, Name: s.name(n + 1)}
		l := deploy.Lane{Name: id}
		for _, v := range verbs {
			l.Steps = append(l.Steps, deploy.Step{Verb: v, On: id, Pairs: []deploy.Pair{{Group: "web", Target: id, Port: 80}}})
		}
		add(l)
	}
	if s.chores {
		add(deploy.Lane{Name: "after", Steps: []deploy.Step{{Verb: deploy.VerbAfter}}})
	}
	return p
}

// begin is a journal whose operation has just started.
func begin(t testing.TB, s settings) *journal {
	t.Helper()
	j := &journal{t: t, now: t0}
	p := planOf(s)
	j.does(deploy.Event{Type: deploy.EventRequested, By: "U0ALICE", Plan: &p})
	return j.does(deploy.Event{Type: deploy.EventStarted, Plan: &p})
}

func (j *journal) does(e deploy.Event) *journal {
	j.t.Helper()
	if !j.may(e) {
		_, err := deploy.Apply(j.op, j.dated(e))
		j.t.Fatal(err)
	}
	return j
}

func (j *journal) dated(e deploy.Event) deploy.Event {
	e.Version, e.Seq, e.Op, e.At = deploy.EventVersion, j.op.Seq+1, "261127-100205-k3x", j.now
	return e
}

// may appends an event if the core takes it.
func (j *journal) may(e deploy.Event) bool {
	e = j.dated(e)
	after, err := deploy.Apply(j.op, e)
	if err != nil {
		return false
	}
	j.op, j.events = after, append(j.events, e)
	return true
}

func (j *journal) after(d time.Duration) *journal {
	j.now = j.now.Add(d)
	return j
}

func (j *journal) begins(lane int) *journal {
	j.t.Helper()
	return j.does(deploy.Event{Type: deploy.EventBegun, Lane: lane, Attempt: j.op.Lanes[lane].Attempt})
}

func (j *journal) ends(lane int) *journal {
	j.t.Helper()
	return j.does(deploy.Event{Type: deploy.EventEnded, Lane: lane, OK: true})
}

func (j *journal) fails(lane int) *journal {
	j.t.Helper()
	return j.does(deploy.Event{Type: deploy.EventEnded, Lane: lane, Cause: deploy.Because(deploy.CommandFailed, "exit", 1)})
}

// steps does a lane's next steps, each in its time.
func (j *journal) steps(lane int, took ...time.Duration) *journal {
	j.t.Helper()
	for _, d := range took {
		j.begins(lane).after(d).ends(lane)
	}
	return j
}

func (j *journal) chooses(lane int, v deploy.ActVerb) *journal {
	j.t.Helper()
	l := j.op.Lanes[lane]
	return j.does(deploy.Event{Type: deploy.EventChosen, Lane: lane, By: "U0BOB", Act: &deploy.Act{Verb: v, By: deploy.Person{ID: "U0BOB"}, Lane: l.Name, Attempt: l.Attempt}})
}

func (j *journal) act(typ deploy.Type, v deploy.ActVerb) *journal {
	j.t.Helper()
	return j.does(deploy.Event{Type: typ, By: "U0BOB", Act: &deploy.Act{Verb: v, By: deploy.Person{ID: "U0BOB"}}})
}

func (j *journal) finishes(s deploy.State, why ...deploy.Code) *journal {
	j.t.Helper()
	e := deploy.Event{Type: deploy.EventFinished, State: s}
	if len(why) > 0 {
		e.Cause = deploy.Because(why[0])
	}
	return j.does(e)
}

// look keeps a picture for people, if JUNBAN_PICTURES says where.
func look(t testing.TB, name string, img image.Image) {
	t.Helper()
	dir := os.Getenv("JUNBAN_PICTURES")
	if dir == "" {
		return
	}
	var data bytes.Buffer
	if err := png.Encode(&data, img); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), data.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	sec = time.Second
	mnt = time.Minute
)

// stories are operations of all sorts, by name, with their title.
func stories(t testing.TB) map[string]*journal {
	t.Helper()
	full := []time.Duration{300 * sec, 40 * sec, 6 * sec, 22 * sec}
	out := map[string]*journal{}

	j := begin(t, settings{instances: 3})
	for i := range 3 {
		j.steps(i, full...).after(2 * sec)
	}
	out["three"] = j.finishes(deploy.StateSucceeded)

	j = begin(t, settings{instances: 5, chores: true, window: 2}) // lanes: before first 2 3 4 5 6 after
	j.steps(0, 45*sec).begins(2).after(10*sec).begins(3).after(300*sec).ends(2).steps(1, 50*sec)
	j.steps(2, 30*sec, 5*sec).begins(2).after(5 * sec).ends(3).begins(3).after(21 * sec).fails(3).after(2 * sec).ends(2)
	j.after(400*sec).chooses(3, deploy.ActRetry).steps(3, 50*sec, 5*sec, 25*sec)
	j.begins(4).after(100 * sec).does(deploy.Event{Type: deploy.EventResumed, Writer: "two"}).after(200 * sec).ends(4).begins(4).after(10 * sec)
	j.does(deploy.Event{Type: deploy.EventUnknown, Lane: 4, Cause: deploy.Because(deploy.CommandUnknown)}).after(120*sec).chooses(4, deploy.ActLooked).after(30*sec).chooses(4, deploy.ActLeaveOut)
	j.act(deploy.EventPaused, deploy.ActPause).after(200*sec).act(deploy.EventContinued, deploy.ActResume)
	j.begins(5).after(60*sec).act(deploy.EventAborted, deploy.ActAbort).after(2*sec).steps(5, 30*sec)
	out["trouble"] = j.finishes(deploy.StateAborted, deploy.Aborted)

	j = begin(t, settings{instances: 4})
	j.steps(0, full...).steps(1, 300*sec, 35*sec).begins(1).after(60 * sec).fails(1).after(3 * sec)
	j.does(deploy.Event{Type: deploy.EventTurned, Cause: deploy.Because(deploy.FailedLane)}).after(sec)
	j.steps(1, 30*sec, 5*sec, 20*sec).steps(0, 300*sec, 30*sec, 5*sec, 20*sec)
	out["rollback"] = j.finishes(deploy.StateFailed, deploy.RolledBack)

	j = begin(t, settings{instances: 2, kind: deploy.KindDeploy})
	j.steps(0, sec, sec/2, sec/2, sec/2).steps(1, sec, sec/2, sec/2, sec/2)
	out["five-seconds"] = j.finishes(deploy.StateSucceeded)

	j = begin(t, settings{instances: 12})
	for i := range 11 {
		j.steps(i, full...)
	}
	j.begins(11).after(300*sec).ends(11).begins(11).after(5*sec).fails(11).after(430*mnt).chooses(11, deploy.ActRetry).steps(11, 20*sec, 6*sec, 22*sec)
	out["nine-hours"] = j.finishes(deploy.StateSucceeded)

	j = begin(t, settings{kind: deploy.KindDrain, instances: 1})
	out["drain"] = j.steps(0, 300*sec).finishes(deploy.StateSucceeded)
	j = begin(t, settings{kind: deploy.KindRestore, instances: 1})
	out["restore"] = j.after(sec).steps(0, 25*sec).finishes(deploy.StateSucceeded)

	j = begin(t, settings{instances: 6, window: 2, name: func(n int) string {
		return []string{"受注サーバー一号機", "受注サーバー二号機(東京リージョン・アベイラビリティゾーン1a・薔薇)", "在庫😀鷗", "production-web-asg-ap-northeast-1a-blue-fleet-0000000042", "髙﨑", "ﾊﾞｯﾁ-06"}[n-1]
	}})
	j.steps(0, full...).begins(1).after(200 * sec).begins(2).after(100 * sec).ends(1).begins(1).after(10 * sec)
	out["running"] = j

	out["forty"] = fleet(t, 40)
	out["two-hundred"] = fleet(t, 200)
	p := planOf(settings{instances: 2})
	j = &journal{t: t, now: t0}
	p.Rules.Approval.None = false
	j.does(deploy.Event{Type: deploy.EventRequested, By: "U0ALICE", Plan: &p}).after(90 * sec)
	out["denied"] = j.finishes(deploy.StateDenied, deploy.Denied)
	return out
}

// fleet is a rollout of n instances with chores, two at a time, some of which fail.
func fleet(t testing.TB, n int) *journal {
	t.Helper()
	j := begin(t, settings{instances: n, window: 2, chores: true, name: func(n int) string { return fmt.Sprintf("ip-10-0-%d-%d", n/100, n%100) }})
	j.steps(0, 20*sec)
	for i := 2; i < n+2; i += 2 {
		j.begins(i).after(9 * sec).begins(i + 1).after(300 * sec).ends(i)
		if i == 2 {
			j.steps(1, 25*sec)
		}
		j.begins(i).after(9*sec).ends(i+1).begins(i+1).after(25*sec).ends(i).steps(i, 5*sec, 20*sec).after(sec)
		if i%14 == 8 {
			j.fails(i+1).after(90*sec).chooses(i+1, deploy.ActRetry).begins(i + 1).after(12 * sec)
		}
		j.ends(i+1).steps(i+1, 5*sec, 20*sec)
	}
	return j.steps(n+2, 15*sec).finishes(deploy.StateSucceeded)
}
