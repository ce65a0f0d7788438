package stripe_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/paymenttest"
	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/payment/stripe"
	"dangol/shared/platform/clock"
)

func isNotFound(err error) bool { return errors.Is(err, payment.ErrNotFound) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// request is what Stripe was sent.
type request struct {
	line, key string
	form      url.Values
}

// fake answers as Stripe would, by "METHOD path", and remembers what it was asked.
type fake struct {
	mu   sync.Mutex
	seen []request
}

// says starts a Stripe that gives these answers, each "<status> <body>".
func says(t *testing.T, answers map[string]string) (*stripe.Provider, *fake) {
	t.Helper()
	f := &fake{}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		line := r.Method + " " + r.URL.Path
		f.mu.Lock()
		f.seen = append(f.seen, request{line, r.Header.Get("Idempotency-Key"), maps.Clone(r.Form)})
		f.mu.Unlock()
		answer, ok := answers[line]
		if !ok {
			t.Errorf("unexpected %s", line)
		}
		var status int
		fmt.Sscan(answer, &status)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		w.Write([]byte(answer[3:]))
	}))
	t.Cleanup(front.Close)
	cfg := stripe.Config{APIKey: "sk_test_1", WebhookSecret: "whsec_1", BaseURL: front.URL, Clock: clock.Stopped(noon)}
	return stripe.New(cfg), f
}

func (f *fake) last() request { f.mu.Lock(); defer f.mu.Unlock(); return f.seen[len(f.seen)-1] }

const (
	create = "POST /v1/payment_intents"
	list   = "GET /v1/payment_intents"
	search = "GET /v1/payment_intents/search"
)

// intent is a PaymentIntent over 12,000 won with key k; more are further fields, each starting with a comma.
func intent(status string, more ...string) string {
	return `{"id":"pi_1","object":"payment_intent","amount":12000,"currency":"krw","created":1772452800,"status":"` +
		status +
		`","metadata":{"dangol_key":"k","dangol_customer":"usr_1","checkout":"chk_1"}` + strings.Join(more, "") + `}`
}

const visa = `,"payment_method":{"id":"pm_1","card":{"brand":"visa","last4":"4242","exp_month":12,"exp_year":2030,` +
	`"fingerprint":"Xt5EWLLDS7FJjR1c"}},"customer":"cus_1"`

func order() payment.AuthorizeRequest {
	return payment.AuthorizeRequest{
		Key: "k", Amount: money.Of(12_000, "KRW"), MethodToken: "pm_card_visa", CustomerID: "usr_1",
		ReturnURL: "https://shop.example/back", Metadata: map[string]string{"checkout": "chk_1"},
	}
}

func TestStatesOfAPaymentIntent(t *testing.T) {
	t.Parallel()
	const released = `,"latest_charge":{"id":"ch_1","amount":12000,"refunded":true,"amount_refunded":12000}`
	for _, tc := range []struct {
		name, intent string
		state        payment.State
		captured     int64
		refunded     int64
	}{
		{"reserved", intent("requires_capture"), payment.StateAuthorized, 0, 0},
		{"taken", intent("succeeded", `,"amount_received":12000`), payment.StateCaptured, 12_000, 0},
		{
			"taken and partly given back",
			intent("succeeded", `,"amount_received":12000,"latest_charge":{"id":"ch_1","amount":12000,"amount_captured":12000,"amount_refunded":500}`),
			payment.StateCaptured, 12_000, 500,
		},
		{
			"partly taken: the rest was released, not given back",
			intent("succeeded", `,"amount_received":5000,"latest_charge":{"id":"ch_1","amount":12000,"amount_captured":5000,"amount_refunded":7000}`),
			payment.StateCaptured, 5_000, 0,
		},
		{"challenge", intent("requires_action",
			`,"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://bank"}}`), payment.StateRequiresAction, 0, 0},
		{"later", intent("processing"), payment.StateProcessing, 0, 0},
		{"failed without a word", intent("requires_payment_method", `,"last_payment_error":{"type":"api_error"}`),
			payment.StateDeclined, 0, 0},
		{"not confirmed", intent("requires_payment_method"), payment.StateRequiresAction, 0, 0},
		{"released", intent("canceled", released), payment.StateVoided, 0, 0},
		{"given up", intent("canceled"), payment.StateCanceled, 0, 0},
		{"declined", intent("requires_payment_method",
			`,"last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"lost_card"}`), payment.StateDeclined, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, _ := says(t, map[string]string{"GET /v1/payment_intents/pi_1": "200" + tc.intent})
			got, err := p.Get(t.Context(), "pi_1")
			if err != nil || got.State != tc.state || got.Captured != money.Of(tc.captured, "KRW") ||
				got.Refunded != money.Of(tc.refunded, "KRW") {
				t.Errorf("got %+v, %v", got, err)
			}
			if got.Key != "k" || got.CustomerID != "usr_1" || len(got.Metadata) != 1 || got.Metadata["checkout"] != "chk_1" {
				t.Errorf("metadata: %+v", got)
			}
			if (got.NextActionURL == "https://bank") != (tc.name == "challenge") {
				t.Errorf("goes to %q", got.NextActionURL)
			}
			if tc.name == "declined" && (got.DeclineCode != "lost_card" || got.DeclineKind != payment.KindHard) {
				t.Errorf("decline: %+v", got)
			}
		})
	}
}

func TestAuthorizeAsksForWhatIsMeant(t *testing.T) {
	t.Parallel()
	p, stripe := says(t, map[string]string{create: "200" + intent("requires_capture", visa),
		"POST /v1/customers": `200{"id":"cus_1"}`})
	got, err := p.Authorize(t.Context(), order())
	if err != nil || got.Method != (payment.Method{Token: "pm_1", CustomerRef: "cus_1", Brand: "visa", Last4: "4242",
		ExpMonth: 12, ExpYear: 2030, Fingerprint: "Xt5EWLLDS7FJjR1c"}) {
		t.Fatalf("got %+v, %v", got, err)
	}
	sent := stripe.last()
	for field, want := range map[string]string{
		"amount": "12000", "currency": "krw", "capture_method": "manual", "confirm": "true", "payment_method": "pm_card_visa",
		"return_url": "https://shop.example/back", "metadata[dangol_key]": "k", "metadata[checkout]": "chk_1", "customer": "",
	} {
		if sent.form.Get(field) != want {
			t.Errorf("%s is %q, want %q", field, sent.form.Get(field), want)
		}
	}
	if sent.key != "k" {
		t.Errorf("idempotency key %q", sent.key)
	}
	req := order()
	req.CaptureNow, req.KeepMethod = true, true
	if _, err := p.Authorize(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	sent = stripe.last()
	if sent.form.Get("capture_method") != "automatic" || sent.form.Get("setup_future_usage") != "off_session" ||
		sent.form.Get("customer") != "cus_1" {
		t.Errorf("sent %v", sent.form)
	}
	if customer := stripe.seen[len(stripe.seen)-2]; customer.line != "POST /v1/customers" ||
		customer.key != "customer-usr_1" {
		t.Errorf("customer made by %+v", customer)
	}
}

func TestErrorsSayWhatHappenedToTheMoney(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, answer string
		want         error
	}{
		{"a broken Stripe", `500{"error":{"type":"api_error","message":"x"}}`, payment.ErrUnknown},
		{"a broken gateway", `502<html>`, payment.ErrUnknown},
		{"no JSON", `200<html>`, payment.ErrUnknown},
		{"another request with this key is running",
			`409{"error":{"type":"invalid_request_error","code":"idempotency_key_in_use"}}`, payment.ErrUnknown},
		{"another object of ours is locked", `429{"error":{"type":"invalid_request_error","code":"lock_timeout"}}`,
			payment.ErrUnavailable},
		{"too fast", `429{"error":{"type":"invalid_request_error","code":"rate_limit"}}`, payment.ErrUnavailable},
		{"key with other parameters", `400{"error":{"type":"idempotency_error"}}`, payment.ErrKeyReused},
		{"captured already", `400{"error":{"type":"invalid_request_error","code":"payment_intent_unexpected_state"}}`,
			payment.ErrStateConflict},
		{"not there", `404{"error":{"type":"invalid_request_error","code":"resource_missing","param":"intent"}}`,
			payment.ErrNotFound},
		{"no such card", `400{"error":{"type":"invalid_request_error","code":"resource_missing","param":"payment_method"}}`,
			payment.ErrInvalid},
		{"amount too small", `400{"error":{"type":"invalid_request_error","code":"amount_too_small","param":"amount"}}`,
			payment.ErrAmount},
		{"a small amount is invalid too", `400{"error":{"type":"invalid_request_error","code":"amount_too_small"}}`,
			payment.ErrInvalid},
		{"amount too large",
			`400{"error":{"type":"invalid_request_error","code":"amount_too_large","param":"amount_to_capture"}}`,
			payment.ErrAmount},
		{"wrong API key", `401{"error":{"type":"invalid_request_error"}}`, payment.ErrOurFault},
		{"nothing moved by a wrong API key", `401{"error":{"type":"invalid_request_error"}}`, payment.ErrUnavailable},
		{"a key without the permission", `403{"error":{"type":"invalid_request_error"}}`, payment.ErrOurFault},
		{"a malformed request", `400{"error":{"type":"invalid_request_error","code":"parameter_unknown","param":"x"}}`,
			payment.ErrOurFault},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p, stripe := says(t, map[string]string{"POST /v1/payment_intents/pi_1/capture": tc.answer})
			if _, err := p.Capture(t.Context(), "pi_1", "k-c", money.Of(12_000, "KRW")); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if len(stripe.seen) != 1 {
				t.Errorf("sent %d times behind the caller's back", len(stripe.seen))
			}
		})
	}
}

func TestADeclineCarriesCodeKindAndPayment(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, fields string
		code         string
		kind         payment.Kind
	}{
		{"no money", `"code":"card_declined","decline_code":"insufficient_funds"`, "insufficient_funds", payment.KindSoft},
		{"lost", `"code":"card_declined","decline_code":"lost_card"`, "lost_card", payment.KindHard},
		{"no decline code", `"code":"expired_card"`, "expired_card", payment.KindHard},
		{"a soft code that Mastercard forbids to retry",
			`"code":"card_declined","decline_code":"do_not_honor","network_advice_code":"03"`, "do_not_honor", payment.KindHard},
		{"a soft code that Stripe advises against",
			`"code":"card_declined","decline_code":"generic_decline","advice_code":"do_not_try_again"`, "generic_decline",
			payment.KindHard},
		{"the shopper has to come", `"code":"authentication_required","decline_code":"authentication_required"`,
			"authentication_required", payment.KindAction},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			failed := intent("requires_payment_method", visa)
			p, _ := says(t, map[string]string{create: `402{"error":{"type":"card_error",` + tc.fields + `,"payment_intent":` +
				failed + `}}`})
			req := payment.ChargeRequest{Key: "k", Amount: money.Of(12_000, "KRW"), CustomerID: "usr_1", CustomerRef: "cus_1",
				MethodToken: "pm_1"}
			got, err := p.ChargeOffSession(t.Context(), req)
			d, ok := errors.AsType[*payment.Declined](err)
			if !ok || d.Code != tc.code || d.Kind != tc.kind {
				t.Fatalf("got %v", err)
			}
			if got.ID != "pi_1" || got.State != payment.StateDeclined || got.DeclineCode != tc.code ||
				got.DeclineKind != tc.kind {
				t.Errorf("payment %+v", got)
			}
		})
	}
}

func TestTimeoutIsUnknownAndNoConnectionIsNot(t *testing.T) {
	t.Parallel()
	front := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // the server sees the client leave only when the body has been read
		<-r.Context().Done()
	}))
	p := stripe.New(stripe.Config{APIKey: "k", BaseURL: front.URL, Clock: clock.System{}, Timeout: 50 * time.Millisecond})
	if _, err := p.Authorize(t.Context(), order()); !errors.Is(err, payment.ErrUnknown) {
		t.Errorf("timeout: %v", err)
	}
	front.Close()
	if _, err := p.Authorize(t.Context(), order()); !errors.Is(err, payment.ErrUnavailable) ||
		errors.Is(err, payment.ErrUnknown) {
		t.Errorf("no connection: %v", err)
	}
}

func TestRefunds(t *testing.T) {
	t.Parallel()
	const ok = `{"id":"re_1","amount":500,"currency":"krw","payment_intent":"pi_1","status":"%s","metadata":{"dangol_key":"k-r","reason":"broken"}}`
	req := payment.RefundRequest{Key: "k-r", PaymentID: "pi_1", Amount: paymenttest.Won(500), Reason: "broken"}
	for status, want := range map[string]payment.RefundState{
		"succeeded": payment.RefundSucceeded, "pending": payment.RefundPending, "requires_action": payment.RefundPending,
		"failed": payment.RefundFailed, "canceled": payment.RefundFailed,
	} {
		p, stripe := says(t, map[string]string{"POST /v1/refunds": "200" + fmt.Sprintf(ok, status)})
		got, err := p.Refund(t.Context(), req)
		if err != nil || got.State != want || got.PaymentID != "pi_1" || got.Key != "k-r" ||
			got.Amount != paymenttest.Won(500) {
			t.Errorf("%s: %+v, %v", status, got, err)
		}
		if sent := stripe.last(); sent.key != "k-r" || sent.form.Get("metadata[reason]") != "broken" ||
			sent.form.Get("amount") != "500" {
			t.Errorf("sent %+v", sent)
		}
	}
	for answer, want := range map[string]error{
		`400{"error":{"type":"invalid_request_error","param":"amount","message":"greater than unrefunded"}}`:      payment.ErrStateConflict,
		`400{"error":{"type":"invalid_request_error","code":"charge_already_refunded"}}`:                          payment.ErrStateConflict,
		`400{"error":{"type":"invalid_request_error","param":"payment_intent","message":"no successful charge"}}`: payment.ErrStateConflict,
		`404{"error":{"type":"invalid_request_error","code":"resource_missing","param":"payment_intent"}}`:        payment.ErrNotFound,
		`503{"error":{"type":"api_error"}}`: payment.ErrUnknown,
	} {
		p, _ := says(t, map[string]string{"POST /v1/refunds": answer})
		if _, err := p.Refund(t.Context(), req); !errors.Is(err, want) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

func TestSaveMethodWithAChallenge(t *testing.T) {
	t.Parallel()
	p, stripe := says(t, map[string]string{
		"POST /v1/customers": `200{"id":"cus_1"}`,
		"POST /v1/setup_intents": `200{"id":"seti_1","status":"requires_action","payment_method":{"id":"pm_1","card":{"last4":"3220"}},` +
			`"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://bank"}}}`,
	})
	m, err := p.SaveMethod(t.Context(),
		payment.SaveMethodRequest{Key: "s", CustomerID: "usr_1", MethodToken: "pm_card_threeDSecure2Required"})
	if err != nil || m != (payment.Method{Token: "pm_1", CustomerRef: "cus_1", Last4: "3220",
		NextActionURL: "https://bank", SetupID: "seti_1"}) {
		t.Errorf("got %+v, %v", m, err)
	}
	if sent := stripe.last(); sent.form.Get("usage") != "off_session" || sent.form.Get("customer") != "cus_1" ||
		sent.key != "s" {
		t.Errorf("sent %+v", sent)
	}
}

func TestUnitsOfStripe(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		amount money.Money
		sent   string
		err    error
	}{
		{money.Of(12_000, "KRW"), "12000", nil},
		{money.Of(1_250, "USD"), "1250", nil},
		{money.Of(500, "ISK"), "50000", nil},
		{money.Of(500, "UGX"), "50000", nil},
		{money.Of(50_000, "MGA"), "500", nil},
		{money.Of(50_050, "MGA"), "", payment.ErrAmount},
		{money.Of(5_120, "KWD"), "5120", nil},
		{money.Of(5_124, "KWD"), "", payment.ErrAmount},
		{money.Of(1<<62, "ISK"), "", payment.ErrInvalid},
		{money.Of(1, "WON"), "", payment.ErrInvalid},
		{money.Of(0, "KRW"), "", payment.ErrInvalid},
	} {
		units := strings.ToLower(tc.amount.Currency)
		answer := `200{"id":"pi_1","status":"requires_capture","amount":` + tc.sent + `,"currency":"` + units + `"}`
		p, stripe := says(t, map[string]string{create: answer})
		req := order()
		req.Amount = tc.amount
		got, err := p.Authorize(t.Context(), req)
		switch {
		case !errors.Is(err, tc.err):
			t.Errorf("%v: %v", tc.amount, err)
		case err == nil && (stripe.last().form.Get("amount") != tc.sent || got.Amount != tc.amount):
			t.Errorf("%v sent as %s, came back as %v", tc.amount, stripe.last().form.Get("amount"), got.Amount)
		case err != nil && len(stripe.seen) > 0:
			t.Errorf("%v was sent", tc.amount)
		}
	}
}

func TestWhatBecameOfKeepingAMethod(t *testing.T) {
	t.Parallel()
	const read = "GET /v1/setup_intents/seti_1"
	p, _ := says(t, map[string]string{read: `200{"id":"seti_1","status":"succeeded","customer":{"id":"cus_1"},` +
		`"payment_method":{"id":"pm_1","card":{"last4":"3220"}}}`})
	m, err := p.SavedMethod(t.Context(), "seti_1")
	if err != nil || m != (payment.Method{Token: "pm_1", CustomerRef: "cus_1", Last4: "3220"}) {
		t.Errorf("passed: %+v, %v", m, err)
	}
	p, _ = says(t, map[string]string{read: `200{"id":"seti_1","status":"requires_payment_method",` +
		`"last_setup_error":{"type":"invalid_request_error","code":"setup_intent_authentication_failure"}}`})
	_, err = p.SavedMethod(t.Context(), "seti_1")
	if d, ok := errors.AsType[*payment.Declined](err); !ok || d.Kind != payment.KindAction {
		t.Errorf("not passed: %v", err)
	}
	p, _ = says(t, map[string]string{read: `404{"error":{"type":"invalid_request_error","code":"resource_missing"}}`})
	if _, err = p.SavedMethod(t.Context(), "seti_1"); !errors.Is(err, payment.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
}
