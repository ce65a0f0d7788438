// Package file writes the files of the local runner so that a kill leaves the old content or the new one, and nothing
// in between.
package file

import (
	"fmt"
	"io/fs"
	"os"
)

// Write puts content into the file at path, in place of what was there: it writes a file beside it and renames that,
// which the file system does as a whole. The content is on the disk before the name is, so that a power cut leaves no
// empty file. Errors name the file.
func Write(path string, content []byte, mode fs.FileMode) error {
	beside := path + ".part"
	if err := write(beside, content, mode); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(beside, path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func write(path string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
