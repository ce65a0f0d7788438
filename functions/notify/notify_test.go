package notify_test

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
	"dangol/functions/notify"
	"dangol/infra/testkit/fault"
	"dangol/shared/platform/event"
	"dangol/shared/platform/table"
)

func TestEachEventBecomesItsMail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body     event.Body
		template string
		subject  string
		text     []string
		not      []string
	}{
		{placed(), "order_confirmation", "[온결] 주문이 접수되었습니다 (1K9X7-D3F8Q-7M2KA)", []string{"김하늘 님", "쑥 비누 (100 g) x 2: ₩24,000", "₩27,000", "2026년 3월 1일 (일) 21:00"}, nil},
		{events.OrderShipped{OrderRef: ref("en"), Fulfillment: 1, Carrier: "CJ Logistics", TrackingNumber: "6000", TrackingURL: "https://t.example/6000",
			Lines: soap(), Complete: true, ShippedAt: noon}, "order_shipped", "Your 온결 order 1K9X7-D3F8Q-7M2KA is on its way",
			[]string{"Dear 김하늘", "CJ Logistics", "https://t.example/6000"}, nil},
		{events.OrderDelivered{OrderRef: ref("en"), Fulfillment: 1, Lines: soap(), DeliveredAt: noon}, "order_delivered",
			"Your 온결 order 1K9X7-D3F8Q-7M2KA has arrived", []string{"still on its way"}, nil},
		{events.OrderCanceled{OrderRef: ref("en"), Reason: "fraud suspected", By: "shop", Lines: soap(), Total: krw(27_000), Refund: krw(27_000)},
			"order_canceled", "Your 온결 order 1K9X7-D3F8Q-7M2KA was canceled", []string{"we are sorry", "Refund: ₩27,000"}, []string{"fraud"}},
		{events.OrderPaymentFailed{OrderRef: ref("en"), Lines: soap(), Total: krw(27_000)}, "payment_failed",
			"Payment failed: your 온결 order 1K9X7-D3F8Q-7M2KA was canceled", []string{"not been charged"}, nil},
		{events.CheckoutRefunded{CheckoutID: "chk_1", Email: "ann@example.com", Language: "en", Amount: krw(27_000), Taken: true, Reason: "expired"},
			"checkout_refunded", "Your 온결 payment goes back to you", []string{"Refund: ₩27,000", "confirmed too late"}, nil},
	} {
		t.Run(c.body.EventType(), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, &fakeSES{})
			if err := b.deliver(told(t, "evt_1", c.body)); err != nil {
				t.Fatal(err)
			}
			if len(b.ses.accepted) != 1 {
				t.Fatalf("%d mails", len(b.ses.accepted))
			}
			m := b.ses.accepted[0]
			if m.Subject != c.subject || !strings.EqualFold(m.To, "ann@example.com") {
				t.Errorf("to %s: %s, want %s", m.To, m.Subject, c.subject)
			}
			if !maps.Equal(m.Tags, map[string]string{"template": c.template, "event": "evt_1"}) {
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
			r := b.record("evt_1", c.template)
			if r.State != notify.Sent || r.MessageID != "ses-1" || r.Card.State != notify.Sent {
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
	for _, heard := range notify.Hears {
		if !slices.Contains(known, heard) {
			t.Errorf("%s is no event", heard)
		}
	}
}

func TestAnEventDeliveredAgainAndAgainIsOneMail(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	payload := told(t, "evt_1", placed())
	for _, wait := range []time.Duration{0, 0, time.Second, time.Minute, 24 * time.Hour} {
		b.clock.Advance(wait)
		if err := b.deliver(payload); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.ses.accepted) != 1 {
		t.Errorf("%d mails, want 1", len(b.ses.accepted))
	}
	if err := b.deliver(told(t, "evt_2", placed())); err != nil || len(b.ses.accepted) != 2 {
		t.Errorf("another event: %v, %d mails in all", err, len(b.ses.accepted))
	}
}

func TestDeliveriesAtTheSameTimeAreOneMail(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	payload := told(t, "evt_1", placed())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { _ = b.deliver(payload) }) // those that come while another sends fail, and are delivered again
	}
	all.Wait()
	if err := b.bus(payload); err != nil || len(b.ses.accepted) != 1 {
		t.Errorf("%v, %d mails, want 1", err, len(b.ses.accepted))
	}
}

func TestDeliveryThatComesWhileAnotherSendsIsPutOff(t *testing.T) {
	t.Parallel()
	ses := &fakeSES{}
	b := newBench(t, ses)
	payload := told(t, "evt_1", placed())
	var second error
	ses.busy = func() { second = b.deliver(payload) }
	if err := b.deliver(payload); err != nil {
		t.Fatal(err)
	}
	if second == nil || len(ses.accepted) != 1 {
		t.Errorf("the second delivery ended with %v; %d mails", second, len(ses.accepted))
	}
}

func TestWhatSESDoesDecidesWhatFollows(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		plan  []mode
		mails int
		state notify.State
		fails bool // the last delivery too: the event goes to the dead-letter queue
	}{
		{"throttled once: sent by the next delivery", []mode{throttle}, 1, notify.Sent, false},
		{"throttled twice: sent by the third", []mode{throttle, throttle}, 1, notify.Sent, false},
		{"throttled to the end: waits, and the event is kept for a redrive", []mode{throttle, throttle, throttle}, 0, notify.Waiting, true},
		{"rejected: never again", []mode{reject}, 0, notify.Rejected, false},
		{"accepted without an answer: a second mail rather than none", []mode{hang}, 2, notify.Sent, false},
		{"lost without an answer: sent by the next delivery", []mode{vanish}, 1, notify.Sent, false},
		{"twice without an answer: given up", []mode{hang, hang}, 2, notify.Unknown, false},
		{"twice lost without an answer: given up", []mode{vanish, vanish}, 0, notify.Unknown, false},
		{"throttled, then without an answer, then sent", []mode{throttle, hang}, 2, notify.Sent, false},
		{"without an answer, then rejected", []mode{vanish, reject}, 0, notify.Rejected, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, &fakeSES{plan: c.plan})
			payload := told(t, "evt_1", placed())
			if err := b.bus(payload); (err != nil) != c.fails {
				t.Errorf("the last delivery ended with %v", err)
			}
			r := b.record("evt_1", "order_confirmation")
			if len(b.ses.accepted) != c.mails || r.State != c.state || r.Card.State != c.state {
				t.Errorf("%d mails, record %+v; want %d, %s", len(b.ses.accepted), r, c.mails, c.state)
			}
			asked := b.ses.asked
			if c.state != notify.Waiting {
				if err := b.bus(payload); err != nil || b.ses.asked != asked {
					t.Errorf("a redrive ended with %v and asked SES again", err)
				}
			} else if err := b.bus(payload); err != nil || len(b.ses.accepted) != 1 {
				t.Errorf("a redrive ended with %v and %d mails, want 1", err, len(b.ses.accepted))
			}
			if c.state == notify.Unknown && !strings.Contains(b.metrics.String(), `"MailUnknown":1`) {
				t.Errorf("nobody is told: %s", b.metrics.String())
			}
		})
	}
}

// TestAMailIsSentWhateverCallToTheTableFails lets each call go wrong in each way, with an SES that answers and one that hangs
// once. A mail always goes out; a second one only where nobody could know of the first.
func TestAMailIsSentWhateverCallToTheTableFails(t *testing.T) {
	t.Parallel()
	for _, plan := range [][]mode{nil, {throttle}, {hang}} {
		for n := 1; n <= 4; n++ {
			for _, m := range fault.Modes {
				t.Run(fmt.Sprintf("SES %v, call %d %s", plan, n, m), func(t *testing.T) {
					t.Parallel()
					b := newBench(t, &fakeSES{plan: plan}, fault.New(fault.Plan{N: n, Mode: m}).DB)
					payload := told(t, "evt_1", placed())
					_ = b.bus(payload) // may end in the dead-letter queue, from where it is redriven
					b.clock.Advance(time.Hour)
					if err := b.bus(payload); err != nil {
						t.Errorf("redrive: %v", err)
					}
					r := b.record("evt_1", "order_confirmation")
					if r.State != notify.Sent && r.State != notify.Unknown {
						t.Errorf("record %+v", r)
					}
					if got := len(b.ses.accepted); got < 1 || got > 2 || got == 2 && plan == nil && n != 2 {
						t.Errorf("%d mails", got)
					}
				})
			}
		}
	}
}

func TestEventThatMakesNoMailLeavesNoClaim(t *testing.T) {
	t.Parallel()
	holed := placed()
	holed.PlacedAt = time.Time{}
	nobody := placed()
	nobody.Email = ""
	broken := strings.Replace(string(told(t, "evt_1", placed())), `"lines":[`, `"lines":7,"x":[`, 1)
	for name, payload := range map[string][]byte{
		"no placing time":            told(t, "evt_1", holed),
		"no address":                 told(t, "evt_1", nobody),
		"a body of another type":     []byte(broken),
		"a detail that is no object": []byte(`{"detail-type":"order.placed","detail":"x"}`),
	} {
		b := newBench(t, &fakeSES{})
		if err := b.deliver(payload); err == nil || b.ses.asked != 0 {
			t.Errorf("%s: %v, SES asked %d times", name, err, b.ses.asked)
		}
		if r := b.record("evt_1", "order_confirmation"); r.State != "" {
			t.Errorf("%s: record %+v", name, r)
		}
	}
}

func TestEventTypeWithoutAMailIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	if err := b.deliver(told(t, "evt_1", anything{})); err != nil || b.ses.asked != 0 {
		t.Errorf("%v, SES asked %d times", err, b.ses.asked)
	}
}

type anything struct{}

func (anything) EventType() string { return "cart.abandoned" }

func TestLogsAndRecordsNameNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{plan: []mode{throttle, reject}})
	_ = b.bus(told(t, "evt_1", placed())) // rejected in the end
	var item map[string]any
	if err := b.table.Get(t.Context(), table.Key{PK: "SEND#evt_1#order_confirmation", SK: "SEND"}, &item); err != nil {
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

func TestNotifySamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../events/samples/notify/*.json")
	if err != nil || len(files) < len(notify.Hears) {
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
			if err := json.Unmarshal(payload, &in); err != nil || in.DetailType+".json" != filepath.Base(file) {
				t.Fatalf("type %s, %v", in.DetailType, err)
			}
			b := newBench(t, &fakeSES{})
			if err := b.deliver(payload); err != nil || len(b.ses.accepted) != 1 {
				t.Errorf("%v, %d mails", err, len(b.ses.accepted))
			}
		})
	}
}
