package checkout

import (
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/payment"
)

func TestWhatComesNext(t *testing.T) {
	t.Parallel()
	const (
		in   = false
		over = true
	)
	for _, c := range []struct {
		name   string
		state  State
		bank   payment.State
		timeUp bool
		want   step
	}{
		{"reserved in time", Paying, payment.StateAuthorized, in, claim},
		{"taken in time", Paying, payment.StateCaptured, in, claim},
		{"reserved before the hold was given up: the stock is still there", Paying, payment.StateAuthorized, over, claim},
		{"declined", Paying, payment.StateDeclined, in, fail},
		{"stopped at the bank", Paying, payment.StateVoided, in, fail},
		{"the shopper is at the bank's page", Paying, payment.StateRequiresAction, in, wait},
		{"and has not come back in time: nothing may come of it any more", Paying, payment.StateRequiresAction, over, void},
		{"the bank is thinking", Paying, payment.StateProcessing, in, wait},
		{"for too long: it cannot be stopped, what comes goes back", Paying, payment.StateProcessing, over, expire},
		{"the request is on its way", Paying, absent, in, wait},
		{"it never arrived", Paying, absent, over, expire},
		{"paid after all, too late", Expired, payment.StateAuthorized, over, unwind},
		{"taken after a decline", Failed, payment.StateCaptured, over, unwind},
		{"a challenge is still open after the shopper gave up", Canceled, payment.StateRequiresAction, over, void},
		{"still thinking", Expired, payment.StateProcessing, over, wait},
		{"dead at last", Expired, payment.StateDeclined, over, rest},
		{"to be let go", Refunding, payment.StateAuthorized, over, void},
		{"to be given back", Refunding, payment.StateCaptured, over, refund},
		{"let go", Refunding, payment.StateVoided, over, finish},
		{"an order is an order", Completed, payment.StateCaptured, over, rest},
		{"back is back", Refunded, payment.StateCaptured, over, rest},
	} {
		if got := next(c.state, c.bank, c.timeUp, false); got != c.want {
			t.Errorf("%s (%s, %q): %s, want %s", c.name, c.state, c.bank, got, c.want)
		}
	}
}

func TestAPaymentThatNobodyKnowsOfIsWatchedForAWhileOnly(t *testing.T) {
	t.Parallel()
	if got := next(Expired, absent, true, false); got != wait {
		t.Errorf("soon after: %s", got)
	}
	if got := next(Expired, absent, true, true); got != rest {
		t.Errorf("long after: %s", got)
	}
}

// bankGoesTo is what a payment can become by itself or by the shopper.
var bankGoesTo = map[payment.State][]payment.State{
	absent: {payment.StateRequiresAction, payment.StateProcessing, payment.StateAuthorized,
		payment.StateDeclined, payment.StateCaptured},
	payment.StateRequiresAction: {payment.StateAuthorized, payment.StateDeclined, payment.StateCaptured},
	payment.StateProcessing:     {payment.StateAuthorized, payment.StateDeclined, payment.StateCaptured},
	payment.StateAuthorized:     {payment.StateVoided},
}

// TestNoHistoryKeepsMoneyWithoutAnOrder plays every kind of history: the bank moves when it likes, somebody looks when
// they like, time runs out at some moment. In the end an order stands for the money, or the money is back.
func TestNoHistoryKeepsMoneyWithoutAnOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := model{state: Paying}
		for range rapid.IntRange(0, 12).Draw(t, "moments") {
			switch to := bankGoesTo[m.bank]; rapid.IntRange(0, 2).Draw(t, "who") {
			case 0:
				if len(to) > 0 && m.state != Completed { // what becomes of an order's payment is the cashier's business
					m.bank = rapid.SampledFrom(to).Draw(t, "the bank")
				}
			case 1:
				m.timeUp = true
			default:
				m.look(t)
			}
		}
		m.timeUp = true
		for range 10 {
			m.look(t)
		}
		kept := m.bank == payment.StateAuthorized || m.bank == payment.StateCaptured && !m.back
		if kept != (m.state == Completed) {
			t.Fatalf("%s, and the bank says %s, given back: %v", m.state, m.bank, m.back)
		}
		if m.state == Paying {
			t.Fatal("still holding stock")
		}
	})
}

type model struct {
	state  State
	bank   payment.State
	timeUp bool
	back   bool
}

// look is one step of Settle.
func (m *model) look(t *rapid.T) {
	switch do := next(m.state, m.bank, m.timeUp, false); do {
	case claim:
		m.state = Completed
	case fail:
		m.state = Failed
	case expire:
		m.state = Expired
	case unwind:
		m.state = Refunding
	case void:
		m.bank = map[payment.State]payment.State{payment.StateAuthorized: payment.StateVoided,
			payment.StateRequiresAction: payment.StateCanceled}[m.bank]
	case refund:
		m.back, m.state = true, Refunded
	case finish:
		m.state = Refunded
	case wait, rest:
	default:
		t.Fatalf("unknown step %s", do)
	}
}
