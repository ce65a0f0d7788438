package chat

import (
	"context"
	"strings"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/due"
	"dangol/shared/platform/ratelimit"
)

// Limits on mails: a stranger's mailbox must not be filled by somebody who types its address.
const (
	codesPerAddress = 3  // in ten minutes
	codesPerDay     = 10 // an address, in a day
	mostContacts    = 10 // addresses that one caller leaves in ten minutes
	mostTries       = 30 // codes that one caller enters in ten minutes
	mostTranscripts = 10 // that one caller asks for in ten minutes
)

// mailRoutes registers what has to do with mails of a conversation.
func (f *Chat) mailRoutes(s *api.Service) {
	contact := route(api.Shopper, "PUT", one+"/contact", "setConversationContact", "Leave an address for the answer", 404,
		409, 429, 503)
	contact.Description = contactText
	api.Handle(s, contact, f.contact)
	prove := route(api.Shopper, "POST", one+"/contact/prove", "proveConversationContact",
		"Enter the code that the address was mailed", 404, 409, 429, 503)
	prove.Description = "Five wrong codes, or ten minutes, end it: leave the address again for a new code."
	api.Handle(s, prove, f.proveContact)
	transcript := route(api.Shopper, "POST", one+"/transcript", "mailTranscript", "Mail the conversation to its shopper",
		404, 409, 429, 503)
	transcript.Status, transcript.Description = 202, transcriptText
	api.Handle(s, transcript, f.transcript)
}

const (
	contactText = "An address that is not the account's own is mailed a code of six digits; `proved` says whether it is " +
		"needed. Mails of the conversation go to a proved address only: what an agent wrote and was not read for 5 " +
		"minutes, and the transcript. A reply to such a mail goes on with the conversation."
	transcriptText = "In the conversation's language, with the newest 300 messages, as they are stored: masked, and " +
		"without the shop's notes. It goes to the address that was proved, or to the account's own. The same `clientId` " +
		"mails it once."
)

// addressLimits bound the codes that an address is mailed, and how many one caller causes.
func (f *Chat) addressLimits(ctx context.Context, email string) error {
	if conversation.SameEmail(email, auth.From(ctx).Email) {
		return nil // nothing is mailed to the account's own address
	}
	address := strings.ToLower(email)
	return f.Limiter.Take(ctx,
		ratelimit.Limit{Name: "chat-address", Subject: address, Max: codesPerAddress, Window: limitWindow},
		ratelimit.Limit{Name: "chat-address-day", Subject: address, Max: codesPerDay, Window: 24 * time.Hour},
		ratelimit.Limit{Name: "chat-contact", Subject: api.LimitSubject(ctx), Max: mostContacts, Window: limitWindow},
	)
}

type contactInput struct {
	ConversationInput
	Body struct {
		Email string `json:"email" format:"email" maxLength:"254"`
		Name  string `json:"name,omitempty" maxLength:"60"`
	}
}

// contactOutput is the conversation with whether mails may go to the address.
type contactOutput struct {
	Caching string `header:"Cache-Control"`
	Body    struct {
		ConversationView
		Proved bool `json:"proved" doc:"The address is known to be the shopper's; else enter the code that was mailed."`
	}
}

// proving shows a conversation with what is known of its address, unless there is an error.
func (f *Chat) proving(ctx context.Context, c conversation.Conversation, err error) (*contactOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &contactOutput{Caching: "no-store"}
	out.Body.ConversationView, out.Body.Proved = f.view(ctx, c), c.ProvedEmail() != ""
	return out, nil
}

// contact stores where an answer can be sent when the shopper has left. Who may is asked before anything is counted.
func (f *Chat) contact(ctx context.Context, in *contactInput) (*contactOutput, error) {
	caller := who(ctx, in.Token)
	c, err := f.Load(ctx, caller, in.ConversationID)
	if err != nil {
		return nil, err
	}
	// An address that was proved before is mailed no code.
	if !conversation.SameEmail(in.Body.Email, c.ProvedEmail()) {
		if err := f.addressLimits(ctx, in.Body.Email); err != nil {
			return nil, err
		}
	}
	c, err = f.Contact(ctx, caller, in.ConversationID, in.Body.Email, in.Body.Name)
	return f.proving(ctx, c, err)
}

type proveInput struct {
	ConversationInput
	Body struct {
		Code string `json:"code" minLength:"1" maxLength:"20" example:"123456"`
	}
}

// proveContact checks the code of an address.
func (f *Chat) proveContact(ctx context.Context, in *proveInput) (*contactOutput, error) {
	if err := f.limit(ctx, "prove", mostTries); err != nil {
		return nil, err
	}
	c, err := f.ProveEmail(ctx, who(ctx, in.Token), in.ConversationID, in.Body.Code)
	return f.proving(ctx, c, err)
}

type transcriptInput struct {
	ConversationInput
	Body struct {
		ClientID string `json:"clientId" minLength:"8" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" doc:"Your own id for the request."`
	}
}

type transcriptOutput struct {
	Body struct {
		Email string `json:"email" doc:"Where it goes, the beginning only." example:"b…@example.com"`
	}
}

// transcript mails the conversation to its shopper.
func (f *Chat) transcript(ctx context.Context, in *transcriptInput) (*transcriptOutput, error) {
	if err := f.limit(ctx, "transcript", mostTranscripts); err != nil {
		return nil, err
	}
	to, err := f.Transcript(ctx, who(ctx, in.Token), in.ConversationID, in.Body.ClientID)
	if err != nil {
		return nil, err
	}
	out := &transcriptOutput{}
	out.Body.Email = hint(to)
	return out, nil
}

// hint is enough of an address for its owner to know it.
func hint(email string) string {
	local, domain, _ := strings.Cut(email, "@")
	for _, first := range local {
		return string(first) + "…@" + domain
	}
	return "…@" + domain
}

// unread mails what a shopper has not read.
func (f *Chat) unread(ctx context.Context, job due.Job) error {
	return f.MailUnread(ctx, strings.TrimPrefix(job.Key.PK, "CHAT#"))
}
