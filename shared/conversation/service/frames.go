package service

import (
	"context"
	"encoding/json"
	"time"
	"unicode/utf8"

	"dangol/shared/conversation"
	"dangol/shared/platform/problem"
	"dangol/shared/problemtext"
)

// replayLimit is how many messages a hello brings; more are asked for over HTTP, where they cost no frames.
const replayLimit = 20

// reconnectAfter is when a connection is told to connect anew, before API Gateway ends it after two hours.
const reconnectAfter = 110 * time.Minute

// ClientFrame is what a client sends.
type ClientFrame struct {
	Do           string `json:"do"` // hello, send, typing, delivered, read, ping
	Conversation string `json:"conversationId"`
	Inbox        string `json:"inbox"` // hello of an agent to a team's queue
	Since        int64  `json:"since"`
	Seq          int64  `json:"seq"`
	Message      Draft  `json:"message"`
	Internal     bool   `json:"internal"` // typing: only agents are told, because it is a note or another's conversation
}

// Receive handles one frame and returns the answer to it. Bad frames are answered with an error; the connection stays.
func (s *Service) Receive(ctx context.Context, connectionID string, data []byte) []byte {
	var in ClientFrame
	readable := utf8.Valid(data) && json.Unmarshal(data, &in) == nil
	// Counted whether it can be read or not. It is read before, so that a refusal names the message that it refuses: the
	// client sends that one again.
	from, err := s.Frame(ctx, connectionID)
	if err != nil {
		return s.failed(ctx, in, err)
	}
	if !readable {
		return s.failed(ctx, in, problem.BadRequest("bad_frame", "A frame is a JSON object with `do`."))
	}
	answer, err := s.handle(ctx, from, in)
	if err != nil {
		return s.failed(ctx, in, err)
	}
	answer.Reconnect = s.Clock.Now().Sub(from.ConnectedAt) > reconnectAfter
	return encode(answer)
}

// failed is the answer to a frame that was refused. What is our own fault is logged and not told.
func (s *Service) failed(ctx context.Context, in ClientFrame, err error) []byte {
	p := problem.From(err)
	if p.Status >= 500 {
		s.Log.ErrorContext(ctx, "frame", "do", in.Do, "error", err)
	}
	words := map[string]string{}
	for _, language := range problemtext.Languages {
		words[language] = problemtext.For(p.Code, language)
	}
	return encode(Event{Type: "error", Conversation: in.Conversation, ClientID: in.Message.ClientID, Code: p.Code,
		Detail: p.Detail, Words: words})
}

// handle carries out one frame.
func (s *Service) handle(ctx context.Context, from Connection, in ClientFrame) (Event, error) {
	switch in.Do {
	case "ping":
		return Event{Type: "pong"}, s.alive(ctx, from)
	case "hello":
		return s.hello(ctx, from, in)
	case "send":
		return s.sendFrame(ctx, from, in)
	case "typing":
		e := Event{Type: "typing", Conversation: in.Conversation, Role: from.Role, Name: from.Name}
		return Event{Type: "ok"}, s.Signal(ctx, from, in.Conversation, e, in.Internal)
	case "delivered":
		_, err := s.MarkDelivered(ctx, s.proved(from, in.Conversation), in.Conversation, in.Seq)
		return Event{Type: "ok"}, err
	case "read":
		_, err := s.MarkRead(ctx, s.proved(from, in.Conversation), in.Conversation, in.Seq)
		return Event{Type: "ok"}, err
	}
	return Event{}, problem.BadRequest("bad_frame", "Unknown `do`: one of hello, send, typing, delivered, read, ping.")
}

// alive keeps an agent present while the page is open.
func (s *Service) alive(ctx context.Context, from Connection) error {
	if from.Role != conversation.Agent {
		return nil
	}
	return s.Heartbeat(ctx, from.Subject)
}

// hello lets the connection listen and brings it up to date. 5 round trips.
func (s *Service) hello(ctx context.Context, from Connection, in ClientFrame) (Event, error) {
	if in.Inbox != "" {
		return Event{Type: "welcome"}, s.HelloInbox(ctx, from, in.Inbox)
	}
	c, err := s.Hello(ctx, from, in.Conversation)
	if err != nil {
		return Event{}, err
	}
	// A number beyond the log is a client's mistake, and an answer to it would hide a gap.
	if in.Since < 0 || in.Since > c.Seq {
		return Event{}, problem.InvalidField("/since", "invalid", "a sequence number of this conversation, or 0")
	}
	messages, more, err := s.Replay(ctx, c, in.Since, replayLimit, from.Role == conversation.Agent)
	if err != nil {
		return Event{}, err
	}
	reads, err := s.Reads(ctx, c.ID)
	return Event{
		Type: "welcome", Conversation: c.ID, Seq: c.Seq, State: c.State, Agent: c.AgentID, Messages: messages, More: more,
		Reads: reads,
	}, err
}

// proved is the caller behind a connection: a guest's ticket proved one conversation, in which the secret is not sent
// again.
func (s *Service) proved(from Connection, conversationID string) Participant {
	who := from.Who()
	who.proved = from.Conversation
	if who.proved != conversationID {
		who.proved = ""
	}
	return who
}

// sendFrame sends a message by the socket, with the same rules as by HTTP.
func (s *Service) sendFrame(ctx context.Context, from Connection, in ClientFrame) (Event, error) {
	// HTTP routes have this from their schema; frames have none.
	if n := len(in.Message.ClientID); n < 8 || n > 64 {
		return Event{}, problem.InvalidField("/message/clientId", "wrong_format", "8 to 64 characters")
	}
	c, messages, err := s.Send(ctx, s.proved(from, in.Conversation), in.Conversation, in.Message)
	return Event{Type: "ack", Conversation: c.ID, ClientID: in.Message.ClientID, Seq: c.Seq, State: c.State,
		Messages: messages}, err
}
