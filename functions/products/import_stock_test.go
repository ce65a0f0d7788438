package products

import (
	"strings"
	"testing"
)

func TestADeliveryIsAddedOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.importCSV("", tee)
	d := s.edit(s.page("tee").ID)
	small, medium := d.Variants[0].ID, d.Variants[1].ID
	s.merchant.Do("POST", "/stock/"+small+"/adjustments", object{"delta": -4, "reason": "sold"}).Want(200)
	for range 2 { // the second time as after an answer that was lost
		s.importCSV("?stock=add&delivery=PO-1", tee)
		if s.stockOf(small) != 1+5 || s.stockOf(medium) != 7+7 {
			t.Fatalf("small %d, medium %d", s.stockOf(small), s.stockOf(medium))
		}
	}
	if r := s.importCSV("?stock=add&delivery=PO-1", tee); r.Updated != 0 {
		t.Errorf("a repetition says %+v", r.counts())
	}
	s.importCSV("?stock=add&delivery=PO-2", tee)
	if s.stockOf(small) != 11 || s.stockOf(medium) != 21 {
		t.Errorf("the next delivery: small %d, medium %d", s.stockOf(small), s.stockOf(medium))
	}
}

func TestADeliveryOfANewProductIsAddedOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for range 2 {
		s.importCSV("?stock=add&delivery=PO-1", tee)
	}
	if got := s.stockOf(s.edit(s.page("tee").ID).Variants[0].ID); got != 5 {
		t.Errorf("%d units", got)
	}
}

func TestWhatCannotBeImportedIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, tc := range []struct{ name, query, file, code string }{
		{"a delivery without a name", "?stock=add", tee, "/delivery"},
		{"a name without a delivery", "?delivery=PO-1", tee, "/delivery"},
		{"a file as Korean Excel saves it", "", "Handle,Title,Variant Price\nsoap,\xba\xf1\xb4\xa9,100", "wrong_encoding"},
	} {
		got := s.merchant.With("Content-Type", "text/csv").Do("POST", "/products/import"+tc.query, tc.file)
		if got.Status != 422 || !strings.Contains(got.Body, tc.code) {
			t.Errorf("%s: %d %s", tc.name, got.Status, got.Body)
		}
	}
}
