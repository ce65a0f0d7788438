package carts_test

import (
	"slices"
	"testing"
	"time"

	"dangol/functions/carts"
	"dangol/infra/testkit/apitest"
	"dangol/shared/catalog"
	"dangol/shared/membership"
	"dangol/shared/membership/entitlements"
	"dangol/shared/promotion"
)

// grant writes a membership into Ann's entitlements, as billing does; nil takes it away.
func (b *bench) grant(version int, plan string, lasts time.Duration, benefits *membership.Benefits) {
	b.t.Helper()
	id := "sub_" + plan
	var h *membership.Entitlement
	if benefits != nil {
		h = &membership.Entitlement{
			SubscriptionID: id, PlanID: plan, Title: "단골", State: "active", Benefits: *benefits, Since: noon,
			Until: noon.Add(lasts),
		}
	}
	if _, err := b.table.Update(b.t.Context(), entitlements.Write(apitest.Ann.Subject, id, version, h)); err != nil {
		b.t.Fatal(err)
	}
}

var tenth = &membership.Benefits{PercentOffBP: 1_000, FreeShipping: true, EarlyAccessHours: 24}

// sent gives Ann's cart an address and the standard way to ship.
func sent(ann *apitest.Client) carts.Cart {
	whole(ann.Do("PUT", "/carts/mine/address", seoul))
	return whole(ann.Do("PUT", "/carts/mine/shipping-method", map[string]any{"methodId": "standard"}))
}

func TestAMembersCartShowsWhatTheMembershipTakesOff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9_000, 10)
	b.grant(1, "plan_regular", 48*time.Hour, tenth)
	ann := b.guest.As(apitest.Ann)
	whole(ann.Do("POST", "/carts/mine/lines", lineOf(soap, 2)))
	c := sent(ann)
	want := []string{"멤버십: 단골 ₩1,800", "멤버십: 단골, 무료 배송 ₩3,000"}
	var got []string
	for _, a := range c.Totals.Adjustments {
		got = append(got, a.Name+" "+a.Amount.Display)
		if a.PlanID != "plan_regular" || a.PromotionID != "" {
			t.Errorf("%+v", a)
		}
	}
	if !slices.Equal(got, want) || c.Totals.Total.Amount != 16_200 || c.Totals.ShippingDiscount.Amount != 3_000 ||
		c.Lines[0].Discount.Amount != 1_800 {
		t.Errorf("adjustments %v; %+v", got, c.Totals)
	}
	var made begun
	b.guest.Do("POST", "/carts", nil).Want(201).Into(&made)
	path, guest := "/carts/"+made.Cart.ID, b.guest.With("Cart-Token", made.Token)
	if c := whole(guest.Do("POST", path+"/lines", lineOf(soap, 2))); c.Totals.Discount.Amount != 0 {
		t.Errorf("a guest gets %+v", c.Totals)
	}
	var out struct{ Cart carts.Cart }
	ann.Do("POST", "/carts/mine/merge", map[string]any{"cartId": made.Cart.ID, "token": made.Token}).Want(200).Into(&out)
	if out.Cart.Totals.Discount.Amount != 6_600 {
		t.Errorf("merged into the member's: %+v", out.Cart.Totals)
	}
}

// TestABenefitThatComesOrGoesIsToldAsAPromotionIs lets the membership run out by the clock, be taken away, and begin.
func TestABenefitThatComesOrGoesIsToldAsAPromotionIs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		before   *membership.Benefits
		move     func(*bench)
		reason   string
		blocking bool
		total    int64
	}{
		{"it runs out, whatever billing has written by then", tenth, func(b *bench) { b.clock.MoveTo(noon.Add(time.Hour)) },
			"membership_ended", true, 18_000},
		{"it is suspended", tenth, func(b *bench) { b.grant(2, "plan_regular", time.Hour, nil) }, "membership_ended", true,
			18_000},
		{"it begins", nil, func(b *bench) { b.grant(2, "plan_regular", time.Hour, tenth) }, "membership_began", false,
			16_200},
		{"its plan takes less off", tenth, func(b *bench) {
			b.grant(2, "plan_regular", time.Hour, &membership.Benefits{PercentOffBP: 500})
		}, "amount", true, 17_100},
		{"a better exclusive promotion takes its place", tenth, func(b *bench) {
			b.promote("promo_x", promotion.FixedAmount, off(4_000), func(p *promotion.Promotion) { p.Exclusive = true })
		}, "no_longer_applies", false, 14_000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			soap := b.sell(9_000, 10)
			b.grant(1, "plan_regular", time.Hour, tc.before)
			ann := b.guest.As(apitest.Ann)
			whole(ann.Do("POST", "/carts/mine/lines", lineOf(soap, 2)))
			tc.move(b)
			c := whole(ann.Do("GET", "/carts/mine", nil))
			at := slices.IndexFunc(c.Problems, func(p carts.CartProblem) bool {
				id, _ := p.Facts["promotionId"].(string)
				_, benefit := promotion.PlanOfBenefit(id)
				return p.Code == "offer_changed" && benefit
			})
			if at < 0 || c.Problems[at].Facts["reason"] != tc.reason || c.Problems[at].Blocking != tc.blocking ||
				c.Totals.Total.Amount != tc.total {
				t.Fatalf("%+v, total %s", c.Problems, c.Totals.Total.Display)
			}
			if c := whole(ann.Do("POST", "/carts/mine/accept-prices", nil)); slices.Contains(codes(c), "offer_changed") {
				t.Errorf("accepted: %+v", c.Problems)
			}
		})
	}
}

func TestPromotionsAndDropsForMembersAskForAMembership(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9_000, 10)
	product := catalog.ProductOf(soap)
	b.promote("promo_members", promotion.FixedAmount, off(1_000), code("MEMBERS"), func(p *promotion.Promotion) {
		p.Conditions.Audience, p.Priority = promotion.Members, 1
	})
	b.promote("promo_account", promotion.FixedAmount, off(500), code("ACCOUNT"), func(p *promotion.Promotion) {
		p.Conditions.Audience = promotion.Accounts
	})
	opens := noon.Add(30 * time.Hour)
	b.promote("promo_drop", promotion.Drop, promotion.Terms{}, func(p *promotion.Promotion) {
		p.Class, p.Starts, p.Ends, p.Targets = promotion.Product, opens, time.Time{}, promotion.Targets{
			Products: []string{product}}
	})
	ann := b.guest.As(apitest.Ann)
	state := func() (carts.Cart, map[string]string) {
		c := whole(ann.Do("PUT", "/carts/mine/codes", map[string]any{"codes": []string{"MEMBERS", "ACCOUNT"}}))
		refused := map[string]string{}
		for _, r := range c.Refused {
			refused[r.Code] = r.Reason
		}
		return c, refused
	}
	whole(ann.Do("POST", "/carts/mine/lines", lineOf(soap, 1)))
	opening := func(c carts.Cart) any {
		at := slices.Index(codes(c), "not_open_yet")
		if at < 0 {
			return nil
		}
		return c.Problems[at].Facts["opensAt"]
	}
	c, refused := state()
	if refused["MEMBERS"] != "members_only" || refused["ACCOUNT"] != "" || c.Totals.Discount.Amount != 500 ||
		opening(c) != opens.Format(time.RFC3339) {
		t.Errorf("an account without a membership: refused %v, %s off, opens %v", refused, c.Totals.Discount.Display,
			opening(c))
	}
	b.grant(1, "plan_early", 48*time.Hour, &membership.Benefits{EarlyAccessHours: 24})
	c, refused = state()
	if refused["MEMBERS"] == "members_only" || c.Totals.Discount.Amount != 1_000 ||
		opening(c) != opens.Add(-24*time.Hour).Format(time.RFC3339) {
		t.Errorf("a member: refused %v, %s off, opens %v", refused, c.Totals.Discount.Display, opening(c))
	}
	b.clock.MoveTo(opens.Add(-24 * time.Hour))
	if c := whole(ann.Do("GET", "/carts/mine", nil)); opening(c) != nil {
		t.Errorf("a day before it opens to all a member sees %v", codes(c))
	}
	b.grant(2, "plan_early", 0, nil)
	if c := whole(ann.Do("GET", "/carts/mine", nil)); opening(c) == nil {
		t.Errorf("without the membership: %v", codes(c))
	}
}

func TestAMembersCartTakesTheSameRoundTrips(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	soap := b.sell(9_000, 100)
	b.grant(1, "plan_regular", time.Hour, tenth)
	ann := b.guest.As(apitest.Ann)
	whole(ann.Do("POST", "/carts/mine/lines", lineOf(soap, 1)))
	if trips := b.counted(func() { whole(ann.Do("POST", "/carts/mine/lines", lineOf(soap, 1))) }); trips > 2 {
		t.Errorf("adding takes %d round trips", trips)
	}
	if trips := b.counted(func() { whole(ann.Do("GET", "/carts/mine", nil)) }); trips > 1 {
		t.Errorf("reading takes %d round trips", trips)
	}
}
