package conversation

import (
	"strings"
	"time"

	"dangol/shared/platform/problem"
	"dangol/shared/verification"
)

// UnreadAfter is how long after a person's message it is mailed to a shopper who has not read it.
const UnreadAfter = 5 * time.Minute

// ProvedEmail is the address of the shopper when it was proved to be theirs, "" when there is none: mails of the
// conversation go nowhere else.
func (c Conversation) ProvedEmail() string {
	if c.EmailProvedAt.IsZero() {
		return ""
	}
	return c.Email
}

// OpensMailbox reports whether the change to after lets mails go to an address that they could not go to before, while
// a person has written something: what was not read meanwhile is to be mailed there.
func (c Conversation) OpensMailbox(after Conversation) bool {
	to := after.ProvedEmail()
	return to != "" && !SameEmail(to, c.ProvedEmail()) && !after.FirstAnswerAt.IsZero()
}

// SameEmail reports whether two addresses are one mailbox as far as a shop can tell: letters count alike in either
// case.
func SameEmail(a, b string) bool { return a != "" && strings.EqualFold(a, b) }

// Leave notes the address at which the shopper can be answered. It is proved when it is the account's own or was proved
// before; else code is the one that is sent to it, and send is true. Errors: conversation_closed.
func (c Conversation) Leave(email, account, code string, at time.Time) (after Conversation, send bool, err error) {
	if c.State == Closed && !c.Reopens(at) {
		return c, false, closedProblem()
	}
	known := SameEmail(email, c.ProvedEmail())
	c.Email = email
	switch {
	case SameEmail(email, account):
		c.EmailProvedAt, c.EmailCheck = at, verification.Challenge{}
	case !known:
		c.EmailProvedAt, c.EmailCheck = time.Time{}, verification.New(code, c.ID+email, at)
		return c, true, nil
	}
	return c, false, nil
}

// ProveEmail checks the code that was sent to the address. The conversation is to be stored also with an error: a wrong
// code counts. Errors: address_missing; as verification.Challenge.Prove.
func (c Conversation) ProveEmail(code string, at time.Time) (Conversation, error) {
	if c.Email == "" {
		return c, problem.Conflict("address_missing", "Leave an address first.")
	}
	if !c.EmailProvedAt.IsZero() {
		return c, nil
	}
	check, err := c.EmailCheck.Prove(code, c.ID+c.Email, at)
	c.EmailCheck = check
	if err == nil {
		c.EmailProvedAt = at
	}
	return c, err
}

// notProved is the refusal to mail somebody whose address nobody has proved.
func notProved() error {
	return problem.Conflict("address_not_proved", "Mails go to a proved address only: leave one and enter its code.")
}

// Mailbox is where mails of the conversation go: the proved address, else the account's own, of a customer who is
// logged in. Errors: address_not_proved.
func (c Conversation) Mailbox(account string) (string, error) {
	if to := c.ProvedEmail(); to != "" {
		return to, nil
	}
	if account == "" {
		return "", notProved()
	}
	return account, nil
}
