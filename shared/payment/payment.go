package payment

import (
	"context"
	"net/http"
	"time"

	"dangol/shared/money"
)

// Provider takes money. All methods may return ErrUnknown, and all are safe for concurrent use.
type Provider interface {
	// Name is short and stable ("stripe", "sandbox"); it is stored with each payment.
	Name() string
	// Authorize reserves an amount on the shopper's method, or takes it at once with CaptureNow. The Payment may also
	// come back in StateRequiresAction (send the shopper to NextActionURL), StateProcessing (a webhook will tell) or
	// StateCaptured (the provider has no authorizations). Errors: *Declined (the Payment is filled too), ErrInvalid,
	// ErrKeyReused, ErrUnavailable.
	Authorize(ctx context.Context, req AuthorizeRequest) (Payment, error)
	// Capture takes amount from an authorized payment, once; what is not taken is released. Errors: ErrNotFound,
	// ErrStateConflict (not authorized), ErrInvalid (more than authorized), ErrKeyReused, ErrUnavailable.
	Capture(ctx context.Context, id, key string, amount money.Money) (Payment, error)
	// Void releases an authorization, or cancels a payment the shopper has not finished. Errors: ErrNotFound,
	// ErrStateConflict (captured, or still processing: wait for the outcome), ErrKeyReused, ErrUnavailable.
	Void(ctx context.Context, id, key string) (Payment, error)
	// Refund gives back part or all of a captured payment. Errors: ErrNotFound, ErrStateConflict (nothing captured, or
	// more than is left), ErrInvalid, ErrKeyReused, ErrUnavailable.
	Refund(ctx context.Context, req RefundRequest) (Refund, error)
	// SaveMethod keeps a method for charges without the shopper. Errors: *Declined, ErrInvalid, ErrKeyReused,
	// ErrUnavailable.
	SaveMethod(ctx context.Context, req SaveMethodRequest) (Method, error)
	// SavedMethod tells what became of a SaveMethod whose Method had a SetupID: it has a NextActionURL until the
	// cardholder has been there, and a Token afterwards. Errors: *Declined (they did not pass), ErrNotFound.
	SavedMethod(ctx context.Context, setupID string) (Method, error)
	// ChargeOffSession takes an amount from a kept method while the shopper is away. Errors: *Declined (the Payment is
	// filled too; KindAction means the shopper has to come and confirm), ErrInvalid, ErrKeyReused, ErrUnavailable.
	ChargeOffSession(ctx context.Context, req ChargeRequest) (Payment, error)
	// Lookup tells what became of the Authorize or ChargeOffSession that was sent with this key. A declined payment is
	// returned in StateDeclined without error. ErrNotFound: the provider has not seen the key.
	Lookup(ctx context.Context, key string) (Payment, error)
	// LookupRefund tells what became of the refund of this payment that was sent with this key. Error: ErrNotFound.
	LookupRefund(ctx context.Context, paymentID, key string) (Refund, error)
	// Get reads a payment by the provider's id. Webhooks arrive out of order, so what counts is what Get says. Error:
	// ErrNotFound.
	Get(ctx context.Context, id string) (Payment, error)
	// Ledger reads the provider's own books, a page at a time: what was begun at or after from and before to, in no
	// particular order across kinds. cursor is empty for the first page and else LedgerPage.Next, which is good for the
	// same window only. Errors: ErrInvalid (no such cursor), ErrUnavailable.
	Ledger(ctx context.Context, from, to time.Time, cursor string) (LedgerPage, error)
	// ParseWebhook checks the signature of a provider's message and reads it. The message is refused when it was signed
	// more than WebhookTolerance before or after now. Errors: ErrBadSignature, ErrInvalid (signed, yet not readable).
	ParseWebhook(header http.Header, body []byte, now time.Time) (Notification, error)
}

// WebhookTolerance is how old a signed message may be, as Stripe recommends; it limits replays.
const WebhookTolerance = 5 * time.Minute

// AuthorizeRequest is a payment with the shopper present.
type AuthorizeRequest struct {
	Key    string      `json:"key"`
	Amount money.Money `json:"amount"`
	// what the provider's form in the browser made of the card
	MethodToken string `json:"methodToken"`
	CustomerID  string `json:"customerId,omitempty"` // the shop's; "" for a guest
	// the provider's, from an earlier Method; "" when there is none
	CustomerRef string            `json:"customerRef,omitempty"`
	ReturnURL   string            `json:"returnUrl,omitempty"` // where the shopper comes back to after a challenge
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"` // comes back in every Payment; say what is paid for
	CaptureNow  bool              `json:"captureNow,omitempty"`
	// keep the method for ChargeOffSession; the shopper has agreed
	KeepMethod bool `json:"keepMethod,omitempty"`
}

// RefundRequest gives money back. Amount is what goes back, in the payment's currency.
type RefundRequest struct {
	Key       string            `json:"key"`
	PaymentID string            `json:"paymentId"`
	Amount    money.Money       `json:"amount"`
	Reason    string            `json:"reason,omitempty"` // for the shop's records, free text
	Metadata  map[string]string `json:"metadata,omitempty"`
}

// SaveMethodRequest keeps a method for later charges.
type SaveMethodRequest struct {
	Key         string `json:"key"`
	CustomerID  string `json:"customerId"`
	CustomerRef string `json:"customerRef,omitempty"`
	MethodToken string `json:"methodToken"`
	ReturnURL   string `json:"returnUrl,omitempty"`
}

// ChargeRequest charges a kept method. MethodToken and CustomerRef come from the Method.
type ChargeRequest struct {
	Key         string            `json:"key"`
	Amount      money.Money       `json:"amount"`
	CustomerID  string            `json:"customerId"`
	CustomerRef string            `json:"customerRef"`
	MethodToken string            `json:"methodToken"`
	Description string            `json:"description,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// Method is a way to pay as the provider knows it; there is nothing secret in it.
type Method struct {
	Token       string `json:"token,omitempty" dynamodbav:"token,omitempty"`
	CustomerRef string `json:"customerRef,omitempty" dynamodbav:"customerRef,omitempty"`
	Brand       string `json:"brand,omitempty" dynamodbav:"brand,omitempty"`
	Last4       string `json:"last4,omitempty" dynamodbav:"last4,omitempty"`
	ExpMonth    int    `json:"expMonth,omitempty" dynamodbav:"expMonth,omitempty"`
	ExpYear     int    `json:"expYear,omitempty" dynamodbav:"expYear,omitempty"`
	// Fingerprint is the same for the same card number whoever pays with it; empty where the provider has none.
	Fingerprint string `json:"fingerprint,omitempty" dynamodbav:"fingerprint,omitempty"`
	// not empty: cannot be charged before the shopper went there; SavedMethod says whether they did
	NextActionURL string `json:"nextActionUrl,omitempty" dynamodbav:"-"`
	SetupID       string `json:"setupId,omitempty" dynamodbav:"-"` // of a method whose keeping the bank asks about
}

// Payment is one payment as the provider sees it.
type Payment struct {
	ID            string            `json:"id"`
	Key           string            `json:"key"` // of the Authorize or ChargeOffSession that made it
	State         State             `json:"state"`
	Amount        money.Money       `json:"amount"`
	Captured      money.Money       `json:"captured"`
	Refunded      money.Money       `json:"refunded"`
	NextActionURL string            `json:"nextActionUrl,omitempty"`
	DeclineCode   string            `json:"declineCode,omitempty"`
	DeclineKind   Kind              `json:"declineKind,omitempty"`
	Method        Method            `json:"method"`
	CustomerID    string            `json:"customerId,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	CreatedAt     time.Time         `json:"createdAt"`
}

// Refund is money on its way back.
type Refund struct {
	ID        string            `json:"id"`
	Key       string            `json:"key"`
	PaymentID string            `json:"paymentId"`
	Amount    money.Money       `json:"amount"`
	State     RefundState       `json:"state"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	CreatedAt time.Time         `json:"createdAt"`
}

// Subject is what a Notification is about.
type Subject string

// The subjects. Messages about anything else come as SubjectOther: answer 200 and forget them.
const (
	SubjectPayment Subject = "payment"
	SubjectRefund  Subject = "refund"
	SubjectMethod  Subject = "method" // a card's network has renewed it: same token, other dates
	SubjectOther   Subject = "other"
)

// Notification is a provider's message. It may come twice, late, or after a younger one: ID is for telling repeats, and
// the Payment in it is a picture of the past.
type Notification struct {
	ID      string    `json:"id"`
	Type    string    `json:"type"` // the provider's word, for the log
	Subject Subject   `json:"subject"`
	At      time.Time `json:"at"`
	Payment Payment   `json:"payment,omitzero"` // SubjectPayment
	Refund  Refund    `json:"refund,omitzero"`  // SubjectRefund
	Method  Method    `json:"method,omitzero"`  // SubjectMethod
}
