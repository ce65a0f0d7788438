package payment

import (
	"errors"
	"fmt"
	"net"
)

var (
	// ErrUnknown says that the answer never came: the money may have moved. Lookup before anything else.
	ErrUnknown = errors.New("payment: outcome unknown")
	// ErrNotFound says that the provider knows no such payment, refund or key.
	ErrNotFound = errors.New("payment: not found")
	// ErrBadSignature says that a webhook is not from the provider, or too old.
	ErrBadSignature = errors.New("payment: bad webhook signature")
	// ErrStateConflict says that the state of the payment does not allow the call. Nothing moved.
	ErrStateConflict = errors.New("payment: state does not allow this")
	// ErrKeyReused says that the idempotency key was used with other parameters. Nothing moved by this call.
	ErrKeyReused = errors.New("payment: key used with other parameters")
	// ErrInvalid says that the provider does not take the request as it is. Nothing moved; repeating does not help.
	ErrInvalid = errors.New("payment: invalid request")
	// ErrAmount says that the provider takes no payment of this amount: below its least, above its most, or with more
	// decimals than cards settle. It always comes with ErrInvalid.
	ErrAmount = errors.New("payment: amount not taken")
	// ErrUnavailable says that the provider turned the request away untouched (rate limit, lock). Nothing moved; the same
	// call may be repeated in a while.
	ErrUnavailable = errors.New("payment: provider unavailable")
	// ErrOurFault says that the provider refuses the shop and not the shopper: a wrong or revoked key, a missing
	// permission, a malformed request. It always comes with ErrUnavailable: nothing moved, and nothing is booked against a
	// customer.
	ErrOurFault = errors.New("payment: the provider refuses the shop")
)

// Declined says that the shopper's bank or the provider refused. No money moved. Code is the provider's (see Classify)
// and Message is theirs as well: for the log, not for the shopper, who is told no more than "declined" for lost and
// stolen cards.
type Declined struct {
	Code    string
	Kind    Kind
	Message string
}

// Error has the provider's message, so it is for logs only.
func (d *Declined) Error() string {
	text := "payment: declined: " + d.Code + " (" + string(d.Kind) + ")"
	if d.Message != "" {
		text += ": " + d.Message
	}
	return text
}

// OurFault is the error of a call that was refused because of the shop itself. It is ErrUnavailable and ErrOurFault.
func OurFault(cause error) error { return fmt.Errorf("%w: %w: %w", ErrUnavailable, ErrOurFault, cause) }

// UnansweredError says what a failed round trip to a provider means: ErrUnavailable when the connection was never made,
// so nothing can have happened, else ErrUnknown.
func UnansweredError(err error) error {
	// A dial error means that no byte of the request was sent.
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return fmt.Errorf("%w: %w", ErrUnknown, err)
}
