//go:build !race

package engine_test

const sweep = 1
