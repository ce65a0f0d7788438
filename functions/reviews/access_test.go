package reviews_test

import (
	"testing"
	"time"

	"dangol/functions/reviews"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	// A purchase takes many calls, so routes that leave a thing as it is for the next caller share one.
	product, own, question := system.Once(system.AProduct), system.Once(ownReview), system.Once(ownQuestion)
	read := reader(own)
	csv := map[string]string{"Content-Type": "text/csv"}
	system.Check(t, system.Function{
		Spec: reviews.Spec(),
		Routes: system.Routes{
			"listReviews": {Needs: product}, "getReviewSummary": {Needs: product},
			"getReviewsForSearchEngines": {Needs: product},
			"getReviewPolicy":            {}, "listMyReviews": {},
			"createReview": {
				Needs: deliveredLine, Owned: true,
				Body: `{"orderId":"{orderId}","lineId":"{orderLine}","stars":2,"text":"약해요 {unique}"}`,
			},
			"editReview":   {Needs: own, Owned: true, Body: `{"stars":3,"text":"괜찮아요"}`},
			"deleteReview": {Needs: system.Once(ownReview), Owned: true},
			"addFollowUp":  {Needs: own, Owned: true, Body: `{"stars":3,"text":"한 달 후"}`},
			"voteOnReview": {Needs: read, Body: `{"helpful":true}`}, "withdrawVote": {Needs: read},
			"reportReview":  {Needs: reader(system.Once(ownReview)), Body: `{"reason":"off_topic","note":"about the parcel"}`},
			"listQuestions": {Needs: product}, "askQuestion": {Needs: product,
				Body: `{"text":"순한가요?","name":"하늘","language":"ko"}`},
			"answerQuestion":        {Needs: questionToABuyer, Body: `{"text":"네, 순해요","name":"하늘","language":"ko"}`},
			"setQuestionVisibility": {Needs: question, Body: `{"visible":false}`},
			"listReviewsToModerate": {}, "listReviewReports": {}, "getReviewToModerate": {Needs: own},
			"decideReview": {Needs: own, Body: `{"publish":true}`,
				Bodies: []string{`{"publish":false,"reasons":[{"reason":"off_topic","words":[]}]}`}},
			"decideReviewMedia": {Needs: own, Body: `{"publish":false}`},
			"replyToReview":     {Needs: own, Body: `{"text":"감사합니다"}`},
			"listRecoveryCases": {}, "reportRecovery": {Query: "month=2026-10"}, "listRecoveryTemplates": {},
			"getRecoveryCase": {Needs: own}, "actOnRecoveryCase": {Needs: own, Body: `{"do":"answer","text":"죄송합니다"}`,
				Bodies: []string{`{"do":"link","conversationId":"chat_1"}`, `{"do":"offer","offer":"refund","text":"환불해 드릴게요"}`}},
			"setReviewRewards": {Body: `{"budget":0,"promotions":{}}`, Harmless: map[string]string{
				"/bestVotes minimum":  "without one the usual is stored",
				"/minLetters minimum": "without one the usual is stored"}}, "getReviewRewards": {},
			"rewardBestReviews":    {Query: "month=2026-10"},
			"importReviews":        {Body: "body,rating,review_date,product_handle\n", Header: csv},
			"exportReviewFeed":     {Needs: product},
			"listReviewedProducts": {}, "auditReviewSummary": {Needs: product},
		},
		Journey: rewardAndTakeBack,
	})
}

// reader makes the same things and a new customer who owns none of them.
func reader(make func(*system.Shop) system.Things) func(*system.Shop) system.Things {
	return func(s *system.Shop) system.Things {
		b := make(s)
		b.Owner.Caller = s.As(system.Unique("reader"))
		return b
	}
}

// questionToABuyer is a question about what the owner has bought and reviewed: {questionId}.
func questionToABuyer(s *system.Shop) system.Things {
	b := ownReview(s)
	b.Fill["questionId"] = s.Do(s.As(system.Unique("eve")), "POST", "/products/"+b.Fill["id"]+"/questions",
		`{"text":"순한가요?"}`).Field(s.T, "id")
	return b
}

// deliveredLine is an order that has arrived: {orderLine} is its line.
func deliveredLine(s *system.Shop) system.Things {
	b := system.DeliveredOrder(s)
	b.Fill["orderLine"] = s.Do(b.Owner.Caller, "GET", "/orders/"+b.Fill["orderId"], nil).Field(s.T, "lines.0.id")
	return b
}

// ownReview is a review that opened a recovery case, with a photo that is awaited: {reviewId}, {caseId}, {mediaId}.
func ownReview(s *system.Shop) system.Things {
	b := deliveredLine(s)
	made := s.Do(b.Owner.Caller, "POST", "/reviews", map[string]any{
		"orderId": b.Fill["orderId"], "lineId": b.Fill["orderLine"], "stars": 1, "text": system.Unique("약해요 "),
	})
	b.Fill["reviewId"] = made.Field(s.T, "id")
	b.Fill["caseId"] = b.Fill["reviewId"]
	path := "/products/" + b.Fill["id"] + "/reviews/" + b.Fill["reviewId"]
	// Everybody here lives at one address, which is a signal: a moderator has to let the review through.
	s.Do(s.Agent(), "POST", "/admin"+path+"/decision", `{"publish":true}`)
	b.Fill["mediaId"] = s.Do(b.Owner.Caller, "POST", path+"/media", `{"kind":"photo","type":"image/jpeg","size":1000}`).
		Field(s.T, "mediaId")
	return b
}

// ownQuestion is a question about a product that nobody has reviewed: {questionId}.
func ownQuestion(s *system.Shop) system.Things {
	b := system.AProduct(s)
	b.Owner.Caller = s.As(system.Unique("eve"))
	b.Fill["questionId"] = s.Do(b.Owner.Caller, "POST", "/products/"+b.Fill["id"]+"/questions",
		`{"text":"순한가요?"}`).Field(s.T, "id")
	return b
}

// rewardAndTakeBack gives a coupon for a review and takes it back, because the review was advertising.
func rewardAndTakeBack(s *system.Shop) {
	merchant := s.Merchant()
	coupon := s.Do(merchant, "POST", "/promotions",
		`{"name":{"ko":"감사 쿠폰"},"kind":"fixed_amount","starts":"2026-01-01T00:00",`+
			`"targets":{"all":true},"terms":{"amount":{"KRW":1000}}}`).Field(s.T, "id")
	s.Do(merchant, "POST", "/promotions/"+coupon+"/codes", `{"size":1000}`)
	s.Do(merchant, "POST", "/promotions/"+coupon+"/publish", `{"reason":"a test"}`)
	s.Do(merchant, "PUT", "/admin/review-rewards", map[string]any{
		"minLetters": 1, "text": 1000, "budget": 1_000_000, "promotions": map[string]string{"review": coupon},
	})
	b := ownReview(s)
	s.AdvanceBy(9 * 24 * time.Hour)
	path := "/admin/products/" + b.Fill["id"] + "/reviews/" + b.Fill["reviewId"]
	if got := s.Do(s.Agent(), "GET", path, nil).Field(s.T, "rewarded.amount"); got != "1000" {
		s.T.Errorf("the review earned %s", got)
	}
	s.Do(s.Agent(), "POST", path+"/decision", `{"reasons":[{"reason":"spam"}]}`)
	s.Try(system.Guest.With("Order-Token", "made-up"), "DELETE", path[len("/admin"):], nil)
	s.RunUntilIdle()
}
