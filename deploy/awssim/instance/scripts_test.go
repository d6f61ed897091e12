package instance_test

import (
	"strings"
	"testing"

	"junban/deploy/awssim/instance"
)

func TestReleaseAndVerify(t *testing.T) {
	b := create(t, instance.Options{})
	b.switchOn()
	out := b.mustSh("./release.sh", "REF=v42", "RELEASE_SECONDS=0.01")
	want := `release v42: here is v41, running v41
release v42: stopped
release v42: copied
release v42: running
`
	if out != want {
		t.Errorf("output:\n%s", out)
	}
	b.wantPage("/", "v42")
	if rev := b.file("REVISION"); rev != "v42" {
		t.Errorf("REVISION %q", rev)
	}
	if out := b.mustSh("./verify.sh", "REF=v42"); out != "verify v42: runs and answers\n" {
		t.Errorf("verify printed %q", out)
	}
}

func TestTheScriptsFindTheirFolder(t *testing.T) {
	b := create(t, instance.Options{})
	b.switchOn()
	b.mustSh(`dir=$PWD; cd /; sh "$dir/release.sh"; sh "$dir/verify.sh"`, "REF=v42", "RELEASE_SECONDS=0", "CDPATH=/tmp")
	b.wantPage("/", "v42")
}

func TestWhatTheScriptsRefuse(t *testing.T) {
	b := create(t, instance.Options{})
	b.switchOn()
	b.write("broken", "v41\n")
	for _, c := range []struct{ name, command, ref, says string }{
		{"a broken release", "./verify.sh", "v41", "verify v41: the front page shows an error: this release is broken"},
		{"another release on disk", "./verify.sh", "v43", "verify v43: the release on disk is v41"},
		{"verify without REF", "./verify.sh", "", "set REF"},
		{"release without REF", "./release.sh", "", "set REF"},
		{"not running", "echo v44 > REVISION; ./verify.sh", "v44", "verify v44: the application is running v41"},
		{"no pipe", "rm app.ctl; ./release.sh", "v44", "this server is not installed"},
	} {
		out, err := b.sh(c.command, "REF="+c.ref)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
	}
	b.wantPage("/", "v41") // nothing was stopped
}

func TestABrokenReleaseIsOnlyThatOne(t *testing.T) {
	b := create(t, instance.Options{})
	b.switchOn()
	b.write("broken", "v43\n")
	b.mustSh("./verify.sh", "REF=v41")
}

func TestTheNextReleaseIsBrokenAndNoOther(t *testing.T) {
	b := create(t, instance.Options{})
	b.switchOn()
	b.write("broken", "next\n")
	if _, err := b.sh("./verify.sh", "REF=v42"); err == nil { // it is not here: nothing was verified
		t.Error("v42 was verified while v41 runs")
	}
	if got := b.file("broken"); got != "next" {
		t.Errorf("broken says %q before anything came", got)
	}
	b.mustSh("./release.sh", "REF=v42", "RELEASE_SECONDS=0")
	for range 2 {
		if out, err := b.sh("./verify.sh", "REF=v42"); err == nil || !strings.Contains(err.Error(), "this release is broken") {
			t.Errorf("the next release: %v\n%s", err, out)
		}
	}
	b.mustSh("./release.sh; ./verify.sh", "REF=v43", "RELEASE_SECONDS=0")
	b.mustSh("./release.sh", "REF=v42", "RELEASE_SECONDS=0")
	if _, err := b.sh("./verify.sh", "REF=v42"); err == nil {
		t.Error("v42 was mended by v43")
	}
}

// A script that writes to the pipe while nobody reads it, and comes back later.
func TestReleaseOutlivesAReboot(t *testing.T) {
	b := create(t, instance.Options{})
	b.switchOn()
	b.off()
	b.mustSh("echo stop 1<>app.ctl") // as release.sh does: neither blocks nor is it heard
	b.switchOn()
	b.wantPage("/", "v41")
	b.mustSh("./release.sh", "REF=v42", "RELEASE_SECONDS=0")
	b.wantPage("/", "v42")
}
