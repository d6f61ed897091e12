package system

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// means says what a ref means from now on, to a service whose ref.resolve reads it there.
func (st *stage) means(ref, revision string) {
	st.t.Helper()
	if err := os.WriteFile(filepath.Join(st.dir, "ref-"+ref), []byte(revision+"\trefs/heads/"+ref+"\n"), 0o600); err != nil {
		st.t.Fatal(err)
	}
}

// resolving makes ref.resolve read what refs mean from files.
func (st *stage) resolving() {
	st.t.Helper()
	st.edit("    deploy: {allow", "    ref: {resolve: 'cat \""+st.dir+"/ref-$REF\"'}\n    deploy: {allow")
}

const oneCommit, anotherCommit = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", "ffeeddccbbaa99887766554433221100ffeeddcc"

func TestARefIsPinnedToItsRevisionWhenItIsAskedFor(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{instances: 2, command: `echo "$REF $REVISION" >> ran; echo "$REF" > REVISION`, free: true})
	st.resolving()
	st.means("main", oneCommit)
	st.bot()
	ts := st.asks(dev, "web main")
	st.says("the card", st.card(ts), "Deploy web main", "revision: `"+oneCommit[:7])
	st.clicks(lead, ts, "Approve")
	st.await("the first command", func() bool { return len(st.ran(0)) > 0 })
	st.means("main", anotherCommit) // what moves now changes nothing
	st.shows(ts, "Succeeded")
	for n := range st.ids {
		if ran := strings.Join(st.ran(n), ", "); ran != "main "+oneCommit {
			t.Errorf("%s ran %s", st.name(n), ran)
		}
	}
}

func TestARefThatDoesNotExistIsRefusedBeforeAnything(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{free: true})
	st.resolving()
	st.bot()
	mark := st.w.Mark()
	st.says("the refusal", st.refusal(dev, "web v99"), "There is no ref v99 in web", "No such file")
	st.says("the dry run", st.refusal(dev, "plan web v99"), "There is no ref v99 in web")
	if log := st.w.LogSince(mark); len(log) > 0 {
		t.Errorf("something happened: %+v", log)
	}
}

// What was asked for is a revision: an approval of another one would be of something that nobody has seen.
func TestARefThatMovedBeforeTheApprovalVoidsTheRequest(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{free: true})
	st.resolving()
	st.means("main", oneCommit)
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web main")
	st.means("main", anotherCommit)
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "What would be done has changed since it was asked for (the ref), so no approval counts.")
	if left := st.left(mark); left != "" || len(st.ran(0)) > 0 || st.button(ts, "Approve") {
		t.Errorf("left: %s; ran %v\n%s", left, st.ran(0), st.card(ts))
	}
}
