// Package service stores conversations and carries out what package conversation decides.
//
// The log is the truth: a message gets its sequence number in the transaction that stores it, a client message id makes
// sending idempotent, and a replay from a sequence number is exact. Sockets only carry hints of what the log has:
// whoever misses one asks the log.
//
// Items in the table Care: CHAT#<id>/CHAT the conversation, /MSG#<seq> its messages, /SENT#<sender>#<client id> what
// was sent, /READ#<role> how far each side has read, /CONN#<connection> who listens, /MAIL#<kind>#<key> a mail that was
// asked for, /UNREAD the timer that mails what was not read; CONN#<connection>/CONN the connection;
// TICKET#<hash>/TICKET a ticket; AGENT#<id>/AGENT an agent; TEAM#<id>/TEAM a team; CANNED/<id> a canned answer;
// CUSTOMER#<id>/CHAT#<id> the customer's conversations.
package service

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"dangol/shared/conversation"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// Prefix of conversation ids.
const Prefix = "chat"

// TimerKind is the kind of job in the due index that rings a conversation's timer.
const TimerKind = "conversation"

// Places in the lists.
const (
	inboxList = "INBOX#" // <team>: open conversations by priority and age
	monthList = "CHATS#" // <month>: all conversations by when they began
	agentList = "AGENTS"
	teamList  = "TEAMS"
)

// monthForm is how a month stands in the key of its list. A list of a month takes 1,000 changes of conversations a
// second, and a report of a quarter reads four of them.
const monthForm = "2006-01"

// record is a conversation as stored, with its places in the lists and its timer.
type record struct {
	table.Key
	due.Due
	conversation.Conversation
	InboxPK string                           `dynamodbav:"gsi1pk,omitempty"`
	InboxSK string                           `dynamodbav:"gsi1sk,omitempty"`
	MonthPK string                           `dynamodbav:"gsi2pk,omitempty"`
	MonthSK string                           `dynamodbav:"gsi2sk,omitempty"`
	Card    conversation.ConversationSummary `dynamodbav:"card"`
	Preview string                           `dynamodbav:"preview,omitempty"`
}

// KeyOf is the key of a conversation.
func KeyOf(id string) table.Key { return table.Key{PK: "CHAT#" + id, SK: "CHAT"} }

// keyOfMessage is the key of a message. Twelve digits, so that numbers sort as text.
func keyOfMessage(id string, seq int64) table.Key {
	return table.Key{PK: "CHAT#" + id, SK: fmt.Sprintf("MSG#%012d", seq)}
}

// keyOfSent is the key under which a client's own id of a message is remembered.
func keyOfSent(id, sender, clientID string) table.Key {
	return table.Key{PK: "CHAT#" + id, SK: "SENT#" + sender + "#" + clientID}
}

// keyOfPointer is the key of a conversation in the list of its customer.
func keyOfPointer(customerID, id string) table.Key {
	return table.Key{PK: "CUSTOMER#" + customerID, SK: "CHAT#" + id}
}

// recordOf places a conversation.
func recordOf(c conversation.Conversation, preview string) record {
	r := record{Key: KeyOf(c.ID), Due: due.On(TimerKind, c.ID, c.TimerAt), Conversation: c, Card: c.Card(preview),
		Preview: preview}
	if c.State != conversation.Closed {
		r.InboxPK = inboxList + c.Team
		// 9 less the priority, so that the most urgent sort first; then those that wait longest.
		r.InboxSK = fmt.Sprintf("%s#%d#%s#%s", c.State, 9-c.Priority, c.LastAt.UTC().Format(time.RFC3339), c.ID)
	}
	r.MonthPK = monthList + c.CreatedAt.UTC().Format(monthForm)
	r.MonthSK = c.CreatedAt.UTC().Format(time.RFC3339) + "#" + c.ID
	return r
}

// Message is one message of a log.
type Message struct {
	table.Key    `json:"-"`
	Conversation string            `dynamodbav:"conversation" json:"conversationId"`
	Seq          int64             `dynamodbav:"seq" json:"seq"`
	ClientID     string            `dynamodbav:"clientId,omitempty" json:"clientId,omitempty"`
	Role         conversation.Role `dynamodbav:"role" json:"role"`
	AuthorID     string            `dynamodbav:"authorId,omitempty" json:"-"`
	Name         string            `dynamodbav:"name,omitempty" json:"name,omitempty"`
	Text         string            `dynamodbav:"text" json:"text"`
	// Words is what a notice says in each language of the shop; Text is in the conversation's, which not all agents read.
	Words       map[string]string       `dynamodbav:"words,omitempty" json:"words,omitempty"`
	Spans       []conversation.Span     `dynamodbav:"-" json:"spans,omitempty"`
	Pressed     string                  `dynamodbav:"pressed,omitempty" json:"-"`
	Buttons     []conversation.Button   `dynamodbav:"buttons,omitempty" json:"buttons,omitempty"`
	Attachments []Attachment            `dynamodbav:"attachments,omitempty" json:"attachments,omitempty"`
	Notice      conversation.NoticeCode `dynamodbav:"notice,omitempty" json:"notice,omitempty"`
	Entry       string                  `dynamodbav:"entry,omitempty" json:"faqEntry,omitempty"`
	Masked      []conversation.Masked   `dynamodbav:"masked,omitempty" json:"masked,omitempty"`
	Internal    bool                    `dynamodbav:"internal,omitempty" json:"internal,omitempty"`
	// Hidden marks a message that the reader may not see: its number is there so that the log has no gap, its content is
	// not.
	Hidden bool      `dynamodbav:"-" json:"hidden,omitempty"`
	At     time.Time `dynamodbav:"at" json:"at"`
}

// Attachment is a file of a message. It is downloaded by a link that is made when it is asked for.
type Attachment struct {
	Key  string `dynamodbav:"key" json:"key" maxLength:"200"`
	Name string `dynamodbav:"name" json:"name" maxLength:"120"`
	Type string `dynamodbav:"type" json:"type" maxLength:"80"`
	Size int64  `dynamodbav:"size" json:"size"`
	URL  string `dynamodbav:"-" json:"url,omitempty" readOnly:"true"`
}

// shown is the message as somebody may see it.
func (m Message) shown(operator bool) Message {
	// The number stays, because clients look for gaps.
	if m.Internal && !operator {
		return Message{Conversation: m.Conversation, Seq: m.Seq, Hidden: true, Role: conversation.System, At: m.At}
	}
	m.Spans = conversation.Spans(m.Text)
	return m
}

// sent remembers a message by its sender's own id for it.
type sent struct {
	table.Key
	Seq int64 `dynamodbav:"seq"`
	TTL int64 `dynamodbav:"ttl"`
}

// sentFor is how long a client's message id is remembered: longer than any client keeps an unsent message.
const sentFor = 30 * 24 * time.Hour

// hash is what is stored of a secret.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
