package products

import (
	"sync"
	"testing"

	"dangol/shared/stock"
)

func TestStock(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.create(cream("cream")).Variants[0].ID
	var got StockLevel
	s.merchant.Do("GET", "/stock/"+id, nil).Want(200).Into(&got)
	if got.Available != 20 || len(got.Buckets) != 1 {
		t.Fatalf("%+v", got)
	}
	s.merchant.Do("PUT", "/stock/"+id, object{"available": 5}).Want(200).Into(&got)
	if got.Available != 5 || !got.SetAt.Equal(opening) {
		t.Fatalf("%+v", got)
	}
	adjust := "/stock/" + id + "/adjustments"
	s.merchant.Do("POST", adjust, object{"delta": -2, "reason": "broken"}).Want(200).Into(&got)
	if got.Available != 3 || got.Adjustments[0].Reason != "broken" || got.Adjustments[0].By != "merchant-1" {
		t.Fatalf("%+v", got)
	}
	p := s.merchant.Do("POST", adjust, object{"delta": -4, "reason": "broken"}).WantProblem(409, "insufficient_stock")
	if p.Extra["available"] != 3.0 {
		t.Fatalf("%+v", p)
	}
	s.merchant.Do("POST", adjust, object{"delta": 0, "reason": "x"}).WantField("/delta")
	s.merchant.Do("POST", adjust, object{"delta": 1}).WantField("/reason")
	s.merchant.Do("GET", "/stock/"+id, nil).Want(200).Into(&got)
	if got.Available != 3 || len(got.Adjustments) != 1 {
		t.Fatalf("%+v", got)
	}
}

func TestTheSameKeyAdjustsOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.create(cream("cream")).Variants[0].ID
	take := func() string {
		r := s.merchant.With("Idempotency-Key", "k").Do("POST", "/stock/"+id+"/adjustments",
			object{"delta": -15, "reason": "lost"})
		return r.Want(200).Body
	}
	first := take()
	if again := take(); again != first {
		t.Fatalf("first %s\nagain %s", first, again)
	}
	var got StockLevel
	s.merchant.Do("GET", "/stock/"+id, nil).Want(200).Into(&got)
	if got.Available != 5 {
		t.Fatalf("%+v", got)
	}
}

func TestConcurrentAdjustmentsAllCount(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	v := s.create(cream("drop").variant("edition", object{"opensAt": opening, "buckets": 5})).Variants[0].ID
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s.merchant.Do("POST", "/stock/"+v+"/adjustments", object{"delta": 3, "reason": "found"}).Want(200)
		})
		all.Go(func() {
			s.merchant.Do("POST", "/stock/"+v+"/adjustments", object{"delta": -4, "reason": "lost"}).Want(200)
		})
	}
	all.Wait()
	var got StockLevel
	s.merchant.Do("GET", "/stock/"+v, nil).Want(200).Into(&got)
	if got.Available != 20+4*3-4*4 || len(got.Buckets) != 5 || len(got.Adjustments) != 8 {
		t.Fatalf("%+v", got)
	}
}

func TestBucketsGrowAndDoNotShrink(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("drop").variant("edition", object{"opensAt": opening, "buckets": 3}))
	d.Variants[0].Edition.Buckets = 6
	d = s.put(d)
	var got StockLevel
	s.merchant.Do("GET", "/stock/"+d.Variants[0].ID, nil).Want(200).Into(&got)
	if got.Available != 20 || len(got.Buckets) != 6 {
		t.Fatalf("%+v", got)
	}
	d.Variants[0].Edition = nil
	s.merchant.With("If-Match", "*").Do("PUT", "/products/"+d.ID, d).WantField("/variants/0/edition/buckets")
}

func TestTrackingAgainFindsTheOldStock(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	d := s.create(cream("cream"))
	d.Variants[0].Untracked = true
	d = s.put(d)
	if v := s.page("cream").Variants[0]; v.Availability != "in_stock" {
		t.Fatalf("%+v", v)
	}
	d.Variants[0].Untracked = false
	d = s.put(d)
	levels, err := stock.Read(t.Context(), s.table,
		stock.Keys([]stock.Request{{VariantID: d.Variants[0].ID, Quantity: 1, Buckets: 1}}))
	if err != nil || stock.Available(levels, d.Variants[0].ID, 1) != 20 {
		t.Fatal(levels, err)
	}
}
