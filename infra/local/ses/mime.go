package ses

import (
	"bytes"
	"net/mail"
	"slices"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// parse reads a raw message. Recipients that the API call names count more than the headers.
func (m *Message) parse(raw []byte) error {
	if _, err := mail.ReadMessage(bytes.NewReader(raw)); err != nil {
		return bad("the raw message has no readable headers: %v", err)
	}
	read, err := enmime.ReadEnvelope(bytes.NewReader(raw))
	if err != nil {
		return bad("the parts of the raw message cannot be read: %v", err)
	}
	// Lesser faults are common in mails and recipients' programs accept them.
	for _, fault := range read.Errors {
		if fault.Severe {
			return bad("a part of the raw message cannot be decoded: %s", fault.Error())
		}
	}
	for _, name := range read.GetHeaderKeys() {
		for _, v := range read.GetHeaderValues(name) {
			m.Headers = append(m.Headers, Header{Name: name, Value: v})
		}
	}
	// In a fixed order, because the library keeps headers in a map.
	slices.SortStableFunc(m.Headers, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	m.Subject = read.GetHeader("Subject")
	if m.From == "" {
		m.From = read.GetHeader("From")
	}
	if len(m.recipients()) == 0 {
		m.To, m.Cc, m.Bcc = addresses(read, "To"), addresses(read, "Cc"), addresses(read, "Bcc")
	}
	m.HTML = read.HTML
	// Without a text part the library makes one out of the HTML; a recipient's program would show
	// none.
	if read.Root.BreadthMatchFirst(func(p *enmime.Part) bool { return p.ContentType == "text/plain" }) != nil {
		m.Text = read.Text
	}
	for _, part := range slices.Concat(read.Attachments, read.Inlines) {
		m.Attachments = append(m.Attachments, part.FileName)
	}
	return nil
}

// addresses are the addresses of a header; none when it is missing or wrong.
func addresses(read *enmime.Envelope, name string) []string {
	list, err := read.AddressList(name)
	if err != nil {
		return nil // no such header, or one without an address: the check of recipients says so
	}
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return out
}
