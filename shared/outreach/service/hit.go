package service

import (
	"context"
	"fmt"
	"time"

	"dangol/shared/outbox"
	"dangol/shared/outreach/attribution"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/table"
)

// Hit takes in a request for a link of a message. What a machine does is counted apart and changes nothing else. 1 to 4
// round trips.
func (s *Service) Hit(ctx context.Context, r outbox.Record, h tracking.Hit) error {
	if tracking.Classify(h) != tracking.Human {
		return s.CountOnce(ctx, r.ID, outbox.CountMachine, "machine")
	}
	if err := s.CountOnce(ctx, r.ID, outbox.CountClicked, "clicked"); err != nil || r.Contact == "" {
		return err
	}
	return s.Click(ctx, r, attribution.MailClick, h.At)
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
			// once
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
