package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"dangol/infra/testkit/memory"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

const limitedID = "promo_01k9abcdefghjkmnpqrstvwxyz"

// errUsedUp is the outcome of an order for which nothing is left.
var errUsedUp = errors.New("used up")

// orders counts orders against the limits of one promotion, as the checkout does.
type orders struct {
	table *table.Table
	of    promotion.Promotion
}

func newOrders(change ...func(*promotion.Promotion)) *orders {
	return &orders{table.New(memory.New(table.Commerce), "Commerce", nil), promo(limitedID, change...)}
}

// take counts one order. Errors: errUsedUp.
func (o *orders) take(ctx context.Context, amount int64) (uses []store.Use, err error) {
	snapshot := store.NewSnapshot([]promotion.Promotion{o.of}, nil)
	applied := promotion.Applied{PromotionID: limitedID, Version: 1, Amount: amount, Code: o.of.Codes.Single}
	counter := store.NewClaimCounter(snapshot.Claims([]promotion.Applied{applied}, "KRW"))
	return table.Modify(ctx, func(context.Context, table.Item) ([]store.Use, error) { return nil, nil },
		func(ctx context.Context, _ []store.Use) ([]store.Use, error) {
			count, refused, err := counter.Plan(ctx, o.table)
			switch {
			case err != nil:
				return nil, err
			case refused != nil:
				return nil, errUsedUp
			case len(count.Writes) != limitsOf(o.of):
				return nil, fmt.Errorf("%d writes for %d limits", len(count.Writes), limitsOf(o.of))
			}
			err = o.table.TryTransact(ctx, "", count.Writes...)
			canceled, ok := table.Refused(err)
			switch {
			case !ok:
				return count.Uses, err
			case counter.Refused(count, canceled, 0) != nil:
				return nil, errUsedUp
			default:
				return nil, table.Stale(err, nil)
			}
		})
}

// limitsOf is how many limits each order of a promotion counts against.
func limitsOf(p promotion.Promotion) (n int) {
	if p.Budget.Uses > 0 || len(p.Budget.Spend) > 0 {
		n++
	}
	if p.LimitPerCode > 0 {
		n++
	}
	return n
}

// giveBack is an order that came to nothing.
func (o *orders) giveBack(ctx context.Context, uses []store.Use) error {
	return o.table.Transact(ctx, "", store.ReleaseUses(uses)...)
}

// used is what the budget has counted.
func (o *orders) used(t interface{ Fatal(...any) }, ctx context.Context) promotion.Used {
	all, err := store.Store{Table: o.table, Clock: clock.Stopped(noon)}.Budgets(ctx, true, limitedID)
	if err != nil {
		t.Fatal(err)
	}
	return all[limitedID]
}

// moved is a budget that a merchant raised or lowered to so many percent.
func moved(b promotion.Budget, percent int64) promotion.Budget {
	if b.Uses > 0 {
		b.Uses = max(int(int64(b.Uses)*percent/100), 1)
	}
	if b.Spend != nil {
		b.Spend = promotion.Amounts{"KRW": max(b.Spend["KRW"]*percent/100, 1)}
	}
	return b
}

// TestTheSumOfTheSlicesIsExact draws orders, cancellations, budgets and changes of them, and holds what is counted
// against what the orders that stand have used after every step.
func TestTheSumOfTheSlicesIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		largest := rapid.Int64Range(1, 50).Draw(t, "largest amount")
		o := newOrders(func(p *promotion.Promotion) {
			if rapid.Bool().Draw(t, "limits uses") {
				p.Budget.Uses = rapid.SampledFrom([]int{1, 40, 511, 513, 600}).Draw(t, "uses")
			}
			if p.Budget.Uses == 0 || rapid.Bool().Draw(t, "limits spend") {
				p.Budget.Spend = promotion.Amounts{"KRW": rapid.Int64Range(1, 520*largest).Draw(t, "budget")}
			}
		})
		budget := o.of.Budget
		var standing [][]store.Use
		var spent int64
		full := 0
		for range rapid.IntRange(1, 900).Draw(t, "orders") {
			if rand.N(100) == 0 {
				budget = moved(budget, 1+rand.Int64N(300))
				o.of.Budget, full = budget, 0
			}
			if len(standing) > 0 && rand.N(8) == 0 {
				if err := o.giveBack(ctx, standing[0]); err != nil {
					t.Fatal(err)
				}
				spent -= standing[0][0].Amount
				standing = standing[1:]
				continue
			}
			amount := 1 + rand.Int64N(largest)
			uses, err := o.take(ctx, amount)
			room := (budget.Uses == 0 || len(standing) < budget.Uses) &&
				(budget.Spend == nil || spent+amount <= budget.Spend["KRW"])
			switch {
			case errors.Is(err, errUsedUp) && room:
				t.Fatalf("an order of %d was refused with %d uses and %d spent of %+v", amount, len(standing), spent, budget)
			case err == nil && !room:
				t.Fatalf("an order of %d was taken with %d uses and %d spent of %+v", amount, len(standing), spent, budget)
			case err == nil:
				standing, spent = append(standing, uses), spent+amount
			case !errors.Is(err, errUsedUp):
				t.Fatal(err)
			default:
				full++
			}
			if full > 5 {
				break
			}
		}
		if got := o.used(t, ctx); got.Uses != len(standing) || got.Spend["KRW"] != spent {
			t.Fatalf("counted %+v, the orders are %d and %d", got, len(standing), spent)
		}
	})
}

// TestManyAtOnceTakeABudgetToTheEnd lets takers run until nothing is left: not one order too many, and not one too few.
func TestManyAtOnceTakeABudgetToTheEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*promotion.Promotion)
		amount int64
		want   int
	}{
		{"uses", func(p *promotion.Promotion) { p.Budget.Uses = 1_111 }, 500, 1_111},
		{"spend that ends with less than an order costs",
			func(p *promotion.Promotion) { p.Budget.Spend = promotion.Amounts{"KRW": 700_299} }, 700, 1_000},
		{"a shared code", func(p *promotion.Promotion) { p.Codes.Single, p.LimitPerCode = "SUMMER", 777 }, 10, 777},
		{"a budget too small for slices", func(p *promotion.Promotion) { p.Budget.Uses = 60 }, 10, 60},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := newOrders(c.change)
			var mu sync.Mutex
			taken := 0
			var all sync.WaitGroup
			for taker := range 16 {
				all.Go(func() {
					dice := rand.New(rand.NewPCG(uint64(taker), 7))
					for {
						uses, err := o.take(t.Context(), c.amount)
						if errors.Is(err, errUsedUp) {
							return
						}
						// One in twenty comes to nothing and gives back what it took.
						back := err == nil && dice.IntN(20) == 0
						if back {
							err = o.giveBack(t.Context(), uses)
						}
						if err != nil {
							t.Error(err)
							return
						}
						if !back {
							mu.Lock()
							taken++
							mu.Unlock()
						}
					}
				})
			}
			all.Wait()
			// What was given back by the last ones may be left: one taker goes on alone.
			for {
				if _, err := o.take(t.Context(), c.amount); err != nil {
					break
				}
				taken++
			}
			if taken != c.want {
				t.Errorf("%d orders were taken, want %d", taken, c.want)
			}
			if o.of.Codes.Single != "" {
				return
			}
			if got := o.used(t, t.Context()); got.Uses != c.want || got.Spend["KRW"] != int64(c.want)*c.amount {
				t.Errorf("counted %+v", got)
			}
		})
	}
}

// TestALargeBudgetIsSpreadOverItems counts calls: an order is one transaction on one slice, and only the order that
// finds its slice empty reads the levels and moves some from the item that all share.
func TestALargeBudgetIsSpreadOverItems(t *testing.T) {
	t.Parallel()
	o := newOrders(func(p *promotion.Promotion) { p.Budget.Uses = 100_000 })
	ctx, meter := table.Metered(t.Context())
	for range 2_000 {
		if _, err := o.take(ctx, 100); err != nil {
			t.Fatal(err)
		}
	}
	// 32 slices are empty at first, and 4 are filled at once: that costs 1 refusal, 2 reads, the first time 1, and 1
	// transaction that fills them.
	if trips := meter.Cost().Trips; trips != 2_000+32/4*4-1 {
		t.Errorf("%d round trips for 2000 orders", trips)
	}
	if got := o.used(t, t.Context()); got.Uses != 2_000 || got.Spend["KRW"] != 200_000 {
		t.Errorf("counted %+v", got)
	}
}

// TestALoweredBudgetGivesNoMoreThanItNowHas lowers a budget below what slices have got, to one that is too small for
// slices and to one that still has some.
func TestALoweredBudgetGivesNoMoreThanItNowHas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ first, orders, lowered int }{
		{10_000, 40, 45},
		{100_000, 40, 600},
		{100_000, 700, 600},
	} {
		o := newOrders(func(p *promotion.Promotion) { p.Budget.Uses = c.first })
		for range c.orders {
			if _, err := o.take(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		o.of.Budget.Uses = c.lowered
		taken := 0
		for range c.lowered + 100 {
			switch _, err := o.take(t.Context(), 1); {
			case err == nil:
				taken++
			case !errors.Is(err, errUsedUp):
				t.Fatal(err)
			}
		}
		if used, want := o.used(t, t.Context()).Uses, max(c.lowered, c.orders); used != want || taken != want-c.orders {
			t.Errorf("%+v: %d taken and %d used, want %d used", c, taken, used, want)
		}
	}
}

// TestALoweredBudgetHoldsAgainstManyAtOnce lowers a budget and lets takers run until nothing is left.
func TestALoweredBudgetHoldsAgainstManyAtOnce(t *testing.T) {
	t.Parallel()
	for _, lowered := range []int{60, 700} {
		o := newOrders(func(p *promotion.Promotion) { p.Budget.Uses = 100_000 })
		for range 40 {
			if _, err := o.take(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		o.of.Budget.Uses = lowered
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				for {
					_, err := o.take(t.Context(), 1)
					if errors.Is(err, errUsedUp) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		if used := o.used(t, t.Context()).Uses; used != lowered {
			t.Errorf("%d used of %d", used, lowered)
		}
	}
}
