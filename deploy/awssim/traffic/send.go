package traffic

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"
)

// send sends one request, reads the answer and counts it.
func (c *Clients) send(ctx context.Context, client *http.Client, path string) {
	if ctx.Err() != nil {
		return
	}
	got, err := c.exchange(ctx, client, path)
	if err != nil && ctx.Err() != nil {
		return // cut by our own end
	}
	got.path = path
	if err != nil {
		got.problem = err.Error()
	}
	c.seen.count(time.Now(), got)
}

// result is what became of one request.
type result struct {
	path    string
	status  int // 0: no answer
	version string
	problem string // "": the answer came whole
}

func (c *Clients) exchange(ctx context.Context, client *http.Client, path string) (result, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.opts.URL+path, once{})
	if err != nil {
		return result{}, err
	}
	res, err := client.Do(req)
	if err != nil {
		var where *url.Error // repeats the method and the URL
		if errors.As(err, &where) {
			err = where.Err
		}
		return result{}, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return result{status: res.StatusCode, version: res.Header.Get("X-Version")}, err
}

// once is an empty body that cannot be rewound: with it http.Transport does not
// quietly repeat a request whose kept-alive connection died under it. Nothing of
// it is sent.
type once struct{}

func (once) Read([]byte) (int, error) { return 0, io.EOF }
