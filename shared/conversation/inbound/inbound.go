// Package inbound reads mails that people send as replies to mails of a conversation: what they wrote, without what
// their program quoted and without signatures; what they attached; whether a machine sent it; and what SES found out
// about its sender. The functions are pure.
package inbound

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/jhillyerd/enmime/v2"

	"dangol/shared/conversation"
	"dangol/shared/mail/address"
)

// MaxSize is the largest mail that is read, in bytes. SES takes 40 MB.
const MaxSize = 25 << 20

// Limits of attachments: those of a message in the chat.
const (
	maxFiles = 5
	maxName  = 120 // of a file, in characters
	// maxNames is how many names of files that are not taken stand in the text.
	maxNames = 10
	// logo is the size below which a picture that the HTML shows is taken for a part of the signature.
	logo = 20 << 10
)

// ErrUnreadable says that a mail cannot be read at all.
var ErrUnreadable = errors.New("inbound: no readable mail")

// Mail is a mail as it is taken.
type Mail struct {
	ID      string   // what makes it one mail: its Message-ID, or a hash of it where it has none
	From    string   // the bare address in the From header; empty when there is not exactly one
	To      []string // bare addresses that it was sent to
	Text    string   // what its sender wrote
	Files   []File
	LeftOut []string // names of attachments that are not taken
	Sent    Verdicts
	// Automatic says how it is known that no person sent it; empty when one did.
	Automatic string
}

// File is an attachment that is taken.
type File struct {
	Name, Type string
	Content    []byte
}

// Read reads a mail as SES stored it. Errors: ErrUnreadable.
func Read(raw []byte) (Mail, error) {
	read, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		return Mail{}, fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	m := Mail{ID: identity(read.GetHeader("Message-ID"), raw), From: sender(read), To: recipients(read)}
	m.Sent = verdicts(read.Root.Header, m.From)
	m.Automatic = automatic(read)
	m.Text = Written(text(read))
	m.files(read)
	return m, nil
}

// identity is the same for a mail that is delivered again.
func identity(messageID string, raw []byte) string {
	if messageID = strings.TrimSpace(messageID); messageID != "" {
		raw = []byte(messageID)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

// sender is the one address of the From header. Several are nobody in particular.
func sender(read *enmime.Envelope) string {
	// A second From header is how mails pretend to come from somebody else.
	if len(read.GetHeaderValues("From")) != 1 {
		return ""
	}
	list, err := read.AddressList("From")
	if err != nil || len(list) != 1 {
		return ""
	}
	bare, err := address.Parse(list[0].Address)
	if err != nil {
		return ""
	}
	return bare
}

// recipients are the addresses of To and Cc, and what the mail servers noted as the envelope's.
func recipients(read *enmime.Envelope) []string {
	var all []string
	for _, name := range []string{"To", "Cc", "Delivered-To", "X-Original-To"} {
		list, err := read.AddressList(name)
		if err != nil {
			continue // no such header, or none that can be read
		}
		for _, a := range list {
			all = append(all, a.Address)
		}
	}
	return all
}

// text is the plain part of a mail, or its HTML as text: web mail in Korea sends HTML alone.
func text(read *enmime.Envelope) string {
	plain := read.Root.BreadthMatchFirst(func(p *enmime.Part) bool {
		return p.ContentType == "text/plain" && p.Disposition != "attachment"
	})
	// Without a text part the library makes one of its own, with the quoted part in it.
	if plain != nil && strings.TrimSpace(read.Text) != "" {
		return read.Text
	}
	return fromHTML(read.HTML)
}

// files sorts the attachments into those that are taken and those that are not. The type is what the content is, not
// what the mail says it is.
func (m *Mail) files(read *enmime.Envelope) {
	parts := append([]*enmime.Part{}, read.Attachments...)
	for _, p := range read.Inlines {
		// Telephones send photos inline; a small picture that the HTML shows belongs to a signature.
		if p.ContentID == "" || len(p.Content) >= logo {
			parts = append(parts, p)
		}
	}
	for _, p := range parts {
		name := conversation.Clean(p.FileName)
		if name == "" {
			name = "file"
		}
		kind, _, _ := strings.Cut(http.DetectContentType(p.Content), ";")
		// Whatever is made of letters looks like plain text: SVG, HTML and programs do.
		disguised := kind == "text/plain" && p.ContentType != kind
		if disguised || !conversation.FileAllowed(kind, int64(len(p.Content))) || len(m.Files) == maxFiles {
			m.LeftOut = append(m.LeftOut, cut(name, maxName))
			continue
		}
		m.Files = append(m.Files, File{Name: cut(name, maxName), Type: kind, Content: p.Content})
	}
}

// Message is the text of the mail with the names of the files that are not taken, as long as a message may be: the
// names stay, because nobody could see that there was a file.
func (m Mail) Message() string {
	if len(m.LeftOut) == 0 {
		return m.Text
	}
	names := strings.Join(m.LeftOut[:min(len(m.LeftOut), maxNames)], ", ")
	if len(m.LeftOut) > maxNames {
		names += ", …"
	}
	end := "\n[" + names + "]"
	return strings.TrimSpace(cut(m.Text, conversation.MaxText-len([]rune(end))) + end)
}

// Noted is the text of the mail as agents see it when it may not be the shopper's: who is said to have sent it, and why
// it is a note.
func (m Mail) Noted(why Reason) string {
	return cut(fmt.Sprintf("Mail from %s (%s):\n%s", cut(m.From, maxFrom), why, m.Text), conversation.MaxText)
}

// maxFrom is as long as an address can be (RFC 5321 4.5.3.1).
const maxFrom = 254

// cut is the beginning of a text.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most])
	}
	return text
}
