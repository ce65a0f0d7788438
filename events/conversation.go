package events

// The kinds of mail about a conversation.
const (
	MailTranscript  = "transcript"   // the whole of it, as the shopper asked for
	MailMessages    = "messages"     // what a person of the shop wrote and the shopper has not read
	MailAddressCode = "address_code" // the code that proves the address
)

// ConversationMailRequested says that a mail about a conversation is to be sent to its shopper. The messages are not in
// it: who sends the mail reads them, so that nothing of a conversation that was erased is sent.
type ConversationMailRequested struct {
	ConversationID string `json:"conversationId"`
	Kind           string `json:"kind"` // transcript, messages, address_code
	Email          string `json:"email"`
	Language       string `json:"language"`
	Name           string `json:"name,omitempty"`
	// From and To are the numbers of the first and the last message in it.
	From int64  `json:"from,omitempty"`
	To   int64  `json:"to,omitempty"`
	Code string `json:"code,omitempty"` // good for ten minutes
}

// EventType is "conversation.mail_requested".
func (ConversationMailRequested) EventType() string { return "conversation.mail_requested" }
