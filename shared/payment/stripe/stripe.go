// Package stripe is payment.Provider over Stripe's PaymentIntents, cards only
// (docs.stripe.com/payments/payment-intents).
//
// Keys: each call sends its key as Stripe's Idempotency-Key, which Stripe remembers for 24 hours, and keeps it in the
// object's metadata, where Lookup finds it for ever after.
//
// Lookup cannot repeat the first request (it has only the key, and repeating might create), and Stripe's search is up
// to a minute behind, an hour in bad times. So it reads the list of the last hour, which is exact, then asks the search
// for what is older. When neither gives certainty, because the list is too long or a call failed, the answer is
// ErrUnknown and not ErrNotFound.
//
// A PaymentIntent whose card was declined could be confirmed again by a browser that has its client secret. Nobody is
// given the secret here, so declined is an end.
package stripe

import (
	"cmp"
	"context"
	"net/http"
	"strings"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/platform/clock"

	stripego "github.com/stripe/stripe-go/v84"
)

// Config is what Stripe gives a shop, and where Stripe is.
type Config struct {
	APIKey        string
	WebhookSecret string      // of the webhook endpoint, "whsec_..."
	Clock         clock.Clock // has to show the real time when the real Stripe is used
	BaseURL       string      // "" for api.stripe.com
	// of one request; 15 s when zero, so that an API behind a 30 s gateway can still answer
	Timeout   time.Duration
	Transport http.RoundTripper // http.DefaultTransport when nil
}

// Provider is Stripe. It is safe for concurrent use.
type Provider struct {
	api    *stripego.Client
	secret string
	clock  clock.Clock
}

// New returns a provider. It does not connect.
func New(cfg Config) *Provider {
	config := &stripego.BackendConfig{
		HTTPClient:      &http.Client{Timeout: cmp.Or(cfg.Timeout, 15*time.Second), Transport: cfg.Transport},
		LeveledLogger:   &stripego.LeveledLogger{Level: stripego.LevelNull}, // errors are returned, and logged at the edge
		EnableTelemetry: stripego.Bool(false),
		// Repeats are the caller's decision: it has a deadline and looks the payment up first.
		MaxNetworkRetries: stripego.Int64(0),
	}
	if cfg.BaseURL != "" {
		config.URL = stripego.String(cfg.BaseURL)
	}
	backend := stripego.GetBackendWithConfig(stripego.APIBackend, config)
	// One backend for all, so that a mock receives every call.
	backends := &stripego.Backends{API: backend, Connect: backend, Uploads: backend, MeterEvents: backend}
	return &Provider{
		api:    stripego.NewClient(cfg.APIKey, stripego.WithBackends(backends)),
		secret: cfg.WebhookSecret, clock: cfg.Clock,
	}
}

var _ payment.Provider = (*Provider)(nil)

// Name is "stripe".
func (*Provider) Name() string { return "stripe" }

// Metadata that this package adds and takes away again.
const (
	metaKey      = "dangol_key"
	metaCustomer = "dangol_customer"
)

// intentExpand are the objects that fromIntent needs in the same answer, which saves two calls.
var intentExpand = []*string{stripego.String("latest_charge"), stripego.String("payment_method")}

// Authorize implements payment.Provider. With KeepMethod and no CustomerRef it makes Stripe's customer first.
func (p *Provider) Authorize(ctx context.Context, req payment.AuthorizeRequest) (payment.Payment, error) {
	amount, err := payable(req.Key, req.Amount)
	if err != nil {
		return payment.Payment{}, err
	}
	params := &stripego.PaymentIntentCreateParams{
		Amount: &amount, Currency: lower(req.Amount.Currency),
		PaymentMethod: &req.MethodToken, PaymentMethodTypes: cards(), Confirm: stripego.Bool(true),
		// Manual: the money is captured when the order is stored, and let go when it cannot be.
		CaptureMethod: stripego.String("manual"),
		Description:   optional(req.Description), ReturnURL: optional(req.ReturnURL),
		Metadata: withKey(req.Metadata, req.Key, req.CustomerID), Expand: intentExpand,
	}
	if req.CaptureNow {
		params.CaptureMethod = stripego.String("automatic")
	}
	// A card can only be kept with a customer of Stripe's.
	if req.KeepMethod {
		if req.CustomerRef, err = p.customer(ctx, req.CustomerID, req.CustomerRef); err != nil {
			return payment.Payment{}, err
		}
		params.SetupFutureUsage = stripego.String("off_session")
	}
	params.Customer = optional(req.CustomerRef)
	params.SetIdempotencyKey(req.Key)
	return outcome(p.api.V1PaymentIntents.Create(ctx, params))
}

// ChargeOffSession implements payment.Provider.
func (p *Provider) ChargeOffSession(ctx context.Context, req payment.ChargeRequest) (payment.Payment, error) {
	amount, err := payable(req.Key, req.Amount)
	if err != nil {
		return payment.Payment{}, err
	}
	params := &stripego.PaymentIntentCreateParams{
		Amount: &amount, Currency: lower(req.Amount.Currency),
		PaymentMethod: &req.MethodToken, PaymentMethodTypes: cards(), Customer: &req.CustomerRef,
		Confirm: stripego.Bool(true), OffSession: stripego.Bool(true), Description: optional(req.Description),
		Metadata: withKey(req.Metadata, req.Key, req.CustomerID), Expand: intentExpand,
	}
	params.SetIdempotencyKey(req.Key)
	return outcome(p.api.V1PaymentIntents.Create(ctx, params))
}

// Capture implements payment.Provider.
func (p *Provider) Capture(ctx context.Context, id, key string, amount money.Money) (payment.Payment, error) {
	units, err := payable(key, amount)
	if err != nil {
		return payment.Payment{}, err
	}
	params := &stripego.PaymentIntentCaptureParams{AmountToCapture: &units, Expand: intentExpand}
	params.SetIdempotencyKey(key)
	return outcome(p.api.V1PaymentIntents.Capture(ctx, id, params))
}

// Void implements payment.Provider.
func (p *Provider) Void(ctx context.Context, id, key string) (payment.Payment, error) {
	params := &stripego.PaymentIntentCancelParams{Expand: intentExpand}
	params.SetIdempotencyKey(key)
	return outcome(p.api.V1PaymentIntents.Cancel(ctx, id, params))
}

// Get implements payment.Provider.
func (p *Provider) Get(ctx context.Context, id string) (payment.Payment, error) {
	intent, err := p.api.V1PaymentIntents.Retrieve(ctx, id, &stripego.PaymentIntentRetrieveParams{Expand: intentExpand})
	if err != nil {
		return payment.Payment{}, failure(err)
	}
	return fromIntent(intent), nil
}

// Refund implements payment.Provider.
func (p *Provider) Refund(ctx context.Context, req payment.RefundRequest) (payment.Refund, error) {
	amount, err := payable(req.Key, req.Amount)
	if err != nil {
		return payment.Refund{}, err
	}
	meta := withKey(req.Metadata, req.Key, "")
	if req.Reason != "" {
		meta["reason"] = req.Reason // Stripe's own field takes three words only
	}
	params := &stripego.RefundCreateParams{Amount: &amount, PaymentIntent: &req.PaymentID, Metadata: meta}
	params.SetIdempotencyKey(req.Key)
	back, err := p.api.V1Refunds.Create(ctx, params)
	if err != nil {
		return payment.Refund{}, refundFailure(err)
	}
	return fromRefund(back), nil
}

// SaveMethod implements payment.Provider, by a SetupIntent. With no CustomerRef it makes Stripe's customer first.
func (p *Provider) SaveMethod(ctx context.Context, req payment.SaveMethodRequest) (payment.Method, error) {
	if req.Key == "" {
		return payment.Method{}, payment.ErrInvalid
	}
	customer, err := p.customer(ctx, req.CustomerID, req.CustomerRef)
	if err != nil {
		return payment.Method{}, err
	}
	params := &stripego.SetupIntentCreateParams{
		Customer: &customer, PaymentMethod: &req.MethodToken, PaymentMethodTypes: cards(), Confirm: stripego.Bool(true),
		Usage: stripego.String("off_session"), ReturnURL: optional(req.ReturnURL),
		Metadata: withKey(nil, req.Key, req.CustomerID), Expand: []*string{stripego.String("payment_method")},
	}
	params.SetIdempotencyKey(req.Key)
	setup, err := p.api.V1SetupIntents.Create(ctx, params)
	if err != nil {
		return payment.Method{}, failure(err)
	}
	return fromSetup(setup, customer), nil
}

// SavedMethod implements payment.Provider, by the SetupIntent.
func (p *Provider) SavedMethod(ctx context.Context, setupID string) (payment.Method, error) {
	setup, err := p.api.V1SetupIntents.Retrieve(ctx, setupID, &stripego.SetupIntentRetrieveParams{
		Expand: []*string{stripego.String("payment_method")},
	})
	if err != nil {
		return payment.Method{}, failure(err)
	}
	if e := setup.LastSetupError; e != nil && setup.Status == stripego.SetupIntentStatusRequiresPaymentMethod {
		code := cmp.Or(string(e.DeclineCode), string(e.Code), "setup_intent_authentication_failure")
		return payment.Method{}, &payment.Declined{Code: code, Kind: payment.Classify(code), Message: e.Msg}
	}
	customer := ""
	if setup.Customer != nil {
		customer = setup.Customer.ID
	}
	return fromSetup(setup, customer), nil
}

// customer returns the reference given, or makes Stripe's customer: one for each of ours, also when asked twice at
// once.
func (p *Provider) customer(ctx context.Context, ours, ref string) (string, error) {
	if ref != "" {
		return ref, nil
	}
	if ours == "" {
		return "", payment.ErrInvalid
	}
	params := &stripego.CustomerCreateParams{Metadata: map[string]string{metaCustomer: ours}}
	params.SetIdempotencyKey("customer-" + ours)
	made, err := p.api.V1Customers.Create(ctx, params)
	if err != nil {
		return "", failure(err)
	}
	return made.ID, nil
}

// cards limits payments to cards: other methods have other states.
func cards() []*string { return []*string{stripego.String("card")} }

// lower is the currency as Stripe writes it.
func lower(code string) *string { return stripego.String(strings.ToLower(code)) }

// optional leaves a parameter out instead of sending it empty, which would clear it.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// withKey adds the key to the metadata, where Lookup finds it after Stripe has forgotten the
// idempotency key.
func withKey(meta map[string]string, key, customerID string) map[string]string {
	out := make(map[string]string, len(meta)+2)
	for k, v := range meta {
		out[k] = v
	}
	out[metaKey] = key
	if customerID != "" {
		out[metaCustomer] = customerID
	}
	return out
}
