package order

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"dangol/shared/address"
	"dangol/shared/cart"
	"dangol/shared/payment"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/refund"
	"dangol/shared/stock"
)

// open says why an order cannot be changed any more: something of it was shipped, or it is
// canceled.
func (o *Order) open() error {
	switch o.State {
	case Placed:
		return nil
	case Canceled:
		return problem.Conflict("order_canceled", "This order is canceled.")
	}
	return problem.Conflict("order_shipped", "Some of this order has been shipped; it cannot be changed any more.")
}

// ChangeAddress sends an order that was not shipped somewhere else; changed is false when it goes there already. The
// country stays: tax, shipping and the law were worked out for it. Errors: 409 order_shipped, order_canceled,
// country_fixed.
func (o *Order) ChangeAddress(a address.Address, by string, now time.Time) (changed bool, err error) {
	if err := o.open(); err != nil {
		return false, err
	}
	switch {
	case o.Address == nil:
		return false, problem.Conflict("nothing_to_ship", "Nothing of this order is shipped.")
	// Tax, shipping cost and the rights of the buyer depend on the country.
	case o.Address.Country != a.Country:
		return false, problem.Conflict("country_fixed", "The order was priced for %s; order again for another country.",
			o.Address.Country)
	case *o.Address == a:
		return false, nil
	}
	o.Address = &a
	o.addEntry(now, AddressChanged, "", by)
	return true, nil
}

// ChangeContact writes to another mail address from now on; changed is false when it is the same. proven says that the
// caller has shown more than a look-up token, which everybody gets who has read one mail of the order: without it the
// order stays with the address that it was placed with, see Opener. Errors: 409 order_canceled.
func (o *Order) ChangeContact(email string, proven bool, by string, now time.Time) (changed bool, err error) {
	email = strings.TrimSpace(email)
	switch {
	// After shipping too, because mails about the parcel and returns still follow. Only a canceled
	// order has nothing left to write about.
	case o.State == Canceled:
		return false, problem.Conflict("order_canceled", "This order is canceled.")
	// The address is there already, and is now confirmed.
	case email == o.Email && proven && o.PlacedWith != "":
		o.PlacedWith = ""
		o.addEntry(now, ContactChanged, "", by)
		return true, nil
	case email == o.Email:
		return false, nil
	}
	o.CountedFor = o.counter() // before the address changes, by which a guest is counted
	switch {
	case proven || strings.EqualFold(email, o.PlacedWith):
		o.PlacedWith = ""
	case o.PlacedWith == "":
		o.PlacedWith = o.Email
	}
	o.Email = email
	o.addEntry(now, ContactChanged, "", by)
	return true, nil
}

// Opener is the mail address by which a guest's order becomes that of an account: the one that it was placed with, or
// one that was given instead by its customer, by the shop, or with the token of the cart. An address that was given
// with a look-up token alone gets the mails and no more: who has seen one mail could otherwise take the order over.
func (o *Order) Opener() string { return cmp.Or(o.PlacedWith, o.Email) }

// Hold keeps an order from being shipped until Release. Errors: 409 order_canceled, order_fulfilled.
func (o *Order) Hold(reason, by string, now time.Time) (changed bool, err error) {
	switch {
	case o.State == Canceled:
		return false, problem.Conflict("order_canceled", "This order is canceled.")
	case o.State == Fulfilled || o.State == Delivered:
		return false, problem.Conflict("order_fulfilled", "Everything in this order has been shipped.")
	// Another reason replaces the one there.
	case o.Held == reason:
		return false, nil
	}
	if err := problem.CheckText(reason, 1, maxReason, "/reason"); err != nil {
		return false, err
	}
	o.Held = reason
	o.addEntry(now, WasHeld, "", by)
	return true, nil
}

// Release lets a held order be shipped; changed is false when it was not held.
func (o *Order) Release(by string, now time.Time) (changed bool) {
	if o.Held == "" {
		return false
	}
	o.Held = ""
	o.addEntry(now, WasLetGo, "", by)
	return true
}

// RemovedLine is what taking units off an order did.
type RemovedLine struct {
	Parts  []Part // the units, gifts that are no longer earned included
	Quote  refund.Quote
	Writes []table.Write // stock and lifetime counters that go back
}

// Remove takes units off an order before they are shipped: what they cost goes back, and gifts that what is left no
// longer earns go as well. stocked is what one unit of a line takes out of stock. Errors: 409 order_canceled,
// order_fulfilled, payment_not_captured, cancel_instead; 422 for units that are not there.
func (o *Order) Remove(parts []Part, stocked map[string][]stock.Request, terms refund.Terms, reason, by string,
	now time.Time) (RemovedLine, error) {
	switch {
	case o.State == Canceled:
		return RemovedLine{}, problem.Conflict("order_canceled", "This order is canceled.")
	// Taken off lines cost nothing yet, so there would be nothing to refund against.
	case o.State == Fulfilled || o.State == Delivered:
		return RemovedLine{}, problem.Conflict("order_fulfilled", "Everything in this order has been shipped.")
	case o.Payment.State == PayAuthorized:
		return RemovedLine{}, problem.Conflict("payment_not_captured",
			"The payment is not captured yet; try again in a minute.")
	}
	if err := problem.CheckText(reason, 0, maxReason, "/reason"); err != nil {
		return RemovedLine{}, err
	}
	parts, err := o.parts(parts)
	if err != nil {
		return RemovedLine{}, err
	}
	// Priced by the same ledger as returns, so that removing and returning a unit refund the same.
	ask := refund.Request{Units: map[string]int{}, Terms: terms, Swap: o.sentInstead()}
	for _, p := range parts {
		ask.Units[p.LineID] = p.Quantity
	}
	if parts, err = o.withGifts(parts, &ask); err != nil {
		return RemovedLine{}, err
	}
	// Canceling also releases promotions and the rest of the stock, which removing the last unit
	// would not.
	if o.State == Placed && o.nothingLeft(parts) {
		return RemovedLine{}, problem.Conflict("cancel_instead", "Nothing would be left of this order; cancel it.")
	}
	if o.shippingGoesWith(ask.Units) {
		ask.Shipping = o.RefundLedger().ShippingLeft()
	}
	q, err := o.QuoteRefund(ask)
	if err != nil {
		return RemovedLine{}, err
	}
	e := q.Entry(o.NextEntry())
	e.Kind, e.To, e.Reason, e.By = refund.Canceled, refund.ToPayments, reason, by
	if err := o.Book(e, now); err != nil {
		return RemovedLine{}, err
	}
	o.PayOut(e.Key, now)
	o.creditAhead(e, now)
	// The unshipped rest was taken off, so what was shipped is all there is. It may have arrived already.
	if o.State == PartlyFulfilled && len(o.Unshipped()) == 0 {
		o.State = Fulfilled
		o.deliveredIfAllArrived()
	}
	o.addEntry(now, LinesRemoved, o.Money(q.Refund+q.Prepaid).Display(), by)
	return RemovedLine{Parts: parts, Quote: q, Writes: o.takeBack(parts, stocked)}, nil
}

// shippingGoesWith reports whether the shipping goes back with units that are taken off: what was sent has come back by
// returns that give it back, and nothing is kept then. A return that is open gives it when it is settled.
func (o *Order) shippingGoesWith(units map[string]int) bool {
	returned := false
	for _, e := range o.Ledger {
		if e.Void || e.Kind != refund.Returned {
			continue
		}
		if returned = true; !e.OutboundBack {
			return false
		}
	}
	l := o.RefundLedger()
	return returned && !slices.ContainsFunc(o.Lines, func(line Line) bool {
		return line.Gift == "" && l.UnitsKept(line.ID) > units[line.ID]
	})
}

// withGifts adds the gifts that are no longer earned and have not been shipped. The others stay and
// are charged by the terms.
func (o *Order) withGifts(parts []Part, ask *refund.Request) ([]Part, error) {
	// A trial quote that charges every gift shows which ones the rest of the order no longer earns.
	probe := *ask
	probe.Terms.ChargeGifts = true
	q, err := o.QuoteRefund(probe)
	if err != nil {
		return nil, err
	}
	for _, c := range q.Charges {
		i := slices.IndexFunc(o.Unshipped(), func(p Part) bool { return p.LineID == c.LineID })
		// Gifts that are charged nothing, are shipped already, or are being removed anyway.
		if c.Kind != refund.GiftKept || c.Amount <= 0 || i < 0 || ask.Units[c.LineID] > 0 {
			continue
		}
		gift := o.Unshipped()[i]
		parts, ask.Units[gift.LineID] = append(parts, gift), gift.Quantity
	}
	return parts, nil
}

// nothingLeft reports whether the parts are all that is still to be shipped.
func (o *Order) nothingLeft(parts []Part) bool {
	left := 0
	for _, p := range o.Unshipped() {
		left += p.Quantity
	}
	for _, p := range parts {
		left -= p.Quantity
	}
	return left == 0
}

// takeBack plans the return of stock and of lifetime counters for units that were taken off, and
// removes them from what the order holds, so that a later cancellation does not return them again.
func (o *Order) takeBack(parts []Part, stocked map[string][]stock.Request) []table.Write {
	var back []stock.Allocation
	var counted []cart.LimitedPurchase
	for _, p := range parts {
		for _, w := range stocked[p.LineID] {
			back = append(back, o.untake(w.VariantID, w.Quantity*p.Quantity)...)
		}
		line, _ := o.Line(p.LineID)
		for i := range o.Counted {
			c := &o.Counted[i]
			if !c.counts(line) {
				continue
			}
			// Less may have been counted than was bought: the limit may have been set later.
			n := min(p.Quantity, c.Quantity)
			c.Quantity -= n
			counted = uncount(counted, c.VariantID, n)
		}
	}
	writes := stock.Release(back)
	if len(counted) > 0 {
		writes = append(writes, o.uncounts(counted)...)
	}
	o.Counted = slices.DeleteFunc(o.Counted, func(c LifetimeCount) bool { return c.Quantity == 0 })
	return writes
}

// uncount adds n to what goes back onto a counter. Each counter stands once, because an update may name it once only.
func uncount(counted []cart.LimitedPurchase, id string, n int) []cart.LimitedPurchase {
	at := slices.IndexFunc(counted, func(c cart.LimitedPurchase) bool { return c.VariantID == id })
	switch {
	case n == 0:
		return counted
	case at < 0:
		return append(counted, cart.LimitedPurchase{VariantID: id, Quantity: n})
	}
	counted[at].Quantity += n
	return counted
}

// untake takes up to n units of a variant off the order's allocations. Hot stock is split into
// buckets, and each unit goes back to the bucket it came from.
func (o *Order) untake(variantID string, n int) []stock.Allocation {
	var back []stock.Allocation
	for i := range o.Allocations {
		t := &o.Allocations[i]
		if t.VariantID != variantID || n == 0 || t.Quantity == 0 {
			continue
		}
		k := min(n, t.Quantity)
		n, t.Quantity = n-k, t.Quantity-k
		back = append(back, stock.Allocation{VariantID: variantID, Bucket: t.Bucket, Quantity: k})
	}
	o.Allocations = slices.DeleteFunc(o.Allocations, func(t stock.Allocation) bool { return t.Quantity == 0 })
	return back
}

// SplitParcel moves units of a parcel that has not arrived into a parcel of its own, sent at the
// same time. Errors: 404 no_such_fulfillment; 409 parcel_delivered, too_many_parcels, parcel_empty;
// 422 for units that are not in it.
func (o *Order) SplitParcel(n int, moved []Part, carrier, number, url, by string, now time.Time) (*Fulfillment, error) {
	switch {
	case n < 1 || n > len(o.Fulfillments):
		return nil, problem.NotFound("no_such_fulfillment", "This order has no parcel %d.", n)
	case o.Fulfillments[n-1].DeliveredAt != nil:
		return nil, problem.Conflict("parcel_delivered", "This parcel has arrived.")
	case len(o.Fulfillments) >= maxFulfillments:
		return nil, problem.Conflict("too_many_parcels", "An order has at most %d parcels.", maxFulfillments)
	}
	if err := checkParcel(carrier, number, url); err != nil {
		return nil, err
	}
	// Cloned, so that an error half way leaves the parcel as it was.
	from := slices.Clone(o.Fulfillments[n-1].Lines)
	for i, m := range moved {
		at := slices.IndexFunc(from, func(p Part) bool { return p.LineID == m.LineID })
		if at < 0 {
			return nil, problem.InvalidField(pointer(i, "lineId"), "not_allowed", "a line that is in the parcel")
		}
		var wrong problem.Fields
		if wrong.Between(m.Quantity, 1, from[at].Quantity, pointer(i, "quantity")); len(wrong) > 0 {
			return nil, wrong.Err()
		}
		from[at].Quantity -= m.Quantity
	}
	from = slices.DeleteFunc(from, func(p Part) bool { return p.Quantity == 0 })
	if len(from) == 0 || len(moved) == 0 {
		return nil, problem.Conflict("parcel_empty", "Each of the two parcels has at least one unit.")
	}
	o.Fulfillments[n-1].Lines = from
	next := Fulfillment{
		N: len(o.Fulfillments) + 1, Carrier: carrier, TrackingNumber: number, TrackingURL: url, Lines: slices.Clone(moved),
		ShippedAt: o.Fulfillments[n-1].ShippedAt,
	}
	o.Fulfillments = append(o.Fulfillments, next)
	o.addEntry(now, EntryShipped, carrier+" "+number, by)
	return &o.Fulfillments[next.N-1], nil
}

// RecordConsoleRefund enters a refund that was made at the provider's own console on a payment of the ledger, or notes
// what became of it; first is true when it was not known. It is goodwill in the ledger: which goods it was for is not
// known. What is more than the ledger has left is entered as far as it goes.
func (o *Order) RecordConsoleRefund(
	paymentID, providerID string, amount int64, state payment.RefundState, now time.Time,
) (changed, first bool) {
	known := slices.IndexFunc(o.Refunds, func(r Refund) bool { return r.ProviderID == providerID })
	switch {
	case providerID == "" || amount <= 0:
		return false, false
	// One of our own refunds, or one that was entered before.
	case known >= 0:
		return o.Refunded(o.Refunds[known].Key, providerID, state, now), false
	}
	// More than was captured cannot be in the ledger; the daily reconciliation shows the
	// difference.
	amount = min(amount, o.RefundLedger().Left())
	e, err := o.RefundLedger().Goodwill("provider-"+providerID, amount)
	if err != nil {
		return false, false
	}
	// Paid at once: the provider has moved the money already.
	e.Kind, e.To, e.Reason, e.By, e.Paid = refund.AtProvider, refund.ToPayments, "provider_console", ByShop, true
	e.Parts = []refund.Part{{PaymentID: paymentID, Method: refund.Card, Amount: amount}}
	if o.Book(e, now) != nil {
		return false, false
	}
	o.Refunds = append(o.Refunds, Refund{
		Key: o.refundKey(), Entry: e.Key, PaymentID: o.providerID(paymentID), Amount: amount,
		State: payment.RefundPending, ProviderID: providerID,
		Reason: e.Reason,
		By:     ByShop, At: now,
	})
	o.Payment.State = PayRefunding
	// A day, because its outcome is reported by a webhook; asking is only for one that got lost.
	o.await(DueRefund, now, 24*time.Hour)
	if state != payment.RefundPending {
		o.Refunded(o.Refunds[len(o.Refunds)-1].Key, providerID, state, now)
	}
	return true, true
}
