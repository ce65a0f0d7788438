package chat

import (
	"context"
	"time"

	"dangol/shared/callback"
	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
)

type inboxInput struct {
	api.Paging
	Team  string `query:"team" default:"care" maxLength:"40"`
	State string `query:"state" enum:",bot,queued,agent,snoozed" doc:"One state only; all open ones without it."`
}

type inboxOutput struct {
	Body struct {
		Conversations []conversation.ConversationSummary `json:"conversations"`
		NextCursor    string                             `json:"nextCursor,omitempty"`
	}
}

// inbox lists the open conversations of a team, the most urgent first.
func (f *Chat) inbox(ctx context.Context, in *inboxInput) (*inboxOutput, error) {
	cards, next, err := f.Inbox(ctx, in.Team, conversation.State(in.State), in.Limit, in.Cursor)
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	out := &inboxOutput{}
	out.Body.Conversations, out.Body.NextCursor = cards, next
	return out, nil
}

// claim takes a conversation; of several agents one gets it.
func (f *Chat) claim(ctx context.Context, in *ConversationInput) (*conversationOutput, error) {
	c, err := f.Claim(ctx, who(ctx, ""), in.ConversationID)
	return f.answered(ctx, c, err)
}

type transferInput struct {
	ConversationInput
	Body struct {
		Team string `json:"team" maxLength:"40" pattern:"^[a-z0-9-]+$"`
	}
}

// transfer gives a conversation to the queue of a team.
func (f *Chat) transfer(ctx context.Context, in *transferInput) (*conversationOutput, error) {
	c, err := f.Transfer(ctx, who(ctx, ""), in.ConversationID, in.Body.Team)
	return f.answered(ctx, c, err)
}

// giveBack gives a conversation back to the bot.
func (f *Chat) giveBack(ctx context.Context, in *ConversationInput) (*conversationOutput, error) {
	c, err := f.GiveBack(ctx, who(ctx, ""), in.ConversationID)
	return f.answered(ctx, c, err)
}

type snoozeInput struct {
	ConversationInput
	Body struct {
		Until time.Time `json:"until"`
	}
}

// snooze puts a conversation aside until a time, or until the shopper writes.
func (f *Chat) snooze(ctx context.Context, in *snoozeInput) (*conversationOutput, error) {
	c, err := f.Snooze(ctx, who(ctx, ""), in.ConversationID, in.Body.Until)
	return f.answered(ctx, c, err)
}

type noteInput struct {
	ConversationInput
	Body struct {
		ClientID string `json:"clientId" minLength:"8" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$"`
		Text     string `json:"text" minLength:"1" maxLength:"4000"`
	}
}

// note adds what only agents see.
func (f *Chat) note(ctx context.Context, in *noteInput) (*sendOutput, error) {
	caller, err := f.named(ctx)
	if err != nil {
		return nil, err
	}
	c, messages, err := f.Note(ctx, caller, in.ConversationID,
		service.Draft{ClientID: in.Body.ClientID, Text: in.Body.Text})
	return f.sent(ctx, c, messages, err)
}

type tagInput struct {
	ConversationInput
	Body struct {
		Tags []string `json:"tags" maxItems:"20" doc:"Lower-case words." nullable:"false"`
	}
}

// tag replaces the tags.
func (f *Chat) tag(ctx context.Context, in *tagInput) (*conversationOutput, error) {
	c, err := f.Tag(ctx, in.ConversationID, in.Body.Tags)
	return f.answered(ctx, c, err)
}

// block ends a conversation because of abuse.
func (f *Chat) block(ctx context.Context, in *ConversationInput) (*conversationOutput, error) {
	c, err := f.Block(ctx, in.ConversationID)
	return f.answered(ctx, c, err)
}

// SidePanel finds what the shop knows of a customer, for the agent who answers.
type SidePanel interface {
	// View is what an agent sees of a customer.
	View(ctx context.Context, customerID string) (CustomerView, error)
}

type aboutOutput struct {
	Body struct {
		Conversation ConversationView `json:"conversation"`
		CustomerView
		Conversations []ConversationView `json:"conversations" doc:"The customer's earlier conversations."`
		Summary       string             `json:"summary" doc:"The shopper's last messages before the hand-over."`
	}
}

// about is what an agent reads before answering: who it is, what was asked, what they bought.
func (f *Chat) about(ctx context.Context, in *ConversationInput) (*aboutOutput, error) {
	c, err := f.Load(ctx, who(ctx, ""), in.ConversationID)
	if err != nil {
		return nil, err
	}
	out := &aboutOutput{}
	// Lists begin empty and not nil, because a guest has neither orders nor earlier conversations.
	out.Body.Conversation = f.view(ctx, c)
	out.Body.CustomerView = noCustomer()
	out.Body.Conversations = []ConversationView{}
	if out.Body.Summary, err = f.Summary(ctx, c); err != nil {
		return nil, err
	}
	// A guest has no account whose orders could be shown.
	if c.CustomerID == "" {
		return out, nil
	}
	// Without a reader of customers, as in tests, the panel has none.
	if f.Panel != nil {
		if out.Body.CustomerView, err = f.Panel.View(ctx, c.CustomerID); err != nil {
			return nil, err
		}
	}
	earlier, err := f.Of(ctx, c.CustomerID)
	for _, other := range earlier {
		if other.ID != c.ID {
			out.Body.Conversations = append(out.Body.Conversations, f.view(ctx, other))
		}
	}
	return out, err
}

type meInput struct {
	Body struct {
		Name      string   `json:"name" minLength:"1" maxLength:"60" doc:"What shoppers see."`
		Teams     []string `json:"teams" minItems:"1" maxItems:"10" nullable:"false"`
		Languages []string `json:"languages" minItems:"1" maxItems:"5" nullable:"false"`
		Limit     int      `json:"limit" minimum:"1" maximum:"20" default:"4" doc:"Conversations at a time."`
		Online    bool     `json:"online"`
		Auto      bool     `json:"auto,omitempty" doc:"Is given conversations without claiming them."`
	}
}

type meOutput struct {
	Body conversation.AgentStatus
}

// me shows the caller's own state as an agent.
func (f *Chat) me(ctx context.Context, _ *struct{}) (*meOutput, error) {
	a, err := f.Agent(ctx, auth.From(ctx).Subject)
	if err != nil {
		return nil, err
	}
	return &meOutput{a}, nil
}

// setMe stores what the agent says of themselves; the subject of the token says who it is.
func (f *Chat) setMe(ctx context.Context, in *meInput) (*meOutput, error) {
	b := in.Body
	a, err := f.SetAgent(ctx, conversation.AgentStatus{
		ID: auth.From(ctx).Subject, Name: b.Name, Teams: b.Teams, Languages: b.Languages, Limit: b.Limit, Online: b.Online,
		Auto: b.Auto,
	})
	if err != nil {
		return nil, err
	}
	return &meOutput{a}, nil
}

type agentsOutput struct {
	Body struct {
		Agents []conversation.AgentStatus `json:"agents"`
	}
}

// agents lists the agents with how many conversations each has.
func (f *Chat) agents(ctx context.Context, _ *struct{}) (*agentsOutput, error) {
	out := &agentsOutput{}
	var err error
	out.Body.Agents, err = f.Agents(ctx)
	if out.Body.Agents == nil {
		out.Body.Agents = []conversation.AgentStatus{}
	}
	return out, err
}

type cannedOutput struct {
	Body struct {
		Canned []service.Canned `json:"canned"`
	}
}

// canned lists the prepared answers.
func (f *Chat) canned(ctx context.Context, _ *struct{}) (*cannedOutput, error) {
	out := &cannedOutput{}
	var err error
	out.Body.Canned, err = f.CannedAnswers(ctx)
	return out, err
}

type cannedInput struct {
	ID   string `path:"cannedId" maxLength:"40" pattern:"^[a-z0-9-]+$"`
	Body struct {
		Title    string `json:"title" minLength:"1" maxLength:"80"`
		Language string `json:"language" enum:"ko,en"`
		Text     string `json:"text" minLength:"1" maxLength:"4000" doc:"{name} and {agent} are filled in."`
	}
}

// setCanned stores one prepared answer and returns all, as the editor shows them all.
func (f *Chat) setCanned(ctx context.Context, in *cannedInput) (*cannedOutput, error) {
	c := service.Canned{ID: in.ID, Title: in.Body.Title, Language: in.Body.Language, Text: in.Body.Text}
	if err := f.SetCanned(ctx, c); err != nil {
		return nil, err
	}
	return f.canned(ctx, nil)
}

type cannedIDInput struct {
	ID string `path:"cannedId" maxLength:"40" pattern:"^[a-z0-9-]+$"`
}

// removeCanned removes one; one that is not there is no error.
func (f *Chat) removeCanned(ctx context.Context, in *cannedIDInput) (*cannedOutput, error) {
	if err := f.RemoveCanned(ctx, in.ID); err != nil {
		return nil, err
	}
	return f.canned(ctx, nil)
}

type customerInput struct {
	CustomerID string `path:"customerId" maxLength:"80"`
}

type exportOutput struct {
	Body struct {
		Conversations []service.Export   `json:"conversations"`
		Calls         []callback.Request `json:"calls" doc:"Requests for call-backs, with the number and the notes of the attempts."`
	}
}

// export returns all conversations and call-back requests of a customer (GDPR, article 15).
func (f *Chat) export(ctx context.Context, in *customerInput) (*exportOutput, error) {
	out := &exportOutput{}
	var err error
	if out.Body.Conversations, err = f.ExportOf(ctx, in.CustomerID); err != nil {
		return nil, err
	}
	out.Body.Calls, err = f.Calls.ExportOf(ctx, in.CustomerID)
	return out, err
}

type eraseOutput struct {
	Body struct {
		Erased int `json:"erased" doc:"conversations"`
		Calls  int `json:"calls" doc:"call-back requests that were erased; open ones are not called any more"`
	}
}

// erase removes a customer's conversations and call-back requests (GDPR, article 17). The requests go first: their
// timers write into the conversations.
func (f *Chat) erase(ctx context.Context, in *customerInput) (*eraseOutput, error) {
	out := &eraseOutput{}
	var err error
	if out.Body.Calls, err = f.Calls.EraseOf(ctx, in.CustomerID); err != nil {
		return nil, err
	}
	out.Body.Erased, err = f.EraseOf(ctx, in.CustomerID)
	return out, err
}
