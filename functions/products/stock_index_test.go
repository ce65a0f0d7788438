package products

import (
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dangol/events"
	"dangol/shared/platform/event"
	"dangol/shared/platform/function"
)

// consume hands an event to the function as the bus does.
func (s *shop) consume(body event.Body) {
	s.Helper()
	e, err := event.New(s.Context(), s.clock.Now(), body)
	if err != nil {
		s.Fatal(err)
	}
	payload, err := json.Marshal(object{"source": event.Source, "detail-type": e.Type, "detail": e.Envelope()})
	if err != nil {
		s.Fatal(err)
	}
	f := function.Handlers{Events: s.consumers(), Log: slog.New(slog.DiscardHandler)}.Lambda()
	if _, err := f.Invoke(s.Context(), payload); err != nil {
		s.Fatal(err)
	}
}

// available creates products with units each, and consumes the events of that.
func (s *shop) available(units map[string]int) map[string]ProductDocument {
	s.Helper()
	all := map[string]ProductDocument{}
	for handle, n := range units {
		d := s.create(cream(handle).variant("available", n))
		s.consume(events.ProductCreated{ProductRef: events.ProductRef{ProductID: d.ID}})
		all[handle] = d
	}
	return all
}

func TestAListIsFilteredByAvailability(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.available(map[string]int{"plenty": 50, "few": 3, "none": 0, "neither": 0})
	opens := opening.Add(48 * time.Hour)
	later := s.create(cream("later").variant("edition", object{"opensAt": opens.Format(time.RFC3339), "buckets": 2}))
	s.consume(events.ProductCreated{ProductRef: events.ProductRef{ProductID: later.ID}})
	for availability, want := range map[string][]string{
		"in_stock": {"plenty"}, "low": {"few"}, "out": {"neither", "none"}, "not_open_yet": {"later"},
		"": {"few", "later", "neither", "none", "plenty"},
	} {
		path := "/products"
		if availability != "" {
			path += "?availability=" + availability
		}
		got := s.handles(path)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%q lists %v, want %v", availability, got, want)
		}
	}
	s.api.Do("GET", "/products?availability=soon", nil).WantField("query/availability")
	// The edition opens: time alone moves it to the list of what can be bought.
	s.clock.Advance(49 * time.Hour)
	if got := s.handles("/products?availability=in_stock"); !slices.Contains(got, "later") {
		t.Errorf("after its opening %v can be bought", got)
	}
}

func TestFacetsCountAvailabilities(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.available(map[string]int{"plenty": 50, "few": 3, "none": 0, "neither": 0})
	for _, tt := range []struct {
		query string
		want  []ProductFacet
	}{
		{"language=en", []ProductFacet{{"in_stock", "In stock", 1}, {"low", "Low stock", 1}, {"out", "Sold out", 2}}},
		{"language=ko", []ProductFacet{{"in_stock", "구매 가능", 1}, {"low", "품절 임박", 1}, {"out", "품절", 2}}},
		{"language=fr", []ProductFacet{{"in_stock", "구매 가능", 1}, {"low", "품절 임박", 1}, {"out", "품절", 2}}},
		{"language=en&availability=out", []ProductFacet{{"out", "Sold out", 2}}},
		{"language=en&category=nothing", []ProductFacet{}},
	} {
		var page ProductList
		s.api.Do("GET", "/products?facets=true&"+tt.query, nil).Want(200).Into(&page)
		if diff := cmp.Diff(tt.want, page.Facets.Availability); diff != "" {
			t.Errorf("%s: %s", tt.query, diff)
		}
	}
}

func TestPagesOfAFilteredListAreTheList(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.available(map[string]int{"a": 0, "b": 9, "c": 0, "d": 9, "e": 0, "f": 2})
	var got []string
	for path := "/products?availability=out&limit=2&sort=title"; path != ""; {
		var page ProductList
		s.api.Do("GET", path, nil).Want(200).Into(&page)
		if page.Total != 3 {
			t.Errorf("%d are sold out, want 3", page.Total)
		}
		for _, c := range page.Products {
			got = append(got, c.Handle)
		}
		if path = ""; page.NextCursor != "" {
			path = "/products?availability=out&limit=2&sort=title&cursor=" + page.NextCursor
		}
	}
	if slices.Sort(got); !slices.Equal(got, []string{"a", "c", "e"}) {
		t.Errorf("the pages have %v", got)
	}
}

// The stock moves; the event says so twice and late. The list follows the stock, not the numbers in the event.
func TestTheListFollowsTheStockAndNotTheEvent(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cream := s.available(map[string]int{"cream": 50})["cream"]
	v := cream.Variants[0].ID
	soldOut := events.StockLevelChanged{VariantID: v, Before: 2, Available: 0, Availability: "out"}
	s.consume(soldOut)
	if got := s.handles("/products?availability=in_stock"); len(got) != 1 {
		t.Errorf("an old event took it out of the list: %v", got)
	}
	s.merchant.Do("PUT", "/stock/"+v, object{"available": 0}).Want(200)
	s.consume(soldOut)
	s.consume(soldOut)
	if got := s.handles("/products?availability=out"); len(got) != 1 {
		t.Errorf("sold out are %v", got)
	}
	s.merchant.Do("PUT", "/stock/"+v, object{"available": 4}).Want(200)
	s.clock.Advance(time.Second)
	s.consume(events.StockLevelChanged{VariantID: v, Before: 0, Available: 4, Availability: "low"})
	s.consume(soldOut) // overtaken
	if got := s.handles("/products?availability=low"); len(got) != 1 {
		t.Errorf("low are %v", got)
	}
}

func TestAReplacedProductIsListedByWhatItHasNow(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.available(map[string]int{"cream": 0})["cream"]
	if got := s.handles("/products?availability=out"); len(got) != 1 {
		t.Fatalf("sold out are %v", got)
	}
	d.Variants[0].Backorder = true
	after := s.put(d)
	s.clock.Advance(time.Second)
	s.consume(events.ProductUpdated{ProductRef: events.ProductRef{ProductID: after.ID}})
	if got := s.handles("/products?availability=in_stock"); len(got) != 1 {
		t.Errorf("sold on backorder, yet in stock are %v", got)
	}
}
