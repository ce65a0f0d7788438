package cart_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"dangol/functions/cart"
	"dangol/infra/local/apitest"
	"dangol/infra/local/localtest"
	"dangol/shared/api"
	shared "dangol/shared/cart"
	"dangol/shared/catalogue"
	"dangol/shared/clock"
	"dangol/shared/pricing"
	"dangol/shared/stock"
	"dangol/shared/table"
)

var noon = time.Date(2026, 9, 1, 3, 0, 0, 0, time.UTC)

// bench is the function with a shop of its own.
type bench struct {
	t       testing.TB
	table   *table.Table
	clock   *clock.Movable
	carts   *cart.Carts
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
	shelf := catalogue.NewShelf(b.table, b.clock, 2*time.Second)
	b.carts = &cart.Carts{
		Store:  shared.Store{Table: b.table, Clock: b.clock},
		Quoter: shared.Quoter{Shop: shop, Goods: shared.Shelf{Of: shelf}},
		Clock:  b.clock,
	}
	service := b.carts.Service(api.Options{Clock: b.clock, Verify: apitest.Verify})
	b.guest = apitest.New(t, service.Lambda())
	return b
}

// sell puts an active product with one variant and so many of it into the shop and returns the variant's id.
func (b *bench) sell(won int64, left int, set ...func(*catalogue.Product, *catalogue.Variant)) string {
	b.t.Helper()
	b.product++
	id := fmt.Sprintf("prod_%026d", b.product)
	v := catalogue.Variant{
		ID: catalogue.VariantID(id, 0), Taxable: true, RequiresShipping: true, SKU: fmt.Sprintf("SKU-%d", b.product),
		Prices: map[string]catalogue.Price{"KRW": {Amount: won, CompareAt: won + 1000}, "USD": {Amount: won / 10}},
	}
	p := catalogue.Product{
		Key: catalogue.KeyOf(id), ID: id, Handle: fmt.Sprintf("soap-%d", b.product), Version: 1, Status: catalogue.Active,
		Title: catalogue.Text{"ko": "동백 비누", "en": "Camellia soap"}, Images: []catalogue.Image{{URL: "https://cdn.example.com/soap.jpg"}},
	}
	for _, f := range set {
		f(&p, &v)
	}
	p.Variants = []catalogue.Variant{v}
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

// begun is a guest's cart just made.
type begun struct {
	Cart  cart.Cart `json:"cart"`
	Token string    `json:"token"`
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

func whole(r *apitest.Response) cart.Cart {
	var c cart.Cart
	r.Want(http.StatusOK).Into(&c)
	return c
}

func codes(c cart.Cart) []string {
	out := []string{}
	for _, p := range c.Problems {
		out = append(out, p.Code)
	}
	return out
}

var seoul = map[string]any{"name": "김하늘", "line1": "서울특별시 성동구 왕십리로 83", "postalCode": "04769", "country": "KR"}

func draft(p *catalogue.Product, _ *catalogue.Variant)   { p.Status = catalogue.Draft }
func onlyWon(_ *catalogue.Product, v *catalogue.Variant) { delete(v.Prices, "USD") }
func once(_ *catalogue.Product, v *catalogue.Variant)    { v.MaxPerCustomer = 1 }
