package promotions_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/functions/promotions"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/checkout"
	"dangol/shared/membership"
	"dangol/shared/membership/entitlements"
	"dangol/shared/platform/idempotency"
	"dangol/shared/promotion"
)

// drawOffer makes a promotion that is live now, of any kind that changes what a cart costs.
func drawOffer(t *rapid.T, n int, variants []string) promotion.Promotion {
	won := func(least, most int64) promotion.Amounts {
		return promotion.Amounts{"KRW": rapid.Int64Range(least, most).Draw(t, "won")}
	}
	p := promotion.Promotion{
		ID: fmt.Sprintf("promo_%d", n), Version: 1, Name: catalog.Text{"ko": "x"}, State: promotion.Scheduled,
		Class:  promotion.Order,
		Starts: testshop.Noon.AddDate(0, 0, -1), Ends: testshop.Noon.AddDate(0, 0, 1), Targets: promotion.Targets{All: true},
		Priority: rapid.IntRange(0, 3).Draw(t, "priority"), Exclusive: rapid.IntRange(0, 3).Draw(t, "exclusive") == 0,
		ExcludeSaleItems: rapid.Bool().Draw(t, "skip"),
	}
	if !p.Exclusive {
		p.CombinesWith = []promotion.Class{promotion.Product, promotion.Order, promotion.Shipping}
	}
	if rapid.IntRange(0, 3).Draw(t, "audience") == 0 {
		p.Conditions.Audience = promotion.Members
	}
	if rapid.Bool().Draw(t, "one") {
		p.Targets = promotion.Targets{Variants: []string{rapid.SampledFrom(variants).Draw(t, "target")}}
	}
	switch p.Kind = rapid.SampledFrom([]promotion.Kind{
		promotion.Percentage, promotion.FixedAmount, promotion.FreeShipping, promotion.BuyXGetY, promotion.SalePrice,
		promotion.FreeGift,
	}).Draw(t, "kind"); p.Kind {
	case promotion.Percentage:
		p.Terms.BasisPoints = rapid.IntRange(1, 9_999).Draw(t, "off")
		p.Codes.Single = rapid.SampledFrom([]string{"", "CODE"}).Draw(t, "code")
	case promotion.FixedAmount:
		p.Terms.Amount = won(1, 20_000)
		p.Conditions.MinSubtotal = won(1, 60_000)
	case promotion.FreeShipping:
		p.Class = promotion.Shipping
	case promotion.BuyXGetY:
		p.Class, p.Terms.BuyXGetY = promotion.Product, &promotion.BuyXGetYTerms{Buy: 2, Get: 1, BasisPoints: 10_000}
	case promotion.SalePrice:
		p.Class, p.Exclusive, p.Terms.BasisPoints = promotion.Product, false, rapid.IntRange(1, 9_000).Draw(t, "off")
		p.Conditions.Audience = promotion.Everybody
	case promotion.FreeGift:
		p.Terms.Gifts = []promotion.GiftTier{{From: won(1, 40_000), Variants: variants[:1]}}
	}
	return p
}

// drawMemberships makes somebody a member in the preview, and as billing would; "" is a guest.
func drawMemberships(t *rapid.T, w *testshop.Shop, in *promotions.PreviewInput) (customer string) {
	for n := range rapid.IntRange(0, 2).Draw(t, "memberships") {
		customer = "cust-ann"
		h := membership.Entitlement{
			SubscriptionID: fmt.Sprint("sub_", n), PlanID: fmt.Sprint("plan_", n), Title: "단골",
			Until: w.Clock.Now().Add(time.Hour),
			Benefits: membership.Benefits{
				PercentOffBP:     rapid.SampledFrom([]int64{0, 500, 3_333}).Draw(t, "percent"),
				ExcludeSaleItems: rapid.Bool().Draw(t, "sparing"), FreeShipping: rapid.Bool().Draw(t, "ships"),
			},
		}
		if _, err := w.Table.Update(w.T.Context(), entitlements.Write(customer, h.SubscriptionID, 1, &h)); err != nil {
			t.Fatal(err)
		}
		in.Body.Shopper.Memberships = append(in.Body.Shopper.Memberships, promotions.PreviewMembership{
			PlanID: h.PlanID, Title: h.Title, Benefits: h.Benefits,
		})
	}
	return customer
}

// TestPreviewEqualsCheckout prices random carts, of guests and members, under random promotions by the preview, and
// buys them.
func TestPreviewEqualsCheckout(t *testing.T) {
	t.Parallel()
	policy, err := promotion.DefaultPolicy()
	if err != nil {
		t.Fatal(err)
	}
	// often the same: then it matters whose units are taken
	prices := rapid.OneOf(rapid.Just(int64(10_000)), rapid.Int64Range(100, 40_000))
	rapid.Check(t, func(r *rapid.T) {
		w := testshop.New(t, fault.New(fault.Plan{}))
		variants := make([]string, 3)
		for i := range variants {
			variants[i] = w.Sell(testshop.ProductSpec{Units: 100, Price: prices.Draw(r, "price")})
		}
		all := make([]promotion.Promotion, rapid.IntRange(0, 4).Draw(r, "promotions"))
		for n := range all {
			all[n] = drawOffer(r, n, variants)
		}
		w.Promote(all...)
		wants := map[string]int{}
		in := &promotions.PreviewInput{}
		in.Body.Country, in.Body.Shipping, in.Body.Codes = "KR", "standard", []string{"CODE"}
		for i, n := range rapid.SliceOfN(rapid.IntRange(0, 4), 3, 3).Draw(r, "quantities") {
			if n > 0 || i == 0 {
				wants[variants[i]] = max(n, 1)
				in.Body.Lines = append(in.Body.Lines, promotions.PreviewLine{VariantID: variants[i], Quantity: max(n, 1)})
			}
		}
		customer := drawMemberships(r, w, in)
		f := promotions.Make(w.Table, w.Clock, w.Service.Shop, policy, time.UTC, &plans{})
		preview, err := f.Preview(t.Context(), in)
		if err != nil {
			r.Fatal(err)
		}

		b := w.FillCart(customer, wants)
		store, cache := cart.Store{Table: w.Table, Clock: w.Clock}, catalog.NewCache(w.Table, w.Clock, time.Second)
		q := cart.Quoter{Shop: w.Service.Shop, Variants: cart.CatalogReader{Cache: cache}, Promotions: w.Service.Promotions}
		ref := cart.Ref{CartID: b.ID, Token: b.Token, CustomerID: customer}
		if _, _, err := store.Change(t.Context(), ref, cart.Attempt{}, func(c *cart.Cart) error {
			c.Codes = []string{"CODE"}
			variants, err := q.Read(t.Context(), c.VariantIDs(), c.Currency, w.Clock.Now())
			c.Accept(variants)
			return err
		}); err != nil {
			r.Fatal(err)
		}
		bought, _, err := w.Service.Begin(t.Context(), checkout.Start{
			Cart: ref, Request: idempotency.For("checkout", b.ID, w.NextKey(), nil, w.Clock.Now()), Method: "pm_card_visa",
		})
		if err != nil {
			r.Fatal(err)
		}
		got, want := bought.Totals, preview.Body
		if got.Total != want.Total.Amount || got.Discount != want.Discount.Amount || got.Shipping != want.Shipping.Amount ||
			len(bought.Lines) != len(want.Lines) {
			r.Fatalf("the preview says %+v\nthe checkout took %+v", want, got)
		}
	})
}
