//go:build unix

package runner

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the file for this process, which the system takes away again when the process ends in whatever way. It
// reports whether it was free.
func lock(f *os.File) (free bool, err error) {
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}
