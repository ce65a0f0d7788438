package runner_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/runner"
)

const oneDay = 24 * time.Hour

// told counts the mails to somebody whose subject has the words.
func (s *shop) told(name, words string) (n int) {
	for _, subject := range s.subjects(name + "@example.com") {
		if strings.Contains(subject, words) {
			n++
		}
	}
	return n
}

// invoice is what the tests read of an invoice.
type invoice struct {
	Number, State string
	Issued        time.Time
	Total         struct{ Amount int64 }
	Lines         []struct{ From string }
}

// invoices reads somebody's invoices, oldest first.
func (s *shop) invoices(c caller, id string) []invoice {
	s.t.Helper()
	var page struct{ Invoices []invoice }
	if err := json.Unmarshal([]byte(s.do(c, "GET", "/subscriptions/"+id+"/invoices?limit=100", nil).body), &page); err != nil {
		s.t.Fatal(err)
	}
	out := page.Invoices
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// consent says yes to the notice that is shown.
func (s *shop) consent(c caller, id string) {
	s.t.Helper()
	notice := s.do(c, "GET", "/subscriptions/"+id+"/consent", nil)
	s.do(c, "POST", "/subscriptions/"+id+"/consent", map[string]any{
		"noticeId": notice.field(s.t, "id"), "fingerprint": notice.field(s.t, "fingerprint"), "answer": "yes", "explicit": true, "separate": true,
	})
}

// charges is how often each invoice was charged, by its key.
func charges(r *runner.Runner) map[string]int {
	out := map[string]int{}
	for _, e := range r.Payments().Ledger() {
		if e.Charged() > 0 {
			out[e.Metadata["invoice"]] += e.Charged()
		}
	}
	return out
}

func TestATrialWithConsentAndAYearOfRenewals(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.plan(map[string]any{"trialDays": 14})
	id := s.subscribe(s.as("yuna"), plan, "pm_card_visa").field(t, "id")
	s.advance(7 * oneDay)
	if n := s.told("yuna", "동의가 필요합니다"); n == 0 {
		t.Fatalf("mails: %v; want the request for consent", s.subjects("yuna@example.com"))
	}
	s.consent(s.as("yuna"), id)
	s.advance(7*oneDay + 365*oneDay - oneDay)
	all := s.invoices(s.as("yuna"), id)
	if len(all) != 12 {
		t.Fatalf("%d invoices in a year, want 12", len(all))
	}
	first := time.Date(2026, 12, 5, 0, 0, 0, 0, time.UTC)
	for n, i := range all {
		want := first.AddDate(0, n, 0).Format(time.DateOnly)
		if i.State != "paid" || i.Lines[0].From != want || i.Total.Amount != 9_900 {
			t.Errorf("invoice %s is %s from %s, want paid from %s", i.Number, i.State, i.Lines[0].From, want)
		}
	}
	for key, n := range charges(s.Runner) {
		if n != 1 {
			t.Errorf("%s was charged %d times", key, n)
		}
	}
	if receipts, notices := s.told("yuna", "영수증"), s.told("yuna", "갱신 안내"); receipts != 12 || notices < 11 {
		t.Errorf("%d receipts and %d renewal notices, want 12 and 11 at least", receipts, notices)
	}
}

func TestATrialThatNobodyConsentsToEndsWithoutACharge(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.subscribe(s.as("mina"), s.plan(map[string]any{"trialDays": 14}), "pm_card_visa").field(t, "id")
	s.advance(20 * oneDay)
	got := s.do(s.as("mina"), "GET", "/subscriptions/"+id, nil)
	if got.field(t, "state") != "ended" || got.field(t, "endReason") != "no_consent" || len(s.Payments().Ledger()) != 0 {
		t.Errorf("it is %s; %d payments", got.body, len(s.Payments().Ledger()))
	}
	if s.told("mina", "동의가 필요합니다") < 2 || s.told("mina", "구독이 끝났습니다") != 1 {
		t.Errorf("mails: %v", s.subjects("mina@example.com"))
	}
}

func TestACardThatFailsIsFollowedUpUntilAnotherOneRecovers(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.subscribe(s.as("jisu"), s.plan(map[string]any{"trialDays": 14}), "pm_card_sandbox_chargeCustomerFailFunds").field(t, "id")
	s.consent(s.as("jisu"), id)
	s.advance(18 * oneDay)
	path := "/subscriptions/" + id
	if state := s.do(s.as("jisu"), "GET", path, nil).field(t, "state"); state != "past_due" {
		t.Fatalf("four days after the decline it is %s", state)
	}
	if n := s.told("jisu", "결제하지 못했습니다"); n != 3 {
		t.Errorf("%d mails about the failed payment, want one on each of days 0, 1 and 3", n)
	}
	updated := s.do(s.as("jisu"), "PUT", path+"/payment-method", map[string]string{"paymentMethod": "pm_card_mastercard"})
	if state := updated.field(t, "state"); state != "active" {
		t.Errorf("with another card it is %s", state)
	}
	s.settle()
	if s.told("jisu", "결제가 완료되었습니다") != 1 || s.told("jisu", "영수증") != 1 {
		t.Errorf("mails: %v", s.subjects("jisu@example.com"))
	}
}

func TestAnUpgradeInMidPeriodChargesWhatWasQuoted(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.subscribe(s.as("sora"), s.plan(nil), "pm_card_visa").field(t, "id")
	dear := s.plan(map[string]any{"prices": map[string]int{"KRW": 29_900}})
	s.advance(10 * oneDay)
	wish := map[string]any{"do": "upgrade", "planId": dear}
	quote := s.do(s.as("sora"), "POST", "/subscriptions/"+id+"/quote", wish)
	s.do(s.as("sora").with("If-Match", `"`+quote.field(t, "version")+`"`), "POST", "/subscriptions/"+id+"/changes", wish)
	all := s.invoices(s.as("sora"), id)
	last := all[len(all)-1]
	// 20 of the 30 days are left. Of 29,900 the first 20 days cost 997 each and the others 996: 19,930, less 20 days at 330.
	if quote.field(t, "now.display") != "₩13,330" || last.State != "paid" || last.Total.Amount != 13_330 {
		t.Errorf("quoted %s, invoiced %+v", quote.field(t, "now.display"), last)
	}
}

func TestABoxThatRunsOutOfStockFollowsItsPolicy(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, variant := s.product(2, nil)
	box := map[string]any{
		"kind": "box", "editions": []any{map[string]any{
			"name": "winter", "from": "2026-01-01", "contents": []any{map[string]any{"variantId": variant, "quantity": 1}},
		}},
	}
	skipping := s.subscribe(s.as("hana"), s.plan(with(box, "skip")), "pm_card_visa").field(t, "id")
	waiting := s.subscribe(s.as("duri"), s.plan(with(box, "wait")), "pm_card_visa").field(t, "id")
	s.advance(32 * oneDay)
	skipped, waited := s.invoices(s.as("hana"), skipping), s.invoices(s.as("duri"), waiting)
	if len(skipped) != 2 || skipped[1].State != "void" || len(waited) != 2 || waited[1].State != "open" {
		t.Fatalf("skip: %+v\nwait: %+v", skipped, waited)
	}
	s.do(s.merchant(), "PUT", "/stock/"+variant, `{"available":1}`)
	s.advance(2 * oneDay)
	waited = s.invoices(s.as("duri"), waiting)
	orders := s.do(s.as("duri"), "GET", "/orders", nil)
	if waited[1].State != "paid" || strings.Count(orders.body, `"number"`) != 2 {
		t.Errorf("with stock again the invoice is %s; orders %s", waited[1].State, orders.body)
	}
	if s.told("hana", "건너뜁니다") != 1 || s.told("duri", "품절") == 0 {
		t.Errorf("mails: %v, %v", s.subjects("hana@example.com"), s.subjects("duri@example.com"))
	}
}

// with adds a stock policy to a plan.
func with(plan map[string]any, do string) map[string]any {
	out := map[string]any{"policy": map[string]any{"stock": map[string]any{"do": do}}}
	for name, value := range plan {
		out[name] = value
	}
	return out
}
