package service

import (
	"context"
	"strings"

	"dangol/shared/conversation"
	"dangol/shared/platform/table"
)

// Canned is an answer that agents reuse. {name} and {agent} are filled in by the page.
type Canned struct {
	ID       string `dynamodbav:"id" json:"id"`
	Title    string `dynamodbav:"title" json:"title"`
	Language string `dynamodbav:"language" json:"language"`
	Text     string `dynamodbav:"text" json:"text"`
}

// cannedPK is the partition of all canned answers; there are few, and they are read together.
const cannedPK = "CANNED"

// cannedRecord is a canned answer as stored.
type cannedRecord struct {
	table.Key
	Canned
}

// CannedAnswers lists the canned answers. 1 round trip.
func (s *Service) CannedAnswers(ctx context.Context) ([]Canned, error) {
	all := []Canned{}
	err := s.Table.All(ctx, table.Query{Where: "#pk = :pk", With: map[string]any{":pk": cannedPK}, Strong: true},
		func(item table.Item) error {
			var r cannedRecord
			if err := item.Decode(&r); err != nil {
				return err
			}
			all = append(all, r.Canned)
			return nil
		})
	return all, err
}

// SetCanned writes a canned answer. Of two who write at once the last one stays: it is a text, and both see it.
func (s *Service) SetCanned(ctx context.Context, c Canned) error {
	if err := conversation.CheckCanned(c.Title, c.Language, c.Text); err != nil {
		return err
	}
	return s.Table.Put(ctx, table.Put{Item: cannedRecord{table.Key{PK: cannedPK, SK: c.ID}, c}})
}

// RemoveCanned deletes a canned answer; one that is not there is no error.
func (s *Service) RemoveCanned(ctx context.Context, id string) error {
	return s.Table.Delete(ctx, table.Delete{Key: table.Key{PK: cannedPK, SK: id}})
}

// summaryMessages is how many of the shopper's messages a summary has.
const summaryMessages = 5

// Summary is what the shopper wrote last before a person took over, for the agent to read first. 1 round trip.
func (s *Service) Summary(ctx context.Context, c conversation.Conversation) (string, error) {
	// Forty messages back are enough to find five of the shopper's.
	messages, _, err := s.Replay(ctx, c, max(0, c.Seq-40), 40, true)
	if err != nil {
		return "", err
	}
	var lines []string
	for _, m := range messages {
		if m.Role == conversation.Shopper && m.Text != "" {
			lines = append(lines, m.Text)
		}
	}
	return strings.Join(lines[max(0, len(lines)-summaryMessages):], "\n"), nil
}
