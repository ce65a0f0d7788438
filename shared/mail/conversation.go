package mail

import (
	"strings"
	"time"
)

// ConversationMail is a mail about a conversation with the shop: all of it, what a person wrote and was not read, or
// the code that proves the address.
type ConversationMail struct {
	Kind     string // transcript, messages, address_code
	Name     string // of the shopper; may be empty
	Code     string // of address_code
	Messages []ConversationMessage
	Left     int  // messages before the first one that are not in the mail
	Answer   bool // the reader can answer by replying
}

// ConversationMessage is one message of a conversation.
type ConversationMessage struct {
	Who   string // shopper, bot, agent or system: a key under conversation_words
	Name  string // of a person of the shop; may be empty
	Text  string
	Files []string // names of what came with it
	At    time.Time
}

// The kinds of ConversationMail.
const (
	conversationCode = "address_code"
)

// Template is "conversation".
func (ConversationMail) Template() string { return "conversation" }

func (c ConversationMail) missing() []string {
	var missing []string
	if c.Kind == "" || !known(c.TextKey("title")) {
		missing = append(missing, "kind")
	}
	if c.Kind == conversationCode {
		return append(missing, need(field{"code", c.Code})...)
	}
	if len(c.Messages) == 0 {
		missing = append(missing, "messages")
	}
	for _, m := range c.Messages {
		if !known(m.WhoKey()) || m.At.IsZero() || m.Text == "" && len(m.Files) == 0 {
			missing = append(missing, "messages")
			break
		}
	}
	return missing
}

// TextKey is the key of a text of the mail: title or text.
func (c ConversationMail) TextKey(part string) string {
	return "conversation_mails." + c.Kind + "." + part
}

// WhoKey is the key of who wrote a message.
func (m ConversationMessage) WhoKey() string { return "conversation_words." + m.Who }

// Paragraphs are the lines of the message, without empty ones.
func (m ConversationMessage) Paragraphs() []string {
	return strings.FieldsFunc(m.Text, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' })
}
