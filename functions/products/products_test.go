package products

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/catalog"
	"dangol/shared/platform/api"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
)

var opening = time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)

// shop is the function on a table of its own, with a clock that stands.
type shop struct {
	testing.TB
	*Products
	outreach *table.Table
	clock    *clock.Movable
	api      *apitest.Client
	merchant *apitest.Client
}

func newShop(t testing.TB) *shop {
	t.Helper()
	return shopOn(t, localtest.Table(t, table.Commerce))
}

func shopOn(t testing.TB, on *table.Table) *shop {
	t.Helper()
	rules, err := pricing.DefaultShop()
	if err != nil {
		t.Fatal(err)
	}
	c, outreach := clock.Stopped(opening), localtest.Table(t, table.Outreach)
	f := newCatalog(on, outreach, c, rules, 0)
	client := apitest.New(t, f.service(api.Options{Clock: c, Verify: apitest.Verify}).Lambda())
	return &shop{TB: t, Products: f, outreach: outreach, clock: c, api: client, merchant: client.As(apitest.Merchant)}
}

// object builds JSON bodies.
type object map[string]any

// with returns the object with one more field; a dotted name goes into the first element of lists.
func (o object) with(name string, value any) object {
	raw, _ := json.Marshal(o)
	var c object
	_ = json.Unmarshal(raw, &c)
	c[name] = value
	return c
}

// variant returns the object with a field of its first variant changed.
func (o object) variant(name string, value any) object {
	c := o.with("handle", o["handle"])
	c["variants"].([]any)[0].(map[string]any)[name] = value
	return c
}

func won(amount, compareAt int64) object {
	p := object{"amount": amount}
	if compareAt > 0 {
		p["compareAt"] = compareAt
	}
	return object{"KRW": p}
}

func cream(handle string) object {
	return object{
		"handle": handle, "status": "active", "title": object{"ko": "녹차 수분 크림", "en": "Green Tea Cream"},
		"description": object{"ko": "<p>촉촉</p>"}, "tags": []string{"보습", "vegan"}, "categories": []string{"스킨케어"},
		"images":   []object{{"url": "https://cdn.example/cream.jpg", "alt": "크림"}},
		"variants": []object{{"sku": "CREAM-50", "prices": won(12000, 0), "available": 20}},
	}
}

func (s *shop) create(body object) ProductDocument {
	s.Helper()
	var d ProductDocument
	s.merchant.Do("POST", "/products", body).Want(201).Into(&d)
	return d
}

func (s *shop) edit(id string) ProductDocument {
	s.Helper()
	var d ProductDocument
	s.merchant.Do("GET", "/products/"+id+"/edit", nil).Want(200).Into(&d)
	return d
}

func (s *shop) put(d ProductDocument) ProductDocument {
	s.Helper()
	var out ProductDocument
	s.merchant.With("If-Match", api.ETag(fmt.Sprint(d.Version))).Do("PUT", "/products/"+d.ID, d).Want(200).Into(&out)
	return out
}

func (s *shop) page(path string) ProductPage {
	s.Helper()
	var p ProductPage
	s.api.Do("GET", "/products/"+path, nil).Want(200).Into(&p)
	return p
}

func (s *shop) handles(path string) []string {
	s.Helper()
	var cards ProductList
	s.api.Do("GET", path, nil).Want(200).Into(&cards)
	handles := make([]string, len(cards.Products))
	for i, c := range cards.Products {
		handles[i] = c.Handle
	}
	return handles
}

func TestCreateAndRead(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream"))
	if d.Version != 1 || catalog.ProductOf(d.Variants[0].ID) != d.ID || d.Variants[0].Available != nil {
		t.Fatalf("created %+v", d)
	}
	for _, path := range []string{d.ID, "cream", "CREAM"} {
		p := s.page(path)
		if p.Title != "녹차 수분 크림" || p.Variants[0].Price.Display != "₩12,000" || p.Variants[0].Availability != "in_stock" {
			t.Fatalf("%s: %+v", path, p)
		}
	}
	if p := s.page("cream?language=en"); p.Title != "Green Tea Cream" || p.Language != "en" {
		t.Fatalf("%+v", p)
	}
	s.api.Do("GET", "/products/soap", nil).WantProblem(404, "product_not_found")
	s.api.Do("GET", "/products/"+catalog.ProductPrefix+"_01k9zzzzzzzzzzzzzzzzzzzzzz", nil).WantProblem(404,
		"product_not_found")
}

func TestAnswersInTheLanguageAskedFor(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.create(cream("cream"))
	for _, tt := range []struct{ name, header, query, want string }{
		{"the shop's first when nothing is said", "", "", "녹차 수분 크림"},
		{"Accept-Language", "en-US,en;q=0.9", "", "Green Tea Cream"},
		{"weights decide", "en;q=0.5, ko;q=0.8", "", "녹차 수분 크림"},
		{"weight 0 is never", "en;q=0", "", "녹차 수분 크림"},
		{"the query goes before the header", "ko", "?language=en", "Green Tea Cream"},
		{"a language the shop does not speak", "fr", "", "녹차 수분 크림"},
		{"nonsense", ";;,q=,=;q=x", "", "녹차 수분 크림"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var p ProductPage
			s.api.With("Accept-Language", tt.header).Do("GET", "/products/cream"+tt.query, nil).Want(200).Into(&p)
			if p.Title != tt.want {
				t.Fatalf("got %q, want %q", p.Title, tt.want)
			}
		})
	}
}

func TestHangulHandles(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("").with("title", object{"ko": "녹차 수분 크림!"}))
	if d.Handle != "녹차-수분-크림" {
		t.Fatalf("handle %q", d.Handle)
	}
	for _, path := range []string{"녹차-수분-크림", "%EB%85%B9%EC%B0%A8-%EC%88%98%EB%B6%84-%ED%81%AC%EB%A6%BC"} {
		if p := s.page(path); p.ID != d.ID {
			t.Fatalf("%s: %+v", path, p)
		}
	}
}

func TestOnlyActiveProductsAreShown(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	draft := s.create(cream("draft").with("status", "draft"))
	active := s.create(cream("active"))
	s.api.Do("GET", "/products/draft", nil).WantProblem(404, "product_not_found")
	if got := s.handles("/products"); !slices.Equal(got, []string{"active"}) {
		t.Fatal(got)
	}
	s.merchant.Do("DELETE", "/products/"+active.ID, nil).Want(204)
	s.merchant.Do("DELETE", "/products/"+active.ID, nil).Want(204)
	s.api.Do("GET", "/products/active", nil).WantProblem(404, "product_not_found")
	if got := s.handles("/products"); len(got) != 0 {
		t.Fatal(got)
	}
	if d := s.edit(draft.ID); d.Status != "draft" {
		t.Fatal(d.Status)
	}
	var cards ProductList
	s.merchant.Do("GET", "/admin/products?status=archived", nil).Want(200).Into(&cards)
	if len(cards.Products) != 1 || cards.Products[0].ID != active.ID {
		t.Fatalf("%+v", cards)
	}
}

func TestTheSameKeyCreatesOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	keyed := s.merchant.With("Idempotency-Key", "k1")
	var first, second ProductDocument
	keyed.Do("POST", "/products", cream("cream")).Want(201).Into(&first)
	again := keyed.Do("POST", "/products", cream("cream")).Want(201).Into(&second)
	if first.ID != second.ID || again.Headers.Get("Idempotent-Replayed") != "true" {
		t.Fatalf("%s, then %s (%v)", first.ID, second.ID, again.Headers)
	}
	keyed.Do("POST", "/products", cream("other")).WantProblem(422, "idempotency_key_reused")
	s.merchant.Do("POST", "/products", cream("cream")).WantProblem(409, "handle_taken")
}

func TestReplace(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream"))
	d.Title["en"] = "Cream"
	d.Handle = "the-cream"
	next := s.put(d)
	if next.Version != 2 || next.Variants[0].ID != d.Variants[0].ID {
		t.Fatalf("%+v", next)
	}
	s.merchant.With("If-Match", api.ETag("1")).Do("PUT", "/products/"+d.ID, d).WantProblem(412, "product_changed")
	s.merchant.Do("PUT", "/products/"+d.ID, d).WantField("header/If-Match")
	if p := s.page("the-cream?language=en"); p.Title != "Cream" {
		t.Fatalf("%+v", p)
	}
	if p := s.page("cream"); p.ID != d.ID {
		t.Fatal("the old handle must still lead to the product")
	}
	s.merchant.Do("POST", "/products", cream("cream")).WantProblem(409, "handle_taken")
}

func TestANewVariantBeginsWithItsStock(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream"))
	seven := 7
	d.Options = []catalog.Option{{Name: "크기", Values: []string{"50ml", "100ml"}}}
	d.Variants[0].Options = []string{"50ml"}
	d.Variants = append(d.Variants, VariantDocument{
		Options: []string{"100ml"}, Prices: map[string]PriceDocument{"KRW": {Amount: 20000}}, Available: &seven,
	})
	d = s.put(d)
	var got StockLevel
	s.merchant.Do("GET", "/stock/"+d.Variants[1].ID, nil).Want(200).Into(&got)
	if got.Available != 7 {
		t.Fatalf("%+v", got)
	}
	first := d.Variants[1].ID
	d.Variants = d.Variants[:1]
	d = s.put(d)
	s.merchant.Do("GET", "/stock/"+first, nil).WantProblem(404, "variant_not_found")
	d.Variants = append(d.Variants,
		VariantDocument{Options: []string{"100ml"}, Prices: map[string]PriceDocument{"KRW": {Amount: 1}}})
	if d = s.put(d); d.Variants[1].ID == first {
		t.Fatal("the id of a removed variant was given again")
	}
}

func TestPageHasETag(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream"))
	first := s.api.Do("GET", "/products/cream", nil).Want(200)
	tag := first.Headers.Get("ETag")
	if tag == "" || first.Headers.Get("Cache-Control") == "" {
		t.Fatal(first.Headers)
	}
	if again := s.api.With("If-None-Match", tag).Do("GET", "/products/cream", nil).Want(304); again.Body != "" {
		t.Fatal(again.Body)
	}
	s.merchant.Do("PUT", "/stock/"+d.Variants[0].ID, object{"available": 0}).Want(200)
	s.api.With("If-None-Match", tag).Do("GET", "/products/cream", nil).Want(200)
}

func TestAvailability(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream"))
	for units, want := range map[int]string{0: "out", 1: "low", 5: "low", 6: "in_stock"} {
		s.merchant.Do("PUT", "/stock/"+d.Variants[0].ID, object{"available": units}).Want(200)
		v := s.page("cream").Variants[0]
		if v.Availability != want || (v.Left != nil) != (want == "low") {
			t.Errorf("%d units: %s %v, want %s", units, v.Availability, v.Left, want)
		}
	}
	s.create(cream("drop").variant("edition", object{"opensAt": opening.Add(time.Hour), "buckets": 4}))
	if v := s.page("drop").Variants[0]; v.Availability != "not_open_yet" || !v.OpensAt.Equal(opening.Add(time.Hour)) {
		t.Fatalf("%+v", v)
	}
	s.clock.Advance(time.Hour)
	if v := s.page("drop").Variants[0]; v.Availability != "in_stock" {
		t.Fatalf("%+v", v)
	}
}

func TestGiftSet(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	soap, balm := s.create(cream("soap")), s.create(cream("balm"))
	parts := []object{{"variantId": soap.Variants[0].ID, "quantity": 3}, {"variantId": balm.Variants[0].ID, "quantity": 1}}
	set := s.create(cream("set").with("variants", []object{{"prices": won(30000, 0), "components": parts}}))
	if v := s.page("set").Variants[0]; v.Availability != "in_stock" || len(v.Components) != 2 {
		t.Fatalf("20 of each make 6 sets: %+v", v)
	}
	s.merchant.Do("PUT", "/stock/"+soap.Variants[0].ID, object{"available": 7}).Want(200)
	if v := s.page("set").Variants[0]; v.Availability != "low" || *v.Left != 2 {
		t.Fatalf("7 soaps make 2 sets: %+v", v)
	}
	s.merchant.Do("PUT", "/stock/"+set.Variants[0].ID, object{"available": 7}).WantProblem(409, "not_stocked")
	nested := cream("nested").with("variants", []object{{
		"prices": won(1, 0), "components": []object{{"variantId": set.Variants[0].ID, "quantity": 1}},
	}})
	s.merchant.Do("POST", "/products", nested).WantField("/variants/0/components/0/variantId")
	set.Variants[0].Components = nil
	s.merchant.With("If-Match", "*").Do("PUT", "/products/"+set.ID, set).WantField("/variants/0/components")
}
