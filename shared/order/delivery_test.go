package order_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/address"
	"dangol/shared/order"
	"dangol/shared/pricing"
	"dangol/shared/refund"
)

func TestAnOrderWhoseRestIsRemovedAfterItsParcelsArrivedIsDelivered(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		arrived int // of two parcels
		want    order.State
	}{
		{"nothing has arrived", 0, order.Fulfilled},
		{"one parcel is under way", 1, order.Fulfilled},
		{"both have arrived", 2, order.Delivered},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			o := bought(order.PayCaptured, 2, 1)
			must(t, o, parcel(units("line_1", 1)), parcel(units("line_1", 1)))
			for n := range tc.arrived {
				if _, _, err := o.Deliver(n+1, order.ByShop, noon.Add(time.Duration(n+1)*time.Hour)); err != nil {
					t.Fatal(err)
				}
			}
			if _, ok := o.DeliveredAt(); ok || o.State != order.PartlyFulfilled {
				t.Fatalf("with a line to ship it is %s", o.State)
			}
			if _, err := remove(o, units("line_2", 1)); err != nil {
				t.Fatal(err)
			}
			at, ok := o.DeliveredAt()
			if o.State != tc.want || ok != (tc.want == order.Delivered) {
				t.Errorf("it is %s, want %s", o.State, tc.want)
			}
			if ok && !at.Equal(noon.Add(2*time.Hour)) {
				t.Errorf("delivered at %s, want when the last parcel arrived", at)
			}
		})
	}
}

// TestAnOrderIsDeliveredExactlyWhenAllThatIsLeftOfItHasArrived ships, removes and delivers in every order.
func TestAnOrderIsDeliveredExactlyWhenAllThatIsLeftOfItHasArrived(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := bought(order.PayCaptured, rapid.IntRange(1, 3).Draw(t, "line 1"), rapid.IntRange(1, 3).Draw(t, "line 2"))
		for step := range rapid.IntRange(1, 14).Draw(t, "steps") {
			now := noon.Add(time.Duration(step) * time.Hour)
			line := rapid.SampledFrom([]string{"line_1", "line_2"}).Draw(t, "line")
			n := rapid.IntRange(1, 3).Draw(t, "n")
			switch rapid.SampledFrom([]string{"ship", "remove", "deliver"}).Draw(t, "step") {
			case "ship":
				_, _ = o.Fulfill(parcel(units(line, n)), order.ByShop, now)
			case "remove":
				_, _ = o.Remove([]order.Part{units(line, n)}, stocked, refund.Terms{}, "out_of_stock", order.ByShop, now)
			case "deliver":
				_, _, _ = o.Deliver(n, order.ByShop, now)
			}
			arrived := len(o.Fulfillments) > 0 && len(o.Unshipped()) == 0
			last := time.Time{}
			for _, f := range o.Fulfillments {
				arrived = arrived && f.DeliveredAt != nil
				if f.DeliveredAt != nil && f.DeliveredAt.After(last) {
					last = *f.DeliveredAt
				}
			}
			at, ok := o.DeliveredAt()
			if (o.State == order.Delivered) != arrived || ok != arrived || ok && !at.Equal(last) {
				t.Fatalf("it is %s since %v; parcels %+v, to ship %v", o.State, at, o.Fulfillments, o.Unshipped())
			}
		}
	})
}

func TestAnOrderTakesAtMostFiftyParcels(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 51)
	for range 50 {
		must(t, o, parcel(units("line_1", 1)))
	}
	if _, err := o.Fulfill(parcel(), order.ByShop, noon); codeOf(err) != "too_many_parcels" ||
		o.State != order.PartlyFulfilled {
		t.Errorf("the 51st: %v, %s", err, o.State)
	}
	if _, err := o.SplitParcel(1, []order.Part{units("line_1", 1)}, "cj", "1", "", order.ByShop, noon); codeOf(err) !=
		"too_many_parcels" {
		t.Errorf("a split: %v", err)
	}
}

func TestAnAddressIsTheSameOrAnother(t *testing.T) {
	t.Parallel()
	o := bought(order.PayCaptured, 1)
	home, entries := *o.Address, len(o.Timeline)
	if changed, err := o.ChangeAddress(home, order.ByCustomer, noon); changed || err != nil || len(o.Timeline) != entries {
		t.Errorf("to where it goes already: %v %v, %d entries", changed, err, len(o.Timeline))
	}
	home.Line1 = "왕십리로 83"
	if changed, err := o.ChangeAddress(home, order.ByCustomer, noon); !changed || err != nil {
		t.Errorf("to another street: %v %v", changed, err)
	}
	download := bought(order.PayCaptured, 1)
	download.Address = nil
	if _, err := download.ChangeAddress(address.Address{Country: "KR"}, order.ByCustomer, noon); codeOf(err) !=
		"nothing_to_ship" {
		t.Errorf("of an order that sends nothing: %v", err)
	}
}

func TestTheNumberOfAParcelCannotLeadElsewhere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		carrier := rapid.SampledFrom([]string{"cj", "hanjin", "lotte", "epost", "dhl", "fedex", "ups", "usps"}).Draw(t,
			"carrier")
		number := rapid.StringN(1, 30, -1).Draw(t, "number")
		plain, err := url.Parse(order.TrackingURL(carrier, "1"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := url.Parse(order.TrackingURL(carrier, number))
		if err != nil || got.Host != plain.Host || got.Path != plain.Path || got.Scheme != "https" ||
			len(got.Query()) != len(plain.Query()) || got.Fragment != "" {
			t.Fatalf("%q of %s leads to %s: %v", number, carrier, got, err)
		}
	})
	for _, c := range [][2]string{{"cj", ""}, {"", "688900000001"}, {"my cousin", "1"}, {"CJ", "1"}} {
		if got := order.TrackingURL(c[0], c[1]); got != "" {
			t.Errorf("%q by %q leads to %s", c[1], c[0], got)
		}
	}
	if order.CarrierName("cj") != "CJ대한통운" || order.CarrierName("my cousin") != "my cousin" {
		t.Error("a carrier has the wrong name")
	}
}

// TestTheMoneyOfAnOrderMovesOnlyForwards plays what a provider reports, in any order and any number of times.
func TestTheMoneyOfAnOrderMovesOnlyForwards(t *testing.T) {
	t.Parallel()
	next := map[order.PayState][]order.PayState{
		order.PayAuthorized: {order.PayCaptured, order.PayFailed, order.PayReleasing},
		order.PayReleasing:  {order.PayReleased, order.PayRefunding},
		order.PayCaptured:   {order.PayRefunding},
	}
	rapid.Check(t, func(t *rapid.T) {
		o := bought(order.PayAuthorized, 2)
		for range rapid.IntRange(1, 10).Draw(t, "messages") {
			before, entries := o.Payment, len(o.Timeline)
			var changed bool
			what := rapid.SampledFrom([]string{"paid", "unpaid", "released", "late", "cancel"}).Draw(t, "message")
			switch what {
			case "paid":
				changed = o.Paid(before.Amount, noon)
			case "unpaid":
				changed = o.Unpaid(noon)
			case "released":
				changed = o.RecordRelease(noon)
			case "late":
				changed = o.RecordLateCapture(before.Amount, noon)
			case "cancel":
				changed, _ = o.Cancel("mind", order.ByCustomer, noon)
			}
			after := o.Payment
			if after.State != before.State && !strings.Contains(fmt.Sprint(next[before.State]), string(after.State)) {
				t.Fatalf("%s: from %s to %s", what, before.State, after.State)
			}
			if !changed && (after != before || len(o.Timeline) != entries) {
				t.Fatalf("%s changed nothing, and it is %+v", what, after)
			}
			if after.Captured > 0 && o.State == order.Canceled && refunds(o) != after.Captured {
				t.Fatalf("%s: %d of %d goes back of a canceled order", what, refunds(o), after.Captured)
			}
			if after.Captured == 0 && refunds(o) != 0 {
				t.Fatalf("%s: %d goes back and nothing was taken", what, refunds(o))
			}
		}
	})
}

func TestWhatIsAddedIsTaxedLikeTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := bought(order.PayCaptured, 1)
		o.Totals.TaxIncluded = rapid.Bool().Draw(t, "tax included")
		o.Totals.TaxLines = []pricing.TaxLine{{Name: "VAT", Rate: 1_000}}
		var variants []order.AddedVariant
		var list int64
		for n := range rapid.IntRange(1, 4).Draw(t, "variants") {
			v := order.AddedVariant{
				Line:    order.Line{ID: fmt.Sprintf("line_added_%d", n), Quantity: rapid.IntRange(1, 5).Draw(t, "quantity")},
				List:    rapid.Int64Range(0, 1_000_000).Draw(t, "price"),
				TaxRate: rapid.SampledFrom([]int{0, 1_000}).Draw(t, "rate"),
			}
			list += v.List * int64(v.Line.Quantity)
			variants = append(variants, v)
		}
		a := o.PriceAdded(variants, "VAT")
		var tax int64
		for _, v := range variants {
			gross := v.List * int64(v.Line.Quantity)
			switch {
			case v.TaxRate == 0:
			case o.Totals.TaxIncluded:
				tax += (gross*2 + 11) / 22 // an eleventh, rounded
			default:
				tax += (gross + 5) / 10
			}
		}
		if a.Tax != tax {
			t.Fatalf("its tax is %d, want %d", a.Tax, tax)
		}
		want := list
		if !o.Totals.TaxIncluded {
			want += a.Tax
		}
		before := o.Totals.Total
		if err := o.AddLines(a, nil, nil, order.ByShop, noon); err != nil || a.Amount != want ||
			o.Totals.Total != before+want || len(o.Lines) != 1+len(variants) || o.Totals.TaxLines[0].Amount != tax {
			t.Fatalf("it costs %d, want %d; the order %d, before %d: %v", a.Amount, want, o.Totals.Total, before, err)
		}
		for _, v := range variants {
			var sum int64
			for _, unit := range o.UnitCosts(v.Line.ID) {
				sum += unit
			}
			if got := o.LineTotal(v.Line.ID).Total; got > sum {
				t.Fatalf("the units of %s cost %d, the line %d", v.Line.ID, sum, got)
			}
		}
	})
}
