package products

import (
	"net/url"
	"slices"
	"testing"
	"time"
)

// stocked makes a shop with a few products, one a minute.
func stocked(t *testing.T) *shop {
	s := newShop(t)
	for _, p := range []struct {
		handle, ko, en string
		price          int64
		category, tag  string
	}{
		{"cream", "녹차 수분 크림", "Green Tea Cream", 12000, "스킨케어", "보습"},
		{"soap", "숯 비누", "Charcoal Soap", 5000, "바디", "vegan"},
		{"balm", "립밤", "Lip Balm", 8000, "메이크업", "보습"},
		{"serum", "녹차 세럼", "Green Tea Serum", 30000, "스킨케어", "vegan"},
	} {
		body := cream(p.handle).with("title", object{"ko": p.ko, "en": p.en}).variant("prices", won(p.price, 0)).
			with("categories", []string{p.category}).with("tags", []string{p.tag})
		s.create(body)
		s.clock.Advance(time.Minute)
	}
	s.create(cream("dollars").with("title", object{"en": "Tea Towel"}).variant("prices",
		object{"USD": object{"amount": 999}}).
		with("tags", []string{}).with("categories", []string{}))
	return s
}

func TestListFiltersAndSorts(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	for query, want := range map[string][]string{
		"":                                     {"dollars", "serum", "balm", "soap", "cream"},
		"category=스킨케어":                        {"serum", "cream"},
		"tag=vegan":                            {"serum", "soap"},
		"category=스킨케어&tag=vegan":              {"serum"},
		"currency=KRW&sort=price_asc":          {"soap", "balm", "cream", "serum"},
		"currency=KRW&sort=price_desc&limit=2": {"serum", "cream"},
		"currency=USD":                         {"dollars"},
		"currency=EUR":                         {},
		"minPrice=6000&maxPrice=12000":         {"balm", "cream"},
		"sort=price_asc&limit=1":               {"soap"},
		"q=녹차":                                 {"serum", "cream"},
		"q=수분크림":                               {"cream"},
		"q=GREEN serum":                        {"serum"},
		"q=\u1102\u1169\u11a8\u110e\u1161 크림":  {"cream"}, // decomposed, as a Mac types it
		"q=보습":                                 {"balm", "cream"},
		"q=없는것":                                {},
		"q=%F0%9F%92%84":                       {"dollars", "serum", "balm", "soap", "cream"},
		"q=';--":                               {"dollars", "serum", "balm", "soap", "cream"},
		"sort=title&language=en&currency=KRW":  {"soap", "cream", "serum", "balm"},
		"sort=title&language=ko&currency=KRW":  {"serum", "cream", "balm", "soap"},
		"vendor=nobody":                        {},
	} {
		if got := s.handles("/products?" + encoded(query)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

// encoded percent-encodes what a browser would.
func encoded(query string) string {
	values, _ := url.ParseQuery(query)
	return values.Encode()
}

func TestPagesTileWhileTheListChanges(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	var got []string
	cursor := ""
	for page := 0; ; page++ {
		var cards ProductList
		s.api.Do("GET", "/products?sort=price_asc&currency=KRW&limit=1&cursor="+cursor, nil).Want(200).Into(&cards)
		for _, c := range cards.Products {
			got = append(got, c.Handle)
		}
		if page == 1 {
			s.create(cream("first").variant("prices", won(1, 0))) // before the cursor
			s.create(cream("middle").variant("prices", won(20000, 0)))
		}
		if cards.NextCursor == "" {
			break
		}
		cursor = cards.NextCursor
		s.api.Do("GET", "/products?sort=price_desc&currency=KRW&cursor="+cursor, nil).WantField("query/cursor")
	}
	if want := []string{"soap", "balm", "cream", "middle", "serum"}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
}

func TestCardsShowWhatChanged(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream").variant("prices", object{
		"KRW": object{"amount": 12000, "compareAt": 15000}, "USD": object{"amount": 950},
	}))
	card := func(query string) ProductSummary {
		var cards ProductList
		s.api.Do("GET", "/products?"+query, nil).Want(200).Into(&cards)
		return cards.Products[0]
	}
	c := card("")
	if c.Price.Display != "₩12,000" || c.CompareAt.Amount != 15000 || c.VariantID != d.Variants[0].ID ||
		c.Image.URL == "" || c.PriceMax != nil {
		t.Fatalf("%+v", c)
	}
	if c := card("currency=USD&language=en"); c.Price.Display != "$9.50" || c.CompareAt != nil ||
		c.Title != "Green Tea Cream" {
		t.Fatalf("%+v", c)
	}
	d.Title["ko"] = "크림"
	s.put(d)
	if c := card(""); c.Title != "크림" {
		t.Fatalf("%+v", c)
	}
}

func TestCategories(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	s.create(cream("draft").with("status", "draft").with("categories", []string{"비밀"}))
	var got struct{ Categories []ProductCategory }
	s.api.Do("GET", "/categories?language=en", nil).Want(200).Into(&got)
	if want := []ProductCategory{{"스킨케어", "Skincare", 2}, {"메이크업", "메이크업", 1},
		{"바디", "바디", 1}}; !slices.Equal(got.Categories, want) {
		t.Fatalf("%+v", got)
	}
}
