package refund

import (
	"cmp"
	"slices"
	"time"
)

// Entry is one refund in the ledger of a sale. Its amounts satisfy
//
//	Amount = worth of Units and Shipping - charges - Fees, with what earlier entries left open
//
// so only Amount, Prepaid, Fees and Goodwill are counted later; the rest says what the entry was for.
type Entry struct {
	Key      string    `json:"key"`
	Kind     Kind      `json:"kind"`
	Units    []UnitRef `json:"units,omitempty"`
	Shipping int64     `json:"shipping,omitempty"` // of the outbound shipping
	// OutboundBack says that the outbound shipping goes back besides once no goods are kept.
	OutboundBack bool `json:"outboundBack,omitempty"`
	// Amount is the value that goes to the customer, whether as money, as store credit or towards an exchange.
	Amount int64 `json:"amount"`
	// Fees is what the shop keeps of the worth for good: the way back, restocking, damage.
	Fees int64 `json:"fees,omitempty"`
	// Goodwill is the part of Amount that is for no unit: a gesture, or a refund made at the provider's own console.
	Goodwill int64 `json:"goodwill,omitempty"`
	// Prepaid is value besides Amount that no payment gives back, because it was paid ahead; see Sale.Prepaid.
	Prepaid int64 `json:"prepaid,omitempty"`
	// Parts is Amount by payment. They add up to Amount.
	Parts []Part `json:"parts,omitempty"`
	// To is where Amount goes.
	To Destination `json:"to,omitempty"`
	// Paid says that the amount has been handed to the ways of To; before, it is reserved by a return under way.
	Paid bool `json:"paid,omitempty"`
	// Void entries count for nothing: the return was canceled, and its units are free again.
	Void   bool      `json:"void,omitempty"`
	Reason string    `json:"reason,omitempty"`
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at,omitzero"`
	// Request and Hash name the request that made the entry, by its idempotency key and what it asked for.
	Request string `json:"request,omitempty"`
	Hash    string `json:"hash,omitempty"`
}

// Kind is what an entry is for.
type Kind string

// The kinds.
const (
	Canceled   Kind = "cancellation" // units that were not shipped
	Returned   Kind = "return"
	Gesture    Kind = "goodwill"
	AtProvider Kind = "provider"   // made at the payment provider's console
	Correction Kind = "correction" // what a canceled return gives back
)

// Destination is where a refund goes.
type Destination string

// The destinations.
const (
	ToPayments    Destination = "payments" // back on the ways it was paid
	ToStoreCredit Destination = "store_credit"
	ToExchange    Destination = "exchange" // it pays for other goods
)

// Part is what of a refund goes back on one payment.
type Part struct {
	PaymentID string `json:"paymentId"`
	Method    Method `json:"method"`
	Amount    int64  `json:"amount"`
}

// Ledger is a sale with what has been refunded and what is reserved by returns that are under way.
type Ledger struct {
	Sale    Sale
	Entries []Entry
}

// UnitsLeft are the numbers of the units of a line that no entry has taken, in order.
func (l Ledger) UnitsLeft(lineID string) []int {
	line, _ := l.Sale.line(lineID)
	return unitsLeft(line, l.returned())
}

// UnitsKept is how many units of a line are with the customer as far as is certain: a return under way may come to
// nothing, and what was exchanged is kept in another form.
func (l Ledger) UnitsKept(lineID string) int {
	line, _ := l.Sale.line(lineID)
	kept := len(line.Units)
	for _, e := range l.Entries {
		if e.Void || !e.Paid || e.To == ToExchange {
			continue
		}
		for _, u := range e.Units {
			if u.LineID == lineID {
				kept--
			}
		}
	}
	return kept
}

// unitsLeft are the units of a line that are not in gone.
func unitsLeft(line Line, gone map[UnitRef]bool) []int {
	left := make([]int, 0, len(line.Units))
	for n := range line.Units {
		if !gone[UnitRef{line.ID, n}] {
			left = append(left, n)
		}
	}
	return left
}

// ShippingLeft is what is left of the outbound shipping.
func (l Ledger) ShippingLeft() int64 {
	left := l.Sale.Shipping
	for _, e := range l.Entries {
		if !e.Void {
			left -= e.Shipping
		}
	}
	// Never negative, also when shipping was refunded in full and then a correction was made.
	return max(left, 0)
}

// Refunded is what all entries together give back.
func (l Ledger) Refunded() int64 {
	sum := int64(0)
	for _, e := range l.Entries {
		if !e.Void {
			sum += e.Amount
		}
	}
	return sum
}

// Left is the most that can still be refunded: what was captured less what was refunded or is
// reserved.
func (l Ledger) Left() int64 { return max(l.Sale.Captured()-l.Refunded(), 0) }

// PrepaidLeft is what of Sale.Prepaid no entry has given yet.
func (l Ledger) PrepaidLeft() int64 {
	left := l.Sale.Prepaid
	for _, e := range l.Entries {
		if !e.Void {
			left -= e.Prepaid
		}
	}
	return max(left, 0)
}

// PartsLeft is what is left on each payment, in the order of refunds.
func (l Ledger) PartsLeft() []Part {
	gone := map[string]int64{}
	for _, e := range l.Entries {
		if e.Void {
			continue
		}
		for _, p := range e.Parts {
			gone[p.PaymentID] += p.Amount
		}
	}
	out := make([]Part, 0, len(l.Sale.Payments))
	for _, p := range Order(l.Sale.Payments) {
		out = append(out, Part{PaymentID: p.ID, Method: p.Method, Amount: max(p.Captured-gone[p.ID], 0)})
	}
	return out
}

// Order sorts payments as they are refunded: card first, then store credit, then points. Of several
// of one method the latest goes first, because it is the least likely to have expired at the
// provider.
func Order(payments []Payment) []Payment {
	rank := map[Method]int{Card: 0, StoreCredit: 1, Points: 2}
	out := slices.Clone(payments)
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b Payment) int { return cmp.Compare(rank[a.Method], rank[b.Method]) })
	return out
}

// split spreads an amount over what is left on the payments, in their order. What no payment has
// left is dropped; callers cap the amount by Left before.
func (l Ledger) split(amount int64) []Part {
	var parts []Part
	for _, p := range l.PartsLeft() {
		p.Amount = min(p.Amount, amount)
		if p.Amount > 0 {
			amount -= p.Amount
			parts = append(parts, p)
		}
	}
	return parts
}

// returned is the set of units that some entry has taken.
func (l Ledger) returned() map[UnitRef]bool {
	gone := map[UnitRef]bool{}
	for _, e := range l.Entries {
		if e.Void {
			continue
		}
		for _, u := range e.Units {
			gone[u] = true
		}
	}
	return gone
}

// given is what entries gave or kept for units so far. It is compared with what the units are
// worth, so goodwill, which is for no unit, is left out, and fees, which were kept of it, are
// added.
func (l Ledger) given() int64 {
	sum := int64(0)
	for _, e := range l.Entries {
		if !e.Void {
			sum += e.Amount + e.Prepaid - e.Goodwill + e.Fees
		}
	}
	return sum
}

// shippingGiven is what went back of the outbound shipping.
func (l Ledger) shippingGiven() int64 { return l.Sale.Shipping - l.ShippingLeft() }
