// Package conversation has the rules of a chat between a shopper and the shop: who owns it (the bot, a queue or a
// person), who may write, what each change needs, which timer runs, when it goes to a person, and what is masked before
// a message is stored.
//
// A conversation is owned by exactly one of the bot, a team's queue, or an agent, and it always has a timer: the next
// instant at which something happens without anybody writing. The functions here are pure; package conversation/service
// stores what they decide.
package conversation

import (
	"time"

	"dangol/shared/hours"
	"dangol/shared/platform/problem"
	"dangol/shared/verification"
)

// State says who has to act.
type State string

// The states.
const (
	WithBot   State = "bot"     // the bot answers
	Queued    State = "queued"  // waits for a person of its team
	WithAgent State = "agent"   // an agent has it
	Snoozed   State = "snoozed" // an agent put it aside until a time
	Closed    State = "closed"
)

// States lists every state.
var States = []State{WithBot, Queued, WithAgent, Snoozed, Closed}

// Role is what somebody is in a conversation.
type Role string

// The roles.
const (
	Shopper Role = "shopper"
	Bot     Role = "bot"
	Agent   Role = "agent"
	System  Role = "system" // notices: handed over, closed, outside hours
)

// Conversation is the head of a conversation; the messages are its log.
type Conversation struct {
	ID       string `dynamodbav:"id" json:"id"`
	Version  int    `dynamodbav:"version" json:"version"`
	Seq      int64  `dynamodbav:"seq" json:"seq"` // sequence number of the last message
	State    State  `dynamodbav:"state" json:"state"`
	Team     string `dynamodbav:"team" json:"team"`
	Language string `dynamodbav:"language" json:"language"`
	AgentID  string `dynamodbav:"agentId,omitempty" json:"agentId,omitempty"`

	CustomerID string `dynamodbav:"customerId,omitempty" json:"customerId,omitempty"`
	Name       string `dynamodbav:"name,omitempty" json:"name,omitempty"`
	Email      string `dynamodbav:"email,omitempty" json:"email,omitempty"`
	// EmailProvedAt is when the shopper proved the address, by the account or by a code; zero when nobody did.
	EmailProvedAt time.Time              `dynamodbav:"emailProvedAt,omitzero" json:"emailProvedAt,omitzero"`
	EmailCheck    verification.Challenge `dynamodbav:"emailCheck,omitempty" json:"-"`
	// TokenHash proves a guest: the hash of the secret that the guest was given.
	TokenHash string `dynamodbav:"tokenHash,omitempty" json:"-"`

	Reason   Reason `dynamodbav:"reason,omitempty" json:"reason,omitempty"` // why it was handed over
	Priority int    `dynamodbav:"priority" json:"priority"`                 // 0 ordinary, higher first
	// answers of the bot in a row that were none
	Failed      int      `dynamodbav:"failed" json:"-"`
	Escalations int      `dynamodbav:"escalations" json:"escalations"`
	Answers     int      `dynamodbav:"answers" json:"-"` // answers that the bot gave
	Tags        []string `dynamodbav:"tags,omitempty" json:"tags,omitempty"`
	Blocked     bool     `dynamodbav:"blocked,omitempty" json:"blocked,omitempty"`
	Abuse       int      `dynamodbav:"abuse,omitempty" json:"-"` // messages in which profanity was masked
	Rating      int      `dynamodbav:"rating,omitempty" json:"rating,omitempty"`
	RatingNote  string   `dynamodbav:"ratingNote,omitempty" json:"ratingNote,omitempty"`

	CreatedAt time.Time `dynamodbav:"createdAt" json:"createdAt"`
	LastAt    time.Time `dynamodbav:"lastAt" json:"lastAt"`
	QueuedAt  time.Time `dynamodbav:"queuedAt,omitzero" json:"queuedAt,omitzero"`
	// FirstQueuedAt is when the conversation first went to people; QueuedAt moves with each transfer.
	FirstQueuedAt time.Time `dynamodbav:"firstQueuedAt,omitzero" json:"-"`
	FirstAnswerAt time.Time `dynamodbav:"firstAnswerAt,omitzero" json:"firstAnswerAt,omitzero"` // of a person
	// WaitingSince is the shopper's oldest message that no person has answered; zero when none waits.
	WaitingSince time.Time `dynamodbav:"waitingSince,omitzero" json:"waitingSince,omitzero"`
	AnswerBy     time.Time `dynamodbav:"answerBy,omitzero" json:"answerBy,omitzero"` // the service level's deadline
	SnoozedUntil time.Time `dynamodbav:"snoozedUntil,omitzero" json:"snoozedUntil,omitzero"`
	ClosedAt     time.Time `dynamodbav:"closedAt,omitzero" json:"closedAt,omitzero"`
	ClosedBy     Role      `dynamodbav:"closedBy,omitempty" json:"closedBy,omitempty"`
	// PromisedAt is the opening time that the last out-of-hours notice named: one notice for each closed period.
	PromisedAt time.Time `dynamodbav:"promisedAt,omitzero" json:"promisedAt,omitzero"`
	TimerAt    time.Time `dynamodbav:"timerAt" json:"timerAt"`
}

// Team is a group of agents with its hours and service levels.
type Team struct {
	ID        string         `json:"id" pattern:"^[a-z0-9-]{1,40}$" dynamodbav:"id"`
	Name      string         `json:"name" minLength:"1" maxLength:"80" dynamodbav:"name"`
	Languages []string       `json:"languages" minItems:"1" maxItems:"5" dynamodbav:"languages"`
	Hours     hours.Schedule `json:"hours" dynamodbav:"hours"`
	Levels    Levels         `json:"levels" dynamodbav:"levels"`
	Calls     CallPolicy     `json:"calls" dynamodbav:"calls"`
	Version   int            `json:"version" readOnly:"true" dynamodbav:"version"`
}

// CallPolicy is how many call-backs a team takes.
type CallPolicy struct {
	SlotMinutes int `json:"slotMinutes" minimum:"10" maximum:"240" dynamodbav:"slotMinutes"`
	Capacity    int `json:"capacity" minimum:"0" maximum:"100" doc:"calls in one slot; 0 takes none" dynamodbav:"capacity"`
	// Unverified also calls numbers that nobody has proved by a code.
	Unverified bool `json:"unverified,omitempty" doc:"also call numbers that nobody has proved by a code" dynamodbav:"unverified,omitempty"`
}

// Levels are a team's service levels, in minutes of its opening hours.
type Levels struct {
	FirstAnswer int `json:"firstAnswerMinutes" minimum:"1" maximum:"10080" dynamodbav:"firstAnswer"`
	NextAnswer  int `json:"nextAnswerMinutes" minimum:"1" maximum:"10080" dynamodbav:"nextAnswer"`
	// Unclaimed is how long a conversation may wait in the queue before it escalates.
	Unclaimed int `json:"unclaimedMinutes" minimum:"1" maximum:"10080" dynamodbav:"unclaimed"`
}

// DefaultTeam has ordinary hours and levels, for a shop that has set up none.
func DefaultTeam() Team {
	t := Team{
		ID: "care", Name: "Care", Languages: []string{"ko", "en"},
		Hours:  hours.Schedule{Zone: "Asia/Seoul", Country: "KR"},
		Levels: Levels{FirstAnswer: 10, NextAnswer: 15, Unclaimed: 5},
		Calls:  CallPolicy{SlotMinutes: 30, Capacity: 2},
	}
	for day := range t.Hours.Week {
		t.Hours.Week[day] = []hours.OpenSpan{} // closed; never null in JSON
	}
	for day := time.Monday; day <= time.Friday; day++ {
		t.Hours.Week[day] = []hours.OpenSpan{{From: 9 * 60, To: 12 * 60}, {From: 13 * 60, To: 18 * 60}}
	}
	return t
}

// Limits in time.
const (
	// BotIdle closes a conversation with the bot that nobody writes in.
	BotIdle = 24 * time.Hour
	// AgentIdle closes a conversation that waits for the shopper.
	AgentIdle = 72 * time.Hour
	// ReopenWindow is how long after its end a conversation can be taken up again.
	ReopenWindow = 7 * 24 * time.Hour
	// Retention is how long a closed conversation is kept: complaints are kept 3 years (전자상거래법 시행령 6조 1항 4호).
	Retention = 3 * 365 * 24 * time.Hour
	// MaxSnooze bounds putting aside.
	MaxSnooze = 90 * 24 * time.Hour
)

// MaxText is how long a message may be, in characters. It keeps a message with its spans in one 32 KB frame.
const MaxText = 4000

// AbuseLimit is after how many messages with profanity a conversation is blocked.
const AbuseLimit = 3

// closedProblem is the answer to a message that came too late.
func closedProblem() *problem.Problem {
	return problem.Conflict("conversation_closed", "This conversation is closed; start a new one.")
}

// MayWrite reports why somebody may not write into the conversation; nil when they may. It is what keeps the bot silent
// while a person has the conversation. Errors: conversation_blocked, conversation_closed, not_owner.
func (c Conversation) MayWrite(role Role, id string, at time.Time) error {
	switch {
	case role == System:
		return nil
	case role == Shopper && c.Blocked:
		return problem.Forbidden("conversation_blocked", "This conversation was closed because of its language.")
	case role == Shopper && c.State == Closed && !c.Reopens(at):
		return closedProblem()
	case role == Shopper:
		return nil
	case role == Bot && c.State == WithBot, role == Agent && c.State == WithAgent && c.AgentID == id:
		return nil
	}
	return problem.Conflict("not_owner", "The conversation belongs to %s; claim it first.", c.owner())
}

// owner says who has the conversation, without naming an agent to another one.
func (c Conversation) owner() string {
	switch c.State {
	case WithBot:
		return "the bot"
	case WithAgent, Snoozed:
		return "another agent"
	}
	return "nobody"
}

// Reopens reports whether a closed conversation can be taken up again.
func (c Conversation) Reopens(at time.Time) bool {
	return c.State == Closed && at.Before(c.ClosedAt.Add(ReopenWindow)) && !c.Blocked
}
