package service

import (
	"context"
	"strings"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/faq"
)

// Model is a language model that words an answer from entries of the FAQ. It is optional; see bedrock.go.
type Model interface {
	// Answer words an answer to a question from the entries alone. ok is false when they do not answer it.
	Answer(ctx context.Context, question, language string, entries []faq.Hit) (text string, source string, ok bool,
		err error)
}

// modelTime is how long the model may take before the FAQ's own text is used.
const modelTime = 4 * time.Second

// candidates is how many entries the model is given.
const candidates = 3

// reply decides what the bot answers: the rules first, with the FAQ's hits; then the business or the model where the
// rules ask for it.
func (s *Service) reply(ctx context.Context, c conversation.Conversation, m Message) (conversation.Reply, error) {
	asked := conversation.Asked{
		Text: m.Text, Pressed: m.Pressed, Language: c.Language, Customer: c.CustomerID != "",
		Signals: conversation.Signals{Failed: c.Failed},
	}
	index, err := s.index(ctx)
	if err != nil {
		return conversation.Reply{}, err
	}
	// A button is an answer to the bot and no question.
	if m.Pressed == "" {
		asked.Hits = index.Search(m.Text, c.Language, candidates)
		asked.Verdict, asked.Hits = faq.Default.Decide(asked.Hits)
	}
	// A guest is nobody's customer. A button is an answer to the bot and hands nothing over.
	if s.Customers != nil && c.CustomerID != "" && m.Pressed == "" {
		asked.Signals.VIP, asked.Signals.OpenCase, err = s.Customers.Signals(ctx, c.CustomerID)
		// Without the signals the bot answers as it would anybody: a message must not stay without an answer.
		if err != nil {
			s.Log.ErrorContext(ctx, "signals", "conversation", c.ID, "error", err)
		}
	}
	reply := conversation.Respond(asked, func(id string) (faq.Answer, bool) { return index.Entry(id, c.Language) })
	// Before the model, which changes the words but not what is counted.
	s.count(ctx, m, reply, c.Language)
	if reply.Do != "" {
		return s.business(ctx, c, reply)
	}
	return s.worded(ctx, m, c.Language, asked, reply), nil
}

// index is the published FAQ, an empty one when there is none.
func (s *Service) index(ctx context.Context) (*faq.Index, error) {
	if s.Answers == nil {
		return &faq.Index{}, nil
	}
	return s.Answers.Index(ctx)
}

// count notes for the report what was shown, what helped, and what had no answer. It is a report: a failure is logged.
func (s *Service) count(ctx context.Context, m Message, reply conversation.Reply, language string) {
	if s.Answers == nil {
		return
	}
	var err error
	if entry, helped, ok := conversation.Feedback(m.Pressed); ok {
		mark := -1
		if helped {
			mark = 1
		}
		err = s.Answers.Count(ctx, entry, mark)
	} else if reply.Entry != "" {
		err = s.Answers.Count(ctx, reply.Entry, 0)
	} else if reply.Unanswered && m.Text != "" {
		err = s.Answers.Unanswered(ctx, m.Text, language)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "count", "error", err)
	}
}

// business carries out what the shopper asked for. What fails goes to a person.
func (s *Service) business(ctx context.Context, c conversation.Conversation,
	reply conversation.Reply) (conversation.Reply, error) {
	// Without a business the bot knows nobody's orders, so a person has to look.
	if s.Business == nil {
		return conversation.Reply{HandOver: conversation.AsksPerson}, nil
	}
	text, buttons, err := s.Business.Do(ctx, conversation.ActionRequest{
		Action: reply.Do, Of: reply.Of, CustomerID: c.CustomerID, Language: c.Language,
	})
	// Not told to the shopper: what failed is the shop's own matter.
	if err != nil {
		s.Log.ErrorContext(ctx, "business", "action", reply.Do, "conversation", c.ID, "error", err)
		return conversation.Reply{HandOver: conversation.Unanswerable}, nil
	}
	reply.Text, reply.Buttons = text, buttons
	return reply, nil
}

// worded lets the model word a sure or unsure answer. Its failure or slowness leaves the reply as the rules made it.
func (s *Service) worded(ctx context.Context, m Message, language string, asked conversation.Asked,
	reply conversation.Reply) conversation.Reply {
	// A person takes over, or the bot has no entry to word: the model would have nothing to go by.
	if s.Model == nil || m.Text == "" || len(asked.Hits) == 0 || reply.HandOver != "" || asked.Verdict == faq.Unknown {
		return reply
	}
	// Slower than this the FAQ's own text is better.
	ctx, cancel := context.WithTimeout(ctx, modelTime)
	defer cancel()
	text, source, ok, err := s.Model.Answer(ctx, m.Text, language, asked.Hits)
	if err != nil {
		s.Log.WarnContext(ctx, "model", "error", err)
		return reply
	}
	if !ok {
		return reply
	}
	for _, h := range asked.Hits {
		// An answer without one of the entries as its source, or with a number that is not in it, is not used.
		if h.ID == source && conversation.Grounded(text, m.Text, h.Question, h.Answer.Answer) {
			text = conversation.Clean(text)
			reply.Text = strings.TrimSpace(text) + "\n\n*" + conversation.Say("source", language, "question", h.Question) + "*"
			reply.Entry, reply.Helped = source, true
			return reply
		}
	}
	return reply
}
