package store

import (
	"context"
	"errors"
	"time"

	"dangol/events"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
	"dangol/shared/review"
)

// Line is an order line that has arrived: whether its buyer was asked for a review, and the review. It is what makes
// one review per line: the transaction that makes a review claims the line.
type Line struct {
	table.Key
	due.Due
	OrderID    string       `dynamodbav:"orderId"`
	LineID     string       `dynamodbav:"lineId"`
	ProductID  string       `dynamodbav:"productId"`
	VariantID  string       `dynamodbav:"variantId,omitempty"`
	CustomerID string       `dynamodbav:"customerId,omitempty"`
	Language   string       `dynamodbav:"language,omitempty"`
	Delivered  time.Time    `dynamodbav:"deliveredAt"`
	ReviewID   string       `dynamodbav:"reviewId,omitempty"`
	Asked      int          `dynamodbav:"asked,omitempty"` // 1 after the first request, 2 after that for the follow-up
	Event      *event.Event `dynamodbav:"event,omitempty"`
}

// lineKey is the key of an order line.
func lineKey(orderID, lineID string) table.Key {
	return table.Key{PK: "LINE#" + orderID + "#" + lineID, SK: "LINE"}
}

// Delivered notes that a line has arrived and when its buyer is asked for a review. A repetition, and a second parcel
// of the same line, change nothing. 1 round trip, 3 WCU.
func (s Store) Delivered(ctx context.Context, l Line) error {
	l.Key = lineKey(l.OrderID, l.LineID)
	l.Due = due.On(DueRequest, l.OrderID+l.LineID, l.Delivered.Add(review.FirstRequest))
	err := s.Table.Put(ctx, table.Put{Item: l, If: table.IfNew})
	if _, known := table.Failed(err); known {
		return nil
	}
	return err
}

// LineOf reads an order line, nil when nothing is known of it. 1 round trip, 1 RCU.
func (s Store) LineOf(ctx context.Context, orderID, lineID string) (*Line, error) {
	return s.line(ctx, lineKey(orderID, lineID))
}

// line reads an order line by its key; nil when there is none.
func (s Store) line(ctx context.Context, key table.Key) (*Line, error) {
	var l Line
	err := s.Table.Get(ctx, key, &l)
	if errors.Is(err, table.ErrNotFound) {
		return nil, nil
	}
	return &l, err
}

// claimLine is the write that makes a review the only one of its line. It makes the line when the news of the delivery
// has not come yet; the request for the follow-up is then due 30 days after delivery all the same.
func claimLine(r *review.Review) table.Update {
	at := due.On(DueRequest, r.OrderID+r.LineID, r.Delivered.Add(review.FollowUpAfter))
	return table.Update{
		Key: lineKey(r.OrderID, r.LineID),
		Do: "SET #reviewId = :review, #orderId = :order, #lineId = :line, #productId = :product, #variantId = :variant, " +
			"#customerId = :customer, #language = :language, #deliveredAt = :delivered, #duePk = :shard, #dueAt = :at, " +
			"#asked = if_not_exists(#asked, :one)", // a review after both requests is not the reason for a third
		If: "attribute_not_exists(#reviewId)", // one review per line
		With: map[string]any{
			":review": r.ID, ":order": r.OrderID, ":line": r.LineID, ":product": r.ProductID, ":variant": r.VariantID,
			":customer": Ref(r).CustomerID, ":language": r.Language, ":delivered": r.Delivered, ":one": 1, ":shard": at.Shard,
			":at": at.At,
		},
	}
}

// maxRequests is how often a buyer is asked: for a review, and for the follow-up after a month of use.
const maxRequests = 2

// Ask does a due request: it publishes review.requested on the line and plans the next request. A line whose buyer has
// written already is not asked a first time, one whose review is deleted or has a follow-up not a second time. 2 to 3
// round trips.
func (s Store) Ask(ctx context.Context, key table.Key) error {
	now := s.Clock.Now()
	l, err := s.line(ctx, key)
	if err != nil || l == nil {
		return err
	}
	// A sweeper's claim has moved At into the future and counted a try.
	if l.At == 0 || l.Tries == 0 && now.Before(time.UnixMilli(l.At)) {
		return nil
	}
	ask, err := s.wants(ctx, l)
	if err != nil {
		return err
	}
	read := l.Asked
	kind := "first"
	if l.Asked > 0 {
		kind = "follow_up"
	}
	l.Asked = min(read+1, maxRequests)
	if ask {
		ref := events.ReviewRef{
			ReviewID: l.ReviewID, ProductID: l.ProductID, OrderID: l.OrderID, LineID: l.LineID, CustomerID: l.CustomerID,
			Language: l.Language,
		}
		if l.Event, err = event.New(ctx, now, events.ReviewRequested{
			ReviewRef: ref, Kind: kind, VariantID: l.VariantID, DeliveredAt: l.Delivered,
		}); err != nil {
			return err
		}
	}
	// Two requests at most: after the second nothing is due.
	l.Due = due.Due{}
	if l.Asked == 1 {
		l.Due = due.On(DueRequest, l.OrderID+l.LineID, l.Delivered.Add(review.FollowUpAfter))
	}
	err = s.Table.Put(ctx, table.Put{
		Item: l,
		// Each request once; and a review that is written meanwhile stays the review of the line.
		If: "(attribute_not_exists(#asked) OR #asked = :read) AND attribute_exists(#duePk) AND " +
			"(attribute_not_exists(#reviewId) OR #reviewId = :review)",
		With: map[string]any{":read": read, ":review": l.ReviewID},
	})
	if _, done := table.Failed(err); done {
		return nil
	}
	return err
}

// wants reports whether the buyer of a line is to be asked now.
func (s Store) wants(ctx context.Context, l *Line) (bool, error) {
	switch l.Asked {
	case 0:
		return l.ReviewID == "", nil
	case maxRequests:
		return false, nil // the review was written after both, which has made the line due again
	}
	if l.ReviewID == "" {
		return true, nil // asked again, this time after a month of use
	}
	r, err := s.Get(ctx, ReviewID{l.ProductID, l.ReviewID})
	if err != nil {
		return false, err
	}
	return r.State != review.Deleted && r.FollowUp == nil, nil
}

// NewID is the id of a review written now.
func (s Store) NewID() string { return id.New(Prefix, s.Clock.Now()) }
