package sequence

import (
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outreach/segment"
)

// Status is where a run is.
type Status string

// The states. Done reached the last step; Exited ended before.
const (
	Active Status = "active"
	Done   Status = "done"
	Exited Status = "exited"
)

// Why a run ended early.
const (
	ExitGoal    = "goal"         // what the series is for has happened
	ExitNoDate  = "date_missing" // the date that a step counts from is not known
	ExitErased  = "erased"       // the person is erased
	ExitUndone  = "undone"       // the order that it is about was canceled, returned or refunded
	ExitRemoved = "step_missing" // the definition has no such step; a version must not lose steps people stand at
)

// Run is one person in one series.
type Run struct {
	Sequence string            `json:"sequence" dynamodbav:"sequence"`
	Version  int               `json:"version" dynamodbav:"version"`
	Key      string            `json:"key" dynamodbav:"key"`
	Person   string            `json:"person" dynamodbav:"person"`
	Status   Status            `json:"status" dynamodbav:"status"`
	Reason   string            `json:"reason,omitempty" dynamodbav:"reason,omitempty"`
	Step     string            `json:"step" dynamodbav:"step"`
	Due      time.Time         `json:"due,omitzero" dynamodbav:"due,omitempty"` // when Advance is to be called
	Entered  time.Time         `json:"entered" dynamodbav:"entered"`            // time of the event that started it
	Moved    time.Time         `json:"moved" dynamodbav:"moved"`                // when it came to Step
	Data     map[string]string `json:"data,omitempty" dynamodbav:"data,omitempty"`
	Holdout  bool              `json:"holdout,omitempty" dynamodbav:"holdout,omitempty"`
	Sent     int               `json:"sent,omitempty" dynamodbav:"sent,omitempty"`
}

// Event is something a person did.
type Event struct {
	Type string
	At   time.Time
	// Data are the event's fields as text: its keys (cartId, orderId) and what steps and templates need.
	Data map[string]string
}

// NotEntered is why an event started no run.
type NotEntered string

// The reasons; Started is none.
const (
	Started        NotEntered = ""
	OtherEvent     NotEntered = "other_event"
	NoKey          NotEntered = "key_missing"
	IfNot          NotEntered = "condition"
	TooSoon        NotEntered = "reentry"
	AlreadyReached NotEntered = "goal"
)

// Enter starts a run. last is when the person's latest run of this series started, zero for none. The caller keeps a
// run of the same key from starting twice. An event that is delivered late, after the goal was reached, starts nothing.
func Enter(d Definition, p segment.Person, e Event, last time.Time, zone *time.Location, now time.Time) (Run,
	NotEntered) {
	// Without a key of its own a run belongs to the person and the event that started it: the event again is the same run,
	// a later one is another.
	key := p.ID + "-" + e.At.UTC().Format("20060102T150405")
	if d.Entry.Key != "" {
		key = e.Data[d.Entry.Key]
	}
	// From what costs nothing to what has to look at the person.
	switch {
	case d.Entry.Event != e.Type:
		return Run{}, OtherEvent
	case key == "":
		return Run{}, NoKey
	case d.Entry.If != nil && !d.Entry.If.Holds(p, now):
		return Run{}, IfNot
	case !d.mayReenter(last, zone, now):
		return Run{}, TooSoon
	case d.reached(p, e.At):
		return Run{}, AlreadyReached
	}
	r := Run{
		// A copy: the event's fields may be used elsewhere.
		Sequence: d.ID, Version: d.Version, Key: key, Person: p.ID, Status: Active, Entered: e.At, Data: maps.Clone(e.Data),
		Holdout: heldOut(d.ID, p.ID, d.Holdout),
	}
	return r.to(d, 0, zone, now), Started
}

// mayReenter reports whether enough time has passed since the last run.
func (d Definition) mayReenter(last time.Time, zone *time.Location, now time.Time) bool {
	if last.IsZero() || d.Reentry == "" {
		return true
	}
	delay, err := ParseDelay(d.Reentry)
	return err == nil && !now.Before(delay.After(last, zone)) // "never" is no delay
}

// reached reports whether the goal has happened since a time. A goal of the run's own key is not in the person's
// history.
func (d Definition) reached(p segment.Person, since time.Time) bool {
	if d.Goal == nil || d.Goal.SameKey {
		return false
	}
	times := p.Events[d.Goal.Event]
	// Times are sorted; if the newest is too old, all are.
	return len(times) > 0 && d.after(times[len(times)-1], since)
}

// after reports whether a goal at one time ends a run that was started at another. Both may carry the same time, unless
// the goal is the very event that starts the series.
func (d Definition) after(goal, entered time.Time) bool {
	return goal.After(entered) || goal.Equal(entered) && d.Goal.Event != d.Entry.Event
}

// heldOut draws by hash, so that the same person is in or out however often they enter.
func heldOut(sequence, person string, percent int) bool {
	h := fnv.New64a()
	h.Write([]byte(sequence + "\x00" + person))
	// FNV's low bits are weak for short texts; the high ones are folded in.
	sum := h.Sum64()
	return (sum^sum>>32)%100 < uint64(percent)
}

// Outgoing is the message that a step asks for.
type Outgoing struct {
	Step     string
	Send     Send
	Planned  time.Time // when it was due
	Withheld Withheld  // it must not be sent, and this is why
}

// Withheld is why a message of a run is not sent.
type Withheld string

// The reasons.
const (
	ForHoldout Withheld = "holdout"
	TooLate    Withheld = "too_late"
)

// Advance moves a run whose time has come: over waits, branches and awaits that timed out, up to the next message or
// wait. A run that is not due, or has ended, stays as it is. At most one message is returned; the run stands behind it
// then, and is due at once when nothing else is to wait for.
func Advance(d Definition, r Run, p segment.Person, zone *time.Location, now time.Time) (Run, *Outgoing) {
	// A job may come early, late and twice.
	if r.Status != Active || r.Due.After(now) {
		return r, nil
	}
	if d.reached(p, r.Entered) {
		return r.exit(ExitGoal, now), nil
	}
	// Lateness counts from when the message was due, not from when the worker came.
	planned := r.Due
	place, ok := d.find(r.Step)
	if !ok {
		return r.exit(ExitRemoved, now), nil
	}
	r, place = r.pass(d, place, zone, now)
	// Faults lets jumps go forward only, so this ends.
	for r.Status == Active && !r.Due.After(now) {
		step := d.Steps[place]
		// The run stands behind the message already, so the same message cannot be asked for twice.
		if step.Send != nil {
			out := r.outgoing(d, step, planned, now)
			return r.next(d, place, zone, now), out
		}
		if step.Branch != nil {
			target := step.Branch.Else
			if step.Branch.If.Holds(p, now) {
				target = step.Branch.Then
			}
			r, place = r.jump(d, place, target, zone, now)
			continue
		}
		r, place = r.pass(d, place, zone, now)
	}
	return r, nil
}

// pass leaves a step that waits and whose time has come; at any other step it does nothing.
func (r Run) pass(d Definition, place int, zone *time.Location, now time.Time) (Run, int) {
	step := d.Steps[place]
	switch {
	case r.Due.After(now):
		return r, place
	case step.Wait != nil:
		return r.jump(d, place, "", zone, now)
	case step.Await != nil:
		return r.jump(d, place, step.Await.Else, zone, now)
	}
	return r, place
}

// outgoing is the message of a step. In the holdout the run goes on as if it had been sent, so that
// both groups are compared at the same steps.
func (r *Run) outgoing(d Definition, step Step, planned, now time.Time) *Outgoing {
	out := &Outgoing{Step: step.ID, Send: *step.Send, Planned: planned}
	switch {
	case r.Holdout:
		out.Withheld = ForHoldout
	case d.late(planned, now):
		out.Withheld = TooLate
	default:
		r.Sent++
	}
	return out
}

// late reports whether a message is later than the series allows.
func (d Definition) late(planned, now time.Time) bool {
	most, err := ParseDelay(d.MaxLateness)
	// A definition that cannot be read sends nothing.
	return err != nil || now.After(most.After(planned, time.UTC))
}

// jump goes to the step with the id, or to the next when it is empty.
func (r Run) jump(d Definition, place int, target string, zone *time.Location, now time.Time) (Run, int) {
	next := place + 1
	if target != "" {
		found, ok := d.find(target)
		if !ok {
			return r.exit(ExitRemoved, now), place
		}
		next = found
	}
	return r.to(d, next, zone, now), next
}

// next goes to the step behind a place.
func (r Run) next(d Definition, place int, zone *time.Location, now time.Time) Run {
	return r.to(d, place+1, zone, now)
}

// to puts the run at a step and says when it is due there.
func (r Run) to(d Definition, place int, zone *time.Location, now time.Time) Run {
	// Behind the last step, or at an end: the purpose was not necessarily reached.
	if place >= len(d.Steps) || d.Steps[place].End {
		r.Status, r.Due, r.Moved = Done, time.Time{}, now
		return r
	}
	step := d.Steps[place]
	r.Step, r.Moved, r.Due = step.ID, now, now
	switch {
	// A wait begins when the run comes to it, so that a late worker does not shorten it.
	case step.Wait != nil:
		due, ok := step.Wait.until(r.Data, zone, now)
		if !ok {
			return r.exit(ExitNoDate, now)
		}
		r.Due = due
	case step.Await != nil:
		// Faults has made sure that it can be read.
		if timeout, err := ParseDelay(step.Await.Timeout); err == nil {
			r.Due = timeout.After(now, zone)
		}
	}
	return r
}

// Exit ends a run from outside, and forgets what its steps needed.
func (r Run) Exit(reason string, now time.Time) Run {
	r.Data = nil
	return r.exit(reason, now)
}

// exit ends a run; it keeps its data for what is still to be recorded.
func (r Run) exit(reason string, now time.Time) Run {
	r.Status, r.Reason, r.Due, r.Moved = Exited, reason, time.Time{}, now
	return r
}

// until is when a wait that begins at now ends; ok is false when its date is missing.
func (w Wait) until(data map[string]string, zone *time.Location, now time.Time) (end time.Time, ok bool) {
	end = now
	if w.Date != "" {
		date, ok := parseDate(data[w.Date], zone)
		if !ok {
			return end, false
		}
		// Faults has made sure that both can be read; an empty offset is none.
		offset, _ := ParseDelay(w.Offset)
		end = offset.After(date, zone)
	} else if w.For != "" {
		delay, _ := ParseDelay(w.For)
		end = delay.After(now, zone)
	}
	// A date that has passed does not wait.
	if end.Before(now) {
		end = now
	}
	// The time of day comes last, so that messages arrive at the hour that was meant.
	if w.At != "" {
		if next, err := Next(end, w.At, w.On, zone); err == nil {
			end = next
		}
	}
	return end, true
}

// parseDate reads an instant, or a day, which begins at midnight of the zone.
func parseDate(text string, zone *time.Location) (time.Time, bool) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, true
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, false
	}
	return wallClock{day.Year(), day.Month(), day.Day(), 0, 0, 0}.in(zone), true
}

// orderKey is the key of series that are about one order.
const orderKey = "orderId"

// undoing are the events that take back what an order has led to.
var undoing = []string{"order.canceled", "order.returned"}

// OrderOf is the order that a run of the series with that key is about; empty for series about something else.
func (d Definition) OrderOf(key string) string {
	if d.Entry.Key != orderKey {
		return ""
	}
	return key
}

// HandleEvent tells a run of an event of its person. changed is false when it means nothing to the
// run.
func HandleEvent(d Definition, r Run, e Event, zone *time.Location, now time.Time) (after Run, changed bool) {
	if r.Status != Active {
		return r, false
	}
	// Without a key in the definition the person is the key.
	sameKey := d.Entry.Key == "" || e.Data[d.Entry.Key] == r.Key
	if d.Goal != nil && d.Goal.Event == e.Type && (sameKey || !d.Goal.SameKey) && d.after(e.At, r.Entered) {
		return r.exit(ExitGoal, now), true
	}
	// Nobody is asked how they like what they gave back, or told that it will run out.
	if d.Entry.Key == orderKey && sameKey && slices.Contains(undoing, e.Type) {
		return r.exit(ExitUndone, now), true
	}
	place, ok := d.find(r.Step)
	if !ok {
		return r, false
	}
	// Events from before the run came to the step were seen by it already, or did not matter.
	if a := d.Steps[place].Await; a != nil && a.Event == e.Type && (sameKey || !a.SameKey) && !e.At.Before(r.Moved) {
		r, _ = r.jump(d, place, a.Then, zone, now)
		return r, true
	}
	// Only the first wait starts anew: who has had a message does not get it again.
	if d.Entry.Restart && place == 0 && r.Sent == 0 && d.Entry.Event == e.Type && sameKey && e.At.After(r.Entered) {
		r.Entered, r.Data = e.At, maps.Clone(e.Data)
		return r.to(d, 0, zone, now), true
	}
	return r, false
}

// Channel is the channel of a step that sends, empty for any other.
func (s Step) Channel() compliance.Channel {
	if s.Send == nil {
		return ""
	}
	return s.Send.Channel
}
