package service_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"dangol/infra/testkit/testshop"
	"dangol/infra/testkit/testsubscriptions"
	"dangol/shared/payment"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/task"
	"dangol/shared/subscription"
	"dangol/shared/subscription/service"
)

// stopped is a membership that was ended ten days after it began, with what goes back.
func stopped(t *testing.T, w *testsubscriptions.Shop, card string, before ...func(*service.Record)) *service.Record {
	t.Helper()
	r := subscribed(t, w, w.CreatePlan(), card)
	w.Clock.Advance(10 * 24 * time.Hour)
	for _, do := range before {
		do(r)
	}
	r, _, err := w.Billing.Apply(t.Context(), r, func(*service.Record) (service.Change, bool, error) {
		return service.Change{Command: subscription.Cancel{Now: true}}, true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func refundOf(t *testing.T, w *testsubscriptions.Shop, r *service.Record) service.Refund {
	t.Helper()
	all, _, err := w.Unfaulted.Refunds(t.Context(), r.Sub.ID, 10, "")
	if err != nil || len(all) != 1 {
		t.Fatalf("refunds %+v, %v; want one", all, err)
	}
	return all[0]
}

func open(t *testing.T, w *testsubscriptions.Shop) []service.RefundDetails {
	t.Helper()
	all, _, err := w.Unfaulted.OpenRefunds(t.Context(), 10, "")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestARefundNamesItsCreditNoteAndItsState(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := stopped(t, w, "pm_card_visa")
	got := refundOf(t, w, r)
	if got.State != service.RefundDone || got.Note != "CN-2026-000001" || got.Amount == 0 || got.Attempts != 1 ||
		len(open(t, w)) != 0 {
		t.Errorf("the refund is %+v", got.RefundDetails)
	}
	_, err := w.Billing.RetryRefund(t.Context(), r.Sub.ID, got.ID)
	if problem.Code(err) != "refund_not_open" {
		t.Errorf("a refund that was made was sent again: %v", err)
	}
	if _, err := w.Billing.RetryRefund(t.Context(), r.Sub.ID, "9.refund-1"); problem.Code(err) != "refund_not_found" {
		t.Errorf("a refund that is not there: %v", err)
	}
}

func TestARefusedRefundStaysOpenUntilItIsRetriedOrSettled(t *testing.T) {
	t.Parallel()
	w := calm(t)
	// Somebody gives the money back at the bank's own desk, so there is too little left for the shop's refund.
	r := stopped(t, w, "pm_card_visa", func(r *service.Record) {
		_, err := w.Unfaulted.Provider.Refund(t.Context(), payment.RefundRequest{
			Key: "at-the-desk", PaymentID: r.Sub.Payments[0].PaymentID, Amount: r.Money(9_000),
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	got := refundOf(t, w, r)
	if list := open(t, w); got.State != service.RefundFailed || got.Reason == "" || len(list) != 1 ||
		list[0].Note != got.Note {
		t.Fatalf("the refund is %+v, open are %+v", got.RefundDetails, list)
	}
	given := w.Of(t, r.Sub.ID).Given
	again, err := w.Billing.RetryRefund(t.Context(), r.Sub.ID, got.ID)
	if err != nil || again.State != service.RefundFailed || again.Attempts != 2 || len(w.Of(t, r.Sub.ID).Tasks) != 0 {
		t.Fatalf("refused again it is %+v, %v", again, err)
	}
	if n := w.Of(t, r.Sub.ID).Given; n != given+1 {
		t.Errorf("%d tasks were given before the retry and %d after it: a task without a number is taken for any other",
			given, n)
	}
	settled, err := w.Billing.SettleRefund(t.Context(), r.Sub.ID, got.ID, "transfer 1")
	if err != nil || settled.State != service.RefundSettled || len(open(t, w)) != 0 {
		t.Errorf("settled it is %+v, %v", settled, err)
	}
	if _, err := w.Billing.SettleRefund(t.Context(), r.Sub.ID, got.ID,
		"transfer 2"); problem.Code(err) != "refund_not_open" {
		t.Errorf("it was settled twice: %v", err)
	}
}

func TestWhatTheBankSaysOfARefundLaterIsNoted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		card        string
		first, then service.RefundState
		state       payment.RefundState
	}{
		"pending, then made": {"pm_card_pendingRefund", service.RefundPending, service.RefundDone,
			payment.RefundSucceeded},
		"made, and failed after it": {"pm_card_refundFail", service.RefundDone, service.RefundFailed, payment.RefundFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := calm(t)
			r := stopped(t, w, c.card)
			before := refundOf(t, w, r)
			message := payment.Notification{Subject: payment.SubjectRefund, Refund: payment.Refund{
				Key: before.SendKey, State: c.state, Metadata: map[string]string{"subscription": r.Sub.ID},
			}}
			for range 2 {
				if err := w.Billing.HandleWebhook(t.Context(), message); err != nil {
					t.Fatal(err)
				}
			}
			message.Refund.State = payment.RefundPending // an older one that comes last
			if err := w.Billing.HandleWebhook(t.Context(), message); err != nil {
				t.Fatal(err)
			}
			if after := refundOf(t, w, r); before.State != c.first || after.State != c.then {
				t.Errorf("it was %s, then %s", before.State, after.State)
			}
			message.Refund.Key, message.Refund.State = "another", payment.RefundFailed
			if err := w.Billing.HandleWebhook(t.Context(), message); err != nil {
				t.Errorf("news of a refund that is not there: %v", err)
			}
		})
	}
}

// reportingProvider lets the message about a refund arrive before the answer to the call that asked for it.
type reportingProvider struct {
	payment.Provider
	report func(payment.Refund)
}

func (p reportingProvider) Refund(ctx context.Context, in payment.RefundRequest) (payment.Refund, error) {
	out, err := p.Provider.Refund(ctx, in)
	if err == nil {
		p.report(out)
	}
	return out, err
}

// The answer "pending" is older than the message that the refund was made or failed, which must not be lost by it.
func TestAMessageAboutARefundThatOvertakesItsAnswerCounts(t *testing.T) {
	t.Parallel()
	for said, want := range map[payment.RefundState]service.RefundState{
		payment.RefundSucceeded: service.RefundDone, payment.RefundFailed: service.RefundFailed,
	} {
		w := calm(t)
		var subscriptionID string
		w.Billing.Provider = reportingProvider{w.Billing.Provider, func(r payment.Refund) {
			r.State, r.Metadata = said, map[string]string{"subscription": subscriptionID}
			message := payment.Notification{Subject: payment.SubjectRefund, Refund: r}
			if err := w.Unfaulted.HandleWebhook(t.Context(), message); err != nil {
				t.Error(err)
			}
		}}
		r := stopped(t, w, "pm_card_pendingRefund", func(r *service.Record) { subscriptionID = r.Sub.ID })
		if got := refundOf(t, w, r); got.State != want || len(w.Of(t, r.Sub.ID).Tasks) != 0 {
			t.Errorf("the message says %s, the refund is %s", said, got.State)
		}
	}
}

func TestALateChargeIsSettledByTheProvidersMessage(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(), "pm_card_sandbox_lateWebhook")
	if r.Sub.State != subscription.Starting || !r.Sub.Open.InFlight {
		t.Fatalf("it is %s", r.Sub.State)
	}
	say := func(p payment.Payment) {
		t.Helper()
		if err := w.Billing.HandleWebhook(t.Context(),
			payment.Notification{Subject: payment.SubjectPayment, Payment: p}); err != nil {
			t.Fatal(err)
		}
	}
	about := payment.Payment{
		Key: r.Sub.Open.AttemptKey(), State: payment.StateCaptured, Metadata: map[string]string{"subscription": r.Sub.ID},
	}
	w.Clock.Advance(3 * time.Minute)
	for name, p := range map[string]payment.Payment{
		"nothing of ours": {Key: about.Key, State: payment.StateCaptured},
		"nobody": {Key: about.Key, State: payment.StateCaptured,
			Metadata: map[string]string{"subscription": "sub_none"}},
		"another charge":         {Key: r.Sub.ID + "#9#1", State: payment.StateCaptured, Metadata: about.Metadata},
		"a key that is none":     {Key: "x", State: payment.StateCaptured, Metadata: about.Metadata},
		"a charge that declined": {Key: r.Sub.ID + "#9#1", State: payment.StateDeclined, Metadata: about.Metadata},
	} {
		if say(p); w.Of(t, r.Sub.ID).Version != r.Version {
			t.Errorf("a message about %s changed the subscription", name)
		}
	}
	say(about)
	now := w.Of(t, r.Sub.ID)
	if now.Sub.State != subscription.Active || w.Clock.Now().After(testshop.Noon.Add(4*time.Minute)) {
		t.Errorf("it is %s", now.Sub.State)
	}
	if say(about); w.Of(t, r.Sub.ID).Version != now.Version {
		t.Error("the message that came again changed something")
	}
	w.Check(t)
}

func TestAMessageThatLiesIsAskedAboutFirst(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(), "pm_card_sandbox_lateWebhook")
	err := w.Billing.HandleWebhook(t.Context(),
		payment.Notification{Subject: payment.SubjectPayment, Payment: payment.Payment{
			Key: r.Sub.Open.AttemptKey(), State: payment.StateCaptured, Metadata: map[string]string{"subscription": r.Sub.ID},
		}})
	if now := w.Of(t, r.Sub.ID); !errors.Is(err, task.ErrLater) || now.Sub.State != subscription.Starting {
		t.Errorf("it is %s, %v; the provider says that it is still processing", now.Sub.State, err)
	}
}

func TestANewCardOfTheNetworkIsKept(t *testing.T) {
	t.Parallel()
	w := calm(t)
	r := subscribed(t, w, w.CreatePlan(), "pm_card_visa")
	card := r.Methods[r.Sub.Card.Token]
	card.ExpYear, card.ExpMonth = 2040, 6
	for _, m := range []payment.Method{{}, {Token: "pm_other", CustomerRef: card.CustomerRef},
		{Token: card.Token, CustomerRef: "cus_other"}, card, card} {
		if err := w.Billing.HandleWebhook(t.Context(),
			payment.Notification{Subject: payment.SubjectMethod, Method: m}); err != nil {
			t.Fatal(err)
		}
	}
	now := w.Of(t, r.Sub.ID)
	if now.Version != r.Version+1 || now.Sub.Card.ExpYear != 2040 || now.Methods[card.Token].ExpMonth != 6 {
		t.Errorf("version %d after %d, card %+v", now.Version, r.Version, now.Sub.Card)
	}
}
