package testshop

import (
	"fmt"
	"testing"

	"dangol/shared/address"
	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
	"dangol/shared/stock"
)

// ProductSpec describes a product with one variant. The zero value costs 12,000 won and is out of stock.
type ProductSpec struct {
	Price          int64 // in won
	Cents          int64 // also sold for dollars, when not 0
	Units          int
	Buckets        int // more than 1 makes it a limited edition
	MaxPerCustomer int
	Of             map[string]int // parts of a gift set
	Untracked      bool
	TaxClass       string // of goods with another rate than the standard one
}

// Sell puts goods on sale and returns the id of the variant.
func (w *Shop) Sell(g ProductSpec) string {
	w.T.Helper()
	if g.Price == 0 {
		g.Price = 12_000
	}
	productID := id.New(catalog.ProductPrefix, w.Clock.Now())
	v := catalog.Variant{
		ID: catalog.VariantID(productID, 0), SKU: "SKU", Prices: map[string]catalog.Price{"KRW": {Amount: g.Price}},
		Taxable: true, RequiresShipping: true, MaxPerCustomer: g.MaxPerCustomer, Untracked: g.Untracked,
		TaxClass: g.TaxClass,
	}
	if g.Cents > 0 {
		v.Prices["USD"] = catalog.Price{Amount: g.Cents}
	}
	if g.Buckets > 1 {
		v.Edition = &catalog.Edition{OpensAt: Noon, Buckets: g.Buckets}
	}
	for part, n := range g.Of {
		v.Components = append(v.Components, catalog.Component{VariantID: part, Quantity: n})
	}
	w.put(&catalog.Product{
		Key: catalog.KeyOf(productID), ID: productID, Handle: productID, Version: 1, Status: catalog.Active,
		Title: catalog.Text{"ko": "동백 비누", "en": "Camellia soap"}, Variants: []catalog.Variant{v},
	})
	if !v.HasOwnStock() {
		return v.ID
	}
	w.stock[v.ID], w.counts[v.ID] = g.Units, v.Buckets()
	for b := range v.Buckets() {
		n := g.Units / v.Buckets()
		if b < g.Units%v.Buckets() {
			n++
		}
		w.put(&stock.Level{Key: stock.KeyOf(v.ID, b), Available: n})
	}
	return v.ID
}

func (w *Shop) put(item any) {
	w.T.Helper()
	if err := w.Table.Put(w.T.Context(), table.Put{Item: item, If: table.IfNew}); err != nil {
		w.T.Fatal(err)
	}
}

// Basket is a cart that a test buys.
type Basket struct {
	ID, Token, CustomerID string
	Key                   table.Key
}

// Destination is where a cart is sent, and what it is paid in.
type Destination struct {
	Currency, Language string
	Address            address.Address
}

// Seoul pays in won, with the tax in the prices; Austin in dollars, with the tax on top.
var (
	Seoul = Destination{"KRW", "ko", address.Address{
		Name: "김하늘", Line1: "왕십리로 83", City: "서울", PostalCode: "04769", Country: "KR",
	}}
	Austin = Destination{"USD", "en", address.Address{
		Name: "Ann Lee", Line1: "600 Congress Ave", City: "Austin", Region: "TX", PostalCode: "78701", Country: "US",
	}}
)

// FillCart makes a cart that is ready to be bought and goes to Seoul: of a guest when customerID is empty. wants is
// units by variant.
func (w *Shop) FillCart(customerID string, wants map[string]int) Basket {
	w.T.Helper()
	return w.FillCartFor(customerID, Seoul, wants)
}

// FillCartFor is FillCart with another destination.
func (w *Shop) FillCartFor(customerID string, to Destination, wants map[string]int) Basket {
	w.T.Helper()
	now := w.Clock.Now()
	b := Basket{ID: id.New(cart.Prefix, now), CustomerID: customerID}
	c := &cart.Cart{
		ID: b.ID, CustomerID: customerID, State: cart.Open, Version: 3, Currency: to.Currency, Language: to.Language,
		Shipping: "standard", Email: "haneul@example.com", CreatedAt: now, UpdatedAt: now, Address: &to.Address,
	}
	b.Key = cart.KeyOfCustomer(customerID)
	if customerID == "" {
		b.Token = id.Secret()
		b.Key, c.TokenHash = cart.KeyOfGuest(b.ID), auth.HashToken(b.Token)
	}
	c.Key = b.Key
	for variant, n := range wants {
		var p catalog.Product
		if err := w.Table.Get(w.T.Context(), catalog.KeyOf(catalog.ProductOf(variant)), &p); err != nil {
			w.T.Fatal(err)
		}
		c.Lines = append(c.Lines, cart.Line{
			ID: cart.LineID(variant, nil), VariantID: variant, ProductID: p.ID, Quantity: n,
			SeenPrice: p.Variants[0].Prices[to.Currency].Amount, AddedAt: now,
		})
	}
	w.put(c)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.carts = append(w.carts, b.Key)
	return b
}

// NextKey is an idempotency key nobody has used.
func (w *Shop) NextKey() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq++
	return fmt.Sprintf("key-%d", w.seq)
}

// AnotherCart fills the cart that took the place of the customer's ordered one.
func (w *Shop) AnotherCart(customerID string, wants map[string]int) Basket {
	w.T.Helper()
	w.DeleteItem(w.T, cart.KeyOfCustomer(customerID))
	return w.FillCart(customerID, wants)
}

// DeleteItem deletes an item, should it be there.
func (w *Shop) DeleteItem(t testing.TB, key table.Key) {
	t.Helper()
	if err := w.Table.Delete(t.Context(), table.Delete{Key: key}); err != nil {
		t.Fatal(err)
	}
}

// DiscountEverything makes everything cost nothing.
func (w *Shop) DiscountEverything() {
	everything := promotion.Promotion{
		ID: "gift", Name: catalog.Text{"ko": "gift"}, State: promotion.Scheduled, Starts: Noon.AddDate(-1, 0, 0),
		Targets: promotion.Targets{All: true},
		Kind:    promotion.Percentage, Class: promotion.Order, Terms: promotion.Terms{BasisPoints: 10_000},
		CombinesWith: []promotion.Class{promotion.Shipping},
	}
	shipping := everything
	shipping.ID, shipping.Kind, shipping.Class, shipping.Terms =
		"shipping", promotion.FreeShipping, promotion.Shipping, promotion.Terms{}
	shipping.CombinesWith = []promotion.Class{promotion.Order}
	w.Service.Promotions = store.Static{Snapshot: store.NewSnapshot([]promotion.Promotion{everything, shipping}, nil)}
}

// DeleteStock takes a variant's stock counters away, as when it is no longer sold.
func (w *Shop) DeleteStock(t testing.TB, variantID string) {
	t.Helper()
	for b := range w.counts[variantID] {
		if err := w.Table.Delete(t.Context(), table.Delete{Key: stock.KeyOf(variantID, b), If: table.IfExists}); err != nil {
			t.Fatal(err)
		}
	}
	delete(w.stock, variantID)
}
