package reviews_test

import (
	"strings"
	"testing"
	"time"

	"dangol/functions/reviews"
	"dangol/infra/testkit/apitest"
	"dangol/shared/order"
	"dangol/shared/review"
)

const good = "거품이 풍성하고 향이 은은해서 온 가족이 함께 쓰고 있어요."

func TestADeliveredOrderLineIsReviewedOnceByItsBuyer(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.sell("cust-ann")
	var own reviews.OwnReview
	s.as(apitest.Ann).Do("POST", "/reviews", said(id, 5, good)).Want(201).Into(&own)
	if own.State != review.Published || !own.Verified || own.Author != "김**" || own.Language != "ko" {
		t.Errorf("written %+v", own)
	}
	s.as(apitest.Ann).Do("POST", "/reviews", said(id, 5, good)).Want(201) // the same again, without a key
	s.as(apitest.Ann).Do("POST", "/reviews", said(id, 1, "다른 글")).WantProblem(409, "review_exists")
	if page := s.page(""); page.Summary.Count != 1 || page.Summary.Average != 5 || len(page.Reviews) != 1 {
		t.Errorf("page %+v", page)
	}
	s.exact()
}

func TestReviewsThatAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	mine, others := s.sell("cust-ann"), s.sell("cust-bob")
	onItsWay := s.sell("cust-ann", func(o *order.Order) { o.Fulfillments[0].DeliveredAt = nil })
	notSent := s.sell("cust-ann", func(o *order.Order) { o.Fulfillments = nil })
	longAgo := s.sell("cust-ann", func(o *order.Order) {
		at := noon.Add(-review.WriteWithin - time.Hour)
		o.Fulfillments[0].DeliveredAt = &at
	})
	ann := s.as(apitest.Ann)
	for _, tt := range []struct {
		name   string
		body   any
		status int
		code   string
	}{
		{"an order of somebody else", said(others, 5, good), 404, "order_not_found"},
		{"an order that is not there", said("ord_1kjmd0c0w7f3k2m", 5, good), 404, "order_not_found"},
		{"a line of no order", said(mine, 5, good, map[string]any{"lineId": "line_9"}), 422, "invalid_input"},
		{"a parcel on its way", said(onItsWay, 5, good), 409, "not_delivered"},
		{"nothing sent yet", said(notSent, 5, good), 409, "not_delivered"},
		{"delivered more than a year ago", said(longAgo, 5, good), 409, "review_too_late"},
		{"no stars", said(mine, 0, good), 422, "invalid_input"},
		{"six stars", said(mine, 6, good), 422, "invalid_input"},
		{"100,000 characters", said(mine, 5, strings.Repeat("a", 100_000)), 413, "body_too_large"},
		{"6,000 characters", said(mine, 5, strings.Repeat("가", 6_000)), 422, "invalid_input"},
		{"nothing that can be seen", said(mine, 5, "\u200b\u202e\u3164"), 422, "invalid_input"},
		{"NUL", `{"orderId":"` + mine + `","lineId":"line_1","stars":5,"text":"a\u0000b"}`, 422, "invalid_input"},
		{"a field that does not exist", said(mine, 5, good, map[string]any{"verified": true}), 422, "invalid_input"},
		{"a phone number", said(mine, 5, "전화 주세요 010-1234-5678"), 422, "review_needs_changes"},
		{"a phone number, insisting", said(mine, 5, "전화 주세요 010-1234-5678", map[string]any{"insist": true}), 422,
			"review_needs_changes"},
		{"look-alike letters", said(mine, 5, "this is \u0455h\u0456t"), 422, "review_needs_changes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ann.Do("POST", "/reviews", tt.body).WantProblem(tt.status, tt.code)
		})
	}
	s.as(apitest.Agent).Do("POST", "/reviews", said(mine, 5, good)).WantProblem(404, "order_not_found")
	apitest.New(t, s.handler).Do("POST", "/reviews", said(mine, 5, good)).WantProblem(404, "order_not_found")
	if n := s.page("").Summary.Count; n != 0 {
		t.Errorf("%d reviews were written", n)
	}
}

func TestAGuestReviewsWithTheTokenOfTheOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.sell("", func(o *order.Order) { o.Email = "guest@example.com" })
	token, err := s.Orders.CreateLookupToken(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	guest := apitest.New(t, s.handler)
	var own reviews.OwnReview
	guest.With("Order-Token", token).Do("POST", "/reviews", said(id, 4, good)).Want(201).Into(&own)
	change := map[string]any{"stars": 3, "text": good}
	guest.Do("PUT", path(own), change).WantProblem(404, "review_not_found")
	guest.With("Order-Token", token).Do("PUT", path(own), change).Want(200)
	s.exact()
}

func TestMarkedWordsAreMendedOrSentToAModerator(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.sell("cust-ann")
	p := s.as(apitest.Ann).Do("POST", "/reviews", said(id, 2, "진짜 씨발 별로예요 http://x.com")).WantProblem(422,
		"review_needs_changes")
	found, ok := p.Extra["findings"].([]any)
	if !ok || len(found) != 2 || found[0].(map[string]any)["marks"].([]any)[0].(map[string]any)["text"] != "씨발" {
		t.Fatalf("findings %v", p.Extra)
	}
	var own reviews.OwnReview
	s.as(apitest.Ann).Do("POST", "/reviews",
		said(id, 2, "진짜 씨발 별로예요", map[string]any{"insist": true})).Want(201).Into(&own)
	if own.State != review.Held || s.page("").Summary.Count != 0 {
		t.Errorf("insisted: %s", own.State)
	}
	s.as(apitest.Agent).Do("POST", "/admin"+path(own)+"/decision", map[string]any{
		"reasons": []any{map[string]any{"reason": "profanity", "words": []string{"씨발"}}},
	}).Want(200)
	var mine struct{ Reviews []reviews.OwnReview }
	s.as(apitest.Ann).Do("GET", "/reviews/mine", nil).Want(200).Into(&mine)
	got := mine.Reviews[0]
	if got.State != review.Returned || !got.CanMend || got.Reasons[0].Marks[0].Text != "씨발" {
		t.Fatalf("returned %+v", got)
	}
	s.as(apitest.Ann).Do("PUT", path(own), map[string]any{"stars": 2, "text": "진짜 별로예요"}).Want(200).Into(&own)
	if own.State != review.Published || s.page("").Summary.Stars["2"] != 1 {
		t.Errorf("mended: %s", own.State)
	}
	s.exact()
}

func TestAnEditKeepsWhatWasSaidAndADeleteForgetsIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.write("cust-ann", 5, good)
	s.as(apitest.Bob).Do("PUT", path(own), map[string]any{"stars": 1, "text": good}).WantProblem(404, "review_not_found")
	s.as(apitest.Ann).Do("PUT", path(own), map[string]any{"stars": 3, "text": "다시 써 보니 보통이에요"}).Want(200)
	var seen reviews.InspectedReview
	s.as(apitest.Agent).Do("GET", "/admin"+path(own), nil).Want(200).Into(&seen)
	if len(seen.Revisions) != 1 || seen.Revisions[0].Stars != 5 || seen.Rating != 3 {
		t.Errorf("inspected %+v", seen)
	}
	if sum := s.page("").Summary; sum.Count != 1 || sum.Stars["3"] != 1 {
		t.Errorf("summary after the edit %+v", sum)
	}
	s.as(apitest.Bob).Do("DELETE", path(own), nil).WantProblem(404, "review_not_found")
	s.as(apitest.Ann).Do("DELETE", path(own), nil).Want(204)
	s.as(apitest.Ann).Do("DELETE", path(own), nil).Want(204)
	s.as(apitest.Agent).Do("GET", "/admin"+path(own), nil).Want(200).Into(&seen)
	if seen.Text != "" || s.page("").Summary.Count != 0 {
		t.Errorf("after the delete: %q, %+v", seen.Text, s.page("").Summary)
	}
	kept, err := s.Store.Revisions(t.Context(), own.ID)
	if err != nil || len(kept) != 0 {
		t.Errorf("%d revisions kept, %v", len(kept), err)
	}
	s.exact()
}

func TestTheFollowUpAfterAMonthIsTheOpinionThatCounts(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.write("cust-ann", 5, good)
	later := map[string]any{"stars": 2, "text": "한 달 쓰니 향이 다 빠졌어요"}
	s.as(apitest.Ann).Do("POST", path(own)+"/follow-up", later).WantProblem(409, "follow_up_too_early")
	s.clock.Advance(review.FollowUpAfter)
	s.as(apitest.Ann).Do("POST", path(own)+"/follow-up", later).Want(200)
	s.as(apitest.Ann).Do("POST", path(own)+"/follow-up", later).Want(200) // the same again
	s.as(apitest.Ann).Do("POST", path(own)+"/follow-up", map[string]any{"stars": 5, "text": "x y z"}).WantProblem(409,
		"follow_up_exists")
	page := s.page("")
	if page.Summary.Stars["2"] != 1 || page.Reviews[0].Stars != 5 || page.Reviews[0].FollowUp.Stars != 2 {
		t.Errorf("page %+v", page)
	}
	s.exact()
}

func TestVotesReorderAndTheAuthorHasNone(t *testing.T) {
	t.Parallel()
	s := open(t)
	low, high := s.write("cust-ann", 1, "거품이 거의 없고 금방 무너져요. 향도 약합니다."), s.write("cust-bob", 5, good)
	s.clock.Advance(review.NewFor + time.Hour)
	s.as(apitest.Ann).Do("PUT", path(low)+"/vote", map[string]any{"helpful": true}).WantProblem(409, "own_review")
	for _, who := range []string{"c1", "c2"} {
		s.as(customer(who)).Do("PUT", path(low)+"/vote", map[string]any{"helpful": true}).Want(200)
	}
	if first := s.page("?sort=helpful").Reviews[0].ID; first != low.ID {
		t.Errorf("first is %s", first)
	}
	for _, who := range []string{"c1", "c2"} {
		s.as(customer(who)).Do("PUT", path(low)+"/vote", map[string]any{"helpful": false}).Want(200)
	}
	if first := s.page("?sort=helpful").Reviews[0].ID; first != high.ID {
		t.Errorf("after the votes changed, first is %s", first)
	}
}

func TestNothingDependsOnTheStarsButTheStars(t *testing.T) {
	t.Parallel()
	for _, text := range []string{good, "배송 빨라요", "진짜 씨발", "가나다라 " + good, good} {
		var states, signals []string
		for stars := 1; stars <= 5; stars++ {
			s := open(t)
			s.write("cust-bob", 3, good) // something to be like
			s.write("cust-cat", 3, good)
			own := reviews.OwnReview{}
			r := s.as(apitest.Ann).Do("POST", "/reviews",
				said(s.sell("cust-ann"), stars, text, map[string]any{"insist": true})).Want(201).Into(&own)
			_ = r
			states = append(states, string(own.State))
			var names []string
			for _, sig := range s.stored(own).Signals {
				names = append(names, sig.Name)
			}
			signals = append(signals, strings.Join(names, " "))
		}
		for i := range states {
			if states[i] != states[0] || signals[i] != signals[0] {
				t.Errorf("%q: states by stars %v, signals %v", text, states, signals)
			}
		}
	}
}
