package mailer_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	lambdaevents "github.com/aws/aws-lambda-go/events"

	"dangol/events"
	"dangol/functions/mailer"
	"dangol/infra/testkit/fault"
	"dangol/shared/outbox"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// confirmation is the id of the mail of placed() in evt_1.
const confirmation = "evt_1-order_confirmation"

func TestEachEventBecomesItsMail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body     event.Body
		template string
		subject  string
		text     []string
		not      []string
	}{
		{placed(), "order_confirmation", "[온결] 주문이 접수되었습니다 (1K9X7-D3F8Q-7M2KA)",
			[]string{"김하늘 님", "쑥 비누 (100 g) x 2: ₩24,000", "₩27,000", "2026년 3월 1일 (일) 21:00 (KST)",
				"받는 곳: 김하늘, 왕십리로 83", "배송 방법: 일반 배송", "결제 수단: visa 4242", "/orders/1K9X7-D3F8Q-7M2KA"}, nil},
		{events.OrderShipped{OrderRef: ref("en"), Fulfillment: 1, Carrier: "CJ Logistics", TrackingNumber: "6000",
			TrackingURL: "https://t.example/6000",
			Lines:       soap(), Complete: true,
			ShippedAt: noon}, "order_shipped", "Your 온결 order 1K9X7-D3F8Q-7M2KA is on its way",
			[]string{"Dear 김하늘", "CJ Logistics", "https://t.example/6000"}, nil},
		{events.OrderDelivered{OrderRef: ref("en"), Fulfillment: 1, Lines: soap(), DeliveredAt: noon}, "order_delivered",
			"Your 온결 order 1K9X7-D3F8Q-7M2KA has arrived", []string{"still on its way"}, nil},
		{events.OrderCanceled{OrderRef: ref("en"), Reason: "fraud suspected", By: "shop", Lines: soap(), Total: krw(27_000),
			Refund: krw(27_000)},
			"order_canceled", "Your 온결 order 1K9X7-D3F8Q-7M2KA was canceled", []string{"we are sorry", "Refund: ₩27,000"},
			[]string{"fraud"}},
		{events.OrderPaymentFailed{OrderRef: ref("en"), Lines: soap(), Total: krw(27_000)}, "payment_failed",
			"Payment failed: your 온결 order 1K9X7-D3F8Q-7M2KA was canceled", []string{"not been charged"}, nil},
		{events.CheckoutRefunded{CheckoutID: "chk_1", Email: "ann@example.com", Language: "en", Amount: krw(27_000),
			Taken: true, Reason: "expired"},
			"checkout_refunded", "Your 온결 payment goes back to you", []string{"Refund: ₩27,000", "confirmed too late"}, nil},
	} {
		t.Run(c.body.EventType(), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, &fakeSES{})
			if err := b.deliver(eventMessage(t, "evt_1", c.body)); err != nil {
				t.Fatal(err)
			}
			if len(b.ses.accepted) != 1 {
				t.Fatalf("%d mails", len(b.ses.accepted))
			}
			m := b.ses.accepted[0]
			if m.Subject != c.subject || !strings.EqualFold(m.To, "ann@example.com") {
				t.Errorf("to %s: %s, want %s", m.To, m.Subject, c.subject)
			}
			if !maps.Equal(m.Tags, map[string]string{"template": c.template, "mid": "evt_1-" + c.template}) {
				t.Errorf("tags %v", m.Tags)
			}
			for _, want := range c.text {
				if !strings.Contains(m.Text, want) {
					t.Errorf("no %q in\n%s", want, m.Text)
				}
			}
			for _, no := range c.not {
				if strings.Contains(m.Text+m.HTML, no) {
					t.Errorf("%q is in\n%s", no, m.Text)
				}
			}
			r := b.record("evt_1-" + c.template)
			if r.State != outbox.Accepted || r.MessageID != "ses-1" || r.Card.State != outbox.Accepted ||
				r.Reason != "transactional" {
				t.Errorf("record %+v", r)
			}
		})
	}
}

func TestEveryEventHeardIsAnEventAndHasItsMail(t *testing.T) {
	t.Parallel()
	var known []string
	for _, body := range events.All {
		known = append(known, body.EventType())
	}
	for _, heard := range mailer.Consumes {
		if !slices.Contains(known, heard) {
			t.Errorf("%s is no event", heard)
		}
	}
}

func TestAnEventDeliveredAgainAndAgainIsOneMail(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	payload := eventMessage(t, "evt_1", placed())
	for _, wait := range []time.Duration{0, 0, time.Second, time.Minute, 24 * time.Hour} {
		b.clock.Advance(wait)
		if err := b.deliver(payload); err != nil {
			t.Fatal(err)
		}
	}
	b.sweep(3)
	if len(b.ses.accepted) != 1 {
		t.Errorf("%d mails, want 1", len(b.ses.accepted))
	}
	if err := b.deliver(eventMessage(t, "evt_2", placed())); err != nil || len(b.ses.accepted) != 2 {
		t.Errorf("another event: %v, %d mails in all", err, len(b.ses.accepted))
	}
}

func TestDeliveriesAtTheSameTimeAreOneMail(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	payload := eventMessage(t, "evt_1", placed())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := b.deliver(payload); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	b.sweep(3)
	if len(b.ses.accepted) != 1 {
		t.Errorf("%d mails, want 1", len(b.ses.accepted))
	}
}

func TestWhatSESDoesDecidesWhatFollows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		plan    []mode
		minutes int // that the queue works
		mails   int
		state   outbox.State
	}{
		{"accepted", nil, 0, 1, outbox.Accepted},
		{"throttled five times: nothing is dropped", []mode{throttle, throttle, throttle, throttle, throttle}, 60, 1,
			outbox.Accepted},
		{"sending paused for a while", []mode{paused, paused, paused}, 30, 1, outbox.Accepted},
		{"rejected: never again", []mode{reject}, 60, 0, outbox.Rejected},
		{"accepted without an answer: a second mail rather than none", []mode{hang}, 60, 2, outbox.Accepted},
		{"lost without an answer: sent by a later attempt", []mode{vanish}, 60, 1, outbox.Accepted},
		{"twice without an answer: given up", []mode{hang, hang}, 90, 2, outbox.Unknown},
		{"twice lost without an answer: given up", []mode{vanish, vanish}, 90, 0, outbox.Unknown},
		{"throttled, then without an answer, then sent", []mode{throttle, hang}, 90, 2, outbox.Accepted},
		{"without an answer, then rejected", []mode{vanish, reject}, 90, 0, outbox.Rejected},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, &fakeSES{plan: c.plan})
			if err := b.deliver(eventMessage(t, "evt_1", placed())); err != nil {
				t.Fatal(err)
			}
			b.sweep(c.minutes)
			r := b.record(confirmation)
			if len(b.ses.accepted) != c.mails || r.State != c.state || r.Card.State != c.state {
				t.Errorf("%d mails, record %+v; want %d, %s", len(b.ses.accepted), r, c.mails, c.state)
			}
			failures, _, err := outbox.Store{Table: b.table}.Failures(t.Context(), 10, "")
			if err != nil || (len(failures) == 1) != (c.state == outbox.Rejected || c.state == outbox.Unknown) {
				t.Errorf("listed %+v, %v", failures, err)
			}
			if c.state == outbox.Unknown && !strings.Contains(b.metrics.String(), `"MailUnknown":1`) {
				t.Errorf("nobody is told: %s", b.metrics.String())
			}
		})
	}
}

func TestTheSendEventSettlesAnAttemptThatNobodyAnswered(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{plan: []mode{hang}})
	if err := b.deliver(eventMessage(t, "evt_1", placed())); err != nil {
		t.Fatal(err)
	}
	b.tell("Send", confirmation, "")
	b.sweep(60)
	if r := b.record(confirmation); len(b.ses.accepted) != 1 || r.State != outbox.Accepted {
		t.Errorf("%d mails, record %+v", len(b.ses.accepted), r)
	}
}

func TestALateSendEventTakesAMailOffTheListOfFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{plan: []mode{hang, hang}})
	if err := b.deliver(eventMessage(t, "evt_1", placed())); err != nil {
		t.Fatal(err)
	}
	b.sweep(90)
	store := outbox.Store{Table: b.table}
	for range 2 { // it comes twice
		b.tell("Send", confirmation, "")
	}
	failures, _, err := store.Failures(t.Context(), 10, "")
	if err != nil || len(failures) != 0 || b.record(confirmation).State != outbox.Accepted {
		t.Errorf("%+v, %v, %s", failures, err, b.record(confirmation).State)
	}
	if r := b.record(confirmation); r.SentEvent.IsZero() || r.MessageID == "" || r.Card.State != outbox.Accepted {
		t.Errorf("the record says %+v", r)
	}
}

func TestEventsOfSESAreOnTheRecordAndSuppressTheAddress(t *testing.T) {
	t.Parallel()
	const bounced = `,"bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"ann@example.com"},{"emailAddress":"bob@example.com"}]}`
	b := newBench(t, &fakeSES{})
	if err := b.deliver(eventMessage(t, "evt_1", placed())); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b.tell("Bounce", confirmation, bounced)
		b.tell("Delivery", confirmation, `,"delivery":{"recipients":["x@example.com"]}`)
	}
	if r := b.record(confirmation); r.Bounced.IsZero() || r.Delivered.IsZero() || r.State != outbox.Accepted {
		t.Errorf("the record says %+v", r)
	}
	// Nobody reads counters of these mails, so there are none.
	report, err := outbox.Store{Table: b.table}.Report(t.Context(), outbox.EventSource)
	if err != nil || len(report) != 0 {
		t.Errorf("counted %v, %v", report, err)
	}
	second := placed()
	for i, to := range []string{"ANN@example.com", "bob@example.com"} {
		second.Email = to
		if err := b.deliver(eventMessage(t, fmt.Sprint("evt_", i+2), second)); err != nil {
			t.Fatal(err)
		}
		if r := b.record(fmt.Sprint("evt_", i+2, "-order_confirmation")); r.State != outbox.Withheld ||
			r.Reason != "suppressed" {
			t.Errorf("to %s after a hard bounce: %+v", to, r)
		}
	}
	if len(b.ses.accepted) != 1 {
		t.Errorf("%d mails", len(b.ses.accepted))
	}
}

func TestForgedAndMalformedEventsOfSESAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	for name, payload := range map[string]string{
		"no event type":     `{"source":"aws.ses","detail-type":"x","detail":{"mail":{"messageId":"m"}}}`,
		"no mail":           `{"source":"aws.ses","detail-type":"x","detail":{"eventType":"Bounce"}}`,
		"a detail of words": `{"source":"aws.ses","detail-type":"x","detail":"Bounce"}`,
		"no JSON":           `{"source":"aws.ses"`,
		"a time of words":   `{"source":"aws.ses","detail-type":"x","detail":{"eventType":"Send","mail":{"messageId":"m","timestamp":"noon"}}}`,
	} {
		if err := b.deliver([]byte(payload)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, payload := range map[string]string{
		"a mail of somebody else": sesEvent("Delivery", "", b.clock.Now(), ""),
		"an unknown event":        sesEvent("Subscription", "m", b.clock.Now(), ""),
		"nobody bounced": sesEvent("Bounce", "unheard-of", b.clock.Now(),
			`,"bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"no address"}]}`),
	} {
		if err := b.deliver([]byte(payload)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAMailIsSentWhateverCallToTheTableFails lets each call go wrong in each way, with an SES that answers and one that
// hangs once. A mail always goes out; a second one only where nobody could know of the first.
func TestAMailIsSentWhateverCallToTheTableFails(t *testing.T) {
	t.Parallel()
	for _, plan := range [][]mode{nil, {throttle}, {hang}} {
		for n := 1; n <= 7; n++ {
			for _, m := range fault.Modes {
				t.Run(fmt.Sprintf("SES %v, call %d %s", plan, n, m), func(t *testing.T) {
					t.Parallel()
					b := newBench(t, &fakeSES{plan: plan},
						func(db table.DB) table.DB { return fault.New(fault.Plan{N: n, Mode: m}).DB(db) })
					payload := eventMessage(t, "evt_1", placed())
					if err := b.deliver(payload); err != nil {
						b.clock.Advance(time.Minute)
						if err := b.deliver(payload); err != nil {
							t.Errorf("delivered again: %v", err)
						}
					}
					b.sweep(25)
					r := b.record(confirmation)
					if r.State != outbox.Accepted && r.State != outbox.Unknown {
						t.Errorf("record %+v", r)
					}
					if got := len(b.ses.accepted); got < 1 || got > 2 {
						t.Errorf("%d mails", got)
					}
				})
			}
		}
	}
}

func TestEventThatMakesNoMailLeavesNoTask(t *testing.T) {
	t.Parallel()
	holed := placed()
	holed.PlacedAt = time.Time{}
	nobody := placed()
	nobody.Email = ""
	broken := strings.Replace(string(eventMessage(t, "evt_1", placed())), `"lines":[`, `"lines":7,"x":[`, 1)
	for name, payload := range map[string][]byte{
		"no placing time":            eventMessage(t, "evt_1", holed),
		"no address":                 eventMessage(t, "evt_1", nobody),
		"a body of another type":     []byte(broken),
		"a detail that is no object": []byte(`{"detail-type":"order.placed","detail":"x"}`),
	} {
		b := newBench(t, &fakeSES{})
		if err := b.deliver(payload); err == nil || b.ses.asked != 0 {
			t.Errorf("%s: %v, SES asked %d times", name, err, b.ses.asked)
		}
		var stored map[string]any
		if err := b.table.Get(t.Context(), task.KeyOf(outbox.DueMail, confirmation), &stored); err == nil {
			t.Errorf("%s: a task %v", name, stored)
		}
	}
}

func TestEventTypeWithoutAMailIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	if err := b.deliver(eventMessage(t, "evt_1", anything{})); err != nil || b.ses.asked != 0 {
		t.Errorf("%v, SES asked %d times", err, b.ses.asked)
	}
}

type anything struct{}

func (anything) EventType() string { return "cart.abandoned" }

func TestLogsAndRecordsNameNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{plan: []mode{throttle, reject}})
	if err := b.deliver(eventMessage(t, "evt_1", placed())); err != nil {
		t.Fatal(err)
	}
	b.sweep(5) // rejected in the end
	var item map[string]any
	if err := b.table.Get(t.Context(), table.Key{PK: "MSG#" + confirmation, SK: "MSG"}, &item); err != nil {
		t.Fatal(err)
	}
	kept, err := json.Marshal(item)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"ann@example.com", "Ann@Example.com", "김하늘"} {
		if strings.Contains(b.logged.String()+string(kept), secret) {
			t.Errorf("%s is in\n%s\n%s", secret, b.logged.String(), kept)
		}
	}
	if !strings.Contains(b.logged.String(), "mail rejected") {
		t.Errorf("logged %s", b.logged.String())
	}
}

func TestMailerSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../events/samples/mailer/*.json")
	if err != nil || len(files) < len(mailer.Consumes) {
		t.Fatalf("%d samples, want one for each event heard at least: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			payload, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var in lambdaevents.EventBridgeEvent
			if err := json.Unmarshal(payload, &in); err != nil {
				t.Fatal(err)
			}
			if in.Source == "aws.ses" || in.Source == "" {
				if err := newBench(t, &fakeSES{}).deliver(payload); err != nil {
					t.Error(err)
				}
				return
			}
			if in.DetailType+".json" != filepath.Base(file) {
				t.Fatalf("type %s, %v", in.DetailType, err)
			}
			b := newBench(t, &fakeSES{})
			var about struct {
				Data struct{ ReviewID, OrderID string }
			}
			if err := json.Unmarshal(in.Detail, &about); err != nil {
				t.Fatal(err)
			}
			if about.Data.ReviewID != "" { // its mail goes to the address of the order
				b.ordered(about.Data.OrderID, "haneul@example.com")
			}
			if err := b.deliver(payload); err != nil || len(b.ses.accepted) != 1 {
				t.Errorf("%v, %d mails", err, len(b.ses.accepted))
			}
		})
	}
}

func TestAnOrderMailThatWaitsTooLongRingsAnAlarm(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{plan: []mode{throttle, throttle, throttle, throttle, throttle, throttle, throttle,
		throttle}})
	if err := b.deliver(eventMessage(t, "evt_1", placed())); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.metrics.String(), "MailLate") {
		t.Error("the alarm rings for a mail that is in time")
	}
	b.clock.Advance(16 * time.Minute)
	b.due()
	if !strings.Contains(b.metrics.String(), `"MailLate":1`) {
		t.Errorf("nobody is told of a mail that waits: %s", b.metrics.String())
	}
}
