package recommend_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/ranking"
	"dangol/shared/outreach/recommend"
	"dangol/shared/outreach/segment"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 10, 3, 0, 0, 0, time.UTC)

// shop is a table with products, and what was ordered.
type shop struct {
	*testing.T
	commerce, outreach *table.Table
	clock              *clock.Movable
	*recommend.Recommender
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{T: t, commerce: localtest.Table(t, table.Commerce), outreach: localtest.Table(t, table.Outreach),
		clock: clock.Stopped(noon)}
	s.Recommender = recommend.New(s.commerce, s.outreach, s.clock, "https://shop.example.com")
	return s
}

// productID is an id as the catalog makes them.
func productID(name string) string { return fmt.Sprintf("prod_%026s", name) }

// sell puts a product up, and counts orders of it.
func (s *shop) sell(name string, units, orders int, status catalog.Status) {
	s.Helper()
	id := productID(name)
	variant := catalog.VariantID(id, 0)
	p := &catalog.Product{
		ID: id, Handle: name, Version: 1, Status: status, Title: catalog.Text{"ko": "상품 " + name, "en": "Product " + name},
		Variants: table.List[catalog.Variant]{{ID: variant, Prices: map[string]catalog.Price{"KRW": {Amount: 9_000}}}},
	}
	if err := catalog.Create(s.Context(), s.commerce, p,
		map[string]catalog.InitialStock{variant: {Available: units}}); err != nil {
		s.Fatal(err)
	}
	for range orders {
		// The same product in several lines of an order is one order of it.
		if err := s.outreach.Transact(s.Context(), "", ranking.CountOrder("ctc_1", []string{id, id},
			s.clock.Now())...); err != nil {
			s.Fatal(err)
		}
	}
}

func (s *shop) shown(block string, c contact.Contact, data map[string]string) string {
	s.Helper()
	found, err := s.Recommend(s.Context(), block, c, data)
	if err != nil {
		s.Fatal(err)
	}
	var titles []string
	for _, p := range found {
		if p.Price.Amount != 9_000 || !strings.HasPrefix(p.URL, "https://shop.example.com/products/") {
			s.Errorf("%+v", p)
		}
		titles = append(titles, p.Title)
	}
	return strings.Join(titles, ", ")
}

func TestWhatSellsBestAndCanBeBoughtIsShown(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.sell("old", 5, 90, catalog.Active) // nobody has bought it for weeks
	s.clock.Advance(60 * 24 * time.Hour)
	s.sell("best", 5, 4, catalog.Active)
	s.sell("gone", 0, 9, catalog.Active)
	s.sell("draft", 5, 8, catalog.Draft)
	s.sell("second", 5, 3, catalog.Active)
	s.sell("third", 5, 2, catalog.Active)
	s.sell("fourth", 5, 1, catalog.Active)
	reader := contact.Contact{Language: "en"}
	if got := s.shown("best_sellers", reader, nil); got != "Product best, Product second, Product third" {
		t.Errorf("best sellers are %s", got)
	}
	reader.Person.Orders = []segment.Order{{ID: "o", At: noon, Currency: "KRW", Products: []string{productID("best")}}}
	if got := s.shown("bought_together", reader, nil); got != "Product second, Product third, Product fourth" {
		t.Errorf("who has bought the best one is shown %s", got)
	}
	reader.Person.Orders[0].Currency = "USD" // it is sold in won only
	if got := s.shown("recommended", reader, nil); got != "" {
		t.Errorf("in a currency that nothing is sold in: %s", got)
	}
}

func TestAShopWithoutSalesShowsNothing(t *testing.T) {
	t.Parallel()
	if got := newShop(t).shown("best_sellers", contact.Contact{}, nil); got != "" {
		t.Error(got)
	}
}

func TestACartMailShowsTheCart(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.sell("best", 5, 4, catalog.Active)
	s.sell("wanted", 5, 0, catalog.Active)
	stored := cart.Cart{Key: cart.KeyOfGuest("cart_1"), ID: "cart_1", Currency: "KRW",
		Lines: []cart.Line{{ID: "l", ProductID: productID("wanted"), Quantity: 1}}}
	if err := s.commerce.Put(t.Context(), table.Put{Item: stored, If: table.IfNew}); err != nil {
		t.Fatal(err)
	}
	if got := s.shown("cart", contact.Contact{Language: "ko"}, map[string]string{"cartId": "cart_1"}); got !=
		"상품 wanted" {
		t.Errorf("the mail shows %s", got)
	}
	stored.Key, stored.ID = cart.KeyOfCustomer("cus_1"), "cart_3"
	if err := s.commerce.Put(t.Context(), table.Put{Item: stored, If: table.IfNew}); err != nil {
		t.Fatal(err)
	}
	ofCustomer := map[string]string{"cartId": "cart_3", "customerId": "cus_1"}
	if got := s.shown("cart", contact.Contact{Language: "en"}, ofCustomer); got != "Product wanted" {
		t.Errorf("of a customer: %s", got)
	}
	ofCustomer["cartId"] = "cart_0" // one that was ordered since
	if got := s.shown("cart", contact.Contact{}, ofCustomer); got != "" {
		t.Errorf("of another cart: %s", got)
	}
	if got := s.shown("cart", contact.Contact{}, map[string]string{"cartId": "cart_2"}); got != "" {
		t.Errorf("of a cart that is not there: %s", got)
	}
}
