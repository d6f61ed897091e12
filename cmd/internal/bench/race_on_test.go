//go:build race

package bench

// detecting says that the race detector watches, which makes everything some ten times slower.
const detecting = true
