package promotion

import (
	"cmp"
	"slices"
)

// AppliedChange is a promotion that does something else for the same basket than before: it began (Before is 0), ended
// or ran out (After is 0), or gives more or less.
type AppliedChange struct {
	PromotionID   string `json:"promotionId"`
	Code          string `json:"code,omitempty"`
	Before, After int64  // minor units taken off
	GiftsBefore   int
	GiftsAfter    int
}

// CompareApplied compares what promotions did when a price was shown with what they do at the moment of checkout.
// Nothing means that the shopper gets what was shown.
func CompareApplied(shown, actual []Applied) []AppliedChange {
	by := map[string]*AppliedChange{}
	of := func(a Applied) *AppliedChange {
		if by[a.PromotionID] == nil {
			by[a.PromotionID] = &AppliedChange{PromotionID: a.PromotionID, Code: a.Code}
		}
		return by[a.PromotionID]
	}
	for _, a := range shown {
		c := of(a)
		c.Before, c.GiftsBefore = a.Amount, a.Gifts
	}
	for _, a := range actual {
		c := of(a)
		c.After, c.GiftsAfter = a.Amount, a.Gifts
	}
	var changes []AppliedChange
	for _, c := range by {
		// Only what the shopper gets counts: a new version
		// of a promotion that gives the same is no change.
		if c.Before != c.After || c.GiftsBefore != c.GiftsAfter {
			changes = append(changes, *c)
		}
	}
	slices.SortFunc(changes, func(x, y AppliedChange) int { return cmp.Compare(x.PromotionID, y.PromotionID) })
	return changes
}
