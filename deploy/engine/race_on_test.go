//go:build race

package engine_test

// sweep is how many hooks or events a sweep goes on by. The race detector makes each story eight times as slow, and finds
// in a twelfth of them what it finds in all, since they differ in when a bot dies and not in who touches what; `.ci/run`
// tells all of them without it.
const sweep = 12
