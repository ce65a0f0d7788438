package reviews_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/functions/reviews"
	"dangol/infra/testkit/apitest"
	"dangol/shared/order"
	"dangol/shared/platform/auth"
	"dangol/shared/review"
	"dangol/shared/review/store"
)

// nearCopy is a text like the others of its campaign.
func nearCopy(n int) string {
	return fmt.Sprintf("정말 최고의 비누예요 거품도 풍성하고 향도 오래가고 피부가 촉촉해져서 주변에 추천하고 있어요 %d번째 구매", n)
}

func TestACampaignOfNearCopiesIsHeldWithReasonsAndShownToAModerator(t *testing.T) {
	t.Parallel()
	s := open(t)
	honest := s.write("cust-ann", 4, good)
	for n := range 30 {
		s.write(fmt.Sprintf("fake-%d", n), 5, nearCopy(n))
		s.clock.Advance(time.Minute)
	}
	if page := s.page(""); page.Summary.Count != 1 || page.Reviews[0].ID != honest.ID {
		t.Errorf("%d reviews are published", page.Summary.Count)
	}
	var held struct{ Reviews []reviews.InspectedReview }
	s.as(apitest.Agent).Do("GET", "/admin/reviews?state=held&limit=100", nil).Want(200).Into(&held)
	if len(held.Reviews) != 30 {
		t.Fatalf("%d are held", len(held.Reviews))
	}
	for _, r := range held.Reviews {
		if r.Score < 50 || len(r.Signals) == 0 || r.Signals[0].Detail == "" || r.DecideBy.IsZero() {
			t.Errorf("held without an explanation: %+v", r.Signals)
		}
	}
	s.exact()
}

func TestAHeldReviewIsPublishedWhenNobodyDecides(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.sell("agent-1") // somebody who works here has bought
	var own reviews.OwnReview
	staff := auth.Principal{Kind: auth.Agent, Subject: "agent-1"}
	s.as(staff).Do("POST", "/reviews", said(id, 5, good)).Want(201).Into(&own)
	if own.State != review.Held {
		t.Fatalf("a review of the staff is %s", own.State)
	}
	s.clock.Advance(review.DecideWithin - time.Minute)
	s.sweep()
	if s.stored(own).State != review.Held {
		t.Error("published before the deadline")
	}
	s.clock.Advance(2 * time.Minute)
	s.sweep()
	if s.stored(own).State != review.Published || s.page("").Summary.Count != 1 {
		t.Error("not published after the deadline")
	}
	s.exact()
}

func TestAModeratorDecidesAndNeverChangesWhatWasSaid(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.write("cust-ann", 1, good)
	before := s.stored(own)
	decide := func(body any) *apitest.Response {
		return s.as(apitest.Agent).Do("POST", "/admin"+path(own)+"/decision", body)
	}
	decide(map[string]any{"stars": 5, "publish": true}).Want(422)
	decide(map[string]any{}).WantField("/reasons")
	decide(map[string]any{"reasons": []any{map[string]any{"reason": "negative"}}}).WantField("/reasons")
	decide(map[string]any{"reasons": []any{map[string]any{"reason": "spam"}}}).Want(200)
	if s.page("").Summary.Count != 0 {
		t.Error("a review that was taken down counts")
	}
	s.as(apitest.Ann).Do("PUT", path(own), map[string]any{"stars": 5, "text": good}).WantProblem(409, "review_rejected")
	decide(map[string]any{"publish": true}).Want(200)
	s.as(apitest.Agent).Do("PUT", "/admin"+path(own)+"/reply", map[string]any{"text": "감사합니다 <b>"}).Want(200)
	after := s.stored(own)
	if after.Stars != before.Stars || after.Text != before.Text || after.Title != before.Title {
		t.Errorf("said %+v, now %+v", before.Content, after.Content)
	}
	if page := s.page(""); page.Reviews[0].Reply.Text != "감사합니다 <b>" || page.Summary.Stars["1"] != 1 {
		t.Errorf("page %+v", page)
	}
	s.exact()
}

func TestTheShopsPeopleCannotWriteOrChangeReviewsOfCustomers(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.write("cust-ann", 2, good)
	for _, who := range []auth.Principal{apitest.Agent, apitest.Merchant} {
		s.as(who).Do("PUT", path(own), map[string]any{"stars": 5, "text": good}).WantProblem(404, "review_not_found")
		s.as(who).Do("DELETE", path(own), nil).WantProblem(404, "review_not_found")
		s.as(who).Do("POST", path(own)+"/follow-up", map[string]any{"stars": 5, "text": good}).WantProblem(404,
			"review_not_found")
	}
}

func TestReportsAreSettledByTheDecision(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.write("cust-ann", 5, good)
	for _, who := range []string{"r1", "r2", "r3"} {
		s.as(customer(who)).Do("POST", path(own)+"/reports", map[string]any{"reason": "off_topic"}).Want(202)
	}
	var open struct{ Reports []map[string]any }
	s.as(apitest.Agent).Do("GET", "/admin/review-reports", nil).Want(200).Into(&open)
	if len(open.Reports) != 3 || s.stored(own).State != review.Held {
		t.Fatalf("%d reports, the review is %s", len(open.Reports), s.stored(own).State)
	}
	s.as(apitest.Agent).Do("POST", "/admin"+path(own)+"/decision", map[string]any{"publish": true}).Want(200)
	s.as(apitest.Agent).Do("GET", "/admin/review-reports", nil).Want(200).Into(&open)
	if len(open.Reports) != 0 || s.stored(own).ReportWeight != 0 {
		t.Errorf("%d reports are open after the decision", len(open.Reports))
	}
}

func TestQuestionsAreAnsweredByTheShopAndByBuyers(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.product(t)
	questions := "/products/" + soap + "/questions"
	var q reviews.QuestionView
	s.as(apitest.Bob).Do("POST", questions, map[string]any{"text": "민감한 피부에도 괜찮나요?", "name": "보브"}).Want(201).Into(&q)
	s.as(apitest.Bob).Do("POST", "/products/prod_none/questions", map[string]any{"text": "있나요?"}).WantProblem(404,
		"product_not_found")
	s.as(apitest.Bob).Do("POST", questions, map[string]any{"text": "010-1234-5678"}).WantProblem(422,
		"review_needs_changes")
	answers := questions + "/" + q.ID + "/answers"
	s.as(customer("stranger")).Do("POST", answers, map[string]any{"text": "네"}).WantProblem(409, "not_a_buyer")
	s.write("cust-ann", 5, good)
	s.as(apitest.Ann).Do("POST", answers, map[string]any{"text": "저는 괜찮았어요"}).Want(201)
	s.as(apitest.Agent).With("Idempotency-Key", "once").Do("POST", answers, map[string]any{"text": "네, 순합니다"}).Want(201)
	s.as(apitest.Agent).With("Idempotency-Key", "once").Do("POST", answers,
		map[string]any{"text": "네, 순합니다"}).Want(201).Into(&q)
	if len(q.Answers) != 2 || q.Answers[0].By != "buyer" || q.Answers[1].By != "shop" {
		t.Errorf("answers %+v", q.Answers)
	}
	s.as(apitest.Agent).Do("POST", "/admin"+questions+"/"+q.ID+"/visibility", map[string]any{"visible": false}).Want(200)
	if r := apitest.New(t, s.handler).Do("GET", questions, nil).Want(200); strings.Contains(r.Body, q.ID) {
		t.Error("a hidden question is listed")
	}
}

func TestCouponOnlyOrdersAreASignal(t *testing.T) {
	t.Parallel()
	s := open(t)
	var own reviews.OwnReview
	id := s.sell("cust-ann", func(o *order.Order) { o.Totals.Discount, o.Totals.Total = 8_900, 100 })
	s.as(apitest.Ann).Do("POST", "/reviews", said(id, 5, good)).Want(201).Into(&own)
	if got := s.stored(own).Signals; len(got) != 1 || got[0].Name != "coupon_only" || own.State != review.Published {
		t.Errorf("signals %+v, %s", got, own.State)
	}
}

func TestAPhotoThatWasRejectedIsNotShownAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.write("cust-ann", 5, good)
	i := store.ReviewID{ProductID: soap, ReviewID: own.ID}
	if _, err := s.Store.Change(t.Context(), i, func(r *review.Review) (e store.Effect, changed bool, err error) {
		r.Media = []review.Media{{ID: "med_1", Kind: "photo", State: review.MediaPublished, Key: "large.jpg"}}
		return e, true, nil
	}); err != nil {
		t.Fatal(err)
	}
	decide := func(publish bool) *apitest.Response {
		return s.as(apitest.Agent).Do("POST", "/admin"+path(own)+"/media/med_1/decision", map[string]any{"publish": publish})
	}
	decide(true).Want(200)
	decide(false).Want(200)
	decide(true).WantProblem(409, "media_deleted")
	if got := s.stored(own).Media[0]; got.State != review.MediaRejected || got.Reason != review.ImageUnfit {
		t.Errorf("the photo is %+v", got)
	}
	s.exact()
}

func TestWordsThatAModeratorReturnedAreSeenAgainUnlessTheyAreMended(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		stars int
		text  string
		want  review.State
	}{
		{"sent again as they are", 2, good, review.Held},
		{"with other stars only", 5, good, review.Held},
		{"with another full stop", 2, good + ".", review.Held},
		{"with other spaces", 2, strings.ReplaceAll(good, " ", "  "), review.Held},
		{"with other words", 2, "향이 은은하고 거품도 잘 나요. 다만 금방 물러져서 아쉽습니다.", review.Published},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			own := s.write("cust-ann", 2, good)
			s.as(apitest.Agent).Do("POST", "/admin"+path(own)+"/decision",
				map[string]any{"reasons": []map[string]any{{"reason": "off_topic"}}}).Want(200)
			if got := s.stored(own).State; got != review.Returned {
				t.Fatalf("a decision with a reason that can be mended makes it %s", got)
			}
			s.as(apitest.Ann).Do("PUT", path(own), map[string]any{"stars": c.stars, "text": c.text}).Want(200)
			got := s.stored(own)
			if got.State != c.want {
				t.Errorf("%s, want %s", got.State, c.want)
			}
			if c.want == review.Held && (got.DecideBy.IsZero() || len(got.Reasons) == 0) {
				t.Errorf("held without a deadline or a reason: %+v", got.Reasons)
			}
			s.exact()
		})
	}
}
