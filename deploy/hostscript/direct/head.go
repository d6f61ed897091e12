package direct

import "strings"

// Head keeps the first Limit bytes that are written to it, and takes the rest without complaint. The zero value keeps none.
type Head struct {
	Limit int
	kept  []byte
}

// AnswerLimit is more than any guard answers, in bytes.
const AnswerLimit = 64 << 10

// Write never fails.
func (h *Head) Write(p []byte) (int, error) {
	h.kept = append(h.kept, p[:min(len(p), max(0, h.Limit-len(h.kept)))]...)
	return len(p), nil
}

// Len is how many bytes are kept.
func (h *Head) Len() int { return len(h.kept) }

// String is what is kept, as it came.
func (h *Head) String() string { return string(h.kept) }

// Text is what is kept as valid UTF-8, for people.
func (h *Head) Text() string { return strings.ToValidUTF8(string(h.kept), "\uFFFD") }
