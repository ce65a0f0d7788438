package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dangol/events"
	"dangol/shared/conversation"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/format"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/verification"
)

// UnreadKind is the kind of job in the due index that mails what a shopper has not read.
const UnreadKind = "conversation_mail"

// mailKept is how long the request of a mail is kept, as what was sent already.
const mailKept = 30 * 24 * time.Hour

// mailRequest is a mail that was asked for, with the event that makes the mailer send it. It belongs to the
// conversation and is erased with it.
type mailRequest struct {
	table.Key
	Event *event.Event `dynamodbav:"event"`
	TTL   int64        `dynamodbav:"ttl"`
}

// unread is the timer of what the shopper has not read. Armed counts how often it was set, so that whoever clears it
// clears the setting that was read.
type unread struct {
	table.Key
	due.Due
	Armed  int   `dynamodbav:"armed"`
	Mailed int64 `dynamodbav:"mailed"` // number up to which was mailed
}

// keyOfUnread is the key of the timer.
func keyOfUnread(conversationID string) table.Key {
	return table.Key{PK: "CHAT#" + conversationID, SK: "UNREAD"}
}

// mail is the write that asks for a mail of a conversation. key makes a repetition the same mail.
func (s *Service) mail(ctx context.Context, key string, body events.ConversationMailRequested) (table.Put, error) {
	now := s.Clock.Now()
	e, err := event.New(ctx, now, body)
	return table.Put{If: table.IfNew, Item: mailRequest{
		Key:   table.Key{PK: "CHAT#" + body.ConversationID, SK: "MAIL#" + body.Kind + "#" + key},
		Event: e, TTL: now.Add(mailKept).Unix(),
	}}, err
}

// letter is the mail to a conversation's shopper, without what it is about.
func letter(c conversation.Conversation, kind, to string) events.ConversationMailRequested {
	return events.ConversationMailRequested{ConversationID: c.ID, Kind: kind, Email: to, Language: c.Language,
		Name: c.Name}
}

// Transcript mails the conversation as it is now to its shopper: to the address that was proved, or to the account's
// own. The same client id mails it once. 2 round trips. Errors: conversation_not_found, address_not_proved.
func (s *Service) Transcript(ctx context.Context, who Participant, conversationID, clientID string) (to string,
	err error) {
	if err := conversation.CheckClientID(clientID); err != nil {
		return "", err
	}
	c, err := s.Load(ctx, who, conversationID)
	if err != nil {
		return "", err
	}
	account := ""
	// An agent's own account has nothing to do with the shopper.
	if who.Role == conversation.Shopper {
		account = who.Email
	}
	if to, err = c.Mailbox(account); err != nil {
		return "", err
	}
	body := letter(c, events.MailTranscript, to)
	body.From, body.To = 1, c.Seq
	put, err := s.mail(ctx, clientID, body)
	if err != nil {
		return "", err
	}
	err = s.Table.Put(ctx, put)
	if _, asked := table.Failed(err); asked {
		return to, nil
	}
	return to, err
}

// Contact notes where a shopper can be answered when nobody is there. An address that is not the account's own is sent
// a code; until it is entered no mail of the conversation goes there. Errors: conversation_not_found,
// conversation_closed.
func (s *Service) Contact(ctx context.Context, who Participant, conversationID, email,
	name string) (conversation.Conversation, error) {
	name, err := nameOf(name)
	if err != nil {
		return conversation.Conversation{}, err
	}
	email, err = conversation.CheckContact(name, email)
	if err != nil {
		return conversation.Conversation{}, err
	}
	code := verification.NewCode()
	done, err := s.change(ctx, conversationID, func(c conversation.Conversation) (outcome, error) {
		// Also for a guest, who proves it with the token.
		if !mayRead(c, who) {
			return outcome{}, NotFound()
		}
		account := ""
		if who.Role == conversation.Shopper {
			account = who.Email
		}
		after, send, err := c.Leave(email, account, code, s.Clock.Now())
		if err != nil {
			return outcome{}, err
		}
		if name != "" {
			after.Name = name
		}
		if !send {
			return outcome{after: after, writes: s.armOnProof(c, after)}, nil
		}
		body := letter(after, events.MailAddressCode, email)
		body.Code = code
		put, err := s.mail(ctx, id.New("cod", s.Clock.Now()), body)
		return outcome{after: after, writes: []table.Write{put}}, err
	})
	if err == nil {
		s.tell(ctx, done.c, done.added, "")
	}
	return done.c, err
}

// nameOf is a shopper's name as a conversation keeps it. The mail with a code calls whoever the shopper named by it, so
// it may not lead anywhere. Errors: 422 at /name.
func nameOf(name string) (string, error) {
	name, _ = conversation.Mask(conversation.Clean(name))
	return format.DisplayName("/name", name, mostName)
}

// mostName is how long a shopper's name may be, in characters.
const mostName = 60

// ProveEmail checks the code that was mailed to the address of a conversation. Errors: conversation_not_found; as
// conversation.ProveEmail.
func (s *Service) ProveEmail(ctx context.Context, who Participant, conversationID,
	code string) (conversation.Conversation, error) {
	var refused error
	done, err := s.change(ctx, conversationID, func(c conversation.Conversation) (outcome, error) {
		if !mayRead(c, who) {
			return outcome{}, NotFound()
		}
		var after conversation.Conversation
		after, refused = c.ProveEmail(code, s.Clock.Now())
		// Nothing is to be counted.
		if after.EmailCheck == c.EmailCheck && after.EmailProvedAt.Equal(c.EmailProvedAt) {
			return outcome{}, errors.Join(errUnchanged, refused)
		}
		return outcome{after: after, writes: s.armOnProof(c, after)}, nil
	})
	if errors.Is(err, errUnchanged) {
		err = nil
	}
	if err == nil {
		err = refused
	}
	return done.c, err
}

// armOnProof is the write that sets the timer when an address was proved after a person wrote: no timer could run for
// what was written before. The shopper, who is there, has the same minutes to read it.
func (s *Service) armOnProof(before, after conversation.Conversation) []table.Write {
	if !before.OpensMailbox(after) {
		return nil
	}
	return []table.Write{s.arm(after)}
}

// arm is the write that sets the timer of what the shopper has not read: some minutes after a person's message, or
// after the proof of the address that it can be mailed to.
func (s *Service) arm(c conversation.Conversation) table.Update {
	d := due.On(UnreadKind, c.ID, s.Clock.Now().Add(conversation.UnreadAfter))
	return table.Update{
		// Whoever writes last sets it last; the number that was mailed stays.
		Key: keyOfUnread(c.ID), Do: "SET #duePk = :shard, #dueAt = :at REMOVE #dueTries ADD #armed :one",
		With: map[string]any{":shard": d.Shard, ":at": d.At, ":one": 1},
	}
}

// MailUnread mails what people of the shop wrote and the shopper has not read, to the proved address. It does nothing
// when it has been read or mailed, or when there is no address. 4 round trips and 1 for each 100 messages.
func (s *Service) MailUnread(ctx context.Context, conversationID string) error {
	var timer unread
	err := s.Table.Get(ctx, keyOfUnread(conversationID), &timer)
	// Erased, or done by another delivery of the same job.
	if errors.Is(err, table.ErrNotFound) || err == nil && timer.Shard == "" {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := s.load(ctx, conversationID)
	if problem.Code(err) == "conversation_not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	body, ok, err := s.unread(ctx, r.Conversation, timer.Mailed)
	if err != nil {
		return err
	}
	var writes []table.Write
	mailed := timer.Mailed
	if ok {
		put, err := s.mail(ctx, fmt.Sprint(body.To), body)
		if err != nil {
			return err
		}
		mailed = body.To
		writes = append(writes, put)
	}
	writes = append(writes, table.Update{
		Key: timer.Key, Do: "SET #mailed = :mailed " + due.Remove,
		If:   "#armed = :armed", // a person has not written since
		With: map[string]any{":mailed": mailed, ":armed": timer.Armed},
	})
	err = s.Table.Transact(ctx, id.New("unr", s.Clock.Now()), writes...)
	// Set again meanwhile, or mailed by another delivery: the timer rings again where something is left.
	if _, refused := table.Refused(err); refused {
		return nil
	}
	return err
}

// unread is the mail with the messages that the shopper has not read and was not mailed; ok is false when no person
// wrote any, or nobody can be mailed.
func (s *Service) unread(ctx context.Context, c conversation.Conversation,
	mailed int64) (body events.ConversationMailRequested, ok bool, err error) {
	to := c.ProvedEmail()
	if to == "" {
		return body, false, nil
	}
	reads, err := s.Reads(ctx, c.ID)
	if err != nil {
		return body, false, err
	}
	since := max(reads[conversation.Shopper].Seq, mailed)
	messages, err := s.replayAll(ctx, c, since, true)
	if err != nil {
		return body, false, err
	}
	body = letter(c, events.MailMessages, to)
	for _, m := range messages {
		if m.Role != conversation.Agent || m.Internal {
			continue
		}
		if body.From == 0 {
			body.From = m.Seq
		}
		body.To = m.Seq
	}
	return body, body.From > 0, nil
}
