package service

import (
	"context"
	"fmt"
	"time"

	"dangol/shared/outbox"
	"dangol/shared/outreach/attribution"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/table"
)

// Hit takes in a request for the link of a message at a place in its list. What a machine does is counted apart and
// changes nothing else. Security gateways follow the links one after the other: when a request shows that it is one of
// them, the click that their first request was taken for is taken back. 2 to 5 round trips.
func (s *Service) Hit(ctx context.Context, r outbox.Record, place int, h tracking.Hit) error {
	// The links that were asked for in the last seconds, this one included.
	links, err := s.Outbox.Asked(ctx, r.ID, place, h.At, tracking.AllLinksWithin)
	if err != nil {
		return ignoreMissing(err)
	}
	h.Links = links
	machine := tracking.Classify(h)
	if machine == tracking.ByAllLinks {
		if err := s.takeBack(ctx, r, h.At); err != nil {
			return err
		}
	}
	// Counted apart, because the report shows how many of the clicks are no people.
	if machine != tracking.Human {
		return s.CountOnce(ctx, r.ID, outbox.CountMachine, "machine")
	}
	// A repeated click counts once; the touch is renewed by Click.
	if err := s.CountOnce(ctx, r.ID, outbox.CountClicked, "clicked"); err != nil || r.Contact == "" {
		return err
	}
	return s.Click(ctx, r, h.At)
}

// PushClick takes in that the notification of a push message was clicked. Only the browser that showed it knows the
// token, so no machine is told apart. A message whose record is gone is not counted. 5 to 6 round trips.
func (s *Service) PushClick(ctx context.Context, messageID string) error {
	r, err := s.Outbox.Get(ctx, messageID)
	if err != nil {
		return ignoreMissing(err)
	}
	// Not left out when the click is counted already: the try that counted it may not have got to the person.
	if err := s.CountOnce(ctx, r.ID, outbox.CountClicked, "clicked"); err != nil || r.Contact == "" {
		return err
	}
	return s.Click(ctx, r, s.Clock.Now())
}

// takeBack takes back a click that was counted for a person in the seconds before at. A series that moved on because of
// it stays where it is: it has only waited less.
func (s *Service) takeBack(ctx context.Context, r outbox.Record, at time.Time) error {
	now, err := s.Outbox.Get(ctx, r.ID)
	// Nothing was counted, or so long ago that it was another request.
	if err != nil || now.Clicked.IsZero() || at.Sub(now.Clicked) > tracking.AllLinksWithin {
		return ignoreMissing(err)
	}
	if r.Contact != "" {
		if err := s.unclick(ctx, r, at); err != nil {
			return err
		}
	}
	err = s.Table.Transact(ctx, "",
		table.Update{
			// the click that was read, once
			Key: r.Key, Do: "REMOVE #clicked", If: "#clicked = :read",
			With: map[string]any{":read": now.Clicked.UTC().Format(time.RFC3339Nano)},
		},
		outbox.Count(r.Source, r.ID, s.Clock.Now(), outbox.Counters{outbox.CountClicked: -1}),
	)
	if _, met := table.Met(err, 0); met {
		return nil
	}
	return err
}

// unclick takes the click off its person. It comes before the record forgets the click: where it fails, the next
// request of the program finds the click still to be taken back.
func (s *Service) unclick(ctx context.Context, r outbox.Record, at time.Time) error {
	_, err := s.Contacts.ChangeID(ctx, r.Contact, s.Clock.Now(), func(c *contact.Contact) ([]table.Write, bool, error) {
		c.Untouched(r.ID, attribution.MailClick)
		// Events carry only their time, so those of the last seconds go.
		c.Person.Undone("mail.clicked", at.Add(-tracking.AllLinksWithin), at)
		// Segments that ask for clicks lose a member who was one only by this click.
		writes, err := s.settle(ctx, c, s.Clock.Now())
		return writes, false, err
	})
	return ignoreMissing(err)
}

// CountOnce counts something that a person or machine did with a message, the first time. attribute is where the record
// remembers it. A message whose record is gone is not counted. 2 round trips.
func (s *Service) CountOnce(ctx context.Context, messageID, counter, attribute string) error {
	r, err := s.Outbox.Get(ctx, messageID)
	if err != nil {
		return ignoreMissing(err)
	}
	now := s.Clock.Now()
	err = s.Table.Transact(ctx, "",
		table.Update{
			// The first time only.
			Key: r.Key, Do: fmt.Sprintf("SET #%s = :now", attribute), If: fmt.Sprintf("attribute_not_exists(#%s)", attribute),
			With: map[string]any{":now": now.UTC().Format(time.RFC3339Nano)},
		},
		outbox.Count(r.Source, r.ID, now, outbox.Counters{counter: 1}),
	)
	if _, met := table.Met(err, 0); met {
		return nil
	}
	return err
}
