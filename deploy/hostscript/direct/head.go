package direct

import (
	"bytes"
	"strings"
)

// Head keeps the first Limit bytes that are written to it, and takes the rest without complaint. The zero value keeps none.
type Head struct {
	Limit   int
	kept    []byte
	dropped int // lines
}

// AnswerLimit is more than any guard answers, in bytes.
const AnswerLimit = 64 << 10

// Write never fails.
func (h *Head) Write(p []byte) (int, error) {
	n := min(len(p), max(0, h.Limit-len(h.kept)))
	h.kept = append(h.kept, p[:n]...)
	h.dropped += bytes.Count(p[n:], []byte{'\n'})
	return len(p), nil
}

// Dropped is how many lines that ended were not kept, not even their beginning.
func (h *Head) Dropped() int {
	if n := len(h.kept); n > 0 && h.kept[n-1] != '\n' {
		return max(0, h.dropped-1)
	}
	return h.dropped
}

// Len is how many bytes are kept.
func (h *Head) Len() int { return len(h.kept) }

// String is what is kept, as it came.
func (h *Head) String() string { return string(h.kept) }

// Text is what is kept as valid UTF-8, for people.
func (h *Head) Text() string { return strings.ToValidUTF8(string(h.kept), "\uFFFD") }
