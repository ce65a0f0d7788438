// Package mail writes the shop's transactional mails and hands them to Amazon SES: a Message with a text and an HTML
// body, templates in Korean and English, a Sender whose errors say whether the message may have gone out.
//
// It is the one package that may use text/template and html/template: they turn the linker's dead-code elimination off,
// so only the functions that write mails link it: mailer and account-messages.
//
// A mail is a Content, one type per template. A Content that lacks what its template needs is an error and never a mail
// with a hole in it. Whatever people typed (names, product titles, options) is escaped in HTML and kept on one line in
// text, so nobody writes themselves into our mails.
package mail

import (
	"fmt"
	"strings"
	"unicode"

	"dangol/shared/mail/address"
)

// Message is a mail ready to be sent.
type Message struct {
	To      string // one address
	Subject string
	Text    string
	HTML    string
	// ReplyTo is where an answer goes; empty for the shop's own address.
	ReplyTo string
	// Tags come back in every SES event about the message: ASCII letters, digits, _ and - only, at most 256 characters.
	Tags map[string]string
	// Unsubscribe is the address that ends such mails at once by a POST (RFC 8058), with the token in it. Transactional
	// mails leave it empty.
	Unsubscribe string
	// FeedbackID names campaign, topic and kind of a marketing mail for Gmail's Postmaster Tools (Feedback-ID header).
	// Empty for none.
	FeedbackID string
}

// maxTag is the longest tag name or value (SES API, MessageTag).
const maxTag = 256

// check refuses what SES would refuse, and what would let text from outside become a header.
func (m Message) check() error {
	if _, err := Address(m.To); err != nil {
		return err
	}
	if m.ReplyTo != "" {
		if _, err := Address(m.ReplyTo); err != nil {
			return err
		}
	}
	if m.Subject == "" || m.Text == "" || m.HTML == "" {
		return fmt.Errorf("%w: subject, text or HTML is empty", ErrRejected)
	}
	if strings.ContainsFunc(m.Subject+m.Unsubscribe+m.FeedbackID, unicode.IsControl) {
		return fmt.Errorf("%w: control character in a header", ErrRejected)
	}
	for name, value := range m.Tags {
		if !tagged(name) || !tagged(value) {
			return fmt.Errorf("%w: tag %q=%q", ErrRejected, name, value)
		}
	}
	return nil
}

func tagged(s string) bool {
	return s != "" && len(s) <= maxTag && strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
}

// Address returns the bare address of s, which may have a name around it. Error: ErrRejected.
func Address(s string) (string, error) {
	a, err := address.Parse(s)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRejected, err)
	}
	return a, nil
}
