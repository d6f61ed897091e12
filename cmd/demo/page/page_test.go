package page_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"junban/cmd/demo/page"
)

func get(t *testing.T, method, path string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	if header != nil {
		r.Header = header
	}
	w := httptest.NewRecorder()
	page.Handler().ServeHTTP(w, r)
	return w
}

func TestEveryFileIsServedWithItsTypeAndPolicy(t *testing.T) {
	for path, kind := range map[string]string{
		"/":             "text/html; charset=utf-8",
		"/app.js":       "text/javascript; charset=utf-8",
		"/app.css":      "text/css; charset=utf-8",
		"/icon.svg":     "image/svg+xml",
		"/LICENSES.txt": "text/plain; charset=utf-8",
	} {
		w := get(t, http.MethodGet, path, nil)
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("GET %s: status %d, %d bytes", path, w.Code, w.Body.Len())
		}
		if got := w.Header().Get("Content-Type"); got != kind {
			t.Errorf("GET %s: content type %q, want %q", path, got, kind)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-cache" {
			t.Errorf("GET %s: Cache-Control %q", path, got)
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
			t.Errorf("GET %s: policy %q allows more than the same origin", path, policy)
		}
	}
}

func TestOtherPathsAndMethodsAreRefused(t *testing.T) {
	for _, path := range []string{"/index.html", "/dist/app.js", "/package.json", "/../page.go", "/slack/state"} {
		if w := get(t, http.MethodGet, path, nil); w.Code != http.StatusNotFound {
			t.Errorf("GET %s: status %d, want 404", path, w.Code)
		}
	}
	if w := get(t, http.MethodPost, "/", nil); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST /: status %d, want 405", w.Code)
	}
}

func TestAnUnchangedFileIsNotSentAgain(t *testing.T) {
	first := get(t, http.MethodGet, "/app.js", nil)
	again := get(t, http.MethodGet, "/app.js", http.Header{"If-None-Match": {first.Header().Get("ETag")}})
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("with its own ETag: status %d, %d bytes, want 304 and none", again.Code, again.Body.Len())
	}
}

// What the page names must be in the binary, and nothing in dist may be forgotten by the handler.
func TestThePageAndTheHandlerAgreeOnTheFiles(t *testing.T) {
	html := get(t, http.MethodGet, "/", nil).Body.String()
	named := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(named) < 3 {
		t.Fatalf("the page names %d files, want its script, style and icon", len(named))
	}
	for _, m := range named {
		if w := get(t, http.MethodGet, "/"+m[1], nil); w.Code != http.StatusOK {
			t.Errorf("the page names %s: status %d", m[1], w.Code)
		}
	}
	err := fs.WalkDir(os.DirFS("dist"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "index.html" {
			return err
		}
		if w := get(t, http.MethodGet, "/"+name, nil); w.Code != http.StatusOK {
			t.Errorf("dist/%s is not served: status %d", name, w.Code)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walking dist: %v", err)
	}
}

func TestTheLockfileNamesNoRegistry(t *testing.T) {
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(lock), `"resolved"`) {
		t.Error("package-lock.json records download addresses: install with omit-lockfile-registry-resolved=true")
	}
}
