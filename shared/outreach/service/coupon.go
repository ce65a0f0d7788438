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
	Next        int             `dynamodbav:"next"`            // number of the next code
}

// couponKey is the key of the source of a name.
func couponKey(name string) table.Key { return table.Key{PK: "COUPON#" + name, SK: "COUPON"} }

// SetCoupon says which promotion's codes a name stands for. Another promotion under the same name starts at its first
// code; the same one goes on, with what has changed of it. 1 round trip, 2 for the same one.
func (s *Service) SetCoupon(ctx context.Context, name string, p *promotion.Promotion) error {
	if p.Codes.Batch == nil {
		return errors.New("outreach: the promotion has no batch of codes")
	}
	source := CouponSource{Key: couponKey(name), Name: name, PromotionID: p.ID, Batch: *p.Codes.Batch}
	// The promotion ends at an instant that is excluded: the last day is that of the moment before.
	if !p.Ends.IsZero() {
		source.Until = p.Ends.Add(-1).In(s.Shop.Zone).Format(time.DateOnly)
	}
	err := s.Table.Put(ctx, table.Put{
		// codes that were given out are not given out again
		Item: source, If: "attribute_not_exists(#pk) OR #promotionId <> :id",
		With: map[string]any{":id": p.ID},
	})
	if _, refused := table.Failed(err); !refused {
		return err
	}
	// The same promotion: its codes go on, with the end and the number of codes that it has now.
	_, err = s.Table.Update(ctx, table.Update{
		Key: source.Key, Do: "SET #batch = :batch, #until = :until", If: "#promotionId = :id", // not one set meanwhile
		With: map[string]any{":batch": source.Batch, ":until": source.Until, ":id": p.ID},
	})
	if _, refused := table.Failed(err); refused {
		return nil
	}
	return err
}

// coupon is the code of a recipient: the same each time, and another for each recipient. ok is false when there is no
// promotion for the name, or its codes are used up. A number that was taken and not stored with the contact is lost,
// never given twice.
func (s *Service) coupon(ctx context.Context, name string, c *contact.Contact) (code, until string, ok bool) {
	var source CouponSource
	if err := s.Table.Get(ctx, couponKey(name), &source); err != nil {
		return "", "", false
	}
	// By promotion: with another one behind the name the person gets another code.
	key := name + "#" + source.PromotionID
	number, known := c.Coupons[key]
	if !known {
		after, err := s.Table.Update(ctx, table.Update{
			Key: source.Key, Do: "ADD #next :one", If: "#promotionId = :id AND #next < :size", // one number for each recipient
			With: map[string]any{":one": 1, ":id": source.PromotionID, ":size": source.Batch.Size},
		})
		if err != nil || after.Decode(&source) != nil {
			return "", "", false
		}
		// Next is the number after the one that was taken.
		number = source.Next - 1
		if c.Coupons == nil {
			c.Coupons = map[string]int{}
		}
		c.Coupons[key] = number
	}
	// The batch may have become smaller since.
	if number >= source.Batch.Size {
		return "", "", false
	}
	return source.Batch.Code(number), source.Until, true
}
