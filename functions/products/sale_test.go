package products

import (
	"slices"
	"testing"
	"time"

	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// sale puts goods with a tag on sale.
func (s *shop) sale(id, tag string, basisPoints int, starts, ends time.Time) {
	s.Helper()
	promotions := store.Store{Table: s.table, Clock: s.clock}
	r := &store.Record{Promotion: promotion.Promotion{
		ID: id, Version: 1, Kind: promotion.SalePrice, Class: promotion.Product, State: promotion.Scheduled, Starts: starts,
		Ends:    ends,
		Targets: promotion.Targets{Tags: []string{tag}}, Terms: promotion.Terms{BasisPoints: basisPoints},
	}}
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
