// Package deploy is the pure core of Junban: it decides, and does nothing.
//
// A plan lays steps in lanes, one lane per instance. Next says what time and AWS make of an operation, Decide what
// a person's act makes of it; both answer with events, and Apply folds events into the operation. Offers lists what
// people may do now. Every rule of a rollout stands in this package and nowhere else, so that it can be tested with
// plain values.
//
// It must never read a clock, do I/O, start a goroutine or log: time comes in as an argument, facts come in as Seen,
// and orders go out as events and effects. A test bans the imports that would allow otherwise.
package deploy
