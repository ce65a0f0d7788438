package order

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/refund"
	"dangol/shared/storecredit"
)

// MorePayment is a payment of an order besides the one of its checkout: store credit, the balance of an exchange, or
// the value of goods that came back. Amounts are minor units of the order's currency.
type MorePayment struct {
	ID         string        `json:"id"` // unique within the order
	Method     refund.Method `json:"method"`
	Provider   string        `json:"provider,omitempty"`
	ProviderID string        `json:"providerId,omitempty"` // of the payment a refund goes back on
	Captured   int64         `json:"captured"`
}

// MainPayment is the id of the checkout's payment in the ledger.
const MainPayment = "main"

// CreditPayment is the id of the store credit that was used at checkout.
const CreditPayment = "credit"

// Sale is the order as the ledger of refunds sees it.
func (o *Order) Sale() refund.Sale {
	s := refund.Sale{Currency: o.Totals.Currency, Shipping: o.ShippingCost(), Lines: make([]refund.Line, len(o.Lines))}
	for i, l := range o.Lines {
		s.Lines[i] = o.saleLine(l)
	}
	if o.Payment.Captured > 0 {
		s.Payments = append(s.Payments, refund.Payment{ID: MainPayment, Method: refund.Card, Captured: o.Payment.Captured})
	}
	for _, p := range o.More {
		s.Payments = append(s.Payments, refund.Payment{ID: p.ID, Method: p.Method, Captured: p.Captured})
	}
	for _, u := range o.Uses {
		s.Promotions = append(s.Promotions, refund.Promotion{
			ID: u.PromotionID, Name: o.promotionName(u.PromotionID),
			Amount:    min(u.Amount, o.Totals.Discount-o.Totals.ShippingDiscount),
			MinAmount: u.MinAmount, MinUnits: u.MinUnits,
		})
	}
	s.Prepaid = o.prepaid(s)
	return s
}

// prepaid is what of a sale was paid ahead, so that no payment of the order covers it. Only deliveries of subscriptions
// are, and what was sent for what came back of them: of any other order without a payment something is owed or was
// given.
func (o *Order) prepaid(s refund.Sale) int64 {
	missing := max(s.Paid()-s.Captured(), 0)
	switch {
	// What was paid ahead stays paid when something of the payment goes back; the ledger says what of it was given.
	case slices.Contains([]PayState{PayAuthorized, PayFailed, PayReleasing, PayReleased}, o.Payment.State):
		return 0
	case o.Origin != "":
		return min(o.PaidAhead, missing)
	case slices.ContainsFunc(o.Lines, func(l Line) bool { return l.Box }):
		return missing
	}
	return 0
}

// saleLine is a line in the numbers of the refund ledger: each unit with what it really cost.
func (o *Order) saleLine(l Line) refund.Line {
	cost := o.LineTotal(l.ID)
	out := refund.Line{ID: l.ID, Title: l.Title, List: cost.Unit, Gift: l.Gift, Units: make([]refund.Unit, l.Quantity)}
	// What a gift is charged when it is kept without being earned: its catalog price.
	if l.Gift != "" && l.Quantity > 0 {
		out.Value = l.Saved / int64(l.Quantity)
	}
	units := o.UnitCosts(l.ID)
	taxes := money.Allocate(cost.Tax, units)
	for n, paid := range units {
		u := refund.Unit{Cost: paid, Tax: taxes[n], Discount: cost.Unit - paid}
		// Prices without tax: the discount is compared with a price that has it.
		if !o.Totals.TaxIncluded {
			u.Discount += taxes[n]
		}
		out.Units[n] = u
	}
	return out
}

// promotionName is the name that the customer saw; the id when the promotion took nothing off a
// price.
func (o *Order) promotionName(id string) string {
	i := slices.IndexFunc(o.Totals.Adjustments, func(a pricing.Adjustment) bool { return a.OfferID == id })
	if i < 0 {
		return id
	}
	return o.Totals.Adjustments[i].Name
}

// RefundLedger is what was paid for the order and what of it went back or is reserved.
func (o *Order) RefundLedger() refund.Ledger {
	return refund.Ledger{Sale: o.Sale(), Entries: o.Ledger}
}

// QuoteRefund computes what a return of units refunds now. Errors: 409 nothing_captured; 422 for what cannot be
// refunded.
func (o *Order) QuoteRefund(ask refund.Request) (refund.Quote, error) {
	q, err := o.RefundLedger().Quote(ask)
	return q, refusal(err)
}

// refusal turns a refusal of the ledger into a problem for the API.
func refusal(err error) error {
	r, ok := errors.AsType[*refund.Refusal](err)
	if !ok {
		return err
	}
	switch r.Code {
	case refund.NothingCaptured:
		return problem.Conflict("nothing_captured", "Nothing has been paid that could be given back.")
	case refund.UnitsGone:
		return problem.Conflict("units_returned", "Line %s has %d units left that were not returned.", r.LineID, r.Most).
			With("lineId", r.LineID).With("left", r.Most)
	case refund.UnknownLine, refund.BadQuantity:
		return problem.New(422, "refund_invalid",
			"At least one unit of a line of this order, or an amount above zero.").With("lineId", r.LineID)
	}
	// Shipping, or an amount of goodwill.
	return problem.New(422, "refund_too_large", "More than is left; %d is.", r.Most).With("left", r.Most)
}

// GiveRefund quotes a refund, books it and starts to pay it out. Errors: those of QuoteRefund; 422 refund_too_large
// when nothing would go back; 409 too_many_refunds.
func (o *Order) GiveRefund(ask refund.Request, kind refund.Kind, reason, by string, now time.Time) (refund.Quote,
	error) {
	q, err := o.QuoteRefund(ask)
	if err != nil {
		return q, err
	}
	if q.Refund <= 0 {
		return q, problem.New(422, "refund_too_large", "Nothing of this is left to be refunded.")
	}
	e := q.Entry(o.NextEntry())
	e.Kind, e.To, e.Reason, e.By = kind, refund.ToPayments, reason, by
	if err := o.Book(e, now); err != nil {
		return q, err
	}
	o.PayOut(e.Key, now)
	return q, nil
}

// GiveGoodwill refunds an amount for which nothing comes back. Errors: 409 nothing_captured, too_many_refunds; 422
// refund_too_large, bad_quantity.
func (o *Order) GiveGoodwill(amount int64, reason, by string, now time.Time) error {
	e, err := o.RefundLedger().Goodwill(o.NextEntry(), amount)
	if err != nil {
		return refusal(err)
	}
	e.Kind, e.To, e.Reason, e.By = refund.Gesture, refund.ToPayments, reason, by
	if err := o.Book(e, now); err != nil {
		return err
	}
	o.PayOut(e.Key, now)
	return nil
}

// paymentOf is the provider's id of the payment that a refund goes back on.
func (o *Order) paymentOf(r Refund) string { return cmp.Or(r.PaymentID, o.Payment.ID) }

// maxEntries bounds the ledger of an order: an item has at most 400 KB, and every entry names its
// units.
const maxEntries = 200

// Book adds an entry to the ledger. Its key is unique in the order; a key that is there already changes nothing. Error:
// 409 too_many_refunds.
func (o *Order) Book(e refund.Entry, now time.Time) error {
	// The same entry again, by a repeated message.
	if o.Entry(e.Key) != nil {
		return nil
	}
	if len(o.Ledger) >= maxEntries {
		return problem.Conflict("too_many_refunds", "An order takes at most %d refunds and returns.", maxEntries)
	}
	e.At = now
	o.Ledger = append(o.Ledger, e)
	return nil
}

// Entry returns the entry with the key, nil when there is none.
func (o *Order) Entry(key string) *refund.Entry {
	i := slices.IndexFunc(o.Ledger, func(e refund.Entry) bool { return e.Key == key })
	if i < 0 {
		return nil
	}
	return &o.Ledger[i]
}

// NextEntry is a key for a new entry.
func (o *Order) NextEntry() string { return "e" + strconv.Itoa(len(o.Ledger)+1) }

// Unreserve voids the entry of a return that came to nothing, and books what a later return was charged for its sake.
// It changes nothing when the entry was paid or voided before.
func (o *Order) Unreserve(key string, terms refund.Terms, now time.Time) {
	e := o.Entry(key)
	if e == nil || e.Paid || e.Void {
		return
	}
	e.Void = true
	// A quote of no units gives what the ledger now owes: with the canceled return gone, a later
	// one may have been charged too much.
	q, err := o.RefundLedger().Quote(refund.Request{Terms: terms})
	if err != nil || q.Refund <= 0 {
		return
	}
	c := q.Entry(o.NextEntry())
	c.Kind, c.To, c.Reason, c.By = refund.Correction, refund.ToPayments, "return_canceled", BySystem
	if o.Book(c, now) == nil {
		o.PayOut(c.Key, now)
	}
}

// PayOut hands the amount of an entry to the ways it goes: a refund at the provider for each part that was paid there,
// and a grant of store credit for the others. Cashier then asks the provider. It changes nothing when that was done
// before.
func (o *Order) PayOut(key string, now time.Time) {
	e := o.Entry(key)
	if e == nil || e.Paid || e.Void {
		return
	}
	e.Paid = true
	if e.To == refund.ToPayments {
		o.PayParts(key, e.Parts, now)
	}
}

// PayParts hands parts of an entry back on the payments they name. Callers do it once: after PayOut of an entry that
// pays for an exchange, with what the exchange is cheaper by.
func (o *Order) PayParts(key string, parts []refund.Part, now time.Time) {
	// A copy, because appending to the refunds below may come from the same ledger.
	e := *o.Entry(key)
	for _, p := range parts {
		if p.Method == refund.Card {
			o.enter(Refund{Entry: e.Key, PaymentID: o.providerID(p.PaymentID), Amount: p.Amount, Reason: e.Reason, By: e.By},
				now)
		} else {
			o.credit(Grant{Key: e.Key + "-" + p.PaymentID, Amount: p.Amount, Reason: e.Reason}, now)
		}
	}
}

// ProviderPayment is the provider's id of a payment in the ledger; empty for one without a provider.
func (o *Order) ProviderPayment(paymentID string) string {
	if paymentID == MainPayment {
		return o.Payment.ID
	}
	return o.providerID(paymentID)
}

// LedgerPayment is the id in the ledger of a payment that the provider knows by that id; empty for one that is not of
// the order.
func (o *Order) LedgerPayment(providerID string) string {
	if providerID == "" {
		return ""
	}
	if o.Payment.ID == providerID {
		return MainPayment
	}
	for _, p := range o.More {
		if p.ProviderID == providerID {
			return p.ID
		}
	}
	return ""
}

// providerID is the provider's id of a payment in the ledger; empty for the checkout's.
func (o *Order) providerID(paymentID string) string {
	for _, p := range o.More {
		if p.ID == paymentID {
			return p.ProviderID
		}
	}
	return ""
}

// Grant is store credit that a change of an order gives to its customer, once for each key.
type Grant struct {
	Key    string // unique within the order
	Amount int64
	Reason string
}

// credit gives back what was paid by store credit. The grant is written in the same transaction as
// the order, so it has succeeded when the order says so.
func (o *Order) credit(g Grant, now time.Time) {
	o.grants = append(o.grants, g)
	o.Refunds = append(o.Refunds, Refund{
		Key: o.refundKey(), Entry: g.Key, Method: refund.StoreCredit, Amount: g.Amount, State: payment.RefundSucceeded,
		Reason: g.Reason,
		By:     BySystem, At: now,
	})
	o.addEntry(now, CreditReturned, o.Money(g.Amount).Display(), BySystem)
}

// creditWrites are the grants of store credit of the change that is about to be written. They are
// cleared, so that a second write of the same order does not give them again.
func (o *Order) creditWrites(now time.Time) []table.Write {
	var writes []table.Write
	for _, g := range o.grants {
		if o.CustomerID == "" {
			continue // guests have no account, and cannot have paid by credit
		}
		// The key of the entry makes the lot's id, so a grant that comes twice meets its own item.
		writes = append(writes, storecredit.Grant(storecredit.Lot{
			ID: o.ID + "-" + g.Key, CustomerID: o.CustomerID, Email: o.Email, Language: o.Language, Currency: o.Totals.Currency,
			Amount: g.Amount, Reason: g.Reason, Source: o.ID,
		}, now))
	}
	o.grants = nil
	return writes
}

// refundRest enters a refund of everything that was paid and is not refunded; nothing when there is
// none.
func (o *Order) refundRest(reason, by string, now time.Time) {
	l := o.RefundLedger()
	// All units and the shipping: a full return is never charged for gifts or lost promotions.
	ask := refund.Request{Units: map[string]int{}, Shipping: l.ShippingLeft(), Swap: o.sentInstead()}
	for _, line := range o.Lines {
		if left := len(l.UnitsLeft(line.ID)); left > 0 {
			ask.Units[line.ID] = left
		}
	}
	q, err := l.Quote(ask)
	if err != nil || q.Refund <= 0 && len(ask.Units) == 0 {
		return
	}
	e := q.Entry(o.NextEntry())
	e.Kind, e.To, e.Reason, e.By = refund.Canceled, refund.ToPayments, reason, by
	if o.Book(e, now) == nil {
		o.PayOut(e.Key, now)
		o.creditAhead(e, now)
	}
}

// sentInstead reports whether the order was sent for what came back of another one. What of it had been paid ahead then
// has no other order to go back to.
func (o *Order) sentInstead() bool { return o.Origin != "" }

// creditAhead gives what was paid ahead for units that are not sent as store credit; no payment can give it back.
func (o *Order) creditAhead(e refund.Entry, now time.Time) {
	if e.Prepaid > 0 {
		o.credit(Grant{Key: e.Key + "-prepaid", Amount: e.Prepaid, Reason: e.Reason}, now)
	}
}

// ShippedUnits is how many units of a line are with the customer, or on their way: shipped and not returned.
func (o *Order) ShippedUnits(lineID string) int {
	return o.SentUnits(lineID) - o.entryUnits(refund.Returned)[lineID]
}

// SentUnits is how many units of a line are in parcels, whatever became of them.
func (o *Order) SentUnits(lineID string) int {
	n := 0
	for _, f := range o.Fulfillments {
		for _, p := range f.Lines {
			if p.LineID == lineID {
				n += p.Quantity
			}
		}
	}
	return n
}

// CanceledUnits is how many units of a line were taken off the order before they were shipped.
func (o *Order) CanceledUnits(lineID string) int { return o.entryUnits(refund.Canceled)[lineID] }

// entryUnits is how many units of each line the entries of a kind have taken; void ones count for
// nothing.
func (o *Order) entryUnits(kind refund.Kind) map[string]int {
	units := map[string]int{}
	for _, e := range o.Ledger {
		if e.Kind != kind || e.Void {
			continue
		}
		for _, u := range e.Units {
			units[u.LineID]++
		}
	}
	return units
}
