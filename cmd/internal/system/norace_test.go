//go:build !race

package system

// raceFlags build the bot as the tests are built.
var raceFlags []string
