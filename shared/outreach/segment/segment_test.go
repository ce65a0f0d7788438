package segment_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/compliance"
	"dangol/shared/outreach/segment"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func daysAgo(n int) time.Time { return noon.Add(-time.Duration(n) * 24 * time.Hour) }

// regular has bought soap 10 and 100 days ago and clicked yesterday.
var regular = segment.Person{
	ID: "ctc_1", Language: "ko-KR", Country: "KR", Customer: true, Tags: []string{"vip"}, Birthday: "03-21",
	Orders: []segment.Order{
		{ID: "ord_1", At: daysAgo(100), Amount: 30000, Currency: "KRW", Products: []string{"prd_soap"}},
		{ID: "ord_2", At: daysAgo(10), Amount: 12000, Currency: "KRW", Products: []string{"prd_soap", "prd_brush"}},
	},
	Events:  map[string][]time.Time{"mail.clicked": {daysAgo(40), daysAgo(1)}},
	Consent: map[compliance.Channel]compliance.ChannelConsent{compliance.Email: compliance.Given},
}

func TestConditions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		condition string
		want      bool
	}{
		{`{"profile":{"field":"language","in":["ko"]}}`, true},
		{`{"profile":{"field":"language","in":["en"]}}`, false},
		{`{"profile":{"field":"country","in":["us","kr"]}}`, true},
		{`{"profile":{"field":"tag","in":["vip"]}}`, true},
		{`{"profile":{"field":"tag","in":["wholesale"]}}`, false},
		{`{"profile":{"field":"customer","in":["true"]}}`, true},
		{`{"profile":{"field":"birth_month","in":["03"]}}`, true},
		{`{"orders":{"atLeast":2}}`, true},
		{`{"orders":{"atLeast":2,"days":90}}`, false},
		{`{"orders":{"atLeast":1,"days":90}}`, true},
		{`{"orders":{"atMost":0,"days":9}}`, true},
		{`{"orders":{"atMost":0}}`, false},
		{`{"orders":{"atLeast":1,"products":["prd_brush"]}}`, true},
		{`{"orders":{"atLeast":2,"products":["prd_brush"]}}`, false},
		{`{"orders":{"spent":42000,"currency":"KRW"}}`, true},
		{`{"orders":{"spent":42001,"currency":"KRW"}}`, false},
		{`{"orders":{"spent":1,"currency":"USD"}}`, false},
		{`{"event":{"type":"mail.clicked","atLeast":1,"days":30}}`, true},
		{`{"event":{"type":"mail.clicked","atLeast":2,"days":30}}`, false},
		{`{"event":{"type":"order.canceled","atMost":0}}`, true},
		{`{"consent":{"channel":"email","is":"given"}}`, true},
		{`{"consent":{"channel":"push","is":""}}`, true},
		{`{"not":{"orders":{"atLeast":3}}}`, true},
		{`{"all":[{"orders":{"atLeast":1}},{"profile":{"field":"country","in":["US"]}}]}`, false},
		{`{"any":[{"orders":{"atLeast":9}},{"profile":{"field":"country","in":["KR"]}}]}`, true},
	}
	for _, tt := range tests {
		t.Run(tt.condition, func(t *testing.T) {
			t.Parallel()
			c := parse(t, tt.condition)
			if faults := c.Faults(); faults != nil {
				t.Fatalf("faults: %v", faults)
			}
			if got := c.Holds(regular, noon); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func parse(t *testing.T, s string) (c segment.Condition) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConditionsThatAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ condition, pointer string }{
		{`{}`, ""},
		{`{"orders":{"atLeast":1},"event":{"type":"order.placed","atLeast":1}}`, ""},
		{`{"all":[]}`, "/all"},
		{`{"any":[{"orders":{"atLeast":1}},{}]}`, "/any/1"},
		{`{"not":{"orders":{}}}`, "/not/orders"},
		{`{"profile":{"field":"email","in":["a@example.com"]}}`, "/profile/field"},
		{`{"profile":{"field":"tag","in":[]}}`, "/profile/in"},
		{`{"profile":{"field":"customer","in":["maybe"]}}`, "/profile/in/0"},
		{`{"profile":{"field":"birth_month","in":["13"]}}`, "/profile/in/0"},
		{`{"orders":{"atLeast":3,"atMost":2}}`, "/orders/atMost"},
		{`{"orders":{"spent":5}}`, "/orders/currency"},
		{`{"orders":{"atLeast":1,"days":4000}}`, "/orders/days"},
		{`{"event":{"type":"mail.opened","atLeast":1}}`, "/event/type"},
		{`{"event":{"type":"mail.clicked"}}`, "/event"},
		{`{"consent":{"channel":"pigeon","is":"given"}}`, "/consent/channel"},
		{`{"consent":{"channel":"email","is":"maybe"}}`, "/consent/is"},
		{`{"not":{"not":{"not":{"not":{"not":{"orders":{"atLeast":1}}}}}}}`, "/not/not/not/not/not"},
	}
	for _, tt := range tests {
		t.Run(tt.condition, func(t *testing.T) {
			t.Parallel()
			faults := parse(t, tt.condition).Faults()
			if !slices.ContainsFunc(faults, func(f segment.Fault) bool { return f.Pointer == tt.pointer }) {
				t.Errorf("faults %v, want one at %q", faults, tt.pointer)
			}
		})
	}
}

func TestManyPartsAreRefused(t *testing.T) {
	t.Parallel()
	c := segment.Condition{}
	for range 60 {
		c.Any = append(c.Any, segment.Condition{Orders: &segment.OrderCondition{AtLeast: 1}})
	}
	if c.Faults() == nil {
		t.Error("60 parts are accepted")
	}
}

// anyCondition draws a valid condition.
func anyCondition(depth int) *rapid.Generator[segment.Condition] {
	return rapid.Custom(func(t *rapid.T) segment.Condition {
		kinds := []string{"orders", "event", "profile"}
		if depth < 3 {
			kinds = append(kinds, "all", "any", "not")
		}
		days := rapid.IntRange(0, 60).Draw(t, "days")
		switch rapid.SampledFrom(kinds).Draw(t, "kind") {
		case "orders":
			most := rapid.IntRange(0, 3).Draw(t, "most")
			return segment.Condition{Orders: &segment.OrderCondition{AtMost: &most, Days: days}}
		case "event":
			return segment.Condition{Event: &segment.EventCondition{Type: "mail.clicked",
				AtLeast: rapid.IntRange(1, 3).Draw(t, "n"), Days: days}}
		case "profile":
			return segment.Condition{Profile: &segment.ProfileCondition{Field: segment.FieldCountry, In: []string{"KR"}}}
		case "not":
			inner := anyCondition(depth+1).Draw(t, "inner")
			return segment.Condition{Not: &inner}
		case "all":
			return segment.Condition{All: rapid.SliceOfN(anyCondition(depth+1), 1, 3).Draw(t, "all")}
		default:
			return segment.Condition{Any: rapid.SliceOfN(anyCondition(depth+1), 1, 3).Draw(t, "any")}
		}
	})
}

func anyPerson(t *rapid.T) (p segment.Person) {
	for i, hours := range rapid.SliceOfN(rapid.IntRange(-2000, 100), 0, 6).Draw(t, "orders") {
		p.Ordered(segment.Order{ID: fmt.Sprint(i), At: noon.Add(time.Duration(hours) * time.Hour)})
	}
	for _, hours := range rapid.SliceOfN(rapid.IntRange(-2000, 100), 0, 6).Draw(t, "clicks") {
		p.Happened("mail.clicked", noon.Add(time.Duration(hours)*time.Hour))
	}
	return p
}

func TestBetweenNowAndTheNextChangeTheAnswerStays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, p := anyCondition(0).Draw(t, "condition"), anyPerson(t)
		before, next := c.Holds(p, noon), c.NextChange(p, noon)
		end := next
		if next.IsZero() {
			end = noon.AddDate(1, 0, 0)
		}
		if !end.After(noon) {
			t.Fatalf("next change %s is not after now", next)
		}
		later := noon.Add(time.Duration(rapid.Int64Range(0, int64(end.Sub(noon))-1).Draw(t, "later")))
		if got := c.Holds(p, later); got != before {
			t.Fatalf("%t at %s, %t at %s, next change %s", before, noon, got, later, next)
		}
	})
}

func TestAPersonStaysSmallAndInOrder(t *testing.T) {
	t.Parallel()
	var p segment.Person
	for i := range 300 {
		at := noon.Add(time.Duration(i*37%300) * time.Hour)
		p.Happened("order.canceled", at)
		p.Happened("order.canceled", at)
		p.Ordered(segment.Order{ID: fmt.Sprint(i), At: at})
		p.Ordered(segment.Order{ID: fmt.Sprint(i), At: at})
	}
	if n := len(p.Events["order.canceled"]); n != segment.MaxEvents {
		t.Errorf("%d events kept", n)
	}
	if n := len(p.Orders); n != segment.MaxOrders {
		t.Errorf("%d orders kept", n)
	}
	if !slices.IsSortedFunc(p.Events["order.canceled"], time.Time.Compare) {
		t.Error("events are out of order")
	}
	if last, ok := p.LastOrder(); !ok || !last.At.Equal(noon.Add(299*time.Hour)) {
		t.Errorf("last order at %s", last.At)
	}
	last, _ := p.LastOrder()
	p.Canceled(last.ID)
	if again, _ := p.LastOrder(); again.ID == last.ID {
		t.Error("a canceled order still counts")
	}
}

// Events come late, twice and out of order; a canceled order is no purchase in any of these cases.
func TestACanceledOrderIsNoPurchaseInWhateverOrderItsEventsCome(t *testing.T) {
	t.Parallel()
	order := segment.Order{ID: "ord_1", At: noon, Amount: 12_000, Currency: "KRW"}
	for _, sequence := range []string{"pc", "cp", "pcp", "cpc", "ppcc", "cpp"} {
		var p segment.Person
		for _, event := range sequence {
			if event == 'p' {
				p.Ordered(order)
			} else {
				p.Canceled(order.ID)
			}
		}
		if len(p.Orders) != 0 || !p.Knows(order.ID) {
			t.Errorf("%s: %d purchases, known %t", sequence, len(p.Orders), p.Knows(order.ID))
		}
	}
	var p segment.Person
	for n := range 3 * segment.MaxCanceled {
		p.Canceled(fmt.Sprint("ord_", n))
	}
	if len(p.CanceledOrders) != segment.MaxCanceled || !p.Knows(fmt.Sprint("ord_", 3*segment.MaxCanceled-1)) {
		t.Errorf("%d canceled orders are kept", len(p.CanceledOrders))
	}
}
