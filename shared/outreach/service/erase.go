package service

import (
	"context"

	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/sequence"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
	"dangol/shared/promotion/store"
)

// Erase removes what outreach knows of an address (GDPR 17, 개인정보보호법 36조): the contact with its profile, purchases,
// clicks and browsers, and its runs with their data. Mails that still wait are not sent. Kept are the proofs of
// consent, the records of messages and whose an order was, which hold a hash of the address and no more, for as long as
// the law asks (전자상거래법 시행령 6조; GDPR 7(1), 17(3)(e)). The content of a mail that still waits is kept for as long as
// its task is. Erased again is as good. 5 round trips, and two for each mail.
func (s *Service) Erase(ctx context.Context, email string) error {
	now := s.Clock.Now()
	c, err := s.Contacts.Of(ctx, email)
	if err != nil {
		return err
	}
	// First what is found through the contact only: a worker that dies here finds it again.
	if err := s.forgetContents(ctx, email); err != nil {
		return err
	}
	// Commerce keeps the segments for prices. Before the contact, which names the customer, and again after it: a change
	// that was under way meanwhile may have written them, and is not stored itself.
	if err := s.forgetSegments(ctx, c.CustomerID); err != nil {
		return err
	}
	_, err = s.Contacts.ChangeID(ctx, consent.ContactID(email), now, func(c *contact.Contact) ([]table.Write, bool,
		error) {
		runs, err := s.runs(ctx, c.Runs)
		if err != nil {
			return nil, false, err
		}
		// In the same write as the contact, so that no run goes on for somebody who is gone.
		var writes []table.Write
		for _, r := range runs {
			writes = append(writes, r.save(r.Run.Exit(sequence.ExitErased, now)))
			writes = append(writes, s.stopPending(r, now)...)
		}
		c.Erase(now)
		return writes, false, nil
	})
	if err := ignoreMissing(err); err != nil {
		return err
	}
	return s.forgetSegments(ctx, c.CustomerID)
}

// forgetSegments takes a customer out of all segments. 1 round trip.
func (s *Service) forgetSegments(ctx context.Context, customerID string) error {
	if s.Commerce == nil || customerID == "" {
		return nil
	}
	return s.Commerce.Put(ctx, table.Put{Item: store.Segments(customerID)}) // always: an empty list is the newest
}

// forgetContents removes what was in the mails that were sent to an address. Their records stay.
func (s *Service) forgetContents(ctx context.Context, email string) error {
	// The list of all mails to the address, page by page.
	for after := table.Cursor(""); ; {
		cards, next, err := s.Outbox.SentTo(ctx, email, 100, after)
		if err != nil {
			return err
		}
		for _, card := range cards {
			// A record does not tell which of the two kinds its task has.
			for _, kind := range []string{outbox.DueMail, outbox.DueMarketing} {
				_, err := s.Table.Update(ctx, table.Update{
					// one that is over: a mail that waits is still read by the mailer, which then finds the person erased
					// A large payload is in the compressed attribute, with nothing else that is needed of a task that is over.
					Key: task.KeyOf(kind, card.ID), Do: "REMOVE #payload, #" + table.CompressedAttribute,
					If:   "attribute_exists(#pk) AND #state <> :pending",
					With: map[string]any{":pending": task.Pending},
				})
				if _, refused := table.Failed(err); err != nil && !refused {
					return err
				}
			}
		}
		if after = next; after == "" {
			return nil
		}
	}
}
