package cart_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/cart"
	"dangol/shared/promotion"
)

// shopper changes one cart while the clock and the merchant change its promotions.
type shopper struct {
	t    testing.TB
	q    cart.Quoter
	cart *cart.Cart
	s    *testCatalog
}

// shopping is a cart with two soaps of 9,000 won that the shopper has seen priced at noon.
func shopping(t testing.TB, promotions ...promotion.Promotion) *shopper {
	t.Helper()
	s := stocked().with("SOAP", 9_000, 10)
	me := &shopper{t: t, q: cart.Quoter{Shop: shop(t), Variants: s, Promotions: live(promotions...)}, cart: won(), s: s}
	me.puts(2, noon)
	return me
}

// puts adds soaps, as a request that changes the cart does.
func (s *shopper) puts(n int, at time.Time) cart.Priced {
	s.t.Helper()
	p, err := s.q.ApplyChange(s.t.Context(), s.cart, at, func(c *cart.Cart) error {
		return c.Add(choice("SOAP", n), s.s.variants["SOAP"], at)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// looks prices the cart without changing it.
func (s *shopper) looks(at time.Time) cart.Priced {
	s.t.Helper()
	p, err := s.q.Quote(s.t.Context(), s.cart, at)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// changesOf are the problems about changed promotions.
func changesOf(p cart.Priced) (all []cart.Problem) {
	for _, problem := range p.Problems {
		if problem.Code == "offer_changed" {
			all = append(all, problem)
		}
	}
	return all
}

// changed is thousandOff with other data.
func changed(change func(*promotion.Promotion)) promotion.Promotion {
	p := thousandOff
	change(&p)
	return p
}

func TestTheShopperIsToldWhyAPromotionDoesSomethingElse(t *testing.T) {
	t.Parallel()
	later := noon.Add(time.Hour)
	for _, c := range []struct {
		name         string
		before, now  []promotion.Promotion
		reason, text string
		blocks       bool
	}{
		{"it ended", []promotion.Promotion{changed(func(p *promotion.Promotion) { p.Ends = noon.Add(time.Minute) })}, nil,
			"ended", "promo has ended since you last saw the cart.", true},
		{"it was paused", []promotion.Promotion{thousandOff},
			[]promotion.Promotion{changed(func(p *promotion.Promotion) { p.State = promotion.Paused })},
			"paused", "1,000 off no longer applies.", true},
		{"it began", []promotion.Promotion{changed(func(p *promotion.Promotion) { p.Starts = noon.Add(time.Minute) })},
			[]promotion.Promotion{thousandOff}, "started", "1,000 off has begun since you last saw the cart.", false},
		{"it takes less off", []promotion.Promotion{thousandOff},
			[]promotion.Promotion{changed(func(p *promotion.Promotion) { p.Terms.Amount = promotion.Amounts{"KRW": 400} })},
			"amount", "1,000 off takes another amount off than you last saw.", true},
		{"it takes more off", []promotion.Promotion{thousandOff},
			[]promotion.Promotion{changed(func(p *promotion.Promotion) { p.Terms.Amount = promotion.Amounts{"KRW": 4_000} })},
			"amount", "1,000 off takes another amount off than you last saw.", false},
		{"it asks for more", []promotion.Promotion{thousandOff},
			[]promotion.Promotion{changed(func(p *promotion.Promotion) {
				p.Conditions.MinSubtotal = promotion.Amounts{"KRW": 50_000}
			})}, "no_longer_applies", "1,000 off no longer applies.", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := shopping(t, c.before...)
			if got := changesOf(s.looks(noon)); len(got) != 0 {
				t.Errorf("nothing has changed, and it says %+v", got)
			}
			s.q.Promotions = live(c.now...)
			got := changesOf(s.looks(later))
			if len(got) != 1 {
				t.Fatalf("it says %+v", got)
			}
			if got[0].Facts["reason"] != c.reason || got[0].Blocking != c.blocks || got[0].Detail != c.text {
				t.Errorf("%v (blocks: %v) %q, want %s (%v) %q",
					got[0].Facts["reason"], got[0].Blocking, got[0].Detail, c.reason, c.blocks, c.text)
			}
		})
	}
}

func TestWhatTheClockDidIsNotLostAmongWhatTheShopperDoes(t *testing.T) {
	t.Parallel()
	s := shopping(t, changed(func(p *promotion.Promotion) { p.Ends = noon.Add(time.Minute) }))
	s.q.Promotions = live()
	// The shopper adds a soap without having looked: the end of the promotion is still told, with what it took off.
	got := changesOf(s.puts(1, noon.Add(time.Hour)))
	if len(got) != 1 || got[0].Facts["before"] != int64(1_000) || got[0].Facts["after"] != int64(0) || !got[0].Blocking {
		t.Fatalf("it says %+v", got)
	}
	// Once more: it is told until it is accepted, with the amount that the shopper saw first.
	if got = changesOf(s.puts(1, noon.Add(2*time.Hour))); len(got) != 1 || got[0].Facts["before"] != int64(1_000) {
		t.Fatalf("it says %+v", got)
	}
	s.cart.AcceptPromotions()
	if got = changesOf(s.looks(noon.Add(3 * time.Hour))); len(got) != 0 {
		t.Errorf("it was accepted, and it says %+v", got)
	}
}

func TestAPromotionThatCameBackStillNeedsConsentOnceTheTotalRose(t *testing.T) {
	t.Parallel()
	s := shopping(t, thousandOff)
	s.q.Promotions = live()
	s.puts(1, noon.Add(time.Hour)) // noted: 1,000 less off
	s.q.Promotions = live(changed(func(p *promotion.Promotion) { p.Terms.Amount = promotion.Amounts{"KRW": 2_000} }))
	got := changesOf(s.looks(noon.Add(2 * time.Hour)))
	if len(got) != 1 || got[0].Facts["before"] != int64(1_000) || got[0].Facts["after"] != int64(2_000) ||
		!got[0].Blocking {
		t.Errorf("it says %+v", got)
	}
}

func TestAnEmptyCartHasNothingToTell(t *testing.T) {
	t.Parallel()
	s := shopping(t, thousandOff)
	p, err := s.q.ApplyChange(t.Context(), s.cart, noon, func(c *cart.Cart) error {
		c.Lines = nil
		return nil
	})
	if err != nil || len(changesOf(p)) != 0 {
		t.Errorf("%+v, %v", changesOf(p), err)
	}
	s.q.Promotions = live()
	if err := s.q.Note(t.Context(), s.cart, noon.Add(time.Hour)); err != nil || len(s.cart.PromotionChanges) != 0 {
		t.Errorf("%+v, %v", s.cart.PromotionChanges, err)
	}
}

func TestAChangeThatFailsLeavesTheCartAsItWasShown(t *testing.T) {
	t.Parallel()
	s := shopping(t, thousandOff)
	shown := *s.cart.Shown
	_, err := s.q.ApplyChange(t.Context(), s.cart, noon, func(c *cart.Cart) error {
		return c.Add(choice("GONE", 1), cart.SellableVariant{}, noon)
	})
	if err == nil || s.cart.Shown == nil || s.cart.Shown.Total != shown.Total || len(s.cart.Lines) != 1 {
		t.Errorf("%v; shown %+v", err, s.cart.Shown)
	}
}

// TestAChangeIsToldExactlyWhenAnAmountDiffersFromTheOneShown lets a promotion take anything off before and after.
func TestAChangeIsToldExactlyWhenAnAmountDiffersFromTheOneShown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		amounts := rapid.SliceOfN(rapid.Int64Range(0, 20_000), 2, 6).Draw(r, "amounts")
		off := func(n int64) promotion.Promotion {
			return changed(func(p *promotion.Promotion) { p.Terms.Amount = promotion.Amounts{"KRW": n} })
		}
		s := shopping(t, off(amounts[0]))
		first := s.looks(noon)
		for i, n := range amounts[1:] {
			s.q.Promotions = live(off(n))
			p := s.looks(noon.Add(time.Duration(i+1) * time.Hour))
			got := changesOf(p)
			if differs := p.Totals.Discount != first.Totals.Discount; differs != (len(got) == 1) {
				r.Fatalf("%d off, %d shown: it says %+v", p.Totals.Discount, first.Totals.Discount, got)
			}
			if len(got) == 1 && got[0].Blocking != (p.Totals.Total > first.Totals.Total) {
				r.Fatalf("total %d, shown %d: blocks is %v", p.Totals.Total, first.Totals.Total, got[0].Blocking)
			}
		}
	})
}

func TestTheChangeNamesThePromotionInTheLanguageOfTheCart(t *testing.T) {
	t.Parallel()
	named := changed(func(p *promotion.Promotion) { p.Name = map[string]string{"ko": "천 원 할인", "en": "1,000 off"} })
	for language, name := range map[string]string{"ko": "천 원 할인", "en": "1,000 off", "fr": "1,000 off"} {
		s := shopping(t)
		s.cart.Language = language
		s.puts(1, noon)
		s.q.Promotions = live(named)
		got := changesOf(s.looks(noon.Add(time.Hour)))
		if len(got) != 1 || !strings.HasPrefix(got[0].Detail, name) || !slices.Contains(s.cart.VariantIDs(), "SOAP") {
			t.Errorf("%s: it says %+v", language, got)
		}
	}
}
