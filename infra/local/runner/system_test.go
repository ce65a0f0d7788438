package runner_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dangol/infra/local/issuer"
	"dangol/infra/local/runner"
	"dangol/infra/topology"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// opening is when the tests' shop opens.
var opening = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

// sequence keeps names apart.
var sequence atomic.Int64

// shop is a running system with a few ways to use it. The clock stands still unless it is moved.
type shop struct {
	*runner.Runner
	t testing.TB
}

func open(t testing.TB, change ...func(*runner.Options)) *shop {
	t.Helper()
	options := runner.Options{
		System: topology.Dangol, Log: slog.New(slog.DiscardHandler), Clock: clock.Stopped(opening),
		Getenv: func(name string) string { return map[string]string{"SHELF_SECONDS": "0"}[name] },
	}
	for _, c := range change {
		c(&options)
	}
	r, err := runner.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return &shop{Runner: r, t: t}
}

// observing tells watch of every table operation.
func observing(watch func(function string, op table.Op)) func(*runner.Options) {
	return func(o *runner.Options) { o.Observe = watch }
}

// keeping stores the data in a folder.
func keeping(data string) func(*runner.Options) {
	return func(o *runner.Options) { o.Data = data }
}

// caller is somebody with a token, or a guest with none.
type caller struct {
	name    string
	headers map[string]string
}

var guest = caller{name: "guest"}

// as returns a caller with a fresh token.
func (s *shop) as(subject string, groups ...string) caller {
	s.t.Helper()
	token, err := s.Issuer().Mint(issuer.Claims{Subject: subject, Email: subject + "@example.com", Groups: groups, ExpiresIn: 24 * time.Hour})
	if err != nil {
		s.t.Fatal(err)
	}
	return caller{name: subject, headers: map[string]string{"Authorization": "Bearer " + token}}
}

func (c caller) with(name, value string) caller {
	headers := map[string]string{name: value}
	for k, v := range c.headers {
		headers[k] = v
	}
	return caller{name: c.name, headers: headers}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

// field reads a value by its path in the JSON body, for example "cart.id" or "variants.0.id".
func (a answer) field(t testing.TB, path string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("not JSON: %s", a.body)
	}
	for part := range strings.SplitSeq(path, ".") {
		switch w := v.(type) {
		case map[string]any:
			v = w[part]
		case []any:
			var i int
			if _, err := fmt.Sscan(part, &i); err != nil || i >= len(w) {
				t.Fatalf("no %s in %s", path, a.body)
			}
			v = w[i]
		}
	}
	if v == nil {
		t.Fatalf("no %s in %s", path, a.body)
	}
	return fmt.Sprint(v)
}

// try sends a request. body is JSON text, or anything that becomes it.
func (s *shop) try(c caller, method, path string, body any) answer {
	s.t.Helper()
	var content io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		content = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			s.t.Fatal(err)
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.Address()+path, content)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range c.headers {
		req.Header.Set(name, value)
	}
	got, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer got.Body.Close()
	raw, err := io.ReadAll(got.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{status: got.StatusCode, header: got.Header, body: string(raw)}
}

// do is try for what has to work.
func (s *shop) do(c caller, method, path string, body any) answer {
	s.t.Helper()
	a := s.try(c, method, path, body)
	if a.status >= 300 {
		s.t.Fatalf("%s %s as %s: %d %s", method, path, c.name, a.status, a.body)
	}
	return a
}

func (s *shop) merchant() caller { return s.as("merchant-1", "merchant") }
func (s *shop) agent() caller    { return s.as("agent-1", "agent") }

// unique makes a name that nobody else has.
func unique(prefix string) string { return fmt.Sprintf("%s-%d", prefix, sequence.Add(1)) }

// product puts a product with one variant on the shelf. It returns the ids of both.
func (s *shop) product(units int, variant map[string]any) (productID, variantID string) {
	s.t.Helper()
	v := map[string]any{"prices": map[string]any{"KRW": map[string]any{"amount": 12_000}}, "available": units}
	for name, value := range variant {
		v[name] = value
	}
	a := s.do(s.merchant(), "POST", "/products", map[string]any{
		"handle": unique("soap"), "status": "active", "title": map[string]string{"ko": "비누", "en": "Soap"}, "type": "soap", "variants": []any{v},
	})
	return a.field(s.t, "id"), a.field(s.t, "variants.0.id")
}

// purse is a shopper with a cart: a guest with its token, or a customer.
type purse struct {
	caller
	cart, email string
}

// guestWith is a new guest whose cart is ready for checkout.
func (s *shop) guestWith(variantID string, quantity int) purse {
	s.t.Helper()
	made := s.do(guest, "POST", "/carts", map[string]string{"currency": "KRW"})
	p := purse{caller: guest.with("Cart-Token", made.field(s.t, "token")), cart: made.field(s.t, "cart.id")}
	return s.fill(p, variantID, quantity)
}

// customerWith is a customer whose cart is ready for checkout.
func (s *shop) customerWith(subject, variantID string, quantity int) purse {
	s.t.Helper()
	return s.fill(purse{caller: s.as(subject), cart: "mine"}, variantID, quantity)
}

func (s *shop) fill(p purse, variantID string, quantity int) purse {
	s.t.Helper()
	p.email = unique("shopper") + "@example.com"
	path := "/carts/" + p.cart
	a := s.do(p.caller, "POST", path+"/lines", map[string]any{"variantId": variantID, "quantity": quantity})
	s.do(p.caller, "PUT", path+"/contact", map[string]string{"email": p.email})
	s.do(p.caller, "PUT", path+"/address", map[string]string{"name": "김하늘", "line1": "왕십리로 83", "postalCode": "04769", "country": "KR"})
	s.do(p.caller, "PUT", path+"/shipping-method", map[string]string{"methodId": "standard"})
	p.cart = a.field(s.t, "id")
	return p
}

// buy starts the checkout of a cart with a key of its own.
func (s *shop) buy(p purse, method string) answer {
	s.t.Helper()
	return s.try(p.with("Idempotency-Key", unique("key-for-the-checkout")), "POST", "/carts/"+p.cart+"/checkout", map[string]string{
		"paymentMethod": method, "returnUrl": "https://shop.example.com/back",
	})
}

// order is a placed order of a new guest.
func (s *shop) order() (p purse, orderID string) {
	s.t.Helper()
	_, variant := s.product(10, nil)
	p = s.guestWith(variant, 1)
	return p, s.buy(p, "pm_card_visa").field(s.t, "orderId")
}

// settle lets everything written so far reach whoever hears of it.
func (s *shop) settle() {
	s.t.Helper()
	if err := s.Settle(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// advance moves the clock and returns what happened.
func (s *shop) advance(d time.Duration) []runner.Happening {
	s.t.Helper()
	happened, err := s.Advance(s.t.Context(), d)
	if err != nil {
		s.t.Fatal(err)
	}
	return happened
}

// subjects are the subjects of the mails to an address, oldest first.
func (s *shop) subjects(email string) []string {
	var all []string
	for _, m := range s.Mail().Messages(email) {
		all = append(all, m.Subject)
	}
	return all
}

// plan puts a plan up: a monthly membership for 9,900 won unless change says otherwise.
func (s *shop) plan(change map[string]any) string {
	s.t.Helper()
	plan := map[string]any{
		"kind": "membership", "name": map[string]string{"ko": "단골 멤버십", "en": "Regular"}, "interval": map[string]any{"unit": "month", "count": 1},
		"prices": map[string]int{"KRW": 9_900}, "tax": map[string]any{"rateBp": 1000, "included": true},
	}
	for name, value := range change {
		plan[name] = value
	}
	return s.do(s.merchant(), "POST", "/plans", plan).field(s.t, "id")
}

// subscribe subscribes to a plan with a card. Mails go to <name>@example.com.
func (s *shop) subscribe(c caller, plan, card string) answer {
	s.t.Helper()
	return s.do(c.with("Idempotency-Key", unique("key-for-the-subscription")), "POST", "/subscriptions", map[string]any{
		"planId": plan, "currency": "KRW", "paymentMethod": card, "region": "KR", "zone": "Asia/Seoul", "language": "ko",
		"email": c.name + "@example.com", "name": "김하늘", "address": map[string]string{"name": "김하늘", "line1": "왕십리로 83", "country": "KR"},
	})
}
