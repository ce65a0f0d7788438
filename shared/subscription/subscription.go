package subscription

import (
	"slices"
	"strconv"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/money"
)

// State is where a subscription stands.
type State string

// The states. Only Ended is final; every other has a Due.
const (
	Starting  State = "starting"  // the first payment is on its way; no benefits
	Trialing  State = "trialing"  // free until the trial ends
	Active    State = "active"    // paid, or the renewal is being paid
	PastDue   State = "past_due"  // a renewal was declined; benefits go on
	Suspended State = "suspended" // unpaid for too long; no benefits
	Paused    State = "paused"    // at the subscriber's wish; no benefits, nothing to pay
	Cancelled State = "cancelled" // told to stop; what is paid, and the minimum term, still run
	Ended     State = "ended"
)

// Why a subscription ended.
const (
	EndCancelled    = "cancelled"
	EndNoConsent    = "no_consent"
	EndUnpaid       = "unpaid"
	EndNotStarted   = "payment_failed"
	EndGiftOver     = "gift_over"
	EndNothingToBuy = "nothing_to_send"
)

// Subscription is one subscriber's plan and how far it has run.
type Subscription struct {
	ID         string `json:"id" dynamodbav:"id"`
	CustomerID string `json:"customerId" dynamodbav:"customerId"`
	Region     string `json:"region" dynamodbav:"region" doc:"Country of the subscriber, ISO 3166; decides which law is kept."`
	AddressID  string `json:"addressId,omitempty" dynamodbav:"addressId,omitempty"`
	State      State  `json:"state" dynamodbav:"state"`
	Terms      Terms  `json:"terms" dynamodbav:"terms"`
	Next       *Terms `json:"next,omitempty" dynamodbav:"next,omitempty" doc:"Takes over at the next payment."`
	Anchor     Anchor `json:"anchor" dynamodbav:"anchor"`
	Seq        int    `json:"seq" dynamodbav:"seq" doc:"Number of the last span or invoice; none is given twice."`
	Span       Span   `json:"span" dynamodbav:"span" doc:"The running stretch, or the last."`
	Card       Card   `json:"card" dynamodbav:"card"`
	Gift       *Gift  `json:"gift,omitempty" dynamodbav:"gift,omitempty"`

	Cycles      int   `json:"cycles" dynamodbav:"cycles" doc:"Paid cycles that have begun."`
	PrepaidLeft int   `json:"prepaidLeft" dynamodbav:"prepaidLeft" doc:"Paid cycles that have not begun."`
	Credit      int64 `json:"credit" dynamodbav:"credit" doc:"Account credit: the next invoices use it first."`
	SetupDue    bool  `json:"setupDue,omitempty" dynamodbav:"setupDue,omitempty"`
	Skip        bool  `json:"skip,omitempty" dynamodbav:"skip,omitempty" doc:"The next cycle is left out."`
	PauseUntil  Date  `json:"pauseUntil,omitempty" dynamodbav:"pauseUntil,omitempty" doc:"Pauses at the end of the running period until this day."`
	NoRenewal   bool  `json:"noRenewal,omitempty" dynamodbav:"noRenewal,omitempty"`

	Open     *Open     `json:"open,omitempty" dynamodbav:"open,omitempty" doc:"The invoice that is not paid yet."`
	Ask      *Ask      `json:"ask,omitempty" dynamodbav:"ask,omitempty" doc:"The consent that is being asked for."`
	Stock    *Shortage `json:"stock,omitempty" dynamodbav:"stock,omitempty"`
	Payments []Paid    `json:"payments,omitempty" dynamodbav:"payments,omitempty" doc:"What was taken for the running period."`
	Used     []Attempt `json:"-" dynamodbav:"used,omitempty"` // failed charges of earlier invoices, a month back
	Told     []string  `json:"-" dynamodbav:"told,omitempty"` // notices sent for dates to come
	Voided   Paid      `json:"-" dynamodbav:"voided"`         // the last invoice given up, should money come for it
	Burst    Burst     `json:"-" dynamodbav:"burst"`

	StartedAt time.Time `json:"startedAt" dynamodbav:"startedAt"`
	EndedAt   time.Time `json:"endedAt,omitzero" dynamodbav:"endedAt,omitempty"`
	EndReason string    `json:"endReason,omitempty" dynamodbav:"endReason,omitempty"`
	// Due is when to Apply the command Due; zero only when Ended.
	Due time.Time `json:"due,omitzero" dynamodbav:"due,omitempty"`
}

// Card is the way to pay, as the provider knows it.
type Card struct {
	Token    string `json:"token" dynamodbav:"token"`
	Brand    string `json:"brand,omitempty" dynamodbav:"brand,omitempty"`
	ExpYear  int    `json:"expYear,omitempty" dynamodbav:"expYear,omitempty"`
	ExpMonth int    `json:"expMonth,omitempty" dynamodbav:"expMonth,omitempty"`
}

// expired reports whether the card is no longer valid on a day; it is until the last day of its month.
func (c Card) expired(d Date) bool {
	return c.ExpYear > 0 && d >= NewDate(c.ExpYear, time.Month(c.ExpMonth+1), 1)
}

// Gift is a subscription paid by one person for another. It never renews by itself.
type Gift struct {
	Recipient string `json:"recipient" dynamodbav:"recipient" doc:"Customer or mail address."`
	Message   string `json:"message,omitempty" dynamodbav:"message,omitempty"`
}

// SpanKind is what a span is.
type SpanKind string

// The kinds of span. Only paid ones cost something.
const (
	SpanTrial   SpanKind = "trial"
	SpanPaid    SpanKind = "paid"
	SpanSkipped SpanKind = "skipped"
	SpanPaused  SpanKind = "paused"
	SpanGap     SpanKind = "gap" // free: goods wait for their day, a suspension passed over a period, or nothing ran
)

// Span is a stretch of days, [Opens, Closes), that one invoice at most is for, and the instants [Start, End). The dates are local days:
// those of the next span begin where these end, also when the subscriber moves to another time zone meanwhile; the move shows in
// the instant at which the next span ends.
type Span struct {
	Seq    int       `json:"seq" dynamodbav:"seq"`
	Kind   SpanKind  `json:"kind" dynamodbav:"kind"`
	Opens  Date      `json:"opens" dynamodbav:"opens"`
	Closes Date      `json:"closes" dynamodbav:"closes"`
	Start  time.Time `json:"start" dynamodbav:"start"`
	End    time.Time `json:"end" dynamodbav:"end"`
	// The whole period that the days belong to, and its price. A span cut by a change of plan or date is a part of it.
	WholeOpens  Date  `json:"wholeOpens,omitempty" dynamodbav:"wholeOpens,omitempty"`
	WholeCloses Date  `json:"wholeCloses,omitempty" dynamodbav:"wholeCloses,omitempty"`
	Price       int64 `json:"price" dynamodbav:"price"`
	Paid        bool  `json:"paid" dynamodbav:"paid"`
	// Days given back because the benefits were suspended, [FreeFrom, FreeTo).
	FreeFrom Date `json:"freeFrom,omitempty" dynamodbav:"freeFrom,omitempty"`
	FreeTo   Date `json:"freeTo,omitempty" dynamodbav:"freeTo,omitempty"`
}

// whole reports whether the span is a whole period.
func (p Span) whole() bool { return p.Opens == p.WholeOpens && p.Closes == p.WholeCloses }

// part is what the days from a date to another cost, both within the whole period.
func (p Span) part(from, to Date) int64 {
	return Prorate(p.Price, p.WholeOpens, p.WholeCloses, from, to)
}

// Cost is what the days of the span cost, less those given back.
func (p Span) Cost() int64 {
	cost := p.part(p.Opens, p.Closes)
	if p.FreeFrom != "" {
		cost -= p.part(p.FreeFrom, p.FreeTo)
	}
	return cost
}

// day is the day of the span that an instant falls on, on the wall clock of a zone; the first or last when it is outside.
func (p Span) day(at time.Time, z *time.Location) Date {
	return max(p.Opens, min(DateAt(at, z), p.Closes.Add(-1)))
}

// Paid is money taken for the running period; Left is what can still be given back of it.
type Paid struct {
	Key       string `json:"key" dynamodbav:"key"`
	PaymentID string `json:"paymentId" dynamodbav:"paymentId"`
	Left      int64  `json:"left" dynamodbav:"left"`
	Refunds   int    `json:"refunds,omitempty" dynamodbav:"refunds,omitempty"`
}

// OpenKind is what an open invoice is for.
type OpenKind string

// The kinds: the first payment, a renewal, a change that takes effect once it is paid.
const (
	OpenFirst   OpenKind = "first"
	OpenRenewal OpenKind = "renewal"
	OpenChange  OpenKind = "change"
)

// Open is the invoice being collected.
type Open struct {
	Key        string    `json:"key" dynamodbav:"key"`
	Kind       OpenKind  `json:"kind" dynamodbav:"kind"`
	Amount     int64     `json:"amount" dynamodbav:"amount"` // to be charged
	CreditUsed int64     `json:"creditUsed,omitempty" dynamodbav:"creditUsed,omitempty"`
	SetupFee   bool      `json:"setupFee,omitempty" dynamodbav:"setupFee,omitempty"`
	Attempt    int       `json:"attempt" dynamodbav:"attempt"` // number of the last charge, from 1
	InFlight   bool      `json:"inFlight" dynamodbav:"inFlight"`
	CheckAt    time.Time `json:"checkAt,omitzero" dynamodbav:"checkAt,omitempty"` // when to ask what became of the charge in flight
	Checks     int       `json:"checks,omitempty" dynamodbav:"checks,omitempty"`
	RetryAt    time.Time `json:"retryAt,omitzero" dynamodbav:"retryAt,omitempty"`
	Wait       Wait      `json:"wait,omitempty" dynamodbav:"wait,omitempty"`
	ByHand     bool      `json:"byHand,omitempty" dynamodbav:"byHand,omitempty"` // the subscriber asked for the last charge
	Since      time.Time `json:"since,omitzero" dynamodbav:"since,omitempty"`    // first decline that counts
	Suspended  bool      `json:"suspended,omitempty" dynamodbav:"suspended,omitempty"`
	Failures   []Attempt `json:"failures,omitempty" dynamodbav:"failures,omitempty"`
	Change     *Change   `json:"change,omitempty" dynamodbav:"change,omitempty"`
}

// AttemptKey is the provider's idempotency key of one charge: a declined key answers "declined" for ever, so each try has its own, and
// the next one is made only when this one's outcome is known.
func (o *Open) AttemptKey() string { return o.Key + "#" + strconv.Itoa(o.Attempt) }

// Change is a change of plan waiting for its payment.
type Change struct {
	Terms       Terms  `json:"terms" dynamodbav:"terms"`
	Anchor      Anchor `json:"anchor" dynamodbav:"anchor"`
	Span        Span   `json:"span" dynamodbav:"span"`
	PrepaidLeft int    `json:"prepaidLeft" dynamodbav:"prepaidLeft"`
}

// Ask is consent that is needed before a price begins.
type Ask struct {
	ID     string                 `json:"id" dynamodbav:"id"`
	Kind   compliance.ConsentKind `json:"kind" dynamodbav:"kind"`
	On     Date                   `json:"on" dynamodbav:"on"`
	Change time.Time              `json:"change" dynamodbav:"change"`
	Old    int64                  `json:"old" dynamodbav:"old"`
	New    int64                  `json:"new" dynamodbav:"new"`
	// What a price rise brings: the plan version, its price for a unit, and the day before which it does not begin.
	Version  int                      `json:"version,omitempty" dynamodbav:"version,omitempty"`
	Price    int64                    `json:"price,omitempty" dynamodbav:"price,omitempty"`
	Wanted   Date                     `json:"wanted,omitempty" dynamodbav:"wanted,omitempty"`
	Made     time.Time                `json:"made" dynamodbav:"made"`
	Answer   Answer                   `json:"answer,omitempty" dynamodbav:"answer,omitempty"`
	Required bool                     `json:"required" dynamodbav:"required"`
	Proof    *compliance.ConsentProof `json:"-" dynamodbav:"proof,omitempty"`
}

// Answer is what a subscriber said when asked; "" is silence.
type Answer string

// The answers.
const (
	Granted Answer = "granted"
	Refused Answer = "refused"
)

// Shortage is a cycle whose goods could not be held.
type Shortage struct {
	Since       Date      `json:"since" dynamodbav:"since"`
	Tries       int       `json:"tries" dynamodbav:"tries"`
	RetryAt     time.Time `json:"retryAt,omitzero" dynamodbav:"retryAt,omitempty"` // zero once the goods are held
	Substituted bool      `json:"substituted,omitempty" dynamodbav:"substituted,omitempty"`
}

// Burst counts the spans opened on one UTC day. A subscription that opens more than burstLimit is out of hand, or was asleep for long; it
// goes on the day after.
type Burst struct {
	Day  Date `dynamodbav:"day,omitempty"`
	N    int  `dynamodbav:"n,omitempty"`
	Hold bool `dynamodbav:"hold,omitempty"`
}

const burstLimit = 15

// Key is what the invoice of a span is charged under, once and for all: subscription and number of the span.
func Key(subscriptionID string, seq int) string { return subscriptionID + "#" + strconv.Itoa(seq) }

func (s *Subscription) zone() *time.Location { return zone(s.Anchor.Zone) }

func (s *Subscription) money(amount int64) money.Money { return s.Terms.Money(amount) }

// days puts n days after the local day of an instant at the policy's hour: retries and their mails come by day.
func (s *Subscription) days(first time.Time, n int) time.Time {
	return s.Terms.hour(DateAt(first, s.zone()).Add(n), s.zone())
}

// clone copies everything that Apply may change.
func (s Subscription) clone() Subscription {
	s.Next, s.Gift, s.Stock, s.Ask = copied(s.Next), copied(s.Gift), copied(s.Stock), copied(s.Ask)
	s.Open = copied(s.Open)
	if s.Open != nil {
		s.Open.Failures = slices.Clone(s.Open.Failures)
		s.Open.Change = copied(s.Open.Change)
	}
	s.Payments, s.Used, s.Told = slices.Clone(s.Payments), slices.Clone(s.Used), slices.Clone(s.Told)
	return s
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
