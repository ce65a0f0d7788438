package returns_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"dangol/functions/returns"
	"dangol/infra/testkit/testshop"
	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/rma"
)

// unreliable is a provider of which the next calls by name are lost: before they reach the bank, or after.
type unreliable struct {
	payment.Provider
	before, after map[string]int
}

// lost counts a call down.
func lost(calls map[string]int, name string) error {
	if calls[name] == 0 {
		return nil
	}
	calls[name]--
	return fmt.Errorf("%s: %w", name, payment.ErrUnknown)
}

// pass lets a call through unless it is to be lost.
func pass[T any](u *unreliable, name string, call func() (T, error)) (T, error) {
	var none T
	if err := lost(u.before, name); err != nil {
		return none, err
	}
	got, err := call()
	if err := lost(u.after, name); err != nil {
		return none, err
	}
	return got, err
}

func (u *unreliable) Authorize(ctx context.Context, r payment.AuthorizeRequest) (payment.Payment, error) {
	return pass(u, "Authorize", func() (payment.Payment, error) { return u.Provider.Authorize(ctx, r) })
}

func (u *unreliable) Capture(ctx context.Context, id, key string, amount money.Money) (payment.Payment, error) {
	return pass(u, "Capture", func() (payment.Payment, error) { return u.Provider.Capture(ctx, id, key, amount) })
}

func (u *unreliable) Void(ctx context.Context, id, key string) (payment.Payment, error) {
	return pass(u, "Void", func() (payment.Payment, error) { return u.Provider.Void(ctx, id, key) })
}

// holdDesk is a desk with an approved exchange of 60,000 for 65,000 that can be sent ahead.
type holdDesk struct {
	*desk
	bank         *unreliable
	r            returns.Return
	small, large string
}

func openForHold(t *testing.T) *holdDesk {
	t.Helper()
	d := open(t)
	h := &holdDesk{desk: d, bank: &unreliable{Provider: d.f.Provider, before: map[string]int{}, after: map[string]int{}}}
	d.f.Provider = h.bank
	h.small = d.Sell(testshop.ProductSpec{Price: 60_000, Units: 3})
	h.large = d.Sell(testshop.ProductSpec{Price: 65_000, Units: 3})
	o := d.deliver(d.buy(map[string]int{h.small: 1}))
	line := back(o.Lines[0].ID, 1, "not_as_described")
	line["exchangeFor"] = h.large
	h.r = d.approved(d.request(o, wanted("exchange", line)))
	return h
}

// hold asks for the reservation with a card and returns the status.
func (h *holdDesk) hold(card string) int {
	return h.keyed(h.ann()).Do("POST", "/returns/"+h.r.ID+"/hold", paying(65_000, card)).Status
}

// later lets time pass in steps and does what is due.
func (h *holdDesk) later(steps int, step time.Duration) *rma.RMA {
	h.T.Helper()
	for range steps {
		h.Clock.Advance(step)
		r := &returner{desk: h.desk}
		r.workReturnsQuietly()
	}
	return h.read(h.r.ID)
}

// reservations are those that the bank has and did not let go or take, and what they come to.
func (h *holdDesk) reservations() (n int) {
	for _, e := range h.Bank.Ledger() {
		if e.State == payment.StateAuthorized {
			n++
		}
	}
	return n
}

func TestAReservationWhoseAnswerIsLostIsFoundByTheDueJob(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		lose func(*unreliable)
		step func(*holdDesk) // what happens before the job comes
	}{
		{"it was placed, and the customer does not come back", func(u *unreliable) { u.after["Authorize"] = 1 }, nil},
		{"it was placed, and the parcel is handed over meanwhile", func(u *unreliable) { u.after["Authorize"] = 1 },
			func(h *holdDesk) { h.ann().Do("POST", "/returns/"+h.r.ID+"/sent", nil).Want(200) }},
		{"it was placed, and a label is booked meanwhile", func(u *unreliable) { u.after["Authorize"] = 1 },
			func(h *holdDesk) { h.agent().Do("POST", "/admin/returns/"+h.r.ID+"/book", nil).Want(200) }},
		{"it was placed, and the customer asks again", func(u *unreliable) { u.after["Authorize"] = 1 },
			func(h *holdDesk) {
				if status := h.hold("pm_card_visa"); status != 200 {
					h.T.Fatalf("the repetition is answered with %d", status)
				}
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := openForHold(t)
			c.lose(h.bank)
			if status := h.hold("pm_card_visa"); status != 503 {
				t.Fatalf("a lost answer is %d, want 503", status)
			}
			if c.step != nil {
				c.step(h)
			}
			r := h.later(3, time.Minute)
			if r.Hold.State != rma.HoldPlaced || r.Swap.OrderID == "" || h.reservations() != 1 || h.taken() != 60_000 {
				t.Fatalf("hold %+v, order %q, %d reservations, the bank has %d", r.Hold, r.Swap.OrderID, h.reservations(),
					h.taken())
			}
			if n := len(h.Orders(t)); n != 2 {
				t.Errorf("%d orders, want the first and the one that was sent ahead", n)
			}
		})
	}
}

func TestAReservationThatNeverReachedTheBankIsForgotten(t *testing.T) {
	t.Parallel()
	h := openForHold(t)
	h.bank.before["Authorize"] = 1
	if status := h.hold("pm_card_visa"); status != 503 {
		t.Fatalf("status %d, want 503", status)
	}
	if r := h.later(2, time.Minute); r.Hold.Attempt.Key != "" || r.Swap.OrderID != "" || h.reservations() != 0 {
		t.Fatalf("hold %+v, order %q", r.Hold, r.Swap.OrderID)
	}
	if status := h.hold("pm_card_visa"); status != 200 || h.reservations() != 1 {
		t.Fatalf("the second attempt is %d with %d reservations", status, h.reservations())
	}
}

func TestAReservationIsLetGoWhenTheReturnEndedBeforeItsAnswerCame(t *testing.T) {
	t.Parallel()
	for _, losses := range []int{0, 1, 3} { // of the release
		t.Run(fmt.Sprint(losses, " releases lost"), func(t *testing.T) {
			t.Parallel()
			h := openForHold(t)
			h.bank.after["Authorize"], h.bank.before["Void"] = 1, losses
			if status := h.hold("pm_card_visa"); status != 503 {
				t.Fatalf("status %d, want 503", status)
			}
			h.ann().Do("POST", "/returns/"+h.r.ID+"/cancel", nil).Want(200)
			r := h.later(20, 10*time.Minute)
			if r.State != rma.Canceled || h.reservations() != 0 || h.taken() != 60_000 || r.Swap.OrderID != "" {
				t.Fatalf("%s, %d reservations, the bank has %d, order %q", r.State, h.reservations(), h.taken(),
					r.Swap.OrderID)
			}
			if r.Shard != "" {
				t.Errorf("a canceled return is still due at %d", r.At)
			}
			if n := h.SellableUnits(t, h.large); n != 3 {
				t.Errorf("%d in stock, want 3", n)
			}
		})
	}
}

func TestAReservationThatWaitsForAChallengeEndsWithItsReturn(t *testing.T) {
	t.Parallel()
	h := openForHold(t)
	if status := h.hold("pm_card_threeDSecure2Required"); status != 202 {
		t.Fatalf("status %d", status)
	}
	url := h.read(h.r.ID).Hold.Attempt.RedirectURL
	h.ann().Do("POST", "/returns/"+h.r.ID+"/cancel", nil).Want(200)
	h.later(3, 20*time.Minute)
	if h.reservations() != 0 || h.taken() != 60_000 {
		t.Fatalf("%d reservations, the bank has %d; the page was %s", h.reservations(), h.taken(), url)
	}
}

func TestWhatIsTakenOfAReservationIsTakenOnceWhateverIsLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		before, after map[string]int
	}{
		{"the answer", map[string]int{}, map[string]int{"Capture": 1}},
		{"the call", map[string]int{"Capture": 1}, map[string]int{}},
		{"three calls and an answer", map[string]int{"Capture": 3}, map[string]int{"Capture": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := openForHold(t)
			if status := h.hold("pm_card_visa"); status != 200 {
				t.Fatalf("status %d", status)
			}
			h.bank.before, h.bank.after = c.before, c.after
			got := h.settle(h.r)
			r := h.later(8, 30*time.Minute)
			if got.State != rma.Completed || r.Hold.State != rma.HoldSettled || r.Hold.Take != 5_000 || h.taken() != 65_000 {
				t.Fatalf("%s, hold %+v, the bank has %d, want 65,000", got.State, r.Hold, h.taken())
			}
		})
	}
}

func TestAReservationThatTheBankLetGoIsNoPaymentOfWhatWasSent(t *testing.T) {
	t.Parallel()
	h := openForHold(t)
	if status := h.hold("pm_card_visa"); status != 200 {
		t.Fatalf("status %d", status)
	}
	placed := h.read(h.r.ID)
	if _, err := h.Service.Provider.Void(t.Context(), placed.Hold.PaymentID, "the-bank"); err != nil {
		t.Fatal(err)
	}
	h.settle(h.r)
	r := h.later(3, time.Minute)
	if r.State != rma.Completed || r.Hold.State != rma.HoldSettled || r.Hold.Take != 0 || h.taken() != 60_000 {
		t.Fatalf("%s, hold %+v, the bank has %d", r.State, r.Hold, h.taken())
	}
	next := h.order(r.Swap.OrderID)
	for _, p := range next.More {
		if p.ID == "hold" {
			t.Errorf("the order counts %d as paid that the bank never gave", p.Captured)
		}
	}
	// What was paid for it, and no more, can go back.
	next = h.deliver(next)
	again := h.settle(h.approved(h.request(next, wanted("refund", back(next.Lines[0].ID, 1, "faulty")))))
	if again.Settled.Refund.Amount != 60_000 || h.taken() != 0 {
		t.Fatalf("%d goes back, the bank has %d", again.Settled.Refund.Amount, h.taken())
	}
}
