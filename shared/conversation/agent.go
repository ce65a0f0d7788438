package conversation

import (
	"cmp"
	"slices"
	"time"

	"dangol/shared/platform/problem"
)

// AgentStatus is an agent as far as assignment goes.
type AgentStatus struct {
	ID        string    `dynamodbav:"id" json:"id"`
	Name      string    `dynamodbav:"name" json:"name"`
	Teams     []string  `dynamodbav:"teams" json:"teams"`
	Languages []string  `dynamodbav:"languages" json:"languages"`
	Limit     int       `dynamodbav:"limit" json:"limit"`   // conversations at a time
	Active    int       `dynamodbav:"active" json:"active"` // conversations now
	Online    bool      `dynamodbav:"online" json:"online"` // said to be taking conversations
	Auto      bool      `dynamodbav:"auto" json:"auto"`     // is given conversations without claiming them
	SeenAt    time.Time `dynamodbav:"seenAt" json:"seenAt"` // the last sign of life
}

// Present reports whether the agent takes conversations: said so, and gave a sign of life lately.
func (a AgentStatus) Present(at time.Time) bool {
	return a.Online && at.Sub(a.SeenAt) < AbsentAfter
}

// MayTake says why an agent cannot be given a conversation; nil when they can. Errors: agent_absent, agent_full,
// wrong_team.
func (a AgentStatus) MayTake(c Conversation, at time.Time) error {
	switch {
	case !a.Present(at):
		return problem.Conflict("agent_absent", "Set yourself to online first.")
	case !slices.Contains(a.Teams, c.Team):
		return problem.Forbidden("wrong_team", "The conversation belongs to a team that you are not in.")
	case a.Active >= a.Limit:
		return problem.Conflict("agent_full", "You have %d conversations, which is your limit.", a.Active)
	}
	return nil
}

// Pick chooses the agent for a queued conversation: of those who may take it, one who speaks its language before
// others, then the one with the smallest share of the limit in use, then the one who comes first by id. ok is false
// when nobody may.
func Pick(agents []AgentStatus, c Conversation, at time.Time) (chosen AgentStatus, ok bool) {
	fit := slices.DeleteFunc(slices.Clone(agents), func(a AgentStatus) bool { return a.MayTake(c, at) != nil })
	if len(fit) == 0 {
		return chosen, false
	}
	// Speaking the language comes before having few conversations: an answer that cannot be
	// understood helps nobody.
	speaks := func(a AgentStatus) int {
		if slices.Contains(a.Languages, c.Language) {
			return 0
		}
		return 1
	}
	return slices.MinFunc(fit, func(a, b AgentStatus) int {
		// Shares are compared by cross-multiplication, so that no division rounds them to the same
		// value.
		return cmp.Or(cmp.Compare(speaks(a), speaks(b)), cmp.Compare(a.Active*b.Limit, b.Active*a.Limit),
			cmp.Compare(a.ID, b.ID))
	}), true
}
