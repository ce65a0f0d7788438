package inbound

import "dangol/shared/conversation"

// Action is what is done with a mail.
type Action string

// The actions.
const (
	Take   Action = "take"   // it is a message of the shopper
	Note   Action = "note"   // it is a note that only agents see: it may not be the shopper's
	Refuse Action = "refuse" // it is left
)

// Reason says why a mail is not a message of the shopper.
type Reason string

// The reasons.
const (
	Machine      Reason = "automatic"    // a machine sent it
	Spam         Reason = "spam"         // SES takes it for spam
	Virus        Reason = "virus"        // SES found a virus
	Empty        Reason = "empty"        // nothing is left without what it quotes
	ForgedToken  Reason = "token"        // its address was not made for the conversation's shopper
	OtherSender  Reason = "other_sender" // it comes from somebody else
	NotProved    Reason = "not_proved"   // the sender's domain does not stand behind it
	ShopperGone  Reason = "no_contact"   // the conversation has no proved address
	BlockedState Reason = "blocked"      // the conversation was ended because of its language
	ClosedState  Reason = "closed"       // it ended too long ago
)

// Decide says what is done with a mail to a conversation whose shopper has a proved address. valid says that the
// address it was sent to was made for that person.
func Decide(m Mail, contact string, valid bool) (Action, Reason) {
	switch {
	// First of all: an answer to a machine, or a note about each of its mails, would go on without end.
	case m.Automatic != "":
		return Refuse, Machine
	case m.Sent.Virus == Fail:
		return Refuse, Virus
	case m.Sent.Spam == Fail:
		return Refuse, Spam
	case contact == "":
		return Refuse, ShopperGone
	case !valid:
		return Refuse, ForgedToken
	case m.Text == "" && len(m.Files) == 0 && len(m.LeftOut) == 0:
		return Refuse, Empty
	// Who has the address was sent the mail, or was handed it on: agents should know, and nobody is taken for another.
	case !conversation.SameEmail(m.From, contact):
		return Note, OtherSender
	case !m.Sent.Proved():
		return Note, NotProved
	}
	return Take, ""
}
