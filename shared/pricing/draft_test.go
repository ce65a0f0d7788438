package pricing_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/pricing"
)

// TestTheCostOfADraftIsTheTotalThatFollowsFromIt: the search for the cheapest combination compares costs, and the
// shopper pays the total.
func TestTheCostOfADraftIsTheTotalThatFollowsFromIt(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b := drawBasket(t)
		d := pricing.NewDraft(b)
		turns := rapid.IntRange(0, 4).Draw(t, "turns")
		for turn := range turns {
			takeSomething(t, d, turn)
		}
		waived := map[int]int64{}
		cost := d.Cost(&b, s, func(offer int, amount int64) { waived[offer] += amount })
		totals := d.Totals(b, s, make([]pricing.Adjustment, turns))
		if cost != totals.Total {
			t.Fatalf("a cost of %d, a total of %d: %+v", cost, totals.Total, totals)
		}
		var shipping int64
		for _, amount := range waived {
			shipping += amount
		}
		if shipping != totals.ShippingDiscount || totals.ShippingDiscount > totals.Shipping {
			t.Fatalf("%d off the shipping of %d, %d in the totals", shipping, totals.Shipping, totals.ShippingDiscount)
		}
	})
}

// takeSomething is an offer that takes a part of some lines, or of the shipping.
func takeSomething(t *rapid.T, d *pricing.Draft, turn int) {
	amount := rapid.Int64Range(0, 60_000).Draw(t, "amount")
	if rapid.Bool().Draw(t, "of the shipping") {
		if part := rapid.IntRange(0, 10_000).Draw(t, "part"); part > 0 {
			d.TakeShippingPart(turn, part, amount)
		} else {
			d.TakeShipping(turn, amount)
		}
		return
	}
	var lines []int
	for i := range d.Lines() {
		if rapid.Bool().Draw(t, "this line") {
			lines = append(lines, i)
		}
	}
	d.PlanLines(lines, amount)
	d.Take(lines, rapid.Int64Range(0, 60_000).Draw(t, "limit"), rapid.Bool().Draw(t, "move"))
}

func TestNoUnitGoesBelowItsFloorAndNothingIsTakenTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := drawBasket(t)
		for i := range b.Lines {
			b.Lines[i].Floor = rapid.Int64Range(0, b.Lines[i].Unit+1_000).Draw(t, "floor")
		}
		d := pricing.NewDraft(b)
		before := d.Goods()
		var taken int64
		for range rapid.IntRange(1, 4).Draw(t, "turns") {
			limit := rapid.Int64Range(0, 80_000).Draw(t, "limit")
			d.PlanLines(all(d), rapid.Int64Range(0, 80_000).Draw(t, "amount"))
			took := d.Take(all(d), limit, rapid.Bool().Draw(t, "move"))
			if took < 0 || took > limit {
				t.Fatalf("took %d of at most %d", took, limit)
			}
			taken += took
		}
		if d.Goods() != before-taken {
			t.Fatalf("%d less %d taken is not %d", before, taken, d.Goods())
		}
		for i := range d.Lines() {
			var sum int64
			for unit, cost := range d.Units(i) {
				sum += cost
				if floor := min(d.Line(i).Floor, d.Line(i).Unit); cost < floor || d.Room(i, unit) < 0 {
					t.Fatalf("a unit costs %d, its floor is %d", cost, floor)
				}
			}
			if sum != d.Left(i) {
				t.Fatalf("units cost %d, the line %d", sum, d.Left(i))
			}
		}
	})
}

func TestWhatAFloorRefusesMovesToOtherLinesOnlyWhereTheOfferSaysSo(t *testing.T) {
	t.Parallel()
	floored := line("A", 1, 10_000)
	floored.Floor = 9_000
	b := basket("KR", "KRW", "standard", floored, line("B", 1, 10_000))
	for _, c := range []struct {
		move bool
		want []int64 // what each line still costs
	}{
		{false, []int64{9_000, 5_000}},
		{true, []int64{9_000, 1_000}},
	} {
		d := pricing.NewDraft(b)
		d.PlanLines(all(d), 10_000)
		d.Take(all(d), pricing.NoLimit, c.move)
		if got := []int64{d.Left(0), d.Left(1)}; !slices.Equal(got, c.want) {
			t.Errorf("move %v: lines cost %v, want %v", c.move, got, c.want)
		}
	}
}

func TestALimitCutsInProportionAfterTheFloors(t *testing.T) {
	t.Parallel()
	// 20 % of 100,000 at its floor and of 100,000: nothing of the first, 20,000 of the second, whatever the cap of 30,000.
	floored := line("A", 1, 100_000)
	floored.Floor = 100_000
	d := pricing.NewDraft(basket("KR", "KRW", "standard", floored, line("B", 1, 100_000)))
	d.PlanLine(0, 20_000)
	d.PlanLine(1, 20_000)
	if took := d.Take(all(d), 30_000, false); took != 20_000 || d.Left(0) != 100_000 || d.Left(1) != 80_000 {
		t.Errorf("took %d: %d and %d are left", took, d.Left(0), d.Left(1))
	}
	d.PlanLine(0, 20_000)
	d.PlanLine(1, 20_000)
	if took := d.Take(all(d), 5_000, false); took != 5_000 || d.Left(1) != 75_000 {
		t.Errorf("cut to 5,000 it took %d: %d are left", took, d.Left(1))
	}
}

func TestACopyOfADraftIsItsOwn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := drawBasket(t)
		original := pricing.NewDraft(b)
		takeSomething(t, original, 0)
		want := original.Goods()
		var copied pricing.Draft
		copied.Copy(original)
		takeSomething(t, &copied, 1)
		if original.Goods() != want {
			t.Fatalf("the copy took %d from its original", want-original.Goods())
		}
		copied.Copy(original)
		if copied.Goods() != want {
			t.Fatalf("copied again it costs %d, want %d", copied.Goods(), want)
		}
	})
}

func TestTheSharesOfOffersAreALinesDiscount(t *testing.T) {
	t.Parallel()
	s := shop(t)
	rapid.Check(t, func(t *rapid.T) {
		b, offers := drawBasket(t), drawOffers(t)
		shares := pricing.Shares(b, offers)
		for _, l := range pricing.Price(b, s, offers).Lines {
			var sum int64
			for _, share := range shares[l.ID] {
				if share.Amount <= 0 {
					t.Fatalf("%s has a share of %d", share.OfferID, share.Amount)
				}
				sum += share.Amount
			}
			if sum != l.Discount {
				t.Fatalf("shares of %d, a discount of %d", sum, l.Discount)
			}
		}
	})
}
