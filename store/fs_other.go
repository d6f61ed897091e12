//go:build !linux && !darwin

package store

// remoteType cannot tell on this system.
func remoteType(string) (string, error) { return "", nil }
