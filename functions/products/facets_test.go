package products

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestAListSaysWhatItHasInAll(t *testing.T) {
	t.Parallel()
	s := stocked(t)
	var page ProductList
	s.api.Do("GET", "/products?currency=KRW&facets=true&limit=1&language=en", nil).Want(200).Into(&page)
	if len(page.Products) != 1 || page.Total != 4 || page.Facets.MinPrice.Amount != 5_000 ||
		page.Facets.MaxPrice.Amount != 30_000 {
		t.Errorf("of 4 products, the first page: %+v, facets %+v", page, page.Facets)
	}
	if first := page.Facets.Categories[0]; first != (ProductFacet{"스킨케어", "Skincare", 2}) {
		t.Errorf("the first category is %+v", first)
	}
	var filtered ProductList
	s.api.Do("GET", "/products?category=바디&facets=true", nil).Want(200).Into(&filtered)
	if filtered.Total != 1 || len(filtered.Facets.Categories) != 1 || filtered.Facets.MinPrice != nil {
		t.Errorf("one category has %d products, facets %+v", filtered.Total, filtered.Facets)
	}
	s.create(cream("more"))
	s.clock.Advance(time.Minute)
	var after ProductList
	s.api.Do("GET", "/products", nil).Want(200).Into(&after)
	if after.Total != 6 || after.Facets != nil {
		t.Errorf("after one more there are %d, facets %+v", after.Total, after.Facets)
	}
}

func TestCardsSayWhetherTheProductCanBeBought(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	opens := opening.Add(48 * time.Hour)
	for handle, change := range map[string]object{
		"plenty": {}, "few": {"available": 3}, "none": {"available": 0},
		"later": {"edition": object{"opensAt": opens.Format(time.RFC3339), "buckets": 2}},
	} {
		body := cream(handle).variant("available", 50)
		for name, value := range change {
			body = body.variant(name, value)
		}
		s.create(body)
	}
	want := map[string]string{"plenty": "in_stock", "few": "low", "none": "out", "later": "not_open_yet"}
	var page ProductList
	s.api.Do("GET", "/products", nil).Want(200).Into(&page)
	if len(page.Products) != 4 {
		t.Fatalf("%d products", len(page.Products))
	}
	for _, c := range page.Products {
		if c.Availability != want[c.Handle] || (c.OpensAt != nil) != (c.Handle == "later") || c.Variants == 0 {
			t.Errorf("%s: %q, opens %v", c.Handle, c.Availability, c.OpensAt)
		}
	}
}

func TestVariantsAreResolvedByID(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	first, second := s.create(cream("one")), s.create(cream("two").with("title", object{"ko": "비누", "en": "Soap"}))
	draft := s.create(cream("draft").with("status", "draft"))
	ask := fmt.Sprintf("/variants?language=en&ids=%s,%s,var_nothing,%s", second.Variants[0].ID, draft.Variants[0].ID,
		first.Variants[0].ID)
	var got struct{ Variants []VariantSummary }
	s.api.Do("GET", ask, nil).Want(200).Into(&got)
	var handles []string
	for _, v := range got.Variants {
		handles = append(handles, v.Handle)
		if v.Price == nil || v.Availability == "" || v.Title == "" || v.ID == "" {
			t.Errorf("%+v", v)
		}
	}
	if !slices.Equal(handles, []string{"two", "one"}) || got.Variants[0].Title != "Soap" {
		t.Errorf("resolved %v: %+v", handles, got.Variants)
	}
	s.api.Do("GET", "/variants?ids=,", nil).WantProblem(422, "invalid_input")
}

func TestTheShopSaysWhatAStorefrontHasToKnow(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var v ShopView
	s.api.Do("GET", "/shop?language=en&currency=EUR", nil).Want(200).Into(&v)
	at := slices.IndexFunc(v.Countries, func(c ShopCountry) bool { return c.Code == "DE" })
	if at < 0 || !v.ShipsElsewhere || len(v.Elsewhere) == 0 || v.Country != "KR" || !v.TaxIncluded || v.Currency != "EUR" {
		t.Fatalf("%+v", v)
	}
	germany := v.Countries[at]
	if !germany.TaxIncluded || germany.Tax[0].Rate != 1_900 || germany.Tax[1] != (ShopTax{"reduced", "MwSt", 700}) ||
		germany.Methods[0].FreeFrom.Amount != 8_000 || germany.Methods[0].Name != "Standard international" {
		t.Errorf("%+v", germany)
	}
	if !slices.Contains(germany.Address, ShopField{"city", true}) || v.Labels["스킨케어"] != "Skincare" || len(v.Legal) != 3 ||
		v.Legal[0].Title != "Terms of sale" {
		t.Errorf("address %+v, labels %v, legal %+v", germany.Address, v.Labels, v.Legal)
	}
}
