package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/local/bus"
	"dangol/shared/platform/clock"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var rules = []bus.Rule{
	{Name: "mails", Bus: "shop", Target: "mailer",
		Pattern: bus.Pattern{DetailTypes: []string{"OrderPlaced", "OrderShipped"}}},
	{Name: "all-of-orders", Bus: "shop", Target: "audit", Pattern: bus.Pattern{Sources: []string{"dangol.orders"}}},
	{Name: "bounces", Target: "mailer", Pattern: bus.Pattern{Sources: []string{"aws.ses"}}},
}

// bench is a bus with its SDK client and functions that write down what they get.
type bench struct {
	*bus.Bus
	t       *testing.T
	clock   *clock.Movable
	options bus.Options
	mu      sync.Mutex
	got     []string // function detail-type
	last    events.EventBridgeEvent
	fail    func(function string) error
}

func newBench(t *testing.T, o bus.Options) *bench {
	t.Helper()
	b := &bench{t: t, clock: clock.Stopped(noon), fail: func(string) error { return nil }, options: o}
	b.options.Clock, b.options.Invoke = b.clock, b.invoke
	b.open()
	return b
}

func (b *bench) open() {
	b.t.Helper()
	opened, err := bus.Open(rules, b.options)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { opened.Close() })
	b.Bus = opened
}

func (b *bench) invoke(_ context.Context, function string, payload []byte) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := json.Unmarshal(payload, &b.last); err != nil {
		return nil, err
	}
	b.got = append(b.got, function+" "+b.last.DetailType)
	return nil, b.fail(function)
}

func (b *bench) client() *eventbridge.Client {
	server := httptest.NewServer(b.Bus)
	b.t.Cleanup(server.Close)
	return eventbridge.New(eventbridge.Options{
		Region: bus.Region, BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""), RetryMaxAttempts: 1,
	})
}

func event(detailType string) types.PutEventsRequestEntry {
	return types.PutEventsRequestEntry{
		EventBusName: aws.String("shop"), Source: aws.String("dangol.orders"), DetailType: &detailType,
		Detail: aws.String(`{"id":"ord_1"}`),
	}
}

func (b *bench) put(entries ...types.PutEventsRequestEntry) *eventbridge.PutEventsOutput {
	b.t.Helper()
	out, err := b.client().PutEvents(b.t.Context(), &eventbridge.PutEventsInput{Entries: entries})
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

func (b *bench) deliver() int {
	b.t.Helper()
	n, err := b.Deliver(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

func (b *bench) settle() {
	b.t.Helper()
	for range 50 {
		at, ok := b.NextDue()
		if !ok {
			return
		}
		b.clock.MoveTo(at)
		b.deliver()
	}
	b.t.Fatal("it does not come to rest")
}

func (b *bench) wantGot(want ...string) {
	b.t.Helper()
	if !slices.Equal(b.got, want) {
		b.t.Errorf("invocations %q, want %q", b.got, want)
	}
}

func TestEventsReachTheTargetsOfTheRulesThatPickThem(t *testing.T) {
	t.Parallel()
	b := newBench(t, bus.Options{})
	other := event("OrderPlaced")
	other.Source = aws.String("dangol.import")
	onDefault := event("OrderPlaced")
	onDefault.EventBusName = nil
	byARN := event("OrderShipped")
	byARN.EventBusName = aws.String("arn:aws:events:us-east-1:000000000000:event-bus/shop")
	out := b.put(event("OrderPlaced"), event("CartOpened"), other, onDefault, byARN)
	if out.FailedEntryCount != 0 || len(out.Entries) != 5 || aws.ToString(out.Entries[4].EventId) == "" {
		t.Fatalf("answer %+v", out)
	}
	if n := b.deliver(); n != 6 {
		t.Errorf("%d delivered, want 6", n)
	}
	b.wantGot("mailer OrderPlaced", "audit OrderPlaced", "audit CartOpened", "mailer OrderPlaced",
		"mailer OrderShipped", "audit OrderShipped")
}

func TestTargetGetsTheWholeEnvelope(t *testing.T) {
	t.Parallel()
	b := newBench(t, bus.Options{})
	e := event("OrderPlaced")
	e.Detail, e.Time, e.Resources = aws.String(`{"name":"단골 😀","n":12345678901234567}`), aws.Time(
		noon.Add(-time.Hour)), []string{"ord_1"}
	out := b.put(e)
	b.deliver()
	want := events.EventBridgeEvent{
		Version: "0", ID: *out.Entries[0].EventId, DetailType: "OrderPlaced", Source: "dangol.orders", AccountID: bus.Account,
		Time: noon.Add(-time.Hour), Region: bus.Region, Resources: []string{"ord_1"}, Detail: json.RawMessage(*e.Detail),
	}
	if fmt.Sprintf("%+v", b.last) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", b.last, want)
	}
}

func TestServicesEmitOnTheDefaultBus(t *testing.T) {
	t.Parallel()
	b := newBench(t, bus.Options{})
	if err := b.Emit(bus.Default, "aws.ses", "Email Bounced", json.RawMessage(`{}`)); err != nil {
		t.Fatal(err)
	}
	b.deliver()
	b.wantGot("mailer Email Bounced")
}

func TestFailedDeliveryIsRetriedAfterOneAndTwoMinutesThenGivenUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, bus.Options{})
	b.fail = func(function string) error {
		if function == "mailer" {
			return errors.New("mail is down")
		}
		return nil
	}
	b.put(event("OrderPlaced"))
	if n := b.deliver(); n != 1 {
		t.Errorf("%d delivered, want the other rule's one", n)
	}
	b.settle()
	b.wantGot("mailer OrderPlaced", "audit OrderPlaced", "mailer OrderPlaced", "mailer OrderPlaced")
	if waited := b.clock.Now().Sub(noon); waited != 3*time.Minute {
		t.Errorf("three tries took %s", waited)
	}
	dead := b.DeadLetters("mails")
	if len(dead) != 1 || dead[0].Error != "mail is down" || dead[0].Attempts != 3 ||
		len(b.DeadLetters("all-of-orders")) != 0 {
		t.Errorf("dead letters %+v", dead)
	}
	b.fail = func(string) error { return nil }
	if n, err := b.Redrive("mails"); n != 1 || err != nil {
		t.Errorf("redrive: %d, %v", n, err)
	}
	if b.deliver() != 1 || len(b.DeadLetters("mails")) != 0 {
		t.Error("the redriven event was not delivered")
	}
}

func TestUndeliveredEventsAndDeadLettersSurviveARestart(t *testing.T) {
	t.Parallel()
	b := newBench(t, bus.Options{File: filepath.Join(t.TempDir(), "bus")})
	b.fail = func(string) error { return errors.New("down") }
	b.put(event("OrderPlaced"))
	b.settle()
	b.put(event("CartOpened"))
	b.fail = func(string) error { return nil }
	b.Close()
	b.open()
	b.got = nil
	b.settle()
	b.wantGot("audit CartOpened")
	if dead := b.DeadLetters("mails"); len(dead) != 1 || string(dead[0].Event.Detail) != `{"id":"ord_1"}` {
		t.Errorf("dead letters %+v", dead)
	}
	b.Close()
	b.open()
	if _, ok := b.NextDue(); ok {
		t.Error("a delivered event came back with the restart")
	}
}

func TestDeliveryCutOffByTheEndIsMadeAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, bus.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	b.fail = func(string) error { cancel(); return context.Canceled }
	b.put(event("CartOpened"))
	if _, err := b.Deliver(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	b.fail = func(string) error { return nil }
	if n := b.deliver(); n != 1 {
		t.Errorf("%d delivered after the restart, want 1", n)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	b := newBench(t, bus.Options{Faults: bus.Faults{
		Refuse: func(n int) bool { return n == 2 },
		Twice:  func(n int, rule string) bool { return n == 3 && rule == "mails" },
	}})
	out := b.put(event("OrderPlaced"), event("OrderPlaced"), event("OrderShipped"))
	if out.FailedEntryCount != 1 || aws.ToString(out.Entries[1].ErrorCode) != "InternalFailure" ||
		out.Entries[1].EventId != nil {
		t.Errorf("answer %+v", out.Entries)
	}
	b.deliver()
	b.wantGot("mailer OrderPlaced", "audit OrderPlaced", "mailer OrderShipped", "mailer OrderShipped",
		"audit OrderShipped")
}

func TestFunctionsAreInvokedSideBySide(t *testing.T) {
	t.Parallel()
	const atOnce = 3
	var waiting sync.WaitGroup // each invocation ends when the others have begun
	waiting.Add(atOnce)
	b, err := bus.Open(rules, bus.Options{Clock: clock.Stopped(noon), AtOnce: atOnce,
		Invoke: func(context.Context, string, []byte) ([]byte, error) {
			waiting.Done()
			waiting.Wait()
			return nil, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	for range atOnce {
		if err := b.Emit("shop", "dangol.orders", "OrderPaid", json.RawMessage(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.Deliver(t.Context()); n != atOnce || err != nil {
		t.Errorf("%d delivered, %v", n, err)
	}
}

func TestBadEntriesFailAloneWithTheCodesOfEventBridge(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		bad  func(*types.PutEventsRequestEntry)
		code string
	}{
		{"no source", func(e *types.PutEventsRequestEntry) { e.Source = nil }, "InvalidArgument"},
		{"no detail-type", func(e *types.PutEventsRequestEntry) { e.DetailType = nil }, "InvalidArgument"},
		{"no detail", func(e *types.PutEventsRequestEntry) { e.Detail = nil }, "InvalidArgument"},
		{"detail is no JSON", func(e *types.PutEventsRequestEntry) { e.Detail = aws.String("{") }, "MalformedDetail"},
		{"detail is no object", func(e *types.PutEventsRequestEntry) { e.Detail = aws.String("[1]") }, "MalformedDetail"},
		{"detail is blank", func(e *types.PutEventsRequestEntry) { e.Detail = aws.String(" ") }, "MalformedDetail"},
		{"a source of AWS", func(e *types.PutEventsRequestEntry) { e.Source = aws.String("aws.ses") },
			"NotAuthorizedForSourceException"},
		{"no such bus", func(e *types.PutEventsRequestEntry) { e.EventBusName = aws.String("nowhere") },
			"ResourceNotFoundException"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, bus.Options{})
			bad := event("OrderPlaced")
			c.bad(&bad)
			out := b.put(bad, event("CartOpened"))
			if out.FailedEntryCount != 1 || aws.ToString(out.Entries[0].ErrorCode) != c.code || out.Entries[1].ErrorCode != nil {
				t.Errorf("answer %+v", out.Entries)
			}
			b.deliver()
			b.wantGot("audit CartOpened")
		})
	}
}

func TestBadRequestsAreRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	b := newBench(t, bus.Options{})
	big := event("OrderPlaced")
	big.Detail = aws.String(`{"x":"` + strings.Repeat("x", 100_000) + `"}`)
	for name, entries := range map[string][]types.PutEventsRequestEntry{
		"none": {}, "eleven": slices.Repeat([]types.PutEventsRequestEntry{event("CartOpened")}, 11),
		"over 256 KB": {big, big, big},
	} {
		_, err := b.client().PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: entries})
		if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != "ValidationException" {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := b.client().ListRules(t.Context(), &eventbridge.ListRulesInput{}); err == nil {
		t.Error("a call that is not served was answered")
	}
	if _, ok := b.NextDue(); ok {
		t.Error("an event of a refused request waits")
	}
}

func TestFunctionsMayPutWhileManyDeliver(t *testing.T) {
	t.Parallel()
	b := newBench(t, bus.Options{})
	c := b.client()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				in := &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{event("CartOpened")}}
				if _, err := c.PutEvents(t.Context(), in); err != nil {
					t.Error(err)
				}
				if _, err := b.Deliver(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if len(b.got) != 80 {
		t.Errorf("%d invocations for 80 events", len(b.got))
	}
}
