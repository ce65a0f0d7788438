package runner_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/runner"
	"dangol/infra/testkit/system"
)

const oneDay = 24 * time.Hour

// told counts the mails to somebody whose subject has the words.
func (s *shop) mailsWith(name, words string) (n int) {
	for _, subject := range s.Subjects(name + "@example.com") {
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
func (s *shop) invoices(c system.Caller, id string) []invoice {
	s.T.Helper()
	var page struct{ Invoices []invoice }
	if err := json.Unmarshal([]byte(s.Do(c, "GET", "/subscriptions/"+id+"/invoices?limit=100", nil).Body),
		&page); err != nil {
		s.T.Fatal(err)
	}
	out := page.Invoices
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// consent says yes to the notice that is shown.
func (s *shop) consent(c system.Caller, id string) {
	s.T.Helper()
	notice := s.Do(c, "GET", "/subscriptions/"+id+"/consent", nil)
	s.Do(c, "POST", "/subscriptions/"+id+"/consent", map[string]any{
		"noticeId": notice.Field(s.T, "id"), "fingerprint": notice.Field(s.T, "fingerprint"), "answer": "yes",
		"explicit": true, "separate": true,
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
	plan := s.Plan(map[string]any{"trialDays": 14})
	id := s.Subscribe(s.As("yuna"), plan, "pm_card_visa").Field(t, "id")
	s.AdvanceBy(7 * oneDay)
	if n := s.mailsWith("yuna", "동의가 필요합니다"); n == 0 {
		t.Fatalf("mails: %v; want the request for consent", s.Subjects("yuna@example.com"))
	}
	s.consent(s.As("yuna"), id)
	s.AdvanceBy(7*oneDay + 365*oneDay - oneDay)
	all := s.invoices(s.As("yuna"), id)
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
	if receipts, notices := s.mailsWith("yuna", "영수증"), s.mailsWith("yuna", "갱신 안내"); receipts != 12 || notices < 11 {
		t.Errorf("%d receipts and %d renewal notices, want 12 and 11 at least", receipts, notices)
	}
}

func TestATrialThatNobodyConsentsToEndsWithoutACharge(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.Subscribe(s.As("mina"), s.Plan(map[string]any{"trialDays": 14}), "pm_card_visa").Field(t, "id")
	s.AdvanceBy(20 * oneDay)
	got := s.Do(s.As("mina"), "GET", "/subscriptions/"+id, nil)
	if got.Field(t, "state") != "ended" || got.Field(t, "endReason") != "no_consent" || len(s.Payments().Ledger()) != 0 {
		t.Errorf("it is %s; %d payments", got.Body, len(s.Payments().Ledger()))
	}
	if s.mailsWith("mina", "동의가 필요합니다") < 2 || s.mailsWith("mina", "무료 체험이 끝났습니다") != 1 {
		t.Errorf("mails: %v", s.Subjects("mina@example.com"))
	}
}

func TestACardThatFailsIsFollowedUpUntilAnotherOneRecovers(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.Subscribe(s.As("jisu"), s.Plan(map[string]any{"trialDays": 14}),
		"pm_card_sandbox_chargeCustomerFailFunds").Field(t, "id")
	s.consent(s.As("jisu"), id)
	s.AdvanceBy(18 * oneDay)
	path := "/subscriptions/" + id
	if state := s.Do(s.As("jisu"), "GET", path, nil).Field(t, "state"); state != "past_due" {
		t.Fatalf("four days after the decline it is %s", state)
	}
	if n := s.mailsWith("jisu", "결제하지 못했습니다"); n != 3 {
		t.Errorf("%d mails about the failed payment, want one on each of days 0, 1 and 3", n)
	}
	updated := s.Do(s.As("jisu"), "PUT", path+"/payment-method", map[string]string{"paymentMethod": "pm_card_mastercard"})
	if state := updated.Field(t, "state"); state != "active" {
		t.Errorf("with another card it is %s", state)
	}
	s.RunUntilIdle()
	if s.mailsWith("jisu", "결제가 완료되었습니다") != 1 || s.mailsWith("jisu", "영수증") != 1 {
		t.Errorf("mails: %v", s.Subjects("jisu@example.com"))
	}
}

func TestAnUpgradeInMidPeriodChargesWhatWasQuoted(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.Subscribe(s.As("sora"), s.Plan(nil), "pm_card_visa").Field(t, "id")
	dear := s.Plan(map[string]any{"prices": map[string]int{"KRW": 29_900}})
	s.AdvanceBy(10 * oneDay)
	request := map[string]any{"do": "upgrade", "planId": dear}
	quote := s.Do(s.As("sora"), "POST", "/subscriptions/"+id+"/quote", request)
	s.Do(s.As("sora").With("If-Match", `"`+quote.Field(t, "version")+`"`), "POST", "/subscriptions/"+id+"/changes",
		request)
	all := s.invoices(s.As("sora"), id)
	last := all[len(all)-1]
	// 20 of the 30 days are left: 29,900 x 20 / 30 = 19,933, less 9,900 x 20 / 30 = 6,600.
	if quote.Field(t, "now.display") != "₩13,333" || last.State != "paid" || last.Total.Amount != 13_333 {
		t.Errorf("quoted %s, invoiced %+v", quote.Field(t, "now.display"), last)
	}
}

func TestABoxThatRunsOutOfStockFollowsItsPolicy(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, variant := s.Product(2, nil)
	box := map[string]any{
		"kind": "box", "editions": []any{map[string]any{
			"name": "winter", "from": "2026-01-01", "contents": []any{map[string]any{"variantId": variant, "quantity": 1}},
		}},
	}
	skipping := s.Subscribe(s.As("hana"), s.Plan(with(box, "skip")), "pm_card_visa").Field(t, "id")
	waiting := s.Subscribe(s.As("duri"), s.Plan(with(box, "wait")), "pm_card_visa").Field(t, "id")
	s.AdvanceBy(32 * oneDay)
	skipped, waited := s.invoices(s.As("hana"), skipping), s.invoices(s.As("duri"), waiting)
	if len(skipped) != 2 || skipped[1].State != "void" || len(waited) != 2 || waited[1].State != "open" {
		t.Fatalf("skip: %+v\nwait: %+v", skipped, waited)
	}
	s.Do(s.Merchant(), "PUT", "/stock/"+variant, `{"available":1}`)
	s.AdvanceBy(2 * oneDay)
	waited = s.invoices(s.As("duri"), waiting)
	orders := s.Do(s.As("duri"), "GET", "/orders", nil)
	if waited[1].State != "paid" || strings.Count(orders.Body, `"number"`) != 2 {
		t.Errorf("with stock again the invoice is %s; orders %s", waited[1].State, orders.Body)
	}
	if s.mailsWith("hana", "건너뜁니다") != 1 || s.mailsWith("duri", "품절") == 0 {
		t.Errorf("mails: %v, %v", s.Subjects("hana@example.com"), s.Subjects("duri@example.com"))
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
