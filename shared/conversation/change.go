package conversation

import (
	"slices"
	"time"

	"dangol/shared/platform/problem"
)

// Notice is a system message that a change adds to the log, by code; Text has the words.
type Notice struct {
	Code NoticeCode
	At   time.Time // a time that the text names
}

// Change is a conversation after a change, with what is to be told.
type Change struct {
	Conversation Conversation
	Notices      []Notice
}

// with is the conversation as it is, with notices.
func (c Conversation) with(notices ...Notice) Change { return Change{c, notices} }

// Start begins a conversation with the bot.
func Start(c Conversation, team Team, at time.Time) Conversation {
	c.State, c.Team, c.CreatedAt, c.LastAt = WithBot, team.ID, at, at
	return c.timed(team, at)
}

// Received is the conversation after a message of the shopper. A closed one is taken up again and waits for a person;
// one put aside goes back to its agent, when that agent is present. Errors: as MayWrite.
func (c Conversation) Received(team Team, agentPresent bool, at time.Time) (Change, error) {
	if err := c.MayWrite(Shopper, "", at); err != nil {
		return Change{}, err
	}
	c.LastAt = at
	var notices []Notice
	switch c.State {
	case Closed:
		c = c.queue(at)
		// A new stretch of the conversation: end and rating of the last one no longer hold.
		c.ClosedAt, c.ClosedBy, c.Rating, c.RatingNote = time.Time{}, "", 0, ""
		notices = append(notices, Notice{Code: Reopened})
	case Snoozed:
		c.SnoozedUntil = time.Time{}
		if c.State = WithAgent; !agentPresent {
			c = c.queue(at)
		}
	}
	// Only the oldest unanswered message starts the clock; later ones do not extend it.
	if c.State != WithBot && c.WaitingSince.IsZero() {
		c.WaitingSince = at
		c.AnswerBy = c.deadline(team, at)
	}
	if c.State != WithBot {
		c, notices = c.promise(team, at, notices)
	}
	return c.timed(team, at).with(notices...), nil
}

// promise adds the one notice of a closed period: when somebody will be there.
func (c Conversation) promise(team Team, at time.Time, notices []Notice) (Conversation, []Notice) {
	if team.Hours.Open(at) {
		return c, notices
	}
	opens, ok := team.Hours.NextOpen(at)
	// Said once for each closed period, however many messages come in it.
	if !ok || c.PromisedAt.Equal(opens) {
		return c, notices
	}
	c.PromisedAt = opens
	return c, append(notices, Notice{Code: OutOfHours, At: opens})
}

// deadline is when a person has to have answered, in the team's opening hours.
func (c Conversation) deadline(team Team, at time.Time) time.Time {
	level := team.Levels.NextAnswer
	if c.FirstAnswerAt.IsZero() {
		level = team.Levels.FirstAnswer
	}
	return team.Hours.Add(at, time.Duration(level)*time.Minute)
}

// queue puts the conversation into its team's queue, without an agent.
func (c Conversation) queue(at time.Time) Conversation {
	c.State, c.AgentID, c.QueuedAt = Queued, "", at
	if c.FirstQueuedAt.IsZero() {
		c.FirstQueuedAt = at
	}
	return c
}

// Answered is the conversation after a message of its agent. Errors: not_owner.
func (c Conversation) Answered(agentID string, team Team, at time.Time) (Change, error) {
	if err := c.MayWrite(Agent, agentID, at); err != nil {
		return Change{}, err
	}
	if c.FirstAnswerAt.IsZero() {
		c.FirstAnswerAt = at
	}
	c.LastAt, c.WaitingSince, c.AnswerBy = at, time.Time{}, time.Time{}
	return c.timed(team, at).with(), nil
}

// BotAnswered is the conversation after a message of the bot; helped says whether it answered anything. Errors:
// not_owner.
func (c Conversation) BotAnswered(helped bool, team Team, at time.Time) (Change, error) {
	if err := c.MayWrite(Bot, "", at); err != nil {
		return Change{}, err
	}
	c.LastAt = at
	c.Failed++
	// Only failures in a row count.
	if helped {
		c.Failed = 0
		c.Answers++
	}
	return c.timed(team, at).with(), nil
}

// HandOver gives the conversation from the bot to a team's queue. The bot is mute from then on. Errors: not_owner when
// the bot does not have it.
func (c Conversation) HandOver(reason Reason, team Team, at time.Time) (Change, error) {
	if c.State != WithBot {
		return Change{}, problem.Conflict("not_owner", "The conversation is not with the bot.")
	}
	c = c.queue(at)
	c.Team, c.Reason, c.WaitingSince, c.LastAt = team.ID, reason, at, at
	c.Priority = max(c.Priority, reason.Priority())
	c.AnswerBy = c.deadline(team, at)
	notices := []Notice{{Code: HandedOver}}
	c, notices = c.promise(team, at, notices)
	if len(notices) > 1 {
		notices = notices[1:] // out of hours the promised time says it all
	}
	return c.timed(team, at).with(notices...), nil
}

// Claim gives a queued conversation to an agent who is present and below the limit. One that the agent has already
// stays as it is, without a notice: the answer to the first claim may have been lost. Errors: already_claimed,
// agent_absent, agent_full, wrong_team.
func (c Conversation) Claim(a AgentStatus, team Team, at time.Time) (Change, error) {
	if c.State == WithAgent && c.AgentID == a.ID {
		return c.with(), nil
	}
	if c.State != Queued {
		return Change{}, problem.Conflict("already_claimed", "The conversation is not waiting in the queue.")
	}
	if err := a.MayTake(c, at); err != nil {
		return Change{}, err
	}
	c.State, c.AgentID = WithAgent, a.ID
	return c.timed(team, at).with(Notice{Code: Claimed}), nil
}

// Transfer gives an agent's conversation to another team's queue, or back to the own one. Errors: not_owner.
func (c Conversation) Transfer(agentID string, to Team, at time.Time) (Change, error) {
	if err := c.mine(agentID); err != nil {
		return Change{}, err
	}
	c = c.queue(at)
	c.Team, c.SnoozedUntil = to.ID, time.Time{}
	// The shopper's waiting time goes on, or begins now.
	if c.WaitingSince.IsZero() {
		c.WaitingSince = at
	}
	c.AnswerBy = c.deadline(to, at)
	var notices []Notice
	c, notices = c.promise(to, at, []Notice{{Code: Transferred}})
	return c.timed(to, at).with(notices...), nil
}

// GiveBack returns the conversation to the bot, which may write again. Errors: not_owner.
func (c Conversation) GiveBack(agentID string, team Team, at time.Time) (Change, error) {
	if err := c.mine(agentID); err != nil {
		return Change{}, err
	}
	// The bot starts anew: its earlier failures would hand the next message over at once.
	c.State, c.AgentID, c.Failed, c.Reason, c.Priority = WithBot, "", 0, "", 0
	c.WaitingSince, c.AnswerBy, c.SnoozedUntil, c.LastAt = time.Time{}, time.Time{}, time.Time{}, at
	return c.timed(team, at).with(Notice{Code: GivenBack}), nil
}

// Snooze puts a conversation aside until a time. Errors: not_owner, invalid.
func (c Conversation) Snooze(agentID string, until time.Time, team Team, at time.Time) (Change, error) {
	if err := c.mine(agentID); err != nil {
		return Change{}, err
	}
	if !until.After(at) || until.After(at.Add(MaxSnooze)) {
		return Change{}, problem.Invalid(problem.Field{Pointer: "/until", Code: "invalid",
			Message: "in the future, within 90 days"})
	}
	c.State, c.SnoozedUntil = Snoozed, until
	return c.timed(team, at).with(), nil
}

// Close ends a conversation: the shopper and the timers any, an agent their own or a queued one. Closing a closed one
// changes nothing. Errors: not_owner.
func (c Conversation) Close(role Role, id string, team Team, at time.Time) (Change, error) {
	if c.State == Closed {
		return c.with(), nil
	}
	if role == Agent && c.State != Queued {
		// A queued one belongs to nobody yet, so any agent may close it.
		if err := c.mine(id); err != nil {
			return Change{}, err
		}
	}
	c.State, c.ClosedAt, c.ClosedBy, c.LastAt = Closed, at, role, at
	c.WaitingSince, c.AnswerBy, c.SnoozedUntil = time.Time{}, time.Time{}, time.Time{}
	if role == Agent {
		c.AgentID = id
	}
	return c.timed(team, at).with(Notice{Code: ClosedNotice}), nil
}

// Block ends a conversation because of abuse; the shopper cannot write into it any more.
func (c Conversation) Block(team Team, at time.Time) Change {
	c.Blocked = true
	// A closed one keeps its end.
	if c.State != Closed {
		c.State, c.ClosedAt, c.ClosedBy = Closed, at, System
	}
	c.WaitingSince, c.AnswerBy, c.SnoozedUntil = time.Time{}, time.Time{}, time.Time{}
	return c.timed(team, at).with(Notice{Code: BlockedNotice})
}

// Rate notes the shopper's satisfaction, 1 to 5, after the end and while the conversation can be reopened. Errors:
// not_closed.
func (c Conversation) Rate(score int, note string, at time.Time) (Change, error) {
	if err := CheckRating(score, note); err != nil {
		return Change{}, err
	}
	if !c.Reopens(at) {
		return Change{}, problem.Conflict("not_closed", "A conversation is rated after it was closed, within 7 days.")
	}
	c.Rating, c.RatingNote = score, note
	return c.with(), nil
}

// Tag replaces the tags, sorted, each once.
func (c Conversation) Tag(tags []string) Change {
	c.Tags = slices.Compact(slices.Sorted(slices.Values(tags)))
	return c.with()
}

// mine reports whether an agent has the conversation. Errors: not_owner.
func (c Conversation) mine(agentID string) error {
	if (c.State == WithAgent || c.State == Snoozed) && c.AgentID == agentID {
		return nil
	}
	return problem.Conflict("not_owner", "The conversation belongs to %s; claim it first.", c.owner())
}

// Holder is the agent whose limit the conversation counts against; "" when there is none. A snoozed
// one counts, because it comes back.
func (c Conversation) Holder() string {
	if c.State == WithAgent || c.State == Snoozed {
		return c.AgentID
	}
	return ""
}
