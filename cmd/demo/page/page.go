// Package page serves the demo's page: a chat that stands for Slack, and the load balancer beside it as a picture.
//
// The page is built by npm from src into dist, which is committed, so that `go run ./cmd/demo` needs nothing but Go.
// It talks to the simulators over the same origin. It must never load anything from elsewhere, and holds no rule of a
// deploy: it shows what the simulated Slack and AWS say, and passes on what is typed and clicked.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"time"
)

//go:embed dist
var dist embed.FS

// policy lets the page load and reach its own origin and nothing else. The renderer sets styles through the DOM, which
// a policy does not restrict, so no inline style is allowed.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// kinds names the content type of every file by path, rather than asking the machine's own table of types.
var kinds = map[string]string{
	"/":             "text/html; charset=utf-8",
	"/app.js":       "text/javascript; charset=utf-8",
	"/app.css":      "text/css; charset=utf-8",
	"/icon.svg":     "image/svg+xml",
	"/LICENSES.txt": "text/plain; charset=utf-8",
}

type file struct {
	kind string
	etag string
	body []byte
}

// Handler serves the page at / and its files beside it, to GET and HEAD; any other path is 404, any other method 405.
// A browser asks again at each load and is answered 304 while nothing has changed. It panics if a file is missing from
// the binary, which only a broken build can cause.
func Handler() http.Handler {
	files := make(map[string]file, len(kinds))
	for path, kind := range kinds {
		files[path] = load(path, kind)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.kind)
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", f.etag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
	})
}

func load(path, kind string) file {
	name := "dist" + path
	if path == "/" {
		name = "dist/index.html"
	}
	body, err := fs.ReadFile(dist, name)
	if err != nil {
		panic(fmt.Sprintf("page: reading the embedded %s: %v", name, err))
	}
	sum := sha256.Sum256(body)
	return file{kind: kind, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, body: body}
}
