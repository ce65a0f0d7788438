package fraud_test

import (
	"testing"
	"time"

	"dangol/shared/review/fraud"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// spread is n times, one each step, the newest one step ago.
func spread(n int, step time.Duration) (times []time.Time) {
	for i := range n {
		times = append(times, now.Add(-time.Duration(i+1)*step))
	}
	return times
}

func TestAssess(t *testing.T) {
	t.Parallel()
	const text = "거품이 풍성하고 향이 은은해서 온 가족이 함께 쓰고 있어요"
	copies := func(n int) (c []fraud.Copy) {
		for range n {
			c = append(c, fraud.Copy{ReviewID: "rev_a", Similarity: 0.9})
		}
		return c
	}
	for _, tt := range []struct {
		name   string
		facts  fraud.Facts
		signal string // "" for none
		hold   bool
	}{
		{"an honest review", fraud.Facts{Text: text, Recent: spread(40, 20*time.Hour), Delivered: now.Add(-72 * time.Hour)},
			"", false},
		{"one copy is a signal, not a reason to hold", fraud.Facts{Text: text, Copies: copies(1)}, "near_duplicate", false},
		{"two copies are held", fraud.Facts{Text: text, Copies: copies(2)}, "near_duplicate", true},
		{"a burst against the product's own rate",
			fraud.Facts{Text: text, Recent: append(spread(9, time.Hour), spread(3, 40*24*time.Hour)...)}, "burst", false},
		{"many reviews of a product that always has many", fraud.Facts{Text: text, Recent: spread(100, 2*time.Hour)}, "",
			false},
		{"the first week of a new product", fraud.Facts{Text: text, Recent: spread(6, time.Hour)}, "", false},
		{"an address of another account", fraud.Facts{Text: text, SharedBy: fraud.Shared{Address: 1}}, "shared_account",
			false},
		{"address and device of the family", fraud.Facts{Text: text, SharedBy: fraud.Shared{Address: 1, Device: 2}},
			"shared_account", false},
		{"address and device of many accounts", fraud.Facts{Text: text, SharedBy: fraud.Shared{Address: 4, Device: 4}},
			"shared_account", true},
		{"one card of many accounts, with a copy",
			fraud.Facts{Text: text, SharedBy: fraud.Shared{Payment: 5}, Copies: copies(1)}, "shared_account", true},
		{"before delivery", fraud.Facts{Text: text, Delivered: now.Add(time.Hour)}, "before_delivery", false},
		{"refunded after two rewards", fraud.Facts{Text: text, Author: fraud.Author{RefundedAfterReward: 2}},
			"refunded_after_reward", true},
		{"only five stars so far", fraud.Facts{Text: text, Author: fraud.Author{Stars: [5]int{4: 9}}}, "extremes_only",
			false},
		{"only one star so far weighs the same", fraud.Facts{Text: text, Author: fraud.Author{Stars: [5]int{0: 9}}},
			"extremes_only", false},
		{"all kinds of stars", fraud.Facts{Text: text, Author: fraud.Author{Stars: [5]int{1, 1, 1, 2, 9}}}, "", false},
		{"staff", fraud.Facts{Text: text, Author: fraud.Author{Staff: true}}, "staff", true},
		{"an order that coupons paid", fraud.Facts{Text: text, Order: fraud.Order{Paid: 1000, Listed: 20000}}, "coupon_only",
			false},
		{"a discount of a third", fraud.Facts{Text: text, Order: fraud.Order{Paid: 20000, Listed: 30000}}, "", false},
		{"taken down twice before", fraud.Facts{Text: text, Author: fraud.Author{Rejected: 2}}, "rejected_before", true},
		{"delivery only", fraud.Facts{Text: "배송 빨라요 감사합니다"}, "delivery_only", false},
		{"English delivery only", fraud.Facts{Text: "Fast shipping, thanks!"}, "delivery_only", false},
		{"delivery and product", fraud.Facts{Text: "배송도 빠르고 향이 은은해요"}, "", false},
		{"few different characters", fraud.Facts{Text: "굿굿굿굿굿굿 좋아좋아좋아좋아 굿굿굿굿굿굿굿굿"}, "repeated_characters", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.facts.Written = now
			got := fraud.Assess(tt.facts)
			if got.Hold() != tt.hold {
				t.Errorf("hold %v with %+v", got.Hold(), got)
			}
			switch {
			case tt.signal == "" && len(got.Signals) > 0:
				t.Errorf("signals %+v", got.Signals)
			case tt.signal != "" && (len(got.Signals) == 0 || got.Signals[len(got.Signals)-1].Name != tt.signal &&
				got.Signals[0].Name != tt.signal):
				t.Errorf("signals %+v, want %s", got.Signals, tt.signal)
			}
			sum := 0
			for _, s := range got.Signals {
				if sum += s.Weight; s.Detail == "" || s.Weight <= 0 {
					t.Errorf("signal %+v explains nothing", s)
				}
			}
			if sum != got.Score {
				t.Errorf("score %d, sum of signals %d", got.Score, sum)
			}
		})
	}
}
