package service

import (
	"context"
	"errors"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// Resend sends a mail of the list of failures once more, as a new mail with the same content, and takes it off the
// list. The new mail is counted in the place of the one that failed, so that each recipient of a campaign is counted
// once. It is the one way in which a marketing mail of unknown outcome is sent again: a person decides. Errors: 404
// mail_not_found, 409 mail_was_sent.
func (s *Service) Resend(ctx context.Context, mailID string) (string, error) {
	r, err := s.Outbox.Get(ctx, mailID)
	if errors.Is(err, table.ErrNotFound) {
		return "", problem.NotFound("mail_not_found", "There is no such mail.")
	}
	if err != nil {
		return "", err
	}
	// What was accepted is with the recipient.
	if r.State != outbox.Rejected && r.State != outbox.Unknown {
		return "", errWasSent
	}
	if r.Channel == compliance.Push {
		return s.resendPush(ctx, r)
	}
	for _, kind := range []string{outbox.DueMail, outbox.DueMarketing} {
		var t task.Task[outbox.Mail]
		err := s.Table.Get(ctx, task.KeyOf(kind, mailID), &t)
		if errors.Is(err, table.ErrNotFound) {
			continue
		}
		if err != nil {
			return "", err
		}
		// The content was removed with the person.
		if t.Payload.Value.To == "" {
			break // erased
		}
		again := t.Payload.Value
		// No latest: a person has decided that it still matters.
		again.ID, again.Planned, again.Latest = mailID+"-again", s.Clock.Now(), time.Time{}
		return again.ID, s.storeAgain(ctx, r, again.Task(s.Clock.Now()))
	}
	return "", errNotKept
}

// errWasSent says that a message reached its recipient as far as is known.
var errWasSent = problem.Conflict("mail_was_sent",
	"Only mails that were rejected, or whose outcome is unknown, are sent again.")

// errNotKept says that a message cannot be sent again.
var errNotKept = problem.NotFound("mail_not_found", "The content of this mail is no longer kept.")

// resendPush is Resend for a push message.
func (s *Service) resendPush(ctx context.Context, r outbox.Record) (string, error) {
	var t task.Task[PushMessage]
	err := s.Table.Get(ctx, task.KeyOf(DuePush, r.ID), &t)
	if errors.Is(err, table.ErrNotFound) {
		return "", errNotKept
	}
	if err != nil {
		return "", err
	}
	again := t.Payload.Value
	again.ID, again.Planned, again.Latest = r.ID+"-again", s.Clock.Now(), time.Time{}
	return again.ID, s.storeAgain(ctx, r, again.task(s.Clock.Now()))
}

// storeAgain stores the task of a message that is sent again, takes the outcome of the message back from the counters
// of its source, and takes the message off the list of failures.
func (s *Service) storeAgain(ctx context.Context, failed outbox.Record, again any) error {
	now := s.Clock.Now()
	counter := outbox.CountRejected
	if failed.State == outbox.Unknown {
		counter = outbox.CountUnknown
	}
	// Once, however often the button is pressed; and not when SES says just now that it took the message.
	writes := []table.Write{table.Put{Item: again, If: table.IfNew}, outbox.RepeatWrite(failed)}
	if failed.Source.Counted() {
		writes = append(writes, outbox.Count(failed.Source, failed.ID, now, outbox.Counters{counter: -1}))
	}
	err := s.Table.Transact(ctx, "", writes...)
	if _, stored := table.Met(err, 0); err != nil && !stored {
		if _, settled := table.Met(err, 1); settled {
			return errWasSent
		}
		return err
	}
	return s.Outbox.Clear(ctx, failed.ID, now)
}

// Lift lets an address be written to again that bounced, once somebody has found out that the mailbox works: without it
// no order of the person is ever confirmed again. Consent is as it was. Errors: 409 suppression_stays for a complaint
// or an erasure, 404 contact_not_found.
func (s *Service) Lift(ctx context.Context, email string) error {
	now, lifted := s.Clock.Now(), false
	_, err := s.Contacts.ChangeID(ctx, consent.ContactID(email), now, func(c *contact.Contact) ([]table.Write, bool,
		error) {
		if c.Suppression[compliance.Email] == compliance.NotSuppressed {
			lifted = true // as it should be
			return nil, true, nil
		}
		if lifted = c.Lift(compliance.Email); !lifted {
			return nil, true, nil
		}
		writes, err := s.settle(ctx, c, now) // confirmations of consent are due again
		return writes, false, err
	})
	switch {
	case errors.Is(err, table.ErrNotFound):
		return problem.NotFound("contact_not_found", "Nothing is known of this address.")
	case err == nil && !lifted:
		return problem.Conflict("suppression_stays", "A complaint or an erasure is what the person wants.")
	}
	return err
}

// SetLanguage sets the language of a contact whose language is not known; segments may ask about it. Of somebody who
// was erased nothing is noted.
func (s *Service) SetLanguage(ctx context.Context, contactID, language string) error {
	now := s.Clock.Now()
	_, err := s.Contacts.ChangeID(ctx, contactID, now, func(c *contact.Contact) ([]table.Write, bool, error) {
		if c.Language != "" || !c.ErasedAt.IsZero() {
			return nil, true, nil
		}
		c.Language, c.Person.Language = language, language
		writes, err := s.settle(ctx, c, now)
		return writes, false, err
	})
	return err
}

// SegmentCount is how many people meet a condition.
type SegmentCount struct {
	People  int      `json:"people"`
	Looked  int      `json:"looked" doc:"Contacts that were looked at."`
	Sample  []string `json:"sample" nullable:"false" doc:"Ids of some of them."`
	Partial bool     `json:"partial,omitempty" doc:"There are more contacts than were looked at."`
}

// CountSegment counts who meets a condition now.
func (s *Service) CountSegment(ctx context.Context, condition segment.Condition) (SegmentCount, error) {
	count := SegmentCount{Sample: []string{}}
	now := s.Clock.Now()
	err := s.each(ctx, nil, &count.Partial, func(c contact.Contact) {
		count.Looked++
		if !condition.Holds(c.Person, now) {
			return
		}
		if count.People++; len(count.Sample) < 10 {
			count.Sample = append(count.Sample, c.ID)
		}
	})
	return count, err
}

// DryRunStep is one message of a dry run of a series.
type DryRunStep struct {
	Step    string    `json:"step"`
	At      time.Time `json:"at"`
	Channel string    `json:"channel"`
	Allowed bool      `json:"allowed"`
	Reason  string    `json:"reason"`
	Waits   time.Time `json:"waitsUntil,omitzero"`
}

// maxDryRun bounds the messages of a dry run.
const maxDryRun = 50

// DryRunSeries plays a series for a person as they are now, on a clock that is moved from one step to the next. It
// writes nothing and gives the same answer twice.
func (s *Service) DryRunSeries(
	ctx context.Context, d sequence.Definition, email string, data map[string]string,
) (sequence.NotEntered, []DryRunStep, error) {
	c, err := s.Contacts.Of(ctx, email)
	if err != nil {
		return "", nil, err
	}
	now, zone := s.Clock.Now(), c.Location(s.Shop.Zone)
	// A key that no real run has.
	fields := map[string]string{d.Entry.Key: "dry-run"}
	for name, value := range data {
		fields[name] = value
	}
	steps := []DryRunStep{}
	run, why := sequence.Enter(d, c.Person, sequence.Event{Type: d.Entry.Event, At: now, Data: fields}, c.Entered[d.ID],
		zone, now)
	for why == sequence.Started && run.Status == sequence.Active && len(steps) < maxDryRun {
		// The clock jumps to the next step instead of waiting.
		at := run.Due
		if at.Before(now) {
			at = now
		}
		next, out := sequence.Advance(d, run, c.Person, zone, at)
		run = next
		// A wait or a branch: nothing to show.
		if out == nil {
			continue
		}
		step := DryRunStep{Step: out.Step, At: at, Channel: string(out.Send.Channel), Reason: string(out.Withheld)}
		if out.Withheld == "" {
			decision := s.gate(s.plan(ctx, d, run, *out, c), c, at)
			step.Allowed, step.Reason, step.Waits = decision.Allowed, string(decision.Reason), decision.NotBefore
			// The cap counts the messages of the dry run itself.
			if decision.Allowed {
				c.Sent(at)
			}
		}
		steps = append(steps, step)
	}
	return why, steps, nil
}
