package reviews_test

import (
	"testing"
	"time"

	"dangol/events"
	"dangol/functions/reviews"
	"dangol/infra/testkit/apitest"
	"dangol/shared/review"
	"dangol/shared/review/recovery"
)

func (s *shop) act(own reviews.OwnReview, body map[string]any) *apitest.Response {
	s.t.Helper()
	return s.as(apitest.Agent).Do("POST", "/admin/recovery-cases/"+own.ID+"/actions", body)
}

func (s *shop) caseOf(own reviews.OwnReview) recovery.Case {
	s.t.Helper()
	var c recovery.Case
	s.as(apitest.Agent).Do("GET", "/admin/recovery-cases/"+own.ID, nil).Want(200).Into(&c)
	return c
}

func TestAnUnhappyCustomerIsAnsweredRefundedInvitedAndUpdates(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.write("cust-ann", 1, "뚜껑이 파손되어 왔어요. 환불하고 싶어요.")
	var cases struct{ Cases []recovery.Case }
	s.as(apitest.Agent).Do("GET", "/admin/recovery-cases?state=open", nil).Want(200).Into(&cases)
	if len(cases.Cases) != 1 || cases.Cases[0].OrderID == "" || !cases.Cases[0].AnswerBy.Equal(noon.Add(24*time.Hour)) {
		t.Fatalf("open cases %+v", cases.Cases)
	}
	s.act(own, map[string]any{"do": "assign", "text": "agent-1"}).Want(200)
	s.act(own, map[string]any{"do": "offer", "offer": "refund", "text": "별점을 올려 주시면 환불해 드립니다"}).WantField("/text")
	offer := map[string]any{"do": "offer", "offer": "refund", "text": "전액 환불해 드리겠습니다."}
	s.act(own, offer).Want(200)
	s.act(own, offer).Want(200) // the answer was lost
	s.as(apitest.Agent).Do("PUT", "/admin"+path(own)+"/reply", map[string]any{"text": "불편을 드려 죄송합니다."}).Want(200)
	s.act(own, map[string]any{"do": "resolve", "offer": "refund"}).Want(200)
	s.clock.Advance(recovery.InviteAfter)
	s.sweep()
	c := s.caseOf(own)
	if c.State != recovery.Closed || c.InvitedAt.IsZero() || len(c.Log) != 6 {
		t.Fatalf("after the invitation: %s, %+v", c.State, c.Log)
	}
	s.clock.Advance(time.Hour)
	s.as(apitest.Ann).Do("PUT", path(own), map[string]any{"stars": 4, "text": "바로 해결해 주셨어요"}).Want(200)
	s.clock.Advance(24 * time.Hour)
	s.deliver(events.OrderPlaced{OrderRef: events.OrderRef{OrderID: "ord_2", CustomerID: "cust-ann"},
		PlacedAt: s.clock.Now()})
	s.clock.Advance(recovery.ReturnWithin)
	var out recovery.Outcomes
	s.as(apitest.Agent).Do("GET", "/admin/recovery-report?month=2026-11", nil).Want(200).Into(&out)
	if out.AnsweredInTime != 1 || out.Updated != 1 || out.Raised != 1 || out.Contacted.BoughtAgain != 1 ||
		out.NotContacted.Cases != 0 {
		t.Errorf("report %+v", out)
	}
	kept, err := s.Store.Revisions(t.Context(), own.ID)
	if err != nil || len(kept) != 1 || kept[0].Content.Value.Stars != 1 {
		t.Errorf("the first version is not kept: %+v, %v", kept, err)
	}
	s.exact()
}

func TestACaseThatNobodyAnswersIsOverdueOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.write("cust-ann", 2, good)
	s.clock.Advance(recovery.AnswerWithin)
	s.sweep()
	s.clock.Advance(recovery.AnswerWithin)
	s.sweep()
	c := s.caseOf(own)
	if c.State != recovery.Open || c.OverdueAt.IsZero() || len(c.Log) != 2 {
		t.Errorf("case %+v", c)
	}
}

func TestAnEditDownwardsOpensACase(t *testing.T) {
	t.Parallel()
	s := open(t)
	own := s.write("cust-ann", 5, good)
	s.as(apitest.Agent).Do("GET", "/admin/recovery-cases/"+own.ID, nil).WantProblem(404, "case_not_found")
	s.as(apitest.Ann).Do("PUT", path(own), map[string]any{"stars": 3, "text": "처음보다 별로예요"}).Want(200)
	if c := s.caseOf(own); c.Triggers[0] != recovery.Downgraded || c.StarsBefore != 3 {
		t.Errorf("case %+v", c)
	}
}

func TestBuyersAreAskedAfterDeliveryWhateverTheyWrote(t *testing.T) {
	t.Parallel()
	s := open(t)
	e := events.OrderDelivered{
		OrderRef: events.OrderRef{OrderID: "ord_quiet", CustomerID: "cust-bob", Language: "en"}, DeliveredAt: noon,
		Lines: []events.OrderLine{{LineID: "line_1", ProductID: soap, VariantID: "var_soap"}},
	}
	s.deliver(e)
	s.clock.Advance(review.FirstRequest)
	s.sweep()
	l, err := s.Store.LineOf(t.Context(), "ord_quiet", "line_1")
	if err != nil || l.Asked != 1 || l.Event == nil || l.Event.Type != "review.requested" {
		t.Fatalf("line %+v, %v", l, err)
	}
	s.clock.Advance(review.FollowUpAfter)
	s.sweep()
	l, err = s.Store.LineOf(t.Context(), "ord_quiet", "line_1")
	if err != nil || l.Asked != 2 {
		t.Errorf("line %+v, %v", l, err)
	}
}
