package relay_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"pgregory.net/rapid"
)

func TestRelayPublishesEventsThatTheItemDidNotCarryBefore(t *testing.T) {
	t.Parallel()
	removed := change("a", 1, "e1", "e0")
	removed.EventName, removed.Change.NewImage = "REMOVE", nil
	null := with(change("a", 1, "e1", ""), events.NewNullAttribute())
	for _, c := range []struct {
		name    string
		records []events.DynamoDBEventRecord
		want    []string
	}{
		{"a new item with an event", []events.DynamoDBEventRecord{change("a", 1, "e1", "")}, []string{"e1"}},
		{"an item whose event is another one", []events.DynamoDBEventRecord{change("a", 1, "e2", "e1")}, []string{"e2"}},
		{"an item changed without an event: nothing", []events.DynamoDBEventRecord{change("a", 1, "e1", "e1")}, nil},
		{"an item that has no event: nothing", []events.DynamoDBEventRecord{change("a", 1, "", "")}, nil},
		{"an item that lost its event: nothing", []events.DynamoDBEventRecord{change("a", 1, "", "e1")}, nil},
		{"a removed item: nothing", []events.DynamoDBEventRecord{removed}, nil},
		{"an empty batch: nothing", nil, nil},
		{"several in the order of the stream", []events.DynamoDBEventRecord{
			change("a", 1, "e1", ""), change("b", 2, "e2", ""), change("a", 3, "e3", "e1"),
		}, []string{"e1", "e2", "e3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench()
			if again := b.run(t, c.records...); again != "" {
				t.Errorf("wants to be called again from %s\n%s", again, b.logged.String())
			}
			if got := b.bus.ids(); !slices.Equal(got, c.want) {
				t.Errorf("published %v, want %v", got, c.want)
			}
		})
	}
	if again := newBench().run(t, null); again == "" {
		t.Error("an event that is NULL was taken for one that can be read")
	}
}

func TestRelayWritesTheEnvelopeAsDetail(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.run(t, change("a", 1, "e1", ""))
	put := b.bus.calls[0][0]
	if *put.Source != "dangol" || *put.DetailType != "order.placed" || *put.EventBusName != "shop-bus" {
		t.Errorf("source %s, type %s, bus %s", *put.Source, *put.DetailType, *put.EventBusName)
	}
	want := `{"id":"e1","type":"order.placed","time":"2026-03-01T11:59:58.5Z","correlationId":"req-7","data":{"orderId":"a"}}`
	if *put.Detail != want {
		t.Errorf("detail %s\nwant   %s", *put.Detail, want)
	}
	if !put.Time.Equal(b.bus.published[0].Time) {
		t.Errorf("time %s, want that of the event", put.Time)
	}
}

func TestRelaySaysFromWhereToComeAgain(t *testing.T) {
	t.Parallel()
	many := func(n int) (records []events.DynamoDBEventRecord) {
		for i := range n {
			records = append(records, change(fmt.Sprint("item", i), i+1, fmt.Sprint("e", i+1), ""))
		}
		return records
	}
	twiceTheSame := []events.DynamoDBEventRecord{change("a", 1, "e1", ""), change("b", 2, "e2", ""),
		change("a", 3, "e3", "e1")}
	for _, c := range []struct {
		name      string
		records   []events.DynamoDBEventRecord
		faults    []fault
		again     string
		published int
	}{
		{"one entry refused: its sequence number, though the ones behind it got through", many(5),
			[]fault{{refuse: []int{2}}}, sequence(3), 4},
		{"several refused: the first of them", many(5), []fault{{refuse: []int{4, 1}}}, sequence(2), 3},
		{"no answer: the first of the call", many(15), []fault{{}, {lose: true}}, sequence(11), 10},
		{"no answer though the bus took them: once more", many(3), []fault{{lose: true, taken: true}}, sequence(1), 3},
		{"an answer that does not fit the call: once more", many(3), []fault{{short: true}}, sequence(1), 3},
		{"calls after the one that failed are not made", many(25), []fault{{}, {refuse: []int{9}}}, sequence(20), 19},
		{"an item's second event waits for its first", twiceTheSame, []fault{{refuse: []int{0}}}, sequence(1), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(c.faults...)
			if again := b.run(t, c.records...); again != c.again {
				t.Errorf("comes again from %q, want %q", again, c.again)
			}
			if len(b.bus.published) != c.published {
				t.Errorf("%d published, want %d", len(b.bus.published), c.published)
			}
		})
	}
}

func TestRelayKeepsTheLimitsOfTheBus(t *testing.T) {
	t.Parallel()
	b := newBench()
	var records []events.DynamoDBEventRecord
	for i := range 24 {
		data := fmt.Sprintf(`{"text":%q}`, strings.Repeat("가", 20_000)) // 60 kB in UTF-8
		records = append(records, with(change(fmt.Sprint(i), i+1, "", ""), riding(fmt.Sprint("e", i), data)))
	}
	if again := b.run(t, records...); again != "" {
		t.Fatalf("comes again from %s\n%s", again, b.logged.String())
	}
	if len(b.bus.published) != 24 || len(b.bus.calls) != 6 {
		t.Errorf("%d events in %d calls, want 24 in 6", len(b.bus.published), len(b.bus.calls))
	}
}

func TestUnreadableRecordIsReportedAndHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	missing := func(field string) events.DynamoDBAttributeValue {
		m := riding("bad", `{}`).Map()
		delete(m, field)
		return events.NewMapAttribute(m)
	}
	badTime := riding("bad", `{}`).Map()
	badTime["time"] = events.NewStringAttribute("yesterday")
	for name, attribute := range map[string]events.DynamoDBAttributeValue{
		"not a map":              events.NewStringAttribute("order.placed"),
		"no id":                  missing("id"),
		"no type":                missing("type"),
		"no time":                missing("time"),
		"no data":                missing("data"),
		"a time that is none":    events.NewMapAttribute(badTime),
		"data that is no JSON":   riding("bad", `{"orderId":`),
		"larger than a bus call": riding("bad", `{"text":"`+strings.Repeat("x", 256<<10)+`"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench()
			bad := with(change("b", 2, "", ""), attribute)
			again := b.run(t, change("a", 1, "e1", ""), bad, change("c", 3, "e3", ""))
			if again != sequence(2) {
				t.Errorf("reported %q, want the unreadable record", again)
			}
			if got := b.bus.ids(); !slices.Equal(got, []string{"e1", "e3"}) {
				t.Errorf("published %v, want what is around it", got)
			}
			if !strings.Contains(b.metrics.String(), `"EventsUnreadable":1`) ||
				!strings.Contains(b.logged.String(), "ORDER#b/ORDER") {
				t.Errorf("metrics %s\nlog %s", b.metrics.String(), b.logged.String())
			}
		})
	}
}

func TestRelayMeasuresWhatItDid(t *testing.T) {
	t.Parallel()
	b := newBench(fault{refuse: []int{1}})
	b.run(t, change("a", 1, "e1", ""), change("b", 2, "e2", ""))
	var line map[string]any
	if err := json.Unmarshal(b.metrics.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float64{"EventsPublished": 1, "EventsNotPublished": 1, "EventsUnreadable": 0,
		"EventLag": 1500} {
		if line[name] != want {
			t.Errorf("%s = %v, want %v", name, line[name], want)
		}
	}
}

// TestNoEventIsLostAndNoItemToldOutOfOrder plays Lambda's event source against a bus that fails in every way it can.
func TestNoEventIsLostAndNoItemToldOutOfOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		records, want := drawRecords(t)
		b := newBench(drawFaults(t)...)
		for left := records; len(left) > 0; {
			again := b.run(t, left...)
			if again == "" {
				break
			}
			at := slices.IndexFunc(left, func(r events.DynamoDBEventRecord) bool { return r.Change.SequenceNumber == again })
			if at < 0 {
				t.Fatalf("reported %s, which is not in the batch", again)
			}
			left = left[at:]
		}
		first := firsts(b.bus.ids())
		for item, ids := range want {
			got := slices.DeleteFunc(slices.Clone(first), func(id string) bool { return !strings.HasPrefix(id, item+".") })
			if !slices.Equal(got, ids) {
				t.Fatalf("item %s was told %v, want %v", item, got, ids)
			}
		}
	})
}

func drawRecords(t *rapid.T) (records []events.DynamoDBEventRecord, want map[string][]string) {
	want = map[string][]string{}
	for i := range rapid.IntRange(0, 40).Draw(t, "records") {
		item := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "item")
		before := ""
		if n := len(want[item]); n > 0 {
			before = want[item][n-1]
		}
		id := fmt.Sprintf("%s.%d", item, i)
		if before != "" && rapid.Bool().Draw(t, "silent") {
			id = before
		} else {
			want[item] = append(want[item], id)
		}
		records = append(records, change(item, i+1, id, before))
	}
	return records, want
}

func drawFaults(t *rapid.T) []fault {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) fault {
		return fault{
			lose: rapid.Bool().Draw(t, "lose"), taken: rapid.Bool().Draw(t, "taken"), short: rapid.Bool().Draw(t, "short"),
			refuse: rapid.SliceOfN(rapid.IntRange(0, 9), 0, 3).Draw(t, "refuse"),
		}
	}), 0, 15).Draw(t, "faults")
}

// firsts keeps the first of each.
func firsts(ids []string) (kept []string) {
	for _, id := range ids {
		if !slices.Contains(kept, id) {
			kept = append(kept, id)
		}
	}
	return kept
}

func TestRelaySamples(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]struct {
		again string
		types []string
	}{
		"order-placed.json":     {"", []string{"order.placed"}},
		"no-event-changed.json": {"", nil},
		"unreadable.json":       {"100000000000000000000002", []string{"order.placed"}},
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			payload, err := os.ReadFile(filepath.Join("../../events/samples/relay", file))
			if err != nil {
				t.Fatal(err)
			}
			b := newBench()
			if again := b.invoke(t, payload); again != want.again {
				t.Errorf("comes again from %q, want %q", again, want.again)
			}
			var published []string
			for _, e := range b.bus.published {
				published = append(published, e.Type)
			}
			if !slices.Equal(published, want.types) {
				t.Errorf("published %v, want %v", published, want.types)
			}
		})
	}
}

func TestAStockCounterThatCrossesABoundIsPublished(t *testing.T) {
	t.Parallel()
	b := newBench()
	counter := func(n int, before, after string) events.DynamoDBEventRecord {
		keys := map[string]events.DynamoDBAttributeValue{
			"pk": events.NewStringAttribute("STOCK#var_soap_0"), "sk": events.NewStringAttribute("BUCKET#00"),
		}
		return events.DynamoDBEventRecord{EventID: fmt.Sprint("change-", n), EventName: "MODIFY",
			Change: events.DynamoDBStreamRecord{
				SequenceNumber: sequence(n), Keys: keys, ApproximateCreationDateTime: events.SecondsEpochTime{Time: noon},
				OldImage: map[string]events.DynamoDBAttributeValue{"available": events.NewNumberAttribute(before)},
				NewImage: map[string]events.DynamoDBAttributeValue{"available": events.NewNumberAttribute(after)},
			}}
	}
	if again := b.run(t, counter(1, "9", "6"), change("a", 2, "e1", ""), counter(3, "6", "5"), counter(4, "5", "4"),
		counter(5, "4", "0")); again != "" {
		t.Fatalf("wants to be called again from %s\n%s", again, b.logged.String())
	}
	var got []string
	for _, e := range b.bus.published {
		got = append(got, e.Type)
	}
	if want := []string{"order.placed", "stock.level_changed", "stock.level_changed"}; !slices.Equal(got, want) {
		t.Fatalf("published %v, want %v", got, want)
	}
	first := b.bus.published[1]
	if string(first.Data) != `{"variantId":"var_soap_0","before":6,"available":5,"availability":"low"}` ||
		!first.Time.Equal(noon) {
		t.Errorf("%s at %s", first.Data, first.Time)
	}
	// A batch that comes again has the same ids: consumers recognize them.
	b.run(t, counter(3, "6", "5"))
	if last := b.bus.published[3]; last.ID != first.ID {
		t.Errorf("%s became %s when it came again", first.ID, last.ID)
	}
}
