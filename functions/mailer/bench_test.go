package mailer_test

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
	"dangol/functions/mailer"
	"dangol/infra/testkit/localtest"
	"dangol/shared/mail"
	"dangol/shared/money"
	"dangol/shared/outbox"
	"dangol/shared/outreach/keystore"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// mode is what SES does with one message.
type mode string

const (
	accept   mode = "accept"
	throttle mode = "throttle" // not accepted, later perhaps
	paused   mode = "paused"   // not accepted, later perhaps, and no fault of the rate
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
		return "", fmt.Errorf("%w: TooManyRequestsException", mail.ErrThrottled)
	case paused:
		return "", fmt.Errorf("%w: SendingPausedException", mail.ErrNotNow)
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

// Account is that of a small production account.
func (s *fakeSES) Account(context.Context) (perSecond float64, quota, sent int, err error) {
	return 14, 50_000, 0, nil
}

// bench is a mailer before a fake SES and the real engine.
type bench struct {
	t     *testing.T
	ses   *fakeSES
	clock *clock.Movable
	table *table.Table
	// commerce is where orders are, whose addresses some mails go to.
	commerce *table.Table
	handler  lambda.Handler
	mailer   *mailer.Mailer
	logged   bytes.Buffer
	metrics  bytes.Buffer
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
	templates, err := mail.NewTemplates(mail.Brand{
		Name: "온결", URL: "https://shop.example.com", Color: "#1f4d3a", Contact: "help@example.com",
		Imprint: []string{"서울특별시 성동구 왕십리로 83"},
	}, seoul)
	if err != nil {
		t.Fatal(err)
	}
	env := &boot.Env{Function: "mailer", Clock: b.clock, Log: slog.New(slog.NewJSONHandler(&b.logged, nil)),
		Out: &b.metrics}
	faulty := table.New(db, name, nil)
	links := mailer.Links{Base: "https://api.example.com", Shop: "https://shop.example.com",
		Keys: &keystore.Store{Table: faulty}}
	b.commerce = localtest.Table(t, table.Commerce)
	b.mailer = mailer.With(faulty, b.commerce, ses, templates, links, env)
	b.mailer.Budget.Sleep = func(_ context.Context, d time.Duration) error { b.clock.Advance(d); return nil }
	b.handler = lambda.NewHandler(b.mailer.Handle)
	return b
}

// deliver hands an event over once.
func (b *bench) deliver(payload []byte) error {
	_, err := b.handler.Invoke(b.t.Context(), payload)
	return err
}

// sweep works off whatever is due, as the sweeper and the queue do, for so many minutes.
func (b *bench) sweep(minutes int) {
	b.t.Helper()
	for range minutes {
		b.clock.Advance(time.Minute)
		b.due()
	}
}

// due works off what is due now.
func (b *bench) due() {
	b.t.Helper()
	for _, kind := range []string{outbox.DueMail, outbox.DueMarketing} {
		err := due.Overdue(b.t.Context(), b.table, kind, b.clock.Now(), func(j due.Job) error {
			_ = b.mailer.Work(b.t.Context(), j) // a fault of the database leaves the job due
			return nil
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// record is what is known about the mail of an event.
func (b *bench) record(id string) outbox.Record {
	b.t.Helper()
	r, err := outbox.Store{Table: b.table}.Get(b.t.Context(), id)
	if err != nil && !errors.Is(err, table.ErrNotFound) {
		b.t.Fatal(err)
	}
	return r
}

// tell hands over an event of SES about a mail.
func (b *bench) tell(eventType, id string, more string) {
	b.t.Helper()
	if err := b.deliver([]byte(sesEvent(eventType, id, b.clock.Now(), more))); err != nil {
		b.t.Fatal(err)
	}
}

func sesEvent(eventType, id string, at time.Time, more string) string {
	return fmt.Sprintf(`{"source":"aws.ses","detail-type":"Email","detail":{"eventType":%q,"mail":{"messageId":"ses-x","timestamp":%q,`+
		`"tags":{"mid":[%q]}}%s}}`, eventType, at.Format(time.RFC3339), id, more)
}

// eventMessage wraps an event as the bus delivers it.
func eventMessage(t testing.TB, id string, body event.Body) []byte {
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
		Version: "0", ID: "bus-1", Source: event.Source, DetailType: e.Type, Time: noon, Detail: detail,
		Resources: []string{},
	})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func ref(language string) events.OrderRef {
	return events.OrderRef{OrderID: "ord_1", Number: "1K9X7-D3F8Q-7M2KA", Email: "Ann@Example.com", Name: "김하늘",
		Language: language}
}

func krw(n int64) money.Money { return money.Of(n, "KRW") }

func soap() []events.OrderLine {
	return []events.OrderLine{{LineID: "l1", ProductID: "p1", VariantID: "v1", Title: "쑥 비누", Options: []string{"100 g"},
		Quantity: 2, Total: krw(24_000)}}
}

func placed() events.OrderPlaced {
	return events.OrderPlaced{
		OrderRef: ref("ko"), CheckoutID: "chk_1", Lines: soap(), Subtotal: krw(24_000), Discount: krw(0),
		Shipping: krw(3_000),
		Tax:      krw(2_455), TaxIncluded: true, Total: krw(27_000), PlacedAt: noon,
		ShipTo: "김하늘, 왕십리로 83", MethodName: "일반 배송", PaidWith: "visa 4242",
	}
}
