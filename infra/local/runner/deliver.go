package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"dangol/infra/topology"

	"dangol/infra/local/engine"
	"dangol/infra/local/file"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// pollInterval is how often the runner looks for what has become due without a write.
const pollInterval = time.Second

// expiryInterval is how often the runner deletes expired items; DynamoDB promises days.
const expiryInterval = 10 * time.Minute

// gatherInterval is how long the runner waits after a write for more of them: reading the streams
// once for ten orders costs a tenth.
const gatherInterval = 200 * time.Millisecond

// deliveriesAtOnce is how many events the bus hands to functions at a time. Mostly they wait for the engine, so more
// than the machine has cores.
const deliveriesAtOnce = 8

// maxRounds bounds one pass, so that a function that keeps making work for itself cannot block the
// laptop.
const maxRounds = 1_000

// wakeUp says that there may be something to deliver. It never blocks: one signal is enough for
// many writes.
func (r *Runner) wakeUp() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// deliverLoop delivers until ctx ends: soon after a write, each second for what has become due, and
// now and then it deletes what has expired.
func (r *Runner) deliverLoop(ctx context.Context) {
	work := context.WithoutCancel(ctx) // a stop lets the work at hand end
	ticker, expiry := time.NewTicker(pollInterval), time.NewTicker(expiryInterval)
	defer ticker.Stop()
	defer expiry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
			if !wait(ctx, gatherInterval) {
				return
			}
			r.report(r.runUntilIdle(work, r.deliveries()))
		case <-expiry.C:
			r.due.forget("") // of what somebody wrote to the engine beside the runner
			r.report(r.expire(work))
			r.report(r.forget())
		case <-ticker.C:
			r.sweepSockets()
			if at, ok := r.nextDue(work); ok && !at.After(r.clock.Now()) {
				r.report(r.RunUntilIdle(work))
			}
		}
	}
}

// report logs an error; the next pass tries again.
func (r *Runner) report(err error) {
	if err != nil {
		r.options.Log.Error("settle", "error", err)
	}
}

// wait waits in real time; false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// part is something that may have work; it returns how much it did.
type part func(context.Context) (int, error)

// deliveries are the parts that move what has been written, from the streams to the last consumer.
func (r *Runner) deliveries() []part {
	var all []part
	for _, relay := range r.relays {
		all = append(all, relay.Poll)
	}
	return append(all, r.bus.Deliver, r.queues.RunDue, r.tickPayments)
}

// RunUntilIdle delivers everything that is due at this moment, and what comes of it, until nothing is left to do before
// the clock moves.
func (r *Runner) RunUntilIdle(ctx context.Context) error {
	return r.runUntilIdle(ctx, append(r.deliveries(), r.tickSchedules, r.sweep))
}

// runUntilIdle runs the parts in turn until none has anything left to do. One pass at a time,
// because the parts share cursors.
func (r *Runner) runUntilIdle(ctx context.Context, parts []part) error {
	r.idleLock.Lock()
	defer r.idleLock.Unlock()
	for range maxRounds {
		total := 0
		for _, work := range parts {
			n, err := work(ctx)
			if err != nil {
				return err
			}
			total += n
		}
		if total == 0 {
			return nil
		}
	}
	return fmt.Errorf("the system does not come to rest after %d rounds", maxRounds)
}

// tickSchedules runs the schedules that are due.
func (r *Runner) tickSchedules(ctx context.Context) (int, error) {
	return r.schedule.RunDue(ctx, r.clock.Now())
}

// tickPayments lets late outcomes and webhooks of the sandbox happen.
func (r *Runner) tickPayments(ctx context.Context) (int, error) {
	return r.payments.Tick(ctx, r.clock.Now())
}

// sweep invokes the scheduled functions when something is due in their tables. On AWS they run each
// minute; here they run when there is work, so that a year can pass in seconds.
func (r *Runner) sweep(ctx context.Context) (int, error) {
	at, ok, err := r.nextJob(ctx)
	if err != nil || !ok || at.After(r.clock.Now()) {
		return 0, err
	}
	for _, f := range r.options.System.Functions {
		if f.Schedule == nil || !r.runs(f) {
			continue
		}
		if _, err := r.invoke(ctx, f.Name, []byte("{}")); err != nil {
			return 0, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	after, ok, err := r.nextJob(ctx)
	if err != nil || ok && !after.After(at) {
		return 0, err // no progress: leave it to the next look
	}
	return 1, nil
}

// runs reports whether a scheduled function is to be invoked now: the sweeper whenever something is due, one with a
// longer rate when that has passed since the last time.
func (r *Runner) runs(f topology.Function) bool {
	if f.Schedule.Rate <= time.Minute {
		return true
	}
	now := r.clock.Now()
	if now.Sub(r.ran[f.Name]) < f.Schedule.Rate {
		return false
	}
	r.ran[f.Name] = now
	return true
}

// nextJob is when the first job of all due indexes is due.
func (r *Runner) nextJob(ctx context.Context) (at time.Time, ok bool, err error) {
	now := r.clock.Now()
	// One query for each kind: the index is sorted within a kind only.
	for _, k := range r.options.System.Due {
		first, stamp, known := r.due.first(k.Kind, now)
		if !known {
			first.at, first.there, err = due.Next(ctx, r.Table(k.Table), k.Kind)
			if err != nil {
				return at, false, err
			}
			r.due.read(k.Kind, stamp, first)
		}
		if first.there && (!ok || first.at.Before(at)) {
			at, ok = first.at, true
		}
	}
	return at, ok, nil
}

// nextDue is the first instant at which anything is due, in any part.
func (r *Runner) nextDue(ctx context.Context) (at time.Time, ok bool) {
	consider := func(t time.Time, there bool) {
		if there && (!ok || t.Before(at)) {
			at, ok = t, true
		}
	}
	consider(r.bus.NextDue())
	consider(r.queues.NextDue())
	consider(r.schedule.NextDue())
	consider(r.payments.NextDue())
	for _, relay := range r.relays {
		consider(relay.NextDue())
	}
	first, there, err := r.nextJob(ctx)
	consider(first, there && err == nil)
	return at, ok
}

// HoldClock keeps the clock from being moved until release is called; whoever wants to move it waits.
func (r *Runner) HoldClock() (release func()) {
	r.moving.Lock()
	return r.moving.Unlock
}

// Advance moves the clock forward by d. Everything due on the way happens in order, at its own
// time. It returns what happened.
func (r *Runner) Advance(ctx context.Context, d time.Duration) ([]ClockEvent, error) {
	target := r.clock.Now().Add(d)
	r.journal.start()
	defer r.journal.stop()
	for {
		if err := r.RunUntilIdle(ctx); err != nil {
			return nil, err
		}
		at, ok := r.nextDue(ctx)
		if !ok || at.After(target) {
			break
		}
		if err := r.moveTo(at); err != nil {
			return nil, err
		}
	}
	if err := r.moveTo(target); err != nil {
		return nil, err
	}
	r.sweepSockets()
	if err := r.RunUntilIdle(ctx); err != nil {
		return nil, err
	}
	if err := r.expire(ctx); err != nil {
		return nil, err
	}
	return r.journal.take(), nil
}

// sweepSockets ends the connections that have been open for too long.
func (r *Runner) sweepSockets() {
	if r.sockets != nil {
		r.sockets.Sweep()
	}
}

// expire deletes what its time to live has passed, as DynamoDB does in its own time.
func (r *Runner) expire(ctx context.Context) error {
	for _, s := range r.options.System.Tables {
		sweep := engine.Sweep // of an engine that is not ours
		if r.engine != nil {
			sweep = r.engine.Sweep
		}
		if _, err := sweep(ctx, r.db, s.Name, table.TTLAttribute, r.clock.Now()); err != nil {
			return err
		}
	}
	return nil
}

// forget removes what has been read from the streams, which DynamoDB does after a day. One function
// reads each stream, so nothing else needs it.
func (r *Runner) forget() error {
	if r.engine == nil {
		return nil
	}
	for _, relay := range r.relays {
		for _, p := range relay.Progress() {
			// Nothing new was read since.
			if r.forgotten[p.Shard] == p.Sequence {
				continue
			}
			if err := r.engine.Trim(p.Table, p.Shard, p.Sequence); err != nil {
				return err
			}
			r.forgotten[p.Shard] = p.Sequence
		}
	}
	return nil
}

// readAhead is how far the clock was ahead of the machine's when it was last moved.
func (r *Runner) readAhead() (time.Duration, error) {
	path := r.file("clock")
	if path == "" {
		return 0, nil
	}
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	ahead, err := time.ParseDuration(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, fmt.Errorf("%s says how far the shop's clock is ahead, such as 72h0m0s: %w", path, err)
	}
	return ahead, nil
}

// moveTo moves the clock forward. What it will show is kept first: whatever happens from then on is stored with that
// time, and a shop that is killed and started again must not be earlier than what it has stored. A time that has
// passed, because somebody else has moved the clock further meanwhile, is left alone.
func (r *Runner) moveTo(at time.Time) error {
	r.moving.Lock()
	defer r.moving.Unlock()
	if !at.After(r.clock.Now()) {
		return nil
	}
	if path := r.file("clock"); path != "" {
		ahead := at.Sub(r.base.Now())
		if err := file.Write(path, []byte(ahead.Round(time.Millisecond).String()+"\n"), 0o644); err != nil {
			return err
		}
	}
	r.clock.MoveTo(at)
	return nil
}

// ClockEvent is one thing that happened while the clock moved.
type ClockEvent struct {
	At       time.Time `json:"at"`
	Function string    `json:"function"`
	What     string    `json:"what"`
}

// journal records what functions are invoked for while the clock moves.
type journal struct {
	mu      sync.Mutex
	open    bool
	entries []ClockEvent
}

// start begins a new record.
func (j *journal) start() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open, j.entries = true, nil
}

// stop ends it; invocations in between are not of interest.
func (j *journal) stop() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.open = false
}

// take returns a copy of the record.
func (j *journal) take() []ClockEvent {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]ClockEvent{}, j.entries...)
}

// invoked adds an invocation, if a record is open.
func (j *journal) invoked(at time.Time, function string, payload []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.open {
		return
	}
	for _, what := range causes(payload) {
		j.entries = append(j.entries, ClockEvent{At: at, Function: function, What: what})
	}
}

// causes says what an invocation is about: the event of a rule, or the jobs of a queue.
func causes(payload []byte) []string {
	var p struct {
		DetailType string `json:"detail-type"`
		Records    []struct {
			EventSource string `json:"eventSource"`
			Body        string `json:"body"`
		}
	}
	if json.Unmarshal(payload, &p) != nil {
		return nil
	}
	if p.DetailType != "" {
		return []string{"event " + p.DetailType}
	}
	var all []string
	for _, record := range p.Records {
		var job due.Job
		if json.Unmarshal([]byte(record.Body), &job) == nil && job.Kind != "" {
			all = append(all, "due "+job.Kind+" "+job.Key.PK)
		}
	}
	return all
}
