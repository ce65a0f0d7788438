package runner_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// sale is the body of a sale on the shelf of one product, a fifth off; change has fields that differ.
func sale(product, starts, ends string, change map[string]any) map[string]any {
	body := map[string]any{
		"name": map[string]string{"ko": "주말 세일", "en": "Weekend sale"}, "kind": "shelf", "starts": starts, "ends": ends,
		"targets": map[string]any{"products": []string{product}}, "terms": map[string]any{"basisPoints": 2_000},
	}
	for name, value := range change {
		body[name] = value
	}
	return body
}

// publish writes a promotion and publishes it, whatever the guard says.
func (s *shop) publish(body map[string]any) string {
	s.t.Helper()
	id := s.do(s.merchant(), "POST", "/promotions", body).field(s.t, "id")
	s.do(s.merchant(), "POST", "/promotions/"+id+"/publish", `{"reason":"a test"}`)
	return id
}

// advanceTo moves the clock to a time of the shop's clocks.
func (s *shop) advanceTo(local string) {
	s.t.Helper()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		s.t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02T15:04:05", local, seoul)
	if err != nil {
		s.t.Fatal(err)
	}
	s.advance(at.Sub(s.Clock().Now()))
}

// TestASeasonIsRehearsedFromPlanToReport plans a promotion for next Friday 10:00 to Sunday 24:00 in Seoul, previews a cart
// before, during and after, and lets the clock go through it.
func TestASeasonIsRehearsedFromPlanToReport(t *testing.T) {
	t.Parallel()
	s := open(t)
	product, variant := s.product(20, nil)
	plan := sale(product, "2026-11-27T10:00", "2026-11-29T24:00", nil)
	if got := s.do(s.merchant(), "POST", "/promotions/plan", plan).field(t, "allowed"); got != "true" {
		t.Fatalf("the guard speaks against the first sale: %s", got)
	}
	draft := s.do(s.merchant(), "POST", "/promotions", plan).field(t, "id")
	for at, want := range map[string]string{
		"2026-11-27T00:59:59Z": "12000", "2026-11-27T01:00:00Z": "9600", "2026-11-29T14:59:59Z": "9600", "2026-11-29T15:00:00Z": "12000",
	} {
		preview := s.do(s.merchant(), "POST", "/promotions/preview", map[string]any{
			"at": at, "promotionId": draft, "lines": []any{map[string]any{"variantId": variant, "quantity": 1}},
		})
		if got := preview.field(t, "total.amount"); got != want {
			t.Errorf("at %s the cart costs %s, want %s", at, got, want)
		}
	}
	s.do(s.merchant(), "POST", "/promotions/"+draft+"/publish", nil)

	shelf := func() string {
		page := s.do(guest, "GET", "/products/"+product+"?currency=KRW", nil)
		list := s.do(guest, "GET", "/products?currency=KRW", nil)
		price := page.field(t, "variants.0.price.amount")
		if listed := list.field(t, "products.0.price.amount"); listed != price {
			t.Errorf("the list says %s, the page %s", listed, price)
		}
		if !strings.Contains(page.body, `"sale"`) {
			return price
		}
		return price + " " + page.field(t, "variants.0.sale.name") + " instead of " + page.field(t, "variants.0.compareAt.amount") +
			", lowest " + page.field(t, "variants.0.lowestPrice30.amount")
	}
	early := s.guestWith(variant, 1)
	for _, step := range []struct{ at, want, state string }{
		{"2026-11-27T09:59:59", "12000", "scheduled"},
		{"2026-11-27T10:00:00", "9600 주말 세일 instead of 12000, lowest 12000", "live"},
		{"2026-11-29T23:59:59", "9600 주말 세일 instead of 12000, lowest 12000", "live"},
		{"2026-11-30T00:00:00", "12000", "ended"},
	} {
		s.advanceTo(step.at)
		if got := shelf(); got != step.want {
			t.Errorf("at %s the shelf says %q, want %q", step.at, got, step.want)
		}
		if got := s.do(s.merchant(), "GET", "/promotions/"+draft, nil).field(t, "state"); got != step.state {
			t.Errorf("at %s the promotion is %s, want %s", step.at, got, step.state)
		}
		switch step.at {
		case "2026-11-27T10:00:00":
			if got := problemsOf(t, s.do(early.caller, "GET", "/carts/"+early.cart, nil)); got != "price_changed" {
				t.Errorf("a cart held across the start has the problems %q", got)
			}
			if got := s.buy(early, "pm_card_visa"); got.status != http.StatusCreated || got.field(t, "total.amount") != "12600" {
				t.Errorf("an order at the start: %d %s", got.status, got.body)
			}
			early = s.guestWith(variant, 2)
		case "2026-11-30T00:00:00":
			if got := s.buy(early, "pm_card_visa"); got.status != http.StatusConflict || !strings.Contains(got.body, "price_changed") {
				t.Errorf("an order at the end, at the price of the sale: %d %s", got.status, got.body)
			}
			s.do(early.caller, "POST", "/carts/"+early.cart+"/accept-prices", nil)
			if got := s.buy(early, "pm_card_visa"); got.status != http.StatusCreated || got.field(t, "total.amount") != "27000" {
				t.Errorf("an order at the end, at the price accepted: %d %s", got.status, got.body)
			}
		}
	}
	s.settle()
	history := s.do(s.merchant(), "GET", "/products/"+product+"/price-history", nil)
	for n, want := range []string{"9600", "12000"} {
		if got := history.field(t, fmt.Sprintf("changes.%d.price.amount", n)); got != want {
			t.Errorf("price %d of the history is %s, want %s: %s", n, got, want, history.body)
		}
	}
	brought := s.do(s.merchant(), "GET", "/promotions/"+draft, nil)
	if got := brought.field(t, "results.0.orders") + " order, cost " + brought.field(t, "results.0.cost"); got != "1 order, cost 2400" {
		t.Errorf("the sale brought %s: %s", got, brought.body)
	}
	report := s.do(s.merchant(), "GET", "/promotions/report?product="+product, nil)
	if got := report.field(t, "days30") + " days, share " + report.field(t, "discountShare"); got != "3 days, share 2857" {
		t.Errorf("the report says %s: %s", got, report.body)
	}
}

func problemsOf(t *testing.T, cart answer) string {
	t.Helper()
	var codes []string
	for n := range strings.Count(cart.body, `"blocking"`) {
		codes = append(codes, cart.field(t, fmt.Sprintf("problems.%d.code", n)))
	}
	return strings.Join(codes, " ")
}

func TestTheThirdSaleOfAMonthIsRefusedWithTheRuleAndTheCalendar(t *testing.T) {
	t.Parallel()
	s := open(t)
	product, _ := s.product(20, nil)
	s.publish(sale(product, "2026-11-27T10:00", "2026-11-29T24:00", nil))
	s.publish(sale(product, "2026-12-04T10:00", "2026-12-06T24:00", nil))
	third := sale(product, "2026-12-11T10:00", "2026-12-13T24:00", nil)
	plan := s.do(s.merchant(), "POST", "/promotions/plan", third)
	if plan.field(t, "allowed") != "false" || !strings.Contains(plan.body, "days_on_sale") || !strings.Contains(plan.body, `"2026-12-13"`) {
		t.Errorf("the plan says %s", plan.body)
	}
	draft := s.do(s.merchant(), "POST", "/promotions", third).field(t, "id")
	refused := s.try(s.merchant(), "POST", "/promotions/"+draft+"/publish", nil)
	if refused.status != http.StatusConflict || refused.field(t, "code") != "discount_guard" || !strings.Contains(refused.body, "9 days") ||
		!strings.Contains(refused.body, `"calendar"`) {
		t.Errorf("publishing it: %d %s", refused.status, refused.body)
	}
	kept := s.do(s.merchant(), "POST", "/promotions/"+draft+"/publish", `{"reason":"the label changes"}`)
	if kept.field(t, "reason") != "the label changes" || kept.field(t, "state") != "scheduled" {
		t.Errorf("with a reason: %s", kept.body)
	}
}

func TestAHundredOfALimitedEditionForManyBuyersAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	product, variant := s.product(100, map[string]any{"edition": map[string]any{"opensAt": "2026-11-01T00:00:00Z", "buckets": 10}})
	s.publish(map[string]any{
		"name": map[string]string{"ko": "한정판"}, "kind": "drop", "starts": "2026-11-27T10:00", "limitPerCustomer": 1,
		"targets": map[string]any{"products": []string{product}},
	})
	const buyers = 300
	purses := make([]purse, buyers)
	for n := range purses {
		purses[n] = s.customerWith(unique("fan"), variant, 1)
	}
	if got := problemsOf(t, s.do(purses[0].caller, "GET", "/carts/mine", nil)); got != "not_open_yet" {
		t.Errorf("before it opens a cart has the problems %q", got)
	}
	s.advanceTo("2026-11-27T10:00:00")
	for n := range purses { // tokens are for a day
		purses[n].caller = s.as(purses[n].name)
	}
	guest := s.guestWith(variant, 1)
	if got := s.buy(guest, "pm_card_visa"); got.status != http.StatusConflict {
		t.Errorf("a guest bought what is limited for each customer: %d %s", got.status, got.body)
	}
	var mu sync.Mutex
	outcomes, sold := map[string]int{}, map[string]int{}
	var all sync.WaitGroup
	for _, p := range purses {
		all.Go(func() {
			for range 2 { // everybody tries twice
				a := s.buy(p, "pm_card_visa")
				if a.status != http.StatusCreated {
					mu.Lock()
					outcomes[fmt.Sprint(a.status, " ", a.field(t, "code"))]++
					mu.Unlock()
					continue
				}
				mu.Lock()
				sold[p.name]++
				mu.Unlock()
				s.try(p.caller, "POST", "/carts/mine/lines", map[string]any{"variantId": variant, "quantity": 1})
			}
		})
	}
	all.Wait()
	total := 0
	for who, n := range sold {
		total += n
		if n > 1 {
			t.Errorf("%s bought %d", who, n)
		}
	}
	if total != 100 {
		t.Errorf("%d sold, want 100; refusals: %v", total, outcomes)
	}
	for refusal := range outcomes {
		if !strings.HasPrefix(refusal, "409 ") {
			t.Errorf("somebody was told %s", refusal)
		}
	}
}
