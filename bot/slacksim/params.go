package slacksim

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxBody bounds a request; Slack's own bound is not published, and no legal message comes near this one.
const maxBody = 1 << 20

// params are a call's arguments by name. Objects and arrays are their JSON text, however they were sent.
type params map[string]string

func (p params) is(key string) bool { return p[key] == "1" || p[key] == "true" }

// limit answers a page size between 1 and most, or the default.
func (p params) limit(usual, most int) int {
	n, err := strconv.Atoi(p["limit"])
	if err != nil || n < 1 {
		return usual
	}
	return min(n, most)
}

// readParams reads the arguments from the query and from a form, multipart or JSON body, the three ways that
// docs.slack.dev/apis/web-api names. The token is among them, also if it came as a bearer token.
func readParams(r *http.Request) (params, *refusal) {
	p := params{}
	p.add(r.URL.Query())
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		if refused := p.addJSON(r.Body); refused != nil {
			return nil, refused
		}
	case "multipart/form-data":
		if err := r.ParseMultipartForm(maxBody); err != nil {
			return nil, refuse("invalid_form_data")
		}
		p.add(r.MultipartForm.Value)
	case "application/x-www-form-urlencoded", "":
		if err := r.ParseForm(); err != nil {
			return nil, refuse("invalid_form_data")
		}
		p.add(r.PostForm)
	default:
		return nil, refuse("invalid_post_type")
	}
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		p["token"] = strings.TrimSpace(bearer)
	}
	return p, nil
}

func (p params) add(values url.Values) {
	for key, list := range values {
		if len(list) > 0 {
			p[key] = list[0]
		}
	}
}

func (p params) addJSON(body io.Reader) *refusal {
	var raw json.RawMessage
	if err := json.NewDecoder(body).Decode(&raw); errors.Is(err, io.EOF) {
		return nil // apps.connections.open has no arguments, and slack-go sends no body
	} else if err != nil {
		return refuse("invalid_json")
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return refuse("json_not_object")
	}
	for key, value := range object {
		var text string
		switch {
		case string(value) == "null":
		case json.Unmarshal(value, &text) == nil:
			p[key] = text
		default:
			p[key] = string(value)
		}
	}
	return nil
}
