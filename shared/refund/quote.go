package refund

import "slices"

// Request is a return to be quoted.
type Request struct {
	Units map[string]int // how many units of which line
	// Exact names units instead, for a return that reserved them before.
	Exact    []UnitRef
	Shipping int64 // of the outbound shipping to give back
	Fees     []Fee // what the shop keeps, in the order in which they are taken
	Terms    Terms
	// Swap says that goods are given for what comes back, so that nothing need have been captured where the sale was
	// prepaid.
	Swap bool
}

// FeeKind is why the shop keeps something.
type FeeKind string

// The kinds of fees.
const (
	ReturnShipping FeeKind = "return_shipping" // the way back, at the customer's cost
	Restocking     FeeKind = "restocking"
	Damage         FeeKind = "damage" // the goods lost value by use
)

// Fee is an amount the shop keeps.
type Fee struct {
	Kind   FeeKind `json:"kind"`
	LineID string  `json:"lineId,omitempty"`
	Amount int64   `json:"amount"`
}

// Quote says what a return refunds and why. It holds
//
//	Refund = sum of Lines + Shipping - sum of Charges + Earlier - sum of Fees + Waived - Capped
//
// Every amount but those of Charges and Earlier is at least 0.
type Quote struct {
	Lines    []QuotedLine
	Shipping int64
	// Charges are for what is kept: gifts and discounts that are no longer earned. One that is negative gives an earlier
	// charge back, because the gift has come back or nothing is kept any more.
	Charges []Charge
	// Earlier settles what earlier returns left open: negative when their charges were more than their units were worth,
	// positive when a return was canceled for whose sake a later one was charged, or when an earlier one was capped.
	Earlier int64
	Fees    []Fee // as far as the worth covers them
	// Waived is what charges exceed the worth by. It is not collected; a later return of the same sale is reduced by it.
	Waived int64
	// Capped is what is not refunded because it went back before without any unit: a goodwill refund.
	Capped int64
	Refund int64
	// Prepaid is what of Capped pays for goods that are given for the units, because the sale was prepaid; see
	// Request.Swap.
	Prepaid int64
	Parts   []Part
}

// QuotedLine is the units of one line in a quote.
type QuotedLine struct {
	LineID string
	Title  string
	List   int64 // catalog price of one unit
	Units  []QuotedUnit
	Amount int64 // what the units cost together
}

// QuotedUnit is one unit of a quote and what it really cost.
type QuotedUnit struct {
	N int
	Unit
}

// ChargeKind is why a return is charged.
type ChargeKind string

// The kinds of charges.
const (
	GiftKept      ChargeKind = "gift_kept"
	PromotionLost ChargeKind = "promotion_lost"
)

// Charge is what a return is charged for what is kept.
type Charge struct {
	Kind        ChargeKind
	LineID      string // of the gift
	PromotionID string
	Name        string
	Amount      int64
}

// Quote computes what a return refunds now, from the worth of all returned units and not from this
// return alone; see the package comment. Errors: *Refusal.
func (l Ledger) Quote(ask Request) (Quote, error) {
	// Authorized but not captured: there is nothing to give back yet. A sale that cost nothing may
	// be returned.
	prepaid := ask.Swap && l.Sale.Prepaid > 0
	if l.Sale.Captured() == 0 && l.Sale.Paid() > 0 && !prepaid {
		return Quote{}, &Refusal{Code: NothingCaptured}
	}
	gone := l.returned()
	units, err := l.pick(ask, gone)
	if err != nil {
		return Quote{}, err
	}
	if ask.Shipping < 0 {
		return Quote{}, &Refusal{Code: BadQuantity}
	}
	if left := l.ShippingLeft(); ask.Shipping > left {
		return Quote{}, &Refusal{Code: ShippingGone, Most: left}
	}
	// The worth before and after: the difference is what this return adds, charges and all.
	before := l.Sale.worthOf(gone, l.shippingGiven(), ask.Terms)
	for _, u := range units {
		gone[u] = true
	}
	after := l.Sale.worthOf(gone, l.shippingGiven()+ask.Shipping, ask.Terms)
	q := Quote{Lines: l.Sale.quoted(units), Shipping: ask.Shipping, Charges: l.Sale.charges(before, after)}
	q.Earlier = before.total() - l.given()
	l.settle(&q, after.total()-l.given(), ask.Fees)
	if prepaid {
		q.Prepaid = min(l.PrepaidLeft(), q.Capped, q.uncovered())
	}
	return q, nil
}

// uncovered is what the units cost, less the fees, beyond what is refunded for them. What Earlier adds is for units
// that came back before, and is not counted.
func (q Quote) uncovered() int64 {
	left := -q.Refund
	for _, l := range q.Lines {
		left += l.Amount
	}
	for _, f := range q.Fees {
		left -= f.Amount
	}
	return max(left, 0)
}

// settle takes fees off the worth and caps the rest by what is left of the amount paid.
func (l Ledger) settle(q *Quote, worth int64, fees []Fee) {
	rest := worth
	if rest < 0 {
		// A charge above the worth is not collected from the customer; later returns make up for
		// it.
		q.Waived, rest = -rest, 0
	}
	for _, f := range fees {
		// Fees are taken in their order and never below 0.
		if f.Amount = min(max(f.Amount, 0), rest); f.Amount > 0 {
			rest -= f.Amount
			q.Fees = append(q.Fees, f)
		}
	}
	// Goodwill given before reduces what is left, so a full return may refund less than the units
	// cost.
	if left := l.Left(); rest > left {
		q.Capped, rest = rest-left, left
	}
	q.Refund, q.Parts = rest, l.split(rest)
}

// pick chooses the units: those named, or the first that are left of each line.
func (l Ledger) pick(ask Request, gone map[UnitRef]bool) ([]UnitRef, error) {
	units := slices.Clone(ask.Exact)
	// The same unit twice, one that is gone, or a number outside of the line.
	for i, u := range units {
		line, ok := l.Sale.line(u.LineID)
		switch {
		case !ok:
			return nil, &Refusal{Code: UnknownLine, LineID: u.LineID}
		case u.N < 0 || u.N >= len(line.Units) || gone[u] || slices.Contains(units[:i], u):
			return nil, &Refusal{Code: UnitsGone, LineID: u.LineID, Most: int64(len(unitsLeft(line, gone)))}
		}
	}
	// Checked before the loop over lines, which would pass over an id that the sale does not have.
	for lineID := range ask.Units {
		if _, ok := l.Sale.line(lineID); !ok {
			return nil, &Refusal{Code: UnknownLine, LineID: lineID}
		}
	}
	for _, line := range l.Sale.Lines {
		want, asked := ask.Units[line.ID]
		if !asked {
			continue
		}
		left := slices.DeleteFunc(unitsLeft(line, gone),
			// Units that are named as well are not chosen a second time.
			func(n int) bool { return slices.Contains(ask.Exact, UnitRef{line.ID, n}) })
		switch {
		case want < 1:
			return nil, &Refusal{Code: BadQuantity, LineID: line.ID, Most: int64(len(left))}
		case want > len(left):
			return nil, &Refusal{Code: UnitsGone, LineID: line.ID, Most: int64(len(left))}
		}
		for _, n := range left[:want] {
			units = append(units, UnitRef{line.ID, n})
		}
	}
	return units, nil
}

// quoted shows the units line by line, in the order of the sale.
func (s Sale) quoted(units []UnitRef) []QuotedLine {
	var out []QuotedLine
	for _, l := range s.Lines {
		q := QuotedLine{LineID: l.ID, Title: l.Title, List: l.List}
		for n, u := range l.Units {
			if slices.Contains(units, UnitRef{l.ID, n}) {
				q.Units = append(q.Units, QuotedUnit{N: n, Unit: u})
				q.Amount += u.Cost
			}
		}
		if len(q.Units) > 0 {
			out = append(out, q)
		}
	}
	return out
}

// charges is by how much the charges of each gift and promotion change.
func (s Sale) charges(before, after worth) []Charge {
	var out []Charge
	// In the order of the sale, not of the maps, so that the same return always reads the same.
	for _, l := range s.Lines {
		if more := after.gifts[l.ID] - before.gifts[l.ID]; more != 0 {
			out = append(out, Charge{Kind: GiftKept, LineID: l.ID, PromotionID: l.Gift, Name: l.Title, Amount: more})
		}
	}
	for _, p := range s.Promotions {
		if more := after.promotions[p.ID] - before.promotions[p.ID]; more != 0 {
			out = append(out, Charge{Kind: PromotionLost, PromotionID: p.ID, Name: p.Name, Amount: more})
		}
	}
	return out
}

// Units are the units of the quote.
func (q Quote) Units() []UnitRef {
	var out []UnitRef
	for _, l := range q.Lines {
		for _, u := range l.Units {
			out = append(out, UnitRef{l.LineID, u.N})
		}
	}
	return out
}

// Entry is the quote as an entry of the ledger.
func (q Quote) Entry(key string) Entry {
	e := Entry{Key: key, Units: q.Units(), Shipping: q.Shipping, Amount: q.Refund, Prepaid: q.Prepaid,
		Parts: q.Parts}
	for _, f := range q.Fees {
		e.Fees += f.Amount
	}
	return e
}

// Goodwill is an entry that gives an amount without any unit coming back. Errors: *Refusal.
func (l Ledger) Goodwill(key string, amount int64) (Entry, error) {
	switch left := l.Left(); {
	case l.Sale.Captured() == 0:
		return Entry{}, &Refusal{Code: NothingCaptured}
	case amount <= 0:
		return Entry{}, &Refusal{Code: BadQuantity, Most: left}
	case amount > left:
		return Entry{}, &Refusal{Code: TooMuch, Most: left}
	}
	return Entry{Key: key, Amount: amount, Goodwill: amount, Parts: l.split(amount)}, nil
}
