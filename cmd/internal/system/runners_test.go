package system

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"junban/deploy/awssim/world"
)

// onHosts makes the command write where the stage reads what ran, on hosts that have no folder of their own.
func (st *stage) onHosts(via string) {
	st.t.Helper()
	st.edit("    run:\n", "    run:\n      via: "+via+"\n      env: {STAGE: "+st.dir+"}\n", "> REVISION", `> \"$STAGE/$INSTANCE_ID/REVISION\"`,
		">> ran", `>> \"$STAGE/$INSTANCE_ID/ran\"`, "cat REVISION", `cat \"$STAGE/$INSTANCE_ID/REVISION\"`)
	st.extra = map[string]string{"JUNBAN_STATE": filepath.Join(st.dir, "state"), "HOME": st.dir}
}

// unsent is every instance deployed to once, in turn, and nothing sent by SSM.
func (st *stage) unsent(ts string, mark world.Mark) {
	st.t.Helper()
	st.shows(ts, "Succeeded")
	st.safe(mark)
	for n := range st.ids {
		if ran := st.ran(n); len(ran) != 1 || !strings.HasSuffix(ran[0], " v42") {
			st.t.Errorf("instance %d ran %v", n, ran)
		}
	}
	if n := st.aws.Count("SendCommand"); n > 0 {
		st.t.Errorf("%d commands were sent by SSM", n)
	}
}

// Capistrano, Deployer and Ansible reach the instances themselves: their command runs on the bot's host, for one after another.
func TestViaLocalTheCommandRunsOnTheBotsHostOncePerInstance(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{command: `echo "$REF" > REVISION; echo "$OPERATION_ID $REF" >> ran; echo "to $INSTANCE_NAME at $INSTANCE_IP"`})
	st.onHosts("local")
	bot := st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.await("the first command", func() bool { return len(st.ran(0)) == 1 })
	bot.kill() // what runs on its host outlives it
	st.start("run")
	st.unsent(ts, mark)
	if said := st.types(dev, "logs web on web-2"); !strings.Contains(said, "to web-2 at 10.0.0.2") {
		t.Errorf("logs: %s", said)
	}
}

func TestViaSSHTheCommandRunsOnEachHostByARealSSHServer(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{network: "127.0.0"})
	st.bySSH("host.pub")
	st.bot()
	mark := st.w.Mark()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.unsent(ts, mark)
}

func TestViaSSHAHostThatShowsAnotherKeyIsNotDeployedTo(t *testing.T) {
	t.Parallel()
	st := newStage(t, setup{network: "127.0.0"})
	st.bySSH("mine.pub")
	st.bot()
	ts := st.asks(dev, "web v42")
	st.clicks(lead, ts, "Approve")
	st.shows(ts, "Waiting for a decision")
	if said := st.card(ts); !strings.Contains(said, "known_hosts") || !strings.Contains(said, "127.0.0.1") || len(st.ran(0)) > 0 {
		t.Errorf("it ran %v and says:\n%s", st.ran(0), said)
	}
	if n := st.serving(); n != 2 {
		t.Errorf("%d serve", n)
	}
}

// bySSH has the stage's hosts reached by OpenSSH's own server, whose host key is said to be that of a file.
func (st *stage) bySSH(known string) {
	st.t.Helper()
	st.onHosts("ssh")
	me, err := user.Current()
	if err != nil {
		st.t.Fatal(err)
	}
	port := st.sshd(me.Uid == "0")
	st.edit("via: ssh\n", fmt.Sprintf("via: ssh\n      ssh: {user: %q, port: %d, key: mine, known_hosts: known_hosts}\n", me.Username, port))
	key, err := os.ReadFile(filepath.Join(st.dir, known))
	if err != nil {
		st.t.Fatal(err)
	}
	var lines []string
	for n := range st.ids {
		lines = append(lines, fmt.Sprintf("[%s.%d]:%d %s", st.inet, n+1, port, key))
	}
	st.beside("known_hosts", strings.Join(lines, ""))
}

// sshd starts OpenSSH's server on every host's address and answers its port. Its key is "host", and "mine" may log in.
func (st *stage) sshd(root bool) int {
	st.t.Helper()
	path, err := exec.LookPath("sshd")
	if err != nil {
		path = "/usr/sbin/sshd"
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			st.t.Fatal("sshd is missing (openssh-server)")
		}
		st.t.Skip("sshd is missing (openssh-server)")
	}
	if root {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // where sshd locks itself in
			st.t.Fatal(err)
		}
	}
	for _, name := range []string{"host", "mine"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", filepath.Join(st.dir, name)).CombinedOutput(); err != nil {
			st.t.Fatalf("ssh-keygen: %v: %s", err, out)
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		st.t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	lines := []string{
		"HostKey " + filepath.Join(st.dir, "host"), "AuthorizedKeysFile " + filepath.Join(st.dir, "mine.pub"), "PidFile none", "StrictModes no", "UsePAM no",
		"PermitRootLogin yes", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "SetEnv JUNBAN_STATE=" + filepath.Join(st.dir, "state"),
	}
	for n := range st.ids {
		lines = append(lines, fmt.Sprintf("ListenAddress %s.%d:%d", st.inet, n+1, port))
	}
	st.beside("sshd_config", strings.Join(lines, "\n")+"\n")
	var said bytes.Buffer
	cmd := exec.Command(path, "-D", "-e", "-f", filepath.Join(st.dir, "sshd_config"))
	cmd.Stderr, cmd.WaitDelay = &said, time.Second // its sessions hold stderr open a little longer
	if err := cmd.Start(); err != nil {
		st.t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	st.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		if st.t.Failed() {
			st.t.Logf("sshd says:\n%s", said.String())
		}
	})
	st.await("sshd listens", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("%s.%d:%d", st.inet, len(st.ids), port))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return port
}

// beside writes a file beside deploy.yaml.
func (st *stage) beside(name, text string) {
	st.t.Helper()
	if err := os.WriteFile(filepath.Join(st.dir, name), []byte(text), 0o600); err != nil {
		st.t.Fatal(err)
	}
}
