// Package replyaddress makes and reads the addresses at which replies to mails of a conversation arrive. An address
// names the conversation and is signed for the one person whom the mail went to, so it cannot be guessed, and what
// others send to it is not taken for theirs.
package replyaddress

import (
	"errors"
	"strings"

	"dangol/shared/mail/address"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/id"
)

// prefix begins the local part; idPrefix is that of conversations' ids, which the address leaves out: a local part has
// 64 characters at most (RFC 5321 4.5.3.1.1).
const (
	prefix   = "chat."
	idPrefix = "chat"
)

// ErrNotOurs says that an address was not made by this shop.
var ErrNotOurs = errors.New("replyaddress: not an address of a conversation")

// For is the address at a domain for replies of a person to a conversation. email is where the mail goes.
func For(signer *tracking.Signer, domain, conversationID, email string) string {
	rest := strings.TrimPrefix(conversationID, idPrefix+"_")
	return prefix + rest + "." + signer.Short(tracking.Reply, conversationID, normal(email)) + "@" + domain
}

// Ref is what an address says: a conversation, and the token of a person that is still to be checked.
type Ref struct {
	ConversationID string
	token          string
}

// Parse reads an address at a domain. Mail programs change the case of addresses. Error: ErrNotOurs.
func Parse(domain, to string) (Ref, error) {
	bare, err := address.Parse(to)
	if err != nil {
		return Ref{}, ErrNotOurs
	}
	local, at, _ := strings.Cut(strings.ToLower(bare), "@")
	rest, ours := strings.CutPrefix(local, prefix)
	conversation, token, ok := strings.Cut(rest, ".")
	if !ours || !ok || at != strings.ToLower(domain) || !id.Is(idPrefix, idPrefix+"_"+conversation) {
		return Ref{}, ErrNotOurs
	}
	return Ref{idPrefix + "_" + conversation, token}, nil
}

// For reports whether the address was made for a person.
func (r Ref) For(signer *tracking.Signer, email string) bool {
	return email != "" && signer.VerifyShort(tracking.Reply, r.token, r.ConversationID, normal(email))
}

// normal is an address as it is compared.
func normal(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
