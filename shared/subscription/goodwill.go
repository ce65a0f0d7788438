package subscription

// Goodwill gives a subscriber money back that no rule owes them: as account credit, or to the card as far as the
// running period was paid by it. By the shop only.
type Goodwill struct {
	Amount int64
	ToCard bool
}

// RemindPayment sends the mail about an unpaid invoice again, with the link to pay it. By the shop only.
type RemindPayment struct{}

// GiveCoupon takes something off the next periods. By the shop only; one at a time, a new one replaces the last.
type GiveCoupon struct{ Coupon Coupon }

// Coupon takes an amount, or a share, off each of the next whole periods that are invoiced.
type Coupon struct {
	PercentBP int64 `json:"percentBp,omitempty" doc:"Basis points: 1000 is 10 %."`
	Amount    int64 `json:"amount,omitempty" doc:"Minor units, off each period."`
	Left      int   `json:"left" doc:"Periods it is still for."`
}

const maxCouponPeriods = 120

func (Goodwill) name() string      { return "goodwill" }
func (RemindPayment) name() string { return "remind_payment" }
func (GiveCoupon) name() string    { return "give_coupon" }

// reasonGoodwill is the reason of the credit note.
const reasonGoodwill = "goodwill"

func (c Goodwill) do(r *run) error {
	paid := int64(0)
	for _, p := range r.s.Payments {
		paid += p.Left
	}
	var f fields
	f.within("/amount", c.Amount, 1, maxPrice)
	f.Require(!c.ToCard || c.Amount <= paid, "/amount", "too_large",
		"at most what the card has paid for the running period")
	if err := f.Err(); err != nil {
		return err
	}
	r.note = reasonGoodwill
	if c.ToCard {
		r.s.GoodwillToCard += c.Amount
		r.refund(c.Amount, reasonGoodwill)
		return nil
	}
	r.credit(c.Amount, 0, reasonGoodwill)
	return nil
}

func (RemindPayment) do(r *run) error {
	o := r.s.Open
	if o == nil || r.s.outOfStock() || o.Since.IsZero() {
		return refuse("nothing_unpaid", "Nothing is unpaid.")
	}
	if o.InFlight {
		return refuse("payment_running", "A payment is being made. Try again in a few minutes.")
	}
	r.note = "reminder"
	r.notice(r.failedNotice(NoticePaymentFailed))
	return nil
}

func (c GiveCoupon) do(r *run) error {
	t := r.s.coming()
	if t.Prepaid > 1 || r.s.NoRenewal {
		// Refunds of prepaid cycles go by the price of a cycle, which a coupon on the whole payment would not fit.
		return refuse("not_for_this_plan", "What is paid ahead takes no coupon.")
	}
	k := c.Coupon
	var f fields
	f.Require((k.PercentBP > 0) != (k.Amount > 0), "/percentBp", "not_allowed", "a percentage or an amount")
	f.within("/percentBp", k.PercentBP, 0, 10_000)
	f.within("/amount", k.Amount, 0, maxPrice)
	f.within("/left", int64(k.Left), 1, maxCouponPeriods)
	if err := f.Err(); err != nil {
		return err
	}
	// A period that the unpaid invoice has taken is one of the coupon before.
	if r.s.Open != nil {
		r.s.Open.Coupon = false
	}
	r.s.Coupon, r.note = &k, "coupon"
	return nil
}

// discount is what the coupon takes off a whole period of a price. It waits while a plan is paid ahead, to which the
// subscriber may have changed after it was given.
func (s *Subscription) discount(price int64) int64 {
	k := s.Coupon
	if k == nil || k.Left == 0 || s.Terms.Prepaid > 1 {
		return 0
	}
	if k.PercentBP > 0 {
		return roundDiv(price*k.PercentBP, 10_000)
	}
	return min(k.Amount, price)
}
