// Package callback has the rules of call-back requests: which slots a team offers, how many calls a slot takes, what an
// attempt's outcome leads to, and when a shopper is reminded. The functions are pure; functions/care stores what they
// decide.
package callback

import (
	"time"

	"dangol/shared/hours"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
)

// Lead is how long before its beginning a slot can still be booked.
const Lead = 30 * time.Minute

// Days is how many days ahead slots are offered, today included.
const Days = 7

// RemindBefore is how long before the call the shopper is reminded.
const RemindBefore = 15 * time.Minute

// MaxAttempts is how often somebody is called.
const MaxAttempts = 3

// retryAfter is when to call again after the n-th attempt that reached nobody, in opening hours.
var retryAfter = []time.Duration{15 * time.Minute, 2 * time.Hour}

// State is where a request is.
type State string

// The states.
const (
	Booked   State = "booked"   // waits for its reminder, then for its time
	Reminded State = "reminded" // waits for its time
	Due      State = "due"      // to be called now
	Calling  State = "calling"  // an attempt is under way
	Done     State = "done"     // spoken to
	Failed   State = "failed"   // not reached after all attempts, or a wrong number
	Canceled State = "canceled"
)

// Outcome is how an attempt ended.
type Outcome string

// The outcomes.
const (
	Reached     Outcome = "reached"
	NoAnswer    Outcome = "no_answer"
	Busy        Outcome = "busy"
	WrongNumber Outcome = "wrong_number"
)

// Attempt is one call.
type Attempt struct {
	At      time.Time `dynamodbav:"at" json:"at"`
	By      string    `dynamodbav:"by" json:"by"`
	Outcome Outcome   `dynamodbav:"outcome" json:"outcome"`
	Note    string    `dynamodbav:"note,omitempty" json:"note,omitempty"`
}

// Request is a booked call.
type Request struct {
	ID           string `dynamodbav:"id" json:"id"`
	Version      int    `dynamodbav:"version" json:"version"`
	State        State  `dynamodbav:"state" json:"state"`
	Team         string `dynamodbav:"team" json:"team"`
	Language     string `dynamodbav:"language" json:"language"`
	Conversation string `dynamodbav:"conversation,omitempty" json:"conversationId,omitempty"`
	CustomerID   string `dynamodbav:"customerId,omitempty" json:"customerId,omitempty"`
	Name         string `dynamodbav:"name" json:"name"`
	Number       string `dynamodbav:"number" json:"number"` // E.164
	// Verified says that the shopper proved the number by a code when it was booked.
	Verified bool      `dynamodbav:"verified,omitempty" json:"verified"`
	Topic    string    `dynamodbav:"topic,omitempty" json:"topic,omitempty"`
	SlotFrom time.Time `dynamodbav:"slotFrom" json:"slotFrom"`
	SlotTo   time.Time `dynamodbav:"slotTo" json:"slotTo"`
	NextAt   time.Time `dynamodbav:"nextAt" json:"nextAt"` // when the state's timer runs out
	// timers that rang since the call became due
	Overdue   int       `dynamodbav:"overdue,omitempty" json:"overdue,omitempty"`
	CallFrom  time.Time `dynamodbav:"callFrom" json:"callFrom"`
	Attempts  []Attempt `dynamodbav:"attempts,omitempty" json:"attempts,omitempty"`
	AgentID   string    `dynamodbav:"agentId,omitempty" json:"agentId,omitempty"`
	CreatedAt time.Time `dynamodbav:"createdAt" json:"createdAt"`
}

// Slot is a stretch of opening time in which calls can be booked.
type Slot struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	Left int       `json:"left" doc:"calls that can still be booked"`
}

// Slots cuts the opening hours of the next days into slots of a length. What is left over at the end of a period is no
// slot. taken says how many calls a slot has.
func Slots(s hours.Schedule, length time.Duration, capacity int, now time.Time, taken func(from time.Time) int) []Slot {
	if length <= 0 {
		return nil
	}
	until := now.AddDate(0, 0, Days)
	var slots []Slot
	for p := range s.Periods(now) {
		if p.From.After(until) {
			break
		}
		for from := first(s, p, length); !from.Add(length).After(p.To) && from.Before(until); from = from.Add(length) {
			if from.Before(now.Add(Lead)) {
				continue
			}
			if left := capacity - taken(from); left > 0 {
				slots = append(slots, Slot{from, from.Add(length), left})
			}
		}
	}
	return slots
}

// first is where the slots of a period begin: at its start, or for a period that an override began at an odd time on
// the next full slot of the local day, so that slots do not move with the moment of asking.
func first(s hours.Schedule, p hours.Period, length time.Duration) time.Time {
	local := s.Local(p.From)
	midnight := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	into := p.From.Sub(midnight)
	if local.Second() == 0 && local.Minute()%5 == 0 && local.Nanosecond() == 0 {
		return p.From
	}
	return midnight.Add(into.Truncate(length) + length).UTC()
}

// Check holds what somebody who wants a call says against its bounds, as the tags of the request have them. Errors: 422
// invalid_input.
func Check(name, topic, language, clientID string) error {
	var f problem.Fields
	f.Text(name, 1, 60, "/name")
	f.Text(topic, 0, 500, "/topic")
	f.OneOf(language, "/language", "ko", "en")
	f.Note(format.Name("/clientId", clientID, 8, 64, format.Letters("_-")))
	return f.Err()
}

// Book checks that a slot is offered and returns the request for it. Errors: no_such_slot, slot_full.
func Book(r Request, slots []Slot, from, now time.Time) (Request, error) {
	for _, slot := range slots {
		if !slot.From.Equal(from) {
			continue
		}
		if slot.Left <= 0 {
			break
		}
		r.State, r.SlotFrom, r.SlotTo, r.CallFrom, r.CreatedAt = Booked, slot.From, slot.To, slot.From, now
		r.NextAt = slot.From.Add(-RemindBefore)
		if !r.NextAt.After(now) {
			r.State, r.NextAt = Reminded, slot.From
		}
		return r, nil
	}
	return r, Full()
}

// Full is the refusal of a slot that is not, or no longer, offered.
func Full() error {
	return problem.Conflict("slot_taken", "This slot is not free any more; choose another.")
}

// Ring is what is to be done when a request's timer has run out.
type Ring string

// The rings.
const (
	RingNothing Ring = "nothing"
	RingRemind  Ring = "remind" // remind the shopper
	RingCall    Ring = "call"   // tell the team that the call is due
	RingAgain   Ring = "again"  // nobody has called since it became due
	RingMissed  Ring = "missed" // nobody called at all: the shopper is told, the call has failed
)

const (
	// overdueAfter is after how much opening time a call that is due and not made rings first. Each later ring waits twice
	// as long, so that a team that is away does not keep a timer running every few minutes.
	overdueAfter = 10 * time.Minute
	// maxOverdue rings are about three working days of opening time (10 minutes × (2^8 - 1) / 2). After the last one the
	// call has failed: a timer that never ends would cost for ever.
	maxOverdue = 7
)

// Rings applies the timer. Rings of calls that nobody makes come in opening hours only.
func (r Request) Rings(s hours.Schedule, now time.Time) (Request, Ring) {
	if now.Before(r.NextAt) || r.Ended() {
		return r, RingNothing
	}
	if r.State == Booked {
		r.State, r.NextAt = Reminded, r.CallFrom
		return r, RingRemind
	}
	if r.Overdue >= maxOverdue {
		r.State, r.AgentID = Failed, ""
		return r, RingMissed
	}
	ring := RingAgain
	if r.State == Reminded {
		ring = RingCall
	}
	// An agent who began and noted no outcome loses the call to the others.
	r.State, r.AgentID = Due, ""
	r.NextAt = s.Add(now, overdueAfter<<r.Overdue)
	r.Overdue++
	return r, ring
}

// Ended reports whether nothing more happens.
func (r Request) Ended() bool { return r.State == Done || r.State == Failed || r.State == Canceled }

// Begin gives the call to an agent, who dials. A call can be made before its time, but only by one agent at a time.
// Errors: call_ended, call_taken.
func (r Request) Begin(agentID string, now time.Time) (Request, error) {
	switch {
	case r.Ended():
		return r, problem.Conflict("call_ended", "This call is %s.", r.State)
	case r.State == Calling && r.AgentID != agentID:
		return r, problem.Conflict("call_taken", "Another agent is calling.")
	}
	r.State, r.AgentID, r.NextAt = Calling, agentID, now.Add(overdueAfter)
	return r, nil
}

// Finish notes how an attempt ended. Who was not reached is called again after a while, within the opening hours, and
// after the last attempt no more. What the agent has noted already stays as it is: the first answer may have been lost.
// Errors: not_calling.
func (r Request) Finish(agentID string, outcome Outcome, note string, s hours.Schedule, now time.Time) (Request,
	error) {
	if n := len(r.Attempts); r.State != Calling && n > 0 {
		if last := r.Attempts[n-1]; last.By == agentID && last.Outcome == outcome && last.Note == note {
			return r, nil
		}
	}
	if r.State != Calling || r.AgentID != agentID {
		return r, problem.Conflict("not_calling", "Begin the call first.")
	}
	var wrong problem.Fields
	wrong.Text(note, 0, 2000, "/note")
	wrong.OneOf(string(outcome), "/outcome", string(Reached), string(NoAnswer), string(Busy), string(WrongNumber))
	if err := wrong.Err(); err != nil {
		return r, err
	}
	attempts := append([]Attempt(nil), r.Attempts...)
	r.Attempts = append(attempts, Attempt{At: now, By: agentID, Outcome: outcome, Note: note})
	r.AgentID = ""
	switch {
	case outcome == Reached:
		r.State = Done
	case outcome == WrongNumber || len(r.Attempts) >= MaxAttempts:
		r.State = Failed
	default:
		r.CallFrom = s.Add(now, retryAfter[min(len(r.Attempts), len(retryAfter))-1])
		r.State, r.NextAt, r.Overdue = Reminded, r.CallFrom, 0
	}
	return r, nil
}

// Cancel ends a request that nobody has to be called for any more. Canceling twice changes nothing. Errors: call_ended.
func (r Request) Cancel() (Request, error) {
	if r.State == Canceled {
		return r, nil
	}
	if r.Ended() || r.State == Calling {
		return r, problem.Conflict("call_ended", "This call is %s.", r.State)
	}
	r.State = Canceled
	return r, nil
}
