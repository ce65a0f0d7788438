package service

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"dangol/shared/conversation"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Load reads a conversation that the caller may see. 1 round trip, 1 RCU. Errors: conversation_not_found.
func (s *Service) Load(ctx context.Context, who Participant, conversationID string) (conversation.Conversation, error) {
	r, err := s.load(ctx, conversationID)
	if err != nil {
		return r.Conversation, err
	}
	if !mayRead(r.Conversation, who) {
		return conversation.Conversation{}, NotFound()
	}
	return r.Conversation, nil
}

// mayRead reports whether the caller may read a conversation: agents any, customers their own, guests by their token.
func mayRead(c conversation.Conversation, who Participant) bool {
	switch {
	case who.Role == conversation.Agent:
		return true
	case who.ID != "" && who.ID == c.CustomerID, who.proved != "" && who.proved == c.ID:
		return true
	case who.Token != "" && c.TokenHash != "":
		return subtle.ConstantTimeCompare([]byte(hash(who.Token)), []byte(c.TokenHash)) == 1
	}
	return false
}

// load reads a conversation. An id of another form is not looked up.
func (s *Service) load(ctx context.Context, conversationID string) (record, error) {
	var r record
	if !id.Is(Prefix, conversationID) {
		return r, NotFound()
	}
	err := s.Table.Get(ctx, KeyOf(conversationID), &r)
	if errors.Is(err, table.ErrNotFound) {
		return r, NotFound()
	}
	return r, err
}

// draft is a message that a write is to add.
type draft struct {
	Message
	dedupe string // sender and client id, when a repetition must not add it again
}

// outcome is what a step decides: the conversation after it and the messages to add.
type outcome struct {
	after  conversation.Conversation
	drafts []draft
	writes []table.Write // of other items, in the same transaction
}

// step decides a change of the conversation that was read. It may be called again when another writer was first.
type step func(c conversation.Conversation) (outcome, error)

// result is a conversation after a change with the messages that were added. Where the messages had been sent before,
// they are as they were stored, and nothing was changed.
type result struct {
	c        conversation.Conversation
	added    []Message
	repeated bool
}

// change applies a step: the conversation, the messages with their sequence numbers and the agents' counters in one
// transaction. 2 round trips, 4 WCU and 2 more for each message. Errors: those of the step, agent_full, busy.
func (s *Service) change(ctx context.Context, conversationID string, do step) (done result, err error) {
	gone := "" // an agent who was removed while the conversation was theirs
	// Other writers are messages of the same conversation, which come in bursts.
	_, err = table.Modify(ctx, func(ctx context.Context, _ table.Item) (record, error) {
		r, err := s.load(ctx, conversationID)
		done = result{c: r.Conversation}
		return r, err
	}, func(ctx context.Context, r record) (record, error) {
		out, err := do(r.Conversation)
		if err != nil {
			return r, err
		}
		added, err := s.store(ctx, r, out, gone)
		if err == nil {
			out.after.Seq, out.after.Version = r.Seq+int64(len(added)), r.Version+1
			done = result{c: out.after, added: added}
			return r, nil
		}
		canceled, refused := table.Refused(err)
		if !refused {
			return r, err
		}
		// Looked at first: the same message may be why the write was refused.
		if repeated, err := s.repeated(ctx, out); repeated != nil || err != nil {
			done = result{c: r.Conversation, added: repeated, repeated: true}
			return r, err
		}
		before, after := out.holders(r.Conversation, gone)
		// An agent who was removed has no counter to take the conversation from; the conversation goes on without.
		if before > 0 && canceled.Refused(before) {
			gone = r.Holder()
			return r, table.Stale(err, nil)
		}
		if !canceled.Refused(0) && after > 0 && canceled.Refused(after) {
			return r, problem.Conflict("agent_full", "The agent has no room for another conversation.")
		}
		return r, table.Stale(err, nil)
	})
	return done, err
}

// store writes an outcome on a conversation that is still as it was read. gone is an agent who has no counter any more.
func (s *Service) store(ctx context.Context, before record, out outcome, gone string) ([]Message, error) {
	now := s.Clock.Now()
	after := out.after
	after.Version, after.Seq = before.Version+1, before.Seq+int64(len(out.drafts))
	preview := before.Preview
	// Notices and internal notes are not what the list should show.
	for _, d := range out.drafts {
		if !d.Internal && d.Notice == "" && d.Text != "" {
			preview = d.Text
		}
	}
	r := recordOf(after, preview)
	writes := []table.Write{table.Put{
		Item: r, If: "#version = :version", // no other writer was first
		With: map[string]any{":version": before.Version},
	}}
	messages := make([]Message, len(out.drafts))
	for i, d := range out.drafts {
		m := d.Message
		m.Conversation, m.Seq, m.At = after.ID, before.Seq+int64(i)+1, now
		m.Key = keyOfMessage(after.ID, m.Seq)
		messages[i] = m
		// A number is given once: two writers of one conversation cannot both get it.
		writes = append(writes, table.Put{Item: m, If: table.IfNew})
		if d.dedupe != "" {
			writes = append(writes, table.Put{If: table.IfNew, Item: sent{
				Key: keyOfSent(after.ID, d.dedupe, m.ClientID), Seq: m.Seq, TTL: now.Add(sentFor).Unix(),
			}})
		}
	}
	writes = append(writes, holders(holder(before.Conversation, gone), after.Holder())...)
	writes = append(writes, out.writes...)
	// A token of this write; a repetition by the SDK has the same.
	return messages, s.Table.Transact(ctx, id.New("cht", now), writes...)
}

// holders moves the counters of agents' conversations.
func holders(before, after string) []table.Write {
	if before == after {
		return nil
	}
	var writes []table.Write
	if before != "" {
		// An agent who was removed has no counter any more; the condition keeps one from coming back.
		writes = append(writes, table.Update{Key: keyOfAgent(before), Do: "ADD #active :less", If: table.IfExists,
			With: map[string]any{":less": -1}})
	}
	if after != "" {
		writes = append(writes, table.Update{
			// never above the limit, never to one who left
			Key: keyOfAgent(after), Do: "ADD #active :more", If: "#active < #limit AND #online = :yes",
			With: map[string]any{":more": 1, ":yes": true},
		})
	}
	return writes
}

// holder is the agent whose counter has to be moved; "" where there is none, or where it is gone.
func holder(c conversation.Conversation, gone string) string {
	if c.Holder() == gone {
		return ""
	}
	return c.Holder()
}

// holders are the positions in the transaction of the counters of the agent who had the conversation and of the one who
// gets it: after the conversation, and the messages with their ids. 0 where there is none.
func (out outcome) holders(c conversation.Conversation, gone string) (before, after int) {
	from, to := holder(c, gone), out.after.Holder()
	if from == to {
		return 0, 0
	}
	n := 1
	for _, d := range out.drafts {
		n++
		if d.dedupe != "" {
			n++
		}
	}
	if from != "" {
		before = n
		n++
	}
	if to != "" {
		after = n
	}
	return before, after
}

// repeated returns the message of an outcome that had been sent before; nil when there is none.
func (s *Service) repeated(ctx context.Context, out outcome) ([]Message, error) {
	for _, d := range out.drafts {
		if d.dedupe == "" {
			continue
		}
		var was sent
		err := s.Table.Get(ctx, keyOfSent(out.after.ID, d.dedupe, d.ClientID), &was)
		if errors.Is(err, table.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		var m Message
		if err := s.Table.Get(ctx, keyOfMessage(out.after.ID, was.Seq), &m); err != nil {
			return nil, fmt.Errorf("message %d of %s: %w", was.Seq, out.after.ID, err)
		}
		return []Message{m}, nil
	}
	return nil, nil
}

// notices turns a change's notices into messages.
func notices(change conversation.Change, team conversation.Team, name string) []draft {
	var drafts []draft
	for _, n := range change.Notices {
		c := change.Conversation
		drafts = append(drafts, draft{Message: noticed(n, team, c.Language, name)})
	}
	return drafts
}

// noticed is a notice as a message: its text in the conversation's language, and its words in every one.
func noticed(n conversation.Notice, team conversation.Team, language, name string) Message {
	words := map[string]string{}
	for _, l := range conversation.Languages {
		words[l] = n.Text(team, l, name)
	}
	return Message{Role: conversation.System, Notice: n.Code, Text: n.Text(team, language, name), Words: words}
}

// Replay lists the messages after a sequence number, in order, at most limit; more says whether there are further ones.
// 1 round trip, 0.5 RCU per 4 KB, consistent with what was acknowledged.
func (s *Service) Replay(ctx context.Context, c conversation.Conversation, since int64, limit int,
	operator bool) (messages []Message, more bool, err error) {
	// since 0 is the whole log.
	if since < 0 || since > c.Seq {
		return nil, false, nil // a number that was never given: nothing follows it
	}
	page, err := s.Table.Query(ctx, table.Query{
		Where: "#pk = :pk AND #sk BETWEEN :from AND :to", Limit: limit, Strong: true,
		// Up to the last number that twelve digits can have.
		With: map[string]any{":pk": "CHAT#" + c.ID, ":from": keyOfMessage(c.ID, since+1).SK, ":to": "MSG#999999999999"},
	})
	if err != nil {
		return nil, false, err
	}
	for _, item := range page.Items {
		var m Message
		if err := item.Decode(&m); err != nil {
			return nil, false, err
		}
		messages = append(messages, m.shown(operator))
	}
	return messages, page.Next != "", nil
}
