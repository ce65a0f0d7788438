package reviews_test

import (
	"testing"

	"dangol/functions/reviews"
	"dangol/infra/testkit/apitest"
	"dangol/shared/order"
	"dangol/shared/review"
)

// Whoever deletes a review that a moderator took down, and writes it anew, would have the last word.
func TestDeletingAReviewDoesNotUndoWhatAModeratorDecided(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, reason string }{{"taken down", "spam"}, {"returned", "off_topic"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			own := s.write("cust-ann", 5, good)
			s.as(apitest.Agent).Do("POST", "/admin"+path(own)+"/decision",
				map[string]any{"reasons": []any{map[string]any{"reason": c.reason}}}).Want(200)
			s.as(apitest.Ann).Do("DELETE", path(own), nil).Want(204)
			again := s.as(apitest.Ann).Do("PUT", path(own), map[string]any{"stars": 5, "text": good})
			if c.reason == "spam" {
				again.WantProblem(409, "review_rejected")
			} else {
				again.Want(200)
				if got := s.stored(own); got.State != review.Held || got.DecideBy.IsZero() {
					t.Errorf("written anew: %s until %v", got.State, got.DecideBy)
				}
			}
			if n := s.page("").Summary.Count; n != 0 {
				t.Errorf("%d reviews are shown", n)
			}
			s.exact()
		})
	}
}

// Each reporter has one report, so a review that an edit released could not be reported by them again.
func TestAnEditDoesNotReleaseAReviewThatReportsHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		edit func(*shop, reviews.OwnReview)
	}{
		{"an edit", func(s *shop, own reviews.OwnReview) {
			s.as(apitest.Ann).Do("PUT", path(own), map[string]any{"stars": 4, "text": good + "!"}).Want(200)
		}},
		{"deleted and written anew", func(s *shop, own reviews.OwnReview) {
			s.as(apitest.Ann).Do("DELETE", path(own), nil).Want(204)
			s.as(apitest.Ann).Do("PUT", path(own), map[string]any{"stars": 5, "text": good}).Want(200)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			own := s.write("cust-ann", 5, good)
			for _, who := range []string{"r1", "r2", "r3"} {
				s.as(customer(who)).Do("POST", path(own)+"/reports", map[string]any{"reason": "illegal"}).Want(202)
			}
			c.edit(s, own)
			if got := s.stored(own); got.State != review.Held || got.ReportWeight < review.HoldWeight {
				t.Errorf("%s with reports of %d", got.State, got.ReportWeight)
			}
			s.as(apitest.Agent).Do("POST", "/admin"+path(own)+"/decision", map[string]any{"publish": true}).Want(200)
			s.as(apitest.Ann).Do("PUT", path(own), map[string]any{"stars": 3, "text": good + " 그래도요"}).Want(200)
			if got := s.stored(own).State; got != review.Published {
				t.Errorf("edited after the decision: %s", got)
			}
			s.exact()
		})
	}
}

// Whoever bought as a guest and made an account later is the same person.
func TestWhatSomebodyWroteAsAGuestIsTheirOwnReview(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.sell("", func(o *order.Order) { o.Email = "Cust-1@Example.com" })
	token, err := s.Orders.CreateLookupToken(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var own reviews.OwnReview
	apitest.New(t, s.handler).With("Order-Token", token).Do("POST", "/reviews", said(id, 5, good)).Want(201).Into(&own)
	s.as(customer("cust-1")).Do("PUT", path(own)+"/vote", map[string]any{"helpful": true}).WantProblem(409, "own_review")
	s.as(customer("cust-1")).Do("POST", path(own)+"/reports", map[string]any{"reason": "spam"}).WantProblem(409,
		"own_review")
	s.as(customer("cust-2")).Do("PUT", path(own)+"/vote", map[string]any{"helpful": true}).Want(200)
	s.exact()
}
