package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// maxSize bounds the file, in bytes: a hundred times what a large team needs.
const maxSize = 1 << 20

// Load reads the file at path. The error is a [Faults] when the file's content
// is wrong, and otherwise wraps what the operating system said.
func Load(path string) (*Config, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w (--config names another file)", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	return Parse(path, data)
}

// Parse reads data as if it were the content of the file called name, which
// need not exist; relative paths in data are relative to its folder. The error
// is a [Faults], except when the working directory cannot be told.
func Parse(name string, data []byte) (*Config, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, fmt.Errorf("finding the folder of %s: %w", name, err)
	}
	r := newReport(name, data)
	document := readDocument(r, data)
	if document == nil {
		return nil, r.err()
	}
	tree := buildTree(r, document)
	if tree == nil {
		return nil, r.err()
	}
	table := root()
	w := walker{report: r, table: table}
	c := build(r, table, path, w.walk(tree, table, ""))
	if err := r.err(); err != nil {
		return nil, err
	}
	return c, nil
}
