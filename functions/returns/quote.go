package returns

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"dangol/shared/catalog"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/problem"
	"dangol/shared/refund"
	"dangol/shared/returnpolicy"
	"dangol/shared/rma"
)

// OrderInput names an order and what opens it to a guest. Exported because Huma fills only exported embedded structs.
type OrderInput struct {
	OrderID   string `path:"orderId" maxLength:"40" example:"ord_01k9x7d3f8q7m2k"`
	CartToken string `header:"Cart-Token" maxLength:"200" doc:"The token of the guest's cart that was ordered."`
	Token     string `header:"Order-Token" maxLength:"200" doc:"The token from a look-up."`
}

// caller is what the caller can show for themselves.
func caller(ctx context.Context, cartToken, lookupToken string) order.Caller {
	p := auth.From(ctx)
	return order.Caller{CustomerID: p.Subject, Operator: p.Operator(), CartToken: cartToken, LookupToken: lookupToken}
}

// quoteInput is what somebody thinks of returning.
type quoteInput struct {
	OrderInput
	Body Wanted
}

// quoteOutput is what it would refund.
type quoteOutput struct {
	Caching string `header:"Cache-Control"`
	Body    Quote
}

// Quote is what a return would refund, and why.
type Quote struct {
	Token      string           `json:"token" doc:"Send it with the request for the return: the amounts are then these, or the request is refused with what changed."`
	Resolution rma.Resolution   `json:"resolution" enum:"refund,store_credit,exchange,replacement"`
	Way        rma.ReturnMethod `json:"way" enum:"label,pickup,own,keep" doc:"keep: the goods need not come back."`
	Lines      []QuoteLine      `json:"lines" nullable:"false"`
	Goods      money.Formatted  `json:"goods" doc:"What the units cost together."`
	Shipping   money.Formatted  `json:"shipping" doc:"Of the shipping to the customer that goes back."`
	Later      money.Formatted  `json:"shippingLater" doc:"Of the shipping to the customer: goes back besides once the goods of the other open returns have come back too, with the return that is settled last."`
	Charges    []QuoteCharge    `json:"charges" nullable:"false" doc:"For gifts and discounts that are kept without being earned; negative when an earlier charge goes back."`
	Fees       []QuoteFee       `json:"fees" nullable:"false" doc:"What the shop keeps."`
	Earlier    money.Formatted  `json:"earlier" doc:"What earlier returns of this order left open."`
	Waived     money.Formatted  `json:"waived" doc:"Charges above the value of the goods; not collected."`
	Capped     money.Formatted  `json:"capped" doc:"Not refunded because it went back before without any goods, or was paid ahead and only goods are given for it."`
	Refund     money.Formatted  `json:"refund" doc:"The value that goes to the customer: goods + shipping - charges + earlier - fees + waived - capped."`
	Payments   []QuotePayment   `json:"payments" nullable:"false" doc:"On which ways of payment it goes back, in that order."`
	Credit     *QuoteCredit     `json:"storeCredit,omitempty" doc:"The alternative: store credit. Missing for guests."`
	Exchange   *QuoteExchange   `json:"exchange,omitempty" doc:"Of an exchange or a replacement."`
	Policy     int              `json:"policyVersion" doc:"The version the order was sold under."`
	ByLaw      bool             `json:"byLaw" doc:"The law gives the right, whatever the policy says."`
	Until      *time.Time       `json:"until,omitempty" doc:"When the right ends; missing while the goods are on their way."`
	Approved   bool             `json:"approvedAtOnce" doc:"The return is approved when it is requested."`
}

// QuoteLine is some units of a line and what they really cost.
type QuoteLine struct {
	LineID   string          `json:"lineId"`
	Title    string          `json:"title"`
	Quantity int             `json:"quantity"`
	Units    []QuoteUnit     `json:"units" nullable:"false"`
	Amount   money.Formatted `json:"amount"`
}

// QuoteUnit is one unit: price - discount (+ tax when it came on top) = paid.
type QuoteUnit struct {
	Price    money.Formatted `json:"price" doc:"In the catalog."`
	Discount money.Formatted `json:"discount" doc:"Its own, and its share of what the whole order got."`
	Tax      money.Formatted `json:"tax" doc:"Contained in paid."`
	Paid     money.Formatted `json:"paid"`
}

// QuoteCharge is what is charged for what is kept.
type QuoteCharge struct {
	Kind        refund.ChargeKind `json:"kind" enum:"gift_kept,promotion_lost"`
	LineID      string            `json:"lineId,omitempty"`
	PromotionID string            `json:"promotionId,omitempty"`
	Name        string            `json:"name"`
	Amount      money.Formatted   `json:"amount"`
}

// QuoteFee is what the shop keeps.
type QuoteFee struct {
	Kind   refund.FeeKind  `json:"kind" enum:"return_shipping,restocking,damage"`
	LineID string          `json:"lineId,omitempty"`
	Amount money.Formatted `json:"amount"`
}

// QuotePayment is what goes back on one way of payment.
type QuotePayment struct {
	Method refund.Method   `json:"method" enum:"card,store_credit,points"`
	Amount money.Formatted `json:"amount"`
}

// QuoteCredit is what store credit would give.
type QuoteCredit struct {
	Amount money.Formatted `json:"amount" doc:"With the bonus."`
	Bonus  money.Formatted `json:"bonus"`
}

// QuoteExchange is what is sent instead.
type QuoteExchange struct {
	Goods []QuoteGood     `json:"goods" nullable:"false"`
	Price money.Formatted `json:"price" doc:"What the goods cost: what was paid for those that come back, and what the catalog price is above theirs; for cheaper ones less by the same share."`
	Ask   money.Formatted `json:"balance" doc:"What is asked for before they are sent; never taken silently."`
	Pay   money.Formatted `json:"paidOut" doc:"What is refunded because they are cheaper."`
}

// QuoteGood is some units of a variant that are sent instead.
type QuoteGood struct {
	VariantID string          `json:"variantId"`
	Title     string          `json:"title"`
	Options   []string        `json:"options,omitempty"`
	Quantity  int             `json:"quantity"`
	Unit      money.Formatted `json:"unit"`
}

// quoteReturn answers what a return would refund. Nothing is written. 2 round trips at once, 1 more for an exchange.
func (f *Returns) quoteReturn(ctx context.Context, in *quoteInput) (*quoteOutput, error) {
	o, versions, err := f.orderAndPolicies(ctx, in.OrderInput)
	if err != nil {
		return nil, err
	}
	p, err := f.plan(ctx, o, versions, in.Body)
	if err != nil {
		return nil, err
	}
	return &quoteOutput{Caching: caching, Body: p.view(o, in.Body)}, nil
}

// caching keeps amounts and personal data out of every cache.
const caching = "no-store"

// orderAndPolicies reads the order for the caller, and all versions of the policy, at once.
func (f *Returns) orderAndPolicies(ctx context.Context, in OrderInput) (*order.Order, []returnpolicy.Policy, error) {
	var o *order.Order
	var versions []returnpolicy.Policy
	// Neither needs the other, and each is a round trip.
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		o, err = f.Orders.GetFor(inner, in.OrderID, caller(ctx, in.CartToken, in.Token))
		return err
	})
	group.Go(func() (err error) {
		versions, err = f.Policies.All(inner)
		return err
	})
	err := group.Wait()
	return o, versions, err
}

// plan works the return out, with the goods of an exchange as they are now.
func (f *Returns) plan(ctx context.Context, o *order.Order, versions []returnpolicy.Policy, w Wanted) (plan, error) {
	if w.Way == "" {
		w.Way = string(rma.Label)
	}
	policy, ok := returnpolicy.InForce(versions, o.PlacedAt)
	if !ok {
		return plan{}, fmt.Errorf("no return policy was in force at %s", o.PlacedAt)
	}
	var variants []string
	for _, l := range w.Lines {
		// A line that is not in the order has no variant; planReturn names the mistake.
		line, _ := o.Line(l.LineID)
		switch rma.Resolution(w.Resolution) {
		case rma.Exchange:
			variants = append(variants, l.For)
		case rma.Replacement:
			variants = append(variants, line.VariantID)
		}
	}
	var goods map[string]catalog.SellableVariant
	var drops map[string]bool
	if len(variants) > 0 {
		var err error
		// Past the cache: stock and price decide what is promised.
		if goods, err = f.Catalog.ConsistentVariants(ctx, variants); err != nil {
			return plan{}, err
		}
		if drops, err = f.inDrops(ctx, goods); err != nil {
			return plan{}, err
		}
	}
	return planReturn(facts{order: o, policy: policy, variants: goods, drops: drops, now: f.Clock.Now()}, w)
}

// view shows the plan.
func (p plan) view(o *order.Order, w Wanted) Quote {
	// in is an amount in the order's currency, with its text.
	in := func(amount int64) money.Formatted { return o.Money(amount).Formatted() }
	q := p.quote
	v := Quote{
		Token: p.token(), Resolution: rma.Resolution(w.Resolution), Way: p.way, Lines: []QuoteLine{},
		Charges: []QuoteCharge{}, Fees: []QuoteFee{},
		Payments: []QuotePayment{}, Shipping: in(q.Shipping), Later: in(p.later), Earlier: in(q.Earlier),
		Waived: in(q.Waived),
		Capped: in(q.Capped),
		Refund: in(q.Refund), Policy: p.policy, ByLaw: p.byLaw, Approved: p.approve,
	}
	if !p.until.IsZero() {
		v.Until = &p.until
	}
	goods := int64(0)
	for _, l := range q.Lines {
		line := QuoteLine{LineID: l.LineID, Title: l.Title, Quantity: len(l.Units), Amount: in(l.Amount)}
		for _, u := range l.Units {
			line.Units = append(line.Units,
				QuoteUnit{Price: in(l.List), Discount: in(u.Discount), Tax: in(u.Tax), Paid: in(u.Cost)})
		}
		// The lines show what the goods cost; shares of earlier returns are not in them.
		goods += l.Amount
		v.Lines = append(v.Lines, line)
	}
	v.Goods = in(goods)
	for _, c := range q.Charges {
		v.Charges = append(v.Charges, QuoteCharge{Kind: c.Kind, LineID: c.LineID, PromotionID: c.PromotionID, Name: c.Name,
			Amount: in(c.Amount)})
	}
	for _, fee := range q.Fees {
		v.Fees = append(v.Fees, QuoteFee{Kind: fee.Kind, LineID: fee.LineID, Amount: in(fee.Amount)})
	}
	for _, part := range q.Parts {
		v.Payments = append(v.Payments, QuotePayment{Method: part.Method, Amount: in(part.Amount)})
	}
	if p.credit.offered {
		v.Credit = &QuoteCredit{Amount: in(p.credit.amount + p.credit.bonus), Bonus: in(p.credit.bonus)}
	}
	if len(p.goods) > 0 {
		v.Exchange = &QuoteExchange{Goods: []QuoteGood{}, Price: in(p.figures.Price), Ask: in(p.figures.BalanceDue),
			Pay: in(p.figures.PaidOut)}
		for _, g := range p.goods {
			v.Exchange.Goods = append(v.Exchange.Goods, QuoteGood{
				VariantID: g.VariantID, Title: g.Title, Options: g.Options, Quantity: g.Quantity, Unit: in(g.Unit),
			})
		}
	}
	return v
}

// quoted is what a token keeps of a quote: the amounts it promised. It is not secret and not signed, because a request
// that changes it is only held against other amounts.
type quoted struct {
	Goods, Shipping, Charges, Fees, Refund, Bonus, Price, Ask, Pay int64
	Way                                                            rma.ReturnMethod
}

// quoted are the amounts of this plan for a token.
func (p plan) quoted() quoted {
	k := quoted{
		Shipping: p.quote.Shipping, Refund: p.quote.Refund, Bonus: p.figures.Bonus, Price: p.figures.Price,
		Ask: p.figures.BalanceDue,
		Pay: p.figures.PaidOut, Way: p.way,
	}
	for _, l := range p.quote.Lines {
		k.Goods += l.Amount
	}
	for _, c := range p.quote.Charges {
		k.Charges += c.Amount
	}
	for _, fee := range p.quote.Fees {
		k.Fees += fee.Amount
	}
	return k
}

// token is the quote's amounts as text.
func (p plan) token() string {
	raw, err := json.Marshal(p.quoted())
	if err != nil {
		return "" // numbers and a short text; cannot fail
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Changed is one amount of a quote that is no longer true.
type Changed struct {
	What   string          `json:"what"`
	Quoted money.Formatted `json:"quoted"`
	Now    money.Formatted `json:"now"`
}

// holds checks that what was quoted still holds. Errors: 409 quote_changed, with what changed; 422 for what is no
// token.
func (p plan) holds(o *order.Order, token string) error {
	var was quoted
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(raw, &was) != nil {
		return problem.InvalidField("/quote", "wrong_format", "the token of a quote")
	}
	now := p.quoted()
	// Compared as a whole: with one amount changed the customer has not seen what they would get.
	if was == now {
		return nil
	}
	changes := []Changed{}
	for _, c := range []struct {
		what     string
		was, now int64
	}{
		{"goods", was.Goods, now.Goods}, {"shipping", was.Shipping, now.Shipping}, {"charges", was.Charges, now.Charges},
		{"fees", was.Fees, now.Fees}, {"refund", was.Refund, now.Refund}, {"bonus", was.Bonus, now.Bonus},
		{"price", was.Price, now.Price}, {"balance", was.Ask, now.Ask}, {"paidOut", was.Pay, now.Pay},
	} {
		if c.was != c.now {
			changes = append(changes, Changed{What: c.what, Quoted: o.Money(c.was).Formatted(), Now: o.Money(c.now).Formatted()})
		}
	}
	return problem.Conflict("quote_changed",
		"The return is no longer worth what was quoted; ask for a quote again.").With("changes", changes)
}
