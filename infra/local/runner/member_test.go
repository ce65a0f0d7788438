package runner_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/system"
)

// regulars is a plan with a tenth off, free shipping, a day's early access and double points.
func (s *shop) regulars() string {
	return s.Plan(map[string]any{"trialDays": 14, "benefits": map[string]any{
		"percentOffBp": 1_000, "freeShipping": true, "earlyAccessHours": 24, "pointsTimes": 2, "invitations": true,
	}})
}

// takenOff is what the cart of somebody says of its discounts: "멤버십: 단골 멤버십 ₩2,400".
func (s *shop) takenOff(name string) string {
	s.T.Helper()
	cart := s.Do(s.As(name), "GET", "/carts/mine", nil)
	if !strings.Contains(cart.Body, `"planId"`) {
		return cart.Field(s.T, "totals.discount.display")
	}
	return cart.Field(s.T, "totals.adjustments.0.name") + " " + cart.Field(s.T, "totals.adjustments.0.amount.display") +
		", total " +
		cart.Field(s.T, "totals.total.display")
}

func TestBenefitsFollowTheMembershipFromTrialToSuspensionAndBack(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, variant := s.Product(20, nil)
	const withIt, without = "멤버십: 단골 멤버십 ₩2,400, total ₩21,600", "₩0"
	p := s.CustomerWith("yuri", variant, 2)
	if got := s.takenOff("yuri"); got != without {
		t.Fatalf("before there is a membership: %s", got)
	}
	id := s.Subscribe(s.As("yuri"), s.regulars(), "pm_card_sandbox_chargeCustomerFailFunds").Field(t, "id")
	if got := problemsOf(t, s.Do(s.As("yuri"), "GET", "/carts/mine", nil)); got != "offer_changed" {
		t.Errorf("a cart whose goods and shipping the trial makes cheaper has the problems %q", got)
	}
	s.Do(s.As("yuri"), "POST", "/carts/mine/accept-prices", nil)
	mine := s.Do(s.As("yuri"), "GET", "/me/membership", nil)
	if mine.Field(t, "member") != "true" || mine.Field(t, "benefits.percentOffBp") != "1000" ||
		mine.Field(t, "pointsTimes") != "2" ||
		mine.Field(t, "invited") != "true" || mine.Field(t, "memberships.0.state") != "trialing" {
		t.Errorf("what one gets: %s", mine.Body)
	}
	s.consent(s.As("yuri"), id)
	state := func(want, cart string) {
		t.Helper()
		if got := s.Do(s.As("yuri"), "GET", "/subscriptions/"+id, nil).Field(t, "state"); got != want {
			t.Errorf("it is %s, want %s", got, want)
		}
		if got := s.takenOff("yuri"); got != cart {
			t.Errorf("%s: the cart says %q, want %q", want, got, cart)
		}
	}
	state("trialing", withIt)
	s.AdvanceBy(18 * oneDay)
	state("past_due", withIt)
	s.AdvanceBy(5 * oneDay)
	state("suspended", without)
	p.Caller = s.As("yuri")
	if got := s.Buy(p, "pm_card_visa"); got.Status != http.StatusConflict ||
		!strings.Contains(got.Body, "membership_ended") {
		t.Errorf("buying at the price of before: %d %s", got.Status, got.Body)
	}
	s.Do(s.As("yuri"), "PUT", "/subscriptions/"+id+"/payment-method",
		map[string]string{"paymentMethod": "pm_card_mastercard"})
	state("active", withIt)
	bought := s.Buy(p, "pm_card_visa")
	if bought.Status != http.StatusCreated || bought.Field(t, "total.amount") != "21600" {
		t.Fatalf("bought as a member: %d %s", bought.Status, bought.Body)
	}
	order := s.Do(s.As("yuri"), "GET", "/orders/"+bought.Field(t, "orderId"), nil)
	if got := order.Field(t, "totals.adjustments.0.name"); got != "멤버십: 단골 멤버십" {
		t.Errorf("the order says %q: %s", got, order.Body)
	}
	s.Do(s.As("yuri"), "POST", "/subscriptions/"+id+"/cancel", nil)
	s.CustomerWith("yuri", variant, 2)
	state("canceled", withIt)
	s.AdvanceBy(31 * oneDay)
	state("ended", without)
}

func TestADropOpensToMembersByTheHoursOfTheirPlan(t *testing.T) {
	t.Parallel()
	s := open(t)
	product, variant := s.Product(20, nil)
	s.Publish(map[string]any{
		"name": map[string]string{"ko": "한정판"}, "kind": "drop", "starts": "2026-11-27T10:00",
		"targets": map[string]any{"products": []string{product}},
	})
	s.Subscribe(s.As("yuri"), s.regulars(), "pm_card_visa")
	member, other := s.CustomerWith("yuri", variant, 1), s.CustomerWith("mina", variant, 1)
	opening := func(p system.Purse) string {
		cart := s.Do(s.As(p.Name), "GET", "/carts/mine", nil)
		if problemsOf(t, cart) != "not_open_yet" {
			return problemsOf(t, cart)
		}
		return cart.Field(t, "problems.0.facts.opensAt")
	}
	if early, late := opening(member), opening(other); early != "2026-11-26T01:00:00Z" || late != "2026-11-27T01:00:00Z" {
		t.Errorf("it opens to members at %s, to all at %s", early, late)
	}
	s.advanceTo("2026-11-26T10:00:00")
	member.Caller, other.Caller = s.As("yuri"), s.As("mina")
	if got := s.Buy(other, "pm_card_visa"); got.Status != http.StatusConflict {
		t.Errorf("an account without a membership in the members' hours: %d %s", got.Status, got.Body)
	}
	if got := s.Buy(member, "pm_card_visa"); got.Status != http.StatusCreated {
		t.Errorf("a member in the members' hours: %d %s", got.Status, got.Body)
	}
	s.AdvanceBy(24 * time.Hour)
	other.Caller = s.As("mina")
	if got := s.Buy(other, "pm_card_visa"); got.Status != http.StatusCreated {
		t.Errorf("when it opens to all: %d %s", got.Status, got.Body)
	}
}
