package service

import (
	"context"
	"errors"
	"fmt"

	"dangol/shared/conversation"
	"dangol/shared/platform/problem"
)

// Draft is a message as a client sends it.
type Draft struct {
	ClientID    string       `json:"clientId" minLength:"8" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" doc:"Your own id for the message; sending it again adds nothing."`
	Text        string       `json:"text,omitempty" maxLength:"4000"`
	Pressed     string       `json:"pressed,omitempty" maxLength:"100" doc:"The value of the button that was pressed."`
	Attachments []Attachment `json:"attachments,omitempty" maxItems:"5"`
}

// Send stores a message of a shopper or an agent, lets the bot answer when it has the conversation, and tells who
// listens. It returns the message with its sequence number, and what followed it. Sending the same client id again
// returns the stored message and does nothing else. Errors: as MayWrite, conversation_not_found, empty_message, busy.
func (s *Service) Send(ctx context.Context, who Participant, conversationID string, d Draft) (conversation.Conversation,
	[]Message, error) {
	m, err := message(who, d)
	if err != nil {
		return conversation.Conversation{}, nil, err
	}
	done, err := s.change(ctx, conversationID, func(c conversation.Conversation) (outcome, error) {
		if !mayRead(c, who) {
			return outcome{}, NotFound()
		}
		return s.received(ctx, c, who, m)
	})
	if err != nil || done.repeated {
		return done.c, shownAll(done.added, who), err
	}
	s.tell(ctx, done.c, done.added, who.Connection)
	// An agent's message, or one that a person will answer: an agent is looked for where it put the conversation into the
	// queue.
	if who.Role != conversation.Shopper || done.c.State != conversation.WithBot {
		after := s.assigned(ctx, done)
		return after.c, shownAll(after.added, who), nil
	}
	// After the shopper's message is stored: the bot may be slow or fail.
	after, err := s.botTurn(ctx, done.c, done.added[0])
	if err != nil {
		// The message is stored; an answer that fails must not make the client send it again under another id.
		s.Log.ErrorContext(ctx, "bot", "conversation", done.c.ID, "error", err)
		return done.c, shownAll(done.added, who), nil
	}
	return after.c, shownAll(append(done.added, after.added...), who), nil
}

// shownAll is the messages as the caller may see them.
func shownAll(messages []Message, who Participant) []Message {
	shown := make([]Message, len(messages))
	for i, m := range messages {
		shown[i] = m.shown(who.Role == conversation.Agent)
	}
	return shown
}

// Check holds a draft against its bounds. Errors: 422 invalid_input.
func (d Draft) Check() error {
	files := make([]conversation.File, len(d.Attachments))
	for i, a := range d.Attachments {
		files[i] = conversation.File{Key: a.Key, Name: a.Name, Type: a.Type}
	}
	if err := conversation.CheckMessage(d.ClientID, d.Pressed, files); err != nil {
		return err
	}
	text := conversation.Clean(d.Text)
	if text == "" && d.Pressed == "" && len(d.Attachments) == 0 {
		return problem.InvalidField("/text", "required", "a text, a button or an attachment")
	}
	return problem.CheckText(text, 0, conversation.MaxText, "/text")
}

// message is a draft as it is stored: cleaned and masked. Errors: those of Check.
func message(who Participant, d Draft) (Message, error) {
	if err := d.Check(); err != nil {
		return Message{}, err
	}
	text, masked := conversation.Mask(conversation.Clean(d.Text))
	return Message{
		ClientID: d.ClientID, Role: who.Role, AuthorID: who.ID, Name: who.Name, Text: text, Pressed: d.Pressed,
		Attachments: d.Attachments, Masked: masked,
	}, nil
}

// received is the step of a message that comes in.
func (s *Service) received(ctx context.Context, c conversation.Conversation, who Participant, m Message) (outcome,
	error) {
	now := s.Clock.Now()
	team, err := s.Team(ctx, c.Team)
	if err != nil {
		return outcome{}, err
	}
	if err := ownFiles(c.ID, m.Attachments); err != nil {
		return outcome{}, err
	}
	in := draft{Message: m, dedupe: who.sender()}
	if who.Role == conversation.Agent {
		change, err := c.Answered(who.ID, team, now)
		out := outcome{after: change.Conversation, drafts: []draft{in}}
		// Who has left an address is mailed what they have not read after a while.
		if c.ProvedEmail() != "" {
			out.writes = append(out.writes, s.arm(c))
		}
		return out, err
	}
	// When the agent is gone the message goes back to the queue.
	present, err := s.agentPresent(ctx, c)
	if err != nil {
		return outcome{}, err
	}
	change, err := c.Received(team, present, now)
	if err != nil {
		return outcome{}, err
	}
	drafts := append([]draft{in}, notices(change, team, "")...)
	after := change.Conversation
	// Counted by what was masked in this message.
	for _, kind := range m.Masked {
		if kind == conversation.Profanity {
			after.Abuse++
		}
	}
	// The message that reaches the limit is stored still, so that the reason can be seen.
	if after.Abuse >= conversation.AbuseLimit && !after.Blocked {
		blocked := after.Block(team, now)
		after = blocked.Conversation
		drafts = append(drafts, notices(blocked, team, "")...)
	}
	return outcome{after: after, drafts: drafts}, nil
}

// Announce adds a notice to a conversation; the same key adds it once.
func (s *Service) Announce(ctx context.Context, conversationID, key string, n conversation.Notice) error {
	done, err := s.change(ctx, conversationID, func(c conversation.Conversation) (outcome, error) {
		team, err := s.Team(ctx, c.Team)
		if err != nil {
			return outcome{}, err
		}
		m := noticed(n, team, c.Language, "")
		m.ClientID = key
		return outcome{after: c, drafts: []draft{{Message: m, dedupe: "system"}}}, nil
	})
	if err == nil && !done.repeated {
		s.tell(ctx, done.c, done.added, "")
	}
	return err
}

// Note stores a note that only the shop sees.
func (s *Service) Note(ctx context.Context, who Participant, conversationID string, d Draft) (conversation.Conversation,
	[]Message, error) {
	m, err := message(who, d)
	if err != nil {
		return conversation.Conversation{}, nil, err
	}
	m.Internal = true
	if err := ownFiles(conversationID, m.Attachments); err != nil {
		return conversation.Conversation{}, nil, err
	}
	done, err := s.change(ctx, conversationID, func(c conversation.Conversation) (outcome, error) {
		return outcome{after: c, drafts: []draft{{Message: m, dedupe: who.sender()}}}, nil
	})
	if err == nil && !done.repeated {
		s.tell(ctx, done.c, done.added, who.Connection)
	}
	return done.c, shownAll(done.added, who), err
}

// errOvertaken says that something happened in the conversation before the bot could answer.
var errOvertaken = errors.New("overtaken")

// botTurn lets the bot answer a shopper's message. A person who took the conversation meanwhile keeps it: the write's
// condition sees to that, and the bot then says nothing.
func (s *Service) botTurn(ctx context.Context, c conversation.Conversation, m Message) (result, error) {
	reply, err := s.reply(ctx, c, m)
	if err != nil {
		return result{c: c}, err
	}
	done, err := s.change(ctx, c.ID, func(now conversation.Conversation) (outcome, error) {
		// A person has taken over since the reply was made.
		if now.State != conversation.WithBot {
			return outcome{}, errOvertaken
		}
		return s.botOutcome(ctx, now, m, reply)
	})
	if errors.Is(err, errOvertaken) {
		return result{c: c}, nil
	}
	if err != nil || done.repeated {
		return done, err
	}
	s.tell(ctx, done.c, done.added, "")
	return s.assigned(ctx, done), nil
}

// botOutcome is what a reply changes: the answer first, then the hand-over, so that the shopper
// reads why.
func (s *Service) botOutcome(ctx context.Context, c conversation.Conversation, m Message,
	reply conversation.Reply) (outcome, error) {
	team, err := s.Team(ctx, c.Team)
	if err != nil {
		return outcome{}, err
	}
	now := s.Clock.Now()
	out := outcome{after: c}
	if reply.Text != "" {
		change, err := c.BotAnswered(reply.Helped, team, now)
		if err != nil {
			return outcome{}, err
		}
		out.after = change.Conversation
		out.drafts = append(out.drafts, draft{
			Message: Message{Role: conversation.Bot, Text: reply.Text, Buttons: reply.Buttons, Entry: reply.Entry,
				// The number of the question, so that an answer is stored once for each.
				ClientID: fmt.Sprintf("answer-%d", m.Seq)}, dedupe: "bot",
		})
	}
	if reply.HandOver == "" {
		return out, nil
	}
	change, err := out.after.HandOver(reply.HandOver, team, now)
	if err != nil {
		return outcome{}, err
	}
	out.after, out.drafts = change.Conversation, append(out.drafts, notices(change, team, "")...)
	return out, nil
}
