package refund_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/money"
	"dangol/shared/refund"
)

// three is three goods of 10,000, 20,000 and 30,000 won with an order discount of 10 % from 50,000 won on, a gift worth
// 8,000 won from 30,000 won on, and 3,000 won of shipping, paid by card.
func three() refund.Sale {
	unit := func(cost, discount int64) refund.Unit {
		return refund.Unit{Cost: cost, Discount: discount, Tax: money.TaxIncluded(cost, 1_000)}
	}
	return refund.Sale{
		Currency: "KRW",
		Lines: []refund.Line{
			{ID: "soap", Title: "Soap", List: 10_000, Units: []refund.Unit{unit(9_000, 1_000)}},
			{ID: "oil", Title: "Oil", List: 20_000, Units: []refund.Unit{unit(18_000, 2_000)}},
			{ID: "robe", Title: "Robe", List: 30_000, Units: []refund.Unit{unit(27_000, 3_000)}},
			{ID: "gift", Title: "Towel", Units: []refund.Unit{{}}, Gift: "towel", Value: 8_000},
		},
		Shipping: 3_000,
		Payments: []refund.Payment{{ID: "main", Method: refund.Card, Captured: 57_000}},
		Promotions: []refund.Promotion{
			{ID: "ten", Name: "10 % off", Amount: 6_000, MinAmount: 50_000},
			{ID: "towel", Name: "A towel", MinAmount: 30_000},
		},
	}
}

func units(pairs ...any) map[string]int {
	out := map[string]int{}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i].(string)] = pairs[i+1].(int)
	}
	return out
}

func TestWhatAReturnRefunds(t *testing.T) {
	t.Parallel()
	charge := refund.Terms{ChargeGifts: true, ChargePromotions: true}
	gifts := refund.Terms{ChargeGifts: true}
	way := []refund.Fee{{Kind: refund.ReturnShipping, Amount: 3_000}}
	for _, c := range []struct {
		name string
		asks []refund.Request // one return after the other
		want []int64
	}{
		{"a unit goes back at what it really cost, not at its catalog price", []refund.Request{{Units: units("soap", 1)}},
			[]int64{9_000}},
		{"everything goes back with the shipping: what was paid",
			[]refund.Request{{Units: units("soap", 1, "oil", 1, "robe", 1, "gift", 1), Shipping: 3_000}}, []int64{57_000}},
		{"one after the other: together what was paid", []refund.Request{
			{Units: units("soap", 1)}, {Units: units("oil", 1)}, {Units: units("robe", 1, "gift", 1), Shipping: 3_000},
		}, []int64{9_000, 18_000, 30_000}},
		{"the way back is the customer's", []refund.Request{{Units: units("oil", 1), Fees: way}}, []int64{15_000}},
		{"a fee never takes more than the units are worth", []refund.Request{
			{Units: units("soap", 1), Fees: []refund.Fee{{Kind: refund.Damage, Amount: 99_000}}}, {Units: units("oil", 1)},
		}, []int64{0, 18_000}},
		{"a gift that is still earned is not charged", []refund.Request{{Units: units("robe", 1), Terms: gifts}},
			[]int64{27_000}},
		{"a gift that is kept and no longer earned is charged",
			[]refund.Request{{Units: units("robe", 1, "soap", 1), Terms: gifts}},
			[]int64{28_000}},
		{"it is charged once", []refund.Request{{Units: units("robe", 1, "soap", 1), Terms: gifts},
			{Units: units("gift", 1), Terms: gifts}},
			[]int64{28_000, 8_000}},
		{"a gift that comes back as well is not charged",
			[]refund.Request{{Units: units("robe", 1, "soap", 1, "gift", 1), Terms: gifts}},
			[]int64{36_000}},
		{"all goods without the gift: the gift is charged",
			[]refund.Request{{Units: units("robe", 1, "soap", 1, "oil", 1), Terms: gifts}}, []int64{46_000}},
		{"the discount stays when terms say so", []refund.Request{{Units: units("oil", 1), Terms: gifts}}, []int64{18_000}},
		{"a lost discount is charged on what is kept: 1,000 and 3,000",
			[]refund.Request{{Units: units("oil", 1), Terms: charge}},
			[]int64{14_000}},
		{"and given back when that comes back too", []refund.Request{
			{Units: units("oil", 1), Terms: charge}, {Units: units("robe", 1, "gift", 1), Terms: charge},
			{Units: units("soap", 1), Terms: charge},
		}, []int64{14_000, 30_000, 10_000}},
		{"a charge above the worth of the unit is carried to the next return", []refund.Request{
			{Units: units("soap", 1)}, {Units: units("oil", 1, "robe", 1), Terms: gifts, Fees: way},
			{Units: units("gift", 1), Terms: gifts},
		}, []int64{9_000, 34_000, 8_000}},
		{"nothing is asked for when charges exceed the worth", []refund.Request{
			{Units: units("robe", 1), Terms: gifts}, {Units: units("soap", 1), Terms: charge},
		}, []int64{27_000, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := refund.Ledger{Sale: three()}
			var got []int64
			for i, ask := range c.asks {
				q, err := l.Quote(ask)
				if err != nil {
					t.Fatal(err)
				}
				explained(t, q)
				got = append(got, q.Refund)
				l.Entries = append(l.Entries, q.Entry(fmt.Sprint(i)))
			}
			if !slices.Equal(got, c.want) {
				t.Fatalf("refunds %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhatCannotBeReturned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		before []refund.Request
		ask    refund.Request
		code   string
	}{
		{"a line of another order", nil, refund.Request{Units: units("other", 1)}, refund.UnknownLine},
		{"more units than were bought", nil, refund.Request{Units: units("soap", 2)}, refund.UnitsGone},
		{"a unit for the second time", []refund.Request{{Units: units("soap", 1)}}, refund.Request{Units: units("soap", 1)},
			refund.UnitsGone},
		{"no unit", nil, refund.Request{Units: units("soap", 0)}, refund.BadQuantity},
		{"fewer than none", nil, refund.Request{Units: units("soap", -1)}, refund.BadQuantity},
		{"a unit named twice", nil, refund.Request{Exact: []refund.UnitRef{{LineID: "soap"}, {LineID: "soap"}}},
			refund.UnitsGone},
		{"a unit number that is not there", nil, refund.Request{Exact: []refund.UnitRef{{LineID: "soap", N: 1}}},
			refund.UnitsGone},
		{"more shipping than was paid", nil, refund.Request{Shipping: 3_001}, refund.ShippingGone},
		{"shipping for the second time", []refund.Request{{Shipping: 3_000}}, refund.Request{Shipping: 1},
			refund.ShippingGone},
		{"negative shipping", nil, refund.Request{Shipping: -1}, refund.BadQuantity},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := refund.Ledger{Sale: three()}
			for i, ask := range c.before {
				q, err := l.Quote(ask)
				if err != nil {
					t.Fatal(err)
				}
				l.Entries = append(l.Entries, q.Entry(fmt.Sprint(i)))
			}
			_, err := l.Quote(c.ask)
			if r, ok := errors.AsType[*refund.Refusal](err); !ok || r.Code != c.code {
				t.Fatalf("got %v, want %s", err, c.code)
			}
		})
	}
}

func TestAnOrderThatWasNotPaidRefundsNothing(t *testing.T) {
	t.Parallel()
	s := three()
	s.Payments[0].Captured = 0
	_, err := refund.Ledger{Sale: s}.Quote(refund.Request{Units: units("soap", 1)})
	if r, ok := errors.AsType[*refund.Refusal](err); !ok || r.Code != refund.NothingCaptured {
		t.Fatalf("got %v", err)
	}
}

func TestMoneyGoesBackBeforeStoreCreditBeforePoints(t *testing.T) {
	t.Parallel()
	s := three()
	s.Payments = []refund.Payment{
		{ID: "points", Method: refund.Points, Captured: 2_000}, {ID: "credit", Method: refund.StoreCredit, Captured: 10_000},
		{ID: "first", Method: refund.Card, Captured: 40_000}, {ID: "second", Method: refund.Card, Captured: 5_000},
	}
	l := refund.Ledger{Sale: s}
	var got []string
	for i, line := range []string{"robe", "oil", "soap"} {
		q, err := l.Quote(refund.Request{Units: units(line, 1)})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range q.Parts {
			got = append(got, fmt.Sprint(line, " ", p.PaymentID, " ", p.Amount))
		}
		l.Entries = append(l.Entries, q.Entry(fmt.Sprint(i)))
	}
	want := []string{
		"robe second 5000", "robe first 22000", "oil first 18000", "soap credit 9000",
	}
	if !slices.Equal(got, want) {
		t.Fatalf("parts %q, want %q", got, want)
	}
}

func TestGoodwillCountsAgainstWhatIsLeft(t *testing.T) {
	t.Parallel()
	l := refund.Ledger{Sale: three()}
	g, err := l.Goodwill("sorry", 5_000)
	if err != nil {
		t.Fatal(err)
	}
	l.Entries = append(l.Entries, g)
	q, err := l.Quote(refund.Request{Units: units("soap", 1, "oil", 1, "robe", 1, "gift", 1), Shipping: 3_000})
	if err != nil || q.Refund != 52_000 || q.Capped != 5_000 {
		t.Fatalf("refund %d, capped %d, %v; want 52,000 and 5,000", q.Refund, q.Capped, err)
	}
	l.Entries = append(l.Entries, q.Entry("rest"))
	if _, err := l.Goodwill("more", 1); err == nil {
		t.Fatal("more than was paid goes back")
	}
}

func TestACanceledReturnGivesBackWhatALaterOneWasChargedForItsSake(t *testing.T) {
	t.Parallel()
	l := refund.Ledger{Sale: three()}
	terms := refund.Terms{ChargeGifts: true}
	for _, line := range []string{"soap", "robe"} { // the second loses the gift, but only because the first is gone
		q, err := l.Quote(refund.Request{Units: units(line, 1), Terms: terms})
		if err != nil {
			t.Fatal(err)
		}
		l.Entries = append(l.Entries, q.Entry(line))
	}
	l.Entries[0].Void = true
	q, err := l.Quote(refund.Request{Terms: terms})
	if err != nil || q.Refund != 8_000 || q.Earlier != 8_000 {
		t.Fatalf("correction %d (earlier %d), %v; want 8,000", q.Refund, q.Earlier, err)
	}
}

// explained checks that a quote's explanation adds up to its refund.
func explained(t interface{ Fatalf(string, ...any) }, q refund.Quote) {
	sum := q.Shipping + q.Earlier + q.Waived - q.Capped
	for _, l := range q.Lines {
		amount := int64(0)
		for _, u := range l.Units {
			amount += u.Cost
		}
		if amount != l.Amount {
			t.Fatalf("line %s: units cost %d, the line says %d", l.LineID, amount, l.Amount)
		}
		sum += l.Amount
	}
	for _, c := range q.Charges {
		sum -= c.Amount
	}
	for _, f := range q.Fees {
		if sum -= f.Amount; f.Amount <= 0 {
			t.Fatalf("fee of %d", f.Amount)
		}
	}
	parts := int64(0)
	for _, p := range q.Parts {
		parts += p.Amount
	}
	if sum != q.Refund || parts != q.Refund || q.Refund < 0 || q.Waived < 0 || q.Capped < 0 {
		t.Fatalf("explained %d, parts %d, refund %d, waived %d, capped %d", sum, parts, q.Refund, q.Waived, q.Capped)
	}
}

// drawSale draws any sale: discounts, gifts, promotions with conditions, several payments.
func drawSale(t *rapid.T) refund.Sale {
	s := refund.Sale{Currency: "KRW", Shipping: rapid.Int64Range(0, 5_000).Draw(t, "shipping")}
	discount := int64(0)
	for i := range rapid.IntRange(1, 5).Draw(t, "lines") {
		l := refund.Line{ID: fmt.Sprint("line", i), List: rapid.Int64Range(0, 50_000).Draw(t, "list")}
		if gift := rapid.IntRange(0, 4).Draw(t, "gift") == 0; gift {
			l.Gift, l.Value, l.List = "p0", rapid.Int64Range(0, 20_000).Draw(t, "value"), 0
		}
		for range rapid.IntRange(1, 4).Draw(t, "units") {
			u := refund.Unit{Discount: rapid.Int64Range(0, l.List).Draw(t, "discount")}
			u.Cost = l.List - u.Discount
			discount += u.Discount
			l.Units = append(l.Units, u)
		}
		s.Lines = append(s.Lines, l)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "promotions") {
		p := refund.Promotion{ID: fmt.Sprint("p", i), Amount: rapid.Int64Range(0, max(discount, 1)).Draw(t, "amount")}
		p.MinAmount = rapid.Int64Range(0, 150_000).Draw(t, "minimum")
		p.MinUnits = rapid.IntRange(0, 6).Draw(t, "units at least")
		discount -= p.Amount
		s.Promotions = append(s.Promotions, p)
	}
	weights := rapid.SliceOfN(rapid.Int64Range(0, 5), 1, 4).Draw(t, "payments")
	for i, amount := range money.Allocate(s.Paid(), weights) {
		method := rapid.SampledFrom([]refund.Method{refund.Card, refund.StoreCredit, refund.Points}).Draw(t, "method")
		s.Payments = append(s.Payments, refund.Payment{ID: fmt.Sprint("pay", i), Method: method, Captured: amount})
	}
	return s
}

func TestAnySequenceOfReturnsEndsAtWhatWasPaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSale(t)
		l := refund.Ledger{Sale: s}
		terms := refund.Terms{ChargeGifts: rapid.Bool().Draw(t, "gifts"),
			ChargePromotions: rapid.Bool().Draw(t, "promotions")}
		fees := int64(0)
		for step := 0; ; step++ {
			ask := refund.Request{Units: map[string]int{}, Terms: terms}
			open := 0
			for _, line := range s.Lines {
				left := len(l.UnitsLeft(line.ID))
				open += left
				if n := rapid.IntRange(0, left).Draw(t, "back"); n > 0 {
					ask.Units[line.ID] = n
				}
			}
			if open == 0 {
				break
			}
			if step > 12 { // the rest in one go
				for _, line := range s.Lines {
					if left := len(l.UnitsLeft(line.ID)); left > 0 {
						ask.Units[line.ID] = left
					}
				}
			}
			ask.Shipping = rapid.Int64Range(0, l.ShippingLeft()).Draw(t, "shipping back")
			if rapid.IntRange(0, 5).Draw(t, "fee") == 0 {
				ask.Fees = []refund.Fee{{Kind: refund.ReturnShipping, Amount: rapid.Int64Range(-1, 9_000).Draw(t, "way")}}
			}
			q, err := l.Quote(ask)
			if err != nil {
				t.Fatal(err)
			}
			again, err := l.Quote(refund.Request{Exact: q.Units(), Shipping: ask.Shipping, Fees: ask.Fees, Terms: terms})
			if err != nil || again.Refund != q.Refund {
				t.Fatalf("the commit of the quoted units refunds %d, %v; quoted %d", again.Refund, err, q.Refund)
			}
			explained(t, q)
			for _, f := range q.Fees {
				fees += f.Amount
			}
			l.Entries = append(l.Entries, q.Entry(fmt.Sprint(step)))
			checkCeilings(t, l)
		}
		q, err := l.Quote(refund.Request{Shipping: l.ShippingLeft(), Terms: terms})
		if err != nil {
			t.Fatal(err)
		}
		l.Entries = append(l.Entries, q.Entry("shipping"))
		checkCeilings(t, l)
		if got := l.Refunded() + fees; got != s.Paid() {
			t.Fatalf("refunds and fees %d, paid %d", got, s.Paid())
		}
	})
}

// checkCeilings checks that no unit went back twice and no payment gave back more than it took.
func checkCeilings(t *rapid.T, l refund.Ledger) {
	seen, by := map[refund.UnitRef]bool{}, map[string]int64{}
	for _, e := range l.Entries {
		if e.Void {
			continue
		}
		for _, u := range e.Units {
			if seen[u] {
				t.Fatalf("unit %v goes back twice", u)
			}
			seen[u] = true
		}
		for _, p := range e.Parts {
			by[p.PaymentID] += p.Amount
		}
	}
	for _, p := range l.Sale.Payments {
		if by[p.ID] > p.Captured {
			t.Fatalf("payment %s took %d and gives back %d", p.ID, p.Captured, by[p.ID])
		}
	}
	if l.Refunded() > l.Sale.Paid() {
		t.Fatalf("refunds %d, paid %d", l.Refunded(), l.Sale.Paid())
	}
}

func TestGoodwillAndCanceledReturnsNeverExceedWhatWasPaid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSale(t)
		l := refund.Ledger{Sale: s}
		for step := range rapid.IntRange(1, 10).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				if e, err := l.Goodwill(fmt.Sprint(step), rapid.Int64Range(-1, 20_000).Draw(t, "goodwill")); err == nil {
					l.Entries = append(l.Entries, e)
				}
			case 1:
				line := rapid.SampledFrom(s.Lines).Draw(t, "line").ID
				if q, err := l.Quote(refund.Request{Units: units(line, 1), Terms: refund.Terms{ChargeGifts: true}}); err == nil {
					explained(t, q)
					l.Entries = append(l.Entries, q.Entry(fmt.Sprint(step)))
				}
			case 2:
				if len(l.Entries) > 0 {
					l.Entries[rapid.IntRange(0, len(l.Entries)-1).Draw(t, "void")].Void = true
				}
			}
			checkCeilings(t, l)
		}
	})
}

// What was paid ahead is no payment, so nothing but the ledger says how much of it was given already: for other goods,
// or as store credit.
func TestWhatWasPaidAheadIsGivenOnceWhateverComesBackAndIsCanceled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawSale(t)
		for i := range s.Payments {
			ahead := rapid.Int64Range(0, s.Payments[i].Captured).Draw(t, "of it paid ahead")
			s.Payments[i].Captured -= ahead
			s.Prepaid += ahead
		}
		l := refund.Ledger{Sale: s}
		add := func(e refund.Entry, err error) {
			if err == nil {
				l.Entries = append(l.Entries, e)
			}
		}
		for step := range rapid.IntRange(1, 12).Draw(t, "steps") {
			key := fmt.Sprint(step)
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				add(l.Goodwill(key, rapid.Int64Range(-1, 20_000).Draw(t, "goodwill")))
			case 1, 2:
				ask := refund.Request{Swap: rapid.Bool().Draw(t, "swap"),
					Units: units(rapid.SampledFrom(s.Lines).Draw(t, "line").ID, rapid.IntRange(1, 2).Draw(t, "units")),
					Fees:  []refund.Fee{{Kind: refund.Damage, Amount: rapid.Int64Range(0, 9_000).Draw(t, "fee")}}}
				q, err := l.Quote(ask)
				add(q.Entry(key), err)
			case 3:
				if open := len(l.Entries); open > 0 {
					// As an order does when a return comes to nothing.
					l.Entries[rapid.IntRange(0, open-1).Draw(t, "void")].Void = true
					q, err := l.Quote(refund.Request{})
					add(q.Entry(key), err)
				}
			case 4:
				q, err := l.Quote(refund.Request{Shipping: l.ShippingLeft()})
				add(q.Entry(key), err)
			}
			checkCeilings(t, l)
			ahead := int64(0)
			for _, e := range l.Entries {
				if !e.Void {
					ahead += e.Prepaid
				}
			}
			if paid := s.Captured() + s.Prepaid; ahead > s.Prepaid || l.Refunded()+ahead > paid {
				t.Fatalf("%d of the %d paid ahead and %d besides are given, of %d in all", ahead, s.Prepaid, l.Refunded(), paid)
			}
		}
	})
}

func BenchmarkQuoteOfFiftyLinesAndFivePromotions(b *testing.B) {
	s := refund.Sale{Currency: "KRW", Shipping: 3_000}
	for i := range 50 {
		l := refund.Line{ID: fmt.Sprint("line", i), List: int64(9_000 + i*137)}
		for range 1 + i%4 {
			l.Units = append(l.Units, refund.Unit{Cost: l.List * 9 / 10, Discount: l.List - l.List*9/10})
		}
		s.Lines = append(s.Lines, l)
	}
	for i := range 5 {
		s.Promotions = append(s.Promotions, refund.Promotion{ID: fmt.Sprint("p", i), Amount: 20_000, MinAmount: 3_000_000})
	}
	s.Payments = []refund.Payment{{ID: "main", Method: refund.Card, Captured: s.Paid()}}
	l := refund.Ledger{Sale: s}
	ask := refund.Request{Units: units("line1", 1, "line7", 2, "line33", 1),
		Terms: refund.Terms{ChargeGifts: true, ChargePromotions: true}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Quote(ask); err != nil {
			b.Fatal(err)
		}
	}
}
