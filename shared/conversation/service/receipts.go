package service

import (
	"context"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Read is how far a side has the log: Seq is what was read, Delivered what has arrived on one of its screens.
type Read struct {
	Seq       int64     `dynamodbav:"seq" json:"seq"`
	Delivered int64     `dynamodbav:"delivered" json:"delivered" doc:"Arrived, perhaps not read."`
	At        time.Time `dynamodbav:"at" json:"at"`
}

type readRecord struct {
	table.Key
	Read
}

// read is the record as it is told: what was read has arrived, also when nobody said so.
func (r readRecord) read() Read {
	r.Delivered = max(r.Delivered, r.Seq)
	return r.Read
}

// MarkRead notes that the caller has read up to a number, which has then arrived too; never backwards, never beyond the
// log. It tells the other side. 2 round trips.
func (s *Service) MarkRead(ctx context.Context, who Participant, conversationID string,
	seq int64) (conversation.Conversation, error) {
	return s.receipt(ctx, who, conversationID, seq, table.Update{
		Do: "SET #seq = :seq, #at = :now, #delivered = if_not_exists(#delivered, :seq)",
		If: "attribute_not_exists(#pk) OR #seq < :seq", // never backwards
	})
}

// MarkDelivered notes that a screen of the caller has the log up to a number; what was read stays as it is. It tells
// the other side. 2 round trips.
func (s *Service) MarkDelivered(ctx context.Context, who Participant, conversationID string,
	seq int64) (conversation.Conversation, error) {
	return s.receipt(ctx, who, conversationID, seq, table.Update{
		Do:   "SET #delivered = :seq, #at = :now, #seq = if_not_exists(#seq, :none)",
		If:   "attribute_not_exists(#delivered) OR #delivered < :seq", // never backwards
		With: map[string]any{":none": 0},
	})
}

// receipt writes how far the caller's side is, and tells the other side. A receipt that is older than what is stored
// changes nothing: several screens of one side report in any order.
func (s *Service) receipt(ctx context.Context, who Participant, conversationID string, seq int64,
	u table.Update) (conversation.Conversation, error) {
	r, err := s.load(ctx, conversationID)
	if err != nil {
		return r.Conversation, err
	}
	if !mayRead(r.Conversation, who) {
		return conversation.Conversation{}, NotFound()
	}
	if seq < 1 || seq > r.Seq {
		return r.Conversation, problem.InvalidField("/seq", "invalid", "a sequence number of this conversation")
	}
	u.Key = table.Key{PK: "CHAT#" + conversationID, SK: "READ#" + string(who.Role)}
	with := map[string]any{":seq": seq, ":now": s.Clock.Now()}
	for name, value := range u.With {
		with[name] = value
	}
	u.With = with
	item, err := s.Table.Update(ctx, u)
	if _, refused := table.Failed(err); refused {
		return r.Conversation, nil
	}
	if err != nil {
		return r.Conversation, err
	}
	var now readRecord
	if err := item.Decode(&now); err != nil {
		return r.Conversation, err
	}
	s.tellReceipt(ctx, who, conversationID, now.read())
	return r.Conversation, nil
}

func (s *Service) tellReceipt(ctx context.Context, who Participant, conversationID string, read Read) {
	if s.Poster == nil {
		return
	}
	listening, err := s.listeners(ctx, conversationID, maxListeners)
	if err != nil {
		s.Log.WarnContext(ctx, "receipt", "error", err)
		return
	}
	e := Event{Type: "read", Conversation: conversationID, Role: who.Role,
		Reads: map[conversation.Role]Read{who.Role: read}}
	s.post(ctx, conversationID, listening, [][2]Event{{e, e}}, who.Connection)
}

// Reads says how far each side is. 1 round trip.
func (s *Service) Reads(ctx context.Context, conversationID string) (map[conversation.Role]Read, error) {
	reads := map[conversation.Role]Read{}
	err := s.Table.All(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :read)",
		With:  map[string]any{":pk": "CHAT#" + conversationID, ":read": "READ#"},
	}, func(item table.Item) error {
		var r readRecord
		if err := item.Decode(&r); err != nil {
			return err
		}
		reads[conversation.Role(r.SK[len("READ#"):])] = r.read()
		return nil
	})
	return reads, err
}
