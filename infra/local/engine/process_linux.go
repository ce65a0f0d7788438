package engine

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of the times in /proc/PID/stat: USER_HZ is 100 on every Linux that Go supports.
const tick = 10 * time.Millisecond

// attributes put the engine into a process group of its own, so that Ctrl-C does not reach it
// before the runner has finished with it, and have the kernel end it when the runner is killed.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// processCPU reads utime and stime, fields 14 and 15 of proc(5) stat.
func processCPU(pid int) (user, sys time.Duration, ok bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, false
	}
	_, rest, found := strings.Cut(string(raw), ") ") // the name in brackets may hold spaces
	fields := strings.Fields(rest)
	if !found || len(fields) < 13 {
		return 0, 0, false
	}
	u, errU := strconv.ParseInt(fields[11], 10, 64)
	s, errS := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(u) * tick, time.Duration(s) * tick, errU == nil && errS == nil
}

// processRSS reads the resident pages, the second field of proc(5) statm.
func processRSS(pid int) (bytes int64, ok bool) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(raw))
	if len(fields) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err == nil
}
