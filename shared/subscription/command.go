package subscription

import (
	"slices"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/payment"
	"dangol/shared/platform/civil"
)

// Command is a request about a subscription, or the outcome of something done for it.
type Command interface {
	// name is the command's name in history and problems.
	name() string
	// do changes the run's copy of the subscription and emits effects. An error discards the copy.
	do(r *run) error
}

// Start begins a subscription: on a zero Subscription only. With Trial the terms' trial runs first.
type Start struct {
	ID         string
	CustomerID string
	Region     string // country, ISO 3166
	Zone       string // IANA time zone of the subscriber
	AddressID  string
	Terms      Terms
	Card       Card
	Trial      bool
	// Single says that the customer can have one subscription of the plan at a time.
	Single bool
	// BillingDay is the day of the month to bill on (1-31), for plans by month or year; 0 is the day of the start. The
	// days until then are billed by days first; a plan with goods sends its first parcel on that day.
	BillingDay int
	Credit     int64 // account credit that the customer brings
	Gift       *Gift // paid now, never renewed; prepaid plans only; without AddressID it waits until it is claimed
}

// SkipNext leaves the next cycle out; Unskip takes that back.
type (
	SkipNext struct{}
	Unskip   struct{}
)

// ChangeDate makes To the next day a period opens, and the day to count from after it. Day, when not 0, is the day of
// the month to keep to where To is the last day of a shorter month.
type ChangeDate struct {
	To  civil.Date
	Day int
}

// Pause stops at the end of the running period, which is paid for, until a day; on a paused subscription it moves that
// day.
type Pause struct{ Until civil.Date }

// Resume goes on at once: a new period opens and is paid. On one that is yet to pause it takes the pause back.
type Resume struct{}

// Swap changes what the coming cycles send, and their price for a unit.
type Swap struct {
	Contents []Item
	Price    int64
}

// ChangeQuantity takes another number of units: more of a membership at once, everything else from the next payment on.
type ChangeQuantity struct{ Quantity int }

// ChangeAddress sends the coming parcels elsewhere.
type ChangeAddress struct{ AddressID string }

// Move takes the subscriber to another time zone and country. The running period keeps its end.
type Move struct {
	Zone   string
	Region string
}

// Upgrade changes a membership at once to a plan that is dearer per month, or paid for a longer time (a yearly plan may
// be cheaper per month): the day of the change belongs to the new plan. It takes effect
// when the difference is paid. Plans with goods change at the next payment.
type Upgrade struct{ Terms Terms }

// Downgrade changes the plan at the end of what is paid.
type Downgrade struct{ Terms Terms }

// Propose brings a later version of the plan to the subscriber: not before From, with consent where it is dearer. Price
// is for one unit and one cycle, with tax, of which TaxBP is the rate.
type Propose struct {
	Version int
	Price   int64
	TaxBP   int64
	From    civil.Date
}

// Consent is the subscriber's yes to the notice they were shown.
type Consent struct {
	Notice compliance.ConsentNotice
	Answer compliance.ConsentAnswer
}

// Refuse is their no; also after a yes, until the day.
type Refuse struct{}

// Cancel stops, in one step, at the end of what is paid or of the minimum term; with Now at once, and the days not used
// are given back.
type Cancel struct {
	Reason string
	Now    bool
}

// Reactivate takes a cancellation back. One that has ended starts again with a payment at once, under Terms and Card.
// Credit is account credit that the customer brings to a new start.
type Reactivate struct {
	Terms  *Terms
	Card   *Card
	Credit int64
}

// ChangeCard charges another card from now on, at once what is unpaid.
type ChangeCard struct{ Card Card }

// PayNow charges what is unpaid at once.
type PayNow struct{}

// ChargeSucceeded is the outcome of a Charge.
type ChargeSucceeded struct {
	Key       string
	PaymentID string
	Card      Card // as the payment kept it; none when it was kept before
}

// ChargeFailed is the outcome of a Charge: declined, or turned away untouched (payment.KindTechnical). An outcome that
// is not known is not a failure: leave it to Due.
type ChargeFailed struct {
	Key     string
	Attempt int
	Kind    payment.Kind
	Code    string
}

// StockFailed is the outcome of a HoldStock: some of the goods are not there.
type StockFailed struct{ Key string }

// Due does what the subscription is due for. Before its time it does nothing, so it may come twice. It does one thing:
// afterwards look at Subscription.Due again.
type Due struct{}

func (Start) name() string           { return "start" }
func (SkipNext) name() string        { return "skip_next" }
func (Unskip) name() string          { return "unskip" }
func (ChangeDate) name() string      { return "change_date" }
func (Pause) name() string           { return "pause" }
func (Resume) name() string          { return "resume" }
func (Swap) name() string            { return "swap" }
func (ChangeQuantity) name() string  { return "change_quantity" }
func (ChangeAddress) name() string   { return "change_address" }
func (Move) name() string            { return "move" }
func (Upgrade) name() string         { return "upgrade" }
func (Downgrade) name() string       { return "downgrade" }
func (Propose) name() string         { return "propose" }
func (Consent) name() string         { return "consent" }
func (Refuse) name() string          { return "refuse" }
func (Cancel) name() string          { return "cancel" }
func (Reactivate) name() string      { return "reactivate" }
func (ChangeCard) name() string      { return "change_card" }
func (PayNow) name() string          { return "pay_now" }
func (ChargeSucceeded) name() string { return "charge_succeeded" }
func (ChargeFailed) name() string    { return "charge_failed" }
func (StockFailed) name() string     { return "stock_failed" }
func (Due) name() string             { return "due" }

// allowed is the state machine: the states in which a command may come. What an open invoice
// forbids on top of that is in settled.
var allowed = map[string][]State{
	"start":            {""},
	"skip_next":        {Active},
	"unskip":           {Active},
	"change_date":      {Active},
	"pause":            {Active, Paused},
	"resume":           {Active, Paused},
	"swap":             {Active, Paused},
	"change_quantity":  {Trialing, Active},
	"change_address":   {Starting, Trialing, Active, PastDue, Paused, Suspended, Canceled},
	"move":             {Trialing, Active, PastDue, Paused, Suspended, Canceled},
	"upgrade":          {Trialing, Active},
	"downgrade":        {Trialing, Active, Paused},
	"propose":          {Trialing, Active, Paused},
	"consent":          {Trialing, Active, Paused},
	"refuse":           {Trialing, Active, Paused},
	"cancel":           {Starting, Trialing, Active, PastDue, Paused, Suspended, Canceled},
	"reactivate":       {Canceled, Ended},
	"change_card":      {Trialing, Active, PastDue, Paused, Suspended, Canceled},
	"pay_now":          {PastDue, Suspended},
	"goodwill":         {Trialing, Active, PastDue, Paused, Suspended, Canceled},
	"remind_payment":   {PastDue, Suspended},
	"give_coupon":      {Trialing, Active, PastDue, Paused, Suspended},
	"charge_succeeded": {Starting, Trialing, Active, PastDue, Paused, Suspended, Canceled, Ended},
	"charge_failed":    {Starting, Trialing, Active, PastDue, Paused, Suspended, Canceled, Ended},
	"charge_reported":  {Starting, Trialing, Active, PastDue, Paused, Suspended, Canceled, Ended},
	"card_updated":     {Starting, Trialing, Active, PastDue, Paused, Suspended, Canceled},
	"action_required":  {Starting, Trialing, Active, PastDue, Paused, Suspended, Canceled},
	"stock_failed":     {Starting, Active, PastDue, Suspended, Canceled, Ended},
	"accept_offer":     {Canceled},
	"explain":          {Canceled, Ended},
	"claim_gift":       {Active, Canceled},
	"mail_gift":        {Active, Canceled},
	"due":              {Starting, Trialing, Active, PastDue, Paused, Suspended, Canceled, Ended},
}

// settled are the commands that need every invoice to be paid first: they move the days or prices
// that an open invoice is about.
var settled = []string{"skip_next", "unskip", "change_date", "pause", "resume", "swap", "change_quantity", "upgrade",
	"downgrade", "propose"}

// may returns a problem when the command is not allowed in the present state.
func (s *Subscription) may(command string) error {
	if !slices.Contains(allowed[command], s.State) {
		if s.State == Ended {
			// A code of its own, so that a storefront can offer to start again.
			return refuse("subscription_ended", "This subscription has ended.")
		}
		return refuse("not_in_this_state", "A subscription that is %s does not allow %s.", s.stateText(), command)
	}
	if s.waiting() && slices.Contains(settled, command) {
		return refuse("gift_waiting", "This gift has not begun.")
	}
	if s.Open == nil || !slices.Contains(settled, command) {
		return nil
	}
	if s.Open.InFlight {
		return refuse("payment_running", "A payment is being made. Try again in a few minutes.")
	}
	return refuse("invoice_open", "An invoice is not paid yet.")
}

// stateText is the state for a message to people; a zero Subscription has none.
func (s *Subscription) stateText() string {
	if s.State == "" {
		return "not started"
	}
	return string(s.State)
}

// Allows reports whether a command may come as the subscription stands, for showing buttons.
func (s *Subscription) Allows(c Command) bool { return s.may(c.name()) == nil }

// run is one Apply under way.
type run struct {
	s       Subscription
	at      time.Time
	effects []Effect
	note    string
	closed  bool // the running span has been reported as ended
	// playing says that this only foresees: no notice is worked out, which would foresee in turn
	playing bool
	session *Session // of the cardholder who is there; nil when nobody is
}

// Apply carries a command out at an instant. It returns the subscription as it stands then and what is to be done, and
// leaves s as it is. A command that came too late or twice (Due before its time, an outcome already known) changes
// nothing and has no effects. Errors are problems: not_in_this_state, subscription_ended, payment_running, invoice_open
// (409), others named at the commands, and invalid_input.
func (s Subscription) Apply(c Command, at time.Time) (Subscription, []Effect, error) {
	return s.apply(c, &run{at: at.UTC()})
}

func (s Subscription) apply(c Command, r *run) (Subscription, []Effect, error) {
	if err := s.may(c.name()); err != nil {
		return s, nil, err
	}
	r.s = s.clone()
	if err := c.do(r); err != nil {
		return s, nil, err
	}
	// Nothing happened, so nothing is stored: a command that came twice costs no write.
	if r.effects == nil && r.note == "" {
		return s, nil, nil
	}
	// Last, because both depend on the days, prices and state after the command.
	r.retarget()
	r.schedule()
	r.emit(Entry{At: r.at, Command: c.name(), From: s.State, To: r.s.State, Seq: r.s.Span.Seq, Note: r.note})
	return r.s, r.effects, nil
}

// emit appends effects in the order in which they are to be carried out.
func (r *run) emit(e ...Effect) { r.effects = append(r.effects, e...) }

// event emits an event about the running span. An amount of 0 means that the event is not about
// money.
func (r *run) event(name, reason string, amount int64) {
	r.emit(Event{Name: name, Seq: r.s.Span.Seq, Amount: r.s.money(amount), Reason: reason})
}

// notice emits a notice with the earliest time for channels that have quiet hours (SMS, push); mail
// may go at once.
func (r *run) notice(n Notice) {
	n.Later = r.quietHours()
	n.Amount.Currency = r.s.Terms.Currency
	r.emit(n)
}

// today is the day of the running span.
func (r *run) today() civil.Date { return r.s.Span.day(r.at, r.s.zone()) }
