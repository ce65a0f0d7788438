package service

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Lifetimes. API Gateway ends a connection after 2 hours, and after 10 minutes without a frame.
const (
	connectionLife = 2*time.Hour + 10*time.Minute
	ticketLife     = time.Minute
)

// Limits on connections.
const (
	framesPerWindow = 30 // frames of one connection in a window
	frameWindow     = 10 * time.Second
	// maxListeners bounds the connections of one conversation, and so the fan-out of one message.
	maxListeners = 20
	// maxInboxListeners bounds the agents who watch one team's queue.
	maxInboxListeners = 50
	// maxHellos bounds the conversations that one connection listens to.
	maxHellos = 30
)

// keyOfTicket is the key of a ticket. The secret is hashed, so that a copy of the table opens
// nothing.
func keyOfTicket(secret string) table.Key {
	return table.Key{PK: "TICKET#" + hash(secret), SK: "TICKET"}
}

// keyOfConnection is the key of a connection; what it listens to is in the same partition.
func keyOfConnection(id string) table.Key { return table.Key{PK: "CONN#" + id, SK: "CONN"} }

// keyOfPlace is the key of the note that a connection listens at a place.
func keyOfPlace(connection, place string) table.Key {
	return table.Key{PK: "CONN#" + connection, SK: "AT#" + place}
}

// keyOfListener is the key of a listener at a place, in the partition of the place.
func keyOfListener(place, connection string) table.Key {
	return table.Key{PK: "CHAT#" + place, SK: "CONN#" + connection}
}

// ticket proves at $connect who connects. It is used once.
type ticket struct {
	table.Key
	Role         conversation.Role `dynamodbav:"role"`
	ID           string            `dynamodbav:"id,omitempty"`
	Name         string            `dynamodbav:"name,omitempty"`
	Conversation string            `dynamodbav:"conversation,omitempty"` // the one conversation of a guest
	ExpiresAt    int64             `dynamodbav:"expiresAt"`
	TTL          int64             `dynamodbav:"ttl"`
	Used         bool              `dynamodbav:"used,omitempty"`
}

// Ticket makes a ticket for the caller: an agent, a customer, or a guest with the token of the conversation. 1-2 round
// trips. Errors: conversation_not_found.
func (s *Service) Ticket(ctx context.Context, who Participant, conversationID string) (secret string, expires time.Time,
	err error) {
	// A guest has no account that would prove anything later, so the token is asked for now.
	if who.ID == "" {
		if _, err := s.Load(ctx, who, conversationID); err != nil {
			return "", expires, err
		}
	}
	secret, expires = id.Secret(), s.Clock.Now().Add(ticketLife)
	t := ticket{
		Key: keyOfTicket(secret), Role: who.Role, ID: who.ID, Name: who.Name, ExpiresAt: expires.UnixMilli(),
		// An hour more than it is valid, so that a late use is refused and not unknown.
		TTL: expires.Add(time.Hour).Unix(),
	}
	if who.ID == "" {
		t.Conversation = conversationID
	}
	return secret, expires, s.Table.Put(ctx, table.Put{Item: t, If: table.IfNew})
}

// Admission is who a ticket let in.
type Admission struct {
	Role         conversation.Role
	ID, Name     string
	Conversation string
}

// Redeem uses a ticket up. 1 round trip. Errors: 401 invalid_ticket for one that is unknown, late or used.
func (s *Service) Redeem(ctx context.Context, secret string) (Admission, error) {
	refused := problem.Unauthorized("invalid_ticket", "The ticket is missing, late or used; get a new one.")
	// Nothing else can be a ticket, so nothing is read.
	if len(secret) != 32 {
		return Admission{}, refused
	}
	item, err := s.Table.Update(ctx, table.Update{
		Key: keyOfTicket(secret), Do: "SET #used = :yes",
		If:   "attribute_not_exists(#used) AND #expiresAt > :now", // once, and in time
		With: map[string]any{":yes": true, ":now": s.Clock.Now().UnixMilli()},
	})
	if _, failed := table.Failed(err); failed {
		return Admission{}, refused
	}
	if err != nil {
		return Admission{}, err
	}
	var t ticket
	if err := item.Decode(&t); err != nil {
		return Admission{}, err
	}
	return Admission{t.Role, t.ID, t.Name, t.Conversation}, nil
}

// Connection is an open socket.
type Connection struct {
	table.Key
	ID           string            `dynamodbav:"id"`
	Role         conversation.Role `dynamodbav:"role"`
	Subject      string            `dynamodbav:"subject,omitempty"`
	Name         string            `dynamodbav:"name,omitempty"`
	Conversation string            `dynamodbav:"conversation,omitempty"`
	ConnectedAt  time.Time         `dynamodbav:"connectedAt"`
	SeenAt       time.Time         `dynamodbav:"seenAt"`
	Window       int64             `dynamodbav:"window"`
	Frames       int               `dynamodbav:"frames"`
	Hellos       int               `dynamodbav:"hellos"`
	TTL          int64             `dynamodbav:"ttl"`
}

// Who is the caller behind the connection. A guest's conversation was proved when the ticket was made.
func (c Connection) Who() Participant {
	return Participant{Role: c.Role, ID: c.Subject, Name: c.Name, Connection: c.ID}
}

// Connect stores a connection that was let in. Nothing is sent to it: it is not open before $connect has answered. 1
// round trip.
func (s *Service) Connect(ctx context.Context, connectionID string, a Admission) error {
	now := s.Clock.Now()
	return s.Table.Put(ctx, table.Put{If: table.IfNew, Item: Connection{
		Key: keyOfConnection(connectionID), ID: connectionID, Role: a.Role, Subject: a.ID, Name: a.Name,
		Conversation: a.Conversation,
		ConnectedAt:  now, SeenAt: now, TTL: now.Add(connectionLife).Unix(),
	}})
}

// Frame counts a frame of a connection and returns the connection. 1 round trip, 1 WCU; 2 round trips at the beginning
// of a window, 3 where two frames begin it. Errors: 429 too_many_frames; 410 connection_unknown for one that was
// removed, which must connect again.
func (s *Service) Frame(ctx context.Context, connectionID string) (Connection, error) {
	now := s.Clock.Now()
	window := now.UnixMilli() / frameWindow.Milliseconds()
	count := table.Update{
		Key: keyOfConnection(connectionID), Do: "SET #seenAt = :now ADD #frames :one",
		If:   "#window = :window AND #frames < :most", // no frame beyond the limit
		With: map[string]any{":now": now, ":one": 1, ":window": window, ":most": framesPerWindow},
	}
	// The usual case first: one write within the window.
	item, err := s.Table.Update(ctx, count)
	failed, refused := table.Failed(err)
	// The condition found no item: the connection has ended.
	if refused && failed.Item == nil {
		return Connection{}, problem.New(410, "connection_unknown", "This connection is not known any more; connect again.")
	}
	// Either the limit is reached or a window has passed; the second condition tells which.
	if refused {
		item, err = s.Table.Update(ctx, table.Update{
			Key: keyOfConnection(connectionID), Do: "SET #seenAt = :now, #window = :window, #frames = :one",
			If:   "attribute_exists(#pk) AND #window <> :window", // a new window begins
			With: map[string]any{":now": now, ":one": 1, ":window": window},
		})
		// Another frame has begun the same window meanwhile: this one counts in it.
		if _, refused := table.Failed(err); refused {
			item, err = s.Table.Update(ctx, count)
		}
		if _, refused := table.Failed(err); refused {
			return Connection{}, problem.TooMany("too_many_frames", "At most %d frames in %d seconds.", framesPerWindow,
				int(frameWindow.Seconds()))
		}
	}
	var c Connection
	if err != nil {
		return c, err
	}
	return c, item.Decode(&c)
}

// listener is a connection that listens to a conversation, or to a team's queue.
type listener struct {
	table.Key
	Connection  string            `dynamodbav:"connection"`
	Role        conversation.Role `dynamodbav:"role"`
	ConnectedAt time.Time         `dynamodbav:"connectedAt"`
	TTL         int64             `dynamodbav:"ttl"`
}

// placeRecord says where a connection listens, so that its end removes it there.
type placeRecord struct {
	table.Key
	TTL int64 `dynamodbav:"ttl"`
}

// Hello lets a connection listen to a conversation that its owner may read. 3 round trips. Errors:
// conversation_not_found, too_many_connections.
func (s *Service) Hello(ctx context.Context, from Connection, conversationID string) (conversation.Conversation,
	error) {
	r, err := s.load(ctx, conversationID)
	if err != nil {
		return r.Conversation, err
	}
	// A guest's ticket has proved this conversation already.
	if from.Conversation != conversationID && !mayRead(r.Conversation, from.Who()) {
		return conversation.Conversation{}, NotFound()
	}
	return r.Conversation, s.listen(ctx, from, conversationID, maxListeners)
}

// HelloInbox lets an agent's connection listen to a team's queue.
func (s *Service) HelloInbox(ctx context.Context, from Connection, team string) error {
	if from.Role != conversation.Agent {
		return problem.Forbidden("not_allowed", "This is for the shop's agents.")
	}
	// A queue of a team that does not exist would never have anything.
	if _, err := s.Team(ctx, team); err != nil {
		return err
	}
	return s.listen(ctx, from, inboxPlace(team), maxInboxListeners)
}

// inboxPlace is the place of a team's queue.
func inboxPlace(team string) string { return "inbox-" + team }

// listen stores that a connection listens at a place, on both sides. 2 round trips.
func (s *Service) listen(ctx context.Context, from Connection, place string, most int) error {
	// One more than allowed tells whether the place is full.
	there, err := s.listeners(ctx, place, most+1)
	if err != nil {
		return err
	}
	known := false
	for _, l := range there {
		known = known || l.Connection == from.ID
	}
	if !known && (len(there) >= most || from.Hellos >= maxHellos) {
		return problem.TooMany("too_many_connections", "Too many connections listen here; close one.")
	}
	// Both sides in one transaction, so that the end of the connection finds every place.
	err = s.Table.Transact(ctx, id.New("hel", s.Clock.Now()),
		table.Update{
			Key: from.Key, Do: "ADD #hellos :one", If: table.IfExists, // a connection that was removed does not come back
			With: map[string]any{":one": 1},
		},
		// A second hello of the same connection writes the same items.
		table.Put{Item: placeRecord{Key: keyOfPlace(from.ID, place), TTL: from.TTL}},
		table.Put{Item: listener{
			Key: keyOfListener(place, from.ID), Connection: from.ID, Role: from.Role, ConnectedAt: from.ConnectedAt,
			TTL: from.TTL,
		}})
	if _, refused := table.Refused(err); refused {
		return problem.New(410, "connection_unknown", "This connection is not known any more; connect again.")
	}
	return err
}

// listeners are those who listen at a place and whose life is not over. 1 round trip.
func (s *Service) listeners(ctx context.Context, place string, most int) ([]listener, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :conn)", With: map[string]any{":pk": "CHAT#" + place, ":conn": "CONN#"},
		// Strongly consistent: whoever has just said hello must hear the next message.
		Limit: most, Strong: true,
	})
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now().Unix()
	var all []listener
	for _, item := range page.Items {
		var l listener
		if err := item.Decode(&l); err != nil {
			return nil, err
		}
		// DynamoDB deletes late, so expired ones are passed over.
		if l.TTL > now {
			all = append(all, l)
		}
	}
	return all, nil
}

// Disconnect removes a connection and everything it listens to. A connection that is not there is no error: $disconnect
// may come late, twice or never. 3 round trips for up to 24 places.
func (s *Service) Disconnect(ctx context.Context, connectionID string) error {
	var listening, own []table.Key
	err := s.Table.All(ctx, table.Query{Where: "#pk = :pk", With: map[string]any{":pk": keyOfConnection(connectionID).PK},
		Strong: true},
		func(item table.Item) error {
			// The place's partition has an item of this connection, too.
			if place, ok := strings.CutPrefix(item.Key().SK, "AT#"); ok {
				listening = append(listening, keyOfListener(place, connectionID))
			}
			own = append(own, item.Key())
			return nil
		})
	if err != nil {
		return err
	}
	// Every key names this connection, so nothing of another one is removed. What names the places goes last, so that a
	// failure on the way can be repeated.
	for _, keys := range [][]table.Key{listening, own} {
		if err := s.Table.BatchDelete(ctx, keys...); err != nil {
			return fmt.Errorf("disconnect: %w", err)
		}
	}
	return nil
}
