package payment

// State says where a payment is.
type State string

// The states. requires_action and processing are open; the others are outcomes, of which authorized still leads to
// captured or voided. Refunds do not change the state: see Payment.Refunded.
const (
	StateRequiresAction State = "requires_action" // the shopper has a challenge to pass
	StateProcessing     State = "processing"      // the outcome comes later, by webhook or Lookup
	StateAuthorized     State = "authorized"      // reserved
	StateCaptured       State = "captured"        // taken
	StateVoided         State = "voided"          // was reserved, then released
	StateDeclined       State = "declined"        // refused; DeclineCode says why
	StateCanceled       State = "canceled"        // given up before it was authorized
)

// RefundState says where a refund is.
type RefundState string

// The states of a refund.
const (
	RefundPending   RefundState = "pending"
	RefundSucceeded RefundState = "succeeded"
	RefundFailed    RefundState = "failed" // the money is back with the shop; another way has to be found
)

// Open reports whether the outcome is still to come.
func (s State) Open() bool { return s == StateRequiresAction || s == StateProcessing }

// Secured reports whether the money is reserved or taken: an order may be made.
func (s State) Secured() bool { return s == StateAuthorized || s == StateCaptured }

// Failed reports whether nothing can come of it any more.
func (s State) Failed() bool { return s == StateVoided || s == StateDeclined || s == StateCanceled }

// Refundable is what is captured and not yet given back, in minor units.
func (p Payment) Refundable() int64 { return p.Captured.Amount - p.Refunded.Amount }

// Declined returns the decline of a payment in StateDeclined as an error, else nil.
func (p Payment) Declined() error {
	if p.State != StateDeclined {
		return nil
	}
	return &Declined{Code: p.DeclineCode, Kind: p.DeclineKind}
}
