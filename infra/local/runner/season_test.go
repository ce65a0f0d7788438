package runner_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/system"
)

// advanceTo moves the clock to a time of the shop's clocks.
func (s *shop) advanceTo(local string) {
	s.T.Helper()
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		s.T.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02T15:04:05", local, seoul)
	if err != nil {
		s.T.Fatal(err)
	}
	s.AdvanceBy(at.Sub(s.Clock().Now()))
}

// TestASeasonIsRehearsedFromPlanToReport plans a promotion for next Friday 10:00 to Sunday 24:00 in Seoul, previews a
// cart before, during and after, and lets the clock go through it.
func TestASeasonIsRehearsedFromPlanToReport(t *testing.T) {
	t.Parallel()
	s := open(t)
	product, variant := s.Product(20, nil)
	plan := system.Sale(product, "2026-11-27T10:00", "2026-11-29T24:00", nil)
	if got := s.Do(s.Merchant(), "POST", "/promotions/plan", plan).Field(t, "allowed"); got != "true" {
		t.Fatalf("the guard speaks against the first sale: %s", got)
	}
	draft := s.Do(s.Merchant(), "POST", "/promotions", plan).Field(t, "id")
	for at, want := range map[string]string{
		"2026-11-27T00:59:59Z": "12000", "2026-11-27T01:00:00Z": "9600", "2026-11-29T14:59:59Z": "9600",
		"2026-11-29T15:00:00Z": "12000",
	} {
		preview := s.Do(s.Merchant(), "POST", "/promotions/preview", map[string]any{
			"at": at, "promotionId": draft, "lines": []any{map[string]any{"variantId": variant, "quantity": 1}},
		})
		if got := preview.Field(t, "total.amount"); got != want {
			t.Errorf("at %s the cart costs %s, want %s", at, got, want)
		}
	}
	s.Do(s.Merchant(), "POST", "/promotions/"+draft+"/publish", nil)

	shown := func() string {
		page := s.Do(system.Guest, "GET", "/products/"+product+"?currency=KRW", nil)
		list := s.Do(system.Guest, "GET", "/products?currency=KRW", nil)
		price := page.Field(t, "variants.0.price.amount")
		if listed := list.Field(t, "products.0.price.amount"); listed != price {
			t.Errorf("the list says %s, the page %s", listed, price)
		}
		if !strings.Contains(page.Body, `"sale"`) {
			return price
		}
		return price + " " + page.Field(t, "variants.0.sale.name") + " instead of " + page.Field(t,
			"variants.0.compareAt.amount") +
			", lowest " + page.Field(t, "variants.0.lowestPrice30.amount")
	}
	early := s.GuestWith(variant, 1)
	for _, step := range []struct{ at, want, state string }{
		{"2026-11-27T09:59:59", "12000", "scheduled"},
		{"2026-11-27T10:00:00", "9600 주말 세일 instead of 12000, lowest 12000", "live"},
		{"2026-11-29T23:59:59", "9600 주말 세일 instead of 12000, lowest 12000", "live"},
		{"2026-11-30T00:00:00", "12000", "ended"},
	} {
		s.advanceTo(step.at)
		if got := shown(); got != step.want {
			t.Errorf("at %s the catalog shows %q, want %q", step.at, got, step.want)
		}
		if got := s.Do(s.Merchant(), "GET", "/promotions/"+draft, nil).Field(t, "state"); got != step.state {
			t.Errorf("at %s the promotion is %s, want %s", step.at, got, step.state)
		}
		switch step.at {
		case "2026-11-27T10:00:00":
			if got := problemsOf(t, s.Do(early.Caller, "GET", "/carts/"+early.Cart, nil)); got != "price_changed" {
				t.Errorf("a cart held across the start has the problems %q", got)
			}
			if got := s.Buy(early, "pm_card_visa"); got.Status != http.StatusCreated || got.Field(t, "total.amount") != "12600" {
				t.Errorf("an order at the start: %d %s", got.Status, got.Body)
			}
			early = s.GuestWith(variant, 2)
		case "2026-11-30T00:00:00":
			if got := s.Buy(early, "pm_card_visa"); got.Status != http.StatusConflict ||
				!strings.Contains(got.Body, "price_changed") {
				t.Errorf("an order at the end, at the price of the sale: %d %s", got.Status, got.Body)
			}
			s.Do(early.Caller, "POST", "/carts/"+early.Cart+"/accept-prices", nil)
			if got := s.Buy(early, "pm_card_visa"); got.Status != http.StatusCreated || got.Field(t, "total.amount") != "27000" {
				t.Errorf("an order at the end, at the price accepted: %d %s", got.Status, got.Body)
			}
		}
	}
	s.RunUntilIdle()
	history := s.Do(s.Merchant(), "GET", "/products/"+product+"/price-history", nil)
	for n, want := range []string{"9600", "12000"} {
		if got := history.Field(t, fmt.Sprintf("changes.%d.price.amount", n)); got != want {
			t.Errorf("price %d of the history is %s, want %s: %s", n, got, want, history.Body)
		}
	}
	brought := s.Do(s.Merchant(), "GET", "/promotions/"+draft, nil)
	if got := brought.Field(t, "results.0.orders") + " order, cost " + brought.Field(t,
		"results.0.cost"); got != "1 order, cost 2400" {
		t.Errorf("the sale brought %s: %s", got, brought.Body)
	}
	report := s.Do(s.Merchant(), "GET", "/promotions/report?product="+product, nil)
	if got := report.Field(t, "days30") + " days, share " + report.Field(t, "discountShare"); got != "3 days, share 2857" {
		t.Errorf("the report says %s: %s", got, report.Body)
	}
}

func problemsOf(t *testing.T, cart system.Answer) string {
	t.Helper()
	var codes []string
	for n := range strings.Count(cart.Body, `"blocking"`) {
		codes = append(codes, cart.Field(t, fmt.Sprintf("problems.%d.code", n)))
	}
	return strings.Join(codes, " ")
}

func TestTheThirdSaleOfAMonthIsRefusedWithTheRuleAndTheCalendar(t *testing.T) {
	t.Parallel()
	s := open(t)
	product, _ := s.Product(20, nil)
	s.Publish(system.Sale(product, "2026-11-27T10:00", "2026-11-29T24:00", nil))
	s.Publish(system.Sale(product, "2026-12-04T10:00", "2026-12-06T24:00", nil))
	third := system.Sale(product, "2026-12-11T10:00", "2026-12-13T24:00", nil)
	plan := s.Do(s.Merchant(), "POST", "/promotions/plan", third)
	if plan.Field(t, "allowed") != "false" || !strings.Contains(plan.Body, "days_on_sale") ||
		!strings.Contains(plan.Body, `"2026-12-13"`) {
		t.Errorf("the plan says %s", plan.Body)
	}
	draft := s.Do(s.Merchant(), "POST", "/promotions", third).Field(t, "id")
	refused := s.Try(s.Merchant(), "POST", "/promotions/"+draft+"/publish", nil)
	if refused.Status != http.StatusConflict || refused.Field(t, "code") != "discount_guard" ||
		!strings.Contains(refused.Body, "9 days") ||
		!strings.Contains(refused.Body, `"calendar"`) {
		t.Errorf("publishing it: %d %s", refused.Status, refused.Body)
	}
	kept := s.Do(s.Merchant(), "POST", "/promotions/"+draft+"/publish", `{"reason":"the label changes"}`)
	if kept.Field(t, "reason") != "the label changes" || kept.Field(t, "state") != "scheduled" {
		t.Errorf("with a reason: %s", kept.Body)
	}
}

func TestAHundredOfALimitedEditionForManyBuyersAtOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	product, variant := s.Product(100,
		map[string]any{"edition": map[string]any{"opensAt": "2026-11-01T00:00:00Z", "buckets": 10}})
	s.Publish(map[string]any{
		"name": map[string]string{"ko": "한정판"}, "kind": "drop", "starts": "2026-11-27T10:00", "limitPerCustomer": 1,
		"targets": map[string]any{"products": []string{product}},
	})
	const buyers = 300
	purses := make([]system.Purse, buyers)
	for n := range purses {
		purses[n] = s.CustomerWith(system.Unique("fan"), variant, 1)
	}
	if got := problemsOf(t, s.Do(purses[0].Caller, "GET", "/carts/mine", nil)); got != "not_open_yet" {
		t.Errorf("before it opens a cart has the problems %q", got)
	}
	s.advanceTo("2026-11-27T10:00:00")
	for n := range purses { // tokens are for a day
		purses[n].Caller = s.As(purses[n].Name)
	}
	guest := s.GuestWith(variant, 1)
	if got := s.Buy(guest, "pm_card_visa"); got.Status != http.StatusConflict {
		t.Errorf("a guest bought what is limited for each customer: %d %s", got.Status, got.Body)
	}
	var mu sync.Mutex
	outcomes, sold := map[string]int{}, map[string]int{}
	var all sync.WaitGroup
	for _, p := range purses {
		all.Go(func() {
			for range 2 { // everybody tries twice
				a := s.Buy(p, "pm_card_visa")
				// On a slow machine some are told to try again, and do.
				for more := 0; a.Status == http.StatusServiceUnavailable && more < 20; more++ {
					a = s.Buy(p, "pm_card_visa")
				}
				if a.Status != http.StatusCreated {
					mu.Lock()
					outcomes[fmt.Sprint(a.Status, " ", a.Field(t, "code"))]++
					mu.Unlock()
					continue
				}
				mu.Lock()
				sold[p.Name]++
				mu.Unlock()
				s.Try(p.Caller, "POST", "/carts/mine/lines", map[string]any{"variantId": variant, "quantity": 1})
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
