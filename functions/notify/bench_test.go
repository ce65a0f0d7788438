package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"dangol/events"
	"dangol/functions/notify"
	"dangol/infra/testkit/localtest"
	"dangol/shared/mail"
	"dangol/shared/money"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// mode is what SES does with one message.
type mode string

const (
	accept   mode = "accept"
	throttle mode = "throttle" // not accepted, later perhaps
	reject   mode = "reject"   // not accepted, never
	hang     mode = "hang"     // accepted, the answer gets lost
	vanish   mode = "vanish"   // not accepted, the answer gets lost
)

// fakeSES is a mail.Sender that goes by a plan; after it, it accepts.
type fakeSES struct {
	mu       sync.Mutex
	plan     []mode
	asked    int
	accepted []mail.Message
	busy     func() // called while a message is being sent
}

func (s *fakeSES) Send(_ context.Context, m mail.Message) (string, error) {
	if s.busy != nil {
		s.busy()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	do := accept
	if s.asked < len(s.plan) {
		do = s.plan[s.asked]
	}
	s.asked++
	switch do {
	case throttle:
		return "", fmt.Errorf("%w: TooManyRequestsException", mail.ErrNotNow)
	case reject:
		return "", fmt.Errorf("%w: MessageRejected", mail.ErrRejected)
	case vanish:
		return "", fmt.Errorf("%w: timeout", mail.ErrUnknown)
	}
	s.accepted = append(s.accepted, m)
	if do == hang {
		return "", fmt.Errorf("%w: timeout", mail.ErrUnknown)
	}
	return fmt.Sprint("ses-", len(s.accepted)), nil
}

// bench is a notifier before a fake SES and the real engine.
type bench struct {
	t       *testing.T
	ses     *fakeSES
	clock   *clock.Movable
	table   *table.Table
	handler lambda.Handler
	logged  bytes.Buffer
	metrics bytes.Buffer
}

func newBench(t *testing.T, ses *fakeSES, wrap ...func(table.DB) table.DB) *bench {
	t.Helper()
	b := &bench{t: t, ses: ses, clock: clock.Stopped(noon)}
	db, name := localtest.DB(t), localtest.Name(t, table.Outreach)
	b.table = table.New(db, name, nil)
	for _, w := range wrap {
		db = w(db)
	}
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	templates, err := mail.NewTemplates(mail.Brand{Name: "온결", URL: "https://shop.example.com", Color: "#1f4d3a", Contact: "help@example.com"}, seoul)
	if err != nil {
		t.Fatal(err)
	}
	env := &boot.Env{Function: "notify", Clock: b.clock, Log: slog.New(slog.NewJSONHandler(&b.logged, nil)), Out: &b.metrics}
	b.handler = lambda.NewHandler(notify.With(table.New(db, name, nil), ses, templates, env).Handle)
	return b
}

// deliver hands an event over once.
func (b *bench) deliver(payload []byte) error {
	out, err := b.handler.Invoke(b.t.Context(), payload)
	if err == nil && string(out) != "" && string(out) != "null" {
		return fmt.Errorf("answered %s", out)
	}
	return err
}

// bus delivers an event as Lambda does: two more times, one and two minutes later, while it fails.
func (b *bench) bus(payload []byte) error {
	var err error
	for _, wait := range []time.Duration{0, time.Minute, 2 * time.Minute} {
		b.clock.Advance(wait)
		if err = b.deliver(payload); err == nil {
			return nil
		}
	}
	return err
}

// record is what is known about the mail of an event.
type record struct {
	State     notify.State `dynamodbav:"state"`
	Asked     int          `dynamodbav:"asked"`
	MessageID string       `dynamodbav:"messageId"`
	TTL       int64        `dynamodbav:"ttl"`
	Card      struct {
		Template string       `dynamodbav:"template"`
		About    string       `dynamodbav:"about"`
		State    notify.State `dynamodbav:"state"`
	} `dynamodbav:"card"`
}

func (b *bench) record(eventID, template string) (r record) {
	b.t.Helper()
	err := b.table.Get(b.t.Context(), table.Key{PK: "SEND#" + eventID + "#" + template, SK: "SEND"}, &r)
	if err != nil && !errors.Is(err, table.ErrNotFound) {
		b.t.Fatal(err)
	}
	return r
}

// told wraps an event as the bus delivers it.
func told(t testing.TB, id string, body event.Body) []byte {
	t.Helper()
	e, err := event.New(t.Context(), noon, body)
	if err != nil {
		t.Fatal(err)
	}
	e.ID, e.CorrelationID = id, "req-7"
	detail, err := json.Marshal(e.Envelope())
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(lambdaevents.EventBridgeEvent{
		Version: "0", ID: "bus-1", Source: event.Source, DetailType: e.Type, Time: noon, Detail: detail, Resources: []string{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func ref(language string) events.OrderRef {
	return events.OrderRef{OrderID: "ord_1", Number: "1K9X7-D3F8Q-7M2KA", Email: "Ann@Example.com", Name: "김하늘", Language: language}
}

func krw(n int64) money.Money { return money.Of(n, "KRW") }

func soap() []events.OrderLine {
	return []events.OrderLine{{LineID: "l1", ProductID: "p1", VariantID: "v1", Title: "쑥 비누", Options: []string{"100 g"}, Quantity: 2, Total: krw(24_000)}}
}

func placed() events.OrderPlaced {
	return events.OrderPlaced{
		OrderRef: ref("ko"), CheckoutID: "chk_1", Lines: soap(), Subtotal: krw(24_000), Discount: krw(0), Shipping: krw(3_000),
		Tax: krw(2_455), TaxIncluded: true, Total: krw(27_000), PlacedAt: noon,
	}
}
