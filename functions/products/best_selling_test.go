package products

import (
	"slices"
	"testing"
	"time"

	"dangol/shared/outreach/ranking"
)

// order counts an order of the products by handle, as the consumer of order.placed does.
func (s *shop) order(handles ...string) {
	s.Helper()
	var ids []string
	for _, h := range handles {
		ids = append(ids, s.page(h).ID)
	}
	if err := s.outreach.Transact(s.Context(), "", ranking.CountOrder("ctc_1", ids, s.clock.Now())...); err != nil {
		s.Fatal(err)
	}
}

func TestAListIsSortedByWhatSellsBest(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	// Nobody has bought anything: the newest first.
	if got, want := s.handles("/products?sort=best_selling"), []string{"dollars", "serum", "balm", "soap",
		"cream"}; !slices.Equal(got, want) {
		t.Errorf("before the first order: %v, want %v", got, want)
	}
	s.order("soap", "soap", "soap", "soap") // many units in one order are one vote
	s.order("cream", "soap")
	s.order("cream")
	s.order("cream", "balm")
	if got := s.handles("/products?sort=best_selling"); got[0] != "dollars" {
		t.Errorf("the ranking is read once an hour, and now %s is first", got[0])
	}
	s.clock.Advance(time.Hour)
	for query, want := range map[string][]string{
		"":                    {"cream", "soap", "balm", "dollars", "serum"},
		"&currency=KRW":       {"cream", "soap", "balm", "serum"},
		"&category=스킨케어":      {"cream", "serum"},
		"&limit=2":            {"cream", "soap"},
		"&q=비누":               {"soap"},
		"&minPrice=8000":      {"cream", "balm", "serum"},
		"&language=en&q=tea":  {"cream", "dollars", "serum"},
		"&tag=vegan&limit=10": {"soap", "serum"},
	} {
		if got := s.handles("/products?" + encoded("sort=best_selling"+query)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	// Five weeks later the orders of today no longer count.
	s.clock.Advance(5 * 7 * 24 * time.Hour)
	s.order("serum")
	if got := s.handles("/products?sort=best_selling&limit=1"); !slices.Equal(got, []string{"serum"}) {
		t.Errorf("after five weeks %v is first", got)
	}
}

func TestPagesOfBestSellersTileThoughTheRankingChanges(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	s.order("cream")
	var got []string
	for cursor, page := "", 0; page < 10; page++ {
		var cards ProductList
		s.api.Do("GET", "/products?sort=best_selling&limit=1&cursor="+cursor, nil).Want(200).Into(&cards)
		for _, c := range cards.Products {
			got = append(got, c.Handle)
		}
		if cursor = cards.NextCursor; cursor == "" {
			break
		}
		// A product that was on an earlier page sells on: what follows stays where it was.
		s.order("cream")
		s.clock.Advance(time.Hour)
	}
	if want := []string{"cream", "dollars", "serum", "balm", "soap"}; !slices.Equal(got, want) {
		t.Errorf("the pages are %v, want %v", got, want)
	}
	var first ProductList
	s.api.Do("GET", "/products?sort=best_selling&limit=1", nil).Want(200).Into(&first)
	s.api.Do("GET", "/products?sort=newest&cursor="+first.NextCursor, nil).WantProblem(422, "invalid_input")
}

func TestAPageNamesItsWordsInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.shop.Labels = map[string]map[string]string{
		"스킨케어": {"en": "Skincare"}, "크림": {"en": "Cream"}, "용량": {"en": "Size"}, "대용량": {"en": "Large"},
		"보습": {"en": "Moisturizing"}, "facts.origin": {"ko": "원산지", "en": "Origin"},
	}
	s.create(cream("cream").with("type", "크림").with("tags", []string{"보습", "vegan"}).
		with("categories", []string{"스킨케어"}).with("metafields", object{"facts.origin": "Jeju"}).
		with("options", []object{{"name": "용량", "values": []string{"대용량"}}}).variant("options", []string{"대용량"}))
	for language, want := range map[string]map[string]string{
		"en": {"스킨케어": "Skincare", "크림": "Cream", "용량": "Size", "대용량": "Large", "보습": "Moisturizing", "vegan": "vegan",
			"facts.origin": "Origin"},
		"ko": {"스킨케어": "스킨케어", "크림": "크림", "용량": "용량", "대용량": "대용량", "보습": "보습", "vegan": "vegan",
			"facts.origin": "원산지"},
	} {
		page := s.page("cream?language=" + language)
		for word, label := range want {
			if page.Labels[word] != label {
				t.Errorf("%s: %s is called %q, want %q", language, word, page.Labels[word], label)
			}
		}
		if page.Type != "크림" || page.Options[0].Name != "용량" {
			t.Errorf("%s: filters and carts name %s and %s", language, page.Type, page.Options[0].Name)
		}
	}
}
