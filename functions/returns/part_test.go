package returns

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"dangol/shared/refund"
	"dangol/shared/rma"
)

// inspected is a return of three units of soap and one lamp, of which so many were accepted.
func inspected(soap, lamp int, damage int64) *rma.RMA {
	return &rma.RMA{
		Shipping: 3_000,
		Lines: []rma.Line{
			{LineID: "soap", Units: []int{1, 2, 3}, Result: rma.Result{Accepted: soap}},
			{LineID: "lamp", Units: []int{1}, Result: rma.Result{Accepted: lamp, DamageFee: damage}},
		},
		Quote: rma.Figures{
			Refund: 44_000, Bonus: 2_000, Parts: parts(40_000, 4_000),
			Fees: []refund.Fee{
				{Kind: refund.Restocking, LineID: "soap", Amount: 1_000}, {Kind: refund.ReturnShipping, Amount: 2_500},
			},
		},
	}
}

func TestWhatIsAskedForAfterAnInspection(t *testing.T) {
	t.Parallel()
	back := refund.Fee{Kind: refund.ReturnShipping, Amount: 2_500}
	restocking := func(amount int64) refund.Fee {
		return refund.Fee{Kind: refund.Restocking, LineID: "soap", Amount: amount}
	}
	damage := refund.Fee{Kind: refund.Damage, LineID: "lamp", Amount: 4_000}
	for _, c := range []struct {
		name     string
		r        *rma.RMA
		units    int
		shipping int64
		fees     []refund.Fee
	}{
		// Directive 2011/83/EU, article 13(1): the shipping to the customer goes back with the last unit, and lost value
		// is kept from the price alone (article 14(2)).
		{"all accepted, one lost value", inspected(3, 1, 4_000), 4, 3_000, []refund.Fee{restocking(1_000), back, damage}},
		{"one unit less", inspected(2, 1, 0), 3, 0, []refund.Fee{restocking(666), back}},
		{"one unit less and one that lost value", inspected(2, 1, 4_000), 3, 0, []refund.Fee{restocking(666), back, damage}},
		{"nothing of the line with a fee for restocking", inspected(0, 1, 0), 1, 0, []refund.Fee{back}},
	} {
		got := partAsk(c.r)
		if len(got.Exact) != c.units || got.Shipping != c.shipping {
			t.Errorf("%s: %d units and %d of the shipping, want %d and %d", c.name, len(got.Exact), got.Shipping, c.units,
				c.shipping)
		}
		if diff := cmp.Diff(c.fees, got.Fees); diff != "" {
			t.Errorf("%s: fees (-want +got)\n%s", c.name, diff)
		}
	}
}

// Who sends fewer units that are accepted pays no more for restocking, and never more than was quoted.
func TestTheFeeForRestockingFollowsTheUnits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.IntRange(1, 20).Draw(t, "units")
		quoted := rapid.Int64Range(0, 100_000).Draw(t, "fee")
		fee := func(accepted int) (sum int64) {
			r := &rma.RMA{
				Lines: []rma.Line{{LineID: "l", Units: make([]int, units), Result: rma.Result{Accepted: accepted}}},
				Quote: rma.Figures{Fees: []refund.Fee{{Kind: refund.Restocking, LineID: "l", Amount: quoted}}},
			}
			for _, f := range partFees(r) {
				sum += f.Amount
			}
			return sum
		}
		before := int64(0)
		for n := range units + 1 {
			now := fee(n)
			if now < before || now > quoted {
				t.Fatalf("%d of %d units cost %d of %d, one unit less costs %d", n, units, now, quoted, before)
			}
			before = now
		}
		if before != quoted || fee(0) != 0 {
			t.Fatalf("all units cost %d of %d, none cost %d", before, quoted, fee(0))
		}
	})
}

// parts are what goes back on a card and as store credit.
func parts(card, credit int64) []refund.Part {
	return []refund.Part{
		{PaymentID: "main", Method: refund.Card, Amount: card},
		{PaymentID: "credit", Method: refund.StoreCredit, Amount: credit},
	}
}

func TestTheBonusOfStoreCreditFollowsWhatIsRefundedOfMoney(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ card, credit, bonus int64 }{{40_000, 4_000, 2_000}, {40_000, 0, 2_000},
		{20_000, 0, 1_000}, {0, 0, 0}, {0, 4_000, 0}, {13_333, 0, 667}, {39_999, 1, 2_000}} {
		if got := bonusOf(inspected(3, 1, 0), parts(c.card, c.credit)); got != c.bonus {
			t.Errorf("of %d and %d of credit: %d, want %d", c.card, c.credit, got, c.bonus)
		}
	}
	nothing := inspected(3, 1, 0)
	nothing.Quote.Parts, nothing.Quote.Bonus = nil, 0
	if got := bonusOf(nothing, nil); got != 0 {
		t.Errorf("of a return without a refund: %d", got)
	}
}
