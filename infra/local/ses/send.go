package ses

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/mail"

	"dangol/shared/platform/id"
)

// Limits of SES. https://docs.aws.amazon.com/ses/latest/dg/quotas.html
const (
	maxBytes      = 40 << 20
	maxRecipients = 50
)

// refusal is an SES error: status, shape name, sentence.
type refusal struct {
	status        int
	code, message string
}

// Error has the code first, as the SDK prints it.
func (r *refusal) Error() string { return r.code + ": " + r.message }

// bad is the error for a wrong request.
func bad(format string, args ...any) error {
	return &refusal{http.StatusBadRequest, "BadRequestException", fmt.Sprintf(format, args...)}
}

// sendEmail is the request of the API, as far as the shop uses it.
type sendEmail struct {
	FromEmailAddress string
	Destination      struct{ ToAddresses, CcAddresses, BccAddresses []string }
	ReplyToAddresses []string
	Content          struct {
		Simple *simple
		Raw    *struct{ Data []byte }
	}
	EmailTags            []struct{ Name, Value string }
	ConfigurationSetName string
}

// simple is a message that SES would assemble.
type simple struct {
	Subject     struct{ Data string }
	Body        struct{ Html, Text struct{ Data string } }
	Headers     []Header
	Attachments []struct{ FileName string }
}

// sendEmail accepts a message and answers, or leaves the caller without an answer when the address
// asks for that.
func (s *Sink) sendEmail(w http.ResponseWriter, r *http.Request) {
	m, err := s.accept(r)
	w.Header().Set("Content-Type", "application/json")
	if err == nil && m.Outcome == outcomeHang {
		// Until the caller gives up or the runner stops.
		select {
		case <-r.Context().Done():
		case <-s.closed:
		}
		panic(http.ErrAbortHandler) // the caller never learns that the message was accepted
	}
	if err == nil {
		_ = json.NewEncoder(w).Encode(map[string]string{"MessageId": m.ID})
		return
	}
	f, ok := errors.AsType[*refusal](err)
	if !ok {
		f = &refusal{http.StatusInternalServerError, "InternalServiceErrorException", err.Error()}
	}
	w.Header().Set("X-Amzn-ErrorType", f.code)
	w.WriteHeader(f.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": f.message})
}

// accept checks a message, stores it, and publishes what becomes of it.
func (s *Sink) accept(r *http.Request) (Message, error) {
	var in sendEmail
	// The body is Base64 of the message, so it is larger.
	raw, err := io.ReadAll(io.LimitReader(r.Body, 2*maxBytes))
	if err == nil {
		err = json.Unmarshal(raw, &in)
	}
	if err != nil {
		return Message{}, bad("the body is no SendEmail request: %v", err)
	}
	m, err := in.message()
	if err != nil {
		return Message{}, err
	}
	if err := m.check(); err != nil {
		return Message{}, err
	}
	// The recipient's address decides, so a test needs no other switch.
	name, address := outcome(m.recipients())
	switch {
	case name == outcomeReject:
		return Message{}, &refusal{http.StatusBadRequest, "MessageRejected", "Email address is not verified."}
	case name == outcomeThrottle && s.throttle(address), s.tooFast():
		return Message{}, &refusal{http.StatusTooManyRequests, "TooManyRequestsException", "Maximum sending rate exceeded."}
	}
	// The shop's clock, so that mails stand in the right order after it was moved.
	m.Outcome, m.At = name, s.options.Clock.Now()
	m.ID = id.New("mail", m.At)
	if err := s.store(m); err != nil {
		return Message{}, err
	}
	return m, s.emit(m)
}

// message reads the content, raw or simple.
func (in sendEmail) message() (Message, error) {
	m := Message{
		From: in.FromEmailAddress, To: in.Destination.ToAddresses, Cc: in.Destination.CcAddresses,
		Bcc:     in.Destination.BccAddresses,
		ReplyTo: in.ReplyToAddresses, ConfigurationSet: in.ConfigurationSetName, Tags: map[string]string{},
	}
	for _, t := range in.EmailTags {
		m.Tags[t.Name] = t.Value
	}
	switch c := in.Content; {
	case c.Raw != nil:
		return m, m.parse(c.Raw.Data)
	case c.Simple != nil:
		m.Subject, m.HTML, m.Text, m.Headers =
			c.Simple.Subject.Data, c.Simple.Body.Html.Data, c.Simple.Body.Text.Data, c.Simple.Headers
		for _, a := range c.Simple.Attachments {
			m.Attachments = append(m.Attachments, a.FileName)
		}
		return m, nil
	}
	return m, bad("Content must hold Simple or Raw; templates are rendered by the sender")
}

// check refuses what SES would refuse.
func (m Message) check() error {
	if m.From == "" {
		return bad("FromEmailAddress is missing")
	}
	all := m.recipients()
	if len(all) == 0 || len(all) > maxRecipients {
		return bad("there must be 1 to %d recipients, not %d", maxRecipients, len(all))
	}
	// The sender too: SES looks at both.
	for _, address := range append(all, m.From) {
		if _, err := mail.ParseAddress(address); err != nil {
			return bad("Illegal address: %s", address)
		}
	}
	if m.Text == "" && m.HTML == "" {
		return bad("the message has no body")
	}
	return nil
}

// bare returns the address without the name around it.
func bare(address string) string {
	if a, err := mail.ParseAddress(address); err == nil {
		return a.Address
	}
	return address
}
