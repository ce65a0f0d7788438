package subscriptions_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"testing"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
	"dangol/shared/payment"
	"dangol/shared/subscription"
)

// pages walks a list by its cursor, one entry a page, and returns what each entry is named by.
func pages[T any](t *testing.T, c *apitest.Client, path, list string, name func(T) string) (names []string) {
	t.Helper()
	cursor := ""
	for range 50 {
		var page map[string]json.RawMessage
		c.Do("GET", path+"limit=1&cursor="+url.QueryEscape(cursor), nil).Want(200).Into(&page)
		var entries []T
		if err := json.Unmarshal(page[list], &entries); err != nil || len(entries) > 1 {
			t.Fatalf("%s: a page of 1 has %d entries, %v", path, len(entries), err)
		}
		for _, one := range entries {
			names = append(names, name(one))
		}
		if page["nextCursor"] == nil {
			return names
		}
		if err := json.Unmarshal(page["nextCursor"], &cursor); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("%s does not come to an end: %v", path, names)
	return nil
}

func TestEachEntryOfAListIsOnOnePage(t *testing.T) {
	t.Parallel()
	s := open(t)
	plan := s.offer(10_000, 0)
	v := s.subscribe(plan, "pm_card_visa")
	s.Until(t.Context(), s.Clock.Now().AddDate(0, 2, 1)) // three payments
	s.change(v.ID, `{"do":"pause","until":"2026-08-01"}`).Want(200)
	s.change(v.ID, `{"do":"resume"}`).Want(200)
	own := "/subscriptions/" + v.ID
	numbers := pages(t, s.ann(), own+"/invoices?", "invoices",
		func(i subscriptions.Invoice) string { return i.Number })
	if want := []string{"INV-2026-000003", "INV-2026-000002", "INV-2026-000001"}; !slices.Equal(numbers, want) {
		t.Errorf("invoices %v, want %v", numbers, want)
	}
	history := pages(t, s.ann(), own+"/history?", "entries",
		func(e subscription.Entry) string { return e.Command })
	if !slices.Equal(history[:2], []string{"resume", "pause"}) || history[len(history)-1] != "start" {
		t.Errorf("history, newest first: %v", history)
	}
	book := pages(t, s.guest.As(apitest.Merchant), "/admin/invoices?year=2026&", "invoices",
		func(i subscriptions.InvoiceEntry) string { return i.Number })
	slices.Reverse(book)
	if !slices.Equal(book, numbers) {
		t.Errorf("the book of the year has %v", book)
	}
	others := []string{s.subscribe(s.offer(20_000, 0), "pm_card_visa").ID, v.ID}
	mine := pages(t, s.ann(), "/subscriptions?", "subscriptions",
		func(c subscriptions.SubscriptionSummary) string { return c.ID })
	if !slices.Equal(mine, others) {
		t.Errorf("one's own, newest first: %v, want %v", mine, others)
	}
	bought := pages(t, s.guest, "/plans?", "plans", func(p subscriptions.PlanOffer) string { return p.ID })
	if len(bought) != 2 || bought[0] == bought[1] {
		t.Errorf("plans on offer: %v", bought)
	}
}

func TestACursorThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	own := "/subscriptions/" + v.ID
	for path, caller := range map[string]*apitest.Client{
		"/plans?": s.guest, "/subscriptions?": s.ann(), own + "/history?": s.ann(), own + "/invoices?": s.ann(),
		own + "/credit-notes?": s.ann(), "/gifts?": s.ann(),
		"/admin/plans?": s.guest.As(apitest.Merchant), "/admin/subscriptions?": s.guest.As(apitest.Merchant),
		"/admin/invoices?year=2026&": s.guest.As(apitest.Merchant), "/admin/refunds?": s.guest.As(apitest.Merchant),
		"/admin/credit-notes?year=2026&":             s.guest.As(apitest.Merchant),
		"/admin/subscriptions/" + v.ID + "/history?": s.guest.As(apitest.Merchant),
	} {
		caller.Do("GET", path+"cursor=bm9uc2Vuc2U", nil).WantField("query/cursor")
		caller.Do("GET", path+"limit=0", nil).Want(422)
		caller.Do("GET", path+"limit=100000", nil).Want(422)
	}
}

func TestACreditNoteSaysWhatGoesBackAndWhereTo(t *testing.T) {
	t.Parallel()
	s := open(t)
	merchant := s.guest.As(apitest.Merchant)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	other := s.subscribe(s.offer(20_000, 0), "pm_card_visa")
	act := func(amount int, toCard bool) {
		merchant.Do("POST", "/admin/subscriptions/"+v.ID+"/changes",
			map[string]any{"do": "goodwill", "amount": amount, "toCard": toCard, "note": "late parcel"}).Want(200)
	}
	act(3_000, false)
	act(2_000, true)
	s.Until(t.Context(), s.Clock.Now())
	notes := map[string]subscriptions.CreditNote{}
	own := "/subscriptions/" + v.ID
	numbers := pages(t, s.ann(), own+"/credit-notes?", "creditNotes", func(n subscriptions.CreditNote) string {
		notes[n.Number] = n
		return n.Number
	})
	if !slices.Equal(numbers, []string{"CN-2026-000002", "CN-2026-000001"}) {
		t.Fatalf("credit notes %v", numbers)
	}
	credit, card := notes["CN-2026-000001"], notes["CN-2026-000002"]
	if credit.ToCredit.Amount != 3_000 || credit.ToCard.Amount != 0 || len(credit.Refunds) != 0 {
		t.Errorf("as credit: %+v", credit)
	}
	if card.ToCard.Amount != 2_000 || len(card.Refunds) != 1 || card.Refunds[0].State != "refunded" ||
		card.Refunds[0].PaymentID != "" {
		t.Errorf("to the card: %+v", card)
	}
	for _, n := range notes {
		var gross int64
		for _, x := range n.Taxes {
			gross += x.Gross.Amount
		}
		if n.ToCard.Amount+n.ToCredit.Amount != n.Amount.Amount || gross != n.Amount.Amount {
			t.Errorf("%s does not add up: %+v", n.Number, n)
		}
	}
	var one, full subscriptions.CreditNote
	s.ann().Do("GET", own+"/credit-notes/CN-2026-000002", nil).Want(200).Into(&one)
	merchant.Do("GET", "/admin/credit-notes/CN-2026-000002", nil).Want(200).Into(&full)
	if one.Amount != full.Amount || full.Refunds[0].PaymentID == "" || one.Refunds[0].PaymentID != "" {
		t.Errorf("the customer reads %+v, the shop %+v", one.Refunds, full.Refunds)
	}
	s.ann().Do("GET", "/subscriptions/"+other.ID+"/credit-notes/CN-2026-000002", nil).
		WantProblem(404, "credit_note_not_found")
	for _, number := range []string{"CN-2026-000003", "CN-2025-000001", "INV-2026-000001", "nonsense"} {
		merchant.Do("GET", "/admin/credit-notes/"+number, nil).WantProblem(404, "credit_note_not_found")
	}
	s.guest.As(apitest.Bob).Do("GET", own+"/credit-notes", nil).WantProblem(404, "subscription_not_found")
	refund := "/admin" + own + "/refunds/" + card.Refunds[0].ID
	if r := merchant.Do("POST", refund+"/retry", nil); r.Status != 409 {
		t.Errorf("a refund that arrived is sent again: %d %s", r.Status, r.Body)
	}
	if r := merchant.Do("POST", refund+"/settle", `{"reference":"transfer"}`); r.Status != 409 {
		t.Errorf("a refund that arrived is paid otherwise: %d %s", r.Status, r.Body)
	}
	s.Check(t)
}

func TestARefundThatTheBankRefusesWaitsForAPerson(t *testing.T) {
	t.Parallel()
	s := open(t)
	merchant := s.guest.As(apitest.Merchant)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	taken := s.Bank.Ledger()[0]
	// Somebody gives the money back at the provider's dashboard.
	refund := payment.RefundRequest{Key: "dashboard", PaymentID: taken.ID, Amount: taken.Captured}
	if _, err := s.Service.Provider.Refund(t.Context(), refund); err != nil {
		t.Fatal(err)
	}
	s.change(v.ID, `{"do":"cancel_now"}`).Want(200)
	s.Until(t.Context(), s.Clock.Now())
	refunds := map[string]subscriptions.SubscriptionRefund{}
	ids := pages(t, merchant, "/admin/refunds?", "refunds", func(r subscriptions.SubscriptionRefund) string {
		refunds[r.ID] = r
		return r.ID
	})
	if len(ids) != 1 || refunds[ids[0]].State != "refund_failed" || refunds[ids[0]].Reason == "" {
		t.Fatalf("open refunds: %+v", refunds)
	}
	path := fmt.Sprintf("/admin/subscriptions/%s/refunds/%s", v.ID, ids[0])
	var after subscriptions.SubscriptionRefund
	merchant.Do("POST", path+"/retry", nil).Want(200).Into(&after)
	if after.State == "refunded" {
		t.Errorf("sent again, it is %+v", after)
	}
	merchant.Do("POST", path+"/settle", `{"reference":""}`).Want(422)
	merchant.Do("POST", path+"/settle", `{"reference":"Bank transfer 2026-03-03"}`).Want(200).Into(&after)
	if after.State != "paid_otherwise" || after.Reference != "Bank transfer 2026-03-03" {
		t.Errorf("settled: %+v", after)
	}
	for _, step := range []string{"/retry", "/settle"} {
		if r := merchant.Do("POST", path+step, `{"reference":"again"}`); r.Status != 409 && r.Status != 200 {
			t.Errorf("%s after it was settled: %d %s", step, r.Status, r.Body)
		}
	}
	if left := pages(t, merchant, "/admin/refunds?", "refunds",
		func(r subscriptions.SubscriptionRefund) string { return r.ID }); len(left) != 0 {
		t.Errorf("still open: %v", left)
	}
	var notes struct{ CreditNotes []subscriptions.CreditNote }
	s.ann().Do("GET", "/subscriptions/"+v.ID+"/credit-notes", nil).Want(200).Into(&notes)
	if got := notes.CreditNotes[0].Refunds[0]; got.State != "paid_otherwise" || got.Reason != "" {
		t.Errorf("the customer reads %+v", got)
	}
	merchant.Do("POST", "/admin/subscriptions/"+v.ID+"/refunds/9.refund-9/retry", nil).Want(404)
	s.ann().Do("POST", path+"/retry", nil).WantProblem(403, "not_allowed")
}
