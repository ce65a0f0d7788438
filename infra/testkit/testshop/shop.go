// Package testshop is a small shop with a sandbox bank and a clock that can be moved, for tests of everything that
// moves money: the real table, the real services, calls that can be made to go wrong, and a Check that holds the shop's
// books against the bank's.
package testshop

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/local/tables"
	"dangol/infra/testkit/enginetest"
	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/checkout"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/payment/sandbox"
	"dangol/shared/payment/sandbox/server"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/promotion"
)

// Noon is when every shop begins.
var Noon = time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)

// The secrets that shop and bank share.
const (
	APIKey        = "sandbox-key"
	WebhookSecret = "sandbox-webhook-secret"
)

// Shop is one shop.
type Shop struct {
	T         testing.TB
	Clock     *clock.Movable
	Table     *table.Table // without faults, for looking and for setting up
	Service   checkout.Service
	Bank      *server.Server
	Faults    *fault.Injector
	unfaulted payment.Provider // the bank without faults, for looking
	webhooks  server.Deliver
	client    *dynamodb.Client

	mu     sync.Mutex
	stock  map[string]int // units each stocked variant began with
	counts map[string]int // buckets
	carts  []table.Key
	// promoted is what Promote published.
	promoted []promotion.Promotion
	seq      int
}

// New opens a shop whose database and bank calls go through the injector. Webhooks are dropped until DeliverWebhook
// says where they go.
func New(t testing.TB, in *fault.Injector) *Shop {
	t.Helper()
	client := tables.Client(enginetest.Endpoint(t))
	w := NewOn(t, in, client, localtest.Name(t, table.Commerce))
	w.client = client
	return w
}

// NewOn is New with an empty table of that name. A shop over anything but an engine cannot RunUntilIdle.
func NewOn(t testing.TB, in *fault.Injector, db table.DB, name string) *Shop {
	t.Helper()
	w := &Shop{
		T: t, Clock: clock.Stopped(Noon), Faults: in, Table: table.New(db, name, nil), stock: map[string]int{},
		counts: map[string]int{},
	}
	var err error
	w.Bank, err = server.New(server.Config{
		Clock: w.Clock, APIKey: APIKey, WebhookSecret: WebhookSecret, BaseURL: "http://bank.test",
		Deliver: func(ctx context.Context, body []byte, header http.Header) error {
			if w.webhooks == nil {
				return nil
			}
			return w.webhooks(ctx, body, header)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	shop, err := pricing.DefaultShop()
	if err != nil {
		t.Fatal(err)
	}
	faulty := table.New(in.DB(db), name, nil)
	w.unfaulted = sandbox.New(sandbox.Config{
		BaseURL: "http://bank.test", APIKey: APIKey, WebhookSecret: WebhookSecret, Transport: inProcess{w.Bank},
	})
	bank := in.Provider(w.unfaulted)
	log := slog.New(slog.DiscardHandler)
	w.Service = checkout.Service{
		Table: faulty, Carts: cart.Store{Table: faulty, Clock: w.Clock},
		Catalog: catalog.NewCache(faulty, w.Clock, time.Minute),
		Shop:    shop, Provider: bank, Clock: w.Clock, Log: log,
		Cashier: order.Cashier{Orders: order.Store{Table: faulty, Clock: w.Clock}, Provider: bank, Clock: w.Clock, Log: log},
	}
	return w
}

// DeliverWebhook makes the bank's webhooks go to listen.
func (w *Shop) DeliverWebhook(listen server.Deliver) { w.webhooks = listen }

// inProcess answers HTTP requests by a handler, without a network. The bank hangs by waiting for the caller to give up:
// here the caller has given up from the start, so a test need not wait for a time-out.
type inProcess struct{ handler http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	cancel()
	answer := httptest.NewRecorder()
	p.handler.ServeHTTP(answer, r.WithContext(ctx))
	if answer.Header().Get("Content-Type") == "" {
		return nil, context.DeadlineExceeded
	}
	return answer.Result(), nil
}

// Challenge acts the shopper on the bank's page.
func (w *Shop) Challenge(redirectURL string, approve bool) {
	w.T.Helper()
	decision := map[bool]string{true: "approve", false: "decline"}[approve]
	r := httptest.NewRequest(http.MethodPost, redirectURL, strings.NewReader(url.Values{"decision": {decision}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer := httptest.NewRecorder()
	w.Bank.ServeHTTP(answer, r)
	if answer.Code != http.StatusSeeOther {
		w.T.Fatalf("the bank's page answered %d: %s", answer.Code, answer.Body)
	}
}
