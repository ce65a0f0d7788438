package service

import (
	"context"

	"dangol/shared/conversation"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// InboundMail is a reply to a mail of a conversation, as it was read.
type InboundMail struct {
	ID          string // the same when it is delivered again
	Text        string
	Attachments []Attachment
}

// draft is the message of the mail.
func (m InboundMail) draft() Draft {
	return Draft{ClientID: "mail-" + m.ID, Text: m.Text, Attachments: m.Attachments}
}

// AttachmentOf names the n-th file of a mail in a conversation. The key is the same when the mail is delivered again.
func (s *Service) AttachmentOf(c conversation.Conversation, mailID string, n int, name, contentType string,
	size int64) Attachment {
	key := attachmentFolder(c.ID) + id.Derived(filePrefix, c.CreatedAt, mailID+string(rune('a'+n)))
	return Attachment{Key: key, Name: name, Type: contentType, Size: size}
}

// MailTo is the conversation that a mail to one of them goes into: the same, or the one that goes on after it when it
// ended too long ago to open again. Its files are stored there. 1 round trip where there is a next one, 2 to begin it.
func (s *Service) MailTo(ctx context.Context, c conversation.Conversation) (conversation.Conversation, error) {
	err := c.MayWrite(conversation.Shopper, c.CustomerID, s.Clock.Now())
	if problem.Code(err) == "conversation_closed" {
		return s.followUp(ctx, c)
	}
	return c, nil
}

// ReceiveMail takes a mail as a message of the conversation's shopper. A person answers it and not the bot: nobody is
// there to read a bot's question back. A closed conversation opens again. The same mail is taken once. Errors: as
// MayWrite.
func (s *Service) ReceiveMail(ctx context.Context, c conversation.Conversation,
	mail InboundMail) (conversation.Conversation, error) {
	who := Participant{Role: conversation.Shopper, ID: c.CustomerID, proved: c.ID}
	m, err := message(who, mail.draft())
	if err != nil {
		return c, err
	}
	done, err := s.change(ctx, c.ID, func(c conversation.Conversation) (outcome, error) {
		out, err := s.received(ctx, c, who, m)
		if err != nil || out.after.State != conversation.WithBot {
			return out, err
		}
		team, err := s.Team(ctx, out.after.Team)
		if err != nil {
			return outcome{}, err
		}
		change, err := out.after.HandOver(conversation.ByMail, team, s.Clock.Now())
		out.after, out.drafts = change.Conversation, append(out.drafts, notices(change, team, "")...)
		return out, err
	})
	// It ended too long ago to open again: what the shopper writes is the beginning of another one.
	if problem.Code(err) == "conversation_closed" {
		next, err := s.followUp(ctx, done.c)
		if err != nil {
			return done.c, err
		}
		mail.Attachments = nil // they lie in the folder of the conversation that ended this moment
		return s.ReceiveMail(ctx, next, mail)
	}
	if err != nil || done.repeated {
		return done.c, err
	}
	s.tell(ctx, done.c, done.added, "")
	return s.assigned(ctx, done).c, nil
}

// followUp begins the conversation that goes on after one that cannot be opened again, with the same shopper. There is
// one of each, so that a mail that is delivered again finds it.
func (s *Service) followUp(ctx context.Context, old conversation.Conversation) (conversation.Conversation, error) {
	team, err := s.Team(ctx, old.Team)
	if err != nil {
		return old, err
	}
	c := conversation.Start(conversation.Conversation{
		ID: id.Derived(Prefix, old.ClosedAt, old.ID), Version: 1, Language: old.Language, CustomerID: old.CustomerID,
		Name: old.Name, Email: old.Email, EmailProvedAt: old.EmailProvedAt, TokenHash: old.TokenHash,
	}, team, s.Clock.Now())
	writes := []table.Write{table.Put{Item: recordOf(c, ""), If: table.IfNew}}
	if c.CustomerID != "" {
		// The pointer only repeats the id in its key, so writing it over itself changes nothing.
		writes = append(writes, table.Put{Item: pointer{Key: keyOfPointer(c.CustomerID, c.ID), Conversation: c.ID}})
	}
	err = s.Table.Transact(ctx, id.New("fol", s.Clock.Now()), writes...)
	if _, there := table.Refused(err); there {
		r, err := s.load(ctx, c.ID)
		return r.Conversation, err
	}
	return c, err
}

// NoteMail keeps a mail that may not be the shopper's as a note, which only agents see. The same mail is noted once.
// One to a conversation that is gone is left.
func (s *Service) NoteMail(ctx context.Context, conversationID string, mail InboundMail) error {
	_, _, err := s.Note(ctx, Participant{Role: conversation.System}, conversationID, mail.draft())
	if problem.Code(err) == "conversation_not_found" {
		return nil
	}
	return err
}
