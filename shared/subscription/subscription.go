package subscription

import (
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/compliance"
	"dangol/shared/money"
	"dangol/shared/platform/civil"
	"dangol/shared/platform/table"
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
	Paused    State = "paused"    // as the subscriber asked; no benefits, nothing to pay
	Canceled  State = "canceled"  // it will end; what is paid, and the minimum term, still run
	Ended     State = "ended"
)

// Why a subscription ended.
const (
	EndCanceled     = "canceled"
	EndNoConsent    = "no_consent"
	EndUnpaid       = "unpaid"
	EndNotStarted   = "payment_failed"
	EndGiftOver     = "gift_over"
	EndUnclaimed    = "gift_unclaimed"
	EndNothingToBuy = "nothing_to_send"
)

// Subscription is one subscriber's plan and how far it has run. It is stored as one packed text.
type Subscription struct {
	ID         string `json:"id"`
	CustomerID string `json:"customerId"`
	Region     string `json:"region" doc:"Country of the subscriber, ISO 3166; decides which law is kept."`
	AddressID  string `json:"addressId,omitempty"`
	State      State  `json:"state"`
	Terms      Terms  `json:"terms"`
	Next       *Terms `json:"next,omitempty" doc:"Takes over at the next payment."`
	Anchor     Anchor `json:"anchor"`
	Seq        int    `json:"seq" doc:"Number of the last span or invoice; none is given twice."`
	Span       Span   `json:"span" doc:"The running stretch, or the last."`
	Card       Card   `json:"card"`
	Gift       *Gift  `json:"gift,omitempty"`

	Cycles      int        `json:"cycles" doc:"Paid cycles that have begun."`
	PrepaidLeft int        `json:"prepaidLeft" doc:"Paid cycles that have not begun."`
	Credit      int64      `json:"credit" doc:"Account credit: the next invoices use it first."`
	SetupDue    bool       `json:"setupDue,omitempty"`
	Skip        bool       `json:"skip,omitempty" doc:"The next cycle is left out."`
	PauseUntil  civil.Date `json:"pauseUntil,omitempty" doc:"Pauses at the end of the running period until this day."`
	NoRenewal   bool       `json:"noRenewal,omitempty"`
	Coupon      *Coupon    `json:"coupon,omitempty"`
	Aside       *Planned   `json:"aside,omitempty" doc:"What was planned when it was canceled."`

	Open           *Open           `json:"open,omitempty" doc:"The invoice that is not paid yet."`
	ConsentRequest *ConsentRequest `json:"ask,omitempty" doc:"The consent that is being asked for."`
	Stock          *Shortage       `json:"stock,omitempty"`
	Payments       []Paid          `json:"payments,omitempty" doc:"What was taken for the running period."`
	// Of the running period: what account credit has paid, and what of the payments went back as goodwill.
	CreditPaid     int64 `json:"creditPaid,omitempty"`
	GoodwillToCard int64 `json:"goodwillToCard,omitempty"`

	Used        []Attempt `json:"used,omitempty"`  // failed charges of earlier invoices, a month back
	NoticesSent []string  `json:"told,omitempty"`  // notices sent for dates to come
	Voided      Paid      `json:"voided,omitzero"` // the last invoice given up, should money come for it
	Burst       Burst     `json:"burst,omitzero"`
	Action      *Action   `json:"action,omitempty"` // the last challenge of a bank
	// Unbegun says that the first payment is not made: no list shows it, and nobody is told of it.
	Unbegun bool `json:"unbegun,omitempty"`

	StartedAt time.Time `json:"startedAt"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	EndReason string    `json:"endReason,omitempty"`
	// Due is when to Apply the command Due; zero only when Ended.
	Due time.Time `json:"due,omitzero"`
}

// MarshalDynamoDBAttributeValue stores the subscription as one compressed attribute: it is always
// read and written whole, and item size decides the cost.
func (s Subscription) MarshalDynamoDBAttributeValue() (types.AttributeValue, error) {
	return table.Pack(s)
}

// UnmarshalDynamoDBAttributeValue implements attributevalue.Unmarshaler.
func (s *Subscription) UnmarshalDynamoDBAttributeValue(av types.AttributeValue) error {
	return table.Unpack(av, s)
}

// Card is the way to pay, as the provider knows it.
type Card struct {
	Token    string `json:"token"`
	Brand    string `json:"brand,omitempty"`
	ExpYear  int    `json:"expYear,omitempty"`
	ExpMonth int    `json:"expMonth,omitempty"`
}

// expired reports whether the card has expired by a day: it is valid until the last day of its
// month.
func (c Card) expired(d civil.Date) bool {
	return c.ExpYear > 0 && d >= civil.NewDate(c.ExpYear, time.Month(c.ExpMonth+1), 1)
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

// Span is a stretch of days, [Opens, Closes), that one invoice at most is for, and the instants [Start, End). The dates
// are local days: those of the next span begin where these end, also when the subscriber moves to another time zone
// meanwhile; the move shows in the instant at which the next span ends.
type Span struct {
	Seq    int        `json:"seq"`
	Kind   SpanKind   `json:"kind"`
	Opens  civil.Date `json:"opens"`
	Closes civil.Date `json:"closes"`
	Start  time.Time  `json:"start"`
	End    time.Time  `json:"end"`
	// The whole period that the days belong to, and its price. A span cut by a change of plan or date is a part of it.
	WholeOpens  civil.Date `json:"wholeOpens,omitempty"`
	WholeCloses civil.Date `json:"wholeCloses,omitempty"`
	Price       int64      `json:"price"`
	Paid        bool       `json:"paid"`
	// Days given back because the benefits were suspended, [FreeFrom, FreeTo).
	FreeFrom civil.Date `json:"freeFrom,omitempty"`
	FreeTo   civil.Date `json:"freeTo,omitempty"`
}

// whole reports whether the span is a whole period. Only whole ones count as cycles.
func (p Span) whole() bool { return p.Opens == p.WholeOpens && p.Closes == p.WholeCloses }

// part is what the days from a date to another cost, both within the whole period.
func (p Span) part(from, to civil.Date) int64 {
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

// day is the day of the span that an instant falls on, on the wall clock of a zone; the first or last when it is
// outside.
func (p Span) day(at time.Time, z *time.Location) civil.Date {
	return max(p.Opens, min(civil.DateAt(at, z), p.Closes.Add(-1)))
}

// Paid is money taken for the running period; Left is what can still be given back of it.
type Paid struct {
	Key       string `json:"key"`
	PaymentID string `json:"paymentId"`
	Left      int64  `json:"left"`
	Refunds   int    `json:"refunds,omitempty"`
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
	Key        string    `json:"key"`
	Kind       OpenKind  `json:"kind"`
	Amount     int64     `json:"amount"` // to be charged
	CreditUsed int64     `json:"creditUsed,omitempty"`
	SetupFee   bool      `json:"setupFee,omitempty"`
	Coupon     bool      `json:"coupon,omitempty"` // a period of the coupon is used for it
	Attempt    int       `json:"attempt"`          // number of the last charge, from 1
	InFlight   bool      `json:"inFlight"`
	CheckAt    time.Time `json:"checkAt,omitzero"` // when to ask what became of the charge in flight
	Checks     int       `json:"checks,omitempty"`
	RetryAt    time.Time `json:"retryAt,omitzero"`
	Wait       Wait      `json:"wait,omitempty"`
	ByHand     bool      `json:"byHand,omitempty"` // the subscriber asked for the last charge
	Since      time.Time `json:"since,omitzero"`   // first decline that counts
	Suspended  bool      `json:"suspended,omitempty"`
	Failures   []Attempt `json:"failures,omitempty"`
	Change     *Change   `json:"change,omitempty"`
	Session    *Session  `json:"session,omitempty"` // the cardholder was there at the last charge
}

// AttemptKey is the provider's idempotency key of one charge: a declined key answers "declined" for ever, so each try
// has its own, and the next one is made only when this one's outcome is known.
func (o *Open) AttemptKey() string { return o.Key + "#" + strconv.Itoa(o.Attempt) }

// Change is a change of plan waiting for its payment.
type Change struct {
	Terms       Terms  `json:"terms"`
	Anchor      Anchor `json:"anchor"`
	Span        Span   `json:"span"`
	PrepaidLeft int    `json:"prepaidLeft"`
}

// ConsentRequest is consent that is needed before a price begins.
type ConsentRequest struct {
	ID     string                 `json:"id"`
	Kind   compliance.ConsentKind `json:"kind"`
	On     civil.Date             `json:"on"`
	Change time.Time              `json:"change"`
	Old    int64                  `json:"old"`
	New    int64                  `json:"new"`
	// What a price rise brings: the plan version, its price for a unit with the rate of the tax in it, and the day before
	// which it does not begin.
	Version  int                      `json:"version,omitempty"`
	Price    int64                    `json:"price,omitempty"`
	TaxBP    int64                    `json:"taxBp,omitempty"`
	Wanted   civil.Date               `json:"wanted,omitempty"`
	Made     time.Time                `json:"made"`
	Answer   Answer                   `json:"answer,omitempty"`
	Required bool                     `json:"required"`
	Proof    *compliance.ConsentProof `json:"proof,omitempty"`
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
	Since       civil.Date `json:"since"`
	Tries       int        `json:"tries"`
	RetryAt     time.Time  `json:"retryAt,omitzero"` // zero once the goods are held
	Substituted bool       `json:"substituted,omitempty"`
}

// Burst counts the spans opened on one UTC day. A subscription that opens more than burstLimit shows a fault of the
// rules, or was not worked on for long; it goes on the day after.
type Burst struct {
	Day  civil.Date `json:"day,omitempty"`
	N    int        `json:"n,omitempty"`
	Hold bool       `json:"hold,omitempty"`
}

// burstLimit is more than the shortest plan needs in a day, and few enough to stop a loop early.
const burstLimit = 15

// Key is what the invoice of a span is charged under, once and for all: subscription and number of the span.
func Key(subscriptionID string, seq int) string { return subscriptionID + "#" + strconv.Itoa(seq) }

// zone is where the subscriber's days are. An unknown zone (the database of a later release) counts
// as UTC rather than stopping the billing.
func (s *Subscription) zone() *time.Location { return civil.ZoneOrUTC(s.Anchor.Zone) }

// money is an amount in the subscription's currency.
func (s *Subscription) money(amount int64) money.Money { return s.Terms.Money(amount) }

// days puts n days after the local day of an instant at the policy's hour: retries and their mails come by day.
func (s *Subscription) days(first time.Time, n int) time.Time {
	return s.Terms.hour(civil.DateAt(first, s.zone()).Add(n), s.zone())
}

// clone copies everything behind a pointer or slice that Apply may change. Maps and contents are
// replaced and never changed in place.
func (s Subscription) clone() Subscription {
	s.Next, s.Gift, s.Stock, s.ConsentRequest = copied(s.Next), copied(s.Gift), copied(s.Stock), copied(s.ConsentRequest)
	s.Open, s.Action, s.Aside = copied(s.Open), copied(s.Action), copied(s.Aside)
	s.Coupon = copied(s.Coupon)
	if s.Open != nil {
		s.Open.Failures = slices.Clone(s.Open.Failures)
		s.Open.Change = copied(s.Open.Change)
	}
	s.Payments, s.Used, s.NoticesSent = slices.Clone(s.Payments), slices.Clone(s.Used), slices.Clone(s.NoticesSent)
	return s
}

// copied is a pointer to a copy; nil stays nil.
func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
