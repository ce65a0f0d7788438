package mailer

import (
	"context"
	"errors"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/mail"
	"dangol/shared/outbox"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/webhook"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// send makes one attempt.
func (m *Mailer) send(ctx context.Context, t *task.Task[outbox.Mail]) (task.Outcome, error) {
	letter := t.Payload.Value
	now := m.clock.Now()
	// Asked at each attempt, so the alarm rings for as long as an old mail waits; a queue's age would not show a mail
	// that is put off and queued anew.
	if letter.Kind != compliance.Marketing && now.Sub(letter.Planned) > tooOld {
		m.count(ctx, "MailLate")
	}
	// A confirmation a week late would only confuse, and an offer is over.
	if letter.Late(now) {
		return m.settled(ctx, letter, outbox.Withheld, "", "too_late"), nil
	}
	c, err := m.Contacts.Of(ctx, letter.To)
	// Without the contact it is not known whether the mail may be sent at all.
	if err != nil {
		return task.Outcome{}, errors.Join(task.ErrLater, err)
	}
	message, links, decision, err := m.write(ctx, letter, c, now)
	// For example keys that cannot be read now.
	if errors.Is(err, task.ErrLater) {
		return task.Outcome{}, err
	}
	// What it was about is gone since it was asked for.
	if errors.Is(err, errNothingToSay) {
		return m.settled(ctx, letter, outbox.Withheld, "", "nothing_to_say"), nil
	}
	// The template is broken for this mail: another attempt would end in the same way.
	if err != nil {
		m.log.ErrorContext(ctx, "mail cannot be written", "mail", t.ID, "template", letter.Template, "error", err)
		return m.settled(ctx, letter, outbox.Rejected, "", "template: "+err.Error()), nil
	}
	if !decision.Allowed {
		return m.settled(ctx, letter, outbox.Withheld, "", string(decision.Reason)), nil
	}
	// Taken last, so that a mail that is not sent uses up no place.
	if err := m.Budget.Take(ctx, letter.Kind == compliance.Marketing); err != nil {
		return task.Outcome{}, errors.Join(task.ErrLater, err)
	}
	// Asked again: waiting for a place took time.
	if letter.Late(m.clock.Now()) {
		return m.settled(ctx, letter, outbox.Withheld, "", "too_late"), nil
	}
	// Written before SES is called, so that ask can tell an attempt that never got there.
	if err := m.Store.Begin(ctx, letter, links, m.clock.Now()); errors.Is(err, outbox.ErrStopped) {
		return m.settled(ctx, letter, outbox.Canceled, "", "stopped"), nil
	} else if err != nil {
		return task.Outcome{}, errors.Join(task.ErrLater, err)
	}
	return m.call(ctx, letter, message)
}

// call hands a mail to SES and says what the answer means.
func (m *Mailer) call(ctx context.Context, letter outbox.Mail, message mail.Message) (task.Outcome, error) {
	messageID, err := m.sender.Send(ctx, message)
	switch {
	case err == nil:
		return m.settled(ctx, letter, outbox.Accepted, messageID, ""), nil
	case errors.Is(err, mail.ErrRejected):
		m.log.ErrorContext(ctx, "mail rejected", "mail", letter.ID, "template", letter.Template, "error", err)
		return m.settled(ctx, letter, outbox.Rejected, "", err.Error()), nil
	case errors.Is(err, mail.ErrThrottled):
		m.count(ctx, "MailThrottled")
		// Also when this function runs out of time: all workers need to know.
		if slow := m.Budget.Throttled(context.WithoutCancel(ctx)); slow != nil {
			m.log.ErrorContext(ctx, "slowing down", "error", slow)
		}
		return task.Outcome{}, errors.Join(task.ErrLater, err)
	case errors.Is(err, mail.ErrNotNow):
		m.count(ctx, "MailWaiting")
		return task.Outcome{}, errors.Join(task.ErrLater, err)
	}
	// No answer in time: SES may have taken it.
	return task.Outcome{}, errors.Join(task.ErrUnknown, err)
}

// settled is an outcome with its record.
func (m *Mailer) settled(ctx context.Context, letter outbox.Mail, state outbox.State, messageID,
	reason string) task.Outcome {
	now := m.clock.Now()
	// Counted before the record is written; a repetition counts twice at the worst.
	m.count(ctx, metricOf(state))
	return task.Outcome{Record: func(ctx context.Context) ([]table.Write, error) {
		failures, err := m.failed(ctx, letter, state, reason)
		return append(letter.Settle(state, messageID, reason, now), failures...), err
	}}
}

// metricOf is the metric of a state; all that were kept back are one.
func metricOf(s outbox.State) string {
	switch s {
	case outbox.Accepted:
		return "MailSent"
	case outbox.Rejected:
		return "MailRejected"
	case outbox.Unknown:
		return "MailUnknown"
	}
	return "MailWithheld"
}

// maxResends bounds how often an order mail is sent again after attempts that nobody answered.
const maxResends = 1

// ask finds out what became of an attempt without an answer. The record says whether SES was called at all, and SES's
// Send event is written there.
func (m *Mailer) ask(ctx context.Context, t *task.Task[outbox.Mail]) (task.Outcome, error) {
	letter := t.Payload.Value
	r, err := m.Store.Get(ctx, t.ID)
	switch {
	case errors.Is(err, table.ErrNotFound), err == nil && r.State == "":
		return task.Outcome{}, task.ErrNotSeen // the attempt ended before SES was called
	case err != nil:
		return task.Outcome{}, errors.Join(task.ErrUnknown, err)
	// The event may be of this attempt, not of an earlier one.
	case !r.SentEvent.IsZero() && !r.SentEvent.Before(r.TriedAt.Add(-clockSkew)):
		return m.settled(ctx, letter, outbox.Accepted, r.MessageID, ""), nil
	case m.clock.Now().Sub(r.TriedAt) < outbox.AskWithin:
		return task.Outcome{}, task.ErrUnknown
	// A second advertisement would be a complaint; nobody waits for it.
	case letter.Kind == compliance.Marketing, r.Resends >= maxResends:
		return task.Outcome{}, task.Permanent(task.ErrUnknown)
	}
	// Counted before it is sent, so that the bound holds.
	if err := m.Store.Resend(ctx, t.ID); err != nil {
		return task.Outcome{}, errors.Join(task.ErrUnknown, err)
	}
	return task.Outcome{}, task.ErrNotSeen
}

// clockSkew is how much SES's clock may be behind ours.
const clockSkew = time.Minute

// abandon records a mail of which nobody knows whether it was sent.
func (m *Mailer) abandon(ctx context.Context, t *task.Task[outbox.Mail], cause error) ([]table.Write, error) {
	m.count(ctx, metricOf(outbox.Unknown))
	failures, err := m.failed(ctx, t.Payload.Value, outbox.Unknown, cause.Error())
	return append(t.Payload.Value.Settle(outbox.Unknown, "", cause.Error(), m.clock.Now()), failures...), err
}

// failed tells the shop's other systems of a mail that is on the list of failures.
func (m *Mailer) failed(ctx context.Context, letter outbox.Mail, state outbox.State, reason string) ([]table.Write,
	error) {
	if state != outbox.Rejected && state != outbox.Unknown {
		return nil, nil
	}
	return m.Webhooks.Writes(ctx, webhook.MessageFailed, letter.ID, map[string]any{
		"message": letter.ID, "contact": letter.Contact, "source": letter.Source.Name, "step": letter.Source.Step,
		"state": state, "reason": reason,
	})
}

// gate asks whether a mail may be sent. The frequency cap was asked, and its place taken, when the mail was made.
func (m *Mailer) gate(letter outbox.Mail, c contact.Contact, subject, unsubscribe string,
	now time.Time) compliance.GateDecision {
	brand := m.templates.Brand()
	g := c.Gate(compliance.Email)
	// An erased contact has no address any more.
	g.Address = letter.To
	if letter.Kind == compliance.Transactional && g.Suppression == compliance.Erased && !c.Gone(letter.Planned) {
		g.Suppression = compliance.NotSuppressed // they have ordered again, and outreach has not heard of it yet
	}
	return compliance.Allowed(compliance.OutgoingMessage{
		Kind: letter.Kind, Channel: compliance.Email, Topic: letter.Topic, Subject: subject, SameGoods: letter.SameGoods,
		Sender: compliance.SenderIdentity{Name: brand.Name, Contact: brand.Contact, PostalAddress: brand.Address(),
			Unsubscribe: unsubscribe},
		// Rules for existing customers were applied when the mail was planned.
	}, g, compliance.GatePolicy{Exceptions: letter.Basis == compliance.ReasonExistingCustomer ||
		letter.Basis == compliance.ReasonOptOutCountry}, now)
}
