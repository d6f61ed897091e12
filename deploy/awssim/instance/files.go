package instance

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The files of an instance's folder; the package comment says what they are.
const (
	revisionFile  = "REVISION"
	ctlFile       = "app.ctl"
	stateFile     = "app.state"
	releaseFile   = "release.sh"
	verifyFile    = "verify.sh"
	unhealthyFile = "unhealthy"
)

// firstRelease is on a new instance.
const firstRelease = "v41"

//go:embed release.sh
var releaseScript []byte

//go:embed verify.sh
var verifyScript []byte

func (i *Instance) path(name string) string { return filepath.Join(i.opts.Dir, name) }

// furnish makes the folder and its files.
func (i *Instance) furnish() error {
	if err := os.MkdirAll(i.opts.Dir, 0o755); err != nil {
		return err
	}
	if _, err := os.Stat(i.path(revisionFile)); errors.Is(err, fs.ErrNotExist) {
		if err := replaceFile(i.path(revisionFile), []byte(firstRelease+"\n"), 0o644); err != nil {
			return err
		}
	}
	if err := replaceFile(i.path(releaseFile), releaseScript, 0o755); err != nil {
		return err
	}
	if err := replaceFile(i.path(verifyFile), verifyScript, 0o755); err != nil {
		return err
	}
	return makePipe(i.path(ctlFile))
}

// revision reads which release is on disk: the first line of REVISION.
func (i *Instance) revision() (string, error) {
	text, err := os.ReadFile(i.path(revisionFile))
	if err != nil {
		return "", fmt.Errorf("reading which release to start: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	if line = strings.TrimSpace(line); line == "" {
		return "", errors.New("reading which release to start: REVISION is empty")
	}
	return line, nil
}

// replaceFile writes a whole file in one step: a script that reads it, or that
// sh is running, sees the old text or the new one.
func replaceFile(path string, text []byte, mode fs.FileMode) error {
	fresh := path + ".new"
	if err := os.WriteFile(fresh, text, mode); err != nil {
		return err
	}
	// WriteFile is subject to the umask and keeps the mode of a leftover.
	if err := os.Chmod(fresh, mode); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}
