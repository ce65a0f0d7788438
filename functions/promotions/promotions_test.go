package promotions_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/functions/promotions"
	"dangol/infra/testkit/apitest"
	"dangol/shared/catalog"
	"dangol/shared/promotion"
)

func TestBadPromotionsAreRefusedFieldByField(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, variant := b.sell(12_000)
	for _, tc := range []struct {
		name    string
		change  map[string]any
		pointer string
		code    string
	}{
		{"ended before it starts", map[string]any{"ends": "2026-11-26T10:00"}, "/ends", "not_in_order"},
		{"a start that is no time", map[string]any{"starts": "Friday"}, "/starts", "wrong_format"},
		{"a zone that is none", map[string]any{"timeZone": "Mars/Olympus"}, "/timeZone", "unknown"},
		{"no targets", map[string]any{"targets": nil}, "/targets", "required"},
		{"0 percent", map[string]any{"terms": map[string]any{}}, "/terms/basisPoints", "too_small"},
		{"101 percent", map[string]any{"terms": map[string]any{"basisPoints": 10_100}}, "/terms/basisPoints", "too_large"},
		{"an unknown currency", map[string]any{"maxDiscount": map[string]any{"XYZ": 5}}, "/maxDiscount/XYZ",
			"unknown_currency"},
		{"a variant that is none", map[string]any{"targets": map[string]any{"variants": []string{"var_none"}}},
			"/targets/variants/0", "unknown_variant"},
		{"a gift that earns itself", map[string]any{
			"kind": "free_gift", "targets": map[string]any{"variants": []string{variant}},
			"terms": map[string]any{"gifts": []any{map[string]any{"from": map[string]any{"KRW": 1},
				"variants": []string{variant}}}},
		}, "/terms/gifts/0/variants/0", "circular"},
		{"a reason of something that does nothing", map[string]any{"limitPerCode": 3}, "/limitPerCode", "not_used"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := b.merchant.Do("POST", "/promotions", body(product, tc.change))
			if got.Status != 422 || !strings.Contains(got.Body, tc.pointer) || !strings.Contains(got.Body, `"`+tc.code+`"`) {
				t.Errorf("%d %s, want %s at %s", got.Status, got.Body, tc.code, tc.pointer)
			}
		})
	}
}

func TestTheLifeOfAPromotion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	draft := b.create(body(product, nil))
	path := "/promotions/" + draft.ID
	state := func() string {
		var d promotions.PromotionDocument
		b.merchant.Do("GET", path, nil).Want(200).Into(&d)
		return string(d.State)
	}
	if state() != "draft" || len(b.plans.made) != 0 {
		t.Fatalf("a draft is %s, and %d schedules were planned", state(), len(b.plans.made))
	}
	b.merchant.Do("POST", path+"/pause", nil).WantProblem(409, "promotion_not_published")
	published := b.merchant.Do("POST", path+"/publish", nil).Want(200)
	if again := b.merchant.Do("POST", path+"/publish",
		nil).Want(200); again.Headers.Get("ETag") != published.Headers.Get("ETag") {
		t.Error("publishing it again made another version")
	}
	b.plans.made = b.plans.made[:1]
	if state() != "scheduled" || len(b.plans.made) != 1 {
		t.Fatalf("published it is %s, and %d schedules were planned", state(), len(b.plans.made))
	}
	b.merchant.Do("DELETE", path, nil).WantProblem(409, "promotion_published")
	b.merchant.Do("PUT", path, body(product, map[string]any{"ends": "2026-11-28T24:00"})).WantProblem(422, "invalid_input")
	owner := b.merchant.With("If-Match", `"1"`)
	owner.Do("PUT", path, body(product, nil)).WantProblem(412, "promotion_changed")
	b.merchant.With("If-Match", "*").Do("PUT", path, body(product, map[string]any{"ends": "2026-11-28T24:00"})).Want(200)
	if last := b.plans.made[len(b.plans.made)-1]; !last.Ends.Equal(time.Date(2026, 11, 28, 15, 0, 0, 0, time.UTC)) {
		t.Errorf("the schedule of its end was not moved: %s", last.Ends)
	}

	b.clock.Advance(5 * 24 * time.Hour) // Saturday
	if state() != "live" {
		t.Fatalf("on Saturday it is %s", state())
	}
	change := b.merchant.With("If-Match", "*")
	change.Do("PUT", path, body(product,
		map[string]any{"ends": "2026-11-28T24:00", "terms": map[string]any{"basisPoints": 5_000}})).WantProblem(
		409, "promotion_live")
	change.Do("PUT", path, body(product, map[string]any{"ends": "2026-11-28T12:00", "priority": 3})).Want(200)
	b.merchant.Do("POST", path+"/pause", nil).Want(200)
	if r := b.record(draft.ID); state() != "paused" || r.Event == nil || r.Event.Type != "promotion.paused" {
		t.Errorf("paused it is %s with the event %+v", state(), r.Event)
	}
	b.merchant.Do("POST", path+"/resume", nil).Want(200)
	if r := b.record(draft.ID); state() != "live" || r.Event.Type != "promotion.resumed" {
		t.Errorf("resumed it is %s with the event %s", state(), r.Event.Type)
	}
	b.merchant.Do("POST", path+"/end", nil).Want(200)
	if r := b.record(draft.ID); state() != "ended" || r.Event.Type != "promotion.ended" ||
		!r.Promotion.Ends.Equal(b.clock.Now()) {
		t.Errorf("ended it is %s with the event %s", state(), r.Event.Type)
	}
	b.merchant.Do("POST", path+"/resume", nil).WantProblem(409, "promotion_ended")
	change.Do("PUT", path, body(product, nil)).WantProblem(409, "promotion_ended")
}

// TestAPromotionPausedOverItsStartStartsWhenItIsResumed pauses before the start, lets the start pass, and resumes.
func TestAPromotionPausedOverItsStartStartsWhenItIsResumed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	p := b.publish(body(product, map[string]any{"ends": "2026-11-28T24:00"}))
	path := "/promotions/" + p.ID
	b.merchant.Do("POST", path+"/pause", nil).Want(200)
	b.clock.Advance(5 * 24 * time.Hour) // Saturday: it would be live
	if r := b.record(p.ID); r.Event != nil || len(r.Reached(b.clock.Now())) != 0 {
		t.Fatalf("paused over its start it has the event %+v and reached %v", r.Event, r.Reached(b.clock.Now()))
	}
	b.merchant.Do("POST", path+"/resume", nil).Want(200)
	r := b.record(p.ID)
	if r.Event == nil || r.Event.Type != "promotion.started" || len(r.Reached(b.clock.Now())) != 0 {
		t.Errorf("resumed it has the event %+v and reached %v", r.Event, r.Reached(b.clock.Now()))
	}
	b.merchant.Do("POST", path+"/pause", nil).Want(200)
	b.merchant.Do("POST", path+"/resume", nil).Want(200)
	if r := b.record(p.ID); r.Event.Type != "promotion.resumed" {
		t.Errorf("resumed again it has the event %s", r.Event.Type)
	}
}

func TestWhatBeginsAtOnceIsToldAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	p := b.publish(body(product, map[string]any{"starts": "2026-11-23T08:00"}))
	if r := b.record(p.ID); r.Event == nil || r.Event.Type != "promotion.started" || len(r.Reached(b.clock.Now())) != 0 {
		t.Errorf("the record is %+v", r)
	}
	over := b.create(body(product, map[string]any{"starts": "2026-11-20T08:00", "ends": "2026-11-22T08:00"}))
	b.merchant.Do("POST", "/promotions/"+over.ID+"/publish", nil).WantProblem(422, "invalid_input")
}

func TestWithoutSchedulesNothingIsPublished(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	draft := b.create(body(product, nil))
	b.plans.fails = errors.New("out of reach")
	b.merchant.Do("POST", "/promotions/"+draft.ID+"/publish", nil).WantProblem(503, "schedule_unavailable")
	if got := b.record(draft.ID).Promotion.State; got != promotion.Draft {
		t.Errorf("it is %s", got)
	}
}

func TestACodeIsNobodyElsesAtTheSameTime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	coded := map[string]any{"code": "FRIDAY"}
	b.publish(body(product, coded))
	second := b.create(body(product, map[string]any{"code": "FRI-DAY"}))
	got := b.merchant.Do("POST", "/promotions/"+second.ID+"/publish", map[string]string{"reason": "x"})
	if got.Status != 422 || !strings.Contains(got.Body, "/codes/single") {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	later := b.create(body(product,
		map[string]any{"code": "FRIDAY", "starts": "2026-12-24T10:00", "ends": "2026-12-24T24:00"}))
	b.merchant.Do("POST", "/promotions/"+later.ID+"/publish", map[string]string{"reason": "x"}).Want(200)
}

func TestABatchOfCodesIsUniqueAndTheSameAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	draft := b.create(body(product, nil))
	path := "/promotions/" + draft.ID + "/codes"
	b.merchant.Do("GET", path, nil).WantProblem(404, "no_codes")
	first := b.merchant.Do("POST", path, map[string]any{"size": 100_000, "prefix": "SEOL"}).Want(200)
	lines := strings.Split(strings.TrimSpace(first.Body), "\n")
	seen := map[string]bool{}
	for _, l := range lines[1:] {
		seen[l] = true
	}
	if lines[0] != "code" || len(lines) != 100_001 || len(seen) != 100_000 ||
		first.Headers.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%d lines, %d different, %s", len(lines), len(seen), first.Headers.Get("Content-Type"))
	}
	if again := b.merchant.Do("POST", path,
		map[string]any{"size": 100_000, "prefix": "SEOL"}).Want(200); again.Body != first.Body {
		t.Error("asking again gives other codes")
	}
	b.merchant.Do("POST", path, map[string]any{"size": 5}).WantProblem(409, "promotion_has_codes")
	if part := b.merchant.Do("GET", path+"?from=99999", nil).Want(200); part.Body != "code\n"+lines[100_000]+"\n" {
		t.Errorf("the last one alone: %s", part.Body)
	}
	if doc := b.merchant.Do("GET", "/promotions/"+draft.ID, nil); strings.Contains(doc.Body, "secret") {
		t.Errorf("the secret is shown: %s", doc.Body)
	}
}

func TestOnlyMerchantsPlan(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, r := range promotions.API().Routes() {
		path := strings.ReplaceAll(r.Path, "{promotionId}", "promo_01k9abcdefghjkmnpqrstvwxyz")
		if got := b.merchant.As(apitest.Agent).Do(r.Method, path, nil); got.Status != 403 {
			t.Errorf("an agent may %s %s: %d", r.Method, r.Path, got.Status)
		}
	}
}

func TestPlanningStoresNothingAndAnswersWithTheRule(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(10_000)
	for _, tc := range []struct {
		name   string
		change map[string]any
		allow  bool
		rule   string
	}{
		{"a day of a tenth", nil, true, ""},
		{"sixty percent is too deep", map[string]any{"terms": map[string]any{"basisPoints": 6_000}}, false, "depth"},
		{"two weeks are too long", map[string]any{"ends": "2026-12-11T24:00"}, false, "days_on_sale"},
		{"an amount is as deep as it is on what it is on",
			map[string]any{"kind": "fixed_amount", "terms": map[string]any{"amount": map[string]any{"KRW": 6_000}}}, false,
			"depth"},
		{"a gift teaches nobody to wait",
			map[string]any{"kind": "free_shipping", "class": "shipping", "terms": nil, "ends": "2026-12-24T24:00"}, true, ""},
	} {
		var plan promotions.DiscountPlan
		b.merchant.Do("POST", "/promotions/plan", body(product, tc.change)).Want(200).Into(&plan)
		rule := ""
		if len(plan.Breaches) > 0 {
			rule = string(plan.Breaches[0].Rule)
		}
		if plan.Allowed != tc.allow || rule != tc.rule || plan.Counts && len(plan.Calendar.Days) == 0 {
			t.Errorf("%s: allowed %v, rule %q, want %v and %q", tc.name, plan.Allowed, rule, tc.allow, tc.rule)
		}
	}
	var all promotions.PromotionList
	b.merchant.Do("GET", "/promotions", nil).Want(200).Into(&all)
	if len(all.Promotions) != 0 {
		t.Errorf("planning stored %d promotions", len(all.Promotions))
	}
}

func TestTheGuardSpeaksOfNamesAndShowsThemInTheCalendar(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(10_000)
	first := b.publish(body(product,
		map[string]any{"name": map[string]string{"ko": "화요일"}, "starts": "2026-11-24T10:00", "ends": "2026-11-24T24:00"}))
	var plan promotions.DiscountPlan
	b.merchant.Do("POST", "/promotions/plan", body(product, nil)).Want(200).Into(&plan)
	names := plan.Calendar.Names
	if len(plan.Breaches) != 1 || plan.Breaches[0].Message != "product 비누 would have 2 days without a sale between "+
		"2026-11-24 and 2026-11-27, at least 14 are wanted (with 화요일)" {
		t.Errorf("%+v", plan.Breaches)
	}
	if len(names) != 2 || names[first.ID] != "화요일" || names["plan"] != "금요일" {
		t.Errorf("names %v", names)
	}
}

func TestTheEndOfADayIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(10_000)
	for _, ends := range []string{"2026-11-29T24:00", "2026-11-29T23:59", "2026-12-01T09:00", "2027-02-28T24:00",
		"2026-12-31T24:00"} {
		made := b.create(body(product, map[string]any{"ends": ends}))
		if made.Ends != ends {
			t.Errorf("%s is read as %s", ends, made.Ends)
		}
	}
}

func TestAPreviewedSaleShowsTheLowestPriceOfThirtyDays(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, variant := b.sell(10_000)
	b.publish(body(product, map[string]any{"kind": "sale_price", "starts": "2026-11-23T10:00", "ends": "2026-11-24T10:00",
		"terms": map[string]any{"basisPoints": 500}}))
	for at, want := range map[string]string{
		"2026-11-27T00:59:59Z": "[]", "2026-11-27T01:00:00Z": "[9000 10000 9500]", "2026-11-27T15:00:00Z": "[]",
	} {
		var p promotions.PromotionPreview
		b.merchant.Do("POST", "/promotions/preview", map[string]any{
			"at": at, "draft": body(product, map[string]any{"kind": "sale_price"}),
			"lines": []any{map[string]any{"variantId": variant, "quantity": 1}},
		}).Want(200).Into(&p)
		got := []int64{}
		if l := p.Lines[0]; l.CompareAt != nil && l.Lowest30 != nil {
			got = append(got, l.Unit.Amount, l.CompareAt.Amount, l.Lowest30.Amount)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %s", at, got, want)
		}
	}
}

func TestPreviewTellsWhatACartWouldCost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, variant := b.sell(30_000)
	_, gift := b.sell(1_000)
	draft := body(product, map[string]any{
		"kind": "free_gift", "terms": map[string]any{
			"gifts": []any{map[string]any{"from": map[string]any{"KRW": 50_000}, "variants": []string{gift}}}},
	})
	ask := func(quantity int, more map[string]any) promotions.PromotionPreview {
		t.Helper()
		in := map[string]any{
			"at": "2026-11-27T03:00:00Z", "country": "KR", "shippingMethod": "standard", "draft": draft,
			"lines": []any{map[string]any{"variantId": variant, "quantity": quantity}},
		}
		for name, value := range more {
			in[name] = value
		}
		var p promotions.PromotionPreview
		b.merchant.Do("POST", "/promotions/preview", in).Want(200).Into(&p)
		return p
	}
	if p := ask(1, nil); len(p.Lines) != 1 || len(p.Hints) != 2 || p.Hints[0].Amount != 20_000 ||
		p.Total.Amount != 33_000 {
		t.Errorf("one is 20,000 short of gift and free shipping: %+v", p)
	}
	if p := ask(2, nil); len(p.Lines) != 2 || p.Lines[1].Gift != "draft" || p.Lines[1].Total.Amount != 0 ||
		p.Total.Amount != 60_000 {
		t.Errorf("two earn the gift: %+v", p)
	}
	if p := ask(2, map[string]any{"at": "2026-11-27T15:00:00Z"}); len(p.Lines) != 1 {
		t.Errorf("after its end there is no gift: %+v", p)
	}
	if p := ask(1, map[string]any{"codes": []string{"NOPE"}}); len(p.Refused) != 1 ||
		p.Refused[0].Reason != "unknown_code" {
		t.Errorf("an unknown code: %+v", p.Refused)
	}
	b.merchant.Do("POST", "/promotions/preview", `{"lines":[{"variantId":"var_x","quantity":1}]}`).WantProblem(422,
		"invalid_input")
}

func TestTheCalendarOfSeasons(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	got := b.merchant.Do("GET", "/seasons?from=2027&years=1", nil).Want(200)
	for _, want := range []string{"seollal", `"2027-02-07"`, "chuseok", "2027-02-14", `"localStart"`} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("%s is missing: %s", want, got.Body[:400])
		}
	}
}

func TestListsByState(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000, func(p *catalog.Product) { p.Tags = []string{"x"} })
	b.create(body(product, nil))
	for n := range 3 {
		b.publish(body(product, map[string]any{"starts": fmt.Sprintf("2026-11-2%dT08:00", n+3),
			"ends": fmt.Sprintf("2026-11-2%dT08:30", n+4)}))
	}
	count := func(query string) int {
		var l promotions.PromotionList
		b.merchant.Do("GET", "/promotions"+query, nil).Want(200).Into(&l)
		return len(l.Promotions)
	}
	if all, draft, live, coming := count(""), count("?state=draft"), count("?state=live"), count(
		"?state=scheduled"); all != 3 && all != 4 || draft != 1 || live < 1 || coming < 1 {
		t.Errorf("%d in all, %d drafts, %d live, %d to come", all, draft, live, coming)
	}
	var page promotions.PromotionList
	b.merchant.Do("GET", "/promotions?limit=1", nil).Want(200).Into(&page)
	if page.NextCursor == "" || count("?limit=100&cursor="+page.NextCursor) != count("")-1 {
		t.Errorf("the second page does not go on where the first ended")
	}
	b.merchant.Do("GET", "/promotions?cursor=promo_nobody", nil).WantProblem(422, "invalid_input")
}
