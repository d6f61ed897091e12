package app

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// as sends one request over a connection that a thread with another user's id has opened, as a process of that user
// would, and answers the status and body; 0 if the socket does not let it in. It needs root.
func as(t *testing.T, uid int, path, request string) (status int, body string) {
	t.Helper()
	type answer struct {
		fd  int
		err error
	}
	got := make(chan answer)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, and its id with it
		if _, _, no := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); no != 0 {
			got <- answer{err: no}
			return
		}
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
		}
		got <- answer{fd, err}
	}()
	a := <-got
	if errors.Is(a.err, unix.EACCES) {
		return 0, ""
	}
	if a.err != nil {
		t.Fatal(a.err)
	}
	f := os.NewFile(uintptr(a.fd), path)
	defer f.Close()
	if _, err := io.WriteString(f, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(f), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(data)
}

func TestTheKernelSaysWhoIsThere(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("only root can be somebody else")
		return
	}
	const carol, dave = 61001, 61002 // users without a name here
	a, r, _ := socketed(t, map[string]string{fmt.Sprint(carol): "U000CAROL0", "nobody": alice, fmt.Sprint(overflowUID): alice}, member)
	path := socketPath(a.shelf.config().Store.Bolt)
	if err := os.Chmod(filepath.Dir(path), 0o710); err != nil { // threads keep root's group
		t.Fatal(err)
	}
	order := `{"verb":"deploy","service":"api","ref":"v42"}`
	post := fmt.Sprintf("POST /do HTTP/1.1\r\nHost: junban\r\nContent-Length: %d\r\n\r\n%s", len(order), order)
	get := "GET /history HTTP/1.1\r\nHost: junban\r\n\r\n"

	if status, body := as(t, carol, path, post); status != http.StatusOK || len(r.by) != 1 || r.by[0] != "U000CAROL0" {
		t.Errorf("an operator: %d %s, asked for by %v", status, body, r.by)
	}
	for what, request := range map[string]string{"orders": post, "reads": get} {
		status, body := as(t, dave, path, request)
		if status != http.StatusForbidden || !strings.Contains(body, `operators: {\"61002\": U0123456789}`) {
			t.Errorf("somebody else of the group %s: %d %s", what, status, body)
		}
	}
	if status, body := as(t, overflowUID, path, post); status != http.StatusForbidden || !strings.Contains(body, "nobody") {
		t.Errorf("nobody: %d %s", status, body)
	}
	reload := `{"verb":"reload"}`
	if status, _ := as(t, dave, path, fmt.Sprintf("POST /do HTTP/1.1\r\nHost: junban\r\nContent-Length: %d\r\n\r\n%s", len(reload), reload)); status != http.StatusForbidden {
		t.Errorf("somebody else reloads: %d", status)
	}
	if len(r.by) != 1 {
		t.Errorf("orders by %v", r.by)
	}
	rewrite(t, a, yaml)
	if _, err := a.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, _ := as(t, carol, path, get); status != 0 {
		t.Errorf("a socket of one user lets another one in: %d", status)
	}
}
