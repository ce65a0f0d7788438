package products

import (
	"strings"
	"testing"

	"dangol/infra/testkit/apitest"
)

func sizes(values ...string) []object { return []object{{"name": "크기", "values": values}} }

func TestDocumentsThatBreakARuleNameTheField(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream"))
	one := func(id string, n int) []object { return []object{{"variantId": id, "quantity": n}} }
	for _, tt := range []struct {
		name  string
		body  any
		field string
	}{
		{"unknown field", cream("x").with("color", "red"), "/color"},
		{"wrong type", cream("x").variant("sku", 5), "/variants/0/sku"},
		{"no variants", cream("x").with("variants", []object{}), "/variants"},
		{"no title", cream("x").with("title", object{}), "/title"},
		{"empty title", cream("x").with("title", object{"ko": "  "}), "/title"},
		{"a language that is none", cream("x").with("title", object{"ko": "x", "한국어": "x"}), "/title/한국어"},
		{"endless title", cream("x").with("title", object{"ko": strings.Repeat("가", 301)}), "/title/ko"},
		{"NUL in a name", `{"title":{"ko":"a\u0000b"},"variants":[{"prices":{"KRW":{"amount":1}}}]}`, "/title/ko"},
		{"negative price", cream("x").variant("prices", won(-1, 0)), "/variants/0/prices/KRW/amount"},
		{"huge price", cream("x").variant("prices", won(1_000_000_000_001, 0)), "/variants/0/prices/KRW/amount"},
		{"fraction of a won", cream("x").variant("prices", object{"KRW": object{"amount": 1.5}}),
			"/variants/0/prices/KRW/amount"},
		{"unknown currency", cream("x").variant("prices", object{"WON": object{"amount": 1}}), "/variants/0/prices/WON"},
		{"no price", cream("x").variant("prices", object{}), "/variants/0/prices"},
		{"compare-at not above the price", cream("x").variant("prices", won(5, 5)), "/variants/0/prices/KRW/compareAt"},
		{"handle with a slash", cream("a/b"), "/handle"},
		{"handle of a route", cream("export"), "/handle"},
		{"endless handle", cream(strings.Repeat("a", 256)), "/handle"},
		{"options without values for a variant", cream("x").with("options", sizes("S")), "/variants/0/options"},
		{"option value not listed", cream("x").with("options", sizes("S")).variant("options", []string{"M"}),
			"/variants/0/options/0"},
		{"option twice", cream("x").with("options", append(sizes("S"), sizes("S")...)).variant("options", []string{"S", "S"}),
			"/options/1/name"},
		{"two variants with the same options", cream("x").with("options", sizes("S")).with("variants", []object{
			{"prices": won(1, 0), "options": []string{"S"}}, {"prices": won(2, 0), "options": []string{"S"}},
		}), "/variants/1/options"},
		{"tag with a comma", cream("x").with("tags", []string{"a,b"}), "/tags/0"},
		{"tag twice", cream("x").with("tags", []string{"a", "a"}), "/tags/1"},
		{"image that is no address", cream("x").with("images", []object{{"url": "javascript:alert(1)"}}), "/images/0/url"},
		{"component that is not there", cream("x").variant("components", one("var_x", 1)),
			"/variants/0/components/0/variantId"},
		{"component with no quantity", cream("x").variant("components", one(d.Variants[0].ID, 0)),
			"/variants/0/components/0/quantity"},
		{"component twice", cream("x").variant("components", append(one(d.Variants[0].ID, 1), one(d.Variants[0].ID, 1)...)),
			"/variants/0/components/1/variantId"},
		{"gift set with stock", cream("x").variant("components", one(d.Variants[0].ID, 1)).variant("backorder", true),
			"/variants/0/components"},
		{"too many buckets", cream("x").variant("edition", object{"opensAt": opening, "buckets": 21}),
			"/variants/0/edition/buckets"},
		{"the id of another product's variant", cream("x").variant("id", d.Variants[0].ID), "/variants/0/id"},
		{"negative stock", cream("x").variant("available", -1), "/variants/0/available"},
		{"negative limit", cream("x").variant("maxPerOrder", -1), "/variants/0/maxPerOrder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.merchant.Do("POST", "/products", tt.body).WantField(tt.field)
		})
	}
	if got := s.handles("/products"); len(got) != 1 {
		t.Fatalf("something was half-written: %v", got)
	}
}

func TestQueriesThatMakeNoSenseNameTheParameter(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for path, field := range map[string]string{
		"/products?limit=0":                       "query/limit",
		"/products?limit=101":                     "query/limit",
		"/products?sort=random":                   "query/sort",
		"/products?currency=won":                  "query/currency",
		"/products?minPrice=-1":                   "query/minPrice",
		"/products?minPrice=5&maxPrice=4":         "query/maxPrice",
		"/products?cursor=%F0%9F%92%A5":           "query/cursor",
		"/products?cursor=e30":                    "query/cursor",
		"/products?color=red":                     "query/color",
		"/products?q=" + strings.Repeat("x", 201): "query/q",
	} {
		s.api.Do("GET", path, nil).WantField(field)
	}
}

func TestBodiesTooLargeAreRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	huge := strings.Repeat("x", 1<<20)
	s.merchant.Do("POST", "/products", cream("x").with("vendor", huge)).WantProblem(413, "body_too_large")
	s.merchant.Do("PUT", "/stock/var_x", object{"available": huge}).WantProblem(413, "body_too_large")
}

// Each route that is not for everybody, with each kind of caller who may not.
func TestOnlyMerchantsKeepProducts(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream"))
	for _, call := range [][2]string{
		{"GET", "/admin/products"}, {"POST", "/products"}, {"GET", "/products/" + d.ID + "/edit"},
		{"PUT", "/products/" + d.ID},
		{"DELETE", "/products/" + d.ID}, {"GET", "/products/" + d.ID + "/price-history"}, {"POST", "/products/import"},
		{"GET", "/products/export"}, {"GET", "/stock/" + d.Variants[0].ID}, {"PUT", "/stock/" + d.Variants[0].ID},
		{"POST", "/stock/" + d.Variants[0].ID + "/adjustments"},
	} {
		s.api.Do(call[0], call[1], nil).WantProblem(401, "token_required")
		s.api.With("Authorization", "Bearer forged").Do(call[0], call[1], nil).WantProblem(401, "invalid_token")
		s.api.As(apitest.Ann).Do(call[0], call[1], nil).WantProblem(403, "not_allowed")
		s.api.As(apitest.Agent).Do(call[0], call[1], nil).WantProblem(403, "not_allowed")
	}
	if s.edit(d.ID).Version != 1 {
		t.Fatal("a caller who may not changed the product")
	}
}

func TestIdsThatAreNoneAreNotFound(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, id := range []string{"prod_1", "x", "prod_01jt3v9q2d8m4x6c7b5n1k0h2g", "%00", "💄"} {
		s.merchant.Do("GET", "/products/"+id+"/edit", nil).WantProblem(404, "product_not_found")
		s.merchant.Do("GET", "/stock/"+id, nil).WantProblem(404, "variant_not_found")
		s.api.Do("GET", "/products/"+id, nil).WantProblem(404, "product_not_found")
	}
}
