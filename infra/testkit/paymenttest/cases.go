package paymenttest

import (
	"errors"
	"testing"

	"dangol/shared/money"
	"dangol/shared/payment"
)

var shapeCases = []testCase{
	{"authorize, read, capture", func(t *testing.T, f Fixture) {
		p, err := f.Provider.Authorize(t.Context(), f.Order("shape-1"))
		if err != nil || p.ID == "" || p.Amount.Currency == "" {
			t.Fatalf("authorize: %+v, %v", p, err)
		}
		if got, err := f.Provider.Get(t.Context(), p.ID); err != nil || got.ID != p.ID {
			t.Errorf("get: %+v, %v", got, err)
		}
		if got, err := f.Provider.Capture(t.Context(), p.ID, "shape-1-capture", Won(12_000)); err != nil || got.ID != p.ID {
			t.Errorf("capture: %+v, %v", got, err)
		}
	}},
	{"authorize, void", func(t *testing.T, f Fixture) {
		p, err := f.Provider.Authorize(t.Context(), f.Order("shape-2"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := f.Provider.Void(t.Context(), p.ID, "shape-2-void"); err != nil || got.ID != p.ID {
			t.Errorf("void: %+v, %v", got, err)
		}
	}},
	{"take at once, refund", func(t *testing.T, f Fixture) {
		req := f.Order("shape-3")
		req.CaptureNow, req.KeepMethod = true, true
		p, err := f.Provider.Authorize(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		back, err := f.Provider.Refund(t.Context(),
			payment.RefundRequest{Key: "shape-3-refund", PaymentID: p.ID, Amount: Won(100)})
		if err != nil || back.ID == "" {
			t.Errorf("refund: %+v, %v", back, err)
		}
	}},
	{"keep a method, charge it", func(t *testing.T, f Fixture) {
		m, err := f.Provider.SaveMethod(t.Context(), f.keep("shape-4", f.Tokens.Good))
		if err != nil || m.Token == "" || m.CustomerRef == "" {
			t.Fatalf("save: %+v, %v", m, err)
		}
		if p, err := f.Provider.ChargeOffSession(t.Context(), f.renewal("shape-4-charge", m)); err != nil || p.ID == "" {
			t.Errorf("charge: %+v, %v", p, err)
		}
	}},
}

func (f Fixture) keep(key, token string) payment.SaveMethodRequest {
	return payment.SaveMethodRequest{Key: key, CustomerID: "usr_1", MethodToken: token,
		ReturnURL: "https://shop.example/back"}
}

func (f Fixture) renewal(key string, m payment.Method) payment.ChargeRequest {
	return payment.ChargeRequest{
		Key: key, Amount: Won(9_900), CustomerID: "usr_1", CustomerRef: m.CustomerRef, MethodToken: m.Token,
		Metadata: map[string]string{"subscription": "sub_1"},
	}
}

var authorizeCases = []testCase{
	{"a good card is authorized and says what it was", func(t *testing.T, f Fixture) {
		p := f.authorized(t, "a1")
		if p.Key != "a1" || p.Amount != Won(12_000) || p.Metadata["checkout"] != "chk_1" || len(p.Method.Last4) != 4 ||
			p.Method.Brand == "" {
			t.Errorf("got %+v", p)
		}
	}},
	{"what was authorized is found by id and by key", func(t *testing.T, f Fixture) {
		p := f.authorized(t, "a2")
		for _, find := range []func() (payment.Payment, error){
			func() (payment.Payment, error) { return f.Provider.Get(t.Context(), p.ID) },
			func() (payment.Payment, error) { return f.Provider.Lookup(t.Context(), "a2") },
		} {
			if got, err := find(); err != nil || got.ID != p.ID || got.State != p.State || got.Key != "a2" {
				t.Errorf("got %+v, %v", got, err)
			}
		}
	}},
	{"what was never sent is not found", func(t *testing.T, f Fixture) {
		if _, err := f.Provider.Lookup(t.Context(), "never"); !errors.Is(err, payment.ErrNotFound) {
			t.Errorf("lookup: %v", err)
		}
		if _, err := f.Provider.Get(t.Context(), "pay_never"); !errors.Is(err, payment.ErrNotFound) {
			t.Errorf("get: %v", err)
		}
	}},
	{"declines come with code, kind and payment", func(t *testing.T, f Fixture) {
		for token, wanted := range map[string]payment.Declined{
			f.Tokens.Declined:          {Code: "generic_decline", Kind: payment.KindSoft},
			f.Tokens.InsufficientFunds: {Code: "insufficient_funds", Kind: payment.KindSoft},
			f.Tokens.LostCard:          {Code: "lost_card", Kind: payment.KindHard},
			f.Tokens.Technical:         {Code: "processing_error", Kind: payment.KindTechnical},
		} {
			req := f.Order("decline-" + token)
			req.MethodToken = token
			p, err := f.Provider.Authorize(t.Context(), req)
			d, ok := errors.AsType[*payment.Declined](err)
			if !ok || d.Code != wanted.Code || d.Kind != wanted.Kind {
				t.Fatalf("%s: got %v, want %v", token, err, &wanted)
			}
			if p.State != payment.StateDeclined || p.ID == "" || !p.State.Failed() {
				t.Errorf("%s: payment %+v", token, p)
			}
			if got, err := f.Provider.Lookup(t.Context(), req.Key); err != nil || got.State != payment.StateDeclined ||
				got.DeclineCode != wanted.Code {
				t.Errorf("%s looked up: %+v, %v", token, got, err)
			}
		}
	}},
	{"nonsense is refused", func(t *testing.T, f Fixture) {
		for name, spoil := range map[string]func(*payment.AuthorizeRequest){
			"no amount":        func(r *payment.AuthorizeRequest) { r.Amount.Amount = 0 },
			"negative amount":  func(r *payment.AuthorizeRequest) { r.Amount.Amount = -5 },
			"no currency":      func(r *payment.AuthorizeRequest) { r.Amount.Currency = "" },
			"no such currency": func(r *payment.AuthorizeRequest) { r.Amount.Currency = "WON" },
			"no key":           func(r *payment.AuthorizeRequest) { r.Key = "" },
			"no method":        func(r *payment.AuthorizeRequest) { r.MethodToken = "" },
			"unknown method":   func(r *payment.AuthorizeRequest) { r.MethodToken = "pm_nonsense" },
			"return to script": func(r *payment.AuthorizeRequest) { r.ReturnURL = "javascript:alert(1)" },
			"keep for nobody":  func(r *payment.AuthorizeRequest) { r.KeepMethod, r.CustomerID = true, "" },
		} {
			req := f.Order("nonsense " + name)
			spoil(&req)
			if _, err := f.Provider.Authorize(t.Context(), req); !errors.Is(err, payment.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}},
}

var moneyCases = []testCase{
	{"an authorization is captured once", func(t *testing.T, f Fixture) {
		p := f.authorized(t, "m1")
		got, err := f.Provider.Capture(t.Context(), p.ID, "m1-c", Won(12_000))
		want(t, got, err, payment.StateCaptured, 12_000, 0)
		if _, err := f.Provider.Capture(t.Context(), p.ID, "m1-c2", Won(1)); !errors.Is(err, payment.ErrStateConflict) {
			t.Errorf("second capture: %v", err)
		}
	}},
	{"part of an authorization is captured", func(t *testing.T, f Fixture) {
		got, err := f.Provider.Capture(t.Context(), f.authorized(t, "m2").ID, "m2-c", Won(5_000))
		want(t, got, err, payment.StateCaptured, 5_000, 0)
	}},
	{"more than the authorization, or other money, is refused", func(t *testing.T, f Fixture) {
		p := f.authorized(t, "m3")
		usd := Won(5)
		usd.Currency = "USD"
		for _, amount := range []money.Money{Won(12_001), Won(0), usd} {
			if _, err := f.Provider.Capture(t.Context(), p.ID, "m3-c", amount); !errors.Is(err, payment.ErrInvalid) {
				t.Errorf("%v: %v", amount, err)
			}
		}
	}},
	{"a voided authorization is gone", func(t *testing.T, f Fixture) {
		p := f.authorized(t, "m4")
		got, err := f.Provider.Void(t.Context(), p.ID, "m4-v")
		want(t, got, err, payment.StateVoided, 0, 0)
		if _, err := f.Provider.Capture(t.Context(), p.ID, "m4-c", Won(1)); !errors.Is(err, payment.ErrStateConflict) {
			t.Errorf("capture after void: %v", err)
		}
	}},
	{"what is captured cannot be voided", func(t *testing.T, f Fixture) {
		if _, err := f.Provider.Void(t.Context(), f.captured(t, "m5").ID, "m5-v"); !errors.Is(err, payment.ErrStateConflict) {
			t.Errorf("got %v", err)
		}
	}},
	{"refunds go up to what was captured and no further", func(t *testing.T, f Fixture) {
		p := f.captured(t, "m6")
		back := payment.RefundRequest{Key: "m6-r1", PaymentID: p.ID, Amount: Won(5_000),
			Metadata: map[string]string{"return": "ret_1"}}
		r, err := f.Provider.Refund(t.Context(), back)
		if err != nil || r.Amount != Won(5_000) || r.State != payment.RefundSucceeded || r.PaymentID != p.ID {
			t.Fatalf("got %+v, %v", r, err)
		}
		back.Key, back.Amount = "m6-r2", Won(7_001)
		if _, err := f.Provider.Refund(t.Context(), back); !errors.Is(err, payment.ErrStateConflict) {
			t.Errorf("refund beyond the rest: %v", err)
		}
		back.Amount = Won(7_000)
		if _, err := f.Provider.Refund(t.Context(), back); err != nil {
			t.Errorf("the rest: %v", err)
		}
		got, err := f.Provider.Get(t.Context(), p.ID)
		want(t, got, err, payment.StateCaptured, 12_000, 12_000)
		if got.Refundable() != 0 {
			t.Errorf("%d left to refund", got.Refundable())
		}
		if found, err := f.Provider.LookupRefund(t.Context(), p.ID, "m6-r1"); err != nil || found.ID != r.ID {
			t.Errorf("lookup of the refund: %+v, %v", found, err)
		}
		if _, err := f.Provider.LookupRefund(t.Context(), p.ID, "m6-r9"); !errors.Is(err, payment.ErrNotFound) {
			t.Errorf("lookup of no refund: %v", err)
		}
	}},
	{"what is only authorized cannot be refunded", func(t *testing.T, f Fixture) {
		req := payment.RefundRequest{Key: "m7-r", PaymentID: f.authorized(t, "m7").ID, Amount: Won(1)}
		if _, err := f.Provider.Refund(t.Context(), req); !errors.Is(err, payment.ErrStateConflict) {
			t.Errorf("got %v", err)
		}
	}},
	{"nothing can be done to a payment that is not there", func(t *testing.T, f Fixture) {
		_, capture := f.Provider.Capture(t.Context(), "pay_x", "m8-c", Won(1))
		_, void := f.Provider.Void(t.Context(), "pay_x", "m8-v")
		_, refund := f.Provider.Refund(t.Context(), payment.RefundRequest{Key: "m8-r", PaymentID: "pay_x", Amount: Won(1)})
		for _, err := range []error{capture, void, refund} {
			if !errors.Is(err, payment.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		}
	}},
}
