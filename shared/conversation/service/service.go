package service

import (
	"context"
	"log/slog"

	"dangol/shared/conversation"
	"dangol/shared/faq"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Service is conversations with what they need. Answers, Business and Customers may be nil: the bot then has no
// FAQ, does no business, or knows nobody as a VIP. Files may be nil where nobody uploads and nothing is erased.
type Service struct {
	Table     *table.Table
	Clock     clock.Clock
	Log       *slog.Logger
	Metrics   *metrics.Writer
	Poster    Poster
	Files     Files
	Answers   Answers
	Business  Business
	Customers Customers
	Model     Model
	// LeaveConnections leaves it to another function to remove connections that are gone.
	LeaveConnections bool

	// Teams are asked for with each message; see teamCache.
	cache teamCache
}

// Answers has the FAQ.
type Answers interface {
	// Index is the published FAQ.
	Index(ctx context.Context) (*faq.Index, error)
	// Unanswered notes a question that got no answer, and Count that an entry was shown (0), helped (1) or did not (-1).
	Unanswered(ctx context.Context, question, language string) error
	Count(ctx context.Context, entry string, helped int) error
}

// Business does a customer's own business, by the rules of the API.
type Business interface {
	// Do carries out an action and says the outcome in the customer's language, with buttons to go on.
	Do(ctx context.Context, request conversation.ActionRequest) (text string, buttons []conversation.Button, err error)
}

// Customers knows what decides whether a person serves a customer.
type Customers interface {
	// Signals says whether the customer is a VIP, and whether a recovery case of theirs waits to be resolved.
	Signals(ctx context.Context, customerID string) (vip, openCase bool, err error)
}

// Participant is the caller, with what they may.
type Participant struct {
	Role       conversation.Role // Shopper or Agent
	ID         string            // subject; empty for a guest
	Name       string
	Email      string // of the account, as the token says it
	Token      string // a guest's secret
	Connection string // the socket the call came by, which gets the answer and not the echo
	proved     string // the conversation that a guest's ticket proved
}

// sender is how the caller is named among the senders of a conversation.
func (w Participant) sender() string {
	// An agent's ids are apart for each agent, a shopper's are one: a guest has no other name.
	if w.Role == conversation.Agent {
		return "agent-" + w.ID
	}
	return string(w.Role)
}

// NotFound is the answer for a conversation that does not exist or is not the caller's.
func NotFound() *problem.Problem {
	return problem.NotFound("conversation_not_found", "There is no such conversation, or it is not yours.")
}
