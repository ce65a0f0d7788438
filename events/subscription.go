package events

import (
	"time"

	"dangol/shared/money"
)

// SubscriptionRef begins every event about a subscription: which one, of which plan, and who to tell in which language.
type SubscriptionRef struct {
	SubscriptionID string `json:"subscriptionId"`
	CustomerID     string `json:"customerId"`
	Email          string `json:"email"`
	Name           string `json:"name,omitempty"`
	Language       string `json:"language"`
	PlanID         string `json:"planId"`
	Plan           string `json:"plan"`     // name of the plan, in that language
	PlanKind       string `json:"planKind"` // membership, box, replenishment
}

// SubscriptionChange is one thing that happened to a subscription.
type SubscriptionChange struct {
	// subscription.started, .activated, .renewed, .payment_failed, .ended and so on; docs/subscriptions.md
	Name   string      `json:"name"`
	Seq    int         `json:"seq"` // number of the period
	Amount money.Money `json:"amount"`
	Reason string      `json:"reason,omitempty"`
}

// SubscriptionChanged says what happened to a subscription in one step, and how it stands after it. Dates are the
// subscriber's local days.
type SubscriptionChanged struct {
	SubscriptionRef
	Changes      []SubscriptionChange `json:"changes"`
	State        string               `json:"state"`
	Version      int                  `json:"version"`
	PeriodOpens  string               `json:"periodOpens"`
	PeriodCloses string               `json:"periodCloses"` // the day after its last
}

// EventType is "subscription.changed".
func (SubscriptionChanged) EventType() string { return "subscription.changed" }

// SubscriptionConsentRequest is the consent that is asked for.
type SubscriptionConsentRequest struct {
	Kind     string      `json:"kind"` // trial_turns_paid, price_rises
	On       string      `json:"on"`   // the day the price begins
	Old      money.Money `json:"old"`
	New      money.Money `json:"new"`
	Required bool        `json:"required"` // without a yes it does not begin
}

// SubscriptionLine is a line of an invoice.
type SubscriptionLine struct {
	Kind     string      `json:"kind"` // period, upgrade, setup, unused, discount
	Plan     string      `json:"plan,omitempty"`
	Quantity int         `json:"quantity"`
	Cycles   int         `json:"cycles,omitempty"` // how many cycles are paid at once
	From     string      `json:"from,omitempty"`
	To       string      `json:"to,omitempty"` // the day after the last
	Amount   money.Money `json:"amount"`
}

// SubscriptionTax is the tax contained in an invoice at one rate, in basis points.
type SubscriptionTax struct {
	RateBP int64       `json:"rateBp"`
	Tax    money.Money `json:"tax"`
}

// SubscriptionInvoice is a paid invoice, for its receipt.
type SubscriptionInvoice struct {
	Number     string             `json:"number"`
	Lines      []SubscriptionLine `json:"lines"`
	Taxes      []SubscriptionTax  `json:"taxes,omitempty"`
	Subtotal   money.Money        `json:"subtotal"`
	CreditUsed money.Money        `json:"creditUsed"`
	Total      money.Money        `json:"total"`
}

// SubscriptionCreditNote is a credit note: money on its way back to the card, and account credit.
type SubscriptionCreditNote struct {
	Number   string            `json:"number"`
	Amount   money.Money       `json:"amount"`
	ToCard   money.Money       `json:"toCard"`
	ToCredit money.Money       `json:"toCredit"`
	Taxes    []SubscriptionTax `json:"taxes,omitempty"`
}

// SubscriptionNoticeIssued says that a subscriber is to be told something. Channels with quiet hours wait until Later;
// mail need not.
type SubscriptionNoticeIssued struct {
	SubscriptionRef
	// consent_request, trial_ending, renewal, receipt, payment_failed and so on
	Kind      string      `json:"notice"`
	Situation string      `json:"situation,omitempty"` // which text of the kind is true
	Gift      bool        `json:"gift,omitempty"`      // paid by one person for another
	Date      string      `json:"date,omitempty"`
	Zone      string      `json:"zone,omitempty"` // time zone of the subscriber, for times
	Amount    money.Money `json:"amount"`
	Charges   int         `json:"charges,omitempty"`  // canceled: charges still to come; amount is their sum
	From      string      `json:"from,omitempty"`     // paused: the first day
	NextPlan  string      `json:"nextPlan,omitempty"` // change_planned: name of the plan that follows
	// payment_failed, suspended: the last day on which paying keeps the subscription, and the day its benefits stop
	PayBy        string `json:"payBy,omitempty"`
	BenefitsStop string `json:"benefitsStop,omitempty"`

	Method  string                      `json:"method,omitempty"` // the way to pay, for people
	Retry   time.Time                   `json:"retry,omitzero"`
	Wait    string                      `json:"wait,omitempty"`
	Reason  string                      `json:"reason,omitempty"`
	Ask     *SubscriptionConsentRequest `json:"ask,omitempty"`
	Invoice *SubscriptionInvoice        `json:"invoice,omitempty"`
	Later   time.Time                   `json:"later,omitzero"`

	CreditNote *SubscriptionCreditNote `json:"creditNote,omitempty"`
}

// EventType is "subscription.notice_issued".
func (SubscriptionNoticeIssued) EventType() string { return "subscription.notice_issued" }

// SubscriptionGiftAnnounced says that the recipient of a gift is to be told of it. Token is the secret of the link in
// the mail: whoever has it can claim the gift.
type SubscriptionGiftAnnounced struct {
	SubscriptionID string `json:"subscriptionId"`
	Email          string `json:"email"`
	Name           string `json:"name,omitempty"`
	Language       string `json:"language"`
	From           string `json:"from,omitempty"` // name of the giver
	Message        string `json:"message,omitempty"`
	Plan           string `json:"plan"`
	Cycles         int    `json:"cycles"`
	Until          string `json:"until"` // first day on which it can no longer be claimed
	Token          string `json:"token"`
}

// EventType is "subscription.gift_announced".
func (SubscriptionGiftAnnounced) EventType() string { return "subscription.gift_announced" }
