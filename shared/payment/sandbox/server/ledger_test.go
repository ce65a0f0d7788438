package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
	"dangol/shared/payment/sandbox/server"
	"dangol/shared/platform/clock"

	"pgregory.net/rapid"
)

// inProcess calls the handler without a network, so that thousands of runs are quick.
type inProcess struct{ handler http.Handler }

func (i inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	i.handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// TestWhateverIsCalledTheBooksBalance throws calls at the sandbox in any order, with few keys so that they collide, and
// holds the ledger against what the answers said.
func TestWhateverIsCalledTheBooksBalance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := clock.Stopped(monday)
		s, err := server.New(server.Config{Clock: c, APIKey: "key"})
		if err != nil {
			t.Fatal(err)
		}
		bank := sandbox.New(sandbox.Config{BaseURL: "http://bank", APIKey: "key", Transport: inProcess{s}})
		outcome := map[string]string{}
		key := rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("k%d", rapid.IntRange(1, 8).Draw(t, "n")) })
		amount := rapid.Map(rapid.Int64Range(-10, 500), func(n int64) money.Money { return money.Of(n, "KRW") })
		ids := []string{"pay_none"}
		note := func(key string, answer any, err error) {
			if err != nil {
				return
			}
			text := fmt.Sprintf("%+v", answer)
			if first, ok := outcome[key]; ok && first != text {
				t.Fatalf("key %s: first %s, then %s", key, first, text)
			}
			outcome[key] = text
		}
		t.Repeat(map[string]func(*rapid.T){
			"authorize": func(t *rapid.T) {
				k := key.Draw(t, "key")
				token := rapid.SampledFrom([]string{"pm_card_visa", "pm_sandbox_captured", "pm_sandbox_late_webhook"}).Draw(t,
					"token")
				req := payment.AuthorizeRequest{Key: k, Amount: amount.Draw(t, "amount"), MethodToken: token}
				p, err := bank.Authorize(t.Context(), req)
				note(k, p, err)
				if err == nil {
					ids = append(ids, p.ID)
				}
			},
			"capture": func(t *rapid.T) {
				k := key.Draw(t, "key")
				p, err := bank.Capture(t.Context(), rapid.SampledFrom(ids).Draw(t, "id"), k, amount.Draw(t, "amount"))
				note(k, p, err)
			},
			"void": func(t *rapid.T) {
				k := key.Draw(t, "key")
				p, err := bank.Void(t.Context(), rapid.SampledFrom(ids).Draw(t, "id"), k)
				note(k, p, err)
			},
			"refund": func(t *rapid.T) {
				k := key.Draw(t, "key")
				req := payment.RefundRequest{Key: k, PaymentID: rapid.SampledFrom(ids).Draw(t, "id"),
					Amount: amount.Draw(t, "amount")}
				r, err := bank.Refund(t.Context(), req)
				note(k, r, err)
			},
			"time passes": func(t *rapid.T) { c.Advance(time.Duration(rapid.IntRange(1, 200).Draw(t, "hours")) * time.Minute) },
			"": func(t *rapid.T) {
				for _, e := range s.Ledger() {
					balanced(t, e)
				}
			},
		})
	})
}

func balanced(t *rapid.T, e server.Entry) {
	var taken, back int64
	for _, m := range e.Moves {
		switch m.Kind {
		case "capture":
			taken += m.Amount.Amount
		case "refund":
			back += m.Amount.Amount
		}
	}
	switch {
	case e.Charged() > 1:
		t.Fatalf("charged twice: %+v", e)
	case taken != e.Captured.Amount || back != e.Refunded.Amount:
		t.Fatalf("moves and totals differ: %+v", e)
	case back > taken || taken > e.Amount.Amount || back < 0 || taken < 0:
		t.Fatalf("more went than came: %+v", e)
	case (taken > 0) != (e.State == payment.StateCaptured):
		t.Fatalf("state and money differ: %+v", e)
	}
}

func TestWhatCannotBeWrittenDownDidNotHappen(t *testing.T) {
	t.Parallel()
	b := open(t, func(c *server.Config) { c.Path = t.TempDir() + "/state.jsonl" })
	b.pay(t, "before", "pm_card_visa")
	server.BreakFile(b.server)
	_, err := b.Authorize(t.Context(), order("k", "pm_card_visa"))
	if !errors.Is(err, payment.ErrUnknown) {
		t.Errorf("got %v", err)
	}
	if ledger := b.server.Ledger(); len(ledger) != 1 {
		t.Errorf("got %+v", ledger)
	}
}

func BenchmarkAuthorize(b *testing.B) {
	s, err := server.New(server.Config{Clock: clock.Stopped(monday), APIKey: "key"})
	if err != nil {
		b.Fatal(err)
	}
	body, _ := json.Marshal(order("k", "pm_card_visa"))
	n := 0
	for b.Loop() {
		n++
		r := httptest.NewRequest(http.MethodPost, "/v1/payments", bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer key")
		r.Header.Set(sandbox.KeyHeader, fmt.Sprint(n))
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
