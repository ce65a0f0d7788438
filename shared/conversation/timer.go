package conversation

import "time"

const (
	// escalationMinutes is how long after the first escalation the next one comes, in opening hours. Each later one waits
	// twice as long, up to slowestEscalation doublings (4 hours): a team that is away for weeks is not rung every minute.
	escalationMinutes = 15
	slowestEscalation = 4
)

// AbsentAfter is after how long without a sign of life an agent's unanswered conversation goes back to the queue.
const AbsentAfter = 3 * time.Minute

// timed sets the timer of the state: every conversation has one, so that none is forgotten.
func (c Conversation) timed(team Team, at time.Time) Conversation {
	switch c.State {
	case WithBot:
		c.TimerAt = c.LastAt.Add(BotIdle)
	case Queued:
		c.TimerAt = team.Hours.Add(c.QueuedAt, time.Duration(team.Levels.Unclaimed)*time.Minute)
		// After the first escalation the queue's own level has passed.
		if c.Escalations > 0 {
			c.TimerAt = c.escalates(team, at)
		}
	case WithAgent:
		c.TimerAt = c.LastAt.Add(AgentIdle)
		if !c.WaitingSince.IsZero() {
			c.TimerAt = c.AnswerBy
		}
	case Snoozed:
		c.TimerAt = c.SnoozedUntil
	case Closed:
		c.TimerAt = c.ClosedAt.Add(Retention)
	}
	if !c.TimerAt.After(at) {
		// A deadline that has passed rings again later, not at once for ever.
		c.TimerAt = c.escalates(team, at)
	}
	return c
}

// escalates is when the next escalation after those so far is due.
func (c Conversation) escalates(team Team, at time.Time) time.Time {
	doublings := min(max(c.Escalations-1, 0), slowestEscalation)
	return team.Hours.Add(at, escalationMinutes*time.Minute<<doublings)
}

// Ring is what a timer that ran out has done.
type Ring string

// What timers do.
const (
	RingNothing  Ring = "nothing"   // it was too early
	RingIdle     Ring = "closed"    // nobody wrote for long
	RingEscalate Ring = "escalated" // nobody claimed or answered in time
	RingRequeue  Ring = "requeued"  // the agent was not there any more
	RingWake     Ring = "woken"     // the time it was put aside for is over
	RingErase    Ring = "erase"     // retention is over
)

// Rings applies the timer at an instant. Escalating raises the priority and rings again; an agent who is absent while
// the shopper waits loses the conversation to the queue.
func (c Conversation) Rings(agentPresent bool, team Team, at time.Time) (Change, Ring) {
	if at.Before(c.TimerAt) {
		return c.with(), RingNothing
	}
	switch c.State {
	case WithBot:
		return c.end(team, at), RingIdle
	case WithAgent:
		if c.WaitingSince.IsZero() {
			return c.end(team, at), RingIdle
		}
		if !agentPresent {
			return c.queue(at).escalated().timed(team, at).with(), RingRequeue
		}
		return c.escalated().timed(team, at).with(), RingEscalate
	case Snoozed:
		// The agent's clock for the shopper starts now, and not when it was put aside.
		c.SnoozedUntil, c.State, c.LastAt = time.Time{}, WithAgent, at
		if c.WaitingSince.IsZero() {
			c.WaitingSince = at
			c.AnswerBy = c.deadline(team, at)
		}
		if !agentPresent {
			c = c.queue(at)
		}
		return c.timed(team, at).with(), RingWake
	case Closed:
		return c.with(), RingErase
	}
	return c.escalated().timed(team, at).with(), RingEscalate
}

// end closes the conversation because of time.
func (c Conversation) end(team Team, at time.Time) Change {
	change, err := c.Close(System, "", team, at)
	if err != nil {
		return c.with() // Close refuses agents only
	}
	return change
}

// escalated raises the priority by one, so that one who waits longer comes before newer ones.
func (c Conversation) escalated() Conversation {
	c.Escalations++
	c.Priority = min(c.Priority+1, maxPriority)
	return c
}

// maxPriority keeps the priority one digit, which the sort key of the queue relies on.
const maxPriority = 9
