package runner_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dangol/infra/local/runner"
	"dangol/infra/testkit/system"
)

// bankFails is what goes wrong between the shop and the payment provider.
type bankFails string

const (
	answers  bankFails = ""          // nothing goes wrong: the card is declined, by the bank or by its holder
	wrongKey bankFails = "wrong key" // the provider refuses the shop's key
	silent   bankFails = "silent"    // the provider does not answer, and nothing takes effect
)

// brokenBank is the way to the provider, which a test can break for all functions.
type brokenBank struct{ fails atomic.Value }

// wrap is the runner's WrapHTTP.
func (b *brokenBank) wrap(_ string, inner http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		fails, _ := b.fails.Load().(bankFails)
		if !strings.HasPrefix(r.URL.Path, "/sandbox/") {
			return inner.RoundTrip(r)
		}
		switch fails {
		case wrongKey:
			r = r.Clone(r.Context())
			r.Header.Set("Authorization", "Bearer of-another-shop")
		case silent:
			return nil, errors.New("no answer")
		}
		return inner.RoundTrip(r)
	})
}

// roundTrip is a function that is an http.RoundTripper.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// declinedLater is a card that can be kept; every charge after that is declined.
const declinedLater = "pm_card_chargeCustomerFail"

// paying is one request that takes money.
type paying struct {
	caller       system.Caller
	method, path string
	// body is the request with a card; a request that names none is charged to a card that was kept.
	body func(card string) map[string]any
	// state reads what must be the same afterwards.
	state func() string
}

// moneyRoutes makes, for each route that can take money, a request that would take it. Cards that were kept before are
// declined from then on.
var moneyRoutes = map[string]func(*shop) paying{
	"startCheckout": func(s *shop) paying {
		_, variant := s.Product(10, nil)
		p := s.CustomerWith(system.Unique("eve"), variant, 1)
		return paying{p.Caller, "POST", "/carts/" + p.Cart + "/checkout", cardOnly,
			func() string { return s.Do(p.Caller, "GET", "/carts/"+p.Cart, nil).Field(s.T, "state") }}
	},
	"payOrderAddition": func(s *shop) paying {
		b := system.OwnOrder(s.Shop)
		path := "/orders/" + b.Fill["orderId"] + "/additions"
		made := s.Do(keyed(b.Owner.Caller), "POST", path,
			map[string]any{"lines": []any{map[string]any{"variantId": b.Fill["variantId"], "quantity": 1}}})
		return paying{b.Owner.Caller, "POST", path + "/1/payment", cardAnd("amount", amountOf(s, made, "amount")),
			func() string { return s.Do(b.Owner.Caller, "GET", path+"/1", nil).Field(s.T, "state") }}
	},
	"payReturnBalance": func(s *shop) paying { return s.exchange("/balance", "balance.amount") },
	"holdForExchange":  func(s *shop) paying { return s.exchange("/hold", "quoted.price") },
	"subscribe": func(s *shop) paying {
		plan, c := s.Plan(nil), s.As(system.Unique("eve"))
		body := func(card string) map[string]any {
			return map[string]any{"planId": plan, "currency": "KRW", "paymentMethod": card, "region": "KR",
				"zone": "Asia/Seoul", "language": "ko", "email": c.Name + "@example.com"}
		}
		return paying{c, "POST", "/subscriptions", body, func() string {
			list := s.Do(c, "GET", "/subscriptions", nil).Body
			return strings.Repeat("active ", strings.Count(list, `"state":"active"`))
		}}
	},
	"changeSubscription": func(s *shop) paying {
		c, id := s.declinedSubscription()
		upgrade := s.Plan(map[string]any{"prices": map[string]int{"KRW": 31_000}})
		return s.ofSubscription(c, id, "POST", "/changes",
			func(string) map[string]any { return map[string]any{"do": "upgrade", "planId": upgrade} })
	},
	"changeSubscriptionForCustomer": func(s *shop) paying {
		c, id := s.declinedSubscription()
		upgrade := s.Plan(map[string]any{"prices": map[string]int{"KRW": 31_000}})
		p := s.ofSubscription(c, id, "POST", "/changes",
			func(string) map[string]any {
				return map[string]any{"do": "upgrade", "planId": upgrade, "note": "by phone"}
			})
		p.caller, p.path = s.Merchant(), "/admin"+p.path
		return p
	},
	"payNow": func(s *shop) paying {
		c, id := s.unpaidSubscription()
		return s.ofSubscription(c, id, "POST", "/pay", noBody)
	},
	"updatePaymentMethod": func(s *shop) paying {
		c, id := s.unpaidSubscription()
		return s.ofSubscription(c, id, "PUT", "/payment-method", cardOnly)
	},
	"reactivateSubscription": func(s *shop) paying {
		c, id := s.declinedSubscription()
		s.Do(keyed(c), "POST", "/subscriptions/"+id+"/cancel", nil)
		s.AdvanceBy(40 * oneDay)
		return s.ofSubscription(c, id, "POST", "/reactivate", noBody)
	},
}

// withoutCharge are the routes of the document that say 402 and take no money by themselves, each with the reason.
var withoutCharge = map[string]string{
	"confirmCheckout":            "asks for the outcome of a charge; TestADeclineAtTheBankIsNoSuccess",
	"confirmSubscriptionPayment": "asks for the outcome of a charge; TestADeclineAtTheBankIsNoSuccess",
	"cancelSubscription":         "changes a subscription as changeSubscription does; it charges nothing",
	"explainCancellation":        "charges nothing",
	"answerConsent":              "keeps an answer; the charge comes when the trial ends",
	"updateAllPaymentMethods":    "moves a kept card to other subscriptions; what is unpaid is charged by the job",
}

func noBody(string) map[string]any { return nil }

func cardOnly(card string) map[string]any {
	return map[string]any{"paymentMethod": card, "returnUrl": "https://shop.example.com/back"}
}

// cardAnd is a body with a card and one more field.
func cardAnd(name string, value any) func(string) map[string]any {
	return func(card string) map[string]any {
		body := cardOnly(card)
		body[name] = value
		return body
	}
}

// keyed is a caller with a fresh key.
func keyed(c system.Caller) system.Caller {
	return c.With("Idempotency-Key", system.Unique("key-of-a-payment"))
}

// amountOf reads an amount of money from an answer.
func amountOf(s *shop, a system.Answer, path string) map[string]any {
	s.T.Helper()
	var n json.Number = json.Number(a.Field(s.T, path+".amount"))
	return map[string]any{"amount": n, "currency": "KRW"}
}

// exchange is a return that wants a dearer product in exchange, and the payment of one of its amounts.
func (s *shop) exchange(route, amount string) paying {
	b := system.DeliveredOrder(s.Shop)
	_, dear := s.Product(5, map[string]any{"prices": map[string]any{"KRW": map[string]any{"amount": 34_000}}})
	order := "/orders/" + b.Fill["orderId"]
	line := map[string]any{"lineId": s.Do(b.Owner.Caller, "GET", order, nil).Field(s.T, "lines.0.id"), "quantity": 1,
		"reason": "wrong_size", "exchangeFor": dear}
	body := map[string]any{"resolution": "exchange", "lines": []any{line}}
	body["quote"] = s.Do(b.Owner.Caller, "POST", order+"/returns/quote", body).Field(s.T, "token")
	id := s.Do(keyed(b.Owner.Caller), "POST", order+"/returns", body).Field(s.T, "id")
	view := func() system.Answer { return s.Do(b.Owner.Caller, "GET", "/returns/"+id, nil) }
	if route == "/balance" {
		s.Do(s.Agent(), "POST", "/admin/returns/"+id+"/receive", nil)
		s.Do(s.Agent(), "POST", "/admin/returns/"+id+"/inspect", nil)
	}
	return paying{b.Owner.Caller, "POST", "/returns/" + id + route, cardAnd("amount", amountOf(s, view(), amount)),
		func() string { return view().Field(s.T, "state") }}
}

// ofSubscription is a request about a subscription, which must stay as it is.
func (s *shop) ofSubscription(c system.Caller, id, method, path string, body func(string) map[string]any) paying {
	return paying{s.As(c.Name), method, "/subscriptions/" + id + path, body, func() string {
		a := s.Do(s.As(c.Name), "GET", "/subscriptions/"+id, nil)
		return a.Field(s.T, "state") + " on " + a.Field(s.T, "plan.id")
	}}
}

// declinedSubscription is a running subscription whose card is declined from now on.
func (s *shop) declinedSubscription() (system.Caller, string) {
	c := s.As(system.Unique("eve"))
	id := s.Subscribe(c, s.Plan(nil), "pm_card_visa").Field(s.T, "id")
	s.Do(c, "PUT", "/subscriptions/"+id+"/payment-method", cardOnly(declinedLater))
	return c, id
}

// unpaidSubscription is a subscription whose renewal was declined.
func (s *shop) unpaidSubscription() (system.Caller, string) {
	c, id := s.declinedSubscription()
	s.AdvanceBy(32 * oneDay)
	if state := s.Do(s.As(c.Name), "GET", "/subscriptions/"+id, nil).Field(s.T, "state"); state != "past_due" {
		s.T.Fatalf("with a declined renewal it is %s", state)
	}
	return c, id
}

// taken is what the bank has taken and not given back.
func (s *shop) taken() (sum int64) {
	for _, e := range s.Payments().Ledger() {
		sum += e.Captured.Amount - e.Refunded.Amount
	}
	return sum
}

// waiting are the signs of an answer that a payment is under way.
var waiting = []string{`"state":"processing"`, `"pending":true`, `"state":"pending"`, `"state":"starting"`,
	`"processing":true`}

// TestAFailedPaymentIsNoSuccessOnAnyRoute plays every route that takes money with a card that is declined, with a key
// of the shop that the provider refuses, and with a provider that does not answer. None answers 2xx, besides 202 for
// an outcome that is not known yet; nobody is charged, and what was bought stays as it was.
func TestAFailedPaymentIsNoSuccessOnAnyRoute(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(moneyRoutes)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bank := &brokenBank{}
			s := open(t, func(o *runner.Options) { o.WrapHTTP = bank.wrap })
			for _, fails := range []bankFails{answers, wrongKey, silent} {
				p := moneyRoutes[name](s)
				s.RunUntilIdle()
				before, took := p.state(), s.taken()
				card := "pm_card_visa"
				want := http.StatusServiceUnavailable
				if fails == answers {
					card, want = "pm_card_visa_chargeDeclined", http.StatusPaymentRequired
				}
				bank.fails.Store(fails)
				var body any
				if b := p.body(card); b != nil {
					body = b
				}
				caller := keyed(p.caller)
				got := s.Try(caller, p.method, p.path, body)
				bank.fails.Store(answers)
				// What nobody knows yet is not a success: 202 says that it is under way. With a wrong key it is certain that
				// nothing was charged.
				underWay := fails == silent && got.Status == http.StatusAccepted && slices.ContainsFunc(waiting,
					func(sign string) bool { return strings.Contains(got.Body, sign) })
				if got.Status != want && !underWay {
					t.Errorf("%s: %d %s, want %d", orDeclined(fails), got.Status, got.Body, want)
				}
				// A cart waits for the same request again, which carries the checkout on; a subscription for the charge.
				if now := p.state(); now != before && now != "paying" && !strings.HasPrefix(now, "starting") {
					t.Errorf("%s: it was %q and is %q", orDeclined(fails), before, now)
				}
				if now := s.taken(); now != took {
					t.Errorf("%s: the bank has taken %d more", orDeclined(fails), now-took)
				}
			}
		})
	}
}

// orDeclined names a failure.
func orDeclined(f bankFails) bankFails {
	if f == answers {
		return "declined"
	}
	return f
}

// TestADeclineAtTheBankIsNoSuccess declines at the bank's page, for a checkout and for a subscription.
func TestADeclineAtTheBankIsNoSuccess(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, variant := s.Product(10, nil)
	shopper := s.CustomerWith(system.Unique("eve"), variant, 1)
	checkout := s.Buy(shopper, "pm_card_threeDSecure2Required")
	subscriber := s.As(system.Unique("eve"))
	subscription := s.Subscribe(subscriber, s.Plan(nil), "pm_card_threeDSecure2Required")
	for _, c := range []struct {
		caller         system.Caller
		asked          system.Answer
		path, redirect string
	}{
		{shopper.Caller, checkout, "/checkouts/", "redirectUrl"},
		{subscriber, subscription, "/subscriptions/", "payment.redirectUrl"},
	} {
		client := &http.Client{Timeout: 10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		answer, err := client.Post(c.asked.Field(t, c.redirect), "application/x-www-form-urlencoded",
			strings.NewReader("decision=decline"))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		got := s.Try(keyed(c.caller), "POST", c.path+c.asked.Field(t, "id")+"/confirm", nil)
		if got.Status != http.StatusPaymentRequired || got.Field(t, "code") != "payment_declined" {
			t.Errorf("%s: %d %s", c.path, got.Status, got.Body)
		}
	}
	if took := s.taken(); took != 0 {
		t.Errorf("the bank has taken %d", took)
	}
}

// TestEveryRouteThatCanTakeMoneyIsPlayed compares the walk with the document: a route that can answer 402 is played
// above or says why it takes no money.
func TestEveryRouteThatCanTakeMoneyIsPlayed(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../../docs/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Responses   map[string]json.RawMessage
		}
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	routes := map[string]bool{}
	for _, methods := range document.Paths {
		for _, o := range methods {
			if o.Responses["402"] == nil {
				continue
			}
			routes[o.OperationID] = true
			if moneyRoutes[o.OperationID] == nil && withoutCharge[o.OperationID] == "" {
				t.Errorf("%s can answer 402 and is not played with payments that fail", o.OperationID)
			}
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(moneyRoutes)), slices.Collect(maps.Keys(withoutCharge))) {
		if !routes[name] {
			t.Errorf("%s does not say 402, or is no route", name)
		}
	}
}
