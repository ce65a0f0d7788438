package service_test

import (
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/promotion"
)

// A code that no cart takes any more is not mailed, and nobody is told of a last day that is over.
func TestNoCodeIsMailedAfterItsLastDay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		ends time.Time
		want int
	}{
		{"that day is over", time.Date(2026, 3, 10, 0, 0, 0, 0, seoul), 0},
		{"it is today", time.Date(2026, 3, 11, 0, 0, 0, 0, seoul), 2},
		{"it ends in the middle of today", time.Date(2026, 3, 10, 23, 0, 0, 0, seoul), 2},
		{"there is none", time.Time{}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.Shop.Policy.Cap = compliance.FrequencyCap{}
			f.readers(2)
			p := &promotion.Promotion{ID: "promo_1", Ends: test.ends}
			p.Codes.Batch = promotion.NewBatch("batch_1", "SPRING", 10)
			f.coupon(p)
			codes, until := f.codes("2026-03-10T12:10")
			if len(codes) != test.want {
				t.Errorf("mailed %v until %v", codes, until)
			}
			// Extended, each gets a code after all: none was lost to the mails that were not sent.
			p.Ends = time.Date(2026, 5, 1, 0, 0, 0, 0, seoul)
			f.coupon(p)
			if codes, until = f.codes("2026-03-10T12:40"); len(codes) != 2 {
				t.Errorf("after it was extended mailed %v until %v", codes, until)
			}
		})
	}
}
