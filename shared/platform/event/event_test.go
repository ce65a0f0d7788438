package event_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/logging"
	"dangol/shared/platform/table"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.UTC)

type greeted struct {
	Name string  `json:"name"`
	Rate float64 `json:"rate"`
}

func (greeted) EventType() string { return "person.greeted" }

type parted struct{}

func (parted) EventType() string { return "person.parted" }

func made(t testing.TB, body event.Body) *event.Event {
	t.Helper()
	e, err := event.New(logging.WithCorrelation(t.Context(), "req-7"), noon, body)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestNewEventSaysWhatWhenAndWhy(t *testing.T) {
	t.Parallel()
	a, b := made(t, greeted{Name: "김하늘"}), made(t, greeted{})
	if !id.Is("evt", a.ID) || a.ID == b.ID || a.Type != "person.greeted" || !a.Time.Equal(noon) ||
		a.CorrelationID != "req-7" {
		t.Errorf("%+v and %+v", a, b)
	}
	if e, err := event.New(t.Context(), noon, greeted{}); err != nil || e.CorrelationID != "" {
		t.Errorf("without correlation: %+v, %v", e, err)
	}
	if _, err := event.New(t.Context(), noon, greeted{Rate: math.NaN()}); err == nil ||
		!strings.Contains(err.Error(), "person.greeted") {
		t.Errorf("a body that is no JSON: %v", err)
	}
}

// TestEventsSurviveTheTrip sends bodies over an item and the bus.
func TestEventsSurviveTheTrip(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	type item struct {
		table.Key
		Event *event.Event `dynamodbav:"event,omitempty"`
	}
	key := table.Key{PK: "PERSON#1", SK: "PERSON"}
	rapid.Check(t, func(rt *rapid.T) {
		body := greeted{Name: strings.ToValidUTF8(rapid.String().Draw(rt, "name"), ""),
			Rate: float64(rapid.Int32().Draw(rt, "rate"))}
		e := made(t, body)
		if err := tb.Put(t.Context(), table.Put{Item: item{key, e}}); err != nil {
			rt.Fatal(err)
		}
		var back item
		if err := tb.Get(t.Context(), key, &back); err != nil {
			rt.Fatal(err)
		}
		raw, err := json.Marshal(back.Event.Envelope())
		if err != nil {
			rt.Fatal(err)
		}
		var envelope event.Envelope
		if err := json.Unmarshal(raw, &envelope); err != nil {
			rt.Fatal(err)
		}
		var got greeted
		if err := envelope.Into(&got); err != nil || got != body {
			rt.Fatalf("%+v, %v; want %+v", got, err, body)
		}
		if envelope.ID != e.ID || !envelope.Time.Equal(noon) || envelope.CorrelationID != "req-7" {
			rt.Fatalf("envelope %+v", envelope)
		}
	})
}

func TestIntoRefusesAnotherEventAndBrokenData(t *testing.T) {
	t.Parallel()
	e := made(t, greeted{Name: "x"}).Envelope()
	if err := e.Into(&parted{}); err == nil || !strings.Contains(err.Error(), e.ID) {
		t.Errorf("another type: %v", err)
	}
	e.Data = json.RawMessage(`{"name":7}`)
	if err := e.Into(&greeted{}); err == nil || !strings.Contains(err.Error(), e.ID) {
		t.Errorf("broken data: %v", err)
	}
	e.Data = json.RawMessage(`{"name":"x","added":"later"}`)
	if err := e.Into(&greeted{}); err != nil {
		t.Errorf("a field that this consumer does not know: %v", err)
	}
}

func TestOnceLetsAnEffectHappenOncePerConsumer(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	e := made(t, greeted{}).Envelope()
	consume := func(consumer string) error {
		return tb.Transact(t.Context(), id.Secret(), event.Once(consumer, e, noon),
			table.Update{Key: table.Key{PK: "COUNT#" + consumer, SK: "COUNT"}, Do: "ADD #n :one",
				With: map[string]any{":one": 1}})
	}
	var done atomic.Int32
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			err := consume("mailer")
			if c, refused := table.Refused(err); err == nil {
				done.Add(1)
			} else if !refused || !c.Refused(0) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if done.Load() != 1 {
		t.Errorf("took effect %d times", done.Load())
	}
	if err := consume("points"); err != nil {
		t.Errorf("another consumer: %v", err)
	}
	var seen struct {
		TTL int64 `dynamodbav:"ttl"`
	}
	key := table.Key{PK: "SEEN#mailer#" + e.ID, SK: "SEEN"}
	if err := tb.Get(t.Context(), key, &seen); err != nil || time.Unix(seen.TTL, 0).Before(noon.AddDate(0, 0, 15)) {
		t.Errorf("remembered until %v, %v; a redrive can come after 14 days", time.Unix(seen.TTL, 0), err)
	}
}

func TestOnceCostsWhatItSays(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	ctx, meter := table.Metered(t.Context())
	if err := tb.Transact(ctx, "", event.Once("mailer", made(t, greeted{}).Envelope(), noon)); err != nil {
		t.Fatal(err)
	}
	if got, p := meter.Cost(), event.AccessPatterns[0]; got.Write != p.Write || got.Read != p.Read {
		t.Errorf("%+v, documented %+v", got, p)
	}
}

// TestALongEventIsStoredCompressedAndReadFromTheStream takes the attribute as Lambda gets it: binary values are base64.
func TestALongEventIsStoredCompressedAndReadFromTheStream(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"김하늘", strings.Repeat("솔잎 클렌징 폼 ", 40)} {
		e := made(t, greeted{Name: name})
		av, err := attributevalue.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		attributes := map[string]any{}
		for key, value := range av.(*types.AttributeValueMemberM).Value {
			switch value := value.(type) {
			case *types.AttributeValueMemberS:
				attributes[key] = map[string]any{"S": value.Value}
			case *types.AttributeValueMemberB:
				attributes[key] = map[string]any{"B": value.Value}
			}
		}
		raw, err := json.Marshal(map[string]any{"Records": []any{map[string]any{"dynamodb": map[string]any{
			"NewImage": map[string]any{"event": map[string]any{"M": attributes}}}}}})
		if err != nil {
			t.Fatal(err)
		}
		var batch event.StreamBatch
		if err := json.Unmarshal(raw, &batch); err != nil {
			t.Fatal(err)
		}
		got, ok, err := batch.Records[0].Envelope()
		if err != nil || !ok || !reflect.DeepEqual(got, e.Envelope()) {
			t.Errorf("%d bytes of %s: %+v, %v, %v; want %+v", len(raw), name, got, ok, err, e.Envelope())
		}
		if _, packed := attributes["data"].(map[string]any)["B"]; packed != (len(name) > 100) {
			t.Errorf("%d bytes of data are stored compressed: %v", len(e.Data), packed)
		}
	}
}
