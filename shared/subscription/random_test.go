package subscription_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/payment"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/problem"
	. "dangol/shared/subscription"
)

// anyPlan draws plans of every kind; prices include 0 and 1, where rounding shows.
var anyPlan = rapid.Custom(func(t *rapid.T) *Plan {
	p := plan(rapid.SampledFrom([]Kind{Membership, Membership, Box, Replenishment}).Draw(t, "kind"),
		rapid.SampledFrom([]int64{0, 1, 100, 9900, 12345, 99999}).Draw(t, "price"))
	p.Interval = rapid.SampledFrom([]Interval{Every(1, Month), Every(1, Week), Every(10, Day), Every(3, Month),
		Every(1, Year)}).Draw(t, "interval")
	p.TrialDays = rapid.SampledFrom([]int{0, 0, 3, 14, 45}).Draw(t, "trial")
	p.MinCycles = rapid.SampledFrom([]int{0, 0, 2}).Draw(t, "minimum")
	p.Prepaid = rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "prepaid")
	p.SetupFees = map[string]int64{"KRW": rapid.SampledFrom([]int64{0, 5000}).Draw(t, "setup")}
	p.Policy.Silence = rapid.SampledFrom([]Silence{"", KeepTerms, EndsAll}).Draw(t, "silence")
	p.Policy.Stock.Do = rapid.SampledFrom([]StockAction{StockWait, StockSkip, StockRefund, StockSubstitute}).Draw(t,
		"stock")
	p.Policy.Substitutes = []Item{{VariantID: "var_other", Quantity: 1}}
	p.Policy.Dunning = rapid.SampledFrom([]Dunning{
		{}, {}, {TechnicalTries: 12, TechnicalMinutes: 60, SuspendDays: 1, CancelDays: 2},
	}).Draw(t, "dunning")
	return p
})

// anyCommand draws something somebody may want, sensible or not.
func anyCommand(t *rapid.T, s Subscription, at time.Time) Command {
	day := func(name string) civil.Date {
		z, err := civil.Zone(s.Anchor.Zone)
		if err != nil {
			z = time.UTC
		}
		return civil.DateAt(at, z).Add(rapid.IntRange(-3, 50).Draw(t, name))
	}
	price := func() int64 { return rapid.Int64Range(0, 60000).Draw(t, "price") }
	switch rapid.SampledFrom([]string{
		"skip", "unskip", "date", "pause", "resume", "swap", "quantity", "address", "move", "upgrade", "upgrade", "downgrade",
		"propose", "consent",
		"consent", "consent", "refuse", "cancel", "cancel now", "reactivate", "card", "pay", "stale", "coupon",
	}).Draw(t, "command") {
	case "skip":
		return SkipNext{}
	case "unskip":
		return Unskip{}
	case "date":
		return ChangeDate{To: day("to"), Day: rapid.SampledFrom([]int{0, 0, 31}).Draw(t, "day")}
	case "pause":
		return Pause{Until: day("until").Add(20)}
	case "resume":
		return Resume{}
	case "swap":
		return Swap{Contents: []Item{{VariantID: "var_new", Quantity: 1}}, Price: price()}
	case "quantity":
		return ChangeQuantity{Quantity: rapid.IntRange(0, 4).Draw(t, "quantity")}
	case "address":
		return ChangeAddress{AddressID: "adr_2"}
	case "move":
		return Move{Zone: anyZone.Draw(t, "zone"),
			Region: rapid.SampledFrom([]string{"KR", "US", "FR", "JP"}).Draw(t, "region")}
	case "upgrade":
		return Upgrade{Terms: other(t, s, price())}
	case "downgrade":
		return Downgrade{Terms: other(t, s, price())}
	case "propose":
		return Propose{Version: s.Terms.Version + 1, Price: price(), From: day("from")}
	case "consent":
		return yes(s)
	case "refuse":
		return Refuse{}
	case "cancel":
		return Cancel{Reason: "too dear"}
	case "cancel now":
		return Cancel{Reason: "moving away", Now: true}
	case "reactivate":
		if s.State == Ended {
			t := s.Terms
			return Reactivate{Terms: &t}
		}
		return Reactivate{}
	case "card":
		return ChangeCard{Card: Card{Token: fmt.Sprint("card_", rapid.IntRange(1, 3).Draw(t, "card")), Brand: "mastercard"}}
	case "pay":
		return PayNow{}
	case "coupon":
		return GiveCoupon{Coupon: rapid.SampledFrom([]Coupon{
			{PercentBP: 5_000, Left: 3}, {PercentBP: 3_333, Left: 1}, {Amount: 2_500, Left: 2},
		}).Draw(t, "coupon")}
	}
	return ChargeFailed{Key: Key(s.ID, 1), Attempt: 99, Kind: payment.KindSoft}
}

// other is terms of the same kind at another price, at times of another rhythm.
func other(t *rapid.T, s Subscription, price int64) Terms {
	o := s.Terms
	o.PlanID, o.Version, o.Price = "plan_other", 1, price
	o.Interval = rapid.SampledFrom([]Interval{o.Interval, o.Interval, Every(1, Month), Every(1, Year)}).Draw(t, "interval")
	o.Prepaid = rapid.SampledFrom([]int{o.Prepaid, o.Prepaid, 1, 3}).Draw(t, "prepaid")
	return o
}

// anyOutcome draws what the provider answers, from a source seeded by the key so that shrinking keeps the answers.
func anyOutcome(seed uint64, key string, bad float64) outcome {
	h := seed
	for _, c := range []byte(key) {
		h = h*1099511628211 + uint64(c)
	}
	r := rand.New(rand.NewPCG(seed, h))
	if r.Float64() >= bad {
		return success
	}
	return []outcome{poor, poor, poor, lost, ill, ill, confirm, swallow, tookMute}[r.IntN(9)]
}

// life draws a subscription and lets it live under random commands.
func life(t *rapid.T, bad float64) *shop {
	seed := rapid.Uint64().Draw(t, "seed")
	at := instant("2026-01-28T00:00:00Z").Add(time.Duration(rapid.IntRange(0, 60*24*40).Draw(t, "start")) * time.Minute)
	zone, p := anyZone.Draw(t, "home"), anyPlan.Draw(t, "plan")
	c := starting(p, in(rapid.SampledFrom([]string{"KR", "KR", "US", "DE"}).Draw(t, "country"), zone))
	if p.Kind != Membership && p.Interval.Unit == Month {
		c.BillingDay = rapid.SampledFrom([]int{0, 0, 1, 31}).Draw(t, "billing day")
	}
	n := 0
	h := open(t, c, at, func(h *shop) {
		h.provider = func(c Charge) outcome {
			n++
			return anyOutcome(seed, fmt.Sprint(c.AttemptKey, n), bad)
		}
		h.stock = func(hold HoldStock) bool { return anyOutcome(seed, hold.Key, bad/3).kind == "" }
	})
	for range rapid.IntRange(1, 25).Draw(t, "steps") {
		at = at.Add(time.Duration(rapid.IntRange(0, 60*24*25).Draw(t, "pass")) * time.Minute)
		if rapid.IntRange(0, 9).Draw(t, "asleep") == 0 {
			h.late(at)
		} else {
			h.until(at)
		}
		if err := h.try(anyCommand(t, h.s, at), at); err != nil {
			if _, ok := errors.AsType[*problem.Problem](err); !ok {
				t.Fatalf("%v is not a problem", err)
			}
		}
		h.tiles()
		h.once()
		h.balances()
	}
	h.until(at.AddDate(0, 2, 0))
	return h
}

func TestPeriodsTileUnderAnySequenceOfChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { life(t, 0).tiles() })
}

func TestInvoicesLessCreditsAreThePriceOfTheDaysUsed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { life(t, 0).balances() })
}

func TestInvoicesLessCreditsAreThePriceOfTheDaysUsedWhenPaymentsFail(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		h := life(t, 0.5)
		h.tiles()
		h.once()
		h.balances()
	})
}
