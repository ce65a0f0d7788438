package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"dangol/events"
	"dangol/infra/local/stream"
	"dangol/infra/testkit/enginetest"
	"dangol/infra/testkit/localtest"
	"dangol/shared/catalog"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// indexed is a shop whose stock changes are read from the engine's stream, as relay does, and wait to be delivered.
type indexed struct {
	*shop
	index   catalog.StockIndex
	listing *catalog.Listing
	reader  *stream.Reader
	waiting []events.StockLevelChanged
}

func newIndexed(t testing.TB) *indexed {
	t.Helper()
	s := &indexed{shop: &shop{TB: t, table: localtest.Streamed(t, table.Commerce), clock: clock.Stopped(opening)}}
	s.index = catalog.StockIndex{Cache: catalog.NewCache(s.table, s.clock, time.Minute)}
	s.listing = catalog.NewListing(s.table, s.clock, 0)
	s.reader = stream.NewReader(stream.Mapping{Function: "relay", Tables: []string{s.table.Name()}}, stream.Options{
		Client: enginetest.Streams(t), Clock: s.clock,
		Invoke: func(_ context.Context, _ string, payload []byte) ([]byte, error) {
			var batch event.StreamBatch
			if err := json.Unmarshal(payload, &batch); err != nil {
				return nil, err
			}
			for _, r := range batch.Records {
				e, ok, err := stock.LevelChange(r)
				if err != nil {
					return nil, err
				}
				if !ok {
					continue
				}
				var change events.StockLevelChanged
				if err := e.Into(&change); err != nil {
					return nil, err
				}
				s.waiting = append(s.waiting, change)
			}
			return []byte("{}"), nil
		},
	})
	return s
}

// stocked adds a product and has the index look at it, as product.created does.
func (s *indexed) stocked(p *catalog.Product, units int) *catalog.Product {
	s.Helper()
	s.add(p, units)
	s.productChanged(p.ID)
	return p
}

func (s *indexed) productChanged(productID string) {
	s.Helper()
	if err := s.index.ProductChanged(s.Context(), productID); err != nil {
		s.Fatal(err)
	}
}

// sell takes units out of the stock of a variant as a checkout does.
func (s *indexed) sell(v catalog.Variant, units int) {
	s.Helper()
	wants := []stock.Request{{VariantID: v.ID, Quantity: units, Buckets: v.Buckets()}}
	levels, err := stock.Read(s.Context(), s.table, stock.Keys(wants))
	if err != nil {
		s.Fatal(err)
	}
	writes, _, short := stock.Hold(levels, wants, rand.Int())
	if short != nil {
		s.Fatalf("not %d units of %s", units, v.ID)
	}
	if err := s.table.Transact(s.Context(), id.Secret(), writes...); err != nil {
		s.Fatal(err)
	}
}

// published reads the stream to its end and returns the events that wait, which then wait no longer.
func (s *indexed) published() []events.StockLevelChanged {
	s.Helper()
	if _, err := s.reader.Poll(s.Context()); err != nil {
		s.Fatal(err)
	}
	got := s.waiting
	s.waiting = nil
	return got
}

// deliver hands the events to the index and returns what that wrote, in units.
func (s *indexed) deliver(all ...events.StockLevelChanged) float64 {
	s.Helper()
	ctx, meter := table.Metered(s.Context())
	for _, e := range all {
		if err := s.index.LevelChanged(ctx, e.VariantID); err != nil {
			s.Fatal(err)
		}
	}
	return meter.Cost().Write
}

// listed is the handles that a list filtered by the availability has, sorted.
func (s *indexed) listed(a stock.Availability) []string {
	s.Helper()
	got := handles(s.list(s.listing, catalog.ListQuery{Filter: catalog.Filter{Availability: a}}))
	slices.Sort(got)
	return got
}

// wantListed checks in which of the filtered lists the product is, and that the facets agree.
func (s *indexed) wantListed(handle string, want stock.Availability) {
	s.Helper()
	total := 0
	for _, a := range catalog.Availabilities {
		if in := slices.Contains(s.listed(a), handle); in != (a == want) {
			s.Errorf("%s is in the list of %s: %v, want it in %s only", handle, a, in, want)
		}
		total += len(s.listed(a))
	}
	facets, err := s.listing.Facets(s.Context(), catalog.ListQuery{})
	if err != nil {
		s.Fatal(err)
	}
	counted := 0
	for _, f := range facets.Availabilities {
		if got := len(s.listed(stock.Availability(f.Value))); got != f.Products {
			s.Errorf("the facet says %d are %s, the list has %d", f.Products, f.Value, got)
		}
		counted += f.Products
	}
	if counted != total || total != facets.Total {
		s.Errorf("%d of %d products are in a facet of availability, %d in a list", counted, facets.Total, total)
	}
}

// Twenty sales, one unit each: the list is written when the product gets low and when it is sold out, and not for the
// other eighteen.
func TestAListIsWrittenWhenALevelCrossesABoundAndNotOtherwise(t *testing.T) {
	t.Parallel()
	s := newIndexed(t)
	p := s.stocked(s.product("cream", 12_000), 20)
	s.stocked(s.product("soap", 5_000), 20)
	if n := len(s.published()); n != 0 {
		t.Fatalf("%d events of new counters", n)
	}
	s.wantListed("cream", stock.InStock)
	for left := 19; left >= 0; left-- {
		s.clock.Advance(time.Second)
		s.sell(p.Variants[0], 1)
		got := s.published()
		crossed := left == stock.LowUnits || left == 0
		if wrote := s.deliver(got...); (len(got) == 1) != crossed || (wrote > 0) != crossed || len(got) > 1 {
			t.Errorf("at %d units: %d events, %v units written", left, len(got), wrote)
		}
		s.wantListed("cream", stock.AvailabilityOf(left))
		s.wantListed("soap", stock.InStock)
	}
	if wrote := s.deliver(events.StockLevelChanged{VariantID: p.Variants[0].ID}); wrote != 0 {
		t.Errorf("an event that comes again wrote %v units", wrote)
	}
}

func TestALevelThatCrossesBackIsListedAgain(t *testing.T) {
	t.Parallel()
	s := newIndexed(t)
	p := s.stocked(s.product("cream", 12_000), 0)
	s.wantListed("cream", stock.SoldOut)
	for _, units := range []int{3, 0, 40, 5, 6} {
		s.clock.Advance(time.Second)
		if err := stock.Set(t.Context(), s.table, p.Variants[0].ID, 1, units, s.clock.Now()); err != nil {
			t.Fatal(err)
		}
		s.deliver(s.published()...)
		s.wantListed("cream", stock.AvailabilityOf(units))
	}
}

// Events of many moves come twice, late and in any order; what is listed in the end is what is there.
func TestEventsOfStockInAnyOrderLeadToWhatIsThere(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			s, dice := newIndexed(t), rand.New(rand.NewPCG(seed, 1))
			p := s.stocked(s.product("cream", 12_000), 9)
			v, units := p.Variants[0].ID, 9
			var late []events.StockLevelChanged
			for range 12 {
				units = dice.IntN(9)
				if err := stock.Set(t.Context(), s.table, v, 1, units, s.clock.Now()); err != nil {
					t.Fatal(err)
				}
				late = append(late, s.published()...)
				// Some are delivered while others still wait.
				if dice.IntN(3) == 0 && len(late) > 0 {
					s.deliver(late[dice.IntN(len(late))])
				}
				s.clock.Advance(time.Duration(dice.IntN(3)) * time.Second)
			}
			late = append(late, late...)
			dice.Shuffle(len(late), func(i, j int) { late[i], late[j] = late[j], late[i] })
			s.deliver(late...)
			s.wantListed("cream", stock.AvailabilityOf(units))
		})
	}
}

// Several invocations look at one product while its stock moves to and fro. One that read an old level must not have
// the last word, although the row says again what it said when it was read.
func TestInvocationsThatOverlapLeaveTheLastLevel(t *testing.T) {
	t.Parallel()
	s := newIndexed(t)
	p := s.stocked(s.product("cream", 12_000), 9)
	v := p.Variants[0].ID
	for round := range 6 {
		var all sync.WaitGroup
		for _, units := range []int{0, 9, 0, 9, 3 * (round % 2)} {
			if err := stock.Set(t.Context(), s.table, v, 1, units, s.clock.Now()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				all.Go(func() {
					index := catalog.StockIndex{Cache: catalog.NewCache(s.table, s.clock, time.Minute)}
					if err := index.LevelChanged(t.Context(), v); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		s.clock.Advance(time.Second)
		s.wantListed("cream", stock.AvailabilityOf(3*(round%2)))
	}
}

func TestAGiftSetIsListedByWhatItsPartsAllow(t *testing.T) {
	t.Parallel()
	s := newIndexed(t)
	soap := s.stocked(s.product("soap", 5_000), 30)
	balm := s.stocked(s.product("balm", 9_000), 30)
	set := s.product("set", 20_000)
	set.Variants[0].Components = []catalog.Component{
		{VariantID: soap.Variants[0].ID, Quantity: 3}, {VariantID: balm.Variants[0].ID, Quantity: 1},
	}
	s.stocked(set, 0)
	s.published()
	for left := 29; left >= 0; left-- {
		s.clock.Advance(time.Second)
		s.sell(soap.Variants[0], 1)
		s.deliver(s.published()...)
		s.wantListed("set", stock.AvailabilityOf(left/3))
		s.wantListed("soap", stock.AvailabilityOf(left))
	}
	if err := stock.Set(t.Context(), s.table, soap.Variants[0].ID, 1, 90, s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	s.deliver(s.published()...)
	s.wantListed("set", stock.InStock)
	s.clock.Advance(time.Second)
	s.sell(balm.Variants[0], 26)
	s.deliver(s.published()...)
	s.wantListed("set", stock.Low)
}

func TestALimitedEditionIsListedByAllItsBucketsAndItsOpening(t *testing.T) {
	t.Parallel()
	s := newIndexed(t)
	opens := opening.Add(time.Hour)
	p := s.product("drop", 30_000)
	p.Variants[0].Edition = &catalog.Edition{OpensAt: opens, Buckets: 4}
	s.stocked(p, 14)
	s.wantListed("drop", catalog.NotOpenYet)
	// Nothing is written when it opens: the list knows the time.
	s.clock.Advance(time.Hour)
	s.wantListed("drop", stock.InStock)
	for left := 13; left >= 0; left-- {
		s.clock.Advance(time.Second)
		s.sell(p.Variants[0], 1)
		s.deliver(s.published()...)
		s.wantListed("drop", stock.AvailabilityOf(left))
	}
}

func TestAPartThatGetsMoreBucketsIsStillWatchedForItsSet(t *testing.T) {
	t.Parallel()
	s := newIndexed(t)
	soap := s.stocked(s.product("soap", 5_000), 24)
	set := s.product("set", 20_000)
	set.Variants[0].Components = []catalog.Component{{VariantID: soap.Variants[0].ID, Quantity: 4}}
	s.stocked(set, 0)
	s.clock.Advance(time.Second)
	soap = s.change(soap, func(p *catalog.Product) {
		p.Variants[0].Edition = &catalog.Edition{OpensAt: opening, Buckets: 3}
	})
	s.productChanged(soap.ID)
	if err := stock.Set(t.Context(), s.table, soap.Variants[0].ID, 3, 30, s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	s.deliver(s.published()...)
	for left := 29; left >= 2; left-- {
		s.clock.Advance(time.Second)
		s.sell(soap.Variants[0], 1)
		s.deliver(s.published()...)
		s.wantListed("set", stock.AvailabilityOf(left/4))
	}
}

func TestAChangedProductIsListedByItsNewVariants(t *testing.T) {
	t.Parallel()
	s := newIndexed(t)
	p := s.stocked(s.product("cream", 12_000), 0)
	s.wantListed("cream", stock.SoldOut)
	s.clock.Advance(time.Second)
	p = s.change(p, func(p *catalog.Product) { p.Variants[0].Untracked = true })
	s.productChanged(p.ID)
	s.wantListed("cream", stock.InStock)
	s.clock.Advance(time.Second)
	p = s.change(p, func(p *catalog.Product) { p.Variants[0].Untracked = false })
	s.productChanged(p.ID)
	s.wantListed("cream", stock.SoldOut)
}

func TestEventsOfWhatIsNotThereAreIgnored(t *testing.T) {
	t.Parallel()
	s := newIndexed(t)
	gone := s.product("gone", 1)
	for _, variantID := range []string{"", "var_nothing", gone.Variants[0].ID} {
		if wrote := s.deliver(events.StockLevelChanged{VariantID: variantID}); wrote != 0 {
			t.Errorf("%q wrote %v units", variantID, wrote)
		}
	}
	s.productChanged(gone.ID)
	if got := s.listed(stock.SoldOut); len(got) != 0 {
		t.Errorf("listed %v", got)
	}
}

// A listing that starts later, or reads everything again, knows the same as one that followed the changes.
func TestAListingThatStartsLaterKnowsTheStock(t *testing.T) {
	t.Parallel()
	s := newIndexed(t)
	for i, units := range []int{0, 3, 50, 0} {
		s.stocked(s.product(fmt.Sprint("p", i), 1_000), units)
		s.clock.Advance(20 * time.Second)
	}
	check := func(name string) {
		t.Helper()
		for a, want := range map[stock.Availability][]string{
			stock.SoldOut: {"p0", "p3"}, stock.Low: {"p1"}, stock.InStock: {"p2"},
		} {
			if got := s.listed(a); !slices.Equal(got, want) {
				t.Errorf("%s: %s is %v, want %v", name, a, got, want)
			}
		}
	}
	check("followed")
	s.listing = catalog.NewListing(s.table, s.clock, 0)
	check("started later")
	s.clock.Advance(2 * time.Hour)
	check("read again")
}
