package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dangol/shared/money"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
	"dangol/shared/payment/sandbox/server"
	"dangol/shared/platform/clock"
)

// bank is a sandbox with a client, a clock and a shop that may refuse webhooks.
type bank struct {
	*sandbox.Client
	server *server.Server
	front  *httptest.Server
	clock  *clock.Movable
	refuse bool
	got    []payment.Notification
}

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func open(t *testing.T, alter ...func(*server.Config)) *bank {
	t.Helper()
	b := &bank{clock: clock.Stopped(monday)}
	cfg := server.Config{Clock: b.clock, APIKey: "key", WebhookSecret: "whsec", Deliver: b.deliver}
	for _, a := range alter {
		a(&cfg)
	}
	var err error
	if b.server, err = server.New(cfg); err != nil {
		t.Fatal(err)
	}
	b.front = httptest.NewServer(b.server)
	t.Cleanup(func() { b.front.Close(); b.server.Close() })
	b.Client = sandbox.New(sandbox.Config{BaseURL: b.front.URL, APIKey: "key", WebhookSecret: "whsec"})
	return b
}

func (b *bank) deliver(_ context.Context, body []byte, header http.Header) error {
	if b.refuse {
		return errors.New("503")
	}
	n, err := b.Client.ParseWebhook(header, body, b.clock.Now())
	b.got = append(b.got, n)
	return err
}

func (b *bank) advance(t *testing.T, d time.Duration) int {
	t.Helper()
	n, err := b.server.Tick(t.Context(), b.clock.Advance(d))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (b *bank) pay(t *testing.T, key, token string) payment.Payment {
	t.Helper()
	p, err := b.Authorize(t.Context(), order(key, token))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func order(key, token string) payment.AuthorizeRequest {
	return payment.AuthorizeRequest{
		Key: key, Amount: money.Of(12_000, "KRW"), MethodToken: token, CustomerID: "usr_1",
		ReturnURL: "https://shop.example/back?cart=1", Description: `Soap "A" <script>`,
	}
}

func TestWebhooksAreRepeatedUntilTaken(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.refuse = true
	b.pay(t, "k", "pm_card_visa")
	if n := b.advance(t, 0); n != 0 {
		t.Fatalf("%d delivered to a shop that refuses", n)
	}
	next, waiting := b.server.NextDue()
	if !waiting || !next.Equal(monday.Add(10*time.Second)) {
		t.Fatalf("next at %s, %v", next, waiting)
	}
	b.refuse = false
	if n := b.advance(t, 9*time.Second); n != 0 {
		t.Errorf("%d delivered before their time", n)
	}
	if n := b.advance(t, time.Second); n != 1 || b.got[0].Type != "payment.authorized" {
		t.Errorf("%d delivered: %+v", n, b.got)
	}
	if n := b.advance(t, time.Hour); n != 0 {
		t.Errorf("%d delivered again", n)
	}
}

func TestWebhooksAreGivenUpAfterThreeDays(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.refuse = true
	p := b.pay(t, "k", "pm_card_visa")
	if _, err := b.Capture(t.Context(), p.ID, "k-c", p.Amount); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		next, waiting := b.server.NextDue()
		if !waiting {
			break
		}
		b.advance(t, next.Sub(b.clock.Now()))
	}
	past := b.clock.Now().Sub(monday)
	if counts := b.server.Counts(); counts["webhook_abandoned"] != 2 || past < 70*time.Hour || past > 73*time.Hour {
		t.Errorf("after %s: %v", past, counts)
	}
}

func TestDuplicateWebhooksCarryTheSameID(t *testing.T) {
	t.Parallel()
	b := open(t, func(c *server.Config) { c.DuplicateWebhooks = true })
	b.pay(t, "k", "pm_card_visa")
	if n := b.advance(t, 0); n != 2 || b.got[0].ID != b.got[1].ID {
		t.Errorf("%d delivered: %+v", n, b.got)
	}
}

func TestWebhooksOfOnePaymentComeInOrder(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := b.pay(t, "k", "pm_card_visa")
	b.Capture(t.Context(), p.ID, "k-c", p.Amount)
	b.Refund(t.Context(), payment.RefundRequest{Key: "k-r", PaymentID: p.ID, Amount: p.Amount})
	b.advance(t, 0)
	var types []string
	for _, n := range b.got {
		types = append(types, n.Type)
	}
	if got := strings.Join(types, " "); got != "payment.authorized payment.captured refund.succeeded" {
		t.Errorf("got %s", got)
	}
}

func TestAnAuthorizationLapsesAfterSevenDays(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := b.pay(t, "k", "pm_card_visa")
	kept := b.pay(t, "k2", "pm_card_visa")
	if _, err := b.Capture(t.Context(), kept.ID, "k2-c", kept.Amount); err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(7 * 24 * time.Hour)
	if got, err := b.Get(t.Context(), p.ID); err != nil || got.State != payment.StateVoided {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := b.Get(t.Context(), kept.ID); err != nil || got.State != payment.StateCaptured {
		t.Errorf("what was captured: %+v, %v", got, err)
	}
}

func TestALateOutcomeComesByWebhook(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.pay(t, "k", "pm_sandbox_late_webhook")
	if n := b.advance(t, time.Minute); n != 0 {
		t.Fatalf("told too early: %+v", b.got)
	}
	if n := b.advance(t, time.Minute); n != 1 || b.got[0].Payment.State != payment.StateAuthorized {
		t.Errorf("%d delivered: %+v", n, b.got)
	}
}

func TestACardThatFailsTwiceRecovers(t *testing.T) {
	t.Parallel()
	b := open(t)
	save := payment.SaveMethodRequest{Key: "s", CustomerID: "usr_1", MethodToken: "pm_sandbox_chargeCustomerFailTwice"}
	m, err := b.SaveMethod(t.Context(), save)
	if err != nil {
		t.Fatal(err)
	}
	var outcomes []payment.State
	for _, key := range []string{"day1", "day1", "day3", "day5", "day7"} {
		p, _ := b.ChargeOffSession(t.Context(), payment.ChargeRequest{
			Key: key, Amount: money.Of(9_900, "KRW"), CustomerID: "usr_1", CustomerRef: m.CustomerRef, MethodToken: m.Token,
		})
		outcomes = append(outcomes, p.State)
	}
	want := []payment.State{payment.StateDeclined, payment.StateDeclined, payment.StateDeclined, payment.StateCaptured,
		payment.StateCaptured}
	for i := range want {
		if outcomes[i] != want[i] {
			t.Fatalf("got %v, want %v", outcomes, want)
		}
	}
}

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.jsonl")
	persist := func(c *server.Config) { c.Path = path }
	b := open(t, persist)
	b.refuse = true
	p := b.pay(t, "k", "pm_card_visa")
	late := b.pay(t, "late", "pm_sandbox_late_webhook")
	b.advance(t, 0)
	b.server.Close()
	half, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	half.WriteString(`{"payments":[{"id":"pay_half`)
	half.Close()

	b = open(t, persist)
	again, err := b.Authorize(t.Context(), order("k", "pm_card_visa"))
	if err != nil || again.ID != p.ID || b.server.Counts()["replay"] != 1 {
		t.Errorf("the key is forgotten: %+v, %v", again, err)
	}
	if n := b.advance(t, 3*time.Minute); n != 2 {
		t.Errorf("%d webhooks after the restart, want the refused one and the late one", n)
	}
	if got, err := b.Get(t.Context(), late.ID); err != nil || got.State != payment.StateAuthorized {
		t.Errorf("the late one: %+v, %v", got, err)
	}
	b.server.Close()
	if b = open(t, persist); len(b.server.Ledger()) != 2 {
		t.Errorf("ledger after the second restart: %+v", b.server.Ledger())
	}
}

// TestAKeyIsAnsweredFromTheFileAndNotFromMemory pays several times, so that the outcomes stand in lines of their own,
// and asks for each again.
func TestAKeyIsAnsweredFromTheFileAndNotFromMemory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path     string
		inMemory int
	}{
		"with a file":    {filepath.Join(t.TempDir(), "sandbox.jsonl"), 0},
		"without a file": {"", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t, func(cfg *server.Config) { cfg.Path = c.path })
			first := map[string]string{}
			for _, key := range []string{"one", "두번째", "three"} {
				first[key] = b.pay(t, key, "pm_card_visa").ID
			}
			for key, id := range first {
				if again := b.pay(t, key, "pm_card_visa"); again.ID != id {
					t.Errorf("%s: paid again as %s, was %s", key, again.ID, id)
				}
				other := order(key, "pm_card_visa")
				other.Amount = money.Of(99_000, "KRW")
				if p, err := b.Authorize(t.Context(), other); err == nil {
					t.Errorf("%s with another amount: %+v", key, p)
				}
			}
			if n := server.OutcomesInMemory(b.server); n != c.inMemory || b.server.Counts()["replay"] != 3 {
				t.Errorf("%d outcomes in memory, want %d; %v", n, c.inMemory, b.server.Counts())
			}
		})
	}
}

func TestAStateFileThatIsNotOursIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.jsonl")
	if err := os.WriteFile(path, []byte("not json\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := server.New(server.Config{Clock: clock.System{}, Path: path}); err == nil {
		t.Error("accepted")
	}
}

func TestAPIRefusesWhatItCannotTake(t *testing.T) {
	t.Parallel()
	b := open(t)
	for _, tc := range []struct {
		name, auth, key, body, code string
		status                      int
	}{
		{"no API key", "", "k", "{}", sandbox.CodeUnauthorized, 401},
		{"a wrong API key", "Bearer no", "k", "{}", sandbox.CodeUnauthorized, 401},
		{"no idempotency key", "Bearer key", "", "{}", sandbox.CodeInvalid, 422},
		{"an endless idempotency key", "Bearer key", strings.Repeat("k", 256), "{}", sandbox.CodeInvalid, 422},
		{"no JSON", "Bearer key", "k", "amount=5", sandbox.CodeInvalid, 422},
		{"a body without end", "Bearer key", "k", strings.Repeat(" ", 65<<10) + "{}", sandbox.CodeInvalid, 422},
	} {
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/payments", strings.NewReader(tc.body))
		req.Header.Set("Authorization", tc.auth)
		req.Header.Set(sandbox.KeyHeader, tc.key)
		w := httptest.NewRecorder()
		b.server.ServeHTTP(w, req)
		var got sandbox.ErrorBody
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != tc.status || got.Error.Code != tc.code {
			t.Errorf("%s: %d %s", tc.name, w.Code, w.Body)
		}
	}
	if len(b.server.Ledger()) != 0 {
		t.Errorf("something was made: %+v", b.server.Ledger())
	}
}

func TestKeysAreEscapedInLookups(t *testing.T) {
	t.Parallel()
	b := open(t)
	key := "cart/1?v=2&total=5#" + url.QueryEscape("한글")
	p := b.pay(t, key, "pm_card_visa")
	if got, err := b.Lookup(t.Context(), key); err != nil || got.ID != p.ID {
		t.Errorf("got %+v, %v", got, err)
	}
}
