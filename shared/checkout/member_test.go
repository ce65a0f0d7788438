package checkout_test

import (
	"testing"
	"time"

	"dangol/events"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/shared/membership"
	"dangol/shared/membership/entitlements"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion"
)

const ann = "cust-ann"

// join makes Ann a member until an instant, as billing would.
func join(t *testing.T, w *testshop.Shop, version int, until time.Time) {
	t.Helper()
	_, err := w.Table.Update(t.Context(), entitlements.Write(ann, "sub_1", version, &membership.Entitlement{
		SubscriptionID: "sub_1", PlanID: "plan_regular", Title: "단골", State: "active", Since: testshop.Noon, Until: until,
		Benefits: membership.Benefits{PercentOffBP: 1_000, FreeShipping: true, PointsTimes: 3},
	}))
	if err != nil {
		t.Fatal(err)
	}
}

func TestAMembersOrderKeepsWhatTheMembershipGave(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	join(t, w, 1, w.Clock.Now().Add(time.Hour))
	soap := w.Sell(testshop.ProductSpec{Units: 9, Price: 20_000})
	begin(t, w, start(w, w.FillCart(ann, map[string]int{soap: 1}), "pm_card_visa"))
	orders := w.Orders(t)
	if len(orders) != 1 {
		t.Fatalf("%d orders", len(orders))
	}
	o := orders[0]
	if a := o.Totals.Adjustments; len(a) != 2 || a[0].Name != "멤버십: 단골" || a[0].Amount != 2_000 || a[1].Amount != 3_000 ||
		o.Totals.Total != 18_000 {
		t.Errorf("adjustments %+v of %d", a, o.Totals.Total)
	}
	if len(o.Member) != 1 || o.Member[0].ID != "plan_regular" || o.Member[0].Benefits.PointsTimes != 3 ||
		len(o.Uses) != 0 {
		t.Errorf("member by %+v, uses %+v", o.Member, o.Uses)
	}
	e := o.PlacedEvent()
	if e.Member == nil || e.Member.PointsTimes != 3 || len(e.Member.Plans) != 1 || e.Lines[0].Discounted {
		t.Errorf("the event says %+v, lines %+v", e.Member, e.Lines)
	}
	w.Check(t)
}

func TestAnOrderOnOfferIsDiscountedAndOneOfAMemberIsNot(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name          string
		member, offer bool
		want          bool
	}{{"neither", false, false, false}, {"a member", true, false, false}, {"on offer", false, true, true}, {"both", true,
		true, true}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := testshop.New(t, fault.New(fault.Plan{}))
			if tc.member {
				join(t, w, 1, w.Clock.Now().Add(time.Hour))
			}
			if tc.offer {
				w.Promote(thousand(func(p *promotion.Promotion) { p.CombinesWith = []promotion.Class{promotion.Order} }))
			}
			begin(t, w, start(w, w.FillCart(ann, map[string]int{w.Sell(testshop.ProductSpec{Units: 9}): 1}), "pm_card_visa"))
			var e events.OrderPlaced = w.Orders(t)[0].PlacedEvent()
			if e.Lines[0].Discounted != tc.want || (e.Member != nil) != tc.member {
				t.Errorf("discounted %v, member %+v", e.Lines[0].Discounted, e.Member)
			}
		})
	}
}

// TestACheckoutGoesByTheMembershipOfThatMoment holds a total that a member was shown against the moment it runs out.
func TestACheckoutGoesByTheMembershipOfThatMoment(t *testing.T) {
	t.Parallel()
	w := testshop.New(t, fault.New(fault.Plan{}))
	ends := w.Clock.Now().Add(time.Hour)
	join(t, w, 1, ends)
	in := start(w, w.FillCart(ann, map[string]int{w.Sell(testshop.ProductSpec{Units: 9, Price: 20_000}): 1}),
		"pm_card_visa")
	total := int64(18_000)
	in.Total, in.Currency = &total, "KRW"
	w.Clock.MoveTo(ends)
	if _, _, err := w.Service.Begin(t.Context(), in); problem.Code(err) != "total_changed" {
		t.Errorf("at the end of the membership: %v", err)
	}
	join(t, w, 2, ends.Add(time.Hour))
	c := begin(t, w, in)
	if c.Totals.Total != total {
		t.Errorf("with the membership renewed it costs %d", c.Totals.Total)
	}
	w.Check(t)
}
