package reviews_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/events"
	"dangol/functions/reviews"
	"dangol/infra/testkit/apitest"
	"dangol/infra/testkit/fault"
	"dangol/shared/catalog"
	"dangol/shared/money"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	promotions "dangol/shared/promotion/store"
	"dangol/shared/review"
	"dangol/shared/review/reward"
)

// product makes the product that is reviewed.
func (s *shop) product(t *testing.T) {
	t.Helper()
	p := catalog.Product{
		ID: soap, Handle: "tiger-soap", Status: catalog.Active, Title: catalog.Text{"ko": "호랑이 비누", "en": "Tiger soap"},
		Version: 1,
	}
	p.Key = catalog.KeyOf(soap)
	handle := struct {
		table.Key
		ProductID string `dynamodbav:"productId"`
	}{catalog.KeyOfHandle("tiger-soap"), soap}
	for _, item := range []any{p, handle} {
		if err := s.Commerce.Put(t.Context(), table.Put{Item: item, If: table.IfNew}); err != nil {
			t.Fatal(err)
		}
	}
}

// coupons makes a published promotion with a batch of codes.
func (s *shop) coupons(t *testing.T, size int) string {
	t.Helper()
	promotionID := id.New(promotions.Prefix, s.clock.Now())
	r := &promotions.Record{Promotion: promotion.Promotion{
		ID: promotionID, Version: 1, Kind: promotion.FixedAmount, State: promotion.Live, Starts: noon,
		Ends:  noon.Add(365 * 24 * time.Hour),
		Codes: promotion.Codes{Batch: promotion.NewBatch("b1", "THX", size)},
	}}
	if err := s.Commerce.Put(t.Context(), promotions.Store{Table: s.Commerce, Clock: s.clock}.Create(r)); err != nil {
		t.Fatal(err)
	}
	return promotionID
}

func (s *shop) offer(t *testing.T, budget int) string {
	t.Helper()
	p := s.coupons(t, 100)
	s.as(apitest.Merchant).Do("PUT", "/admin/review-rewards", map[string]any{
		"minLetters": 20, "text": 500, "photo": 1500, "best": 10000, "bestVotes": 2, "budget": budget,
		"promotions": map[string]string{"review": p, "photo_review": p, "best_of_month": p},
	}).Want(200)
	return p
}

func TestRewardsAreTheSameForEveryNumberOfStarsAndDisclosed(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.product(t)
	s.offer(t, 100_000)
	var all []reviews.OwnReview
	for stars := 1; stars <= 5; stars++ {
		all = append(all, s.write(fmt.Sprint("c", stars), stars, distinctText(stars)))
	}
	short := s.write("c6", 5, "좋아요")
	s.clock.Advance(reward.Default.Wait)
	s.sweep()
	codes := map[string]bool{}
	for _, own := range all {
		r := s.stored(own)
		if r.Reward == nil || r.Reward.Amount != 500 || !strings.HasPrefix(r.Reward.Code, "THX-") || codes[r.Reward.Code] {
			t.Fatalf("%d stars earned %+v", r.Stars, r.Reward)
		}
		codes[r.Reward.Code] = true
	}
	if r := s.stored(short); r.Reward != nil || r.RewardOutcome != "too_short" {
		t.Errorf("a short review earned %+v, %s", r.Reward, r.RewardOutcome)
	}
	page := s.page("?language=ko")
	if page.Summary.Rewarded != 5 {
		t.Errorf("%d are counted as rewarded", page.Summary.Rewarded)
	}
	body, err := json.Marshal(page.Reviews)
	if err != nil {
		t.Fatal(err)
	}
	for code := range codes {
		if strings.Contains(string(body), code) {
			t.Error("the page shows the code of a coupon")
		}
	}
	if n := strings.Count(string(body), "혜택"); n != 5 {
		t.Errorf("%d disclosures on the page", n)
	}
	ld := apitest.New(t, s.handler).Do("GET", "/products/"+soap+"/reviews/schema-org", nil).Want(200)
	if strings.Count(ld.Body, "혜택") != 5 || ld.Headers.Get("Content-Type") != "application/ld+json" ||
		!strings.Contains(ld.Body, `"reviewCount":6`) {
		t.Errorf("JSON-LD %s %s", ld.Headers.Get("Content-Type"), ld.Body)
	}
	feed := s.as(apitest.Merchant).Do("GET", "/admin/products/"+soap+"/reviews/feed", nil).Want(200)
	if strings.Count(feed.Body, "<is_incentivized_review>true<") != 5 {
		t.Errorf("feed %s", feed.Body)
	}
	s.exact()
}

// distinctText is a long text that is like no other.
func distinctText(n int) string {
	texts := []string{
		good, "아침마다 세안할 때 쓰는데 당김이 없어서 계절이 바뀌어도 계속 쓰게 됩니다.",
		"선물용으로 샀는데 포장이 단정하고 받는 분이 무척 좋아하셨다고 합니다.",
		"향이 강한 편이라 호불호가 있겠지만 저는 욕실에 두기만 해도 기분이 좋네요.",
		"처음에는 거품이 적다고 느꼈는데 망에 넣어 쓰니 훨씬 풍성해졌습니다.", "크기가 생각보다 작아서 한 달이면 다 씁니다. 그래도 재구매합니다.",
	}
	return texts[n%len(texts)]
}

func TestARewardIsTakenBackOnceWhenTheOrderIsRefunded(t *testing.T) {
	t.Parallel()
	s := open(t)
	promotionID := s.offer(t, 100_000)
	own := s.write("cust-ann", 5, good)
	s.clock.Advance(reward.Default.Wait)
	s.sweep()
	r := s.stored(own)
	returned := events.ReturnCompleted{
		ReturnRef: events.ReturnRef{OrderRef: events.OrderRef{OrderID: r.OrderID}}, Refund: money.Of(9_000, "KRW"),
		Lines: []events.ReturnLine{{LineID: "line_1"}},
	}
	s.deliver(returned) // nothing of it was accepted
	if s.stored(own).Reward.RevokedFor != "" {
		t.Error("a return that was not accepted takes the reward back")
	}
	returned.Lines[0].Accepted = 1
	s.deliver(returned)
	s.deliver(events.OrderCanceled{OrderRef: events.OrderRef{OrderID: r.OrderID},
		Lines: []events.OrderLine{{LineID: "line_1"}}})
	after := s.stored(own)
	if after.Reward == nil || after.Reward.RevokedFor != "refund" || after.State != r.State {
		t.Fatalf("after the refund %+v", after.Reward)
	}
	var used struct {
		Uses int `dynamodbav:"uses"`
	}
	key := promotions.KeyOfCode(promotionID, promotion.NormalizeCode(r.Reward.Code))
	if err := s.Commerce.Get(t.Context(), key, &used); err != nil || used.Uses != 1 {
		t.Errorf("the coupon can still be used: %+v, %v", used, err)
	}
	s.exact()
}

// A review that was rewarded and then chosen among the best of its month has two codes. Both end with its refund.
func TestARefundTakesTheRewardBackThatABetterOneFollowed(t *testing.T) {
	t.Parallel()
	s := open(t)
	promotionID := s.offer(t, 100_000)
	own := s.write("cust-ann", 2, distinctText(1))
	s.clock.Advance(reward.Default.Wait)
	s.sweep()
	first := s.stored(own).Reward
	for _, who := range []string{"v1", "v2", "v3"} {
		s.as(customer(who)).Do("PUT", path(own)+"/vote", map[string]any{"helpful": true}).Want(200)
	}
	s.clock.MoveTo(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	s.as(apitest.Merchant).Do("POST", "/admin/review-rewards/best?month=2026-11", nil).Want(200)
	second := s.stored(own).Reward
	if first == nil || second.Kind != reward.ForBest || second.Code == first.Code {
		t.Fatalf("first %+v, then %+v", first, second)
	}

	r := s.stored(own)
	s.deliver(events.ReturnCompleted{
		ReturnRef: events.ReturnRef{OrderRef: events.OrderRef{OrderID: r.OrderID}}, Refund: money.Of(9_000, "KRW"),
		Lines: []events.ReturnLine{{LineID: "line_1", Accepted: 1}},
	})

	if got := s.stored(own).Reward; got.RevokedFor != "refund" {
		t.Errorf("after the refund %+v", got)
	}
	for _, code := range []string{first.Code, second.Code} {
		var used struct {
			Uses int `dynamodbav:"uses"`
		}
		key := promotions.KeyOfCode(promotionID, promotion.NormalizeCode(code))
		if err := s.Commerce.Get(t.Context(), key, &used); err != nil || used.Uses != 1 {
			t.Errorf("the coupon %s can still be used: %+v, %v", code, used, err)
		}
	}
	s.exact()
}

func TestARefundWithoutAReturnTakesTheRewardOfItsLinesBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		refund events.OrderRefunded
		taken  bool
	}{
		{"an amount is a gesture for no line", events.OrderRefunded{Amount: money.Of(1_000, "KRW")}, false},
		{"another line", events.OrderRefunded{Lines: []events.OrderLine{{LineID: "line_2"}}}, false},
		{"its line", events.OrderRefunded{Lines: []events.OrderLine{{LineID: "line_1"}}}, true},
		{"all that was paid, at the provider's console", events.OrderRefunded{Whole: true, AtProvider: true}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.offer(t, 100_000)
			own := s.write("cust-ann", 5, good)
			s.clock.Advance(reward.Default.Wait)
			s.sweep()
			c.refund.OrderID = s.stored(own).OrderID
			s.deliver(c.refund)
			s.deliver(c.refund) // the bus may deliver it twice
			if r := s.stored(own).Reward; r == nil || !r.Revoked.IsZero() != c.taken {
				t.Errorf("reward %+v, taken back: want %v", r, c.taken)
			}
			s.exact()
		})
	}
}

func TestTheBudgetEndsTheRewardsOfAMonth(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.offer(t, 1_000)
	var all []reviews.OwnReview
	for n := range 3 {
		all = append(all, s.write(fmt.Sprint("c", n), 5, distinctText(n)))
	}
	s.clock.Advance(reward.Default.Wait)
	s.sweep()
	given := 0
	for _, own := range all {
		if r := s.stored(own); r.Reward != nil {
			given++
		} else if r.RewardOutcome != "budget_used_up" {
			t.Errorf("outcome %q", r.RewardOutcome)
		}
	}
	if given != 2 {
		t.Errorf("%d rewards of 500 out of 1,000", given)
	}
}

func TestTheBestReviewsOfAMonthAreChosenByVotesOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.offer(t, 100_000)
	worst, best := s.write("c1", 5, distinctText(1)), s.write("c2", 1, distinctText(2))
	for _, who := range []string{"v1", "v2", "v3"} {
		s.as(customer(who)).Do("PUT", path(best)+"/vote", map[string]any{"helpful": true}).Want(200)
		s.as(customer(who)).Do("PUT", path(worst)+"/vote", map[string]any{"helpful": who == "v1"}).Want(200)
	}
	choose := func() *apitest.Response {
		return s.as(apitest.Merchant).Do("POST", "/admin/review-rewards/best?month=2026-11", nil)
	}
	choose().WantProblem(409, "month_not_over")
	s.clock.MoveTo(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	var out struct{ Best []reward.Candidate }
	choose().Want(200).Into(&out)
	if len(out.Best) != 2 || out.Best[0].ReviewID != best.ID {
		t.Fatalf("best %+v", out.Best)
	}
	code := s.stored(best).Reward.Code
	choose().Want(200)
	if got := s.stored(best).Reward; got.Code != code || got.Kind != reward.ForBest {
		t.Errorf("chosen again: %+v", got)
	}
}

func TestImportedReviewsAreMarkedAndImportedOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.product(t)
	file := "title,body,rating,review_date,reviewer_name,reviewer_email,product_id,product_handle,reply,reply_date,p" +
		"icture_urls\n" +
		"Great,Soft foam,5,2025-03-01,Jane,jane@example.com,1,tiger-soap,Thanks,2025-03-02,https://x/a.jpg\n" +
		"Bad,Broke,1,2025-03-02,Joe,joe@example.com,1,tiger-soap,,,\n" +
		"Lost,Where,3,2025-03-02,Joe,joe@example.com,1,no-such,,,\n"
	send := func() (out struct {
		Imported, Known, PicturesSkipped int
		Errors                           []map[string]any
	}) {
		t.Helper()
		s.as(apitest.Merchant).With("Content-Type", "text/csv").Do("POST", "/admin/reviews/import?language=en",
			file).Want(200).Into(&out)
		return out
	}
	if out := send(); out.Imported != 2 || len(out.Errors) != 1 || out.PicturesSkipped != 1 {
		t.Fatalf("first %+v", out)
	}
	if out := send(); out.Imported != 0 || out.Known != 2 {
		t.Errorf("second %+v", out)
	}
	page := s.page("?language=en")
	if page.Summary.Count != 2 || page.Summary.Verified != 0 || page.Summary.Imported != 2 ||
		len(page.Reviews[0].Disclosures) != 1 {
		t.Errorf("page %+v", page)
	}
	s.as(apitest.Merchant).With("Content-Type", "text/csv").Do("POST", "/admin/reviews/import", "PK\x03\x04").Want(422)
	s.as(apitest.Agent).With("Content-Type", "text/csv").Do("POST", "/admin/reviews/import", file).WantProblem(403,
		"not_allowed")
	s.exact()
}

// TestWhicheverCallFailsARejectedReviewKeepsNoReward lets each call of a moderator's decision fail, and decides again.
func TestWhicheverCallFailsARejectedReviewKeepsNoReward(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		in := fault.New(fault.Plan{})
		s := open(t, in.DB)
		s.product(t)
		s.offer(t, 100_000)
		own := s.write("cust-ann", 5, distinctText(1))
		s.clock.Advance(reward.Default.Wait)
		s.sweep()
		if r := s.stored(own); r.Reward == nil {
			t.Fatal("the review earned nothing")
		}
		decide := func() *apitest.Response {
			return s.as(apitest.Agent).Do("POST", "/admin"+path(own)+"/decision", `{"reasons":[{"reason":"not_genuine"}]}`)
		}
		in.Restart(fault.Plan{N: n, Mode: fault.Fails})
		first := decide()
		in.Stop()
		if _, faults := in.Count(); faults[fault.Fails] == 0 {
			if n < 4 {
				t.Errorf("the decision makes %d calls only", n-1)
			}
			return
		}
		decide().Want(200)
		r := s.stored(own)
		if r.State != review.Rejected || r.Reward == nil || r.Reward.Revoked.IsZero() || r.Reward.RevokedFor != "abuse" {
			t.Errorf("call %d failed (answer %d): the review is %s, its reward %+v", n, first.Status, r.State, r.Reward)
		}
		s.exact()
	}
}
