package returns_test

import (
	"context"
	"testing"

	"dangol/functions/returns"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/testshop"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/table"
)

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	d := open(t)
	soap := d.Sell(testshop.ProductSpec{Price: 60_000, Units: 9})
	o := d.deliver(d.buy(map[string]int{soap: 2}))
	line := o.Lines[0].ID
	var r returns.Return
	call := func(as auth.Principal, method, path string, body any) func(context.Context) error {
		return func(ctx context.Context) error {
			c := apitest.New(t, metered{ctx, d.handler}).As(as).With("Idempotency-Key", "one")
			answer := c.Do(method, path, body)
			if answer.Status >= 300 {
				t.Fatalf("%s %s: %d %s", method, path, answer.Status, answer.Body)
			}
			if method == "POST" && path == "/orders/"+o.ID+"/returns" {
				answer.Into(&r)
			}
			return nil
		}
	}
	want := wanted("refund", back(line, 1, "changed_mind"))
	request := wanted("refund", back(line, 1, "changed_mind"))
	request["quote"] = d.quote(o, want).Token
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"quote a return", call(apitest.Ann, "POST", "/orders/"+o.ID+"/returns/quote", want)},
		{"request a return", call(apitest.Ann, "POST", "/orders/"+o.ID+"/returns", request)},
		{"a customer's returns, newest first", call(apitest.Ann, "GET", "/returns", nil)},
		{"receive a return", func(ctx context.Context) error {
			return call(apitest.Agent, "POST", "/admin/returns/"+r.ID+"/receive", nil)(ctx)
		}},
		{"the returns in a state, by deadline", call(apitest.Agent, "GET", "/admin/returns?state=received", nil)},
		{"inspect and settle a return", func(ctx context.Context) error {
			return call(apitest.Agent, "POST", "/admin/returns/"+r.ID+"/inspect", nil)(ctx)
		}},
		{"a customer's store credit", call(apitest.Ann, "GET", "/store-credit", nil)},
	}
	documented := map[string]table.Pattern{}
	for _, p := range returns.AccessPatterns {
		documented[p.Name] = p
	}
	for _, s := range steps {
		ctx, meter := table.Metered(t.Context())
		if err := s.do(ctx); err != nil {
			t.Fatal(err)
		}
		p := documented[s.name]
		if got, want := meter.Cost(), (table.Cost{Trips: p.Trips, Read: p.Read, Write: p.Write}); got != want {
			t.Errorf("%s: costs %+v, documented as %+v", s.name, got, want)
		}
	}
	if len(steps) != len(documented) {
		t.Errorf("%d measured, %d documented", len(steps), len(documented))
	}
}

// metered invokes a handler with a context that counts what the table does.
type metered struct {
	ctx     context.Context
	handler interface {
		Invoke(context.Context, []byte) ([]byte, error)
	}
}

// Invoke implements lambda.Handler.
func (m metered) Invoke(_ context.Context, payload []byte) ([]byte, error) {
	return m.handler.Invoke(m.ctx, payload)
}
