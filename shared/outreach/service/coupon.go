package service

import (
	"context"
	"errors"
	"time"

	"dangol/shared/outreach/contact"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

// CouponSource gives each recipient a code of their own, out of the batch of single-use codes of a promotion.
type CouponSource struct {
	table.Key
	Name        string          `dynamodbav:"name"`
	PromotionID string          `dynamodbav:"promotionId"`
	Batch       promotion.Batch `dynamodbav:"batch"`
	Until       string          `dynamodbav:"until,omitempty"` // last day, YYYY-MM-DD
}

// ended reports whether the last day of the codes is over: no cart takes them any more. today is on the shop's wall
// clock.
func (c CouponSource) ended(today time.Time) bool {
	return c.Until != "" && today.Format(time.DateOnly) > c.Until
}

// couponKey is the key of the source of a name.
func couponKey(name string) table.Key { return table.Key{PK: "COUPON#" + name, SK: "COUPON"} }

// codesKey is the key of the counter of the codes of a promotion that were given out. It belongs to the promotion and
// not to a name: a promotion that stands behind two names, or again after another one, gives no code twice.
func codesKey(promotionID string) table.Key {
	return table.Key{PK: "CODES#" + promotionID, SK: "CODES"}
}

// SetCoupon says which promotion's codes a name stands for, with the end and the number of codes that the promotion has
// now. 1 round trip.
func (s *Service) SetCoupon(ctx context.Context, name string, p *promotion.Promotion) error {
	if p.Codes.Batch == nil {
		return errors.New("outreach: the promotion has no batch of codes")
	}
	source := CouponSource{Key: couponKey(name), Name: name, PromotionID: p.ID, Batch: *p.Codes.Batch}
	// The promotion ends at an instant that is excluded: the last day is that of the moment before.
	if !p.Ends.IsZero() {
		source.Until = p.Ends.Add(-1).In(s.Shop.Zone).Format(time.DateOnly)
	}
	return s.Table.Put(ctx, table.Put{Item: source}) // the newest decision counts
}

// coupon is the code of a recipient: the same each time, and another for each recipient. ok is false when there is no
// promotion for the name, or it has ended, or its codes are used up. A number that was taken and not stored with the
// contact is lost, never given twice. 1 round trip, 2 for the first time.
func (s *Service) coupon(ctx context.Context, name string, c *contact.Contact) (code, until string, ok bool,
	err error) {
	var source CouponSource
	if err := s.Table.Get(ctx, couponKey(name), &source); err != nil {
		return "", "", false, ignoreMissing(err)
	}
	if source.ended(s.Clock.Now().In(s.Shop.Zone)) {
		return "", "", false, nil
	}
	// By promotion: with another one behind the name the person gets another code.
	key := name + "#" + source.PromotionID
	number, known := c.Coupons[key]
	if !known {
		if number, ok, err = s.nextCode(ctx, source); err != nil || !ok {
			return "", "", false, err
		}
		if c.Coupons == nil {
			c.Coupons = map[string]int{}
		}
		c.Coupons[key] = number
	}
	// The batch may have become smaller since.
	if number >= source.Batch.Size {
		return "", "", false, nil
	}
	return source.Batch.Code(number), source.Until, true, nil
}

// nextCode takes the next number of a batch; ok is false when its codes are used up. 1 round trip.
func (s *Service) nextCode(ctx context.Context, source CouponSource) (number int, ok bool, err error) {
	after, err := s.Table.Update(ctx, table.Update{
		Key: codesKey(source.PromotionID), Do: "ADD #next :one",
		If:   "attribute_not_exists(#next) OR #next < :size", // one number for each recipient
		With: map[string]any{":one": 1, ":size": source.Batch.Size},
	})
	if _, usedUp := table.Failed(err); usedUp {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	var counter struct {
		Next int `dynamodbav:"next"` // the number after the one that was taken
	}
	if err := after.Decode(&counter); err != nil {
		return 0, false, err
	}
	return counter.Next - 1, true, nil
}
