package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox/server"
)

// taken is a captured payment of 12,000 won.
func (b *bank) taken(t *testing.T, key, token string) payment.Payment {
	t.Helper()
	req := order(key, token)
	req.CaptureNow = true
	p, err := b.Authorize(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (b *bank) refund(t *testing.T, key, paymentID string, amount int64) (payment.Refund, error) {
	t.Helper()
	return b.Refund(t.Context(), payment.RefundRequest{Key: key, PaymentID: paymentID, Amount: money.Of(amount, "KRW")})
}

// types are the messages that the shop got, in their order.
func (b *bank) types() string {
	var all []string
	for _, n := range b.got {
		all = append(all, n.Type)
	}
	return strings.Join(all, " ")
}

func TestTheBankTakesARefundBackAfterTwoMinutes(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := b.taken(t, "k", "pm_card_refundFail")
	r, err := b.refund(t, "r", p.ID, 5_000)
	if err != nil || r.State != payment.RefundSucceeded {
		t.Fatalf("at first: %+v, %v", r, err)
	}
	b.advance(t, 2*time.Minute-time.Second)
	if got := b.types(); got != "payment.captured refund.succeeded" {
		t.Errorf("before its time the shop is told %s", got)
	}
	b.advance(t, time.Second)
	if got := b.types(); got != "payment.captured refund.succeeded refund.failed" {
		t.Errorf("then the shop is told %s", got)
	}
	if r, err = b.LookupRefund(t.Context(), p.ID, "r"); err != nil || r.State != payment.RefundFailed {
		t.Errorf("looked up: %+v, %v", r, err)
	}
	if p, err = b.Get(t.Context(), p.ID); err != nil || p.Refundable() != 12_000 {
		t.Errorf("%d can go back, %v; want all of it", p.Refundable(), err)
	}
	// The first refund's answer stays what it was, so the shop has to look it up.
	if again, err := b.refund(t, "r", p.ID, 5_000); err != nil || again.State != payment.RefundSucceeded {
		t.Errorf("the same request again: %+v, %v", again, err)
	}
}

func TestARefundThatWaitsIsDoneAfterTwoMinutes(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := b.taken(t, "k", "pm_card_pendingRefund")
	r, err := b.refund(t, "r", p.ID, 12_000)
	if err != nil || r.State != payment.RefundPending {
		t.Fatalf("at first: %+v, %v", r, err)
	}
	if _, err := b.refund(t, "more", p.ID, 1); !errors.Is(err, payment.ErrStateConflict) {
		t.Errorf("more than was paid goes back while a refund waits: %v", err)
	}
	b.advance(t, 2*time.Minute)
	if got := b.types(); got != "payment.captured refund.pending refund.succeeded" {
		t.Errorf("the shop is told %s", got)
	}
}

func TestWhatCannotBeRefunded(t *testing.T) {
	t.Parallel()
	b := open(t)
	p, held := b.taken(t, "k", "pm_card_visa"), b.pay(t, "held", "pm_card_visa")
	for _, c := range []struct {
		name, payment string
		amount        money.Money
		want          error
	}{
		{"nothing", p.ID, money.Of(0, "KRW"), payment.ErrInvalid},
		{"less than nothing", p.ID, money.Of(-1, "KRW"), payment.ErrInvalid},
		{"money of nowhere", p.ID, money.Of(1, "XXX"), payment.ErrInvalid},
		{"other money", p.ID, money.Of(1, "USD"), payment.ErrInvalid},
		{"one more than was paid", p.ID, money.Of(12_001, "KRW"), payment.ErrStateConflict},
		{"what is only reserved", held.ID, money.Of(1, "KRW"), payment.ErrStateConflict},
		{"of no payment", "pay_none", money.Of(1, "KRW"), payment.ErrNotFound},
	} {
		_, err := b.Refund(t.Context(), payment.RefundRequest{Key: c.name, PaymentID: c.payment, Amount: c.amount})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := b.refund(t, "all", p.ID, 12_000); err != nil {
		t.Error(err)
	}
	if _, err := b.LookupRefund(t.Context(), held.ID, "all"); !errors.Is(err, payment.ErrNotFound) {
		t.Errorf("the refund of another payment is found: %v", err)
	}
}

func TestOfRefundsAtOnceNoMoreGoesBackThanWasPaid(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := b.taken(t, "k", "pm_card_visa")
	var made, refused atomic.Int64
	var all sync.WaitGroup
	for n := range 10 {
		all.Go(func() {
			switch _, err := b.refund(t, fmt.Sprint("r", n), p.ID, 5_000); {
			case err == nil:
				made.Add(1)
			case errors.Is(err, payment.ErrStateConflict):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if e := b.server.Ledger()[0]; made.Load() != 2 || refused.Load() != 8 || e.Refundable() != 2_000 {
		t.Errorf("%d refunds made, %d refused, %d left", made.Load(), refused.Load(), e.Refundable())
	}
}

// walk reads a window of the books to its end: how many lines of each kind there are.
func (b *bank) walk(t *testing.T, from, to time.Time) (lines map[payment.LedgerKind]int, seen map[string]int) {
	t.Helper()
	lines, seen = map[payment.LedgerKind]int{}, map[string]int{}
	for cursor := ""; ; {
		page, err := b.Client.Ledger(t.Context(), from, to, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entries {
			lines[e.Kind]++
			seen[string(e.Kind)+" "+e.Payment.ID+e.Refund.ID]++
		}
		if cursor = page.Next; cursor == "" {
			return lines, seen
		}
	}
}

// TestTheBooksSayWhenARefundCameBack refunds more often than a page has lines, each time on a card that takes it back:
// the line of that has the time at which it came back, which may be in the next window.
func TestTheBooksSayWhenARefundCameBack(t *testing.T) {
	t.Parallel()
	b := open(t)
	p, good := b.taken(t, "bad", "pm_card_refundFail"), b.taken(t, "good", "pm_card_visa")
	const refunds = payment.LedgerPageSize + 20
	for n := range refunds {
		if _, err := b.refund(t, fmt.Sprint("bad", n), p.ID, 1); err != nil {
			t.Fatal(err)
		}
		if n%4 == 0 { // refunds that stay are no lines of the third part
			if _, err := b.refund(t, fmt.Sprint("good", n), good.ID, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	back := monday.Add(2 * time.Minute)
	lines, seen := b.walk(t, monday, back)
	if lines[payment.LedgerPayment] != 2 || lines[payment.LedgerRefund] != refunds+refunds/4 ||
		lines[payment.LedgerRefundFailed] != 0 {
		t.Errorf("until they came back: %v", lines)
	}
	lines, after := b.walk(t, back, back.Add(time.Minute))
	if lines[payment.LedgerPayment] != 0 || lines[payment.LedgerRefund] != 0 ||
		lines[payment.LedgerRefundFailed] != refunds {
		t.Errorf("from then on: %v", lines)
	}
	for _, lines := range []map[string]int{seen, after} {
		for line, n := range lines {
			if n != 1 {
				t.Errorf("%s stands %d times in the books", line, n)
			}
		}
	}
}

func TestARequestForTheBooksNeedsTimes(t *testing.T) {
	t.Parallel()
	b := open(t)
	for _, query := range []string{"", "?from=yesterday&to=today", "?from=2026-03-02T09:00:00Z",
		"?from=2026-03-02T09:00:00Z&to=2026-03-03T09:00:00Z&cursor=1.x"} {
		if got := read(t, http.MethodGet, b.front.URL+"/v1/ledger"+query, ""); got.status != 401 {
			t.Errorf("without a key: %d", got.status)
		}
		req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/ledger"+query, nil)
		req.Header.Set("Authorization", "Bearer key")
		w := httptest.NewRecorder()
		if b.server.ServeHTTP(w, req); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%q: %d %s, want 422", query, w.Code, w.Body)
		}
	}
}

// TestALateOutcomeThatCannotBeWrittenComesAfterTheRestart fills the disk while a payment is processed.
func TestALateOutcomeThatCannotBeWrittenComesAfterTheRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.jsonl")
	persist := func(c *server.Config) { c.Path = path }
	b := open(t, persist)
	late := b.pay(t, "late", "pm_sandbox_late_webhook")
	server.BreakFile(b.server)
	for range 2 { // the outcome is not forgotten by the first failure
		if _, err := b.server.Tick(t.Context(), b.clock.Advance(2*time.Minute)); err == nil {
			t.Fatal("an outcome was announced that nobody wrote down")
		}
	}
	if _, err := b.Get(t.Context(), late.ID); !errors.Is(err, payment.ErrUnknown) {
		t.Errorf("read while the state cannot be written: %v", err)
	}
	if len(b.got) != 0 {
		t.Errorf("the shop is told %s", b.types())
	}
	b = open(t, persist)
	if n := b.advance(t, 2*time.Minute); n != 1 || b.types() != "payment.authorized" {
		t.Errorf("after the restart %d messages: %s", n, b.types())
	}
}

func TestTheCardholdersAnswerThatCannotBeWrittenIsNotTaken(t *testing.T) {
	t.Parallel()
	b := open(t, func(c *server.Config) { c.Path = t.TempDir() + "/state.jsonl" })
	p := b.pay(t, "k", "pm_card_threeDSecure2Required")
	server.BreakFile(b.server)
	if got := read(t, http.MethodPost, p.NextActionURL, "decision=approve"); got.status != 500 {
		t.Errorf("the page answers %d", got.status)
	}
	if e := b.server.Ledger()[0]; e.State != payment.StateRequiresAction || len(e.Moves) != 0 {
		t.Errorf("the payment is %s with %+v", e.State, e.Moves)
	}
}

func TestTheCardholderDecidesOnce(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := b.pay(t, "k", "pm_card_threeDSecure2Required")
	answers := make([]answer, 8)
	var all sync.WaitGroup
	for n := range answers {
		all.Go(func() {
			answers[n] = read(t, http.MethodPost, p.NextActionURL, "decision="+[]string{"approve", "decline"}[n%2])
		})
	}
	all.Wait()
	e := b.server.Ledger()[0]
	for n, a := range answers {
		if a.location != answers[0].location || !strings.HasSuffix(a.location, "state="+string(e.State)) {
			t.Errorf("answer %d leads to %s; the payment is %s", n, a.location, e.State)
		}
	}
	if b.advance(t, 0); len(b.got) != 2 || (len(e.Moves) == 1) != (e.State == payment.StateAuthorized) {
		t.Errorf("the shop is told %s of %+v", b.types(), e.Moves)
	}
}

func TestADeliveryThatIsStoppedGoesOnWithTheRest(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	var b *bank
	b = open(t, func(c *server.Config) {
		c.Deliver = func(ctx context.Context, body []byte, header http.Header) error {
			stop() // while the first message is delivered
			return b.deliver(ctx, body, header)
		}
	})
	for _, key := range []string{"a", "b", "c"} {
		b.pay(t, key, "pm_card_visa")
	}
	if n, err := b.server.Tick(ctx, monday); n != 1 || !errors.Is(err, context.Canceled) {
		t.Fatalf("%d delivered, %v", n, err)
	}
	if n := b.advance(t, 0); n != 2 || b.got[2].Payment.Key != "c" {
		t.Errorf("%d delivered later: %s", n, b.types())
	}
}

func TestTwoDeliveriesAtOnceSendEachMessageOnce(t *testing.T) {
	t.Parallel()
	var came, sent atomic.Int64
	b := open(t, func(c *server.Config) {
		c.Deliver = func(context.Context, []byte, http.Header) error {
			for range 100 { // long enough for the other one to look what is due
				runtime.Gosched()
			}
			came.Add(1)
			return nil
		}
	})
	for n := range 20 {
		b.pay(t, fmt.Sprint(n), "pm_card_visa")
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			n, err := b.server.Tick(t.Context(), monday)
			if err != nil {
				t.Error(err)
			}
			sent.Add(int64(n))
		})
	}
	all.Wait()
	if sent.Load() != 20 || came.Load() != 20 {
		t.Errorf("%d of 20 messages sent, %d came", sent.Load(), came.Load())
	}
}
