package lb_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"junban/deploy/awssim/lb"
)

// refusing is an address where nobody listens.
func refusing(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return l.Addr().String()
}

func TestARefusedConnectionIsNotTriedElsewhere(t *testing.T) {
	f := serve(t, lb.Options{})
	alive := start(t, "alive")
	f.Set([]lb.Target{{Key: "dead:80", Addr: refusing(t)}, {Key: "alive:80", Addr: alive.addr}})
	status := map[int]int{}
	for range 10 {
		status[f.get("/").status]++
	}
	if status[http.StatusOK] != 5 || status[http.StatusBadGateway] != 5 {
		t.Errorf("by status %v, want 5 of each", status)
	}
	eventually(t, f, "all are counted", func(s lb.Stats) bool {
		return s.BadGateway == 5 && s.Served == 5 && s.Cut == 0
	})
}

// A target that closes a kept-alive connection when the second request has
// arrived on it, as one does whose keep-alive is too short.
func TestARequestOnADyingConnectionIsNotRepeated(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
		t.Run(method, func(t *testing.T) {
			var requests atomic.Int64
			f := serve(t, lb.Options{})
			f.Set([]lb.Target{{Key: "a:80", Addr: everySecondBreaks(t, &requests)}})
			for _, want := range []int{http.StatusOK, http.StatusBadGateway, http.StatusOK} {
				req, err := http.NewRequest(method, f.url, nil)
				if err != nil {
					t.Fatal(err)
				}
				wantStatus(t, f.do(req), want)
			}
			if n := requests.Load(); n != 3 {
				t.Errorf("the target saw %d requests, want 3", n)
			}
		})
	}
}

func everySecondBreaks(t *testing.T, requests *atomic.Int64) string {
	return listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 {
			t.Errorf("%s without a body came as %v", r.Method, r.TransferEncoding)
		}
		if requests.Add(1)%2 == 0 {
			panic(http.ErrAbortHandler)
		}
	}), nil)
}

func TestHeaders(t *testing.T) {
	type seen struct {
		header http.Header
		host   string
		query  string
	}
	got := make(chan seen, 1)
	f := serve(t, lb.Options{})
	f.Set([]lb.Target{{Key: "a:80", Addr: listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- seen{r.Header, r.Host, r.URL.RawQuery}
		w.Header()["Content-Type"] = nil
		w.Header().Set("Connection", "X-Own")
		w.Header().Set("X-Own", "for this hop")
		w.Header().Set("X-Kept", "1")
		_, _ = io.WriteString(w, "<html>")
	}), nil)}})

	req, err := http.NewRequest(http.MethodGet, f.url+"/?a=%zz;b", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "shop.example"
	req.Header.Set("X-Forwarded-For", "203.0.113.7")
	req.Header.Set("X-Forwarded-Proto", "https")
	req.Header.Set("X-Forwarded-Host", "www.shop.example")
	req.Header.Set("Connection", "X-Mine")
	req.Header.Set("X-Mine", "for this hop")
	answer := f.do(req)
	wantStatus(t, answer, http.StatusOK)
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(f.url, "http://"))
	s := <-got
	for name, want := range map[string]string{
		"X-Forwarded-For":   "203.0.113.7, 127.0.0.1",
		"X-Forwarded-Proto": "http",
		"X-Forwarded-Port":  port,
		"X-Forwarded-Host":  "www.shop.example",
		"X-Mine":            "",
		"Accept-Encoding":   "",
	} {
		if v := s.header.Get(name); v != want {
			t.Errorf("the target saw %s: %q, want %q", name, v, want)
		}
	}
	if s.host != "shop.example" || s.query != "a=%zz;b" {
		t.Errorf("host %q, query %q", s.host, s.query)
	}
	for name, want := range map[string]string{"X-Own": "", "X-Kept": "1", "Content-Type": ""} {
		if v := answer.header.Get(name); v != want {
			t.Errorf("the client saw %s: %q, want %q", name, v, want)
		}
	}
}

func TestTraceIsNotCarried(t *testing.T) {
	f := serve(t, lb.Options{})
	a := start(t, "a")
	f.Set([]lb.Target{{Key: "a:80", Addr: a.addr}})
	req, err := http.NewRequest(http.MethodTrace, f.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, f.do(req), http.StatusMethodNotAllowed)
	if a.requests.Load() != 0 || f.Stats().Refused != 1 {
		t.Errorf("the target got it: %+v", f.Stats())
	}
}

func TestClientsAreKeptAlive(t *testing.T) {
	f := serve(t, lb.Options{})
	a := start(t, "a")
	f.Set([]lb.Target{{Key: "a:80", Addr: a.addr}})
	var reused []bool
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) { reused = append(reused, i.Reused) },
	})
	for range 2 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, f.do(req), http.StatusOK)
	}
	if len(reused) != 2 || reused[0] || !reused[1] {
		t.Errorf("connections reused: %v", reused)
	}
}

// parts is a target that streams: it sends "first\n", waits, and sends "second\n".
func parts(t *testing.T, proceed <-chan struct{}, breakOff bool) string {
	return listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-proceed:
		case <-r.Context().Done():
			return
		}
		if breakOff {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, "second\n")
	}), nil)
}

func TestBodiesStream(t *testing.T) {
	proceed := make(chan struct{}, 1)
	for name, c := range map[string]struct {
		breakOff bool
		then     func(f *front, cancel func())
		whole    bool
		count    func(lb.Stats) int64
	}{
		"to the end": {
			then: func(*front, func()) { proceed <- struct{}{} }, whole: true,
			count: func(s lb.Stats) int64 { return s.Served },
		},
		"until the target breaks off": {
			breakOff: true, then: func(*front, func()) { proceed <- struct{}{} },
			count: func(s lb.Stats) int64 { return s.Broken },
		},
		"until the target disappears": {
			then:  func(f *front, _ func()) { f.Set(nil) },
			count: func(s lb.Stats) int64 { return s.Cut },
		},
		"until the client goes": {
			then:  func(_ *front, cancel func()) { cancel() },
			count: func(s lb.Stats) int64 { return s.ClientGone },
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, lb.Options{})
			f.Set([]lb.Target{{Key: "a:80", Addr: parts(t, proceed, c.breakOff)}})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := f.client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body := bufio.NewReader(res.Body)
			if line, err := body.ReadString('\n'); line != "first\n" {
				t.Fatalf("first part %q, %v", line, err)
			}
			c.then(f, cancel)
			rest, err := io.ReadAll(body)
			if whole := err == nil && string(rest) == "second\n"; whole != c.whole {
				t.Errorf("the rest was %q, %v", rest, err)
			}
			eventually(t, f, "it is counted", func(s lb.Stats) bool { return c.count(s) == 1 && len(s.InFlight) == 0 })
		})
	}
}

func TestUploadsArriveWhole(t *testing.T) {
	f := serve(t, lb.Options{})
	f.Set([]lb.Target{{Key: "a:80", Addr: listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		_, _ = io.Copy(w, r.Body)
	}), nil)}})
	sent := strings.Repeat("0123456789", 100_000)
	req, err := http.NewRequest(http.MethodPost, f.url, strings.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.do(req); got.err != nil || got.body != sent {
		t.Errorf("%d bytes came back of %d: %v", len(got.body), len(sent), got.err)
	}
}

func TestAnUpgradedConnectionIsCutWithItsTarget(t *testing.T) {
	f := serve(t, lb.Options{})
	f.Set([]lb.Target{{Key: "a:80", Addr: listen(t, http.HandlerFunc(echoUpgrade), nil)}})
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	r := bufio.NewReader(conn)
	res, err := http.ReadResponse(r, nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("upgrade: %v, %v", res, err)
	}
	_, _ = io.WriteString(conn, "hello\n")
	if line, err := r.ReadString('\n'); line != "hello\n" {
		t.Fatalf("echo %q, %v", line, err)
	}
	f.Set(nil)
	if _, err := r.ReadByte(); err == nil {
		t.Error("the tunnel is still open")
	}
	eventually(t, f, "the cut is counted", func(s lb.Stats) bool { return s.Cut == 1 && len(s.InFlight) == 0 })
}

func echoUpgrade(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", "echo")
	w.WriteHeader(http.StatusSwitchingProtocols)
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.Copy(conn, rw)
}

func TestServeEndsWithRequestsInFlight(t *testing.T) {
	f := serve(t, lb.Options{})
	a := start(t, "a")
	f.Set([]lb.Target{{Key: "a:80", Addr: a.addr}})
	held := f.begin("/held")
	await(t, "a to get the request", a.entered)
	f.stop()
	if got := await(t, "the request to end", held); got.err == nil {
		t.Errorf("it was answered with %d", got.status)
	}
	await(t, "a's connection to close", a.closed)
	if s := f.Stats(); s.ClientGone != 1 || s.Cut != 0 || len(s.InFlight) != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestServeTellsThatItsListenerFailed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := lb.New(lb.Options{}).Serve(t.Context(), l); err == nil {
		t.Error("no error")
	}
}
