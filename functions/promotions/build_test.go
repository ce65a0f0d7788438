package promotions_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"dangol/functions/promotions"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/catalog"
	"dangol/shared/platform/api"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// monday is a Monday morning in Seoul.
var monday = time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)

// bench is the function with a shop of its own.
type bench struct {
	t        testing.TB
	table    *table.Table
	clock    *clock.Movable
	plans    *plans
	f        *promotions.Promotions
	merchant *apitest.Client
	product  int
}

// plans notes what is to be scheduled.
type plans struct {
	mu    sync.Mutex
	made  []promotion.Promotion
	fails error
}

func (p *plans) Plan(_ context.Context, planned *promotion.Promotion) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fails != nil {
		return p.fails
	}
	p.made = append(p.made, *planned)
	return nil
}

// last is the promotion as its schedules were made last.
func (p *plans) last(id string) promotion.Promotion {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.made {
		if made := p.made[len(p.made)-1-i]; made.ID == id {
			return made
		}
	}
	return promotion.Promotion{}
}

func newBench(t testing.TB, wrap ...func(table.DB) table.DB) *bench {
	t.Helper()
	shop, err := pricing.DefaultShop()
	if err != nil {
		t.Fatal(err)
	}
	policy, err := promotion.DefaultPolicy()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, clock: clock.Stopped(monday), plans: &plans{}}
	db := localtest.DB(t)
	for _, w := range wrap {
		db = w(db)
	}
	b.table = table.New(db, localtest.Name(t, table.Commerce), nil)
	b.f = promotions.Make(b.table, b.clock, shop, policy, policy.Zone, b.plans)
	b.f.Outreach = table.New(db, localtest.Name(t, table.Outreach), nil)
	service := b.f.Service(api.Options{Clock: b.clock, Verify: apitest.Verify})
	b.merchant = apitest.New(t, service.Lambda()).As(apitest.Merchant)
	return b
}

// sell puts an active product with one variant in the catalog and returns the ids of both.
func (b *bench) sell(won int64, set ...func(*catalog.Product)) (productID, variantID string) {
	b.t.Helper()
	b.product++
	id := fmt.Sprintf("prod_%026d", b.product)
	p := &catalog.Product{
		Key: catalog.KeyOf(id), ID: id, Handle: fmt.Sprintf("soap-%d", b.product), Version: 1, Status: catalog.Active,
		Title: catalog.Text{"ko": "비누"}, CreatedAt: monday, UpdatedAt: monday,
		Variants: []catalog.Variant{{
			ID: catalog.VariantID(id, 0), Taxable: true, RequiresShipping: true,
			Prices: map[string]catalog.Price{"KRW": {Amount: won}},
		}},
	}
	for _, f := range set {
		f(p)
	}
	if err := catalog.Create(b.t.Context(), b.table, p,
		map[string]catalog.InitialStock{p.Variants[0].ID: {Available: 100}}); err != nil {
		b.t.Fatal(err)
	}
	return id, p.Variants[0].ID
}

// body is a promotion that is right: a tenth off one product on the next Friday.
func body(product string, change map[string]any) map[string]any {
	d := map[string]any{
		"name": map[string]string{"ko": "금요일"}, "kind": "percentage", "starts": "2026-11-27T10:00",
		"ends":    "2026-11-27T24:00",
		"targets": map[string]any{"products": []string{product}}, "terms": map[string]any{"basisPoints": 1_000},
	}
	for name, value := range change {
		if value == nil {
			delete(d, name)
			continue
		}
		d[name] = value
	}
	return d
}

func (b *bench) create(d map[string]any) *promotions.PromotionDocument {
	b.t.Helper()
	var made promotions.PromotionDocument
	b.merchant.Do("POST", "/promotions", d).Want(201).Into(&made)
	return &made
}

func (b *bench) publish(d map[string]any) *promotions.PromotionDocument {
	b.t.Helper()
	made := b.create(d)
	b.merchant.Do("POST", "/promotions/"+made.ID+"/publish", map[string]string{"reason": "a test"}).Want(200).Into(made)
	return made
}

func (b *bench) record(id string) *store.Record {
	b.t.Helper()
	r, err := b.f.Store.Get(b.t.Context(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}
