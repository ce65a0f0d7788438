package pricing_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/pricing"
)

func shop(t testing.TB) pricing.Shop {
	t.Helper()
	s, err := pricing.DefaultShop()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// line is a taxable line that is shipped.
func line(id string, quantity int, unit int64) pricing.Line {
	return pricing.Line{ID: id, VariantID: "v-" + id, Quantity: quantity, Unit: unit, Taxable: true,
		RequiresShipping: true}
}

// classed gives a line a tax class.
func classed(class string, l pricing.Line) pricing.Line {
	l.TaxClass = class
	return l
}

func basket(country, currency, method string, lines ...pricing.Line) pricing.Basket {
	return pricing.Basket{Country: country, Currency: currency, Method: method, Lines: lines}
}

type rule func(d *pricing.Draft, turn int)

func (r rule) Apply(_ pricing.Basket, d *pricing.Draft, turn int) { r(d, turn) }

func offer(id string, priority int, r rule) pricing.Offer {
	return pricing.Offer{ID: id, Name: "offer " + id, Priority: priority, Rule: r}
}

func all(d *pricing.Draft) []int {
	lines := make([]int, d.Lines())
	for i := range lines {
		lines[i] = i
	}
	return lines
}

func offOrder(amount int64) rule {
	return func(d *pricing.Draft, _ int) {
		d.PlanLines(all(d), amount)
		d.Take(all(d), pricing.NoLimit, true)
	}
}

func offLine(id string, amount int64) rule {
	return func(d *pricing.Draft, _ int) {
		for _, i := range all(d) {
			if d.Line(i).ID == id {
				d.PlanLine(i, amount)
			}
		}
		d.Take(all(d), pricing.NoLimit, false)
	}
}

func offShipping(amount int64) rule {
	return func(d *pricing.Draft, turn int) { d.TakeShipping(turn, amount) }
}

func TestTotals(t *testing.T) {
	t.Parallel()
	giftCard := pricing.Line{ID: "card", Quantity: 1, Unit: 30000}
	type want struct {
		subtotal, discount, shipping, tax, total int64
		included                                 bool
	}
	cases := []struct {
		name   string
		basket pricing.Basket
		offers []pricing.Offer
		want   want
	}{
		{"an empty basket costs nothing, and nothing is shipped", basket("KR", "KRW", "standard"), nil, want{included: true}},
		{"Korean prices contain the VAT, of goods and shipping", basket("KR", "KRW", "standard", line("a", 2, 11000)), nil,
			want{22000, 0, 3000, 2000 + 273, 25000, true}},
		{"at 50,000 shipping is free", basket("KR", "KRW", "standard", line("a", 1, 50000)), nil,
			want{50000, 0, 0, 4545, 50000, true}},
		{"at 49,999 it is not", basket("KR", "KRW", "standard", line("a", 1, 49999)), nil,
			want{49999, 0, 3000, 4545 + 273, 52999, true}},
		{"a discount that brings the goods below 50,000 brings the shipping back",
			basket("KR", "KRW", "standard", line("a", 1, 50000)),
			[]pricing.Offer{offer("x", 1, offOrder(1000))}, want{50000, 1000, 3000, 4455 + 273, 52000, true}},
		{"express is never free", basket("KR", "KRW", "express", line("a", 1, 99000)), nil,
			want{99000, 0, 6000, 9000 + 545, 105000, true}},
		{"in the USA there is no tax", basket("US", "USD", "standard", line("a", 1, 2500)), nil,
			want{2500, 0, 1200, 0, 3700, false}},
		{"in Germany 19 % are in the euro price", basket("DE", "EUR", "standard", line("a", 1, 11900)), nil,
			want{11900, 0, 0, 1900, 11900, true}},
		{"on a dollar price they come on top, also of the shipping", basket("DE", "USD", "standard", line("a", 1, 5000)), nil,
			want{5000, 0, 1200, 950 + 228, 7378, false}},
		{"goods of a class have its rate, and the shipping those of all goods", basket("DE", "EUR", "standard",
			line("a", 1, 1190), classed("reduced", line("b", 1, 1070))), nil, want{2260, 0, 1100, 190 + 70 + 92 + 34, 3360,
			true}},
		{"on top, too", basket("JP", "KRW", "standard", line("a", 1, 10000), classed("reduced", line("b", 1, 10000))), nil,
			want{20000, 0, 9000, 1000 + 800 + 450 + 360, 31610, false}},
		{"goods that the country does not tax, and their part of no tax",
			basket("KR", "KRW", "standard", classed("exempt", line("a", 1, 11000)), line("b", 1, 11000)),
			nil, want{22000, 0, 3000, 1000 + 273, 25000, true}},
		{"a class that the country does not know has the standard rate",
			basket("KR", "KRW", "standard", classed("reduced", line("a", 1, 11000))), nil,
			want{11000, 0, 3000, 1000 + 273, 14000, true}},
		{"what is not taxable is not taxed, and neither is its shipping alone",
			basket("KR", "KRW", "standard", pricing.Line{ID: "book", Quantity: 1, Unit: 20000, RequiresShipping: true}), nil,
			want{20000, 0, 3000, 0, 23000, true}},
		{"what is not shipped costs no shipping", basket("KR", "KRW", "standard", giftCard), nil,
			want{30000, 0, 0, 0, 30000, true}},
		{"while the country is not known there is no shipping, and the tax is the one that prices contain at home",
			basket("", "KRW", "standard", line("a", 1, 1000)), nil,
			want{1000, 0, 0, 91, 1000, true}},
		{"a method that does not go there costs nothing; the cart says that it cannot be used",
			basket("JP", "KRW", "express", line("a", 1, 1000)), nil,
			want{1000, 0, 0, 100, 1100, false}},
		{"shipping offers take no more than the shipping", basket("KR", "KRW", "standard", line("a", 1, 11000)),
			[]pricing.Offer{offer("x", 2, offShipping(2000)), offer("y", 1, offShipping(9000))},
			want{11000, 3000, 3000, 1000, 11000, true}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := pricing.Price(c.basket, shop(t), c.offers)
			if g := (want{got.Subtotal, got.Discount, got.Shipping, got.Tax, got.Total, got.TaxIncluded}); g != c.want {
				t.Errorf("got %+v, want %+v", g, c.want)
			}
		})
	}
}

func TestOffersTakeTurns(t *testing.T) {
	t.Parallel()
	half := func(d *pricing.Draft, _ int) {
		d.PlanLines(all(d), d.Goods()/2)
		d.Take(all(d), pricing.NoLimit, true)
	}
	b := basket("US", "USD", "", line("a", 1, 1000))
	cases := []struct {
		name   string
		offers []pricing.Offer
		want   int64
		by     []string
	}{
		{"the higher priority first, whatever the order given",
			[]pricing.Offer{offer("half", 1, half), offer("ten", 2, offOrder(10))}, 495, []string{"ten", "half"}},
		{"half first takes more", []pricing.Offer{offer("half", 2, half), offer("ten", 1, offOrder(10))}, 490,
			[]string{"half", "ten"}},
		{"at the same priority by id", []pricing.Offer{offer("b", 1, half), offer("a", 1, offOrder(10))}, 495,
			[]string{"a", "b"}},
		{"one that takes nothing is not listed",
			[]pricing.Offer{offer("all", 2, offOrder(5000)), offer("late", 1, offOrder(1))}, 0, []string{"all"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := pricing.Price(b, shop(t), c.offers)
			var by []string
			for _, a := range got.Adjustments {
				by = append(by, a.OfferID)
			}
			if got.Total != c.want || !slices.Equal(by, c.by) {
				t.Errorf("total %d by %v, want %d by %v", got.Total, by, c.want, c.by)
			}
		})
	}
}

func TestSpreading(t *testing.T) {
	t.Parallel()
	floored := line("b", 1, 1000)
	floored.Floor = 900
	cases := []struct {
		name  string
		lines []pricing.Line
		take  rule
		want  map[string][]int64 // what the units of each line cost in the end
	}{
		{"10 over three equal units: the first bears the odd one", []pricing.Line{line("a", 3, 100)}, offOrder(10),
			map[string][]int64{"a": {96, 97, 97}}},
		{"lines bear in proportion to what they cost", []pricing.Line{line("a", 1, 300), line("b", 2, 50)}, offOrder(100),
			map[string][]int64{"a": {225}, "b": {37, 38}}},
		{"a line discount stays in its line", []pricing.Line{line("a", 2, 500), line("b", 1, 500)}, offLine("a", 100),
			map[string][]int64{"a": {450, 450}, "b": {500}}},
		{"what a floor refuses moves to the other units", []pricing.Line{line("a", 1, 1000), floored}, offOrder(500),
			map[string][]int64{"a": {600}, "b": {900}}},
		{"when all are at their floor no more is taken", []pricing.Line{floored}, offOrder(500),
			map[string][]int64{"b": {900}}},
		{"a line is never below nothing", []pricing.Line{line("a", 2, 100)}, offLine("a", 9999),
			map[string][]int64{"a": {0, 0}}},
		{"one unit alone can be free", []pricing.Line{line("a", 2, 100)}, func(d *pricing.Draft, _ int) {
			d.PlanUnit(0, 1, 100)
			d.Take(all(d), pricing.NoLimit, false)
		},
			map[string][]int64{"a": {100, 0}}},
		{"a negative amount takes nothing", []pricing.Line{line("a", 1, 100)}, offOrder(-50), map[string][]int64{"a": {100}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := pricing.Price(basket("US", "USD", "", c.lines...), shop(t), []pricing.Offer{offer("x", 1, c.take)})
			for _, l := range got.Lines {
				if !slices.Equal(l.Units, c.want[l.ID]) {
					t.Errorf("line %s: units %v, want %v", l.ID, l.Units, c.want[l.ID])
				}
			}
		})
	}
}

// drawBasket makes baskets with ids that differ, as in a cart.
func drawBasket(t *rapid.T) pricing.Basket {
	lines := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) pricing.Line {
		unit := rapid.Int64Range(0, 2_000_000).Draw(t, "unit")
		return pricing.Line{
			ID: rapid.StringMatching(`[a-f]{2}`).Draw(t, "id"), Quantity: rapid.IntRange(0, 40).Draw(t, "quantity"), Unit: unit,
			Floor: rapid.Int64Range(0, unit+10).Draw(t, "floor"), Taxable: rapid.Bool().Draw(t, "taxable"),
			TaxClass:         rapid.SampledFrom([]string{"", "reduced", "exempt"}).Draw(t, "class"),
			RequiresShipping: rapid.Bool().Draw(t, "shipped"),
		}
	}), 0, 8, func(l pricing.Line) string { return l.ID }).Draw(t, "lines")
	return pricing.Basket{
		Country:  rapid.SampledFrom([]string{"", "KR", "US", "DE", "JP", "BR"}).Draw(t, "country"),
		Currency: rapid.SampledFrom([]string{"KRW", "USD", "EUR"}).Draw(t, "currency"),
		Method:   rapid.SampledFrom([]string{"", "standard", "express", "nonsense"}).Draw(t, "method"), Lines: lines,
	}
}

func drawOffers(t *rapid.T) []pricing.Offer {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) pricing.Offer {
		amount := rapid.Int64Range(-100, 3_000_000).Draw(t, "amount")
		id := rapid.StringMatching(`[a-f]{2}`).Draw(t, "target")
		take := rapid.SampledFrom([]rule{offOrder(amount), offLine(id, amount), offShipping(amount)}).Draw(t, "rule")
		return offer(rapid.StringMatching(`[a-z]{6}`).Draw(t, "offer"), rapid.IntRange(0, 3).Draw(t, "priority"), take)
	}), 0, 5).Draw(t, "offers")
}

func TestTotalsAlwaysAddUp(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b := drawBasket(t)
		got := pricing.Price(b, s, drawOffers(t))
		var subtotal, discount, tax, adjusted int64
		for i, l := range got.Lines {
			subtotal += l.Subtotal
			discount += l.Discount
			tax += l.Tax
			checkLine(t, b.Lines[i], l)
		}
		for _, a := range got.Adjustments {
			adjusted += a.Amount
		}
		var taxLines int64
		for _, l := range got.TaxLines {
			taxLines += l.Amount
		}
		total := got.Subtotal - got.Discount + got.Shipping
		if !got.TaxIncluded {
			total += got.Tax
		}
		switch {
		case got.Subtotal != subtotal, got.Discount != discount+got.ShippingDiscount, got.Total != total, got.Tax != taxLines:
			t.Fatalf("the totals do not add up: %+v", got)
		case adjusted != got.Discount:
			t.Fatalf("adjustments %d, discount %d", adjusted, got.Discount)
		case got.Total < 0 || got.Tax < tax || got.ShippingDiscount > got.Shipping || got.Discount < 0:
			t.Fatalf("out of bounds: %+v", got)
		case got.TaxIncluded && got.Tax > got.Total:
			t.Fatalf("more tax than total: %+v", got)
		}
	})
}

func checkLine(t *rapid.T, in pricing.Line, l pricing.LineTotal) {
	var units int64
	for _, u := range l.Units {
		units += u
		if u < min(in.Unit, in.Floor) || u > in.Unit {
			t.Fatalf("a unit of %d with floor %d costs %d", in.Unit, in.Floor, u)
		}
	}
	if units != l.Total || len(l.Units) != l.Quantity || l.Total != l.Subtotal-l.Discount ||
		l.Subtotal != l.Unit*int64(l.Quantity) || l.ID != in.ID {
		t.Fatalf("the line does not add up: %+v", l)
	}
}

func TestTheOrderOfLinesDecidesNothing(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b := drawBasket(t)
		offers := drawOffers(t)
		shuffled := b
		shuffled.Lines = rapid.Permutation(b.Lines).Draw(t, "shuffled")
		one, other := pricing.Price(b, s, offers), pricing.Price(shuffled, s, offers)
		if one.Total != other.Total || one.Tax != other.Tax || one.Discount != other.Discount {
			t.Fatalf("%+v and %+v", one, other)
		}
		for _, l := range one.Lines {
			at := slices.IndexFunc(other.Lines, func(o pricing.LineTotal) bool { return o.ID == l.ID })
			if !slices.Equal(l.Units, other.Lines[at].Units) {
				t.Fatalf("line %s: %v and %v", l.ID, l.Units, other.Lines[at].Units)
			}
		}
	})
}

func BenchmarkFiftyLinesTwoHundredOffers(b *testing.B) {
	s := shop(b)
	var lines []pricing.Line
	for i := range 50 {
		lines = append(lines, line(string(rune('a'+i/26))+string(rune('a'+i%26)), 1+i%4, int64(9000+i*137)))
	}
	var offers []pricing.Offer
	for i := range 200 {
		offers = append(offers, offer(string(rune('a'+i/26))+string(rune('a'+i%26)), i%7, offOrder(int64(100+i))))
	}
	in := basket("KR", "KRW", "standard", lines...)
	b.ReportAllocs()
	for b.Loop() {
		pricing.Price(in, s, offers)
	}
}

func TestATaxOnTopWaitsForTheCountry(t *testing.T) {
	t.Parallel()
	shop := pricing.Shop{
		Country: "US", Currencies: []string{"USD"}, Taxes: []pricing.Tax{{Country: "US", Name: "Sales tax", Rate: 1_000}},
	}
	before := pricing.Price(basket("", "USD", "", line("a", 1, 1000)), shop, nil)
	after := pricing.Price(basket("US", "USD", "", line("a", 1, 1000)), shop, nil)
	if before.Total != 1_000 || before.TaxIncluded || before.TaxCountry != "" || after.Total != 1_100 ||
		after.TaxCountry != "US" {
		t.Errorf("before the address %+v, after it %+v", before, after)
	}
}
