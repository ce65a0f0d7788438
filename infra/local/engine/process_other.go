//go:build !linux

package engine

import (
	"syscall"
	"time"
)

// attributes has nothing to set where the kernel cannot tie a child to its parent.
func attributes() *syscall.SysProcAttr { return nil }

func processCPU(int) (user, sys time.Duration, ok bool) { return 0, 0, false }

func processRSS(int) (bytes int64, ok bool) { return 0, false }
