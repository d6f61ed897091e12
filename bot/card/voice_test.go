package card

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"junban/bot/card/scenes"
	"junban/deploy"
)

var (
	latin = regexp.MustCompile(`[A-Za-z][A-Za-z'’]+`)
	// names are what is the same in every language: ids, people, refs, commands, keys of deploy.yaml, AWS's own words,
	// and the signs of the golden files themselves.
	names = regexp.MustCompile(strings.Join([]string{
		`\{"op".*?\}`, "```[\\s\\S]*?```", `(?m)^(\[[a-z]*\]|<[^>]*> (primary|danger)?|  calls)`, `(?m)^=====.*$`, `(?m)^ *\$ aws .*$`, `(?m)^[a-z]+$`,
		`\b[a-z]+(-[a-z]+)+\b`, // findings
		`\b[iUS]-?[0-9a-z]*[0-9][0-9A-Za-z-]*`, `\b[US]0[A-Z]+`, `U-kana`, `i-elsewhere`, `arn:aws:\S+`, `[a-z0-9]+:[A-Z]\w+`, `ami-\d`, `t3\.\w+`,
		`\b\d{6}-\d{6}-[a-z]{3}`, `\bweb\w*(-[0-9a-z]+)*`, `(primary|danger)? *\b(retry|goon|putback|leaveout)\b:\w+`, `(?m)\b(pause|resume|abort|rollback|continue|deploy)\b( \||$)`,
		`\b(unlock|restore) web\b.*?(production|$)`, `\b(max_unavailable|min_healthy|pause_between|tolerate_failures|on_failure|target_groups|drain\.until|idle|drain|until|sessions|shared|rolling|deploy\.yaml|approve\.allow|deploy\.allow|ref\.resolve)\b`,
		`\b(junban \w+|systemctl restart|AmazonSSMManagedInstanceCore|Default Host Management Configuration|Target\.\w+|ConnectionLost|ReplaceUnhealthy|DOWN)\b`,
		`\b(AWS|SSM|Slack|CloudWatch|Auto Scaling|EC2|UTC|AZ|AMI|CLI|ID|ref|on INSTANCE|INSTANCE)\b`, `C0WEB|#web|SLACK_APP_TOKEN|chat:write`,
	}, "|"))
	// typed is what people, hosts and Slack said in the tests.
	typed = []string{
		"new disk", "lunch", "it is slow", "payments are down", "audit", "looks good", "done by hand", "no listener on the port can be seen", "pets",
		"production", "staging", "is not set", "posting", "the bot is not in channel", "invite it there", "required", "optional", "status 500", "api", "cron", " in ", "front", "asg",
	}
)

// TestNoEnglishIsLeftInJapanese: every golden file of a state, a plan, a finding or a list holds Japanese, and names.
func TestNoEnglishIsLeftInJapanese(t *testing.T) {
	files := 0
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(filepath.Dir(path)) != "ja" {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := string(data)
		for _, s := range typed {
			text = strings.ReplaceAll(text, s, " ")
		}
		text = names.ReplaceAllString(text, " ")
		for line := range strings.Lines(text) {
			if words := latin.FindAllString(line, -1); len(words) > 0 {
				t.Errorf("%s: %q in %s", path, words, line)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 40 {
		t.Fatalf("%d files: this test would prove nothing", files)
	}
}

// Each cause is a sentence in Japanese as well, whatever the golden files show of it.
func TestEveryCauseIsASentenceInJapanese(t *testing.T) {
	for _, code := range codes(t) {
		text := ja.Because(deploy.Cause{Code: code}, nil).Plain()
		if !strings.HasSuffix(text, "。") || strings.Contains(text, "拒否されました: ") {
			t.Errorf("%s: %q", code, text)
		}
	}
}

// What people, AWS and hosts say is shown as it stands, in every place where a card shows it.
func TestForeignWordsAreNoMarkup(t *testing.T) {
	for tag, w := range voices {
		for _, raw := range []string{"{{.by}}", "**not bold**", "`rm -rf`", "\U000F0000\U000F0001", "{{range $x}}"} {
			o := scenes.Rollout(2)
			o.Plan.Preview.Ask.Reason, o.Plan.Service, o.Plan.Ref, o.Plan.Preview.Previous = raw, raw, raw, raw
			o.Lanes[1].Phase, o.Lanes[1].Cause = deploy.PhaseFailed, deploy.Because(deploy.CloudFault, "action", raw, "message", raw, "tries", raw)
			m := w.Parent(o, t0, Around{})
			for _, where := range []string{m.Text, m.Plain(), w.Because(o.Lanes[1].Cause, nil).Plain(), w.Mistake(deploy.Because("mistake.other", "error", raw)).Plain()} {
				if !strings.Contains(where, raw) {
					t.Errorf("%s: %q is not shown as it stands: %s", tag, raw, where)
				}
			}
			for _, b := range m.Blocks {
				if slices.ContainsFunc(b.Text, func(s Span) bool { return s.Value == "not bold" || s.Value == "rm -rf" }) {
					t.Errorf("%s: %q became markup", tag, raw)
				}
			}
		}
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		-time.Second: {"0 s", "0秒"}, 0: {"0 s", "0秒"}, 1500 * time.Millisecond: {"1.5 s", "1.5秒"}, 5 * time.Second: {"5 s", "5秒"}, 59 * time.Second: {"59 s", "59秒"},
		12*time.Minute + 30*time.Second: {"12 min 30 s", "12分30秒"}, 2 * time.Hour: {"2 h", "2時間"}, 26*time.Hour + 5*time.Minute + time.Second: {"26 h 5 min", "26時間5分"},
	} {
		if got := [2]string{en.Duration(d), ja.Duration(d)}; got != want {
			t.Errorf("%v is %q, not %q", d, got, want)
		}
	}
	if a, b := en.long(49*time.Hour), ja.long(24*time.Hour); a != "2 days" || b != "1日" {
		t.Errorf("%q %q", a, b)
	}
}
