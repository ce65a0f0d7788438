package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"dangol/shared/platform/format"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/subscription"
)

// GiftReport says that the recipient of a gift's mail did not want it. It stops further mails of gifts from that sender
// to that address. The address is kept as a hash only: it is that of somebody who wants nothing from the shop.
type GiftReport struct {
	table.Key
	List           string                     `dynamodbav:"gsi1pk"`
	ListAt         string                     `dynamodbav:"gsi1sk"`
	Card           table.Packed[ReportedGift] `dynamodbav:"card"`
	SubscriptionID string                     `dynamodbav:"subscriptionId"`
}

// ReportedGift is a report in the shop's list.
type ReportedGift struct {
	SubscriptionID string    `json:"subscriptionId" example:"sub_01k9x7d3f8q7m2k"`
	SenderID       string    `json:"senderId" doc:"The customer who gave it."`
	From           string    `json:"from,omitempty" doc:"The name the mail gave."`
	Message        string    `json:"message,omitempty"`
	At             time.Time `json:"at"`
}

// MetricGiftReported counts reports; a sender who is reported often writes to strangers.
const MetricGiftReported = "GiftReported"

const giftReports = "GIFT_REPORTS"

// giftReportKey is the key of the report of a recipient about a sender.
func giftReportKey(senderID, recipient string) table.Key {
	return table.Key{PK: "GIFT_REPORT#" + format.HashEmail(recipient), SK: "SENDER#" + senderID}
}

// ReportGift stores that the recipient of a gift's mail did not want it. Repeating it changes nothing. 1 round trip,
// 2 WCU.
func (s *Service) ReportGift(ctx context.Context, r *Record) error {
	now := s.Clock.Now()
	report := GiftReport{
		Key: giftReportKey(r.Sub.CustomerID, r.Sub.Gift.Recipient), SubscriptionID: r.Sub.ID, List: giftReports,
		ListAt: now.UTC().Format(time.RFC3339Nano) + "#" + r.Sub.ID,
	}
	report.Card.Value = ReportedGift{
		SubscriptionID: r.Sub.ID, SenderID: r.Sub.CustomerID, From: r.Name, Message: r.Sub.Gift.Message, At: now,
	}
	err := s.Table.Put(ctx, table.Put{Item: report, If: table.IfNew}) // the first report counts
	if _, known := table.Failed(err); known {
		return nil
	}
	if err != nil {
		return err
	}
	return s.Metrics.Emit(nil, metrics.Metric{Name: MetricGiftReported, Unit: metrics.Count, Value: 1})
}

// GiftReported reports whether the person with that address has reported a gift of the sender. 1 round trip, 1 RCU.
func (s *Service) GiftReported(ctx context.Context, senderID, recipient string) (bool, error) {
	var report GiftReport
	err := s.Table.Get(ctx, giftReportKey(senderID, recipient), &report)
	if errors.Is(err, table.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// GiftRefused is the answer for a gift to somebody who has reported one of the same sender.
func GiftRefused() error {
	return problem.Conflict("gift_refused", "Whoever has this address wants no gift mails from this sender.")
}

// GiftReports lists what was reported, newest first. 1 round trip, 0.5 RCU per 4 KB. Errors: table.ErrCursor.
func (s *Service) GiftReports(ctx context.Context, limit int, after table.Cursor) ([]ReportedGift, table.Cursor,
	error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :list", With: map[string]any{":list": giftReports}, Limit: limit,
		After: after, Backwards: true,
	})
	if err != nil {
		return nil, "", err
	}
	all := make([]ReportedGift, len(page.Items))
	for i, item := range page.Items {
		var report GiftReport
		if err := item.Decode(&report); err != nil {
			return nil, "", err
		}
		all[i] = report.Card.Value
	}
	return all, page.Next, nil
}

// withoutReported takes the gift mails out of a change whose recipient has reported the sender meanwhile: a gift may be
// planned for a day long after the report. No round trip for a change without such a mail.
func (s *Service) withoutReported(ctx context.Context, w *changeSet) error {
	isGift := func(n subscription.Notice) bool { return n.Kind == subscription.NoticeGift }
	if !slices.ContainsFunc(w.notices, isGift) || w.next.Sub.Gift == nil {
		return nil
	}
	reported, err := s.GiftReported(ctx, w.next.Sub.CustomerID, w.next.Sub.Gift.Recipient)
	if err == nil && reported {
		w.notices = slices.DeleteFunc(slices.Clone(w.notices), isGift)
	}
	return err
}
