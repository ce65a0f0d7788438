package recovery_test

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/platform/problem"
	"dangol/shared/review/recovery"
)

func TestTheFiguresOfTheCasesOfAPeriod(t *testing.T) {
	t.Parallel()
	at := func(hours int) time.Time { return now.Add(time.Duration(hours) * time.Hour) }
	const day = 24
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	answered := open()
	must(answered.Answer("죄송합니다", "a", at(2)))
	late := open()
	late.Tick(at(day))
	must(late.Answer("죄송합니다", "a", at(day+1)))
	ignored := open()
	ignored.Tick(at(day))
	raised := open()
	must(raised.MakeOffer(recovery.Refund, "환불", "a", at(1)))
	must(raised.Resolve(recovery.Refund, "", "a", at(2)))
	raised.Tick(at(2 + 3*day))
	raised.Updated(recovery.Written{Stars: 4, StarsBefore: 1}, at(4*day))
	raised.Bought(at(30 * day))
	early := open() // the author changed the review before anybody asked
	must(early.Answer("x", "a", at(1)))
	early.Updated(recovery.Written{Stars: 5, StarsBefore: 1}, at(2))
	must(early.Resolve("", "", "a", at(3)))
	early.Tick(at(3 + 3*day))

	var r recovery.Outcomes
	for _, c := range []*recovery.Case{answered, late, ignored, raised, early} {
		r.Add(c, at(90*day))
	}
	want := recovery.Outcomes{
		Opened: 5, AnsweredInTime: 3, Overdue: 2, Resolved: 2, Invited: 2, Updated: 1, Raised: 1,
		Contacted:    recovery.Figures{Cases: 4, Matured: 4, BoughtAgain: 1},
		NotContacted: recovery.Figures{Cases: 1, Matured: 1},
	}
	if r != want {
		t.Errorf("\n got %+v\nwant %+v", r, want)
	}
}

func TestTheFiguresAddUpForAnyCases(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r recovery.Outcomes
		n := rapid.IntRange(0, 30).Draw(t, "cases")
		at := now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "days later")) * 24 * time.Hour)
		for range n {
			c := open()
			if rapid.Bool().Draw(t, "answered") {
				_ = c.Answer("x", "a", now.Add(time.Duration(rapid.IntRange(0, 48).Draw(t, "hours"))*time.Hour))
			}
			if rapid.Bool().Draw(t, "buys again") {
				c.Bought(now.Add(time.Duration(rapid.IntRange(-5, 120).Draw(t, "days")) * 24 * time.Hour))
			}
			c.Tick(at)
			r.Add(c, at)
		}
		if r.Opened != n || r.Contacted.Cases+r.NotContacted.Cases != n {
			t.Errorf("%d cases: %+v", n, r)
		}
		for _, f := range []recovery.Figures{r.Contacted, r.NotContacted} {
			if f.Matured > f.Cases || f.BoughtAgain > f.Matured {
				t.Errorf("%+v", f)
			}
		}
		if r.AnsweredInTime+r.Overdue > n {
			t.Errorf("a case counts as in time and as overdue: %+v", r)
		}
	})
}

func TestAFullCaseIsClosedAndTakesNothingElse(t *testing.T) {
	t.Parallel()
	c := open()
	for n := 0; ; n++ {
		before := *c
		if err := c.Answer("again", "a", now.Add(time.Hour)); err != nil {
			if problem.Code(err) != "case_full" {
				t.Fatal(err)
			}
			c = &before // what is refused is not stored
			break
		}
		if n > 1_000 {
			t.Fatal("it never becomes full")
		}
	}
	for name, refused := range map[string]func(recovery.Case) error{
		"assigned":         func(c recovery.Case) error { return c.Assign("b", "a", now) },
		"given an offer":   func(c recovery.Case) error { return c.MakeOffer(recovery.Refund, "x", "a", now) },
		"resolved":         func(c recovery.Case) error { return c.Resolve(recovery.Refund, "", "a", now) },
		"answered a while": func(c recovery.Case) error { return c.Answer("x", "a", now) },
	} {
		if err := refused(*c); problem.Code(err) != "case_full" {
			t.Errorf("a full case is %s: %v", name, err)
		}
	}
	if err := c.Close("", "a", now.Add(2*time.Hour)); err != nil || c.State != recovery.Closed {
		t.Errorf("a full case is %s: %v", c.State, err)
	}
	c.Updated(recovery.Written{Stars: 1, StarsBefore: 4}, now.Add(3*time.Hour))
	if c.StarsAfter != 1 || c.State != recovery.Open {
		t.Errorf("a downgrade is lost: %+v", c)
	}
}

func TestADowngradeOpensAClosedCaseAgainWithANewDeadline(t *testing.T) {
	t.Parallel()
	c := open()
	if err := c.Close("nothing to do", "a", now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	at := now.Add(48 * time.Hour)
	c.Updated(recovery.Written{Stars: 3, StarsBefore: 4, Text: "뚜껑이 파손됐어요"}, at)
	if c.State != recovery.Open || !c.AnswerBy.Equal(at.Add(recovery.AnswerWithin)) || !c.Due().Equal(c.AnswerBy) {
		t.Errorf("it is %s until %s", c.State, c.AnswerBy)
	}
	if !slices.Equal(c.Triggers, []recovery.Trigger{recovery.ComplaintWords, recovery.Downgraded}) ||
		!slices.Equal(c.Words, []string{"파손"}) {
		t.Errorf("because of %v, %q", c.Triggers, c.Words)
	}
	// An edit upwards leaves a case as it is.
	c.Updated(recovery.Written{Stars: 5, StarsBefore: 3}, at.Add(time.Hour))
	if c.State != recovery.Open || c.StarsAfter != 5 {
		t.Errorf("it is %s with %d stars", c.State, c.StarsAfter)
	}
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func TestTemplatesAreInBothLanguagesAndTieNothingToTheReview(t *testing.T) {
	t.Parallel()
	ids := map[string]bool{}
	for _, tt := range recovery.Templates {
		if ids[tt.ID] {
			t.Errorf("%s is there twice", tt.ID)
		}
		ids[tt.ID] = true
		if !slices.Contains([]string{"public_reply", "private_offer", "invitation"}, tt.Kind) {
			t.Errorf("%s is a %s", tt.ID, tt.Kind)
		}
		ko, en := placeholder.FindAllString(tt.Text["ko"], -1), placeholder.FindAllString(tt.Text["en"], -1)
		slices.Sort(ko)
		slices.Sort(en)
		if len(tt.Text) != 2 || tt.Text["ko"] == "" || tt.Text["en"] == "" {
			t.Errorf("%s is in %d languages", tt.ID, len(tt.Text))
		}
		for _, name := range slices.Concat(ko, en) {
			if name != "{name}" && name != "{product}" {
				t.Errorf("%s has %s, which the console does not fill in", tt.ID, name)
			}
		}
		for language, text := range tt.Text {
			if word, tied := recovery.Conditional(text); tied && tt.Kind == "private_offer" {
				t.Errorf("%s (%s) speaks of %q", tt.ID, language, word)
			}
		}
	}
	for _, kind := range recovery.OfferKinds {
		if !ids["offer_"+string(kind)] {
			t.Errorf("no template offers %s", kind)
		}
	}
}
