package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Fault is one thing that is wrong with a file, and what would be right.
type Fault struct {
	File    string // as the caller named it
	Line    int    // from 1
	Column  int    // from 1, in characters, not bytes
	Message string // one line
}

// String writes file:line:column: message, which editors can jump to.
func (f Fault) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
}

// Faults is everything that one run found wrong, sorted by position and never
// empty when it is returned as an error.
type Faults []Fault

// Error writes one fault a line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// position is a place in the file; both count from 1, columns in characters.
type position struct{ line, column int }

// report collects the faults of one file.
type report struct {
	file   string
	widths []int // characters in each line
	faults Faults
}

func newReport(file string, data []byte) *report {
	r := &report{file: file}
	for line := range strings.SplitSeq(string(data), "\n") {
		r.widths = append(r.widths, utf8.RuneCountInString(strings.TrimSuffix(line, "\r")))
	}
	return r
}

// add notes a fault. A position outside the file is moved to the nearest place
// inside: the parser sees one more line at the end than there is.
func (r *report) add(at position, format string, args ...any) {
	line := min(max(at.line, 1), len(r.widths))
	column := min(max(at.column, 1), r.widths[line-1]+1)
	r.faults = append(r.faults, Fault{File: r.file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
}

// err answers all faults in the file's order, each once, or nil.
func (r *report) err() error {
	if len(r.faults) == 0 {
		return nil
	}
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		if a.Column != b.Column {
			return a.Column - b.Column
		}
		return strings.Compare(a.Message, b.Message)
	})
	return slices.Compact(r.faults)
}
