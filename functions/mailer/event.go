package mailer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/platform/event"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// event stores the mail of one domain event and sends it at once. An error asks for the event to be delivered again.
func (m *Mailer) event(ctx context.Context, in lambdaevents.EventBridgeEvent) error {
	var e event.Envelope
	if err := json.Unmarshal(in.Detail, &e); err != nil {
		return fmt.Errorf("the detail of %s is no envelope: %w", in.ID, err)
	}
	// The same id in the logs of the request, the event and the mail.
	ctx = withCorrelation(ctx, e.CorrelationID)
	letter, err := letterFor(e)
	if errors.Is(err, errNotConsumed) {
		// Delivering it again would not help.
		m.log.WarnContext(ctx, "no mail for this event type", "type", e.Type)
		return nil
	}
	if err == nil && letter.to == "" {
		letter, err = m.addressed(ctx, letter)
	}
	if err == nil {
		letter, err = m.complete(ctx, letter)
	}
	if errors.Is(err, errNothingToSay) {
		return nil
	}
	if err == nil {
		// Written before it is stored: an event that makes no mail must not leave a task behind.
		_, err = m.templates.Write(letter.language, letter.content)
	}
	if err == nil {
		err = m.now(ctx, letter.mail(e))
	}
	if err != nil {
		m.log.ErrorContext(ctx, "mail", "event", e.ID, "type", e.Type, "error", err)
		return fmt.Errorf("mail for %s %s: %w", e.Type, e.ID, err)
	}
	return nil
}

// addressed fills in whom a letter goes to from its order, as the order has it now: an address that was changed or
// erased since is not written to. 1 round trip. Errors: errNothingToSay when there is nobody to write to.
func (m *Mailer) addressed(ctx context.Context, l letter) (letter, error) {
	o, err := m.Orders.Get(ctx, l.orderID)
	if problem.Code(err) == "order_not_found" {
		return l, errNothingToSay
	}
	if err != nil {
		return l, err
	}
	if _, err := format.Email("/email", o.Email); err != nil {
		return l, errNothingToSay
	}
	l.to, l.language = o.Email, o.Language
	return l, nil
}

// mail is the task's payload for a letter.
func (l letter) mail(e event.Envelope) outbox.Mail {
	template := l.content.Template()
	// An event makes one mail of each template, so a second delivery has the same id.
	made := outbox.Mail{
		ID: e.ID + "-" + template, Kind: compliance.Transactional, To: l.to, Language: l.language, Template: template,
		About:  l.about,
		Source: outbox.Source{Name: outbox.EventSource, Step: template}, Event: &outbox.Event{Type: e.Type, Detail: e.Data},
		// Planned when it happened: a mail that waits too long is not sent any more.
		Basis: compliance.ReasonTransactional, Planned: e.Time,
	}
	if l.goodFor > 0 {
		made.Latest = e.Time.Add(l.goodFor)
	}
	return made
}

// now stores a mail and makes the first attempt. An event that is delivered again finds the task and does nothing; a
// worker that dies here leaves it due.
func (m *Mailer) now(ctx context.Context, letter outbox.Mail) error {
	// Begun, so that no worker takes it while the first attempt is made.
	t := task.Begun(letter.DueKind(), letter.ID, letter, m.clock.Now())
	err := m.Store.Table.Put(ctx, table.Put{Item: t, If: table.IfNew})
	if _, stored := table.Failed(err); stored {
		return nil
	}
	if err != nil {
		return err
	}
	if err := m.kinds[t.Kind].Run(ctx, t); err != nil {
		// the task stands; it is due after its lease
		m.log.WarnContext(ctx, "mail left to the queue", "mail", t.ID, "error", err)
	}
	return nil
}
