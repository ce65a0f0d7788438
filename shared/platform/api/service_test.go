package api_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"dangol/infra/testkit/apitest"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// echo is an input with a bit of everything.
type echoIn struct {
	api.Paging
	ID      string `path:"id" maxLength:"10"`
	IfMatch string `header:"If-Match"`
	Body    struct {
		Name     string            `json:"name" minLength:"1" maxLength:"20"`
		Quantity int               `json:"quantity" minimum:"1" maximum:"100"`
		Kind     string            `json:"kind,omitempty" enum:"a,b"`
		Lines    []echoLine        `json:"lines,omitempty" maxItems:"3"`
		Notes    map[string]string `json:"notes,omitempty"`
	}
}

type echoLine struct {
	SKU   string `json:"sku" pattern:"^[A-Z]+$"`
	Price int64  `json:"price"`
}

type echoOut struct {
	Body struct {
		Name        string `json:"name"`
		Kind        string `json:"kind"`
		Subject     string `json:"subject"`
		Limit       int    `json:"limit"`
		Cursor      string `json:"cursor"`
		RequestID   string `json:"requestId"`
		Source      string `json:"source"`
		Key         string `json:"key"`
		Keyed       bool   `json:"keyed"`
		Token       string `json:"token"`
		Correlation string `json:"correlation"`
	}
}

type whoIn struct{}

type whoOut struct {
	Body struct{ Kind, Subject string }
}

var errSecret = errors.New("table Commerce-prod is on fire")

// service has a route of each access, one that echoes, and some that fail.
func service(logged *bytes.Buffer) *api.Service {
	s := api.New("demo", api.Options{Clock: clock.Stopped(noon), Log: slog.New(slog.NewJSONHandler(logged, nil)),
		Verify: apitest.Verify})
	for _, a := range []api.Access{api.Public, api.Shopper, api.Customer, api.Agent, api.MerchantIs, api.Signed} {
		api.Handle(s, api.Route{Method: "GET", Path: "/" + string(a), ID: "who" + string(a), Summary: "who", Tag: "demo",
			Access: a}, who)
	}
	api.Handle(s, api.Route{Method: "POST", Path: "/echo/{id}", ID: "echo", Summary: "echo", Tag: "demo",
		Access: api.Shopper,
		Status: 201, Keyed: api.KeyOptional, MaxBody: 2_000, Errors: []int{409}}, echo)
	api.Handle(s, api.Route{Method: "POST", Path: "/keyed/{id}", ID: "keyed", Summary: "keyed", Tag: "demo",
		Access: api.Public, Keyed: api.KeyRequired}, echo)
	for name, err := range map[string]error{
		"problem": problem.Conflict("cart_closed", "This cart has been ordered.").With("orderId", "ord_1").Because(errSecret),
		"busy":    problem.Busy(errSecret),
		"error":   errSecret, "cursor": api.CursorProblem(table.ErrCursor), "other": api.CursorProblem(errSecret),
	} {
		api.Handle(s, api.Route{Method: "GET", Path: "/fail/" + name, ID: "fail" + name, Summary: "fail", Tag: "demo",
			Access: api.Public},
			func(context.Context, *whoIn) (*whoOut, error) { return nil, err })
	}
	api.Handle(s, api.Route{Method: "GET", Path: "/panic", ID: "panic", Summary: "panic", Tag: "demo", Access: api.Public},
		func(context.Context, *whoIn) (*whoOut, error) { panic(errSecret) })
	return s
}

func who(ctx context.Context, _ *whoIn) (*whoOut, error) {
	p := auth.From(ctx)
	return &whoOut{Body: struct{ Kind, Subject string }{string(p.Kind), p.Subject}}, nil
}

func echo(ctx context.Context, in *echoIn) (*echoOut, error) {
	out := &echoOut{}
	b := &out.Body
	b.Name, b.Kind, b.Limit, b.Cursor, b.RequestID, b.Source =
		in.Body.Name, in.Body.Kind, in.Limit, in.Cursor, api.RequestID(ctx), api.SourceIP(ctx)
	b.Subject, b.Correlation, b.Key = auth.From(ctx).Subject, logging.Correlation(ctx), api.IdempotencyKey(ctx)
	b.Keyed, b.Token = api.Idempotency(ctx).Keyed(), api.Idempotency(ctx).Token("")
	return out, nil
}

func client(t *testing.T) (*apitest.Client, *bytes.Buffer) {
	t.Helper()
	logged := &bytes.Buffer{}
	return apitest.New(t, service(logged).Lambda()), logged
}
