package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"go.etcd.io/bbolt"
)

// unfinishedSuffix marks a file that is not a store yet.
const unfinishedSuffix = ".new-"

// create makes a store at path, whole or not at all: bbolt's own beginning is not safe from a power loss
// (github.com/etcd-io/etcd/issues/16596). It is made under another name and linked to its own; a link, unlike a rename,
// cannot replace the store that another process has made in the meantime: then that one is left, and it is no error.
// reached is told each step, so that a test can end the process there.
func create(path string, reached func(step string)) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+unfinishedSuffix+"*") // with mode 0600
	if err != nil {
		return err
	}
	name := tmp.Name()
	defer func() {
		if gone := os.Remove(name); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}()
	if err := tmp.Close(); err != nil {
		return err
	}
	reached("named")
	if err := fill(name, reached); err != nil {
		return err
	}
	if err := os.Link(name, path); err != nil {
		if _, missing := os.Stat(path); missing == nil {
			return nil
		}
		return fmt.Errorf("give it its name: %w", err)
	}
	reached("linked")
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	reached("unlinked")
	if err := syncFolder(filepath.Dir(path)); err != nil {
		return err
	}
	reached("synced")
	return nil
}

// fill makes an empty file a store. bbolt syncs the file with each commit.
func fill(name string, reached func(step string)) error {
	db, err := bbolt.Open(name, 0o600, &bbolt.Options{Timeout: defaultWait})
	if err != nil {
		return fmt.Errorf("make it a bbolt file: %w", err)
	}
	reached("begun")
	if err := db.Update(lay); err != nil {
		return errors.Join(err, db.Close())
	}
	reached("laid")
	return db.Close()
}

// syncFolder makes the names in a folder durable, where the file system can.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("open folder %s: %w", folder, err)
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if err = errors.Join(err, d.Close()); err != nil {
		return fmt.Errorf("sync folder %s: %w", folder, err)
	}
	return nil
}
