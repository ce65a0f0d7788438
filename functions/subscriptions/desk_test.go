package subscriptions_test

import (
	"strings"
	"testing"

	"dangol/functions/subscriptions"
	"dangol/infra/testkit/apitest"
)

type found struct {
	Subscriptions []subscriptions.FoundSubscription
	NextCursor    string
}

// find walks all pages of a search.
func (s *shop) find(query string) (ids []string) {
	cursor := ""
	for {
		var page found
		s.guest.As(apitest.Merchant).Do("GET", "/admin/subscriptions?limit=2&"+query+"&cursor="+cursor,
			nil).Want(200).Into(&page)
		for _, one := range page.Subscriptions {
			ids = append(ids, one.ID)
		}
		if cursor = page.NextCursor; cursor == "" {
			return ids
		}
	}
}

func TestTheShopFindsSubscriptions(t *testing.T) {
	t.Parallel()
	s := open(t)
	plans := []string{s.offer(10_000, 0), s.offer(20_000, 0), s.offer(30_000, 14)}
	first, second, third := s.subscribe(plans[0], "pm_card_visa"), s.subscribe(plans[1], "pm_card_visa"),
		s.subscribe(plans[2], "pm_card_visa")
	s.change(second.ID, map[string]any{"do": "cancel_now"}).Want(200)
	for query, want := range map[string][]string{
		"": {first.ID, second.ID, third.ID}, "state=ended": {second.ID}, "state=trialing": {third.ID},
		"planId=" + plans[0]: {first.ID}, "q=ANN%40EXAMPLE": {first.ID, second.ID, third.ID}, "q=nobody": nil,
		"q=" + third.ID: {third.ID}, "pastDue=true": nil, "dueBefore=2099-01-01": {first.ID, third.ID},
		"dueBefore=2020-01-01": nil,
	} {
		got := s.find(query)
		if len(got) != len(want) {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
		for _, id := range want {
			if !strings.Contains(strings.Join(got, " "), id) {
				t.Errorf("%q: %v, want %v", query, got, want)
			}
		}
	}
	s.ann().Do("GET", "/admin/subscriptions", nil).WantProblem(403, "not_allowed")
}

func TestTheShopActsForACustomerAndNotesWhy(t *testing.T) {
	t.Parallel()
	s := open(t)
	v := s.subscribe(s.offer(10_000, 0), "pm_card_visa")
	merchant, path := s.guest.As(apitest.Merchant), "/admin/subscriptions/"+v.ID
	act := func(body any) *apitest.Response { return merchant.Do("POST", path+"/changes", body) }
	act(map[string]any{"do": "goodwill", "amount": 3_000, "note": "late parcel"}).Want(200)
	act(map[string]any{"do": "goodwill", "amount": 3_000}).WantField("/note")
	act(map[string]any{"do": "give_coupon", "coupon": map[string]any{"percentBp": 5_000, "left": 1}, "note": "asked"}).
		Want(200)
	act(map[string]any{"do": "remind_payment", "note": "x"}).WantProblem(409, "not_in_this_state")
	act(map[string]any{"do": "pause", "until": v.Closes.Add(30), "note": "by telephone"}).Want(200)
	act(map[string]any{"do": "resume", "note": "by telephone"}).Want(200)
	var seen struct {
		subscriptions.Subscription
		CustomerID, Email string
	}
	merchant.Do("GET", path, nil).Want(200).Into(&seen)
	if seen.Credit.Amount != 3_000 || seen.Next.Amount.Amount != 2_000 || seen.Email != "ann@example.com" {
		t.Errorf("credit %+v, next %+v, %s", seen.Credit, seen.Next, seen.Email)
	}
	if history := merchant.Do("GET", path+"/history", nil).Want(200); !strings.Contains(history.Body, "late parcel") {
		t.Errorf("the note is not in the shop's history: %s", history.Body)
	}
	if own := s.ann().Do("GET", "/subscriptions/"+v.ID+"/history", nil).Want(200); strings.Contains(own.Body,
		"late parcel") ||
		strings.Contains(own.Body, `"shop"`) {
		t.Errorf("the customer reads what the shop noted: %s", own.Body)
	}
	if invoices := merchant.Do("GET", path+"/invoices", nil).Want(200); !strings.Contains(invoices.Body, "INV-") {
		t.Errorf("invoices: %s", invoices.Body)
	}
	if book := merchant.Do("GET", "/admin/invoices?year=2026", nil).Want(200); !strings.Contains(book.Body, v.ID) {
		t.Errorf("the book: %s", book.Body)
	}
	s.ann().Do("POST", path+"/changes", map[string]any{"do": "goodwill", "amount": 1, "note": "x"}).
		WantProblem(403, "not_allowed")
	s.Check(t)
}

func TestOneCardPaysAllSubscriptionsOfACustomer(t *testing.T) {
	t.Parallel()
	s := open(t)
	first, second := s.subscribe(s.offer(10_000, 0), "pm_card_visa"), s.subscribe(s.offer(20_000, 0), "pm_card_visa")
	over := s.subscribe(s.offer(30_000, 0), "pm_card_visa")
	s.change(over.ID, map[string]any{"do": "cancel_now"}).Want(200)
	var out struct {
		Subscriptions []subscriptions.CardChange
		PaymentMethod subscriptions.SubscriptionPaymentMethod
	}
	s.ann().Do("PUT", "/subscriptions/"+first.ID+"/payment-method", map[string]any{"paymentMethod": "pm_card_mastercard"}).
		Want(200)
	s.ann().Do("PUT", "/me/payment-method", map[string]any{"subscriptionId": first.ID}).Want(200).Into(&out)
	if len(out.Subscriptions) != 1 || !out.Subscriptions[0].Changed {
		t.Errorf("%+v", out)
	}
	for _, id := range []string{first.ID, second.ID} {
		var v subscriptions.Subscription
		s.ann().Do("GET", "/subscriptions/"+id, nil).Want(200).Into(&v)
		if v.Method == nil || v.Method.Brand != out.PaymentMethod.Brand || v.Method.Brand == first.Method.Brand {
			t.Errorf("%s is charged to %+v", id, v.Method)
		}
	}
	s.guest.As(apitest.Bob).Do("PUT", "/me/payment-method", map[string]any{"subscriptionId": first.ID}).
		WantProblem(404, "subscription_not_found")
	s.Check(t)
}
