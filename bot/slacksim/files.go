package slacksim

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The limits of files: the description's is Slack's, in characters. Slack takes files up to 1 GB; here, where they
// are kept in memory, a larger one than this is refused as in a workspace that restricts uploads. In bytes.
const (
	maxAlt  = 1000
	maxFile = 32 << 20
)

// File is a file in a message.
type File struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Mimetype string `json:"mimetype"`
	Size     int    `json:"size"` // bytes
	Alt      string `json:"alt_txt,omitempty"`
	URL      string `json:"url"` // its path on the page
}

// upload is a file from the moment that an app asks where to send it.
type upload struct {
	File
	app    *app
	base   string // where the app reached us
	token  string
	data   []byte // nil until it was sent
	shared bool   // completed
}

// fileUploadURL answers where to send a file (docs.slack.dev/reference/methods/files.getUploadURLExternal).
func (w *Workspace) fileUploadURL(req *request) (answer, *refusal) {
	p := req.params
	length, err := strconv.Atoi(p["length"])
	switch {
	case p["filename"] == "":
		return nil, invalidArguments("missing required field: filename [json-pointer:/filename]")
	case p["length"] == "" || length == 0 && err == nil:
		return nil, refuse("missing_argument")
	case err != nil || length < 0:
		return nil, invalidArguments("must provide an integer [json-pointer:/length]")
	case length > maxFile:
		return nil, refuse("file_upload_size_restricted")
	case utf8.RuneCountInString(p["alt_txt"]) > maxAlt:
		return nil, refuse("alt_txt_too_large")
	}
	kind := mime.TypeByExtension(path.Ext(p["filename"]))
	setDefault(&kind, "application/octet-stream")
	name := path.Base(p["filename"])
	f := &upload{app: req.app, base: req.base, token: rand.Text(), File: File{
		ID: "F" + rand.Text()[:10], Name: name, Title: name, Mimetype: kind, Size: length, Alt: p["alt_txt"],
	}}
	f.URL = "/slack/files/" + f.ID + "/" + pathName(name)
	w.files[f.ID] = f
	return answer{"upload_url": req.base + "/upload/v1/" + f.token, "file_id": f.ID}, nil
}

// pathName is a file's name as one element of a URL's path.
func pathName(name string) string {
	return strings.Map(func(c rune) rune {
		if c == '.' || c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return c
		}
		return '_'
	}, name)
}

// serveUpload takes a file's bytes, as the body or as the first file of a form: Slack's libraries do either.
func (w *Workspace) serveUpload(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, maxFile+maxBody)
	data, err := sentFile(r)
	p := params{"bytes": strconv.Itoa(len(data))}
	lost := w.suffer(rw, r, "upload_url", p)
	if lost == done {
		return
	}
	w.mu.Lock()
	outcome, status := "ok", http.StatusOK
	f := w.uploadBy(r.PathValue("token"))
	switch {
	case err != nil:
		outcome, status = "unreadable", http.StatusBadRequest
	case f == nil || f.shared:
		outcome, status = "unknown upload", http.StatusNotFound
	case len(data) != f.Size:
		outcome, status = "not the announced length", http.StatusBadRequest
	default:
		f.data = data
	}
	w.record("upload_url", p, lost.prefix()+outcome)
	w.mu.Unlock()
	switch {
	case lost == cut:
		panic(http.ErrAbortHandler)
	case status == http.StatusOK && lost == none:
		outcome = "OK - " + strconv.Itoa(len(data))
	}
	rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, outcome)
}

func sentFile(r *http.Request) ([]byte, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "multipart/form-data" {
		return io.ReadAll(r.Body)
	}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, err
	}
	for {
		part, err := form.NextPart()
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" || part.FormName() == "file" {
			return io.ReadAll(part)
		}
	}
}

// uploadBy answers the file that an upload URL is for, or nil. The caller holds mu.
func (w *Workspace) uploadBy(token string) *upload {
	for _, f := range w.files {
		if f.token == token {
			return f
		}
	}
	return nil
}

// fileComplete posts uploaded files as one message in each channel that is named; named is none, they stay private
// (docs.slack.dev/reference/methods/files.completeUploadExternal). Slack says nothing of the message that it makes.
func (w *Workspace) fileComplete(req *request) (answer, *refusal) {
	files, refused := w.uploaded(req)
	if refused != nil {
		return nil, refused
	}
	rooms, refused := w.fileRooms(req)
	if refused != nil {
		return nil, refused
	}
	c, refused := fileComment(req.params)
	if refused != nil {
		return nil, refused
	}
	list, shown := []answer{}, []File{}
	for _, f := range files {
		f.shared = true
		shown = append(shown, f.File)
		list = append(list, f.wire())
	}
	for _, r := range rooms {
		m := authored(req.app, c)
		m.ThreadTS, m.Files = req.params["thread_ts"], shown
		w.announce(r, w.post(r, m))
	}
	w.notify()
	return answer{"files": list}, nil
}

// uploaded answers the files that a call names. Each must have been sent, and not been completed yet.
func (w *Workspace) uploaded(req *request) ([]*upload, *refusal) {
	var named []struct{ ID, Title string }
	if json.Unmarshal([]byte(req.params["files"]), &named) != nil || len(named) == 0 {
		return nil, invalidArguments("must provide at least 1 item [json-pointer:/files]")
	}
	var out []*upload
	for _, n := range named {
		f := w.files[n.ID]
		if f == nil || f.app != req.app || f.data == nil || f.shared || slices.Contains(out, f) {
			return nil, refuse("file_not_found")
		}
		out = append(out, f)
	}
	for i, n := range named {
		if n.Title != "" {
			out[i].Title = n.Title
		}
	}
	return out, nil
}

// fileRooms answers the channels that a call names, all of which the app must be able to write to.
func (w *Workspace) fileRooms(req *request) ([]*room, *refusal) {
	var out []*room
	for _, id := range strings.Split(req.params["channels"]+","+req.params["channel_id"], ",") {
		if id == "" {
			continue
		}
		r, refused := w.writable(&request{app: req.app, params: params{"channel": id}})
		switch {
		case refused != nil:
			return nil, refused
		case r.ID != id: // a name, which other methods take
			return nil, refuse("invalid_channel")
		}
		out = append(out, r)
	}
	return out, nil
}

// fileComment is what stands above the files; blocks are ignored if there is a comment.
func fileComment(p params) (content, *refusal) {
	own := params{"text": p["initial_comment"]}
	if own["text"] == "" {
		own["blocks"] = p["blocks"]
	}
	if own["text"] == "" && blank(own["blocks"]) {
		return content{}, nil
	}
	return parseContent(own, postText)
}

// wire is docs.slack.dev/reference/objects/file-object, as the answer to completing an upload has it: before the file
// has been shared anywhere.
func (f *upload) wire() answer {
	out := answer{
		"id": f.ID, "name": f.Name, "title": f.Title, "mimetype": f.Mimetype, "filetype": strings.TrimPrefix(path.Ext(f.Name), "."),
		"size": f.Size, "user": f.app.BotUser, "mode": "hosted", "is_external": false, "is_public": true,
		"url_private": f.base + "/files-pri/" + f.ID + "/" + pathName(f.Name), "shares": answer{}, "channels": []string{},
	}
	if f.Alt != "" {
		out["alt_txt"] = f.Alt
	}
	return out
}

// wireFiles lists a message's files for apps. The caller holds mu.
func (w *Workspace) wireFiles(m *Message) []answer {
	var out []answer
	for _, f := range m.Files {
		out = append(out, w.files[f.ID].wire())
	}
	return out
}

// File answers a file and its bytes, once it was completed.
func (w *Workspace) File(id string) (f File, data []byte, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u := w.files[id]
	if u == nil || !u.shared {
		return File{}, nil, false
	}
	return u.File, bytes.Clone(u.data), true
}

// serveFileToApp serves url_private to an app that may read files.
func (w *Workspace) serveFileToApp(rw http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	w.mu.Lock()
	a, refused := w.authenticate(token, method{}, "")
	allowed := refused == nil && slices.Contains(a.Scopes, "files:read")
	w.mu.Unlock()
	if !allowed {
		http.Error(rw, "files are for apps with files:read", http.StatusForbidden)
		return
	}
	w.serveFile(rw, r)
}

// serveFile serves a file's bytes. What an app uploaded may be a page with scripts: it gets no rights in ours.
func (w *Workspace) serveFile(rw http.ResponseWriter, r *http.Request) {
	f, data, ok := w.File(r.PathValue("id"))
	if !ok {
		http.Error(rw, "there is no such file", http.StatusNotFound)
		return
	}
	rw.Header().Set("Content-Type", f.Mimetype)
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	rw.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
	_, _ = rw.Write(data)
}
