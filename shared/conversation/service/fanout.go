package service

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"dangol/shared/conversation"
)

// Poster sends a frame to a connection: API Gateway's management API.
type Poster interface {
	// Post sends data. Errors carry their HTTP status in a *PostError.
	Post(ctx context.Context, connectionID string, data []byte) error
}

// PostError is a frame that was not delivered.
type PostError struct {
	Status int
	Err    error
}

// Error names the status, for the log.
func (e *PostError) Error() string { return "post to connection: " + http.StatusText(e.Status) }

// Unwrap gives the cause to those who look for it.
func (e *PostError) Unwrap() error { return e.Err }

// Frame sizes and times.
const (
	// maxFrame is what API Gateway takes in one frame; larger messages are asked for over HTTP.
	maxFrame = 32 << 10
	// settling is how old a connection must be before a 410 counts as its end: a connection that is still being set up
	// answers 410 too.
	settling = 10 * time.Second
	// postTime bounds one fan-out.
	postTime = 3 * time.Second
	// parallel posts of one fan-out.
	parallel = 8
)

// Event is a frame from the server.
type Event struct {
	Type         string `json:"type"`
	Conversation string `json:"conversationId,omitempty"`
	// number of the conversation's last message: whoever has fewer asks
	Seq      int64                             `json:"seq,omitempty"`
	Message  *Message                          `json:"message,omitempty"`
	Messages []Message                         `json:"messages,omitempty"`
	More     bool                              `json:"more,omitempty"`
	State    conversation.State                `json:"state,omitempty"`
	Agent    string                            `json:"agent,omitempty"`
	Role     conversation.Role                 `json:"role,omitempty"`
	Name     string                            `json:"name,omitempty"`
	Card     *conversation.ConversationSummary `json:"card,omitempty"`
	Code     string                            `json:"code,omitempty"`
	Detail   string                            `json:"detail,omitempty"`
	// Words is what to tell a person about Code, in each language of the shop.
	Words     map[string]string          `json:"words,omitempty"`
	ClientID  string                     `json:"clientId,omitempty"`
	Reads     map[conversation.Role]Read `json:"reads,omitempty"`
	Reconnect bool                       `json:"reconnect,omitempty"`
}

// tell sends the news of a conversation to everyone who listens to it, and to the team's queue. It is a hint: what
// cannot be delivered is in the log.
func (s *Service) tell(ctx context.Context, c conversation.Conversation, added []Message, except string) {
	// Without sockets, as in tests and imports, everybody asks the log.
	if s.Poster == nil {
		return
	}
	listening, err := s.listeners(ctx, c.ID, maxListeners)
	if err != nil {
		s.Log.WarnContext(ctx, "fan-out", "error", err)
		return
	}
	// Agents see internal notes; shoppers see only that there is a message.
	frames := make([][2]Event, 0, len(added)+1) // for shoppers, for agents
	for _, m := range added {
		forShopper, forAgent := m.shown(false), m.shown(true)
		e := Event{Type: "message", Conversation: c.ID, Seq: c.Seq}
		shopper, agent := e, e
		shopper.Message, agent.Message = &forShopper, &forAgent
		frames = append(frames, [2]Event{shopper, agent})
	}
	// Last, so that a client that shows the state has the messages that led to it.
	state := Event{Type: "state", Conversation: c.ID, Seq: c.Seq, State: c.State, Agent: c.AgentID}
	frames = append(frames, [2]Event{state, state})
	s.post(ctx, c.ID, listening, frames, except)
	s.tellInbox(ctx, c)
}

// tellInbox tells the agents who watch the team's queue that a conversation changed.
func (s *Service) tellInbox(ctx context.Context, c conversation.Conversation) {
	// A conversation with the bot is in nobody's queue.
	if c.State == conversation.WithBot {
		return
	}
	agents, err := s.listeners(ctx, inboxPlace(c.Team), maxInboxListeners)
	if err != nil || len(agents) == 0 {
		return
	}
	card := c.Card("")
	e := Event{Type: "inbox", Conversation: c.ID, Card: &card}
	s.post(ctx, inboxPlace(c.Team), agents, [][2]Event{{e, e}}, "")
}

// Signal tells the others in a conversation something that is not stored, such as typing; what is internal only the
// agents among them.
func (s *Service) Signal(ctx context.Context, from Connection, conversationID string, e Event, internal bool) error {
	listening, err := s.listeners(ctx, conversationID, maxListeners)
	if err != nil {
		return err
	}
	mine := false
	for _, l := range listening {
		mine = mine || l.Connection == from.ID
	}
	if !mine {
		return NotFound() // only who said hello may signal
	}
	if internal {
		listening = slices.DeleteFunc(listening, func(l listener) bool { return l.Role != conversation.Agent })
	}
	s.post(ctx, conversationID, listening, [][2]Event{{e, e}}, from.ID)
	return nil
}

// post sends frames to listeners, each listener's in order and a few listeners at a time. After a 429 the rest of the
// fan-out is left: the clients ask the log.
func (s *Service) post(ctx context.Context, place string, to []listener, frames [][2]Event, except string) {
	// A context of its own: the message is stored, and those who listen should hear of it although
	// the caller has gone.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postTime)
	defer cancel()
	// Encoded once for each side, not once for each listener.
	var encoded [2][][]byte
	for _, f := range frames {
		for i := range encoded {
			encoded[i] = append(encoded[i], encode(f[i]))
		}
	}
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for _, l := range to {
		if l.Connection == except {
			continue
		}
		// Waits for a free slot, so that a slow listener does not stop the others.
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			mine := encoded[0]
			if l.Role == conversation.Agent {
				mine = encoded[1]
			}
			for _, data := range mine {
				// After a failure the rest of this listener's frames is left, because they would
				// come out of order.
				if err := s.Poster.Post(ctx, l.Connection, data); err != nil {
					if s.undelivered(ctx, place, l, err) {
						cancel()
					}
					return
				}
			}
		})
	}
	all.Wait()
}

// undelivered handles a frame that was not delivered, and reports whether the fan-out must stop. Only the connection
// that is gone is removed, and only where it has been open long enough for a 410 to mean that.
func (s *Service) undelivered(ctx context.Context, place string, l listener, err error) (stop bool) {
	failed, ok := errors.AsType[*PostError](err)
	if !ok {
		s.Log.WarnContext(ctx, "post", "error", err)
		return false
	}
	s.signal(metricUndelivered)
	switch failed.Status {
	case http.StatusGone:
		if s.LeaveConnections || s.Clock.Now().Sub(l.ConnectedAt) < settling {
			return false
		}
		if err := s.Disconnect(context.WithoutCancel(ctx), l.Connection); err != nil {
			s.Log.WarnContext(ctx, "disconnect", "place", place, "error", err)
		}
	// API Gateway asks for patience with all connections of the stage.
	case http.StatusTooManyRequests:
		return true
	// The role is wrong, so every frame would be refused.
	case http.StatusForbidden:
		s.signal(metricRefused)
		s.Log.ErrorContext(ctx, "post refused: execute-api:ManageConnections is missing", "error", err)
		return true
	default:
		s.Log.WarnContext(ctx, "post", "status", failed.Status, "error", err)
	}
	return false
}

// encode is a frame as bytes. A message that does not fit is replaced by its number: the client asks for it over HTTP.
func encode(e Event) []byte {
	data, err := json.Marshal(e)
	if err == nil && len(data) <= maxFrame {
		return data
	}
	// Short enough in any case.
	short, _ := json.Marshal(Event{Type: "resync", Conversation: e.Conversation, Seq: e.Seq})
	return short
}
