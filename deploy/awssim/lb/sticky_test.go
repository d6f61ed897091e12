package lb_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"junban/deploy/awssim/lb"
)

func TestAClientIsBoundByItsCookie(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	f := serve(t, lb.Options{})
	both := []lb.Target{{Key: "a:80", Addr: a.addr}, {Key: "b:80", Addr: b.addr}}
	f.Set(both)
	if got := f.get("/"); len(got.header["Set-Cookie"]) != 0 {
		t.Fatalf("cookies without stickiness: %v", got.header)
	}
	f.SetSticky(time.Hour)
	visit := func(cookie string) (from, next string) {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, f.url+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if cookie != "" {
			req.Header.Set("Cookie", cookie)
		}
		got := f.do(req)
		wantStatus(t, got, http.StatusOK)
		if len(got.header["Set-Cookie"]) != 2 || !strings.HasPrefix(got.header["Set-Cookie"][0], "AWSALB=") {
			t.Fatalf("%v", got.header["Set-Cookie"])
		}
		next, _, _ = strings.Cut(got.header["Set-Cookie"][0], ";")
		return got.body, next
	}
	first, cookie := visit("")
	for range 5 {
		if from, _ := visit(cookie); from != first {
			t.Fatalf("bound to %s, served by %s", first, from)
		}
	}
	visit("AWSALB=nonsense") // is served all the same

	// Deregistered: who is bound to it goes elsewhere, and stays there.
	other := "b"
	draining := []lb.Target{{Key: "a:80", Addr: a.addr, Draining: true}, both[1]}
	if first == "b" {
		other, draining = "a", []lb.Target{both[0], {Key: "b:80", Addr: b.addr, Draining: true}}
	}
	f.Set(draining)
	from, moved := visit(cookie)
	if from != other {
		t.Fatal("a draining target was given a new request")
	}
	f.Set(both)
	for range 3 {
		if from, _ := visit(moved); from != other {
			t.Errorf("bound anew to %s, served by %s", other, from)
		}
	}
}
