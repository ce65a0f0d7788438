package runner_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// regulars is a plan with a tenth off, free shipping, a day's early access and double points.
func (s *shop) regulars() string {
	return s.plan(map[string]any{"trialDays": 14, "benefits": map[string]any{
		"percentOffBp": 1_000, "freeShipping": true, "earlyAccessHours": 24, "pointsTimes": 2, "invitations": true,
	}})
}

// takenOff is what the cart of somebody says of its discounts: "멤버십: 단골 멤버십 ₩2,400".
func (s *shop) takenOff(name string) string {
	s.t.Helper()
	cart := s.do(s.as(name), "GET", "/carts/mine", nil)
	if !strings.Contains(cart.body, `"planId"`) {
		return cart.field(s.t, "totals.discount.display")
	}
	return cart.field(s.t, "totals.adjustments.0.name") + " " + cart.field(s.t, "totals.adjustments.0.amount.display") + ", total " +
		cart.field(s.t, "totals.total.display")
}

func TestBenefitsFollowTheMembershipFromTrialToSuspensionAndBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, variant := s.product(20, nil)
	const withIt, without = "멤버십: 단골 멤버십 ₩2,400, total ₩21,600", "₩0"
	p := s.customerWith("yuri", variant, 2)
	if got := s.takenOff("yuri"); got != without {
		t.Fatalf("before there is a membership: %s", got)
	}
	id := s.subscribe(s.as("yuri"), s.regulars(), "pm_card_sandbox_chargeCustomerFailFunds").field(t, "id")
	if got := problemsOf(t, s.do(s.as("yuri"), "GET", "/carts/mine", nil)); got != "offer_changed offer_changed" {
		t.Errorf("a cart whose goods and shipping the trial makes cheaper has the problems %q", got)
	}
	s.do(s.as("yuri"), "POST", "/carts/mine/accept-prices", nil)
	mine := s.do(s.as("yuri"), "GET", "/me/membership", nil)
	if mine.field(t, "member") != "true" || mine.field(t, "benefits.percentOffBp") != "1000" || mine.field(t, "pointsTimes") != "2" ||
		mine.field(t, "invited") != "true" || mine.field(t, "memberships.0.state") != "trialing" {
		t.Errorf("what one gets: %s", mine.body)
	}
	s.consent(s.as("yuri"), id)
	state := func(want, cart string) {
		t.Helper()
		if got := s.do(s.as("yuri"), "GET", "/subscriptions/"+id, nil).field(t, "state"); got != want {
			t.Errorf("it is %s, want %s", got, want)
		}
		if got := s.takenOff("yuri"); got != cart {
			t.Errorf("%s: the cart says %q, want %q", want, got, cart)
		}
	}
	state("trialing", withIt)
	s.advance(18 * oneDay)
	state("past_due", withIt)
	s.advance(5 * oneDay)
	state("suspended", without)
	p.caller = s.as("yuri")
	if got := s.buy(p, "pm_card_visa"); got.status != http.StatusConflict || !strings.Contains(got.body, "membership_ended") {
		t.Errorf("buying at the price of before: %d %s", got.status, got.body)
	}
	s.do(s.as("yuri"), "PUT", "/subscriptions/"+id+"/payment-method", map[string]string{"paymentMethod": "pm_card_mastercard"})
	state("active", withIt)
	bought := s.buy(p, "pm_card_visa")
	if bought.status != http.StatusCreated || bought.field(t, "total.amount") != "21600" {
		t.Fatalf("bought as a member: %d %s", bought.status, bought.body)
	}
	order := s.do(s.as("yuri"), "GET", "/orders/"+bought.field(t, "orderId"), nil)
	if got := order.field(t, "totals.adjustments.0.name"); got != "멤버십: 단골 멤버십" {
		t.Errorf("the order says %q: %s", got, order.body)
	}
	s.do(s.as("yuri"), "POST", "/subscriptions/"+id+"/cancel", nil)
	s.customerWith("yuri", variant, 2)
	state("canceled", withIt)
	s.advance(31 * oneDay)
	state("ended", without)
}

func TestADropOpensToMembersByTheHoursOfTheirPlan(t *testing.T) {
	t.Parallel()
	s := open(t)
	product, variant := s.product(20, nil)
	s.publish(map[string]any{
		"name": map[string]string{"ko": "한정판"}, "kind": "drop", "starts": "2026-11-27T10:00", "targets": map[string]any{"products": []string{product}},
	})
	s.subscribe(s.as("yuri"), s.regulars(), "pm_card_visa")
	member, other := s.customerWith("yuri", variant, 1), s.customerWith("mina", variant, 1)
	opening := func(p purse) string {
		cart := s.do(s.as(p.name), "GET", "/carts/mine", nil)
		if problemsOf(t, cart) != "not_open_yet" {
			return problemsOf(t, cart)
		}
		return cart.field(t, "problems.0.facts.opensAt")
	}
	if early, late := opening(member), opening(other); early != "2026-11-26T01:00:00Z" || late != "2026-11-27T01:00:00Z" {
		t.Errorf("it opens to members at %s, to all at %s", early, late)
	}
	s.advanceTo("2026-11-26T10:00:00")
	member.caller, other.caller = s.as("yuri"), s.as("mina")
	if got := s.buy(other, "pm_card_visa"); got.status != http.StatusConflict {
		t.Errorf("an account without a membership in the members' hours: %d %s", got.status, got.body)
	}
	if got := s.buy(member, "pm_card_visa"); got.status != http.StatusCreated {
		t.Errorf("a member in the members' hours: %d %s", got.status, got.body)
	}
	s.advance(24 * time.Hour)
	other.caller = s.as("mina")
	if got := s.buy(other, "pm_card_visa"); got.status != http.StatusCreated {
		t.Errorf("when it opens to all: %d %s", got.status, got.body)
	}
}
