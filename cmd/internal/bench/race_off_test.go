//go:build !race

package bench

const detecting = false
