package awssim

import (
	"encoding/base64"
	"strconv"

	"junban/deploy/awssim/world"
)

// list reads prefix.1, prefix.2 and so on; each has the suffix.
func (r *request) list(prefix, suffix string) []string {
	var out []string
	for n := 1; ; n++ {
		v, ok := r.form[prefix+"."+strconv.Itoa(n)+suffix]
		if !ok {
			return out
		}
		out = append(out, v[0])
	}
}

// members reads a list of the Query protocol, name.member.N.
func (r *request) members(name string) []string { return r.list(name+".member", "") }

// number reads a number that must lie in a range; def if it is absent.
func (r *request) number(name string, def, least, most int) (int, error) {
	v := r.form.Get(name)
	if v == "" {
		return def, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < least || n > most {
		return 0, invalid("1 validation error detected: Value '" + v + "' at '" + name + "' failed to satisfy constraint: Member must be between " +
			strconv.Itoa(least) + " and " + strconv.Itoa(most))
	}
	return n, nil
}

// pageOf cuts one page out of all; marker is where it begins, as an earlier
// page's next said. A bad marker is an error of the given code.
func pageOf[T any](all []T, size int, marker, code string) (page []T, next string, err error) {
	from := 0
	if marker != "" {
		raw, err := base64.RawURLEncoding.DecodeString(marker)
		if err == nil {
			from, err = strconv.Atoi(string(raw))
		}
		if err != nil || from < 0 || from > len(all) {
			return nil, "", badRequest(code, "Invalid marker: "+marker)
		}
	}
	to := min(from+size, len(all))
	if to < len(all) {
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(to)))
	}
	return all[from:to], next, nil
}

// elbPage is the page that PageSize (1 to 400) and Marker ask for.
func elbPage[T any](r *request, all []T) (page []T, next string, err error) {
	size, err := r.number("PageSize", 400, 1, 400)
	if err != nil {
		return nil, "", err
	}
	return pageOf(all, size, r.form.Get("Marker"), "ValidationError")
}

// required is ELB's error for a missing parameter.
func required(name string) *world.Error {
	return invalid("1 validation error detected: Value null at '" + name + "' failed to satisfy constraint: Member must not be null")
}
