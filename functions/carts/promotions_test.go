package carts_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dangol/functions/carts"
	"dangol/infra/testkit/apitest"
	shared "dangol/shared/cart"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

func krw(amount int64) promotion.Amounts { return promotion.Amounts{"KRW": amount} }

func off(amount int64) promotion.Terms { return promotion.Terms{Amount: krw(amount)} }

func code(c string) func(*promotion.Promotion) {
	return func(p *promotion.Promotion) { p.Codes.Single = c }
}

func from(amount int64) func(*promotion.Promotion) {
	return func(p *promotion.Promotion) { p.Conditions.MinSubtotal = krw(amount) }
}

func until(t time.Time) func(*promotion.Promotion) {
	return func(p *promotion.Promotion) { p.Ends = t }
}

func reasons(c carts.Cart) []string {
	out := []string{}
	for _, r := range c.Refused {
		out = append(out, r.Code+" "+r.Reason+fmt.Sprint(" ", r.MissingAmount))
	}
	return out
}

func TestTheCartSaysWhyACodeDoesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9_000, 10)
	b.promote("promo_min", promotion.FixedAmount, off(1_000), code("MIN"), from(30_000),
		func(p *promotion.Promotion) { p.Priority = 1 })
	b.promote("promo_once", promotion.FixedAmount, off(1_000), code("ONCE"),
		func(p *promotion.Promotion) { p.LimitPerCustomer = 1 })
	b.promote("promo_over", promotion.FixedAmount, off(1_000), code("OVER"), until(noon.Add(time.Second)))
	b.promote("promo_good", promotion.FixedAmount, off(1_000), code("GOOD"))
	path, guest := b.begin()
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 2)))
	c := whole(guest.Do("PUT", path+"/codes", map[string]any{"codes": []string{"min", "once", "over", "good", "nope"}}))
	want := []string{"MIN minimum_not_met 12000", "NOPE unknown_code 0", "ONCE email_required 0", "OVER ended 0"}
	if got := reasons(c); !slices.Equal(got, want) || c.Totals.Discount.Amount != 1_000 ||
		c.Totals.Adjustments[0].Code != "GOOD" {
		t.Errorf("refused %v, want %v; totals %+v", got, want, c.Totals)
	}
	if !slices.Contains(codes(c), "code_refused") || c.Ready {
		t.Errorf("problems %v", codes(c))
	}
}

func TestARefusedCodeIsToldInTheLanguageOfTheCart(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9_000, 10)
	b.promote("promo_min", promotion.FixedAmount, off(1_000), code("MIN"), from(30_000))
	path, guest := b.begin()
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 2)))
	for language, want := range map[string]string{
		"ko": "대상 상품을 ₩12,000 더 담으면 사용할 수 있는 코드입니다.", "en": "Add ₩12,000 more of what this code is for to use it.",
	} {
		whole(guest.Do("PUT", path+"/contact", map[string]any{"email": "a@example.com", "language": language}))
		c := whole(guest.Do("PUT", path+"/codes", map[string]any{"codes": []string{"min"}}))
		at := slices.IndexFunc(c.Problems, func(p carts.CartProblem) bool { return p.Code == "code_refused" })
		if at < 0 || c.Problems[at].Message != want || c.Refused[0].Message != want ||
			c.Refused[0].Detail != "Something is missing for this code." {
			t.Errorf("%s: %+v, refused %+v", language, c.Problems, c.Refused)
		}
	}
}

func TestTheCartSaysWhatIsMissingForMore(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(45_000, 10)
	b.promote("promo_big", promotion.FixedAmount, off(9_000), from(60_000))
	path, guest := b.begin()
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	whole(guest.Do("PUT", path+"/address", seoul))
	c := whole(guest.Do("PUT", path+"/shipping-method", map[string]any{"methodId": "standard"}))
	if len(c.Hints) != 2 || c.Hints[0].Kind != promotion.FreeShipping || c.Hints[0].Amount.Display != "₩5,000" ||
		c.Hints[1].Amount.Amount != 15_000 {
		t.Errorf("hints are %+v, want 5,000 more for free shipping, 15,000 more for the promotion", c.Hints)
	}
}

func TestACartHeldAcrossTheEndOfAPromotionIsToldUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap, balm := b.sell(9_000, 10), b.sell(4_000, 10)
	ends := noon.Add(time.Hour)
	b.promote("promo_hour", promotion.FixedAmount, off(2_000), until(ends))
	path, guest := b.begin()
	if c := whole(guest.Do("POST", path+"/lines", lineOf(soap, 1))); c.Totals.Discount.Amount != 2_000 ||
		slices.Contains(codes(c), "offer_changed") {
		t.Fatalf("while it lasts: %+v", c)
	}
	b.clock.MoveTo(ends.Add(-time.Nanosecond))
	if c := whole(guest.Do("GET", path, nil)); slices.Contains(codes(c), "offer_changed") {
		t.Errorf("before its end: %v", codes(c))
	}
	b.clock.MoveTo(ends)
	expect := func(c carts.Cart, when string) {
		t.Helper()
		at := slices.Index(codes(c), "offer_changed")
		if at < 0 || !c.Problems[at].Blocking || c.Problems[at].Facts["reason"] != "ended" ||
			c.Problems[at].Facts["before"] != 2_000.0 {
			t.Errorf("%s: %+v", when, c.Problems)
		}
	}
	expect(whole(guest.Do("GET", path, nil)), "at its end")
	expect(whole(guest.Do("POST", path+"/lines", lineOf(balm, 1))), "after another change")
	expect(whole(guest.Do("GET", path, nil)), "and still")
	if c := whole(guest.Do("POST", path+"/accept-prices", nil)); slices.Contains(codes(c), "offer_changed") {
		t.Errorf("accepted: %+v", c.Problems)
	}
}

func TestAPromotionThatBeginsIsToldAndDoesNotBlock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9_000, 10)
	starts := noon.Add(time.Hour)
	b.promote("promo_later", promotion.FixedAmount, off(2_000), func(p *promotion.Promotion) { p.Starts = starts })
	path, guest := b.begin()
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	b.clock.MoveTo(starts)
	c := whole(guest.Do("GET", path, nil))
	at := slices.Index(codes(c), "offer_changed")
	if at < 0 || c.Problems[at].Blocking || c.Problems[at].Facts["reason"] != "started" ||
		c.Totals.Discount.Amount != 2_000 {
		t.Errorf("%+v %+v", c.Problems, c.Totals)
	}
}

func TestGiftsAreLinesThatCostNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap, comb, mirror := b.sell(30_000, 10), b.sell(5_000, 3), b.sell(7_000, 3)
	b.promote("promo_gift", promotion.FreeGift, promotion.Terms{Gifts: []promotion.GiftTier{
		{From: krw(50_000), Variants: []string{comb, mirror}, Choose: 1},
	}})
	path, guest := b.begin()
	if c := whole(guest.Do("POST", path+"/lines", lineOf(soap, 1))); len(c.Choices) != 0 {
		t.Errorf("choices below the tier: %+v", c.Choices)
	}
	c := whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	if len(c.Choices) != 1 || c.Choices[0].Left != 1 || len(c.Lines) != 1 {
		t.Fatalf("choices %+v, %d lines", c.Choices, len(c.Lines))
	}
	c = whole(guest.Do("PUT", path+"/gifts/promo_gift", map[string]any{"variantIds": []string{mirror}}))
	if len(c.Lines) != 2 || c.Lines[1].Gift != "promo_gift" || c.Lines[1].VariantID != mirror ||
		c.Lines[1].Total.Amount != 0 || c.Totals.Total.Amount != 60_000 {
		t.Errorf("lines %+v, total %s", c.Lines, c.Totals.Total.Display)
	}
	guest.Do("DELETE", path+"/lines/"+c.Lines[1].ID, nil).WantProblem(404, "line_not_found")
	if c = whole(guest.Do("PUT", path+"/gifts/promo_gift", map[string]any{"variantIds": []string{}})); len(c.Lines) != 1 {
		t.Errorf("taken back: %+v", c.Lines)
	}
}

func TestASaleOnTheShelfChangesThePriceAndShowsWhatItWas(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(10_000, 10)
	b.promote("promo_sale", promotion.SalePrice, promotion.Terms{BasisPoints: 3_000},
		func(p *promotion.Promotion) { p.Class = promotion.Product })
	path, guest := b.begin()
	c := whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	if l := c.Lines[0]; l.UnitPrice.Amount != 7_000 || l.CompareAt.Amount != 11_000 || l.Sale == nil ||
		l.Sale.PromotionID != "promo_sale" || slices.Contains(codes(c), "price_changed") {
		t.Errorf("%+v %v", l, codes(c))
	}
}

func TestACartHeldAcrossTheEdgesOfASaleIsToldWhichSaleItWas(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(10_000, 10)
	starts, ends := noon.Add(time.Hour), noon.Add(2*time.Hour)
	b.promote("promo_sale", promotion.SalePrice, promotion.Terms{BasisPoints: 3_000},
		func(p *promotion.Promotion) { p.Starts, p.Ends = starts, ends })
	path, guest := b.begin()
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	expect := func(reason string, blocking bool, seen, current float64) {
		t.Helper()
		c := whole(guest.Do("GET", path, nil))
		at := slices.Index(codes(c), "price_changed")
		if at < 0 {
			t.Fatalf("%s: nothing is told: %v", reason, codes(c))
		}
		p := c.Problems[at]
		if p.Blocking != blocking || p.Facts["reason"] != reason || p.Facts["promotionId"] != "promo_sale" ||
			p.Facts["seen"] != seen || p.Facts["current"] != current {
			t.Errorf("%s: %+v", reason, p)
		}
		whole(guest.Do("POST", path+"/accept-prices", nil))
	}
	b.clock.MoveTo(starts)
	expect("sale_started", false, 10_000, 7_000)
	b.clock.MoveTo(ends)
	expect("sale_ended", true, 7_000, 10_000)
}

func TestPuttingGoodsIntoTheCartTakesTwoRoundTripsWhateverIsPromoted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9_000, 100)
	for n := range 20 {
		b.promote(fmt.Sprintf("promo_%d", n), promotion.FixedAmount, off(100), func(p *promotion.Promotion) {
			p.Budget.Uses, p.CombinesWith = 5, []promotion.Class{promotion.Order}
		})
	}
	for name, owner := range map[string]func() (string, *apitest.Client){
		"a guest": b.begin, "a customer": func() (string, *apitest.Client) { return "/carts/mine", b.guest.As(apitest.Ann) },
	} {
		path, client := owner()
		whole(client.Do("POST", path+"/lines", lineOf(soap, 1)))
		var c carts.Cart
		if trips := b.counted(func() { c = whole(client.Do("POST", path+"/lines", lineOf(soap, 1))) }); trips > 2 {
			t.Errorf("%s: %d round trips", name, trips)
		}
		if c.Totals.Discount.Amount != 2_000 {
			t.Errorf("%s: %+v", name, c.Totals.Discount)
		}
	}
}

// TestAChangeOfAGuestsCartAsksNowAndThenWhatTheGuestHasUsed has a promotion that each customer has once: the guest's
// counters are read beside the cart, once for the two times that a change prices it, and not again for changes that
// follow at once. Who reads the cart sees what the table has.
func TestAChangeOfAGuestsCartAsksNowAndThenWhatTheGuestHasUsed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9_000, 100)
	b.promote("promo_once", promotion.FixedAmount, off(100), func(p *promotion.Promotion) { p.LimitPerCustomer = 1 })
	path, guest := b.begin()
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	address := func() carts.Cart {
		return whole(guest.Do("PUT", path+"/address", map[string]any{
			"name": "김하늘", "line1": "왕십리로 83", "postalCode": "04769", "country": "KR"}))
	}
	for _, c := range []struct {
		name     string
		do       func() carts.Cart
		trips    int
		discount int64
	}{
		{"the address of the mail", func() carts.Cart {
			return whole(guest.Do("PUT", path+"/contact", map[string]any{"email": "ann@example.com"}))
		}, 3, 100},
		{"an address at once", address, 2, 100},
		{"another unit, while the guest buys in another cart", func() carts.Cart {
			used := store.KeyOfCounters(shared.CounterOf("", "ann@example.com"))
			b.put(map[string]any{"pk": used.PK, "sk": used.SK, "promo_once": 1})
			return whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
		}, 3, 100}, // one trip is the other purchase
		{"reading", func() carts.Cart { return whole(guest.Do("GET", path, nil)) }, 2, 0},
		{"an address later", func() carts.Cart {
			b.clock.Advance(store.Fresh)
			return address()
		}, 5, 0}, // two trips read catalog and promotions again
	} {
		var got carts.Cart
		if trips := b.counted(func() { got = c.do() }); trips != c.trips || got.Totals.Discount.Amount != c.discount {
			t.Errorf("%s: %d round trips, %d off, want %d and %d", c.name, trips, got.Totals.Discount.Amount, c.trips,
				c.discount)
		}
	}
}

func TestLogInKeepsTheChosenGiftAndWhatTheGuestHasNotAccepted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap, towel, comb := b.sell(30_000, 10), b.sell(5_000, 10), b.sell(6_000, 10)
	b.promote("promo_gift", promotion.FreeGift, promotion.Terms{Gifts: []promotion.GiftTier{
		{From: krw(20_000), Variants: []string{towel, comb}, Choose: 1},
	}}, func(p *promotion.Promotion) { p.CombinesWith = []promotion.Class{promotion.Order} })
	b.promote("promo_hour", promotion.FixedAmount, off(2_000), until(noon.Add(time.Hour)), func(p *promotion.Promotion) {
		p.CombinesWith = []promotion.Class{promotion.Order}
	})
	var made begun
	b.guest.Do("POST", "/carts", nil).Want(201).Into(&made)
	path, guest := "/carts/"+made.Cart.ID, b.guest.With("Cart-Token", made.Token)
	whole(guest.Do("POST", path+"/lines", lineOf(soap, 1)))
	whole(guest.Do("PUT", path+"/gifts/promo_gift", map[string]any{"variantIds": []string{comb}}))
	b.clock.Advance(2 * time.Hour)
	var out struct {
		Cart carts.Cart `json:"cart"`
	}
	body := map[string]any{"cartId": made.Cart.ID, "token": made.Token}
	b.guest.As(apitest.Ann).Do("POST", "/carts/mine/merge", body).Want(200).Into(&out)
	gift := slices.IndexFunc(out.Cart.Lines, func(l carts.CartLine) bool { return l.Gift == "promo_gift" })
	if gift < 0 || out.Cart.Lines[gift].VariantID != comb {
		t.Errorf("the chosen gift is lost: %+v", out.Cart.Lines)
	}
	if !slices.Contains(codes(out.Cart), "offer_changed") {
		t.Errorf("problems %v, want to be told that the discount has ended", codes(out.Cart))
	}
}
