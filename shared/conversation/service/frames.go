package service

import (
	"context"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"dangol/shared/conversation"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
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
}

// Receive handles one frame and returns the answer to it. Bad frames are answered with an error; the connection stays.
func (s *Service) Receive(ctx context.Context, connectionID string, data []byte) []byte {
	from, err := s.Frame(ctx, connectionID)
	if err != nil {
		return s.failed(ctx, ClientFrame{}, err)
	}
	var in ClientFrame
	if !utf8.Valid(data) || json.Unmarshal(data, &in) != nil {
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
	return encode(Event{Type: "error", Conversation: in.Conversation, ClientID: in.Message.ClientID, Code: p.Code,
		Detail: p.Detail})
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
		return Event{Type: "ok"}, s.Signal(ctx, from, in.Conversation, e)
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

// Of lists the conversations of a customer, newest first. 2 round trips.
func (s *Service) Of(ctx context.Context, customerID string) ([]conversation.Conversation, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :chat)",
		// Ids sort by time, so backwards is newest first.
		With: map[string]any{":pk": "CUSTOMER#" + customerID, ":chat": "CHAT#"}, Limit: 50, Backwards: true,
	})
	if err != nil || len(page.Items) == 0 {
		return nil, err
	}
	keys := make([]table.Key, len(page.Items))
	for i, item := range page.Items {
		keys[i] = KeyOf(item.Key().SK[len("CHAT#"):])
	}
	found, err := s.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, err
	}
	var all []conversation.Conversation
	for _, key := range keys {
		var r record
		if item, ok := found[key]; ok {
			if err := item.Decode(&r); err != nil {
				return nil, err
			}
			all = append(all, r.Conversation)
		}
	}
	return all, nil
}

// Export is everything that is kept of a conversation with a customer.
type Export struct {
	Conversation conversation.Conversation `json:"conversation"`
	Messages     []Message                 `json:"messages"`
}

// ExportOf is everything that is kept of a customer's conversations, what only the shop sees included.
func (s *Service) ExportOf(ctx context.Context, customerID string) ([]Export, error) {
	conversations, err := s.Of(ctx, customerID)
	if err != nil {
		return nil, err
	}
	all := make([]Export, 0, len(conversations))
	for _, c := range conversations {
		e := Export{Conversation: c}
		for since, more := int64(0), true; more; {
			// Page by page until the log ends.
			var messages []Message
			messages, more, err = s.Replay(ctx, c, since, 100, true)
			if err != nil {
				return nil, err
			}
			e.Messages = append(e.Messages, messages...)
			// Nothing came although there should be more: the log was erased meanwhile.
			if len(messages) == 0 {
				break
			}
			since = messages[len(messages)-1].Seq
		}
		all = append(all, e)
	}
	return all, nil
}

// EraseOf erases a customer's conversations.
func (s *Service) EraseOf(ctx context.Context, customerID string) (int, error) {
	conversations, err := s.Of(ctx, customerID)
	for n, c := range conversations {
		if err := s.Erase(ctx, c.ID); err != nil {
			return n, err
		}
	}
	return len(conversations), err
}

// Erase deletes a conversation and all that belongs to it, the conversation itself last, so that a failure on the way
// can be repeated.
func (s *Service) Erase(ctx context.Context, conversationID string) error {
	r, err := s.load(ctx, conversationID)
	// Erased before.
	if p, ok := errors.AsType[*problem.Problem](err); ok && p.Status == 404 {
		return nil
	}
	if err != nil {
		return err
	}
	var keys []table.Key
	err = s.Table.All(ctx, table.Query{Where: "#pk = :pk", With: map[string]any{":pk": KeyOf(conversationID).PK}},
		func(item table.Item) error {
			if key := item.Key(); key.SK != "CHAT" {
				keys = append(keys, key)
			}
			return nil
		})
	if err != nil {
		return err
	}
	if r.CustomerID != "" {
		keys = append(keys, keyOfPointer(r.CustomerID, conversationID))
	}
	for _, key := range keys {
		// Each of these belongs to this conversation alone.
		if err := s.Table.Delete(ctx, table.Delete{Key: key}); err != nil {
			return err
		}
	}
	// not one that goes on
	writes := []table.Write{table.Delete{Key: r.Key, If: "#version = :version",
		With: map[string]any{":version": r.Version}}}
	// Conversation and counter in one transaction, so that the agent's number stays right.
	return s.Table.Transact(ctx, id.New("era", s.Clock.Now()), append(writes, holders(r.Holder(), "")...)...)
}
