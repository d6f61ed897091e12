package lb

import (
	"encoding/base64"
	"net/http"
	"slices"
	"time"
)

// The cookies of duration-based stickiness: the second one is for requests
// from another site.
const (
	cookieName     = "AWSALB"
	cookieNameCORS = "AWSALBCORS"
)

// SetSticky makes the balancer bind clients to targets with a cookie of its
// own that lives for d after each answer, 1 s to 7 days as AWS has it; 0 is
// stickiness.enabled=false. A target that drains gets no new request of
// clients that are bound to it either: they are bound to another one.
func (b *Balancer) SetSticky(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sticky = d
}

// bound is the target that a client's cookie names, if it takes requests. The
// caller holds the lock.
func (b *Balancer) bound(r *http.Request) *target {
	if b.sticky == 0 {
		return nil
	}
	for _, name := range []string{cookieName, cookieNameCORS} {
		c, err := r.Cookie(name)
		if err != nil {
			continue
		}
		key, err := base64.RawURLEncoding.DecodeString(c.Value)
		if err != nil {
			continue
		}
		if i := slices.IndexFunc(b.open, func(t *target) bool { return t.key == string(key) }); i >= 0 {
			return b.open[i]
		}
	}
	return nil
}

// cookies bind a client to a target.
func (b *Balancer) cookies(t *target) []string {
	b.mu.Lock()
	d := b.sticky
	b.mu.Unlock()
	if d == 0 {
		return nil
	}
	c := http.Cookie{Name: cookieName, Value: base64.RawURLEncoding.EncodeToString([]byte(t.key)), Path: "/", Expires: time.Now().Add(d)}
	cors := c
	cors.Name, cors.SameSite, cors.Secure = cookieNameCORS, http.SameSiteNoneMode, true
	return []string{c.String(), cors.String()}
}
