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
		one, err := s.day(ctx, day)
		if err != nil {
			return h, err
		}
		h.Sent += one.Sent
		h.Bounced += one.Bounced
		h.Complained += one.Complained
	}
	return h, nil
}

// WarmUp is how far the warm-up of a new domain is on a day.
type WarmUp struct {
	Limit int    // marketing mails that the day may have; 0 for no limit
	Sent  int    // that it had
	Stop  string // why it may have no more, whatever the limit
}

// longestWarmUp is longer than any plan: from one mail a day to a million it is 35 days.
const longestWarmUp = 90

// WarmUp reads how far a plan is. Days are UTC days, as the counters are. Too many bounces or complaints in the last
// day stop it, and a day that had too many does not make the next one larger. 1 round trip for each day since the
// start.
func (s Store) WarmUp(ctx context.Context, plan campaign.WarmUp, now time.Time) (w WarmUp, err error) {
	if _, limited := plan.Allowance(now, time.UTC, 0); !limited && plan.Most == 0 {
		return w, nil
	}
	held := 0
	for day := plan.Start; day.Before(now.UTC().Truncate(24*time.Hour)) &&
		held < longestWarmUp; day = day.AddDate(0, 0, 1) {
		one, err := s.day(ctx, day)
		if err != nil {
			return w, err
		}
		if campaign.Watch(one) != campaign.Healthy {
			held++
		}
	}
	limit, limited := plan.Allowance(now, time.UTC, held)
	if !limited {
		return w, nil
	}
	today, err := s.day(ctx, now)
	if err != nil {
		return w, err
	}
	lately, err := s.Health(ctx, now)
	w.Limit, w.Sent = limit, today.Sent
	if campaign.Watch(lately) != campaign.Healthy {
		w.Stop = "too many bounces or complaints in the last day"
	}
	return w, err
}

// day is the marketing mails of one day.
func (s Store) day(ctx context.Context, day time.Time) (campaign.Health, error) {
	report, err := s.Report(ctx, healthOf(day).Name)
	n := report["marketing"]
	return campaign.Health{Sent: n[CountSent], Bounced: n[CountBounced], Complained: n[CountComplained]}, err
}
