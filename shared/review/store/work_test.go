package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/recovery"
	"dangol/shared/review/reward"
	"dangol/shared/review/store"
)

func ids(found []review.Review) (all []string) {
	for _, r := range found {
		all = append(all, r.ID)
	}
	return all
}

// An author sees all of their reviews, newest first, whatever became of them, and nobody else's.
func TestAnAuthorListsTheirOwnReviewsPageByPage(t *testing.T) {
	t.Parallel()
	s := open(t)
	var want []string
	for n := range 5 {
		r := s.write(t, n, 4, func(r *review.Review) {
			r.AuthorID = "cust_1"
			r.State = review.States[n%len(review.States)]
		})
		want = append(want, r.ID)
		s.write(t, n+10, 4, nil)
		s.clock.Advance(time.Minute)
	}
	slices.Reverse(want)
	var got []string
	for after, pages := table.Cursor(""), 0; pages == 0 || after != ""; pages++ {
		mine, next, err := s.Mine(t.Context(), "cust_1", 2, after)
		if err != nil || pages > 3 {
			t.Fatal(pages, err)
		}
		got, after = append(got, ids(mine)...), next
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if mine, _, err := s.Mine(t.Context(), "cust_none", 2, ""); err != nil || len(mine) != 0 {
		t.Errorf("somebody without reviews: %v, %v", ids(mine), err)
	}
	if _, _, err := s.Mine(t.Context(), "cust_1", 2, "no cursor"); !errors.Is(err, table.ErrCursor) {
		t.Errorf("a cursor that is none: %v", err)
	}
}

func TestAReviewThatIsNotThereIsLeftOutOfManyAndAnErrorAlone(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := s.write(t, 1, 4, nil)
	found, err := s.Many(t.Context(), []store.ReviewID{{ProductID: "prod_1", ReviewID: s.NewID()}, key(r)})
	if err != nil || !slices.Equal(ids(found), []string{r.ID}) {
		t.Errorf("%q, %v", ids(found), err)
	}
	for name, one := range map[string]store.ReviewID{
		"of another product": {ProductID: "prod_2", ReviewID: r.ID},
		"another one":        {ProductID: "prod_1", ReviewID: s.NewID()},
		"no id":              {ProductID: "prod_1", ReviewID: "SUMMARY"},
	} {
		if _, err := s.Get(t.Context(), one); problem.Code(err) != "review_not_found" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestModeratorsSeeWhatIsHeldOldestFirst(t *testing.T) {
	t.Parallel()
	s := open(t)
	var want []string
	for n := range 4 {
		r := s.write(t, n, 1, func(r *review.Review) {
			if n != 2 {
				r.State = review.Held
			}
		})
		if n != 2 {
			want = append(want, r.ID)
		}
		s.clock.Advance(time.Minute)
	}
	held, next, err := s.InState(t.Context(), review.Held, 10, "")
	if err != nil || !slices.Equal(ids(held), want) || next != "" {
		t.Errorf("%q, want %q, %v", ids(held), want, err)
	}
	if _, err := s.Change(t.Context(), key(&held[0]), setState(review.Published)); err != nil {
		t.Fatal(err)
	}
	first, next, err := s.InState(t.Context(), review.Held, 1, "")
	if err != nil || !slices.Equal(ids(first), want[1:2]) || next == "" {
		t.Errorf("after a decision %q, %v", ids(first), err)
	}
}

func TestOpenReportsAreListedUntilAModeratorDecides(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := s.write(t, 1, 1, nil)
	for n := range 3 {
		if _, err := s.Report(t.Context(), key(r), fmt.Sprint("reporter_", n), review.Spam, "ad"); err != nil {
			t.Fatal(err)
		}
		s.clock.Advance(time.Minute)
	}
	reports, next, err := s.Reports(t.Context(), 2, "")
	if err != nil || len(reports) != 2 || reports[0].ReporterID != "reporter_0" || reports[0].Note != "ad" || next == "" {
		t.Fatalf("%+v, %v", reports, err)
	}
	last, _, err := s.Reports(t.Context(), 2, next)
	if err != nil || len(last) != 1 || last[0].ReporterID != "reporter_2" {
		t.Errorf("the last page %+v, %v", last, err)
	}
	for range 2 { // the decision is made twice
		if err := s.Settle(t.Context(), r.ID, true); err != nil {
			t.Fatal(err)
		}
	}
	if open, _, err := s.Reports(t.Context(), 10, ""); err != nil || len(open) != 0 {
		t.Errorf("still open: %+v, %v", open, err)
	}
	screened, err := s.Screen(t.Context(), &review.Review{AuthorID: "reporter_1", ProductID: "prod_1"}, nil,
		store.AccountLinks{})
	if err != nil || screened.Author.Upheld != 1 || screened.Author.Dismissed != 0 {
		t.Errorf("the record of a reporter: %+v, %v", screened.Author, err)
	}
}

func TestAnEditKeepsWhatWasSaidAndADeletionForgetsIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := s.write(t, 1, 5, nil)
	for _, stars := range []int{4, 2} {
		s.clock.Advance(time.Hour)
		_, err := s.Change(t.Context(), key(r), func(r *review.Review) (store.Effect, bool, error) {
			e := store.Effect{With: []table.Write{s.Keep(r)}}
			r.Edits++
			r.Stars = stars
			return e, true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	kept, err := s.Revisions(t.Context(), r.ID)
	if err != nil || len(kept) != 2 || kept[0].Content.Value.Stars != 5 || kept[1].Content.Value.Stars != 4 ||
		!kept[0].Until.Equal(noon.Add(time.Hour)) {
		t.Errorf("%+v, %v", kept, err)
	}
	for range 2 {
		if err := s.Forget(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := s.Revisions(t.Context(), r.ID); err != nil || len(kept) != 0 {
		t.Errorf("after a deletion %+v, %v", kept, err)
	}
}

// The same row of an import file is the same review, however often the file is imported.
func TestAnImportedRowIsOneReview(t *testing.T) {
	t.Parallel()
	s := open(t)
	written := noon.AddDate(-1, 0, 0)
	for i, made := range []bool{true, false} {
		r := s.draft(1, 5)
		r.ID, r.Imported, r.OrderID, r.Written = store.ImportedID(written, "row 1"), "Judge.me", "", written
		if got, err := s.Import(t.Context(), r); err != nil || got != made {
			t.Errorf("import %d: %v, %v", i+1, got, err)
		}
	}
	if other := store.ImportedID(written, "row 2"); other == store.ImportedID(written, "row 1") {
		t.Error("two rows of one second are one review")
	}
	if got := s.exact(t).Tally; got["n5"] != 1 {
		t.Errorf("counted %v", got)
	}
}

func TestTheAuditFindsASummaryThatIsWrong(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.write(t, 1, 5, nil)
	s.write(t, 2, 3, func(r *review.Review) { r.ProductID = "prod_2" })
	if a, err := s.Audit(t.Context()); err != nil || a.Products != 2 || a.Reviews != 2 || len(a.Drift) != 0 {
		t.Errorf("%+v, %v", a, err)
	}
	// Somebody has changed the table by hand.
	_, err := s.Table.Update(t.Context(), table.Update{
		Key: table.Key{PK: "REVIEWS#prod_2", SK: "SUMMARY"}, Do: "ADD #n :one", Names: map[string]string{"#n": "c.n3"},
		With: map[string]any{":one": 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Audit(t.Context())
	if err != nil || len(a.Drift) != 1 || a.Drift[0].ProductID != "prod_2" || a.Drift[0].Summary["n3"] != 2 ||
		a.Drift[0].Recount["n3"] != 1 {
		t.Errorf("%+v, %v", a, err)
	}
	var rest []string
	err = s.Products(t.Context(), "prod_1", func(id string) error {
		rest = append(rest, id)
		return nil
	})
	if err != nil || !slices.Equal(rest, []string{"prod_2"}) {
		t.Errorf("behind prod_1: %q, %v", rest, err)
	}
}

func TestQuestionsAreListedNewestFirstWithoutHiddenOnes(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked []string
	for n := range 3 {
		q := &store.Question{ProductID: "prod_1", CustomerID: "cust_1", Text: fmt.Sprint("질문 ", n)}
		if err := s.AskQuestion(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		asked = append(asked, q.ID)
		s.clock.Advance(time.Second)
	}
	hide := func(q *store.Question) (event.Body, error) {
		q.Hidden = true
		return nil, nil
	}
	if _, err := s.ChangeQuestion(t.Context(), "prod_1", asked[1], hide); err != nil {
		t.Fatal(err)
	}
	found, _, err := s.Questions(t.Context(), "prod_1", 10, "")
	if err != nil || len(found) != 2 || found[0].ID != asked[2] || found[1].ID != asked[0] {
		t.Errorf("%+v, %v", found, err)
	}
	for name, c := range map[string][2]string{
		"of another product": {"prod_2", asked[0]}, "no id": {"prod_1", "QUESTION"},
	} {
		if _, err := s.ChangeQuestion(t.Context(), c[0], c[1], hide); problem.Code(err) != "question_not_found" {
			t.Errorf("a question %s: %v", name, err)
		}
	}
}

// Answers of several people at once are all kept.
func TestAnswersAtOnceAreAllThere(t *testing.T) {
	t.Parallel()
	s := open(t)
	q := &store.Question{ProductID: "prod_1", CustomerID: "cust_1", Text: "지성 피부에도 괜찮나요?"}
	if err := s.AskQuestion(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	var people sync.WaitGroup
	for n := range 4 {
		people.Go(func() {
			_, err := s.ChangeQuestion(t.Context(), "prod_1", q.ID, func(q *store.Question) (event.Body, error) {
				q.Answers = append(q.Answers, store.Answer{ID: fmt.Sprint("ans_", n), By: "buyer", Text: "네", At: noon})
				return nil, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	people.Wait()
	found, _, err := s.Questions(t.Context(), "prod_1", 1, "")
	if err != nil || len(found) != 1 || len(found[0].Answers) != 4 {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestOnlyWhoHasAReviewOfTheProductAnswersAsABuyer(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.write(t, 1, 5, nil)
	for who, want := range map[[2]string]bool{
		{"cust_1", "prod_1"}: true, {"cust_1", "prod_2"}: false, {"cust_2", "prod_1"}: false,
	} {
		if got, err := s.HasReviewed(t.Context(), who[0], who[1]); err != nil || got != want {
			t.Errorf("%v: %v, %v", who, got, err)
		}
	}
}

// Two rewards at one time never get the same code.
func TestCodesOfRewardsAreGivenOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	numbers := make(chan int, 8)
	for range cap(numbers) {
		go func() {
			n, err := s.NextCode(t.Context(), "promo_1")
			if err != nil {
				t.Error(err)
			}
			numbers <- n
		}()
	}
	var got []int
	for range cap(numbers) {
		got = append(got, <-numbers)
	}
	if slices.Sort(got); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6, 7}) {
		t.Errorf("numbers %v", got)
	}
	if n, err := s.NextCode(t.Context(), "promo_2"); err != nil || n != 0 {
		t.Errorf("the first code of another promotion is %d, %v", n, err)
	}
}

func TestTheBestOfAMonthAreOfThatMonthAndVerified(t *testing.T) {
	t.Parallel()
	s := open(t)
	vote := func(r *review.Review) {
		t.Helper()
		for n := range 3 {
			if _, err := s.Vote(t.Context(), key(r), fmt.Sprint("voter_", n), yes()); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.clock.MoveTo(time.Date(2026, 11, 30, 23, 59, 59, 0, time.UTC))
	vote(s.write(t, 1, 5, nil))
	s.clock.MoveTo(time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	best := s.write(t, 2, 1, nil) // few stars win as well
	vote(best)
	vote(s.write(t, 3, 5, func(r *review.Review) { r.Verified = false }))
	s.write(t, 4, 5, nil) // nobody has voted
	s.clock.MoveTo(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	vote(s.write(t, 5, 5, nil))
	got, err := s.BestOf(t.Context(), reward.Criteria{BestCount: 3, BestVotes: 3}, "2026-12")
	if err != nil || len(got) != 1 || got[0].ReviewID != best.ID || got[0].Votes != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	if offer, err := s.Offer(t.Context()); err != nil || offer.Criteria.Budget != 0 {
		t.Errorf("a shop that offers nothing: %+v, %v", offer, err)
	}
}

// An edit that makes an answered case urgent again opens it again; one that gives no reason opens none.
func TestACaseIsOpenedByTheWordsAndAgainByAnEdit(t *testing.T) {
	t.Parallel()
	s := open(t)
	content := s.draft(1, 5)
	if writes, err := s.CaseWrites(t.Context(), content, 0); err != nil || len(writes) != 0 {
		t.Errorf("a content author: %d writes, %v", len(writes), err)
	}
	if _, err := s.Case(t.Context(), content.ID); problem.Code(err) != "case_not_found" {
		t.Errorf("a case of nothing: %v", err)
	}
	if _, err := s.ChangeCase(t.Context(), content.ID, nil); problem.Code(err) != "case_not_found" {
		t.Errorf("a change of a case that is not there: %v", err)
	}
	r := s.draft(2, 1)
	writes, err := s.CaseWrites(t.Context(), r, 0)
	if err == nil {
		err = s.Table.Transact(t.Context(), "", writes...)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.ChangeCase(t.Context(), r.ID, func(c *recovery.Case) (event.Body, bool, error) {
		return nil, true, c.Answer("죄송합니다", "agent_1", s.clock.Now())
	})
	if err != nil || c.State == recovery.Open || c.Version != 2 {
		t.Fatalf("answered: %+v, %v", c, err)
	}
	if open, _, err := s.Cases(t.Context(), recovery.Open, 10, ""); err != nil || len(open) != 0 {
		t.Errorf("still in the list of open cases: %+v, %v", open, err)
	}
}

// What shares a text or an address is forgotten after its time, also when the same bucket is in use again by then.
func TestWhatReviewsShareIsForgottenAfterItsTime(t *testing.T) {
	t.Parallel()
	s := open(t)
	buckets, links := []string{"0.x"}, store.AccountLinks{Address: "a1"}
	var wrote []*review.Review
	for n := range 2 {
		r := s.draft(n, 5)
		sc, err := s.Screen(t.Context(), r, buckets, links)
		if err == nil {
			err = s.Create(t.Context(), r, sc, false, store.Effect{})
		}
		if err != nil || len(sc.Near) != 0 || len(sc.Sharing) != 0 {
			t.Fatalf("review %d: near %+v, sharing %v, %v", n, sc.Near, sc.Sharing, err)
		}
		if wrote = append(wrote, r); n == 0 {
			s.clock.Advance(review.DuplicatesFor + time.Second)
		}
	}
	sc, err := s.Screen(t.Context(), s.draft(3, 5), buckets, links)
	if err != nil || len(sc.Near) != 1 || sc.Near[0].ReviewID != key(wrote[1]) ||
		!slices.Equal(sc.Sharing["address"], []string{wrote[1].AuthorID}) {
		t.Errorf("near %+v, sharing %v, %v", sc.Near, sc.Sharing, err)
	}
}
