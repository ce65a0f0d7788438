package engine

import "time"

// setPID notes the running process.
func (e *Engine) setPID(pid int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pid = pid
}

// account adds the processor time of a process that ended.
func (e *Engine) account(user, sys time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pid = 0
	e.spent.user += user
	e.spent.sys += sys
}

// CPU returns the processor time the engine has used since Start, restarts included, in steps of 10
// ms. ok is false where the system does not report it (not Linux).
func (e *Engine) CPU() (user, sys time.Duration, ok bool) {
	e.mu.Lock()
	pid, spent := e.pid, e.spent
	e.mu.Unlock()
	if pid == 0 {
		return spent.user, spent.sys, true
	}
	user, sys, ok = processCPU(pid)
	return spent.user + user, spent.sys + sys, ok
}

// RSS returns the memory the engine holds, in bytes. ok is false while it is down or where the
// system does not report it.
func (e *Engine) RSS() (bytes int64, ok bool) {
	if pid := e.PID(); pid != 0 {
		return processRSS(pid)
	}
	return 0, false
}
