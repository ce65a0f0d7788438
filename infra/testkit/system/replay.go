package system

import (
	"testing"

	"dangol/shared/catalog"
	"dangol/shared/platform/api"
	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/table"
)

// replays sends each keyed route twice with one key, each in a shop of its own. In between, what the route is about
// leaves the catalog, as a merchant may take it down at any time. The repetition is answered as the first request was:
// a key is looked at before anything refuses the request.
func (f Function) replays(t *testing.T) {
	count := 0
	for _, route := range f.Spec.API.(*api.Service).Routes() {
		q, ok := f.Routes[route.ID]
		if !ok || route.Keyed == api.Unkeyed {
			continue
		}
		s := Open(t, f.Options...)
		b := q.things(s)
		s.RunUntilIdle()
		q.Body, q.Query = b.fill(q.Body), b.fill(q.Query)
		key := Unique("key-of-a-repeated-request")
		first := s.sendKeyed(s.caller(route, b), route, q, b, key)
		if (first.Status >= 300) != (q.Unrepeated != "") {
			t.Errorf("%s: %d %s, listed as not repeated because %q", route.ID, first.Status, first.Body, q.Unrepeated)
		}
		if first.Status >= 300 {
			continue
		}
		count++
		s.RunUntilIdle()
		s.sellNoMore(b)
		again := s.sendKeyed(s.caller(route, b), route, q, b, key)
		switch {
		case again.Status/100 != first.Status/100:
			t.Errorf("%s: %d, and repeated %d %s", route.ID, first.Status, again.Status, again.Body)
		// 200 after 201 says as well that nothing was made: a customer's only cart is there already.
		case again.Header.Get(idempotency.Replayed) != "true" && again.Status == first.Status:
			t.Errorf("%s: the repetition has no header %s: %v", route.ID, idempotency.Replayed, again.Header)
		}
	}
	t.Logf("%d routes repeated", count)
}

// sellNoMore removes the products of the things from the catalog and archives their plans.
func (s *Shop) sellNoMore(b Things) {
	s.T.Helper()
	for _, value := range b.Fill {
		product := value
		if of := catalog.ProductOf(value); of != "" {
			product = of
		}
		switch {
		case id.Is(catalog.ProductPrefix, product):
			err := s.Table("Commerce").Delete(s.T.Context(), table.Delete{Key: catalog.KeyOf(product)}) // nobody else changes it
			if err != nil {
				s.T.Fatal(err)
			}
		case id.Is("plan", value):
			s.Do(s.Merchant(), "POST", "/plans/"+value+"/archive", nil)
		}
	}
}
