package hotitem_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"dangol/infra/testkit/hotitem"
)

// mostAgain is the share of orders that may be told to try again, in percent.
const mostAgain = 1.0

// TestFiveHundredOrdersASecondShareOneBudget plays 500 orders a second on one promotion, with a budget that lasts and
// with one that ends meanwhile, while items are busy for 5, 10 and 20 ms: below 1 % is told to try again, and a budget
// that ends is used to the last order that fits.
func TestFiveHundredOrdersASecondShareOneBudget(t *testing.T) {
	t.Parallel()
	for _, budget := range []struct {
		name string
		play hotitem.Play
	}{
		{"that lasts", hotitem.Play{Uses: 1_000_000}},
		{"of 1500 orders", hotitem.Play{Uses: 1_500}},
		{"of 7,500,000 won", hotitem.Play{Spend: 7_500_000}},
	} {
		for _, busy := range []time.Duration{5 * time.Millisecond, 10 * time.Millisecond, 20 * time.Millisecond} {
			t.Run(fmt.Sprintf("a budget %s, items busy for %s", budget.name, busy), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					play := budget.play
					play.Rate, play.For, play.Busy = 500, 6*time.Second, busy
					got, err := play.Run(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					t.Logf("%d taken, %d used up, %.2f %% again, p50 %s, p99 %s", got.Taken, got.UsedUp, got.AgainShare(),
						got.Percentile(50), got.Percentile(99))
					if got.AgainShare() >= mostAgain {
						t.Errorf("%.2f %% were told to try again", got.AgainShare())
					}
					switch {
					case play.Uses > 0 && got.Taken > play.Uses:
						t.Errorf("%d orders of a budget of %d", got.Taken, play.Uses)
					case play.Uses > 0 && got.UsedUp > 0 && got.Taken+got.Again < play.Uses:
						t.Errorf("others were refused with %d orders of %d", got.Taken, play.Uses)
					case play.Uses == 0 && got.Spent > play.Spend:
						t.Errorf("%d won of a budget of %d", got.Spent, play.Spend)
					// The smallest order that can be refused costs 1,000.
					case play.Uses == 0 && got.Again == 0 && play.Spend-got.Spent >= 1_000:
						t.Errorf("%d of %d won are left", play.Spend-got.Spent, play.Spend)
					}
				})
			})
		}
	}
}

// TestOneCounterForAllOrdersDoesNotCarryThem is what slices are for: most of the orders are told to try again.
func TestOneCounterForAllOrdersDoesNotCarryThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got, err := hotitem.Play{Rate: 500, For: time.Second, Busy: 20 * time.Millisecond, Uses: 1_000_000,
			OneCounter: true}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.AgainShare() < 25 {
			t.Errorf("%.2f %% were told to try again with one counter", got.AgainShare())
		}
	})
}
