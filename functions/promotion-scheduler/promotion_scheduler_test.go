package promotionscheduler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/events"
	"dangol/functions/promotion-scheduler"
	"dangol/infra/testkit/localtest"
	"dangol/shared/catalog"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/schedule"
	"dangol/shared/promotion/store"
)

var (
	starts = time.Date(2026, 11, 27, 1, 0, 0, 0, time.UTC)
	ends   = time.Date(2026, 11, 29, 15, 0, 0, 0, time.UTC)
)

const promotionID = "promo_01k9abcdefghjkmnpqrstvwxyz"

// bench is the function with a shop of its own.
type bench struct {
	t       *testing.T
	clock   *clock.Movable
	table   *table.Table
	f       promotionscheduler.Scheduler
	metrics bytes.Buffer
	mu      sync.Mutex
	planned int
}

// Plan counts how often schedules were made anew.
func (b *bench) Plan(context.Context, *promotion.Promotion) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.planned++
	return nil
}

func newBench(t *testing.T, change ...func(*promotion.Promotion)) *bench {
	t.Helper()
	b := &bench{t: t, clock: clock.Stopped(starts.Add(-time.Hour))}
	b.table = table.New(localtest.DB(t), localtest.Name(t, table.Commerce), nil)
	promotions := store.Store{Table: b.table, Clock: b.clock}
	b.f = promotionscheduler.Scheduler{
		Store: promotions, Table: b.table, Planner: b, Listing: catalog.NewListing(b.table, b.clock, 0), Zone: time.UTC,
		Metrics: metrics.New(&b.metrics, b.clock, nil), Clock: b.clock, Log: slog.New(slog.DiscardHandler),
	}
	p := promotion.Promotion{
		ID: promotionID, Version: 1, Name: catalog.Text{"ko": "세일"}, Kind: promotion.Percentage, Class: promotion.Order,
		State:  promotion.Scheduled,
		Starts: starts, Ends: ends, TimeZone: "Asia/Seoul", Targets: promotion.Targets{All: true},
		Terms: promotion.Terms{BasisPoints: 2_000},
	}
	for _, c := range change {
		c(&p)
	}
	if err := b.table.Put(t.Context(), promotions.Create(&store.Record{Promotion: p})); err != nil {
		t.Fatal(err)
	}
	return b
}

func paused(p *promotion.Promotion)  { p.State = promotion.Paused }
func draft(p *promotion.Promotion)   { p.State = promotion.Draft }
func onShelf(p *promotion.Promotion) { p.Kind, p.Class = promotion.SalePrice, promotion.Product }

// fire sends what a schedule sends.
func (b *bench) fire(e store.Boundary, at time.Time) error {
	raw, err := json.Marshal(schedule.Fired{PromotionID: promotionID, Boundary: e, At: at})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.invoke(raw)
}

// invoke hands the function a payload, as Lambda does.
func (b *bench) invoke(payload []byte) error {
	_, err := b.f.Handler().Invoke(b.t.Context(), payload)
	return err
}

// deliver sends an event of the bus.
func (b *bench) deliver(id string, body event.Body) {
	b.t.Helper()
	if err := b.send(id, body); err != nil {
		b.t.Fatal(err)
	}
}

// send is deliver for an event whose consumer may fail.
func (b *bench) send(id string, body event.Body) error {
	b.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		b.t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{
		"detail-type": body.EventType(), "source": "dangol",
		"detail": event.Envelope{ID: id, Type: body.EventType(), Time: b.clock.Now(), Data: data},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.invoke(raw)
}

func (b *bench) published() *event.Event {
	b.t.Helper()
	r, err := b.f.Store.Get(b.t.Context(), promotionID)
	if err != nil {
		b.t.Fatal(err)
	}
	return r.Event
}

func TestEachEdgeIsToldOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.clock.MoveTo(starts)
	if err := b.fire(store.Start, starts); err != nil {
		t.Fatal(err)
	}
	first := b.published()
	if first == nil || first.Type != "promotion.started" {
		t.Fatalf("the start told %+v", first)
	}
	b.clock.Advance(time.Minute)
	if err := b.fire(store.Start, starts); err != nil || b.published().ID != first.ID {
		t.Errorf("fired twice it told %s after %s (%v)", b.published().ID, first.ID, err)
	}
	b.clock.MoveTo(ends)
	var all sync.WaitGroup
	for range 5 { // at once, as when Scheduler gets no answer
		all.Go(func() {
			if err := b.fire(store.End, ends); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := b.published().Type; got != "promotion.ended" ||
		strings.Count(b.metrics.String(), `"PromotionEnded":1`) != 1 {
		t.Errorf("the end told %s, with the metrics %s", got, b.metrics.String())
	}
}

func TestSchedulesThatFireWrongly(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		change   func(*promotion.Promotion)
		now      time.Time
		boundary store.Boundary
		at       time.Time
		event    string
		planned  int
		fails    bool
	}{
		{"late, after the end: both edges are told", func(*promotion.Promotion) {}, ends.Add(time.Hour), store.Start, starts,
			"promotion.ended", 0, false},
		{"early, for a start that was moved: nothing is told, and it is planned again",
			func(p *promotion.Promotion) { p.Starts = starts.Add(time.Hour) }, starts, store.Start, starts, "", 1, false},
		{"before the write that publishes it is visible: tried again", draft, starts, store.Start, starts, "", 0, true},
		{"for a write that came to nothing: let go after two minutes", draft, starts.Add(2*time.Minute + time.Second),
			store.Start, starts, "", 0, false},
		{"paused before its start: nothing is published", paused, starts, store.Start, starts, "", 0, false},
		{"paused before its start until its end: nothing is published", paused, ends, store.End, ends, "", 0, false},
		{"for an end that is no more", func(p *promotion.Promotion) { p.Ends = time.Time{} }, ends, store.End, ends,
			"promotion.started", 1, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tc.change)
			b.clock.MoveTo(tc.now)
			err := b.fire(tc.boundary, tc.at)
			got := ""
			if e := b.published(); e != nil {
				got = e.Type
			}
			if (err != nil) != tc.fails || got != tc.event || b.planned != tc.planned {
				t.Errorf("told %q, planned %d times, error %v", got, b.planned, err)
			}
		})
	}
	b := newBench(t)
	raw := json.RawMessage(`{"promotionId":"promo_01k9zzzzzzzzzzzzzzzzzzzzzz","edge":"start","at":"2026-11-27T01:00:00Z"}`)
	if err := b.invoke(raw); err != nil {
		t.Errorf("for a promotion that is gone: %v", err)
	}
	if err := b.invoke([]byte(`{}`)); err == nil {
		t.Error("an invocation that says nothing is taken")
	}
}

func TestASaleOnTheShelfIsWrittenIntoThePriceHistory(t *testing.T) {
	t.Parallel()
	b := newBench(t, onShelf)
	id := "prod_" + strings.Repeat("0", 25) + "1"
	product := &catalog.Product{
		Key: catalog.KeyOf(id), ID: id, Handle: "soap", Version: 1, Status: catalog.Active, Title: catalog.Text{"ko": "비누"},
		CreatedAt: b.clock.Now(), UpdatedAt: b.clock.Now(),
		Variants: []catalog.Variant{{ID: catalog.VariantID(id, 0), Untracked: true,
			Prices: map[string]catalog.Price{"KRW": {Amount: 10_000, Floor: 8_500}}}},
	}
	if err := catalog.Create(t.Context(), b.table, product, nil); err != nil {
		t.Fatal(err)
	}
	ref := events.PromotionRef{PromotionID: promotionID, Kind: "sale_price", At: starts}
	b.deliver("evt_1", events.PromotionStarted{PromotionRef: ref})
	b.deliver("evt_1", events.PromotionStarted{PromotionRef: ref})
	ref.At = ends
	b.deliver("evt_2", events.PromotionEnded{PromotionRef: ref})
	rows, err := catalog.PriceHistory(t.Context(), b.table, id, starts.Add(-time.Hour), ends.Add(time.Hour))
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows: %+v (%v)", len(rows), rows, err)
	}
	if got := rows[0].Changes[0]; got.Price.Amount != 8_500 || got.Price.CompareAt != 10_000 ||
		got.Previous.Amount != 10_000 {
		t.Errorf("at the start %+v, want 8,500: a fifth off goes below the floor", got)
	}
	if got := rows[1].Changes[0]; got.Price.Amount != 10_000 || got.Previous.Amount != 8_500 || !rows[1].At.Equal(ends) {
		t.Errorf("at the end %+v", got)
	}
}

func TestWhenABudgetIsUsedUp(t *testing.T) {
	t.Parallel()
	won := func(n int64) promotion.Amounts { return promotion.Amounts{"KRW": n} }
	for _, tc := range []struct {
		name   string
		budget promotion.Budget
		used   promotion.Used
		want   bool
	}{
		{"never used", promotion.Budget{Uses: 3, Spend: won(100)}, promotion.Used{}, false},
		{"uses left", promotion.Budget{Uses: 3}, promotion.Used{Uses: 2}, false},
		{"no use left", promotion.Budget{Uses: 3}, promotion.Used{Uses: 3}, true},
		{"as much left as an order costs", promotion.Budget{Spend: won(300)}, promotion.Used{Uses: 2, Spend: won(200)},
			false},
		{"less left than an order costs", promotion.Budget{Spend: won(299)}, promotion.Used{Uses: 2, Spend: won(200)}, true},
	} {
		if got := promotionscheduler.BudgetExhausted(tc.budget, tc.used); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}
