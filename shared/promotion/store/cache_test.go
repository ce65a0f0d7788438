package store_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/testkit/localtest"
	"dangol/shared/catalog"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

var noon = time.Date(2026, 9, 1, 3, 0, 0, 0, time.UTC)

// flaky is a database that can be out of reach.
type flaky struct {
	table.DB
	down atomic.Bool
}

func (f *flaky) Query(ctx context.Context, in *dynamodb.QueryInput,
	o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if f.down.Load() {
		return nil, errors.New("out of reach")
	}
	return f.DB.Query(ctx, in, o...)
}

// bench is a store with a cache.
type bench struct {
	t     *testing.T
	clock *clock.Movable
	db    *flaky
	store store.Store
	cache *store.Cache
	trips atomic.Int64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, clock: clock.Stopped(noon), db: &flaky{DB: localtest.DB(t)}}
	b.store = store.Store{Clock: b.clock,
		Table: table.New(b.db, localtest.Name(t, table.Commerce), func(table.Op) { b.trips.Add(1) })}
	b.cache = store.NewCache(b.store, store.Fresh)
	return b
}

func promo(id string, change ...func(*promotion.Promotion)) promotion.Promotion {
	p := promotion.Promotion{
		ID: id, Version: 1, Name: catalog.Text{"en": id}, Kind: promotion.Percentage, Class: promotion.Order,
		State:  promotion.Scheduled,
		Starts: noon.Add(-time.Hour), Ends: noon.Add(time.Hour), Targets: promotion.Targets{All: true},
		Terms: promotion.Terms{BasisPoints: 1_000},
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func (b *bench) put(p promotion.Promotion) {
	b.t.Helper()
	if err := b.store.Table.Put(b.t.Context(), b.store.Create(&store.Record{Promotion: p})); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) current() *store.Snapshot {
	b.t.Helper()
	s, err := b.cache.Current(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

func TestABoardIsAtMostTwoSecondsOld(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if b.current().Promotion("promo_a") != nil {
		t.Fatal("there is something before anything was written")
	}
	b.put(promo("promo_a"))
	before := b.trips.Load()
	b.clock.Advance(store.Fresh - time.Millisecond)
	if b.current().Promotion("promo_a") != nil || b.trips.Load() != before {
		t.Error("a fresh cache asked again")
	}
	b.clock.Advance(time.Millisecond)
	if b.current().Promotion("promo_a") == nil {
		t.Error("after two seconds the cache does not know it")
	}
	b.cache.Invalidate()
	b.put(promo("promo_b"))
	if b.current().Promotion("promo_b") == nil {
		t.Error("a cache that was told to forget did not ask")
	}
}

func TestABoardGoesOnWithWhatItHasWhileTheDatabaseIsOutOfReach(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.db.down.Store(true)
	if _, err := b.cache.Current(t.Context()); err == nil {
		t.Error("a cache that knows nothing answers")
	}
	b.db.down.Store(false)
	b.put(promo("promo_a"))
	b.current()
	b.db.down.Store(true)
	b.clock.Advance(time.Hour)
	if b.current().Promotion("promo_a") == nil {
		t.Error("what was known is forgotten")
	}
}

func TestWhatASnapshotHas(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put(promo("promo_draft", func(p *promotion.Promotion) { p.State = promotion.Draft }))
	b.put(promo("promo_coming", func(p *promotion.Promotion) { p.Starts, p.Ends = noon.AddDate(0, 1, 0), time.Time{} }))
	b.put(promo("promo_over", func(p *promotion.Promotion) { p.Ends = noon.AddDate(0, 0, -3) }))
	b.put(promo("promo_long_over", func(p *promotion.Promotion) { p.Ends = noon.AddDate(0, -3, 0) }))
	s := b.current()
	for id, want := range map[string]bool{"promo_draft": false, "promo_coming": true, "promo_over": true,
		"promo_long_over": false} {
		if got := s.Promotion(id) != nil; got != want {
			t.Errorf("%s: %v", id, got)
		}
	}
}

func TestOfTwoWhoChangeAPromotionNothingIsLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := "promo_01k9abcdefghjkmnpqrstvwxyz"
	b.put(promo(id))
	first := true
	r, err := b.store.Change(t.Context(), id, func(r *store.Record) (bool, error) {
		if first { // between reading and writing an edge is told
			first = false
			recorded, err := b.store.RecordMilestone(t.Context(),
				&store.Record{Key: r.Key, Promotion: r.Promotion, Event: &event.Event{ID: "evt_1"}}, store.Started)
			if err != nil || !recorded {
				t.Errorf("told %v, %v", recorded, err)
			}
		}
		r.Promotion.Priority++
		return true, nil
	})
	if err != nil || r.Promotion.Priority != 1 || r.Promotion.Version != 2 ||
		r.StartedFor != r.Promotion.Starts.UnixMilli() {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := b.store.Get(t.Context(), "promo_01k9zzzzzzzzzzzzzzzzzzzzzz"); problem.Code(err) != "promotion_not_found" {
		t.Errorf("got %v", err)
	}
}

func TestThePriceOnTheShelfFallsBackToTheNextSaleAndThenToTheList(t *testing.T) {
	t.Parallel()
	salePrice := func(id string, off int, hours time.Duration) promotion.Promotion {
		return promo(id, func(p *promotion.Promotion) {
			p.Kind, p.Class, p.Terms.BasisPoints, p.Ends = promotion.SalePrice, promotion.Product, off, noon.Add(hours*time.Hour)
		})
	}
	s := store.NewSnapshot([]promotion.Promotion{salePrice("deep", 3_000, 1), salePrice("flat", 1_000, 2)}, nil)
	v := catalog.Variant{ID: "v", Prices: map[string]catalog.Price{"KRW": {Amount: 10_000, Floor: 6_000}}}
	for after, want := range map[time.Duration]int64{0: 7_000, 1: 9_000, 2: 10_000} {
		price, sale := s.DisplayPrice(&catalog.Product{ID: "p"}, v, "KRW", noon.Add(after*time.Hour))
		if price.Amount != want || (sale == nil) != (want == 10_000) {
			t.Errorf("after %d hours %d by %+v, want %d", after, price.Amount, sale, want)
		}
	}
	if v.Prices["KRW"].Amount != 10_000 {
		t.Error("the variant itself was changed")
	}
}

func TestSegmentsAreReadOnlyWhenAPromotionAsksForThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.store.Table.BatchPut(t.Context(), store.Segments("cust-ann", "gold")); err != nil {
		t.Fatal(err)
	}
	facts := func() promotion.Facts {
		t.Helper()
		f, err := b.cache.Facts(t.Context(), b.current(), store.Shopper{CustomerID: "cust-ann"}, nil, noon)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := facts(); len(f.Segments) != 0 || !f.First {
		t.Errorf("%+v", f)
	}
	b.cache.Invalidate()
	b.put(promo("promo_gold", func(p *promotion.Promotion) { p.Conditions.Segments = []string{"gold"} }))
	if f := facts(); len(f.Segments) != 1 || f.Segments[0] != "gold" {
		t.Errorf("%+v", f)
	}
}

// TestOnePricingAsksAboutAGuestOnce prices one cart twice, as a change of a cart does, with the guest's address and the
// codes as they were and as others.
func TestOnePricingAsksAboutAGuestOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put(promo("promo_once", func(p *promotion.Promotion) { p.LimitPerCustomer = 1 }))
	if err := b.store.Table.BatchPut(t.Context(), map[string]any{
		"pk": store.KeyOfCounters("mail-ann").PK, "sk": store.KeyOfCounters("mail-ann").SK, "promo_once": 1,
	}); err != nil {
		t.Fatal(err)
	}
	reader := store.Once(b.cache)
	facts := func(who store.Shopper, codes []string, at time.Time) (f promotion.Facts, trips int64) {
		t.Helper()
		s, err := reader.Current(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before := b.trips.Load()
		if f, err = reader.Facts(t.Context(), s, who, codes, at); err != nil {
			t.Fatal(err)
		}
		return f, b.trips.Load() - before
	}
	ann, bob := store.Shopper{Guest: "mail-ann"}, store.Shopper{Guest: "mail-bob"}
	if f, trips := facts(ann, nil, noon); trips != 1 || f.Used["promo_once"].Customer != 1 {
		t.Fatalf("the first time: %d round trips, %+v", trips, f.Used)
	}
	chosen := ann
	chosen.Chosen = map[string][]string{"promo_gift": {"var_a"}}
	chosen.Languages = []string{"en"}
	f, trips := facts(chosen, nil, noon)
	if trips != 0 || f.Used["promo_once"].Customer != 1 || len(f.Chosen) != 1 || f.Languages[0] != "en" {
		t.Errorf("the same guest: %d round trips, %+v; want none, and what the cart has chosen since", trips, f)
	}
	for name, other := range map[string]struct {
		who   store.Shopper
		codes []string
		at    time.Time
	}{
		"another address": {bob, nil, noon},
		"another code":    {ann, []string{"WELCOME"}, noon},
		"another moment":  {ann, nil, noon.Add(time.Second)},
	} {
		// Back to the first, so that each differs in one thing.
		facts(ann, nil, noon)
		f, trips := facts(other.who, other.codes, other.at)
		if used := f.Used["promo_once"].Customer; trips != 1 || (used == 1) != (other.who.Guest == ann.Guest) {
			t.Errorf("%s: %d round trips, used %d times", name, trips, used)
		}
	}
	// What the merchant changes in between is seen by the next request, not in the middle of this one.
	b.put(promo("promo_new"))
	b.cache.Invalidate()
	if s, err := reader.Current(t.Context()); err != nil || s.Promotion("promo_new") != nil {
		t.Errorf("the promotions changed within a request (%v)", err)
	}
}
