package system

import (
	"strings"
	"testing"
)

// With slack.language: ja everything that the bot says is Japanese, in Slack and on a terminal; commands, and what
// scripts read, stay as they are.
func TestInJapaneseFromACommandToTheEnd(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{})
	st.edit("slack: {", "slack: {language: ja, ")
	st.bot()
	for text, says := range map[string]string{
		"status": "実行中・待機中・保留中のものはありません。", "help": "ロックを解除", "ｈｅｌｐ": "/deploy drain SERVICE on INSTANCE", "web": "どの ref ですか", "web v42 at 25:00": "時刻ではありません",
		"wbe v42": "あるもの: web", "web　ｖ４２": "ref が全角です", "unlock web": "ロックされていません",
	} {
		if said := st.types(dev, text); !strings.Contains(said, says) {
			t.Errorf("/deploy %s is told: %s", text, said)
		}
	}
	ts := st.asks(dev, "web v42")
	st.shows(ts, "承認待ち")
	if said := st.refused(dev, ts, "承認"); !strings.Contains(said, "approve.allow") && !strings.Contains(said, "自分の依頼") {
		t.Errorf("the requester is told: %s", said)
	}
	st.clicks(lead, ts, "承認")
	st.shows(ts, "成功")
	if thread := st.thread(ts); !strings.Contains(thread, "稼働中 → ドレイン済み") || !strings.Contains(thread, "→ 正常") || strings.Contains(thread, "healthy") {
		t.Errorf("the thread:\n%s", thread)
	}
	if said := st.prints(0, "history"); !strings.Contains(said, "デプロイ") || !strings.Contains(said, "成功") {
		t.Errorf("history: %s", said)
	}
	if said := st.prints(0, "history", "--json"); !strings.Contains(said, `"state": "succeeded"`) {
		t.Errorf("history --json: %s", said)
	}
	if said := st.prints(0, "plan", "web", "v43"); !strings.Contains(said, "台ずつ、この順に") {
		t.Errorf("plan: %s", said)
	}
	if said := st.prints(1, "plan", "wbe", "v43"); !strings.Contains(said, "There is no service") {
		t.Errorf("an error of the command line: %s", said)
	}
}
