// Package bench holds the measurements of rollouts: how much longer than AWS itself needs they take, how many calls they
// make, and what an instance costs when there are many. `make bench` runs those that take real time; shorter ones, in
// fake time, are ordinary tests, so that a loss is noticed where it is made.
//
// It is for tests only, and must never be linked into a program.
package bench
