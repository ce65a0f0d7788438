package ses

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
)

// parse fills the message from a raw one. What the API call says about recipients goes before the headers.
func (m *Message) parse(raw []byte) error {
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return bad("the raw message has no readable headers: %v", err)
	}
	var words mime.WordDecoder
	for name, values := range read.Header {
		for _, v := range values {
			if decoded, err := words.DecodeHeader(v); err == nil {
				v = decoded
			}
			m.Headers = append(m.Headers, Header{Name: name, Value: v})
		}
	}
	slices.SortFunc(m.Headers, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	m.Subject = m.Header("Subject")
	if m.From == "" {
		m.From = m.Header("From")
	}
	if len(m.recipients()) == 0 {
		m.To, m.Cc, m.Bcc = addresses(read.Header, "To"), addresses(read.Header, "Cc"), addresses(read.Header, "Bcc")
	}
	return m.part(read.Header.Get("Content-Type"), read.Header.Get("Content-Transfer-Encoding"), "", read.Body)
}

func addresses(h mail.Header, name string) []string {
	list, _ := h.AddressList(name)
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return out
}

// part reads one part and those inside it; the first text and the first HTML are the bodies.
func (m *Message) part(contentType, encoding, file string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain" // RFC 2045 5.2: what says nothing, or nonsense, is plain text
	}
	if strings.HasPrefix(kind, "multipart/") {
		return m.parts(multipart.NewReader(body, params["boundary"]))
	}
	content, err := io.ReadAll(decode(encoding, body))
	if err != nil {
		return bad("a %s part cannot be decoded: %v", kind, err)
	}
	switch {
	case file != "":
		m.Attachments = append(m.Attachments, file)
	case kind == "text/html" && m.HTML == "":
		m.HTML = string(content)
	case kind == "text/plain" && m.Text == "":
		m.Text = string(content)
	}
	return nil
}

func (m *Message) parts(r *multipart.Reader) error {
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return bad("the parts of the raw message cannot be read: %v", err)
		}
		err = m.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.FileName(), p)
		if err != nil {
			return err
		}
	}
}

func decode(encoding string, r io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	}
	return r
}
