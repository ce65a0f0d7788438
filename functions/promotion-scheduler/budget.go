package promotionscheduler

import (
	"context"

	"dangol/events"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// budgets looks, once for each promotion, whether the orders of a batch have used up its budget. It may be called again
// for the same orders, and is for those that were counted before: what follows the count may have failed then.
func (f Scheduler) budgets(ctx context.Context, batch []entry) error {
	looked := map[string]bool{}
	for _, e := range batch {
		// A canceled order frees budget, so it cannot be what used it up.
		if e.sale.sign < 0 {
			continue
		}
		for _, p := range e.sale.promotions {
			if looked[p.PromotionID] {
				continue
			}
			looked[p.PromotionID] = true
			if err := f.exhausted(ctx, p.PromotionID); err != nil {
				return err
			}
		}
	}
	return nil
}

// exhausted publishes, once for each version of a promotion, that its budget is used up. 1 round trip; 2 more when it
// has one, 3 when it is handed out in slices.
func (f Scheduler) exhausted(ctx context.Context, promotionID string) error {
	r, err := f.Store.Get(ctx, promotionID)
	// Deleted promotions and benefits of memberships have no record, and no budget.
	if problem.Code(err) == "promotion_not_found" {
		return nil
	}
	if err != nil {
		return err
	}
	p := &r.Promotion
	// Published for this version already, or there is no budget.
	if r.ExhaustedFor == p.Version || p.Budget.Uses == 0 && len(p.Budget.Spend) == 0 {
		return nil
	}
	// Strongly consistent: the order that was just counted must be in it.
	all, err := f.Store.Budgets(ctx, true, p.ID)
	if err != nil {
		return err
	}
	used := all[p.ID]
	if !BudgetExhausted(p.Budget, used) {
		return nil
	}
	if r.Event, err = event.New(ctx, f.Clock.Now(), events.PromotionBudgetExhausted{
		PromotionRef: store.EventRef(p, f.Clock.Now()), Uses: used.Uses, Spend: used.Spend,
	}); err != nil {
		return err
	}
	_, err = f.Store.RecordMilestone(ctx, r, store.Exhausted)
	return err
}

// BudgetExhausted reports whether a budget is used up: no use is left, or in some currency less than what an order has
// cost on average so far. A discount is given whole or not at all, so the last won of a budget may never be spent.
func BudgetExhausted(b promotion.Budget, used promotion.Used) bool {
	if b.Uses > 0 && used.Uses >= b.Uses {
		return true
	}
	for currency, budget := range b.Spend {
		if used.Uses > 0 && used.Spend[currency] > 0 && budget-used.Spend[currency] < used.Spend[currency]/int64(used.Uses) {
			return true
		}
	}
	return false
}
