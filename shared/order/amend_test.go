package order_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/address"
	"dangol/shared/cart"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/refund"
	"dangol/shared/stock"
)

// shipAll ships what is left of an order.
func shipAll(o *order.Order) error {
	_, err := o.Fulfill(parcel(), order.ByShop, noon)
	return err
}

func cancel(o *order.Order) error {
	_, err := o.Cancel("changed_mind", order.ByShop, noon)
	return err
}

func TestAnAddressChangesUntilSomethingIsShippedAndStaysInItsCountry(t *testing.T) {
	t.Parallel()
	busan := address.Address{Name: "Ann", City: "부산", Country: "KR"}
	for _, tc := range []struct {
		name    string
		before  func(*order.Order) error
		to      address.Address
		changed bool
		code    string
	}{
		{"another city", nil, busan, true, ""},
		{"the same address", nil, address.Address{Name: "Ann", City: "서울", Country: "KR"}, false, ""},
		{"another country, for which tax and shipping were not worked out", nil,
			address.Address{Name: "Ann", City: "Tokyo", Country: "JP"}, false, "country_fixed"},
		{"an order without a parcel", func(o *order.Order) error { o.Address = nil; return nil }, busan, false,
			"nothing_to_ship"},
		{"after shipping", shipAll, busan, false, "order_shipped"},
		{"after it was canceled", cancel, busan, false, "order_canceled"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := bought(order.PayCaptured, 2)
			if tc.before != nil {
				if err := tc.before(o); err != nil {
					t.Fatal(err)
				}
			}
			entries := len(o.Timeline)
			changed, err := o.ChangeAddress(tc.to, order.ByShop, noon)
			if changed != tc.changed || codeOf(err) != tc.code {
				t.Fatalf("changed %v, %q; want %v, %q", changed, codeOf(err), tc.changed, tc.code)
			}
			if changed && (*o.Address != tc.to || len(o.Timeline) != entries+1) {
				t.Errorf("it goes to %v, timeline %v", o.Address, o.Timeline)
			}
			if !changed && len(o.Timeline) != entries {
				t.Error("the timeline tells of a change that was not made")
			}
		})
	}
}

func TestTheContactChangesUntilTheOrderIsCanceled(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 1)
	if err := shipAll(o); err != nil {
		t.Fatal(err)
	}
	if changed, err := o.ChangeContact(" ann@example.org ", true, order.ByShop, noon); !changed || err != nil ||
		o.Email != "ann@example.org" {
		t.Errorf("%v, %v: mails go to %q", changed, err, o.Email)
	}
	if changed, err := o.ChangeContact("ann@example.org", true, order.ByShop, noon); changed || err != nil {
		t.Errorf("the same address again: %v, %v", changed, err)
	}
	gone := bought(order.PayCaptured, 1)
	if err := cancel(gone); err != nil {
		t.Fatal(err)
	}
	if _, err := gone.ChangeContact("ann@example.org", true, order.ByShop, noon); codeOf(err) != "order_canceled" {
		t.Errorf("a canceled order: %v", err)
	}
}

// Whoever has read one mail of an order has its look-up token. Who bought, and the shop, show more.
func TestAContactGivenWithALookUpTokenAloneTakesNothingOver(t *testing.T) {
	t.Parallel()
	const proven, lookedUp = true, false
	type change struct {
		email  string
		proven bool
	}
	for _, c := range []struct {
		name    string
		changes []change
		opener  string
	}{
		{"the token of the cart, or the shop", []change{{"new@example.org", proven}}, "new@example.org"},
		{"a look-up token", []change{{"eve@example.org", lookedUp}}, "haneul@example.com"},
		{"a look-up token, twice", []change{{"eve@example.org", lookedUp}, {"eva@example.org", lookedUp}},
			"haneul@example.com"},
		{"a look-up token, and then back", []change{{"eve@example.org", lookedUp}, {"haneul@example.com", lookedUp}},
			"haneul@example.com"},
		{"a look-up token, and the buyer gives another one",
			[]change{{"eve@example.org", lookedUp}, {"new@example.org", proven}},
			"new@example.org"},
		{"a look-up token, and the buyer confirms it", []change{{"new@example.org", lookedUp}, {"new@example.org", proven}},
			"new@example.org"},
	} {
		o := bought(order.PayCaptured, 1)
		o.CustomerID, o.Email = "", "haneul@example.com"
		for _, to := range c.changes {
			if changed, err := o.ChangeContact(to.email, to.proven, order.ByCustomer, noon); !changed || err != nil {
				t.Fatalf("%s: %v, %v", c.name, changed, err)
			}
		}
		if last := c.changes[len(c.changes)-1].email; o.Email != last || o.Opener() != c.opener {
			t.Errorf("%s: mails go to %q and %q opens it, want %q and %q", c.name, o.Email, o.Opener(), last, c.opener)
		}
	}
}

func TestAHeldOrderIsNotShippedUntilItIsReleased(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 2)
	if o.Release(order.ByShop, noon) {
		t.Error("an order that is not held was released")
	}
	for n, want := range []bool{true, false} { // the second time says nothing new
		if changed, err := o.Hold("address unclear", order.ByShop, noon); changed != want || err != nil {
			t.Fatalf("hold %d: %v, %v", n+1, changed, err)
		}
	}
	if err := shipAll(o); codeOf(err) != "order_held" {
		t.Fatalf("shipped while held: %v", err)
	}
	if !o.Release(order.ByShop, noon) {
		t.Fatal("not released")
	}
	if err := shipAll(o); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Hold("too late", order.ByShop, noon); codeOf(err) != "order_fulfilled" {
		t.Errorf("held after shipping: %v", err)
	}
	gone := bought(order.PayCaptured, 1)
	if err := cancel(gone); err != nil {
		t.Fatal(err)
	}
	if _, err := gone.Hold("x", order.ByShop, noon); codeOf(err) != "order_canceled" {
		t.Errorf("a canceled order was held: %v", err)
	}
}

// stocked is what each unit of the first two lines takes out of stock: the second is a set of two jars.
var stocked = map[string][]stock.Request{
	"line_1": {{VariantID: "var_line_1", Quantity: 1}}, "line_2": {{VariantID: "jar", Quantity: 2}},
}

func remove(o *order.Order, parts ...order.Part) (order.RemovedLine, error) {
	return o.Remove(parts, stocked, refund.Terms{}, "out_of_stock", order.ByShop, noon)
}

func TestUnitsAreRemovedBeforeTheyAreShipped(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		pay    order.PayState
		before func(*order.Order) error
		parts  []order.Part
		code   string
	}{
		{"one unit of several", order.PayCaptured, nil, []order.Part{units("line_1", 1)}, ""},
		{"the rest of a line", order.PayCaptured, nil, []order.Part{units("line_1", 3)}, ""},
		{"everything, which is a cancellation", order.PayCaptured, nil,
			[]order.Part{units("line_1", 3), units("line_2", 2)}, "cancel_instead"},
		{"more than was bought", order.PayCaptured, nil, []order.Part{units("line_1", 4)}, "/lines/0/quantity too_large"},
		{"a line of another order", order.PayCaptured, nil, []order.Part{units("line_9", 1)},
			"/lines/0/lineId not_allowed"},
		{"a line twice", order.PayCaptured, nil, []order.Part{units("line_1", 1), units("line_1", 1)},
			"/lines/1/lineId duplicate"},
		{"before the money was taken", order.PayAuthorized, nil, []order.Part{units("line_1", 1)},
			"payment_not_captured"},
		{"after shipping", order.PayCaptured, shipAll, []order.Part{units("line_1", 1)}, "order_fulfilled"},
		{"of a canceled order", order.PayCaptured, cancel, []order.Part{units("line_1", 1)}, "order_canceled"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := bought(tc.pay, 3, 2)
			if tc.before != nil {
				if err := tc.before(o); err != nil {
					t.Fatal(err)
				}
			}
			booked := len(o.Ledger)
			out, err := remove(o, tc.parts...)
			if codeOf(err) != tc.code {
				t.Fatalf("%v, want %q", err, tc.code)
			}
			if err != nil {
				if len(o.Ledger) != booked {
					t.Error("a refusal booked a refund")
				}
				return
			}
			// Each unit cost 1,000; shipping was paid for what is left.
			if want := int64(tc.parts[0].Quantity) * 1_000; out.Quote.Refund != want {
				t.Errorf("%d goes back, want %d", out.Quote.Refund, want)
			}
		})
	}
}

func TestRemovingTheRestOfAPartlyShippedOrderFulfillsIt(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 2, 1)
	_, err := o.Fulfill(parcel(units("line_1", 2)), order.ByShop, noon)
	if err != nil || o.State != order.PartlyFulfilled {
		t.Fatalf("%s, %v", o.State, err)
	}
	if _, err := remove(o, units("line_2", 1)); err != nil || o.State != order.Fulfilled {
		t.Errorf("%s, %v: nothing is left to be shipped", o.State, err)
	}
}

func TestRemovedUnitsGiveStockAndPurchaseLimitsBack(t *testing.T) {
	t.Parallel()
	for _, customer := range []string{"cust-ann", ""} {
		o := bought(order.PayCaptured, 3, 2)
		o.CustomerID = customer
		o.Allocations = []stock.Allocation{
			{VariantID: "var_line_1", Bucket: 2, Quantity: 1}, {VariantID: "var_line_1", Bucket: 5, Quantity: 2},
			{VariantID: "jar", Bucket: 0, Quantity: 4},
		}
		o.Counted = []order.LifetimeCount{{VariantID: "var_line_2", Quantity: 2}}
		out, err := remove(o, units("line_1", 2), units("line_2", 1))
		if err != nil {
			t.Fatal(err)
		}
		left := map[string]int{}
		for _, a := range o.Allocations {
			left[a.VariantID] += a.Quantity
		}
		if left["var_line_1"] != 1 || left["jar"] != 2 || len(o.Counted) != 1 || o.Counted[0].Quantity != 1 {
			t.Errorf("the order still holds %v and counts %v", o.Allocations, o.Counted)
		}
		// var_line_1 comes from two buckets, jar from one; the purchase limit is one item more, a guest's by the address.
		if keys := keysOf(t, out.Writes); len(keys) != 4 ||
			slices.ContainsFunc(keys, func(k table.Key) bool { return k.PK == "CUSTOMER#" || k.PK == "" }) {
			t.Errorf("customer %q: the counters %v go back", customer, keys)
		}
	}
}

// Two lines of one limited edition count together, and a gift of the same goods was never counted. The use of a
// promotion goes back with the whole order only.
func TestRemovedUnitsOfALimitedEditionGiveItsLimitBack(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 3, 2, 1)
	o.Lines[2].Gift, o.Lines[2].VariantID = "promo_gift", "var_line_1"
	o.Counted = []order.LifetimeCount{
		{VariantID: "promo_drop", Quantity: 5, Of: []string{"var_line_1", "var_line_2"}},
		{VariantID: "promo_once", Quantity: 1},
	}
	out, err := remove(o, units("line_1", 1), units("line_2", 1), units("line_3", 1))
	if err != nil {
		t.Fatal(err)
	}
	var back table.Update
	for _, w := range out.Writes {
		if u := w.(table.Update); u.Key == cart.KeyOfPurchases(o.CustomerID) {
			back = u
		}
	}
	if len(back.Names) != 1 || back.Names["#v0"] != "promo_drop" || back.With[":n0"] != -2 {
		t.Errorf("what goes back is %v by %v", back.Names, back.With)
	}
	if len(o.Counted) != 2 || o.Counted[0].Quantity != 3 || o.Counted[1].Quantity != 1 {
		t.Errorf("the order still counts %+v", o.Counted)
	}
}

func TestAGuestsPurchaseLimitIsGivenBackWhereItWasTakenAlsoAfterTheContactChanged(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 1)
	o.CustomerID = ""
	o.Counted = []order.LifetimeCount{{VariantID: "var_line_1", Quantity: 1}}
	before := keysOf(t, o.ReleaseWrites())
	if _, err := o.ChangeContact("other@example.com", true, order.ByShop, noon); err != nil {
		t.Fatal(err)
	}
	if after := keysOf(t, o.ReleaseWrites()); !slices.Equal(after, before) {
		t.Errorf("taken at %v, given back at %v", before, after)
	}
}

// keysOf are the items that updates change.
func keysOf(t *testing.T, writes []table.Write) (keys []table.Key) {
	t.Helper()
	for _, w := range writes {
		u, ok := w.(table.Update)
		if !ok {
			t.Fatalf("%T is no update of a counter", w)
		}
		keys = append(keys, u.Key)
	}
	return keys
}

// TestHoweverUnitsAreRemovedTheMoneyAddsUp removes units in any order: what goes back is what they cost, and never more
// than was paid.
func TestHoweverUnitsAreRemovedTheMoneyAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		quantities := rapid.SliceOfN(rapid.IntRange(1, 5), 1, 4).Draw(t, "quantities")
		o := bought(order.PayCaptured, quantities...)
		back := int64(0)
		for len(o.Unshipped()) > 0 {
			left := o.Unshipped()
			p := left[rapid.IntRange(0, len(left)-1).Draw(t, "line")]
			p.Quantity = rapid.IntRange(1, p.Quantity).Draw(t, "units")
			out, err := remove(o, p)
			if codeOf(err) == "cancel_instead" {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			back += out.Quote.Refund
		}
		kept := int64(0)
		for _, p := range o.Unshipped() {
			kept += int64(p.Quantity) * 1_000
		}
		if paid := o.Totals.Total; back+kept+o.Totals.Shipping != paid || o.RefundLedger().Left() != paid-back {
			t.Fatalf("of %d went back %d, the units left cost %d, the ledger has %d left", paid, back, kept,
				o.RefundLedger().Left())
		}
	})
}

func TestAParcelIsSplitWithoutLosingAUnit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		parcel int
		moved  []order.Part
		code   string
	}{
		{"one of three units", 1, []order.Part{units("line_1", 1)}, ""},
		{"a whole line", 1, []order.Part{units("line_2", 2)}, ""},
		{"units of one line named twice", 1, []order.Part{units("line_1", 1), units("line_1", 1)}, ""},
		{"no such parcel", 2, []order.Part{units("line_1", 1)}, "no_such_fulfillment"},
		{"parcels are numbered from 1", 0, []order.Part{units("line_1", 1)}, "no_such_fulfillment"},
		{"everything", 1, []order.Part{units("line_1", 3), units("line_2", 2)}, "parcel_empty"},
		{"nothing", 1, nil, "parcel_empty"},
		{"more than is in it", 1, []order.Part{units("line_1", 4)}, "/lines/0/quantity too_large"},
		{"a line twice with more than is in it", 1, []order.Part{units("line_1", 2), units("line_1", 2)},
			"/lines/1/quantity too_large"},
		{"less than a unit", 1, []order.Part{units("line_1", 0)}, "/lines/0/quantity too_small"},
		{"a line that is not in it", 1, []order.Part{units("line_1", 1), units("line_9", 1)},
			"/lines/1/lineId not_allowed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := bought(order.PayCaptured, 3, 2)
			if err := shipAll(o); err != nil {
				t.Fatal(err)
			}
			f, err := o.SplitParcel(tc.parcel, tc.moved, "cj", "688900000002", "", order.ByShop, noon.Add(time.Hour))
			if codeOf(err) != tc.code {
				t.Fatalf("%v, want %q", err, tc.code)
			}
			if o.SentUnits("line_1") != 3 || o.SentUnits("line_2") != 2 {
				t.Errorf("in parcels: %d and %d units", o.SentUnits("line_1"), o.SentUnits("line_2"))
			}
			if err == nil && (f.N != 2 || !f.ShippedAt.Equal(noon)) {
				t.Errorf("parcel %d, shipped %s: it left with the first", f.N, f.ShippedAt)
			}
		})
	}
	arrived := bought(order.PayCaptured, 2)
	if err := shipAll(arrived); err != nil {
		t.Fatal(err)
	}
	if _, _, err := arrived.Deliver(1, order.ByShop, noon); err != nil {
		t.Fatal(err)
	}
	_, err := arrived.SplitParcel(1, []order.Part{units("line_1", 1)}, "cj", "2", "", order.ByShop, noon)
	if codeOf(err) != "parcel_delivered" {
		t.Errorf("a parcel that has arrived: %v", err)
	}
}

func TestARefundAtTheProvidersConsoleIsEnteredOnceAndNeverBeyondWhatWasPaid(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 2) // 5,000 with shipping
	changed, first := o.RecordConsoleRefund(order.MainPayment, "re_1", 1_500, payment.RefundSucceeded, noon)
	if !changed || !first || o.RefundLedger().Left() != 3_500 {
		t.Fatalf("%v, %v: %d left", changed, first, o.RefundLedger().Left())
	}
	if _, first := o.RecordConsoleRefund(order.MainPayment, "re_1", 1_500, payment.RefundSucceeded, noon); first ||
		o.RefundLedger().Left() != 3_500 {
		t.Errorf("told twice, entered twice: %d left", o.RefundLedger().Left())
	}
	if _, first := o.RecordConsoleRefund(order.MainPayment, "re_2", 9_999, payment.RefundPending, noon); !first ||
		o.RefundLedger().Left() != 0 || o.Payment.State != order.PayRefunding {
		t.Errorf("more than is left: %d left, payment %s", o.RefundLedger().Left(), o.Payment.State)
	}
	for name, entered := range map[string]func() (bool, bool){
		"nothing is left": func() (bool, bool) {
			return o.RecordConsoleRefund(order.MainPayment, "re_3", 1, payment.RefundSucceeded, noon)
		},
		"no id": func() (bool, bool) {
			return bought(order.PayCaptured, 1).RecordConsoleRefund(order.MainPayment, "", 1, payment.RefundSucceeded, noon)
		},
		"no amount": func() (bool, bool) {
			return bought(order.PayCaptured, 1).RecordConsoleRefund(order.MainPayment, "re_4", 0, payment.RefundSucceeded, noon)
		},
	} {
		if changed, first := entered(); changed || first {
			t.Errorf("%s: entered", name)
		}
	}
}

func TestParcelsOfKnownCarriersCanBeFollowed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ carrier, number, name, url string }{
		{"cj", "688900000001", "CJ대한통운", "https://trace.cjlogistics.com/next/tracking.html?wblNo=688900000001"},
		{"ups", "1Z 999", "UPS", "https://www.ups.com/track?tracknum=1Z+999"},
		{"cj", "", "CJ대한통운", ""},
		{"a man with a van", "7", "a man with a van", ""},
	} {
		if name, url := order.CarrierName(tc.carrier), order.TrackingURL(tc.carrier, tc.number); name != tc.name ||
			url != tc.url {
			t.Errorf("%s %s is %q at %q", tc.carrier, tc.number, name, url)
		}
	}
}

func TestEventsTellWhatWasSoldAndSent(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 3, 2)
	o.Lines[0].Sale, o.Lines[0].Saved = "promo_sale", 600
	o.Totals.Adjustments = []pricing.Adjustment{{OfferID: "promo_code", Code: "HANEUL10"}}
	placed := o.PlacedEvent()
	if placed.OrderID != o.ID || placed.Total.Amount != 8_000 || placed.Place.City != "서울" ||
		!slices.Equal(placed.Codes, []string{"HANEUL10"}) || len(placed.Lines) != 2 {
		t.Errorf("placed: %+v", placed)
	}
	if len(placed.Promotions) != 1 || placed.Promotions[0].PromotionID != "promo_sale" ||
		placed.Promotions[0].Amount != 600 {
		t.Errorf("the sale took off %+v", placed.Promotions)
	}
	// A line that was bought at a sale price counts as discounted, one at its list price does not.
	if !placed.Lines[0].Discounted || placed.Lines[1].Discounted {
		t.Errorf("discounted: %v and %v", placed.Lines[0].Discounted, placed.Lines[1].Discounted)
	}
	first, err := o.Fulfill(parcel(units("line_1", 2)), order.ByShop, noon)
	if err != nil {
		t.Fatal(err)
	}
	if shipped := o.ShippedEvent(first); shipped.Complete || shipped.Lines[0].Quantity != 2 ||
		shipped.Carrier != "CJ대한통운" {
		t.Errorf("shipped: %+v", shipped)
	}
	if err := shipAll(o); err != nil {
		t.Fatal(err)
	}
	if shipped := o.ShippedEvent(&o.Fulfillments[1]); !shipped.Complete || len(shipped.Lines) != 2 {
		t.Errorf("the last parcel: %+v", shipped)
	}
	for n, complete := range []bool{false, true} {
		f, _, err := o.Deliver(n+1, order.ByShop, noon)
		if err != nil {
			t.Fatal(err)
		}
		if delivered := o.DeliveredEvent(f); delivered.Complete != complete {
			t.Errorf("parcel %d: complete %v", n+1, delivered.Complete)
		}
	}
}

func TestRefusalsOfTheLedgerNameTheLineAndWhatIsLeft(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 2)
	for _, tc := range []struct {
		name string
		ask  refund.Request
		code string
	}{
		{"more units than were bought", refund.Request{Units: map[string]int{"line_1": 3}}, "units_returned"},
		{"a line of another order", refund.Request{Units: map[string]int{"line_9": 1}}, "refund_invalid"},
		{"less than a unit", refund.Request{Units: map[string]int{"line_1": -1}}, "refund_invalid"},
	} {
		if _, err := o.QuoteRefund(tc.ask); codeOf(err) != tc.code {
			t.Errorf("%s: %v, want %s", tc.name, err, tc.code)
		}
	}
	if err := o.GiveGoodwill(9_999, "late", order.ByShop, noon); codeOf(err) != "refund_too_large" {
		t.Errorf("goodwill of more than was paid: %v", err)
	}
	unpaid := bought(order.PayAuthorized, 1)
	if _, err := unpaid.QuoteRefund(refund.Request{Units: map[string]int{"line_1": 1}}); err == nil {
		t.Error("a refund of money that was not taken")
	}
	if o.RefundLedger().Left() != o.Totals.Total {
		t.Error("a refusal booked something")
	}
}
