package engine

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of /proc/PID/stat: USER_HZ is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// attributes keep Ctrl-C in a terminal from reaching the engine before the runner has finished with it, and take the
// engine along when the runner itself is killed.
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
