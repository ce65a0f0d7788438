package service

import (
	"context"

	"dangol/shared/compliance"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/table"
)

// RemoveBrowser takes a browser off that a person no longer wants push messages on. With the last one goes the consent
// to push. A browser that is not there, because the request comes again, changes nothing. 2 round trips. Errors:
// table.ErrNotFound.
func (s *Service) RemoveBrowser(ctx context.Context, contactID, endpoint string) error {
	now := s.Clock.Now()
	_, err := s.Contacts.ChangeID(ctx, contactID, now, func(c *contact.Contact) ([]table.Write, bool, error) {
		before := len(c.Push)
		c.Unsubscribe(endpoint)
		if len(c.Push) == before {
			return nil, true, nil
		}
		// Without an action only the list of browsers changes.
		change := consent.Change{Channel: compliance.Push, At: now, Source: "browser", TextVersion: "browser"}
		if len(c.Push) == 0 && c.Consent[compliance.Push].Answer == compliance.Given {
			change.Action = consent.Withdraw
		}
		return s.answer(ctx, change, func(*contact.Contact) {})(c)
	})
	return err
}
