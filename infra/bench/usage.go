package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is the processor time of a system: of the server process, and of the engine, which is its child.
type usage struct{ server, engine time.Duration }

// add adds what was used between two looks.
func (u *usage) add(before, after usage) {
	u.server += after.server - before.server
	u.engine += after.engine - before.engine
}

// usageOf is what a process and its children have used so far.
func usageOf(pid int) (u usage, err error) {
	if u.server, err = cpuOf(pid); err != nil {
		return usage{}, err
	}
	for _, child := range childrenOf(pid) {
		// One that has just ended is left out.
		if d, err := cpuOf(child); err == nil {
			u.engine += d
		}
	}
	return u, nil
}

// childrenOf are the processes that a process has started: those that name it as their parent, the fourth field of
// /proc/PID/stat, which is the second after the command's name.
func childrenOf(pid int) (children []int) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// The name stands in brackets and may contain spaces.
		_, rest, _ := strings.Cut(string(raw), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[1] != strconv.Itoa(pid) {
			continue
		}
		if child, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			children = append(children, child)
		}
	}
	return children
}

// cpuOf is what the threads of one process have used, in nanoseconds: the first field of /proc/PID/task/TID/schedstat.
// The times in /proc/PID/stat are in steps of 10 ms, which is more than some batches take.
func cpuOf(pid int) (time.Duration, error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("process %d: no processor times in /proc: %w", pid, err)
	}
	var sum time.Duration
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // a thread that has ended
		}
		first, _, _ := strings.Cut(string(raw), " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += time.Duration(ns)
	}
	return sum, nil
}

// memoryOf is what a process holds in memory, in bytes: the resident pages, the second field of /proc/PID/statm.
func memoryOf(pid int) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(raw))
	if len(fields) < 2 {
		return 0, fmt.Errorf("process %d: %q", pid, raw)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
