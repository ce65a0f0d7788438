package products

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/catalog"
	"dangol/shared/platform/id"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// sale puts goods with a tag on sale.
func (s *shop) sale(id, tag string, basisPoints int, starts, ends time.Time, change ...func(*promotion.Promotion)) {
	s.Helper()
	promotions := store.Store{Table: s.table, Clock: s.clock}
	r := &store.Record{Promotion: promotion.Promotion{
		ID: id, Version: 1, Kind: promotion.SalePrice, Class: promotion.Product, State: promotion.Scheduled, Starts: starts,
		Ends:    ends,
		Targets: promotion.Targets{Tags: []string{tag}}, Terms: promotion.Terms{BasisPoints: basisPoints},
	}}
	for _, c := range change {
		c(&r.Promotion)
	}
	if err := s.table.Put(s.Context(), promotions.Create(r)); err != nil {
		s.Fatal(err)
	}
}

// Outside the sale: soap 5,000, balm 8,000, cream 12,000, serum 30,000. In it soap and serum cost a fifth.
func TestListsGoByThePriceThatIsShown(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	starts := s.clock.Now().Add(time.Hour)
	s.sale("promo_vegan", "vegan", 8_000, starts, starts.Add(time.Hour))
	for _, at := range []struct {
		when string
		at   time.Time
		sale bool
	}{
		{"before", starts.Add(-time.Second), false}, {"as it starts", starts, true},
		{"before it ends", starts.Add(time.Hour - time.Second), true}, {"as it ends", starts.Add(time.Hour), false},
	} {
		s.clock.MoveTo(at.at)
		for _, tt := range []struct {
			query         string
			outside, then []string
		}{
			{"currency=KRW&sort=price_asc", []string{"soap", "balm", "cream", "serum"},
				[]string{"soap", "serum", "balm", "cream"}},
			{"currency=KRW&sort=price_desc", []string{"serum", "cream", "balm", "soap"},
				[]string{"cream", "balm", "serum", "soap"}},
			{"minPrice=6000&maxPrice=12000", []string{"balm", "cream"}, []string{"serum", "balm", "cream"}},
			{"maxPrice=1000", []string{}, []string{"soap"}},
			{"minPrice=12001", []string{"serum"}, []string{}},
			{"currency=USD&maxPrice=1000", []string{"dollars"}, []string{"dollars"}},
			{"sort=newest", []string{"dollars", "serum", "balm", "soap", "cream"},
				[]string{"dollars", "serum", "balm", "soap", "cream"}},
		} {
			want := tt.outside
			if at.sale {
				want = tt.then
			}
			if got := s.handles("/products?" + encoded(tt.query)); !slices.Equal(got, want) {
				t.Errorf("%s, %s: %v, want %v", tt.query, at.when, got, want)
			}
		}
	}
}

// TestACardShowsTheSalesOfEveryVariant lets a sale end that made only the price of the dearest variant, and changes the
// name of the one that goes on.
func TestACardShowsTheSalesOfEveryVariant(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.create(cream("set").with("options", sizes("S", "L")).with("variants", []object{
		{"sku": "S", "options": []string{"S"}, "prices": won(10_000, 0), "available": 1},
		{"sku": "L", "options": []string{"L"}, "prices": won(30_000, 0), "available": 1},
	}))
	starts := s.clock.Now().Add(time.Hour)
	fifth := id.New(store.Prefix, s.clock.Now())
	s.sale(fifth, "vegan", 2_000, starts, starts.Add(3*time.Hour))
	s.sale("promo_fixed", "vegan", 0, starts, starts.Add(5*time.Second), func(p *promotion.Promotion) {
		p.Terms.Amount = promotion.Amounts{"KRW": 9_000}
	})
	shown := func(when string, least, most int64, name string) {
		t.Helper()
		card := s.card("currency=KRW")
		if card.Price.Amount != least || amountOf(card.PriceMax) != most || card.Sale == nil || card.Sale.Name != name {
			t.Errorf("%s: %+v to %+v, %+v", when, card.Price, card.PriceMax, card.Sale)
		}
	}
	s.clock.MoveTo(starts)
	shown("with both", 8_000, 9_000, "")
	s.clock.Advance(5 * time.Second)
	shown("with the one that goes on", 8_000, 24_000, "")
	promotions := store.Store{Table: s.table, Clock: s.clock}
	if _, err := promotions.Change(s.Context(), fifth, func(r *store.Record) (bool, error) {
		r.Promotion.Name = catalog.Text{"ko": "추석 세일"}
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	s.clock.Advance(5 * time.Second)
	shown("under another name", 8_000, 24_000, "추석 세일")
}

// The list must not promise what the page does not sell at: each variant has a floor of its own, and some are reduced
// already, which some sales leave alone.
func TestACardShowsTheRangeOfPricesOfItsPage(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newShop(t)
		var variants []object
		var names []string
		for n := range rapid.IntRange(1, 4).Draw(rt, "variants") {
			amount := rapid.Int64Range(1, 20).Draw(rt, "amount") * 1_000
			price := object{"amount": amount, "floor": rapid.Int64Range(0, 20).Draw(rt, "floor") * 1_000}
			if rapid.Bool().Draw(rt, "reduced") {
				price["compareAt"] = amount + 1_000
			}
			name := string(rune('A' + n))
			names = append(names, name)
			variants = append(variants, object{"sku": name, "options": []string{name}, "prices": object{"KRW": price},
				"available": 1})
		}
		s.create(cream("set").with("options", sizes(names...)).with("variants", variants))
		starts := s.clock.Now().Add(time.Hour)
		for n := range rapid.IntRange(0, 2).Draw(rt, "sales") {
			s.sale(fmt.Sprintf("promo_%d", n), "vegan", rapid.IntRange(0, 9).Draw(rt, "percent")*1_000, starts,
				starts.Add(time.Hour), func(p *promotion.Promotion) {
					p.ExcludeSaleItems = rapid.Bool().Draw(rt, "not on reduced ones")
					if p.Terms.BasisPoints == 0 {
						p.Terms.Amount = promotion.Amounts{"KRW": rapid.Int64Range(1, 20).Draw(rt, "fixed") * 1_000}
					}
				})
		}
		s.clock.MoveTo(starts)
		var page ProductPage
		s.api.Do("GET", "/products/set?currency=KRW", nil).Want(200).Into(&page)
		least, most := page.Variants[0], page.Variants[0]
		for _, v := range page.Variants {
			if v.Price.Amount < least.Price.Amount {
				least = v
			}
			if v.Price.Amount > most.Price.Amount {
				most = v
			}
		}
		card := s.card("currency=KRW")
		if dearest := max(card.Price.Amount, amountOf(card.PriceMax)); card.Price.Amount != least.Price.Amount ||
			dearest != most.Price.Amount {
			rt.Fatalf("the list has %d to %d, the page %d to %d", card.Price.Amount, dearest, least.Price.Amount,
				most.Price.Amount)
		}
	})
}

func TestACursorOfAListByPriceOutlivesTheStartOfASale(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	starts := s.clock.Now().Add(time.Hour)
	s.sale("promo_vegan", "vegan", 8_000, starts, starts.Add(time.Hour))
	var first, second ProductList
	const query = "/products?currency=KRW&sort=price_desc&limit=2"
	s.api.Do("GET", query, nil).Want(200).Into(&first)
	s.clock.MoveTo(starts)
	s.api.Do("GET", query+"&cursor="+first.NextCursor, nil).Want(200).Into(&second)
	if len(second.Products) != 2 || second.Products[0].Handle != "balm" || second.Products[1].Handle != "serum" {
		t.Errorf("after 12,000 come %+v", second.Products)
	}
}
