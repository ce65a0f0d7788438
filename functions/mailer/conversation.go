package mailer

import (
	"context"
	"errors"

	"dangol/events"
	"dangol/shared/conversation/replyaddress"
	"dangol/shared/conversation/transcript"
	"dangol/shared/mail"
	"dangol/shared/platform/task"
	"dangol/shared/verification"
)

// conversationMail is a mail about a conversation. Its messages are read when it is written, see complete.
func conversationMail(b events.ConversationMailRequested) letter {
	l := letter{to: b.Email, language: b.Language, about: b.ConversationID, content: mail.ConversationMail{
		Kind: b.Kind, Name: b.Name, Code: b.Code,
	}}
	if b.Kind == events.MailAddressCode {
		l.goodFor = verification.Life // a code that has expired would only confuse
		return l
	}
	l.conversation = &b
	return l
}

// complete reads the messages of a conversation into a letter about it, as they are now: of a conversation that was
// erased nothing is sent. Errors: errNothingToSay.
func (m *Mailer) complete(ctx context.Context, l letter) (letter, error) {
	if l.conversation == nil {
		return l, nil
	}
	lines, left, err := transcript.Read(ctx, m.Care, l.conversation.ConversationID, l.conversation.From, l.conversation.To)
	if err != nil {
		return l, errors.Join(task.ErrLater, err)
	}
	if len(lines) == 0 {
		return l, errNothingToSay
	}
	content := l.content.(mail.ConversationMail)
	content.Left, content.Answer = left, m.Reply != ""
	for _, line := range lines {
		content.Messages = append(content.Messages, mail.ConversationMessage{
			Who: string(line.Role), Name: line.Name, Text: line.Text, Files: line.Files, At: line.At,
		})
	}
	l.content = content
	return l, nil
}

// replyTo is the address at which an answer to a letter goes on with its conversation; "" for the shop's own.
func (m *Mailer) replyTo(ctx context.Context, l letter, to string) (string, error) {
	if l.conversation == nil || m.Reply == "" {
		return "", nil
	}
	signer, err := m.links.Keys.Signer(ctx, m.clock.Now())
	if err != nil {
		return "", errors.Join(task.ErrLater, err)
	}
	return replyaddress.For(signer, m.Reply, l.conversation.ConversationID, to), nil
}
