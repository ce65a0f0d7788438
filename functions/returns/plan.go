package returns

import (
	"fmt"
	"strconv"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/money"
	"dangol/shared/order"
	"dangol/shared/platform/problem"
	"dangol/shared/refund"
	"dangol/shared/returnpolicy"
	"dangol/shared/rma"
)

// Wanted is what somebody wants to return, and what for.
type Wanted struct {
	Lines      []WantedLine `json:"lines" minItems:"1" maxItems:"200" doc:"What comes back. A gift that came with the goods is a line too."`
	Resolution string       `json:"resolution" enum:"refund,store_credit,exchange,replacement" doc:"What the customer gets." example:"refund"`
	Way        string       `json:"way,omitempty" enum:"label,pickup,own" default:"label" doc:"How the goods come back: with a label of the shop, picked up by the carrier, or on the customer's own account."`
}

// WantedLine is some units of a line.
type WantedLine struct {
	LineID   string   `json:"lineId" maxLength:"60" doc:"A line of the order." example:"line_k3v9"`
	Quantity int      `json:"quantity" minimum:"1" maximum:"100000"`
	Reason   string   `json:"reason" enum:"changed_mind,wrong_size,ordered_twice,late,damaged,faulty,wrong_item,not_as_described,missing_parts" example:"wrong_size"`
	Comment  string   `json:"comment,omitempty" maxLength:"1000"`
	Photos   []string `json:"photos,omitempty" maxItems:"8" doc:"Addresses (https) of photos that were uploaded: JPEG, PNG or WebP." example:"[\"https://cdn.example.com/torn.jpg\"]"`
	For      string   `json:"exchangeFor,omitempty" maxLength:"60" doc:"The variant that is wanted instead, with the resolution exchange." example:"var_01k9x7d3f8q7m2k_1"`
}

// check holds what is wanted against the bounds of its tags. What the order and the policy allow is another question.
func (w Wanted) check() error {
	var wrong problem.Fields
	wrong.Count(len(w.Lines), 1, maxParts, "/lines")
	wrong.OneOf(w.Way, "/way", string(rma.Label), string(rma.Pickup), string(rma.Own))
	for i, l := range w.Lines {
		at := fmt.Sprintf("/lines/%d", i)
		wrong.Between(l.Quantity, 1, maxPartUnits, at+"/quantity")
		wrong.Text(l.Comment, 0, maxComment, at+"/comment")
	}
	return wrong.Err()
}

// plan is what a return would be: everything a quote shows and a commit stores.
type plan struct {
	quote   refund.Quote
	terms   refund.Terms
	lines   []rma.Line
	until   time.Time // the first right to end
	byLaw   bool
	approve bool
	keeps   bool // the goods need not come back
	way     rma.ReturnMethod
	send    int // days
	policy  int
	figures rma.Figures
	goods   []rma.ExchangeItem
	credit  creditOffer
	// outbound says that the shipping to the customer goes back once nothing is kept, and later is what goes back of it
	// when the goods of other open returns have come back too.
	outbound bool
	later    int64
}

// creditOffer is what store credit would give instead.
type creditOffer struct {
	amount, bonus int64
	offered       bool
}

// facts is what a plan is made from.
type facts struct {
	order    *order.Order
	policy   returnpolicy.Policy
	variants map[string]catalog.SellableVariant // of exchanges and replacements
	drops    map[string]bool                    // which of them a drop decides about
	now      time.Time
}

// country is whose law and policy count: where the parcel went, the home of the shop when nothing was shipped.
func country(o *order.Order) string {
	if o.Address == nil || o.Address.Country == "" {
		// The shop's home market, whose law is asked when nothing names another.
		return "KR"
	}
	return o.Address.Country
}

// item is a line of an order for choosing its rule of the policy.
func item(l order.Line) returnpolicy.Item {
	return returnpolicy.Item{ProductID: l.ProductID, Categories: l.Categories, Tags: l.Tags, Box: l.Box}
}

// planReturn works out a return. It is pure. Errors: 404 for a line of another order; 409 order_canceled, not_shipped,
// return_window_closed, final_sale, units_returned, store_credit_only, replacement_needs_fault, exchange_not_offered;
// 422 for bad input.
func planReturn(f facts, w Wanted) (plan, error) {
	// Each line can only take away from this: the strictest decision of all counts.
	p := plan{policy: f.policy.Version, approve: true, keeps: true, way: rma.ReturnMethod(w.Way)}
	if err := w.check(); err != nil {
		return p, err
	}
	section := f.policy.Section(country(f.order))
	p.send = section.SendWithinDays
	decisions := make([]returnpolicy.Decision, len(w.Lines))
	questions := make([]returnpolicy.Question, len(w.Lines))
	ask := refund.Request{Units: map[string]int{}, Swap: rma.Resolution(w.Resolution).Swaps()}
	// ask.Units is what was seen so far, so a line named twice is found.
	for i, l := range w.Lines {
		line, err := f.returnable(i, l, ask.Units)
		if err != nil {
			return p, err
		}
		questions[i] = returnpolicy.Question{
			Item: item(line), Reason: returnpolicy.Reason(l.Reason), Country: country(f.order),
			Received: receivedAt(f.order, l.LineID), At: f.now,
		}
		decisions[i] = section.Decide(questions[i])
		if err := allowed(i, decisions[i], w); err != nil {
			return p, err
		}
		ask.Units[l.LineID] = l.Quantity
	}
	// Without fees and shipping, because fees are shares of what the goods cost.
	base, err := f.order.QuoteRefund(ask)
	if err != nil {
		return p, err
	}
	p.conditions(decisions, questions, base, w, f.order.Totals.Currency)
	// What is exchanged is kept in another form, but an exchange may still become a refund.
	p.outbound = outboundBack(decisions, w)
	if p.outbound && !ask.Swap {
		ask.Shipping, p.later = f.shippingBack(ask.Units)
	}
	ask.Fees = fees(decisions, questions, base, w, p.way, f.order.Totals.Currency)
	// Whoever exchanges keeps the order as it was, so no gift or discount is lost.
	if w.Resolution == string(rma.Refund) || w.Resolution == string(rma.StoreCredit) {
		ask.Terms = terms(decisions, w)
	}
	if w.Resolution == string(rma.Replacement) {
		ask.Fees = nil
	}
	p.terms = ask.Terms
	if p.quote, err = f.order.QuoteRefund(ask); err != nil {
		return p, err
	}
	p.linesOf(f.order, w)
	return p, f.resolve(&p, decisions, w)
}

// returnable checks one wanted line against the order: it is a line of it, named once, and so many units of it were
// shipped.
func (f facts) returnable(i int, l WantedLine, before map[string]int) (order.Line, error) {
	line, ok := f.order.Line(l.LineID)
	_, twice := before[l.LineID]
	switch {
	case f.order.State == order.Canceled:
		return line, problem.Conflict("order_canceled", "This order is canceled; there is nothing to return.")
	case !ok:
		return line, problem.InvalidField(at(i, "lineId"), "not_allowed", "a line of this order")
	case twice:
		return line, problem.InvalidField(at(i, "lineId"), "duplicate", "each line once")
	case l.Quantity < 1:
		return line, problem.InvalidField(at(i, "quantity"), "too_small", "at least 1")
	case l.Quantity > line.Quantity:
		return line, problem.InvalidField(at(i, "quantity"), "too_large", "%d were bought", line.Quantity)
	case !returnpolicy.Reason(l.Reason).Known():
		return line, problem.InvalidField(at(i, "reason"), "not_allowed", "one of the reasons")
	// Not to be mixed up with canceling, which gives everything back at once.
	case l.Quantity > f.order.SentUnits(l.LineID):
		return line, problem.Conflict("not_shipped",
			"Of line %s %d units have been shipped; what was not shipped is canceled, not returned.",
			l.LineID, f.order.SentUnits(l.LineID)).With("lineId", l.LineID)
	case l.Quantity > f.order.ShippedUnits(l.LineID):
		return line, problem.Conflict("units_returned",
			"Of line %s %d units can be returned; the others were returned before, or are in another return.",
			l.LineID, max(f.order.ShippedUnits(l.LineID), 0)).With("lineId", l.LineID)
	}
	return line, photos(i, l.Photos)
}

// at is the JSON pointer of a field of a wanted line.
func at(i int, field string) string { return "/lines/" + strconv.Itoa(i) + "/" + field }

// receivedAt is when the last parcel with units of the line arrived; zero while one is on its way.
func receivedAt(o *order.Order, lineID string) (last time.Time) {
	for _, f := range o.Fulfillments {
		for _, p := range f.Lines {
			if p.LineID != lineID {
				continue
			}
			// The right cannot end before everything has arrived (2011/83/EU, Art. 9(2)(b)).
			if f.DeliveredAt == nil {
				return time.Time{}
			}
			if f.DeliveredAt.After(last) {
				last = *f.DeliveredAt
			}
		}
	}
	return last
}

// allowed is why a line cannot be returned, or not with this resolution.
func allowed(i int, d returnpolicy.Decision, w Wanted) error {
	l := w.Lines[i]
	fault := returnpolicy.Reason(l.Reason).Fault()
	// From no right at all down to a wrong form of it.
	switch {
	case !d.Allowed && d.Code == returnpolicy.WindowClosed:
		return problem.Conflict("return_window_closed", "Line %s could be returned for this reason until %s.", l.LineID,
			d.Until.Format(time.RFC3339)).
			With("lineId", l.LineID).With("until", d.Until)
	case !d.Allowed:
		return problem.Conflict("final_sale", "Line %s is excluded from returns without fault.", l.LineID).
			With("lineId", l.LineID).With("exemption", string(d.Rule.FinalSale))
	case w.Resolution == string(rma.Replacement) && !fault:
		return problem.Conflict("replacement_needs_fault",
			"Goods are replaced when they are faulty; others can be exchanged.").With("lineId", l.LineID)
	// For a fault another variant is given also where the policy offers no exchange.
	case w.Resolution == string(rma.Exchange) && !d.Rule.Exchange && !fault:
		return problem.Conflict("exchange_not_offered", "Line %s cannot be exchanged.", l.LineID).With("lineId", l.LineID)
	case w.Resolution == string(rma.Exchange) && l.For == "":
		return problem.InvalidField(at(i, "exchangeFor"), "required", "the variant that is wanted instead")
	case w.Resolution != string(rma.Exchange) && l.For != "":
		return problem.InvalidField(at(i, "exchangeFor"), "not_allowed", "only with the resolution exchange")
	case w.Resolution == string(rma.Refund) && d.Rule.CreditOnly && !fault:
		return problem.Conflict("store_credit_only", "Line %s is refunded as store credit.", l.LineID).With("lineId",
			l.LineID)
	case w.Way == string(rma.Own) && !d.Rule.OwnWay && !fault:
		return problem.InvalidField("/way", "not_allowed", "with a label or pickup of the shop")
	}
	return nil
}

// conditions sums the decisions of all lines up.
func (p *plan) conditions(decisions []returnpolicy.Decision, questions []returnpolicy.Question, base refund.Quote,
	w Wanted, currency string) {
	p.byLaw = true
	p.credit.offered = true
	// 100 percent, which every line can lower.
	bonus := 10_000
	for i, d := range decisions {
		p.byLaw = p.byLaw && d.ByLaw
		// A fault is looked at by a person, because it is free of every fee.
		p.approve = p.approve && d.Rule.AutoApprove && !questions[i].Reason.Fault()
		p.keeps = p.keeps && d.ReturnWaived(questions[i].Reason, currency, lineCost(base, w.Lines[i].LineID))
		// The right that ends first ends the return as a whole.
		if !d.Until.IsZero() && (p.until.IsZero() || d.Until.Before(p.until)) {
			p.until = d.Until
		}
		bonus = min(bonus, d.Rule.CreditBonus)
	}
	p.credit.bonus = int64(bonus) // basis points until resolve
	if p.keeps {
		// There is nothing to be looked at, so it is approved and settled at once.
		p.way, p.approve = rma.Stays, true
	}
}

// lineCost is what the units of a line really cost.
func lineCost(q refund.Quote, lineID string) int64 {
	for _, l := range q.Lines {
		if l.LineID == lineID {
			return l.Amount
		}
	}
	return 0
}

// terms are what is charged for gifts and discounts that are kept without being earned: what every rule says, and
// nothing when the shop is at fault.
func terms(decisions []returnpolicy.Decision, w Wanted) refund.Terms {
	t := refund.Terms{ChargeGifts: true, ChargePromotions: true}
	for i, d := range decisions {
		fault := returnpolicy.Reason(w.Lines[i].Reason).Fault()
		t.ChargeGifts = t.ChargeGifts && d.Rule.Gifts == returnpolicy.Charge && !fault
		t.ChargePromotions = t.ChargePromotions && d.Rule.Promotions == returnpolicy.Charge && !fault
	}
	return t
}

// fees are what the shop keeps: the way back once a return, unless a line comes back for a fault or the customer sends
// it on their own account, and restocking line by line.
func fees(
	decisions []returnpolicy.Decision, questions []returnpolicy.Question, base refund.Quote, w Wanted,
	way rma.ReturnMethod,
	currency string,
) []refund.Fee {
	var out []refund.Fee
	wayBack, fault := int64(0), false
	for i, d := range decisions {
		// One parcel comes back, so the highest fee counts and not the sum.
		wayBack = max(wayBack, d.WayBackFee(questions[i].Reason, currency))
		fault = fault || questions[i].Reason.Fault()
	}
	if wayBack > 0 && !fault && way != rma.Own {
		out = append(out, refund.Fee{Kind: refund.ReturnShipping, Amount: wayBack})
	}
	for i, q := range questions {
		if fee := decisions[i].RestockingFee(q, lineCost(base, w.Lines[i].LineID)); fee > 0 {
			out = append(out, refund.Fee{Kind: refund.Restocking, LineID: w.Lines[i].LineID, Amount: fee})
		}
	}
	return out
}

// linesOf are the wanted lines with their units as the ledger names them.
func (p *plan) linesOf(o *order.Order, w Wanted) {
	units := map[string][]int{}
	for _, l := range p.quote.Lines {
		for _, u := range l.Units {
			units[l.LineID] = append(units[l.LineID], u.N)
		}
	}
	for _, l := range w.Lines {
		line, _ := o.Line(l.LineID)
		p.lines = append(p.lines, rma.Line{
			LineID: l.LineID, ProductID: line.ProductID, VariantID: line.VariantID, SKU: line.SKU, Title: line.Title,
			Options: line.Options,
			Units:   units[l.LineID], Gift: line.Gift != "", Reason: returnpolicy.Reason(l.Reason), Comment: l.Comment,
			Photos: l.Photos, For: l.For,
		})
	}
}

// resolve works out what the resolution gives: the bonus of store credit, or the goods of an exchange and who owes the
// difference.
func (f facts) resolve(p *plan, decisions []returnpolicy.Decision, w Wanted) error {
	// conditions has left the basis points of the bonus in p.credit.bonus.
	bonus := money.Percent(inMoney(p.quote.Parts), p.credit.bonus)
	p.credit = creditOffer{amount: p.quote.Refund, bonus: bonus, offered: f.order.CustomerID != "" && p.quote.Refund > 0}
	p.figures = rma.Figures{Refund: p.quote.Refund, Fees: p.quote.Fees, Parts: p.quote.Parts, Prepaid: p.quote.Prepaid}
	switch rma.Resolution(w.Resolution) {
	case rma.Refund:
		p.figures.PaidOut = p.quote.Refund
	case rma.StoreCredit:
		if f.order.CustomerID == "" {
			return problem.Conflict("account_required", "Store credit needs a customer account; this order was made by a guest.")
		}
		p.figures.Bonus = bonus
	case rma.Exchange, rma.Replacement:
		return f.swap(p, w)
	}
	return nil
}
