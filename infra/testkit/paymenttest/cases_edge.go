package paymenttest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"dangol/shared/payment"
)

var methodCases = []testCase{
	{"a kept method is charged while the shopper is away", func(t *testing.T, f Fixture) {
		m, err := f.Provider.SaveMethod(t.Context(), f.keep("k1", f.Tokens.Good))
		if err != nil {
			t.Fatal(err)
		}
		p, err := f.Provider.ChargeOffSession(t.Context(), f.renewal("k1-2026-03", m))
		want(t, p, err, payment.StateCaptured, 9_900, 0)
		if got, err := f.Provider.Lookup(t.Context(), "k1-2026-03"); err != nil || got.ID != p.ID {
			t.Errorf("lookup: %+v, %v", got, err)
		}
	}},
	{"a method kept with a purchase is charged later", func(t *testing.T, f Fixture) {
		req := f.Order("k2")
		req.KeepMethod, req.CaptureNow = true, true
		first, err := f.Provider.Authorize(t.Context(), req)
		want(t, first, err, payment.StateCaptured, 12_000, 0)
		p, err := f.Provider.ChargeOffSession(t.Context(), f.renewal("k2-2026-03", first.Method))
		want(t, p, err, payment.StateCaptured, 9_900, 0)
	}},
	{"a card that fails later can be kept, and is declined later", func(t *testing.T, f Fixture) {
		m, err := f.Provider.SaveMethod(t.Context(), f.keep("k3", f.Tokens.FailsOffSession))
		if err != nil {
			t.Fatal(err)
		}
		p, err := f.Provider.ChargeOffSession(t.Context(), f.renewal("k3-2026-03", m))
		if _, ok := errors.AsType[*payment.Declined](err); !ok || p.State != payment.StateDeclined {
			t.Errorf("got %+v, %v", p, err)
		}
	}},
	{"a card that needs its owner says so", func(t *testing.T, f Fixture) {
		m, err := f.Provider.SaveMethod(t.Context(), f.keep("k4", f.Tokens.Challenge))
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Provider.ChargeOffSession(t.Context(), f.renewal("k4-2026-03", m))
		if d, ok := errors.AsType[*payment.Declined](err); !ok || d.Kind != payment.KindAction {
			t.Errorf("got %v", err)
		}
	}},
	{"a bad card is not kept", func(t *testing.T, f Fixture) {
		_, err := f.Provider.SaveMethod(t.Context(), f.keep("k5", f.Tokens.LostCard))
		if d, ok := errors.AsType[*payment.Declined](err); !ok || d.Kind != payment.KindHard {
			t.Errorf("got %v", err)
		}
	}},
	{"nobody is charged on another's card", func(t *testing.T, f Fixture) {
		m, err := f.Provider.SaveMethod(t.Context(), f.keep("k6", f.Tokens.Good))
		if err != nil {
			t.Fatal(err)
		}
		m.CustomerRef = "cus_other"
		if _, err := f.Provider.ChargeOffSession(t.Context(), f.renewal("k6-2026-03", m)); !errors.Is(err,
			payment.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	}},
}

var keyCases = []testCase{
	{"the same call again has the first outcome, whatever happened since", func(t *testing.T, f Fixture) {
		p := f.authorized(t, "i1")
		_, err := f.Provider.Capture(t.Context(), p.ID, "i1-c", Won(12_000))
		if err != nil {
			t.Fatal(err)
		}
		again, err := f.Provider.Authorize(t.Context(), f.Order("i1"))
		if err != nil || again.ID != p.ID {
			t.Errorf("authorize again: %+v, %v", again, err)
		}
		capture, err := f.Provider.Capture(t.Context(), p.ID, "i1-c", Won(12_000))
		want(t, capture, err, payment.StateCaptured, 12_000, 0)
	}},
	{"a decline is repeated", func(t *testing.T, f Fixture) {
		req := f.Order("i2")
		req.MethodToken = f.Tokens.InsufficientFunds
		first, _ := f.Provider.Authorize(t.Context(), req)
		again, err := f.Provider.Authorize(t.Context(), req)
		if d, ok := errors.AsType[*payment.Declined](err); !ok || d.Code != "insufficient_funds" || again.ID != first.ID {
			t.Errorf("got %+v, %v", again, err)
		}
	}},
	{"the same key for something else is refused", func(t *testing.T, f Fixture) {
		p := f.authorized(t, "i3")
		other := f.Order("i3")
		other.Amount = Won(12_001)
		if _, err := f.Provider.Authorize(t.Context(), other); !errors.Is(err, payment.ErrKeyReused) {
			t.Errorf("another amount: %v", err)
		}
		if _, err := f.Provider.Capture(t.Context(), p.ID, "i3", Won(12_000)); !errors.Is(err, payment.ErrKeyReused) {
			t.Errorf("another operation: %v", err)
		}
	}},
	{"a refund sent twice goes back once", func(t *testing.T, f Fixture) {
		p := f.captured(t, "i4")
		req := payment.RefundRequest{Key: "i4-r", PaymentID: p.ID, Amount: Won(5_000)}
		a, errA := f.Provider.Refund(t.Context(), req)
		b, errB := f.Provider.Refund(t.Context(), req)
		if errA != nil || errB != nil || a.ID != b.ID {
			t.Fatalf("got %+v, %v and %+v, %v", a, errA, b, errB)
		}
		got, err := f.Provider.Get(t.Context(), p.ID)
		want(t, got, err, payment.StateCaptured, 12_000, 5_000)
	}},
	{"twenty at once with one key make one payment", func(t *testing.T, f Fixture) {
		ids := make([]string, 20)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				p, err := f.Provider.Authorize(t.Context(), f.Order("i5"))
				if err == nil {
					ids[i] = p.ID
				}
			})
		}
		all.Wait()
		for _, id := range ids {
			if id == "" || id != ids[0] {
				t.Fatalf("got %v", ids)
			}
		}
	}},
}

var challengeCases = []testCase{
	{"approved: authorized, and the address is gone", func(t *testing.T, f Fixture) {
		p := f.challenged(t, "c1", false)
		f.Challenge(t, p, true)
		got, err := f.Provider.Get(t.Context(), p.ID)
		want(t, got, err, payment.StateAuthorized, 0, 0)
		if got.NextActionURL != "" {
			t.Errorf("still points at %s", got.NextActionURL)
		}
	}},
	{"approved with capture asked for: captured", func(t *testing.T, f Fixture) {
		p := f.challenged(t, "c2", true)
		f.Challenge(t, p, true)
		got, err := f.Provider.Get(t.Context(), p.ID)
		want(t, got, err, payment.StateCaptured, 12_000, 0)
	}},
	{"refused: declined, and approving afterwards changes nothing", func(t *testing.T, f Fixture) {
		p := f.challenged(t, "c3", false)
		f.Challenge(t, p, false)
		f.Challenge(t, p, true)
		got, err := f.Provider.Get(t.Context(), p.ID)
		want(t, got, err, payment.StateDeclined, 0, 0)
		if got.DeclineKind != payment.KindAction || got.Declined() == nil {
			t.Errorf("got %+v", got)
		}
	}},
	{"given up: canceled, and approving afterwards changes nothing", func(t *testing.T, f Fixture) {
		p := f.challenged(t, "c4", false)
		got, err := f.Provider.Void(t.Context(), p.ID, "c4-v")
		want(t, got, err, payment.StateCanceled, 0, 0)
		f.Challenge(t, p, true)
		got, err = f.Provider.Get(t.Context(), p.ID)
		want(t, got, err, payment.StateCanceled, 0, 0)
	}},
}

func (f Fixture) challenged(t *testing.T, key string, captureNow bool) payment.Payment {
	t.Helper()
	req := f.Order(key)
	req.MethodToken, req.CaptureNow = f.Tokens.Challenge, captureNow
	p, err := f.Provider.Authorize(t.Context(), req)
	want(t, p, err, payment.StateRequiresAction, 0, 0)
	if p.NextActionURL == "" || !p.State.Open() {
		t.Fatalf("nowhere to go: %+v", p)
	}
	return p
}

var captureCases = []testCase{
	{"the money is taken although only a reservation was asked for", func(t *testing.T, f Fixture) {
		req := f.Order("t1")
		req.MethodToken = f.Tokens.Captured
		p, err := f.Provider.Authorize(t.Context(), req)
		want(t, p, err, payment.StateCaptured, 12_000, 0)
	}},
}

var lateCases = []testCase{
	{"processing at first and authorized two minutes later", func(t *testing.T, f Fixture) {
		req := f.Order("l1")
		req.MethodToken = f.Tokens.Late
		p, err := f.Provider.Authorize(t.Context(), req)
		want(t, p, err, payment.StateProcessing, 0, 0)
		if _, err := f.Provider.Void(t.Context(), p.ID, "l1-v"); !errors.Is(err, payment.ErrStateConflict) {
			t.Errorf("void while processing: %v", err)
		}
		f.Advance(t, 2*time.Minute-time.Second)
		p, err = f.Provider.Lookup(t.Context(), "l1")
		want(t, p, err, payment.StateProcessing, 0, 0)
		f.Advance(t, time.Second)
		p, err = f.Provider.Lookup(t.Context(), "l1")
		want(t, p, err, payment.StateAuthorized, 0, 0)
	}},
}

var hangCases = []testCase{
	{"took effect, never answered: the look-up and the repeat both tell", func(t *testing.T, f Fixture) {
		req := f.Order("h1")
		req.MethodToken = f.Tokens.Hang
		if _, err := f.Provider.Authorize(t.Context(), req); !errors.Is(err, payment.ErrUnknown) {
			t.Fatalf("got %v", err)
		}
		p, err := f.Provider.Lookup(t.Context(), "h1")
		want(t, p, err, payment.StateAuthorized, 0, 0)
		again, err := f.Provider.Authorize(t.Context(), req)
		if err != nil || again.ID != p.ID {
			t.Errorf("again: %+v, %v", again, err)
		}
	}},
	{"never arrived, never answered: not found, and the key is still free", func(t *testing.T, f Fixture) {
		req := f.Order("h2")
		req.MethodToken = f.Tokens.HangBefore
		if _, err := f.Provider.Authorize(t.Context(), req); !errors.Is(err, payment.ErrUnknown) {
			t.Fatalf("got %v", err)
		}
		if _, err := f.Provider.Lookup(t.Context(), "h2"); !errors.Is(err, payment.ErrNotFound) {
			t.Errorf("lookup: %v", err)
		}
		f.authorized(t, "h2")
	}},
}

var webhookCases = []testCase{
	{"tell of the payment and its refund, signed", func(t *testing.T, f Fixture) {
		p := f.captured(t, "w1")
		if _, err := f.Provider.Refund(t.Context(),
			payment.RefundRequest{Key: "w1-r", PaymentID: p.ID, Amount: Won(1)}); err != nil {
			t.Fatal(err)
		}
		f.Advance(t, time.Second)
		seen := map[payment.Subject]bool{}
		for _, w := range f.Webhooks() {
			n, err := f.Provider.ParseWebhook(w.Header, w.Body, f.Now())
			if err != nil || n.ID == "" {
				t.Fatalf("%s: %+v, %v", w.Body, n, err)
			}
			seen[n.Subject] = n.Payment.ID == p.ID || n.Refund.PaymentID == p.ID
		}
		if !seen[payment.SubjectPayment] || !seen[payment.SubjectRefund] {
			t.Errorf("seen %v", seen)
		}
	}},
	{"altered, unsigned, old and future ones are refused", func(t *testing.T, f Fixture) {
		f.captured(t, "w2")
		f.Advance(t, time.Second)
		w := f.Webhooks()[0]
		late, early := f.Now().Add(payment.WebhookTolerance+2*time.Second), f.Now().Add(
			-payment.WebhookTolerance-2*time.Second)
		_, altered := f.Provider.ParseWebhook(w.Header, append([]byte(" "), w.Body...), f.Now())
		_, unsigned := f.Provider.ParseWebhook(nil, w.Body, f.Now())
		_, old := f.Provider.ParseWebhook(w.Header, w.Body, late)
		_, future := f.Provider.ParseWebhook(w.Header, w.Body, early)
		for i, err := range []error{altered, unsigned, old, future} {
			if !errors.Is(err, payment.ErrBadSignature) {
				t.Errorf("case %d: %v", i, err)
			}
		}
	}},
}
