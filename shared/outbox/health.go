package outbox

import (
	"context"
	"time"

	"dangol/shared/outreach/campaign"
)

// healthOf is what marketing mails of a day are counted under, for the watch on the shop's reputation.
func healthOf(at time.Time) Source {
	return Source{Name: "health:" + at.UTC().Format(time.DateOnly), Step: "marketing"}
}

// Health adds up the marketing mails of today and yesterday: at least the last 24 hours. 2 round trips.
func (s Store) Health(ctx context.Context, now time.Time) (h campaign.Health, err error) {
	for _, day := range []time.Time{now, now.Add(-24 * time.Hour)} {
		report, err := s.Report(ctx, healthOf(day).Name)
		if err != nil {
			return h, err
		}
		n := report["marketing"]
		h.Sent += n[CountSent]
		h.Bounced += n[CountBounced]
		h.Complained += n[CountComplained]
	}
	return h, nil
}
