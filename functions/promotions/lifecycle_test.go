package promotions_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/functions/promotions"
	"dangol/shared/platform/api"
	"dangol/shared/promotion"
)

func TestAPromotionIsMadeOncePerKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	keyed := b.merchant.With("Idempotency-Key", "a-promotion-of-sixteen")
	var first, again promotions.PromotionDocument
	made := keyed.Do("POST", "/promotions", body(product, nil)).Want(201).Into(&first)
	r := keyed.Do("POST", "/promotions", body(product, nil)).Want(201).Into(&again)
	if again.ID != first.ID || r.Headers.Get("Idempotent-Replayed") != "true" ||
		r.Headers.Get("ETag") != made.Headers.Get("ETag") {
		t.Errorf("%s and %s, %v", first.ID, again.ID, r.Headers)
	}
	keyed.Do("POST", "/promotions", body(product, map[string]any{"priority": 2})).
		WantProblem(422, "idempotency_key_reused")
	if got := b.ids("state=draft"); !slices.Equal(got, []string{first.ID}) {
		t.Errorf("drafts %v", got)
	}
}

// ids walks the list of promotions, two a page.
func (b *bench) ids(query string) (ids []string) {
	b.t.Helper()
	cursor := ""
	for {
		var page promotions.PromotionList
		b.merchant.Do("GET", "/promotions?limit=2&"+query+"&cursor="+cursor, nil).Want(200).Into(&page)
		for _, p := range page.Promotions {
			ids = append(ids, p.ID)
		}
		if cursor = page.NextCursor; cursor == "" {
			return ids
		}
		if len(page.Promotions) != 2 {
			b.t.Errorf("a page that is not the last has %d promotions", len(page.Promotions))
		}
	}
}

func TestADraftIsDeletedInTheVersionThatIsMeant(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	draft := b.create(body(product, nil))
	path := "/promotions/" + draft.ID
	b.merchant.With("If-Match", api.ETag("1")).Do("PUT", path, body(product, map[string]any{"priority": 2})).Want(200)
	b.merchant.With("If-Match", api.ETag("1")).Do("DELETE", path, nil).WantProblem(412, "promotion_changed")
	b.merchant.With("If-Match", api.ETag("2")).Do("DELETE", path, nil).Want(204)
	b.merchant.Do("DELETE", path, nil).WantProblem(404, "promotion_not_found")
	b.merchant.Do("GET", path, nil).WantProblem(404, "promotion_not_found")
	b.merchant.Do("GET", path+"/report", nil).WantProblem(404, "promotion_not_found")
	for _, step := range []string{"publish", "pause", "resume", "end"} {
		b.merchant.Do("POST", path+"/"+step, nil).WantProblem(404, "promotion_not_found")
	}
	if got := b.ids(""); len(got) != 0 {
		t.Errorf("it is listed: %v", got)
	}
}

func TestListsShowEachPromotionOnceByItsState(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	at := func(day int, change map[string]any) map[string]any {
		d := map[string]any{"starts": fmt.Sprintf("2026-12-%02dT10:00", day), "ends": fmt.Sprintf("2026-12-%02dT24:00", day),
			"kind": "free_shipping", "class": "shipping", "terms": nil}
		for name, value := range change {
			d[name] = value
		}
		return body(product, d)
	}
	var ids []string
	for day := 1; day <= 5; day++ {
		ids = append(ids, b.publish(at(day, nil)).ID)
	}
	draft := b.create(at(6, nil)).ID
	b.clock.MoveTo(time.Date(2026, 12, 3, 3, 0, 0, 0, time.UTC)) // noon in Seoul: two are over, one is live
	b.merchant.Do("POST", "/promotions/"+ids[3]+"/pause", nil).Want(200)
	for query, want := range map[string][]string{
		"":                {ids[2], ids[3], ids[4], draft},
		"state=live":      {ids[2]},
		"state=scheduled": {ids[4]},
		"state=paused":    {ids[3]},
		"state=draft":     {draft},
		"state=ended":     {ids[1], ids[0]}, // the latest first
	} {
		if got := b.ids(query); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
	b.merchant.Do("GET", "/promotions?state=over", nil).Want(422)
	b.merchant.Do("GET", "/promotions?cursor=promo_none", nil).WantField("query/cursor")
}

func TestWhatAPausedPromotionDoesNext(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		steps  []string // a duration moves the clock, anything else is a request
		state  promotion.State
		events int // announced beyond publishing
	}{
		{"paused before its start, nothing is announced", []string{"pause"}, promotion.Paused, 0},
		{"paused twice", []string{"pause", "pause"}, promotion.Paused, 0},
		{"resumed before its start", []string{"pause", "resume"}, promotion.Scheduled, 0},
		{"resumed without a pause", []string{"resume"}, promotion.Scheduled, 0},
		{"paused on its day", []string{"98h", "pause"}, promotion.Paused, 1},
		{"paused and resumed on its day", []string{"98h", "pause", "resume"}, promotion.Live, 2},
		{"paused before its start and resumed on its day", []string{"pause", "98h", "resume"}, promotion.Live, 1},
		{"ended before its start it is a draft again", []string{"end"}, promotion.Draft, 0},
		{"ended twice on its day", []string{"98h", "end", "end"}, promotion.Ended, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			product, _ := b.sell(12_000)
			p := b.publish(body(product, nil)) // Friday 10:00 to 24:00; it is Monday 9:00
			seen := map[string]bool{}
			if r := b.record(p.ID); r.Event != nil {
				seen[r.Event.ID] = true
			}
			before := len(seen)
			for _, step := range tc.steps {
				if d, err := time.ParseDuration(step); err == nil {
					b.clock.Advance(d)
					continue
				}
				b.merchant.Do("POST", "/promotions/"+p.ID+"/"+step, nil).Want(200)
				if r := b.record(p.ID); r.Event != nil {
					seen[r.Event.ID] = true
				}
			}
			var got promotions.PromotionDocument
			b.merchant.Do("GET", "/promotions/"+p.ID, nil).Want(200).Into(&got)
			if got.State != tc.state || len(seen)-before != tc.events {
				t.Errorf("it is %s after %d events, want %s after %d", got.State, len(seen)-before, tc.state, tc.events)
			}
		})
	}
}

func TestAPromotionShowsWhatOfItsBudgetIsUsed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	p := b.publish(body(product, map[string]any{"budget": map[string]any{"uses": 10,
		"spend": map[string]any{"KRW": 50_000}}}))
	plain := b.publish(body(product, map[string]any{"starts": "2026-12-24T10:00", "ends": "2026-12-24T24:00"}))
	var got promotions.PromotionDocument
	read := func(id string) promotions.PromotionDocument {
		var d promotions.PromotionDocument
		b.merchant.Do("GET", "/promotions/"+id, nil).Want(200).Into(&d)
		return d
	}
	if got = read(p.ID); got.Used == nil || got.Used.Uses != 0 {
		t.Errorf("before the first order: %+v", got.Used)
	}
	b.used(p.ID, 1_200, "", "")
	b.used(p.ID, 2_400, "", "")
	if got = read(p.ID); got.Used.Uses != 2 || got.Used.Spend["KRW"] != 3_600 {
		t.Errorf("after two orders: %+v", got.Used)
	}
	if got = read(plain.ID); got.Used != nil {
		t.Errorf("without a budget: %+v", got.Used)
	}
}

func TestTheReportCountsTheDaysThatHadAMinuteOfIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	draft := b.create(body(product, nil))
	days := func(id string) int {
		var r promotions.PromotionReport
		b.merchant.Do("GET", "/promotions/"+id+"/report", nil).Want(200).Into(&r)
		return r.Days
	}
	p := b.publish(body(product, map[string]any{"starts": "2026-11-27T23:00", "ends": "2026-11-29T24:00"}))
	for _, tc := range []struct {
		at   string // on the shop's clocks
		want int
	}{
		{"2026-11-27T22:59", 0}, {"2026-11-27T23:00", 1}, {"2026-11-28T00:00", 2}, {"2026-11-29T23:59", 3},
		{"2026-11-30T00:00", 3}, {"2026-12-31T12:00", 3},
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04", tc.at, b.f.Zone)
		if err != nil {
			t.Fatal(err)
		}
		b.clock.MoveTo(at)
		if got := days(p.ID); got != tc.want {
			t.Errorf("at %s it had %d days, want %d", tc.at, got, tc.want)
		}
	}
	if got := days(draft.ID); got != 0 {
		t.Errorf("a draft had %d days", got)
	}
}

func TestTheCalendarBeginsWithTheYearOfTheShop(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seasons := func(query string) (out struct{ Seasons []promotions.SeasonDates }) {
		b.merchant.Do("GET", "/seasons?"+query, nil).Want(200).Into(&out)
		return out
	}
	b.clock.MoveTo(time.Date(2026, 12, 31, 15, 30, 0, 0, time.UTC)) // half past midnight of New Year in Seoul
	one := seasons("years=1")
	if len(one.Seasons) == 0 || !strings.HasSuffix(one.Seasons[len(one.Seasons)-1].Group, "2027") {
		t.Fatalf("at New Year the seasons are of %+v", one.Seasons)
	}
	two := seasons("from=2027&years=2")
	if len(two.Seasons) != 2*len(one.Seasons) {
		t.Errorf("%d seasons in a year, %d in two", len(one.Seasons), len(two.Seasons))
	}
	if !slices.IsSortedFunc(two.Seasons,
		func(x, y promotions.SeasonDates) int { return x.Starts.Compare(y.Starts) }) {
		t.Error("they are not in the order of their starts")
	}
	for _, s := range two.Seasons {
		if !s.Starts.Before(s.Ends) || s.LocalStart == "" || s.LocalEnd == "" {
			t.Errorf("%s from %s to %s", s.Group, s.LocalStart, s.LocalEnd)
		}
	}
	for _, bad := range []string{"from=1999", "from=2101", "years=0", "years=11"} {
		b.merchant.Do("GET", "/seasons?"+bad, nil).Want(422)
	}
}

func TestAPreviewTakesADraftAsPublished(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, variant := b.sell(10_000)
	stored := b.create(body(product, nil))
	paused := b.publish(body(product, map[string]any{"terms": map[string]any{"basisPoints": 2_000}}))
	b.merchant.Do("POST", "/promotions/"+paused.ID+"/pause", nil).Want(200)
	ask := func(change map[string]any) (got promotions.PromotionPreview) {
		in := map[string]any{
			"at": "2026-11-27T03:00:00Z", "lines": []any{map[string]any{"variantId": variant, "quantity": 1}},
		}
		for name, value := range change {
			in[name] = value
		}
		b.merchant.Do("POST", "/promotions/preview", in).Want(200).Into(&got)
		return got
	}
	for name, tc := range map[string]struct {
		change map[string]any
		off    int64
	}{
		"nothing is published":     {nil, 0},
		"the draft that is stored": {map[string]any{"promotionId": stored.ID}, 1_000},
		"the one that is paused":   {map[string]any{"promotionId": paused.ID}, 2_000},
		"one that is not stored": {
			map[string]any{"draft": body(product, map[string]any{"terms": map[string]any{"basisPoints": 3_000}})}, 3_000},
		"a day before its start":      {map[string]any{"promotionId": stored.ID, "at": "2026-11-26T03:00:00Z"}, 0},
		"at the minute after its end": {map[string]any{"promotionId": stored.ID, "at": "2026-11-27T15:00:00Z"}, 0},
	} {
		if got := ask(tc.change); got.Discount.Amount != tc.off || got.Total.Amount != got.Subtotal.Amount-tc.off+
			got.Shipping.Amount-got.ShippingDiscount.Amount {
			t.Errorf("%s: %+v off, total %+v", name, got.Discount, got.Total)
		}
	}
	in := map[string]any{"lines": []any{map[string]any{"variantId": variant, "quantity": 1}}, "promotionId": "promo_none"}
	b.merchant.Do("POST", "/promotions/preview", in).WantProblem(404, "promotion_not_found")
	delete(in, "promotionId")
	in["draft"] = body(product, map[string]any{"terms": map[string]any{}})
	if got := b.merchant.Do("POST", "/promotions/preview", in); got.Status != 422 ||
		!strings.Contains(got.Body, "/terms/basisPoints") {
		t.Errorf("a draft that is wrong: %d %s", got.Status, got.Body)
	}
	if got := b.record(stored.ID).Promotion.State; got != promotion.Draft {
		t.Errorf("the preview made the draft %s", got)
	}
}
