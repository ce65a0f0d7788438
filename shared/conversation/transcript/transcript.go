// Package transcript reads the log of a conversation for those who mail it. It reads the items that package
// conversation/service stores, and nothing that shoppers may not see.
package transcript

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/platform/table"
)

// Most is how many messages a mail has; of a longer conversation the last ones.
const Most = 300

// Line is one message as it is mailed.
type Line struct {
	Seq   int64
	Role  conversation.Role
	Name  string // of an agent
	Text  string
	Files []string // names of attachments
	At    time.Time
}

// item is a message as far as a mail shows it.
type item struct {
	Seq         int64             `dynamodbav:"seq"`
	Role        conversation.Role `dynamodbav:"role"`
	Name        string            `dynamodbav:"name"`
	Text        string            `dynamodbav:"text"`
	Internal    bool              `dynamodbav:"internal"`
	At          time.Time         `dynamodbav:"at"`
	Attachments []struct {
		Name string `dynamodbav:"name"`
	} `dynamodbav:"attachments"`
}

// Read returns the messages from a number to another one, in order, and how many earlier ones were left out. A
// conversation that was erased has none. 2 round trips for some hundred messages.
func Read(ctx context.Context, t *table.Table, conversationID string, from, to int64) (lines []Line, left int,
	err error) {
	head := struct {
		ID string `dynamodbav:"id"`
	}{}
	// Asked first: erasing deletes the messages one by one, and the conversation last.
	err = t.Get(ctx, table.Key{PK: "CHAT#" + conversationID, SK: "CHAT"}, &head)
	if errors.Is(err, table.ErrNotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	err = t.All(ctx, table.Query{
		Where: "#pk = :pk AND #sk BETWEEN :from AND :to", Strong: true,
		With: map[string]any{":pk": "CHAT#" + conversationID, ":from": number(from), ":to": number(to)},
	}, func(found table.Item) error {
		var m item
		if err := found.Decode(&m); err != nil {
			return err
		}
		// Notes are for the shop; a button that was pressed has no text.
		if m.Internal || m.Text == "" && len(m.Attachments) == 0 {
			return nil
		}
		line := Line{Seq: m.Seq, Role: m.Role, Text: m.Text, At: m.At}
		if m.Role == conversation.Agent {
			line.Name = m.Name
		}
		for _, a := range m.Attachments {
			line.Files = append(line.Files, a.Name)
		}
		lines = append(lines, line)
		return nil
	})
	left = max(0, len(lines)-Most)
	return lines[left:], left, err
}

// number is the sort key of a message: twelve digits, so that numbers sort as text.
func number(seq int64) string { return fmt.Sprintf("MSG#%012d", seq) }
