package subscription

import (
	"time"

	"dangol/shared/invoice"
	"dangol/shared/money"
	"dangol/shared/platform/civil"
)

// Effect is one thing to carry out after Apply, in the order given. Effects that are stored with
// the subscription (invoice, history, event) go into the same transaction. Those outside (stock,
// charge) follow as tasks, and their outcome comes back as a command.
type Effect interface{ effect() }

// MakeInvoice stores the invoice, before anything is charged for it.
type MakeInvoice struct{ Invoice invoice.Draft }

// MakeCreditNote stores the credit note.
type MakeCreditNote struct{ Note invoice.CreditNote }

// HoldStock keeps the goods of a cycle. Contents is empty for a box: the plan's edition of the day Opens. When it fails
// the Deliver of the same key is not done; the outcome is the command StockFailed. The key makes a repeated hold the
// same hold, also once it is delivered.
type HoldStock struct {
	Key      string
	Opens    civil.Date
	Contents []Item
	Quantity int
}

// ReleaseStock lets the held goods of a cycle go, if any are held.
type ReleaseStock struct{ Key string }

// Charge takes Amount from the card under AttemptKey. With Lookup the provider is asked first what became of an earlier
// call with this key; only "not found" leads to a call. The outcome is ChargeSucceeded or ChargeFailed; no answer is no
// outcome, and Due comes back to it.
type Charge struct {
	Key        string
	AttemptKey string
	Attempt    int
	Amount     money.Money
	Card       Card
	Lookup     bool
	// Session, when not nil, says that the cardholder is there. Withdraw, after a Lookup, takes back a payment whose
	// challenge nobody has passed in time.
	Session  *Session
	Withdraw bool
	// Hold, when not nil, is carried out right before the call, after any Lookup. When it fails nothing is charged and the
	// outcome is StockFailed.
	Hold *HoldStock
}

// Settle marks the invoice paid: by the payment, or with "" by account credit alone.
type Settle struct {
	Key       string
	PaymentID string
}

// Void marks the invoice as not to be paid.
type Void struct {
	Key    string
	Reason string
}

// Refund gives money back to the card, under a key of its own.
type Refund struct {
	Key       string
	PaymentID string // "" when the charge was not expected: take it from the payment found under ChargeKey
	ChargeKey string
	Amount    money.Money
}

// CreditLeft is account credit of a subscription that has ended: it stays the customer's, for another subscription or a
// later one.
type CreditLeft struct{ Amount money.Money }

// Deliver makes the order of a cycle out of the held goods. Price is what the cycle costs, less what a coupon took off.
type Deliver struct {
	Key       string
	Price     money.Money
	Opens     civil.Date
	Contents  []Item
	Quantity  int
	AddressID string
}

// SpanEnded says that a span is over, as it was in the end. The spans of a subscription, in order, are its history in
// days.
type SpanEnded struct {
	Span  Span  `json:"span"`
	Terms Terms `json:"terms"`
}

// NoticeKind is what a notice tells.
type NoticeKind string

// The notices.
const (
	NoticeConsent       NoticeKind = "consent_request" // asked where nothing begins without a yes
	NoticePriceChange   NoticeKind = "price_change"    // announced where silence lets the price begin
	NoticeTrialEnding   NoticeKind = "trial_ending"
	NoticeRenewal       NoticeKind = "renewal"
	NoticeCardExpiring  NoticeKind = "card_expiring"
	NoticeReceipt       NoticeKind = "receipt"
	NoticePaymentFailed NoticeKind = "payment_failed"
	NoticeSuspended     NoticeKind = "suspended"
	NoticeRecovered     NoticeKind = "recovered"
	NoticeEnded         NoticeKind = "ended"
	NoticeCanceled      NoticeKind = "canceled"
	NoticeChangeFailed  NoticeKind = "change_failed"
	NoticeOutOfStock    NoticeKind = "out_of_stock"
	NoticeGift          NoticeKind = "gift" // to the recipient; Date is the first day on which it can no longer be claimed
	NoticeCreditNote    NoticeKind = "credit_note"
	NoticeGiftClaimed   NoticeKind = "gift_claimed"
	NoticePaused        NoticeKind = "paused"
	NoticeResumed       NoticeKind = "resumed"
	NoticeChangePlanned NoticeKind = "change_planned"
)

// Notice is a message to the subscriber. What it says follows from the decision: Situation names the text that is true,
// the other fields are what the text and its facts are filled with.
type Notice struct {
	Kind           NoticeKind
	Situation      string          // see situation.go; "" where the kind has one text
	Date           civil.Date      // the day it is about; canceled, ended: the last day
	Amount         money.Money     // what will be, or was not, paid
	Retry          time.Time       // payment_failed: the next try
	Wait           Wait            // payment_failed: what is waited for instead
	ConsentRequest *ConsentRequest // consent_request, price_change
	Reason         string          // ended, out_of_stock
	Charges        int             // canceled: how many charges are still to come; Amount is their sum
	From           civil.Date      // paused: the first day of the pause
	NextPlan       string          // change_planned: id of the plan that follows
	// payment_failed, suspended: the last day on which paying keeps the subscription, and the day its benefits stop.
	PayBy        civil.Date
	BenefitsStop civil.Date
	// Later is when channels with quiet hours may be used at the earliest; mail may go at once.
	Later time.Time
}

// Event is something others may want to know.
type Event struct {
	Name   string      `json:"name"`
	Seq    int         `json:"seq"`
	Amount money.Money `json:"amount"`
	Reason string      `json:"reason,omitempty"`
}

// The events.
const (
	EventStarted    = "subscription.started"
	EventActivated  = "subscription.activated"
	EventRenewed    = "subscription.renewed"
	EventFailed     = "subscription.payment_failed"
	EventRecovered  = "subscription.recovered"
	EventSuspended  = "subscription.suspended"
	EventPaused     = "subscription.paused"
	EventResumed    = "subscription.resumed"
	EventSkipped    = "subscription.skipped"
	EventChanged    = "subscription.changed"
	EventConsent    = "subscription.consent"
	EventCanceled   = "subscription.canceled"
	EventReactivate = "subscription.reactivated"
	EventEnded      = "subscription.ended"
	EventStockOut   = "subscription.out_of_stock"

	EventLeft        = "subscription.cancel_reason"
	EventGiftClaimed = "subscription.gift_claimed"
)

// Entry is a line of the subscription's history. There is one for every command that did something.
type Entry struct {
	At      time.Time `json:"at" dynamodbav:"at"`
	Command string    `json:"command" dynamodbav:"command"`
	From    State     `json:"from" dynamodbav:"from"`
	To      State     `json:"to" dynamodbav:"to"`
	Seq     int       `json:"seq" dynamodbav:"seq"`
	Note    string    `json:"note,omitempty" dynamodbav:"note,omitempty"`
	// Shop is who of the shop did it for the subscriber, and ShopNote what they noted; the subscriber sees neither.
	Shop     string `json:"shop,omitempty" dynamodbav:"shop,omitempty"`
	ShopNote string `json:"shopNote,omitempty" dynamodbav:"shopNote,omitempty"`
}

func (MakeInvoice) effect()    {}
func (MakeCreditNote) effect() {}
func (HoldStock) effect()      {}
func (ReleaseStock) effect()   {}
func (Charge) effect()         {}
func (Settle) effect()         {}
func (Void) effect()           {}
func (Refund) effect()         {}
func (Deliver) effect()        {}
func (CreditLeft) effect()     {}
func (SpanEnded) effect()      {}
func (Notice) effect()         {}
func (Event) effect()          {}
func (Entry) effect()          {}
