package service

import (
	"context"
	"fmt"

	"dangol/shared/conversation"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Of lists the conversations of a customer, the newest 50, newest first. 2 round trips.
func (s *Service) Of(ctx context.Context, customerID string) ([]conversation.Conversation, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :chat)",
		// Ids sort by time, so backwards is newest first.
		With: map[string]any{":pk": "CUSTOMER#" + customerID, ":chat": "CHAT#"}, Limit: 50, Backwards: true,
	})
	if err != nil {
		return nil, err
	}
	keys := make([]table.Key, len(page.Items))
	for i, item := range page.Items {
		keys[i] = KeyOf(item.Key().SK[len("CHAT#"):])
	}
	return s.read(ctx, keys)
}

// read reads conversations by their keys, in the order of the keys; those that are gone are left out.
func (s *Service) read(ctx context.Context, keys []table.Key) ([]conversation.Conversation, error) {
	if len(keys) == 0 {
		return nil, nil
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

// ids lists the ids of all conversations of a customer, the oldest first. 1 round trip for some thousand.
func (s *Service) ids(ctx context.Context, customerID string) ([]string, error) {
	var all []string
	err := s.Table.All(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :chat)",
		With:  map[string]any{":pk": "CUSTOMER#" + customerID, ":chat": "CHAT#"}, Strong: true,
	}, func(item table.Item) error {
		all = append(all, item.Key().SK[len("CHAT#"):])
		return nil
	})
	return all, err
}

// Export is everything that is kept of a conversation with a customer.
type Export struct {
	Conversation conversation.Conversation `json:"conversation"`
	Messages     []Message                 `json:"messages"`
}

// ExportOf is everything that is kept of all conversations of a customer, what only the shop sees included.
func (s *Service) ExportOf(ctx context.Context, customerID string) ([]Export, error) {
	ids, err := s.ids(ctx, customerID)
	if err != nil {
		return nil, err
	}
	all := make([]Export, 0, len(ids))
	for _, one := range ids {
		r, err := s.load(ctx, one)
		// Erased since the list was read.
		if problem.Code(err) == "conversation_not_found" {
			continue
		}
		if err != nil {
			return nil, err
		}
		messages, err := s.replayAll(ctx, r.Conversation, 0, true)
		if err != nil {
			return nil, err
		}
		all = append(all, Export{Conversation: r.Conversation, Messages: messages})
	}
	return all, nil
}

// replayAll is the whole log after a number. 1 round trip for each 100 messages.
func (s *Service) replayAll(ctx context.Context, c conversation.Conversation, since int64, operator bool) ([]Message,
	error) {
	var all []Message
	for more := true; more; {
		var messages []Message
		var err error
		messages, more, err = s.Replay(ctx, c, since, 100, operator)
		if err != nil {
			return nil, err
		}
		// Nothing came although there should be more: the log was erased meanwhile.
		if len(messages) == 0 {
			break
		}
		all = append(all, messages...)
		since = messages[len(messages)-1].Seq
	}
	return all, nil
}

// EraseOf erases all conversations of a customer and returns how many there were. A failure on the way can be repeated.
func (s *Service) EraseOf(ctx context.Context, customerID string) (int, error) {
	ids, err := s.ids(ctx, customerID)
	for n, one := range ids {
		if err := s.Erase(ctx, one); err != nil {
			return n, err
		}
		// Also where the conversation itself was gone before.
		if err := s.Table.Delete(ctx, table.Delete{Key: keyOfPointer(customerID, one)}); err != nil {
			return n, err
		}
	}
	return len(ids), err
}

// eraseTries bounds how often erasing begins anew because somebody wrote meanwhile.
const eraseTries = 4

// Erase deletes a conversation and all that belongs to it, its files included. The conversation itself goes last, so
// that a failure on the way can be repeated. A message that comes in between is erased too. 3 round trips, and 1 for
// each 25 items. Errors: busy.
func (s *Service) Erase(ctx context.Context, conversationID string) error {
	gone := "" // an agent who was removed while the conversation was theirs
	for range eraseTries {
		r, err := s.load(ctx, conversationID)
		// Erased before.
		if problem.Code(err) == "conversation_not_found" {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.eraseParts(ctx, r); err != nil {
			return err
		}
		counter := holders(holder(r.Conversation, gone), "")
		// Conversation and counter in one transaction, so that the agent's number stays right.
		writes := append([]table.Write{table.Delete{
			Key: r.Key, If: "#version = :version", // nobody wrote since its parts were deleted
			With: map[string]any{":version": r.Version},
		}}, counter...)
		// The customer's list goes with it and not before: by the list it is found when this has to be repeated. It has no
		// condition, because it belongs to this conversation alone.
		if r.CustomerID != "" {
			writes = append(writes, table.Delete{Key: keyOfPointer(r.CustomerID, r.ID)})
		}
		err = s.Table.Transact(ctx, id.New("era", s.Clock.Now()), writes...)
		canceled, refused := table.Refused(err)
		if !refused {
			return err
		}
		if len(counter) > 0 && canceled.Refused(1) {
			gone = r.Holder()
		}
	}
	return problem.Busy(fmt.Errorf("erase %s: %d tries", conversationID, eraseTries))
}

// eraseParts deletes everything of a conversation but its head and its line in the customer's list.
func (s *Service) eraseParts(ctx context.Context, r record) error {
	var keys []table.Key
	var files []string
	err := s.Table.All(ctx, table.Query{Where: "#pk = :pk", With: map[string]any{":pk": r.PK}, Strong: true},
		func(item table.Item) error {
			if item.Key().SK == r.SK {
				return nil
			}
			keys = append(keys, item.Key())
			var m Message
			if err := item.Decode(&m); err != nil {
				return err
			}
			for _, a := range m.Attachments {
				files = append(files, a.Key)
			}
			return nil
		})
	if err != nil {
		return err
	}
	// Before the messages that name them: what is not named any more would never be found again.
	if s.Files != nil && len(files) > 0 {
		if err := s.Files.Remove(ctx, files...); err != nil {
			return err
		}
	}
	// Each of these belongs to this conversation alone.
	return s.Table.BatchDelete(ctx, keys...)
}
