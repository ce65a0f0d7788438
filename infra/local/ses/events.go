package ses

import (
	"encoding/json"
	"fmt"
	"time"
)

// mailObject is the part of an SES event that is the same in all of them.
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
type mailObject struct {
	Timestamp   string              `json:"timestamp"`
	MessageID   string              `json:"messageId"`
	Source      string              `json:"source"`
	Destination []string            `json:"destination"`
	Headers     []Header            `json:"headers"`
	Common      map[string]any      `json:"commonHeaders"`
	Tags        map[string][]string `json:"tags"`
}

// emit publishes what becomes of a message: always Send, then Delivery or Bounce, then perhaps
// Complaint.
func (s *Sink) emit(m Message) error {
	// Without a configuration set SES publishes no events.
	if s.options.Emit == nil || m.ConfigurationSet == "" {
		return nil
	}
	if err := s.publish(m, "Email Sent", "Send", "send", map[string]any{}); err != nil {
		return err
	}
	at := stamp(m.At)
	selected, others := m.split()
	if kind, subtype, code := bounce(m.Outcome); kind != "" {
		var bounced []any
		for _, r := range selected {
			bounced = append(bounced, map[string]string{"emailAddress": r, "action": "failed", "status": code})
		}
		err := s.publish(m, "Email Bounced", "Bounce", "bounce", map[string]any{
			"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": bounced, "timestamp": at,
			"feedbackId": "fb-" + m.ID,
		})
		if err != nil || len(others) == 0 {
			return err
		}
		return s.delivered(m, others)
	}
	if err := s.delivered(m, append(selected, others...)); err != nil || m.Outcome != outcomeComplaint {
		return err
	}
	var complained []any
	for _, r := range selected {
		complained = append(complained, map[string]string{"emailAddress": r})
	}
	return s.publish(m, "Email Complaint Received", "Complaint", "complaint", map[string]any{
		"complainedRecipients": complained, "timestamp": at, "feedbackId": "fb-" + m.ID, "complaintFeedbackType": "abuse",
	})
}

// delivered publishes the delivery to some recipients.
func (s *Sink) delivered(m Message, recipients []string) error {
	return s.publish(m, "Email Delivered", "Delivery", "delivery", map[string]any{
		"timestamp": stamp(m.At), "processingTimeMillis": 1, "recipients": recipients,
		"smtpResponse": "250 2.6.0 Message received",
	})
}

// split divides the recipients into those whose address asked for the outcome, and the others.
func (m Message) split() (selected, others []string) {
	for _, r := range m.recipients() {
		if name, _ := outcome([]string{r}); name == m.Outcome {
			selected = append(selected, bare(r))
		} else {
			others = append(others, bare(r))
		}
	}
	return selected, others
}

// bounce is type, subtype and status code of an outcome; empty when it is no bounce.
func bounce(outcome string) (kind, subtype, code string) {
	switch outcome {
	case outcomeBounce:
		return "Permanent", "General", "5.1.1"
	case outcomeSuppressed:
		return "Permanent", "OnAccountSuppressionList", "5.1.1"
	case outcomeSoftBounce:
		return "Transient", "MailboxFull", "4.2.2"
	}
	return "", "", ""
}

// publish puts one event on the bus, in the form of SES event publishing.
func (s *Sink) publish(m Message, detailType, eventType, key string, about map[string]any) error {
	object := mailObject{
		Timestamp: stamp(m.At), MessageID: m.ID, Source: bare(m.From), Headers: m.Headers,
		Common: map[string]any{"from": []string{m.From}, "to": m.To, "subject": m.Subject, "messageId": m.ID},
		Tags:   map[string][]string{"ses:configuration-set": {m.ConfigurationSet}},
	}
	for _, r := range m.recipients() {
		object.Destination = append(object.Destination, bare(r))
	}
	for name, value := range m.Tags {
		object.Tags[name] = []string{value}
	}
	detail, err := json.Marshal(map[string]any{"eventType": eventType, "mail": object, key: about})
	if err != nil {
		return fmt.Errorf("ses: event: %w", err)
	}
	if err := s.options.Emit(detailType, detail); err != nil {
		return fmt.Errorf("ses: event: %w", err)
	}
	return nil
}

// stamp is an instant as SES events write it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
