package promotions_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"dangol/infra/testkit/apitest"
)

func TestThoseWhoAskForABatchAtOnceGetTheSameCodes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	path := "/promotions/" + b.create(body(product, nil)).ID + "/codes"
	answers := make([]*apitest.Response, 4)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() { answers[i] = b.merchant.Do("POST", path, map[string]any{"size": 50, "prefix": "SEOL"}) })
	}
	all.Wait()
	stored := b.merchant.Do("GET", path, nil).Want(200).Body
	for i, a := range answers {
		if a.Status == 200 && a.Body != stored || a.Status != 200 && a.Status != 503 {
			t.Errorf("request %d is answered %d with codes that are not the stored ones", i, a.Status)
		}
	}
}

func TestCodesAreReadAPageAtATime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	path := "/promotions/" + b.create(body(product, nil)).ID + "/codes"
	all := b.merchant.Do("POST", path, map[string]any{"size": 25}).Want(200)
	if next := all.Headers.Get("Next-From"); next != "" {
		t.Errorf("after all of them the next is %q", next)
	}
	joined, pages := "", 0
	for from := "0"; from != ""; pages++ {
		page := b.merchant.Do("GET", path+"?limit=10&from="+from, nil).Want(200)
		if page.Headers.Get("Cache-Control") != "no-store" {
			t.Errorf("codes may be cached: %q", page.Headers.Get("Cache-Control"))
		}
		joined += strings.TrimPrefix(page.Body, "code\n")
		from = page.Headers.Get("Next-From")
	}
	if pages != 3 || "code\n"+joined != all.Body {
		t.Errorf("%d pages of %d bytes, want 3 of %d", pages, len(joined), len(all.Body))
	}
	if beyond := b.merchant.Do("GET", path+"?from=25", nil).Want(200); beyond.Body != "code\n" {
		t.Errorf("beyond the last one: %q", beyond.Body)
	}
}

func TestAPromotionThatHasBegunGetsNoCodes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(12_000)
	live := b.record(b.publish(body(product, nil)).ID).Promotion
	codes := func(id string) *apitest.Response {
		return b.merchant.Do("POST", "/promotions/"+id+"/codes", map[string]any{"size": 5})
	}
	b.clock.MoveTo(live.Starts.Add(time.Minute))
	codes(live.ID).WantProblem(409, "promotion_live")
	b.merchant.Do("POST", "/promotions/"+live.ID+"/pause", nil).Want(200)
	codes(live.ID).WantProblem(409, "promotion_live") // shoppers have seen it without
	b.clock.MoveTo(live.Ends)
	codes(live.ID).WantProblem(409, "promotion_ended")
	b.merchant.Do("POST", "/promotions/"+live.ID+"/resume", nil).WantProblem(409, "promotion_ended")
	longer := body(product, map[string]any{"ends": "2027-12-31T24:00"})
	b.merchant.With("If-Match", "*").Do("PUT", "/promotions/"+live.ID, longer).WantProblem(409, "promotion_ended")
	b.merchant.Do("GET", "/promotions/"+live.ID+"/codes", nil).WantProblem(404, "no_codes")
	draft := b.create(body(product, nil))
	b.merchant.Do("POST", "/promotions/"+draft.ID+"/resume", nil).WantProblem(409, "promotion_not_published")
}
