package recovery_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/platform/problem"
	"dangol/shared/review/recovery"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func TestTriggers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		written recovery.Written
		why     []recovery.Trigger
	}{
		{"five stars", recovery.Written{Stars: 5, Text: "정말 좋아요"}, nil},
		{"two stars", recovery.Written{Stars: 2, Text: "그냥 그래요"}, []recovery.Trigger{recovery.LowRating}},
		{"three stars", recovery.Written{Stars: 3, Text: "그냥 그래요"}, nil},
		{"a complaint with four stars", recovery.Written{Stars: 4, Text: "향은 좋은데 뚜껑이 파손되어 왔어요"},
			[]recovery.Trigger{recovery.ComplaintWords}},
		{"late delivery", recovery.Written{Stars: 4, Text: "배송이 너무 느려요"}, []recovery.Trigger{recovery.ComplaintWords}},
		{"fast delivery is praise", recovery.Written{Stars: 5, Text: "배송이 빨라요"}, nil},
		{"English complaint", recovery.Written{Stars: 3, Text: "Arrived broken, I want a refund."},
			[]recovery.Trigger{recovery.ComplaintWords}},
		{"a word that only contains one", recovery.Written{Stars: 5, Text: "chocolate and unbrokenly good"}, nil},
		{"an edit downwards", recovery.Written{Stars: 3, StarsBefore: 5, Text: "다시 써 보니 보통"},
			[]recovery.Trigger{recovery.Downgraded}},
		{"an edit upwards", recovery.Written{Stars: 4, StarsBefore: 1, Text: "해결됐어요"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if why, words := recovery.Triggers(tt.written); !slices.Equal(why, tt.why) {
				t.Errorf("got %v with %v, want %v", why, words, tt.why)
			}
		})
	}
}

func open() *recovery.Case {
	return recovery.Start(recovery.Case{ID: "rev_1", StarsBefore: 1, Triggers: []recovery.Trigger{recovery.LowRating}},
		now)
}

func TestACaseIsAnsweredResolvedAndTheAuthorInvitedOnce(t *testing.T) {
	t.Parallel()
	c := open()
	if err := c.MakeOffer(recovery.Refund, "전액 환불해 드리겠습니다.", "agent_1", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := c.Resolve(recovery.Refund, "", "agent_1", now.Add(2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	due := now.Add(2*time.Hour + recovery.InviteAfter)
	if got := c.Tick(due.Add(-time.Second)); got != "" {
		t.Errorf("before it is due: %q", got)
	}
	if got := c.Tick(due); got != "invited" || c.State != recovery.Closed {
		t.Errorf("when due: %q, %s", got, c.State)
	}
	if got := c.Tick(due.Add(time.Hour)); got != "" {
		t.Errorf("again: %q", got)
	}
	c.Updated(recovery.Written{Stars: 4, StarsBefore: 1, Text: "해결됐어요"}, due.Add(time.Hour))
	var r recovery.Outcomes
	r.Add(c, due.Add(24*time.Hour))
	if r.AnsweredInTime != 1 || r.Invited != 1 || r.Updated != 1 || r.Raised != 1 || r.Overdue != 0 ||
		r.Contacted.Cases != 1 {
		t.Errorf("report %+v", r)
	}
}

func TestAMissedDeadlineIsNotedOnce(t *testing.T) {
	t.Parallel()
	c := open()
	if got := c.Tick(now.Add(recovery.AnswerWithin)); got != "overdue" {
		t.Fatalf("got %q", got)
	}
	if got := c.Tick(now.Add(2 * recovery.AnswerWithin)); got != "" {
		t.Errorf("again: %q", got)
	}
	if err := c.Answer("죄송합니다", "agent_1", now.Add(30*time.Hour)); err != nil {
		t.Fatal(err)
	}
	var r recovery.Outcomes
	r.Add(c, now.Add(recovery.ReturnWithin))
	if r.AnsweredInTime != 0 || r.Overdue != 1 || r.Contacted.Matured != 1 {
		t.Errorf("report %+v", r)
	}
}

func TestAnOfferNeverDependsOnTheReview(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"리뷰를 수정해 주시면 환불해 드립니다", "별점을 올려 주세요", "Refund after you change your review", "a 5 star rating helps us",
	} {
		err := open().MakeOffer(recovery.Refund, text, "agent_1", now)
		if fields := problem.From(err).Fields; len(fields) != 1 || fields[0].Code != "conditional_offer" {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, tpl := range recovery.Templates {
		for language, text := range tpl.Text {
			if word, is := recovery.Conditional(text); is && tpl.Kind == "private_offer" {
				t.Errorf("template %s (%s) speaks of %q", tpl.ID, language, word)
			}
		}
	}
}

func TestStatesThatACaseCannotSkip(t *testing.T) {
	t.Parallel()
	if err := open().Resolve(recovery.Refund, "", "a", now); problem.Code(err) != "case_state" {
		t.Errorf("resolved without an answer: %v", err)
	}
	c := open()
	if err := c.Close("no reply wanted", "a", now); err != nil {
		t.Fatal(err)
	}
	if err := c.Answer("hello", "a", now); problem.Code(err) != "case_state" {
		t.Errorf("a closed case is answered: %v", err)
	}
	c.Updated(recovery.Written{Stars: 1, StarsBefore: 2, Text: "더 나빠졌어요"}, now.Add(time.Hour))
	if c.State != recovery.Open || !c.AnswerBy.Equal(now.Add(25*time.Hour)) {
		t.Errorf("a downgrade leaves the case %s until %v", c.State, c.AnswerBy)
	}
}

func TestBuyingAgainCountsWithin90Days(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after time.Duration
		want  bool
	}{
		{"an order before the case", -time.Hour, false},
		{"the next day", 24 * time.Hour, true},
		{"on day 90", recovery.ReturnWithin, true},
		{"on day 91", recovery.ReturnWithin + 24*time.Hour, false},
	} {
		if got := open().Bought(now.Add(tt.after)); got != tt.want {
			t.Errorf("%s: got %v", tt.name, got)
		}
	}
}

func TestAnySequenceOfActionsKeepsTheDeadlinesInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, at, invited := open(), now, 0
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "hours")) * time.Hour)
			switch rapid.SampledFrom([]string{"answer", "offer", "resolve", "close", "tick", "up", "down", "assign"}).Draw(t,
				"action") {
			case "answer":
				_ = c.Answer("x", "a", at)
			case "offer":
				_ = c.MakeOffer(recovery.Exchange, "x", "a", at)
			case "resolve":
				_ = c.Resolve(recovery.Exchange, "", "a", at)
			case "close":
				_ = c.Close("", "a", at)
			case "tick":
				if c.Tick(at) == "invited" {
					invited++
				}
			case "up":
				c.Updated(recovery.Written{Stars: 5, StarsBefore: 1}, at)
			case "down":
				c.Updated(recovery.Written{Stars: 1, StarsBefore: 5}, at)
			case "assign":
				_ = c.Assign("b", "a", at)
			}
			if invited > 1 {
				t.Fatal("invited twice")
			}
			if c.State == recovery.Resolved && (c.ResolvedAt.Before(c.AnsweredAt) || c.AnsweredAt.IsZero()) {
				t.Fatalf("resolved without an answer: %+v", c)
			}
		}
	})
}
