package chat

import (
	"context"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/conversation/service"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/ratelimit"
)

// Limits on what one caller can do without end.
const (
	mostStarts   = 20
	mostTickets  = 120
	mostMessages = 240
	limitWindow  = time.Hour / 6 // ten minutes
)

// who is the caller. Agents are agents in every conversation, also in one that they began themselves as a customer.
func who(ctx context.Context, token string) service.Participant {
	p := auth.From(ctx)
	if p.Operator() {
		return service.Participant{Role: conversation.Agent, ID: p.Subject}
	}
	return service.Participant{Role: conversation.Shopper, ID: p.Subject, Email: p.Email, Token: token}
}

// named is the caller as an agent, with the name that the shopper sees.
func (f *Chat) named(ctx context.Context) (service.Participant, error) {
	w := who(ctx, "")
	if w.Role != conversation.Agent {
		return w, nil
	}
	a, err := f.Agent(ctx, w.ID)
	// An agent who has not said a name yet is shown without one.
	if problem.Code(err) == "agent_not_found" {
		return w, nil
	}
	w.Name = a.Name
	return w, err
}

// limit counts a call of the caller.
func (f *Chat) limit(ctx context.Context, name string, most int) error {
	return f.Limiter.Take(ctx,
		ratelimit.Limit{Name: "chat-" + name, Subject: api.LimitSubject(ctx), Max: most, Window: limitWindow})
}

// ConversationView is a conversation as its shopper sees it; agents see more.
type ConversationView struct {
	ID        string             `json:"id" example:"chat_01k9x7d3f8q7m2k"`
	State     conversation.State `json:"state" enum:"bot,queued,agent,snoozed,closed"`
	Language  string             `json:"language"`
	Seq       int64              `json:"seq" doc:"Number of the last message."`
	Agent     string             `json:"agent,omitempty" doc:"Agents only: whose it is."`
	Reopens   bool               `json:"reopens" doc:"Closed, but a message takes it up again."`
	Rating    int                `json:"rating,omitempty"`
	CreatedAt time.Time          `json:"createdAt"`
	LastAt    time.Time          `json:"lastAt"`
	// Full is the whole conversation, for agents.
	Full *conversation.Conversation `json:"full,omitempty"`
}

// view shows a conversation to its shopper, and all of it to agents.
func (f *Chat) view(ctx context.Context, c conversation.Conversation) ConversationView {
	v := ConversationView{
		ID: c.ID, State: c.State, Language: c.Language, Seq: c.Seq, Reopens: c.Reopens(f.Clock.Now()), Rating: c.Rating,
		CreatedAt: c.CreatedAt, LastAt: c.LastAt,
	}
	if v.State == conversation.Snoozed {
		v.State = conversation.WithAgent // that an agent put it aside is not the shopper's business
	}
	if auth.From(ctx).Operator() {
		v.State, v.Agent, v.Full = c.State, c.AgentID, &c
	}
	return v
}

type startInput struct {
	Body struct {
		Language string `json:"language" enum:"ko,en" default:"ko"`
		Name     string `json:"name,omitempty" maxLength:"60"`
		Email    string `json:"email,omitempty" format:"email" maxLength:"254"`
		Team     string `json:"team,omitempty" maxLength:"40" pattern:"^[a-z0-9-]*$"`
		Text     string `json:"text,omitempty" maxLength:"4000"`
	}
}

type startOutput struct {
	Caching string `header:"Cache-Control"`
	Replay  string `header:"Idempotent-Replayed" doc:"true when the request had been made before."`
	Body    struct {
		Conversation ConversationView  `json:"conversation"`
		Token        string            `json:"token,omitempty" doc:"A guest's secret for this conversation; send it as Chat-Token."`
		Messages     []service.Message `json:"messages"`
	}
}

// shortestKey is how long a guest's idempotency key must be: the secret of the conversation is made of it.
const shortestKey = 16

// start begins a conversation. Whoever starts one is a shopper in it, also an agent.
func (f *Chat) start(ctx context.Context, in *startInput) (*startOutput, error) {
	if err := f.limit(ctx, "start", mostStarts); err != nil {
		return nil, err
	}
	if in.Body.Email != "" {
		if err := f.addressLimits(ctx, in.Body.Email); err != nil {
			return nil, err
		}
	}
	caller := who(ctx, "")
	caller.Role = conversation.Shopper
	key := api.IdempotencyKey(ctx)
	if caller.ID == "" && key != "" && len(key) < shortestKey {
		return nil, problem.InvalidField("header/Idempotency-Key", "too_short",
			"at least %d characters that nobody can guess", shortestKey)
	}
	c, messages, proof, err := f.Start(ctx, caller, service.Opening{
		Language: in.Body.Language, Name: in.Body.Name, Email: in.Body.Email, Team: in.Body.Team, Text: in.Body.Text,
		Request: api.Idempotency(ctx), Key: key,
	})
	if err != nil {
		return nil, err
	}
	out := &startOutput{Caching: "no-store"}
	if proof.Replayed {
		out.Replay = "true"
	}
	out.Body.Conversation, out.Body.Token, out.Body.Messages = f.view(ctx, c), proof.Secret, messages
	return out, nil
}

type conversationsOutput struct {
	Body struct {
		Conversations []ConversationView `json:"conversations"`
	}
}

// mine lists the customer's own conversations.
func (f *Chat) mine(ctx context.Context, _ *struct{}) (*conversationsOutput, error) {
	all, err := f.Of(ctx, auth.From(ctx).Subject)
	out := &conversationsOutput{}
	out.Body.Conversations = make([]ConversationView, len(all))
	for i, c := range all {
		out.Body.Conversations[i] = f.view(ctx, c)
	}
	return out, err
}

// ConversationInput names a conversation and what opens it. Exported because Huma fills only exported embedded structs.
type ConversationInput struct {
	ConversationID string `path:"conversationId" maxLength:"40" example:"chat_01k9x7d3f8q7m2k"`
	Token          string `header:"Chat-Token" maxLength:"64" doc:"A guest's secret for the conversation."`
}

// conversationOutput is a conversation as the answer; no cache may keep it.
type conversationOutput struct {
	Caching string `header:"Cache-Control"`
	Body    ConversationView
}

// answered shows a conversation unless there is an error.
func (f *Chat) answered(ctx context.Context, c conversation.Conversation, err error) (*conversationOutput, error) {
	if err != nil {
		return nil, err
	}
	return &conversationOutput{Caching: "no-store", Body: f.view(ctx, c)}, nil
}

// get shows a conversation's state. 1 round trip.
func (f *Chat) get(ctx context.Context, in *ConversationInput) (*conversationOutput, error) {
	c, err := f.Load(ctx, who(ctx, in.Token), in.ConversationID)
	return f.answered(ctx, c, err)
}

type messagesInput struct {
	ConversationInput
	Since int64 `query:"since" minimum:"0" default:"0" doc:"Messages after this number."`
	Limit int   `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

type messagesOutput struct {
	Caching string `header:"Cache-Control"`
	Body    struct {
		Conversation ConversationView                   `json:"conversation"`
		Messages     []service.Message                  `json:"messages"`
		More         bool                               `json:"more"`
		Reads        map[conversation.Role]service.Read `json:"reads" doc:"How far each side has read."`
	}
}

// messages returns the log after a number. 3 round trips.
func (f *Chat) messages(ctx context.Context, in *messagesInput) (*messagesOutput, error) {
	caller := who(ctx, in.Token)
	c, err := f.Load(ctx, caller, in.ConversationID)
	if err != nil {
		return nil, err
	}
	// A number from the future would make the client wait for messages that it thinks it has.
	if in.Since > c.Seq {
		return nil, problem.InvalidField("query/since", "invalid", "a sequence number of this conversation, or 0")
	}
	messages, more, err := f.Replay(ctx, c, in.Since, in.Limit, caller.Role == conversation.Agent)
	if err != nil {
		return nil, err
	}
	reads, err := f.Reads(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	out := &messagesOutput{Caching: "no-store"}
	out.Body.Conversation, out.Body.Messages, out.Body.More, out.Body.Reads = f.view(ctx, c), messages, more, reads
	if out.Body.Messages == nil {
		out.Body.Messages = []service.Message{}
	}
	return out, f.links(ctx, out.Body.Messages)
}

// links makes the links to the attachments of messages.
func (f *Chat) links(ctx context.Context, messages []service.Message) error {
	for i := range messages {
		for j := range messages[i].Attachments {
			a := &messages[i].Attachments[j]
			url, err := f.Files.Download(ctx, a.Key, 5*time.Minute)
			if err != nil {
				return err
			}
			a.URL = url
		}
	}
	return nil
}

type sendInput struct {
	ConversationInput
	Body service.Draft
}

type sendOutput struct {
	Caching string `header:"Cache-Control"`
	Body    struct {
		Conversation ConversationView  `json:"conversation"`
		Messages     []service.Message `json:"messages" doc:"The message as it is stored, and what followed it."`
	}
}

// send adds a message. Limited by caller, as each one may wake the bot and everybody connected.
func (f *Chat) send(ctx context.Context, in *sendInput) (*sendOutput, error) {
	// Before the limit is counted: what cannot be sent costs nothing.
	if err := in.Body.Check(); err != nil {
		return nil, err
	}
	if err := f.limit(ctx, "message", mostMessages); err != nil {
		return nil, err
	}
	caller, err := f.named(ctx)
	if err != nil {
		return nil, err
	}
	// The role decides what may be done, the token proves which conversation a guest has.
	caller.Token = in.Token
	c, messages, err := f.Send(ctx, caller, in.ConversationID, in.Body)
	return f.sent(ctx, c, messages, err)
}

// sent shows what a message led to unless there is an error.
func (f *Chat) sent(ctx context.Context, c conversation.Conversation, messages []service.Message,
	err error) (*sendOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &sendOutput{Caching: "no-store"}
	out.Body.Conversation, out.Body.Messages = f.view(ctx, c), messages
	return out, nil
}

type readInput struct {
	ConversationInput
	Body struct {
		Seq int64 `json:"seq" minimum:"1"`
	}
}

// read notes how far the caller has read.
func (f *Chat) read(ctx context.Context, in *readInput) (*conversationOutput, error) {
	c, err := f.MarkRead(ctx, who(ctx, in.Token), in.ConversationID, in.Body.Seq)
	return f.answered(ctx, c, err)
}

// close ends a conversation.
func (f *Chat) close(ctx context.Context, in *ConversationInput) (*conversationOutput, error) {
	c, err := f.Close(ctx, who(ctx, in.Token), in.ConversationID)
	return f.answered(ctx, c, err)
}

type rateInput struct {
	ConversationInput
	Body struct {
		Score int    `json:"score" minimum:"1" maximum:"5"`
		Note  string `json:"note,omitempty" maxLength:"1000"`
	}
}

// rate stores the shopper's rating.
func (f *Chat) rate(ctx context.Context, in *rateInput) (*conversationOutput, error) {
	c, err := f.Rate(ctx, who(ctx, in.Token), in.ConversationID, in.Body.Score, in.Body.Note)
	return f.answered(ctx, c, err)
}

type uploadInput struct {
	ConversationInput
	Body struct {
		Name string `json:"name" minLength:"1" maxLength:"120"`
		Type string `json:"type" maxLength:"80" example:"image/png"`
		Size int64  `json:"size" minimum:"1" maximum:"10485760"`
	}
}

type uploadOutput struct {
	Body struct {
		Attachment service.Attachment `json:"attachment" doc:"Send it with a message."`
		URL        string             `json:"url" doc:"PUT the file here."`
	}
}

// upload prepares an attachment: the file itself goes to the bucket and not through the function.
func (f *Chat) upload(ctx context.Context, in *uploadInput) (*uploadOutput, error) {
	a, url, err := f.Upload(ctx, who(ctx, in.Token), in.ConversationID, in.Body.Name, in.Body.Type, in.Body.Size)
	if err != nil {
		return nil, err
	}
	out := &uploadOutput{}
	out.Body.Attachment, out.Body.URL = a, url
	return out, nil
}

type ticketInput struct {
	Token string `header:"Chat-Token" maxLength:"64" doc:"A guest's secret for the conversation."`
	Body  struct {
		ConversationID string `json:"conversationId,omitempty" maxLength:"40" doc:"Guests: which conversation."`
	}
}

type ticketOutput struct {
	Caching string `header:"Cache-Control"`
	Body    struct {
		Ticket    string    `json:"ticket"`
		URL       string    `json:"url" doc:"The WebSocket, ticket included."`
		ExpiresAt time.Time `json:"expiresAt"`
	}
}

// ticket makes a one-use ticket: a browser cannot set headers when
// it opens a WebSocket, and a token in the address would be logged.
func (f *Chat) ticket(ctx context.Context, in *ticketInput) (*ticketOutput, error) {
	if err := f.limit(ctx, "ticket", mostTickets); err != nil {
		return nil, err
	}
	caller, err := f.named(ctx)
	if err != nil {
		return nil, err
	}
	// Somebody without an account and without a token has no conversation to connect to.
	if caller.Token = in.Token; caller.ID == "" && caller.Token == "" {
		return nil, problem.InvalidField("header/Chat-Token", "required",
			"a guest's secret for the conversation, or an access token")
	}
	secret, expires, err := f.Ticket(ctx, caller, in.Body.ConversationID)
	if err != nil {
		return nil, err
	}
	out := &ticketOutput{Caching: "no-store"}
	out.Body.Ticket, out.Body.ExpiresAt, out.Body.URL = secret, expires, f.SocketURL+"?ticket="+secret
	return out, nil
}
