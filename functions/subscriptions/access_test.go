package subscriptions_test

import (
	"testing"
	"time"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/system"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	const plan = `{"kind":"membership","name":{"ko":"단골 {unique}"},"interval":{"unit":"month","count":1},` +
		`"prices":{"KRW":9900},"tax":{"rateBp":1000,"included":true}}`
	const address = `{"name":"A","line1":"B","line2":"C","city":"서울","region":"서울","postalCode":"04769","country":"KR",` +
		`"phone":"+821012345678"}`
	own := func(body string) system.Request {
		return system.Request{Needs: system.OwnSubscription, Owned: true, Body: body}
	}
	changes := []string{
		`{"do":"change_date","to":"2026-12-24","day":24}`, `{"do":"change_quantity","quantity":2}`,
		`{"do":"move","zone":"Europe/Berlin","region":"DE"}`, `{"do":"cancel","reason":"too many"}`,
		`{"do":"upgrade","planId":"{otherPlanId}","returnUrl":"https://shop.example.com/back"}`,
		`{"do":"swap","contents":[{"variantId":"{variantId}","quantity":1}]}`,
		`{"do":"change_address","address":` + address + `}`,
	}
	unset := map[string]string{"/day minimum": "without a day the one of the date is kept"}
	var byShop []string
	for _, change := range append(changes, `{"do":"pause","until":"2027-02-01"}`) {
		byShop = append(byShop, `{"note":"asked by telephone",`+change[1:])
	}
	system.Check(t, system.Function{
		Spec: subscriptions.Spec(),
		Routes: system.Routes{
			"listPlans":                 {},
			"getPlan":                   {Needs: aPlan},
			"searchSubscriptions":       {},
			"getSubscriptionOfCustomer": {Needs: system.OwnSubscription},
			"getHistoryOfCustomer":      {Needs: system.OwnSubscription},
			"listInvoicesOfCustomer":    {Needs: system.OwnSubscription},
			"changeSubscriptionForCustomer": {Needs: changeable, Harmless: unset, Bodies: byShop,
				Body: `{"do":"goodwill","amount":100,"note":"sorry"}`},
			"listAllInvoices": {Query: "year=2026"},
			"updateAllPaymentMethods": {
				Needs: system.OwnSubscription, Owned: true, Body: `{"subscriptionId":"{subscriptionId}"}`,
			},
			"listAllPlans":   {},
			"getPlanForEdit": {Needs: aPlan},
			"createPlan":     {Body: plan},
			"replacePlan":    {Needs: aPlan, Body: plan},
			"archivePlan":    {Needs: aPlan},
			"proposePlan":    {Needs: system.OwnSubscription, Body: `{"from":"2027-03-01"}`},
			"getSubscriptionReport": {
				Needs: system.OwnSubscription, Query: "from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z",
			},
			"subscribe": {Needs: aPlan, Harmless: map[string]string{
				"/quantity minimum":   "a request without a quantity is for one",
				"/billingDay minimum": "without a day it is billed on the day on which it begins",
			}, Bodies: []string{`{"planId":"{planId}","currency":"KRW","paymentMethod":"pm_card_visa","region":"KR","zone":"Asia/Seoul",` +
				`"language":"ko","email":"a@example.com","name":"하늘","quantity":1,"billingDay":15,` +
				`"address":{"name":"A","line1":"B","country":"KR"}}`}, Body: `{"planId":"{planId}","currency":"KRW","paymentMethod":"pm_card_visa","region":"KR",` +
				`"zone":"Asia/Seoul","language":"ko","email":"a@example.com"}`},
			"quoteSubscription": {Needs: aPlan, Body: `{"planId":"{planId}","currency":"KRW","region":"KR",` +
				`"zone":"Asia/Seoul"}`},
			"getMyMembership":         {},
			"listMySubscriptions":     {},
			"getSubscription":         own(""),
			"getSubscriptionHistory":  own(""),
			"listInvoices":            own(""),
			"quoteSubscriptionChange": own(`{"do":"cancel"}`),
			"changeSubscription": {Needs: changeable, Owned: true, Harmless: unset, Bodies: changes,
				Body: `{"do":"pause","until":"2027-02-01"}`},
			"cancelSubscription": {Needs: system.OwnSubscription, Owned: true, Bodies: []string{`{"reason":"too many"}`}},
			"reactivateSubscription": {Needs: ended, Owned: true, Bodies: []string{
				`{"planId":"{planId}","quantity":1,"returnUrl":"https://shop.example.com/back"}`,
			}, Harmless: map[string]string{"/quantity minimum": "without a quantity the one of before is kept"},
				Guarded: map[string]string{"/offer maxLength": "an offer has to be one that the plan makes"}},
			"payNow": {Needs: system.OwnSubscription, Owned: true, Unrepeated: "nothing is unpaid",
				Bodies: []string{`{"returnUrl":"https://shop.example.com/back"}`}},
			"confirmSubscriptionPayment": own(""),
			"updatePaymentMethod":        own(`{"paymentMethod":"pm_card_visa"}`),
			"explainCancellation":        {Needs: canceled, Owned: true, Body: `{"reason":"too many"}`},
			"getConsentNotice":           {Needs: ownTrial, Owned: true},
			"answerConsent": {Needs: ownTrial, Owned: true,
				Body: `{"noticeId":"{notice}","fingerprint":"{fingerprint}","answer":"yes","explicit":true,"separate":true}`},
			"lookAtGift":      {Needs: ownGift, Body: `{"token":"{gift}"}`},
			"reportGift":      {Needs: ownGift, Body: `{"token":"{gift}"}`},
			"listGiftReports": {},
			"claimGift": {Needs: ownGift, Bodies: []string{`{"token":"{gift}","email":"a@example.com","language":"ko","name":"민",` +
				`"zone":"Asia/Seoul","region":"KR","address":{"name":"A","line1":"B","country":"KR"}}`},
				Body: `{"token":"{gift}","email":"a@example.com","language":"ko"}`},
			"listMyGifts": {},
			"getGift":     {Needs: claimedGift, Owned: true},
			"changeGift": {Needs: claimedGift, Owned: true, Bodies: []string{
				`{"do":"pause","until":"2027-02-01"}`, `{"do":"change_date","to":"2026-12-24"}`,
				`{"do":"change_address","address":` + address + `}`,
			}, Body: `{"do":"move","zone":"Asia/Seoul","region":"KR"}`},
			"mailGift": {Needs: ownGift, Owned: true,
				Bodies: []string{`{"recipient":"{unique}@example.com"}`}},
			"listCreditNotes":    {Needs: refusedRefund, Owned: true},
			"getCreditNote":      {Needs: refusedRefund, Owned: true},
			"listAllCreditNotes": {Query: "year=2026"},
			"getAnyCreditNote":   {Needs: refusedRefund},
			"listOpenRefunds":    {},
			"getCreditPayout":    {Needs: system.OwnSubscription},
			"payOutCredit":       {Needs: creditLeft, Body: `{"note":"asked by telephone"}`},
			"retryRefund":        {Needs: refusedRefund},
			"settleRefund":       {Needs: refusedRefund, Body: `{"reference":"transfer"}`},
		},
		Journey: subscribeToABox,
	})
}

func aPlan(s *system.Shop) system.Things {
	return system.Things{Fill: system.Fill{"planId": s.Plan(nil)}}
}

// canceled is a subscription that ends with its period.
func canceled(s *system.Shop) system.Things {
	b := system.OwnSubscription(s)
	s.Do(b.Owner.Caller, "POST", "/subscriptions/"+b.Fill["subscriptionId"]+"/cancel", nil)
	return b
}

// ended is a subscription that ended at once and can be begun anew.
func ended(s *system.Shop) system.Things {
	b := system.OwnSubscription(s)
	s.Do(b.Owner.Caller, "POST", "/subscriptions/"+b.Fill["subscriptionId"]+"/changes", `{"do":"cancel_now"}`)
	return b
}

// changeable is a subscription, another plan to go to, and a variant: {otherPlanId}, {variantId}.
func changeable(s *system.Shop) system.Things {
	b := system.OwnSubscription(s)
	_, variant := s.Product(10, nil)
	b.Fill["otherPlanId"], b.Fill["variantId"] = s.Plan(map[string]any{"prices": map[string]any{"KRW": 19_900}}), variant
	return b
}

func ownTrial(s *system.Shop) system.Things {
	plan := s.Plan(map[string]any{"trialDays": 14})
	owner := system.Purse{Caller: s.As(system.Unique("eve"))}
	id := s.Subscribe(owner.Caller, plan, "pm_card_visa").Field(s.T, "id")
	notice := s.Do(owner.Caller, "GET", "/subscriptions/"+id+"/consent", nil)
	return system.Things{Owner: owner, Fill: system.Fill{
		"planId": plan, "subscriptionId": id, "notice": notice.Field(s.T, "id"),
		"fingerprint": notice.Field(s.T, "fingerprint"),
	}}
}

// ownGift is a gift whose giver is the owner.
func ownGift(s *system.Shop) system.Things {
	plan := s.Plan(map[string]any{"prepaid": 3})
	owner := system.Purse{Caller: s.As(system.Unique("eve"))}
	id, token := s.Give(owner.Caller, plan, nil)
	return system.Things{Owner: owner, Fill: system.Fill{"planId": plan, "subscriptionId": id, "gift": token}}
}

// claimedGift is a gift whose recipient is the owner.
func claimedGift(s *system.Shop) system.Things {
	b := ownGift(s)
	b.Owner.Caller = s.As(system.Unique("min"))
	s.Do(b.Owner.Caller, "POST", "/gifts/claim",
		map[string]string{"token": b.Fill["gift"], "email": "min@example.com", "language": "ko"})
	return b
}

// refusedRefund is a subscription whose refund was refused, because the money had been given back at the provider's
// dashboard.
func refusedRefund(s *system.Shop) system.Things {
	b := system.OwnSubscription(s)
	dashboard := sandbox.New(sandbox.Config{BaseURL: s.Address() + "/sandbox", APIKey: "sk_local"})
	for _, e := range s.Payments().Ledger() {
		if e.Metadata["subscription"] != b.Fill["subscriptionId"] {
			continue
		}
		refund := payment.RefundRequest{Key: system.Unique("dashboard"), PaymentID: e.ID, Amount: e.Captured}
		if _, err := dashboard.Refund(s.T.Context(), refund); err != nil {
			s.T.Fatal(err)
		}
	}
	path := "/subscriptions/" + b.Fill["subscriptionId"]
	s.Do(b.Owner.Caller, "POST", path+"/changes", `{"do":"cancel_now"}`)
	list := s.Do(b.Owner.Caller, "GET", path+"/credit-notes", nil)
	b.Fill["number"] = list.Field(s.T, "creditNotes.0.number")
	b.Fill["refundId"] = list.Field(s.T, "creditNotes.0.refunds.0.id")
	return b
}

// creditLeft is a subscription that has ended and left credit on its customer's account.
func creditLeft(s *system.Shop) system.Things {
	b := system.OwnSubscription(s)
	path := "/subscriptions/" + b.Fill["subscriptionId"] + "/changes"
	s.Do(s.Merchant(), "POST", "/admin"+path, `{"do":"goodwill","amount":1000,"note":"late"}`)
	s.Do(b.Owner.Caller, "POST", path, `{"do":"cancel_now"}`)
	return b
}

func subscribeToABox(s *system.Shop) {
	_, variant := s.Product(3, nil)
	box := s.Plan(map[string]any{
		"kind": "box", "editions": []any{map[string]any{
			"name": "first", "from": "2026-01-01", "contents": []any{map[string]any{"variantId": variant, "quantity": 1}},
		}},
	})
	s.Subscribe(s.As(system.Unique("fay")), box, "pm_card_visa")
	s.AdvanceBy(32 * 24 * time.Hour)
	s.Do(s.Merchant(), "GET", "/admin/subscriptions/report?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z", nil)
}
