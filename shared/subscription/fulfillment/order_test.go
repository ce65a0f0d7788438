package fulfillment_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dangol/shared/address"
	"dangol/shared/catalog"
	"dangol/shared/order"
	"dangol/shared/subscription"
	"dangol/shared/subscription/fulfillment"
)

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// soap is a variant that costs an amount of won.
func soap(id string, amount int64) catalog.SellableVariant {
	return catalog.SellableVariant{
		Product: &catalog.Product{
			ID: "prd_" + id, Title: catalog.Text{"en": "Soap", "ko": "비누"}, Status: catalog.Active,
			Images: []catalog.Image{{URL: "https://shop.example/" + id + ".webp"}}, Tags: []string{"bath"},
			Categories: []string{"care"},
		},
		Variant: catalog.Variant{
			ID: id, SKU: "S-" + id, Options: []string{"80 g"},
			Prices: map[string]catalog.Price{"KRW": {Amount: amount}},
		},
	}
}

// monthly is a delivery of a plan with a price of a cycle and some contents.
func monthly(price int64, contents ...subscription.Item) fulfillment.Delivery {
	return fulfillment.Delivery{
		Parcel: fulfillment.Parcel{Contents: contents, Quantity: 1, Variants: map[string]catalog.SellableVariant{}},
		Key:    "sub_1#3", Title: "Bath box", CustomerID: "cus_1", Email: "mina@example.com", Language: "ko",
		Terms:   subscription.Terms{Currency: "KRW", Price: price, Quantity: 1, Prepaid: 1, TaxBP: 1000},
		Price:   price,
		Address: &address.Address{City: "Seoul"}, Payment: order.Payment{State: order.PayCaptured},
	}
}

func TestTheOrderOfACycle(t *testing.T) {
	d := monthly(10_000,
		subscription.Item{VariantID: "small", Quantity: 1}, subscription.Item{VariantID: "large", Quantity: 1})
	d.Variants = map[string]catalog.SellableVariant{"small": soap("small", 4_000), "large": soap("large", 12_000)}

	o := d.Order(noon)

	if o.CartID != "sub_1#3" || o.CustomerID != "cus_1" || o.Email != "mina@example.com" || o.Address.City != "Seoul" {
		t.Errorf("the order goes to %s %s %v for %s", o.CustomerID, o.Email, o.Address, o.CartID)
	}
	if got := o.Totals.Total; got != 10_000 {
		t.Errorf("total %d, want the price of the cycle", got)
	}
	// 10,000 x 1/11 of a price with 10 % tax inside.
	if got := o.Totals.Tax; got != 909 {
		t.Errorf("tax %d, want 909", got)
	}
	small, large := o.Lines[0], o.Lines[1]
	if small.Title != "비누" || small.SKU != "S-small" || small.Image != "https://shop.example/small.webp" || !small.Box {
		t.Errorf("line %+v", small)
	}
	if !cmp.Equal(large.Tags, []string{"bath"}) || !cmp.Equal(large.Categories, []string{"care"}) {
		t.Errorf("the return policy chooses by %v %v", large.Tags, large.Categories)
	}
	// By catalog prices: a quarter and three quarters.
	if a, b := o.Totals.Lines[0].Total, o.Totals.Lines[1].Total; a != 2_500 || b != 7_500 {
		t.Errorf("shares %d and %d, want 2500 and 7500", a, b)
	}
	// What the plan takes off the price in the catalog stays off when something is exchanged.
	if small.Saved != 1_500 || large.Saved != 4_500 {
		t.Errorf("%d and %d less than in the catalog, want 1500 and 4500", small.Saved, large.Saved)
	}
}

func TestWhatTheOrderOfACycleShows(t *testing.T) {
	contents := []subscription.Item{{VariantID: "small", Quantity: 2}}
	known := map[string]catalog.SellableVariant{"small": soap("small", 4_000)}
	own := soap("small", 4_000)
	own.Variant.Image = "https://shop.example/own.webp"
	for name, test := range map[string]struct {
		change func(*fulfillment.Delivery)
		want   func(*order.Order) bool
	}{
		"a gift shows its recipient no prices": {
			func(d *fulfillment.Delivery) { d.Free = true },
			func(o *order.Order) bool {
				return o.Totals.Total == 0 && o.Totals.Tax == 0 && o.Totals.Lines[0].Total == 0
			},
		},
		"what the catalog has dropped is called by the plan": {
			func(d *fulfillment.Delivery) { d.Variants = nil },
			func(o *order.Order) bool {
				return o.Lines[0].Title == "Bath box" && o.Lines[0].ProductID == "" && o.Totals.Lines[0].Total == 10_000
			},
		},
		"titles are in the recipient's language": {
			func(d *fulfillment.Delivery) { d.Language = "en" },
			func(o *order.Order) bool { return o.Lines[0].Title == "Soap" },
		},
		"titles fall back to English": {
			func(d *fulfillment.Delivery) { d.Language = "ja" },
			func(o *order.Order) bool { return o.Lines[0].Title == "Soap" },
		},
		"a variant's own picture comes before the product's": {
			func(d *fulfillment.Delivery) { d.Variants = map[string]catalog.SellableVariant{"small": own} },
			func(o *order.Order) bool { return o.Lines[0].Image == "https://shop.example/own.webp" },
		},
		"two of a subscription send everything twice": {
			func(d *fulfillment.Delivery) { d.Quantity, d.Terms.Quantity, d.Price = 2, 2, 20_000 },
			func(o *order.Order) bool { return o.Lines[0].Quantity == 4 && o.Totals.Total == 20_000 },
		},
		"a membership's order without an address has none": {
			func(d *fulfillment.Delivery) { d.Address = nil },
			func(o *order.Order) bool { return o.Address == nil },
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := monthly(10_000, contents...)
			d.Variants = known
			test.change(&d)
			if o := d.Order(noon); !test.want(o) {
				t.Errorf("got %+v\n%+v", o.Lines, o.Totals)
			}
		})
	}
}

// A refund works by line and by unit, so both must add up to what was paid, whatever the catalog knows of the contents.
func TestThePriceOfACycleIsSpreadWithoutALeftOver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := monthly(rapid.Int64Range(0, 1_000_000).Draw(t, "price"))
		d.Quantity = rapid.IntRange(1, 3).Draw(t, "quantity")
		for i := range rapid.IntRange(1, 8).Draw(t, "items") {
			id := string(rune('a' + i))
			it := subscription.Item{VariantID: id, Quantity: rapid.IntRange(1, 5).Draw(t, "units")}
			d.Contents = append(d.Contents, it)
			if rapid.Bool().Draw(t, "known") {
				d.Variants[id] = soap(id, rapid.Int64Range(0, 50_000).Draw(t, "amount"))
			}
		}
		o := d.Order(noon)
		var sum int64
		ids := map[string]bool{}
		for i, line := range o.Totals.Lines {
			sum += line.Total
			ids[line.ID] = true
			var units int64
			for _, unit := range line.Units {
				units += unit
			}
			if units != line.Total || len(line.Units) != o.Lines[i].Quantity {
				t.Fatalf("line %d: units %v of %d do not add up to %d", i, line.Units, o.Lines[i].Quantity, line.Total)
			}
		}
		if sum != d.Price || o.Totals.Total != sum {
			t.Fatalf("lines add up to %d, total %d, want %d", sum, o.Totals.Total, d.Price)
		}
		if len(ids) != len(d.Contents) {
			t.Fatalf("%d ids for %d lines", len(ids), len(d.Contents))
		}
	})
}
