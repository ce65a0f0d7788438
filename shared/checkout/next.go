package checkout

import (
	"time"

	"dangol/shared/payment"
)

// step is the next thing to do about a checkout.
type step string

const (
	wait   step = "wait"   // the outcome is still to come
	claim  step = "claim"  // paid: make the order
	fail   step = "fail"   // refused: give everything back
	void   step = "void"   // let the payment go, so that it cannot succeed any more
	expire step = "expire" // give everything back, and watch for money that comes after all
	unwind step = "unwind" // paid too late: note that the money has to go back
	refund step = "refund" // give the money back
	finish step = "finish" // the money is back: tell the shopper
	rest   step = "rest"   // nothing is left to be done
)

// watchFor is how long after its hold a checkout is watched whose payment the provider has never
// seen: far longer than a request can be on its way.
const watchFor = time.Hour

// absent is the state of a payment that the provider has not seen.
const absent payment.State = ""

// next decides by the state of the checkout, what the provider says of the payment, and whether
// time is up: the hold has run out or the shopper has given up. watched says whether an unseen
// payment was waited for long enough. It is pure; machine carries its decisions out.
func next(s State, p payment.State, timeUp, watched bool) step {
	switch s {
	case Paying:
		return nextPaying(p, timeUp)
	case Refunding:
		return nextRefunding(p)
	case Completed, Refunded:
		return rest
	}
	switch { // there is no order, and there will be none
	case p.Secured():
		return unwind
	case p == payment.StateRequiresAction:
		return void
	case p == payment.StateProcessing, p == absent && !watched:
		return wait
	default:
		return rest
	}
}

// nextPaying decides while there may still be an order.
func nextPaying(p payment.State, timeUp bool) step {
	switch {
	case p.Secured():
		return claim
	case p.Failed():
		return fail
	case !timeUp:
		return wait
	case p == payment.StateRequiresAction:
		return void
	default: // processing or absent: it cannot be stopped, so what comes of it is given back when it comes
		return expire
	}
}

// nextRefunding decides while the money is being given back.
func nextRefunding(p payment.State) step {
	switch {
	case p == payment.StateAuthorized:
		return void
	case p == payment.StateCaptured:
		return refund
	case p.Open():
		return wait
	default:
		return finish
	}
}
