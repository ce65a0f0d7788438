package checkouts_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/functions/checkouts"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/testshop"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
)

// shop is a shop with the checkout function in front of it.
type shop struct {
	*testshop.Shop
	handler lambda.Handler
}

func open(t testing.TB, adjust ...func(*testshop.Shop)) *shop {
	return openWith(t, fault.New(fault.Plan{}), adjust...)
}

func openWith(t testing.TB, in *fault.Injector, adjust ...func(*testshop.Shop)) *shop {
	t.Helper()
	w := testshop.New(t, in)
	for _, a := range adjust {
		a(w)
	}
	service := (&checkouts.Checkouts{Checkouts: w.Service}).Service(api.Options{Clock: w.Clock, Verify: apitest.Verify})
	s := &shop{Shop: w, handler: service.Lambda()}
	w.DeliverWebhook(s.webhook)
	return s
}

// webhook is the bank's call; an answer other than 200 makes it try again later.
func (s *shop) webhook(_ context.Context, body []byte, header http.Header) error {
	c := apitest.New(s.T, s.handler).With("Sandbox-Signature", header.Get("Sandbox-Signature"))
	if r := c.Do("POST", "/payments/webhooks/sandbox", body); r.Status != http.StatusOK {
		return fmt.Errorf("status %d", r.Status)
	}
	return nil
}

// as is a client for the owner of the basket.
func (s *shop) as(b testshop.Basket) *apitest.Client {
	c := apitest.New(s.T, s.handler)
	if b.CustomerID != "" {
		return c.As(auth.Principal{Kind: auth.Customer, Subject: b.CustomerID})
	}
	return c.With("Cart-Token", b.Token)
}

// card is the body of a checkout with a card.
func card(token string) map[string]any {
	return map[string]any{"paymentMethod": token, "returnUrl": "https://shop.example.com/back"}
}

func (s *shop) buy(b testshop.Basket, key string, body any) *apitest.Response {
	s.T.Helper()
	return s.as(b).With("Idempotency-Key", key).Do("POST", "/carts/"+b.ID+"/checkout", body)
}

func (s *shop) confirm(b testshop.Basket, id string) *apitest.Response {
	s.T.Helper()
	return s.as(b).Do("POST", "/checkouts/"+id+"/confirm", nil)
}

func read(t testing.TB, r *apitest.Response) checkouts.Checkout {
	t.Helper()
	var c checkouts.Checkout
	if err := json.Unmarshal([]byte(r.Body), &c); err != nil {
		t.Fatalf("%v in %s", err, r.Body)
	}
	return c
}
