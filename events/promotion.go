package events

import "time"

// PromotionRef says which promotion an event is about.
type PromotionRef struct {
	PromotionID string            `json:"promotionId"`
	Version     int               `json:"version"`
	Kind        string            `json:"kind"`
	Name        map[string]string `json:"name"` // by language
	Starts      time.Time         `json:"starts"`
	Ends        time.Time         `json:"ends,omitzero"` // missing for what has no end
	At          time.Time         `json:"at"`            // when what happened took effect, which may be before it was told
}

// PromotionStarted says that a promotion has begun. Carts have it from At on, whenever this arrives.
type PromotionStarted struct{ PromotionRef }

// EventType is "promotion.started".
func (PromotionStarted) EventType() string { return "promotion.started" }

// PromotionEnded says that a promotion is over, at its planned end or because a merchant ended it.
type PromotionEnded struct{ PromotionRef }

// EventType is "promotion.ended".
func (PromotionEnded) EventType() string { return "promotion.ended" }

// PromotionPaused says that a merchant stopped a live promotion for a while.
type PromotionPaused struct{ PromotionRef }

// EventType is "promotion.paused".
func (PromotionPaused) EventType() string { return "promotion.paused" }

// PromotionResumed says that a paused promotion goes on.
type PromotionResumed struct{ PromotionRef }

// EventType is "promotion.resumed".
func (PromotionResumed) EventType() string { return "promotion.resumed" }

// PromotionBudgetExhausted says that a budget is used up: no further order fits into it.
type PromotionBudgetExhausted struct {
	PromotionRef
	Uses  int              `json:"uses"`
	Spend map[string]int64 `json:"spend,omitempty"` // minor units by currency
}

// EventType is "promotion.budget_exhausted".
func (PromotionBudgetExhausted) EventType() string { return "promotion.budget_exhausted" }

// OrderPromotion is what one promotion did to an order.
type OrderPromotion struct {
	PromotionID string `json:"promotionId"`
	Code        string `json:"code,omitempty"`
	Amount      int64  `json:"amount"` // minor units taken off; of a sale price, off the list prices
	Gifts       int    `json:"gifts,omitempty"`
}
