package catalog

import (
	"testing"

	"pgregory.net/rapid"
)

// onSale is what a sale makes of a price: less by a share, or a fixed amount, and never below the floor.
func onSale(p Price, percent, fixed int64, spares bool) int64 {
	if spares && p.CompareAt > p.Amount {
		return p.Amount
	}
	amount := p.Amount - p.Amount*percent/100
	if fixed > 0 {
		amount = min(fixed, p.Amount)
	}
	return max(amount, min(p.Floor, p.Amount))
}

// Whatever the sale, the prices that a card keeps have the lowest and the highest of all variants among them.
func TestACardKeepsThePricesThatASaleMayMakeTheLowestOrTheHighest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		price := rapid.Custom(func(t *rapid.T) Price {
			p := Price{Amount: rapid.Int64Range(1, 30).Draw(t, "amount") * 100}
			p.Floor = rapid.SampledFrom([]int64{0, 500, 1_500}).Draw(t, "floor")
			if rapid.Bool().Draw(t, "reduced") {
				p.CompareAt = p.Amount + 100
			}
			return p
		})
		all := rapid.SliceOfN(price, 1, 12).Draw(t, "prices")
		percent, fixed := rapid.Int64Range(0, 100).Draw(t, "percent"), rapid.Int64Range(0, 3_000).Draw(t, "fixed")
		spares := rapid.Bool().Draw(t, "not on reduced ones")
		low := func(prices []Price) (least, most int64) {
			least = onSale(prices[0], percent, fixed, spares)
			for _, p := range prices {
				least = min(least, onSale(p, percent, fixed, spares))
				most = max(most, onSale(p, percent, fixed, spares))
			}
			return least, most
		}
		r := rangeOf(all)
		least, most := low(all)
		keptLeast, keptMost := low(append([]Price{r.Cheapest()}, r.Further()...))
		if least != keptLeast || most != keptMost {
			t.Fatalf("of %+v a sale makes %d to %d, of what the card keeps %d to %d", all, least, most, keptLeast, keptMost)
		}
	})
}

func TestACardOfVariantsWithOneFloorKeepsNoPricesBesidesItsRange(t *testing.T) {
	t.Parallel()
	r := rangeOf([]Price{{Amount: 3_000, Floor: 500}, {Amount: 1_000, Floor: 500}, {Amount: 2_000, Floor: 500}})
	if r.Min != 1_000 || r.Max != 3_000 || r.Floor != 500 || r.Others != nil {
		t.Errorf("%+v", r)
	}
}
