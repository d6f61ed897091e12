// Package planted holds the test of the tests: bugs are planted in a copy of the code, one at a time, and the tests
// that guard against each must fail. It is for tests only and must never change a file of the tree.
package planted
