package relay

import (
	"context"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"dangol/shared/platform/metrics"
)

// The limits of one PutEvents call; an entry larger than a call cannot be published at all.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html
const (
	maxEntries = 10
	maxBytes   = 256 << 10
)

// entry is one event to be published.
type entry struct {
	index int       // of its record in the batch
	item  string    // "<pk>/<sk>" of the changed item, for the order
	bytes int       // as EventBridge counts them, see size
	at    time.Time // when the event happened, for the lag
	put   types.PutEventsRequestEntry
}

// size counts an entry as EventBridge does: 14 bytes for the time, and the texts in UTF-8.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size
func size(p types.PutEventsRequestEntry) int {
	return 14 + len(*p.Source) + len(*p.DetailType) + len(*p.Detail)
}

// chunks cuts the entries into calls. No call has two events of the same item: the entries of a call succeed and fail
// apart, so the second could get through without the first.
func chunks(entries []entry) iter.Seq[[]entry] {
	return func(yield func([]entry) bool) {
		start, bytes, items := 0, 0, map[string]bool{}
		for i, e := range entries {
			// The chunk is full, too large with this entry, or has an event of the same item.
			if i-start == maxEntries || bytes+e.bytes > maxBytes || items[e.item] {
				if !yield(entries[start:i]) {
					return
				}
				start, bytes = i, 0
				clear(items)
			}
			bytes += e.bytes
			items[e.item] = true
		}
		if start < len(entries) {
			yield(entries[start:])
		}
	}
}

// publish makes one call and returns the place of the first entry that is not known to be on the bus, len(chunk) when
// all are. PutEvents answers 200 also when it took only some of them, so the answer is looked at entry by entry.
func (r *Relay) publish(ctx context.Context, chunk []entry, report *tally) (failed int) {
	puts := make([]types.PutEventsRequestEntry, len(chunk))
	for i, e := range chunk {
		puts[i] = e.put
	}
	out, err := r.bus.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: puts})
	// Whether any entry arrived is not known: all of them are published again.
	if err != nil || len(out.Entries) != len(chunk) {
		r.log.ErrorContext(ctx, "publish", "events", len(chunk), "error", err)
		report.failed += len(chunk)
		return 0
	}
	failed = len(chunk)
	for i, result := range out.Entries {
		// Entries behind a failed one are counted as published,
		// but published again with the next attempt.
		if result.EventId != nil && result.ErrorCode == nil {
			report.published++
			report.oldest = oldest(report.oldest, chunk[i].at)
			continue
		}
		report.failed++
		failed = min(failed, i)
		r.log.ErrorContext(ctx, "publish", "item", chunk[i].item, "code", aws.ToString(result.ErrorCode),
			"error", aws.ToString(result.ErrorMessage))
	}
	return failed
}

// oldest is the earlier of two times; zero is none.
func oldest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// tally is what one invocation did.
type tally struct {
	published, failed, unreadable int
	oldest                        time.Time // of the published events
}

// count writes the metrics of an invocation. An error of
// theirs is logged only: the events are on the bus.
func (r *Relay) count(ctx context.Context, t tally) {
	list := []metrics.Metric{
		{Name: "EventsPublished", Unit: metrics.Count, Value: float64(t.published)},
		{Name: "EventsNotPublished", Unit: metrics.Count, Value: float64(t.failed)},
		{Name: "EventsUnreadable", Unit: metrics.Count, Value: float64(t.unreadable)},
	}
	// Without a published event there is no lag.
	if !t.oldest.IsZero() {
		lag := r.clock.Now().Sub(t.oldest)
		list = append(list, metrics.Metric{Name: "EventLag", Unit: metrics.Milliseconds, Value: float64(lag.Milliseconds())})
	}
	if err := r.metrics.Emit(nil, list...); err != nil {
		r.log.ErrorContext(ctx, "metrics", "error", err)
	}
}
