package runner_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/local/runner"
	"dangol/infra/topology"
	"dangol/shared/platform/table"
	"dangol/shared/subscription/service"
)

// recorder notes what every function does to every table, in the words of IAM.
type recorder struct {
	mu   sync.Mutex
	seen map[string]bool
}

func (r *recorder) observe(function string, op table.Op) {
	if op.Action == "TransactWriteItems" {
		return // IAM asks for the permissions of its parts, which are told one by one
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen[permission(function, op.Table, op.Action, op.Index)] = true
}

func permission(function, table, action, index string) string {
	if index != "" {
		return fmt.Sprintf("%s: %s on %s/%s", function, action, table, index)
	}
	return fmt.Sprintf("%s: %s on %s", function, action, table)
}

// granted lists what the topology, and so each function's role, allows.
func granted() map[string]bool {
	all := map[string]bool{}
	for _, f := range topology.Dangol.Functions {
		for _, g := range f.Tables {
			for _, action := range g.Actions {
				all[permission(f.Name, g.Table, action, "")] = true
			}
			for _, index := range g.Indexes {
				all[permission(f.Name, g.Table, "Query", index)] = true
			}
		}
	}
	return all
}

// TestFunctionsDoWhatTheyMayAndMayWhatTheyDo uses the whole shop and compares: an action that is done and not granted would
// fail on AWS, one that is granted and never done is too much.
func TestFunctionsDoWhatTheyMayAndMayWhatTheyDo(t *testing.T) {
	t.Parallel()
	r := &recorder{seen: map[string]bool{}}
	broken := &outage{}
	s := open(t, observing(r.observe), broken.of("checkouts"))
	useEverything(s)
	finishWithoutTheAPI(t, s, broken)
	mailThatWaits(s)
	r.mu.Lock()
	defer r.mu.Unlock()
	allowed := granted()
	for _, p := range slices.Sorted(maps.Keys(r.seen)) {
		if !allowed[p] {
			t.Errorf("done and not granted: %s", p)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(allowed)) {
		if !r.seen[p] {
			t.Errorf("granted and never done: %s", p)
		}
	}
}

// mailThatWaits is an order whose confirmation SES does not take at first: the queue sends it.
func mailThatWaits(s *shop) {
	s.t.Helper()
	_, variant := s.product(1, nil)
	p := s.guestWith(variant, 1)
	p.email = "throttle+1@simulator.example.com"
	s.do(p.caller, "PUT", "/carts/"+p.cart+"/contact", map[string]string{"email": p.email})
	s.buy(p, "pm_card_visa")
	s.advance(10 * time.Minute)
	if mails := s.subjects(p.email); len(mails) != 1 {
		s.t.Errorf("mails after throttling: %q", mails)
	}
}

// outage keeps a function from writing transactions while it lasts.
type outage struct{ on atomic.Bool }

func (o *outage) of(function string) func(*runner.Options) {
	return func(options *runner.Options) {
		options.WrapDB = func(name string, db table.DB) table.DB {
			if name != function {
				return db
			}
			return failing{DB: db, outage: o}
		}
	}
}

type failing struct {
	table.DB
	outage *outage
}

func (f failing) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	if f.outage.on.Load() {
		return nil, errors.New("out of reach")
	}
	return f.DB.TransactWriteItems(ctx, in, o...)
}

// finishWithoutTheAPI pays at the bank while neither the browser nor the webhook gets through: the worker makes the order
// when the hold runs out.
func finishWithoutTheAPI(t *testing.T, s *shop, broken *outage) {
	t.Helper()
	_, variant := s.product(1, nil)
	p := s.guestWith(variant, 1)
	started := s.buy(p, "pm_card_threeDSecure2Required")
	broken.on.Store(true)
	defer broken.on.Store(false)
	approve(t, started.field(t, "redirectUrl"))
	s.advance(time.Hour)
	if got := s.do(p.caller, "GET", "/checkouts/"+started.field(t, "id"), nil).field(t, "state"); got != "completed" {
		t.Errorf("the checkout is %s, want completed by the worker", got)
	}
}

// reportOfALargeShop has the worker add up figures that the request itself would in so small a shop.
func (s *shop) reportOfALargeShop() {
	books := service.Service{Table: s.Table(table.Commerce.Name), Clock: s.Clock()}
	question := service.Question{Currency: "KRW", From: opening, To: s.Clock().Now(), Days: 62}
	if err := books.Ask(s.t.Context(), question); err != nil {
		s.t.Fatal(err)
	}
	s.advance(time.Minute)
	if r, err := books.Report(s.t.Context(), question); err != nil || !r.Ready || len(r.States) == 0 {
		s.t.Errorf("the worker's figures are %+v, %v", r, err)
	}
}

// useEverything walks every route as who may, and every way a checkout can go.
func useEverything(s *shop) {
	merchant, agent := s.merchant(), s.agent()
	for _, f := range topology.Dangol.Functions {
		if f.API == nil {
			continue
		}
		for _, route := range f.API.Routes() {
			b := requests[route.ID].needs(s)
			as := b.owner.caller
			switch {
			case route.Access == "merchant":
				as = merchant
			case route.Access == "agent":
				as = agent
			case as.headers == nil:
				as = s.as(unique("dave"))
			}
			s.send(as, route, requests[route.ID], b)
		}
	}
	_, limited := s.product(5, map[string]any{"maxPerCustomer": 2})
	for _, method := range []string{"pm_card_visa", "pm_card_visa_chargeDeclined", "pm_sandbox_captured", "pm_card_threeDSecure2Required", "pm_sandbox_late_webhook"} {
		s.buy(s.customerWith(unique("erin"), limited, 1), method)
	}
	product, variant := s.product(3, nil)
	s.do(merchant.with("If-Match", "*"), "PUT", "/products/"+product, map[string]any{
		"title": map[string]string{"ko": "비누"}, "handle": unique("soap"), "status": "active",
		"variants": []any{map[string]any{"id": variant, "prices": map[string]any{"KRW": map[string]any{"amount": 9_000, "compareAt": 12_000}}}},
	})
	s.do(guest, "GET", "/products/"+product+"?currency=KRW", nil)
	s.publish(sale(product, "2026-11-22T10:00", "2026-11-22T12:00", nil))
	budgeted := map[string]any{"kind": "percentage", "budget": map[string]any{"uses": 5}, "limitPerCode": 5, "code": "FIVE", "limitPerCustomer": 1}
	s.publish(sale(product, "2026-11-20T10:00", "2026-11-30T12:00", budgeted))
	saver := s.customerWith(unique("sam"), variant, 1)
	s.do(saver.caller, "PUT", "/carts/mine/codes", `{"codes":["FIVE"]}`)
	s.buy(saver, "pm_card_visa")
	s.advance(20 * time.Hour)
	shopper, order := s.order()
	number := s.do(shopper.caller, "GET", "/orders/"+order, nil).field(s.t, "number")
	found := s.do(guest, "POST", "/orders/lookup", map[string]string{"number": number, "email": shopper.email})
	s.do(guest.with("Order-Token", found.field(s.t, "token")), "GET", "/orders/"+order, nil)
	s.do(shopper.caller, "POST", "/orders/"+order+"/cancel", nil)
	box := s.plan(map[string]any{
		"kind": "box", "editions": []any{map[string]any{"name": "first", "from": "2026-01-01", "contents": []any{map[string]any{"variantId": variant, "quantity": 1}}}},
	})
	s.subscribe(s.as(unique("fay")), box, "pm_card_visa")
	s.advance(32 * 24 * time.Hour)
	s.do(s.merchant(), "GET", "/admin/subscriptions/report?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z", nil)
	s.reportOfALargeShop()
	s.advance(time.Hour)
}
