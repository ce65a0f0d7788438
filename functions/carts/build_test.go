package carts_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"dangol/functions/carts"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/localtest"
	shared "dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/platform/api"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
	"dangol/shared/stock"
)

var noon = time.Date(2026, 9, 1, 3, 0, 0, 0, time.UTC)

// bench is the function with a shop of its own.
type bench struct {
	t       testing.TB
	table   *table.Table
	clock   *clock.Movable
	carts   *carts.Carts
	guest   *apitest.Client
	product int
	trips   atomic.Int64
}

// counted is how many round trips to the database do makes.
func (b *bench) counted(do func()) int {
	before := b.trips.Load()
	do()
	return int(b.trips.Load() - before)
}

func newBench(t testing.TB, wrap ...func(table.DB) table.DB) *bench {
	t.Helper()
	shop, err := pricing.DefaultShop()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, clock: clock.Stopped(noon)}
	db := localtest.DB(t)
	for _, w := range wrap {
		db = w(db)
	}
	b.table = table.New(db, localtest.Name(t, table.Commerce), func(op table.Op) {
		if !op.Part {
			b.trips.Add(1)
		}
	})
	cache := catalog.NewCache(b.table, b.clock, 2*time.Second)
	promotions := store.NewCache(store.Store{Table: b.table, Clock: b.clock}, store.Fresh)
	b.carts = &carts.Carts{
		Store:  shared.Store{Table: b.table, Clock: b.clock},
		Quoter: shared.Quoter{Shop: shop, Variants: shared.CatalogReader{Cache: cache}, Promotions: promotions},
		Clock:  b.clock,
	}
	b.carts.Changes = b.carts.Quoter
	b.carts.Changes.Promotions = store.NewRecentUses(promotions)
	service := b.carts.Service(api.Options{Clock: b.clock, Verify: apitest.Verify})
	b.guest = apitest.New(t, service.Lambda())
	return b
}

// sell puts an active product with one variant and so many of it into the shop and returns the variant's id.
func (b *bench) sell(won int64, left int, set ...func(*catalog.Product, *catalog.Variant)) string {
	b.t.Helper()
	b.product++
	id := fmt.Sprintf("prod_%026d", b.product)
	v := catalog.Variant{
		ID: catalog.VariantID(id, 0), Taxable: true, RequiresShipping: true, SKU: fmt.Sprintf("SKU-%d", b.product),
		Prices: map[string]catalog.Price{"KRW": {Amount: won, CompareAt: won + 1000}, "USD": {Amount: won / 10}},
	}
	p := catalog.Product{
		Key: catalog.KeyOf(id), ID: id, Handle: fmt.Sprintf("soap-%d", b.product), Version: 1, Status: catalog.Active,
		Title:  catalog.Text{"ko": "동백 비누", "en": "Camellia soap"},
		Images: []catalog.Image{{URL: "https://cdn.example.com/soap.jpg"}},
	}
	for _, f := range set {
		f(&p, &v)
	}
	p.Variants = []catalog.Variant{v}
	b.put(p)
	b.put(stock.Level{Key: stock.KeyOf(v.ID, 0), Available: left})
	return v.ID
}

func (b *bench) put(item any) {
	b.t.Helper()
	if err := b.table.BatchPut(b.t.Context(), item); err != nil {
		b.t.Fatal(err)
	}
}

// promote publishes a promotion that is live for a day. Carts have it at once.
func (b *bench) promote(id string, kind promotion.Kind, terms promotion.Terms, change ...func(*promotion.Promotion)) {
	b.t.Helper()
	p := promotion.Promotion{
		ID: id, Version: 1, Name: catalog.Text{"ko": id, "en": id}, Kind: kind, Class: promotion.Order,
		State:  promotion.Scheduled,
		Starts: noon.Add(-time.Hour), Ends: noon.Add(24 * time.Hour), Targets: promotion.Targets{All: true}, Terms: terms,
	}
	for _, f := range change {
		f(&p)
	}
	b.put(b.offers().Create(&store.Record{Promotion: p}).Item)
	b.clock.Advance(store.Fresh)
}

func (b *bench) offers() store.Store { return store.Store{Table: b.table, Clock: b.clock} }

// begun is a guest's cart just made.
type begun struct {
	Cart  carts.Cart `json:"cart"`
	Token string     `json:"token"`
}

// begin makes a guest's cart and returns its path and a client that sends its token.
func (b *bench) begin() (path string, owner *apitest.Client) {
	b.t.Helper()
	var made begun
	b.guest.Do("POST", "/carts", nil).Want(http.StatusCreated).Into(&made)
	return "/carts/" + made.Cart.ID, b.guest.With("Cart-Token", made.Token)
}

func lineOf(variantID string, n int) map[string]any {
	return map[string]any{"variantId": variantID, "quantity": n}
}

func whole(r *apitest.Response) carts.Cart {
	var c carts.Cart
	r.Want(http.StatusOK).Into(&c)
	return c
}

func codes(c carts.Cart) []string {
	out := []string{}
	for _, p := range c.Problems {
		out = append(out, p.Code)
	}
	return out
}

var seoul = map[string]any{"name": "김하늘", "line1": "서울특별시 성동구 왕십리로 83", "postalCode": "04769", "country": "KR"}

func draft(p *catalog.Product, _ *catalog.Variant)   { p.Status = catalog.Draft }
func onlyWon(_ *catalog.Product, v *catalog.Variant) { delete(v.Prices, "USD") }
func once(_ *catalog.Product, v *catalog.Variant)    { v.MaxPerCustomer = 1 }
