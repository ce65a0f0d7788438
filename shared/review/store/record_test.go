package store_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/recovery"
	"dangol/shared/review/store"
)

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

func setState(state review.State) store.Rule {
	return func(r *review.Review) (store.Effect, bool, error) {
		r.State = state
		return store.Effect{}, true, nil
	}
}

func TestOneReviewPerOrderLine(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.write(t, 1, 5, nil)
	err := s.create(t.Context(), s.draft(1, 1))
	if problem.Code(err) != "review_exists" || problem.From(err).Extra["reviewId"] != first.ID {
		t.Errorf("the second review of a line: %v", err)
	}
	if got := s.exact(t).Tally; got.Rated() != 1 || got["n5"] != 1 {
		t.Errorf("summary %v", got)
	}
}

func TestEveryChangeOfAReviewChangesTheSummaryWithIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := s.write(t, 1, 5, nil)
	s.write(t, 2, 3, nil)
	for _, tt := range []struct {
		name string
		rule store.Rule
		want review.Tally
	}{
		{"an edit of the stars", func(r *review.Review) (store.Effect, bool, error) {
			e := store.Effect{With: []table.Write{s.Keep(r)}}
			r.Edits++
			r.Stars = 2
			return e, true, nil
		}, review.Tally{"n2": 1, "n3": 1, "verified": 2, "state.published": 2}},
		{"held", setState(review.Held), review.Tally{"n3": 1, "verified": 1, "state.published": 1, "state.held": 1}},
		{"published again", setState(review.Published), review.Tally{"n2": 1, "n3": 1, "verified": 2, "state.published": 2}},
		{"with a photo", func(r *review.Review) (store.Effect, bool, error) {
			r.Media = []review.Media{{ID: "m", Kind: "photo", State: review.MediaPublished}}
			return store.Effect{}, true, nil
		}, review.Tally{"n2": 1, "n3": 1, "photos": 1, "verified": 2, "state.published": 2}},
		{"deleted", setState(review.Deleted), review.Tally{"n3": 1, "verified": 1, "state.published": 1, "state.deleted": 1}},
	} {
		if _, err := s.Change(t.Context(), key(r), tt.rule); err != nil {
			t.Fatal(err)
		}
		got := s.exact(t).Tally
		for name, n := range tt.want {
			if got[name] != n {
				t.Errorf("%s: %s is %d, want %d", tt.name, name, got[name], n)
			}
		}
	}
	kept, err := s.Revisions(t.Context(), r.ID)
	if err != nil || len(kept) != 1 || kept[0].Content.Value.Stars != 5 {
		t.Errorf("kept %+v, %v", kept, err)
	}
}

func TestOneVotePerCustomerThatCanBeChanged(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := s.write(t, 1, 5, nil)
	for _, tt := range []struct {
		name          string
		vote          *bool
		helpful, nots int
	}{
		{"helpful", yes(), 1, 0}, {"helpful again", yes(), 1, 0}, {"changed", no(), 0, 1}, {"taken back", nil, 0, 0},
		{"taken back again", nil, 0, 0}, {"after all", yes(), 1, 0},
	} {
		got, err := s.Vote(t.Context(), key(r), "cust_9", tt.vote)
		if err != nil {
			t.Fatal(err)
		}
		if got.Helpful != tt.helpful || got.Unhelpful != tt.nots {
			t.Errorf("%s: %d to %d", tt.name, got.Helpful, got.Unhelpful)
		}
	}
	if _, err := s.Vote(t.Context(), key(r), r.AuthorID, yes()); problem.Code(err) != "own_review" {
		t.Errorf("a vote for one's own review: %v", err)
	}
}

func TestReportsHoldAReviewByWeightAndTheirReportersAreJudged(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := s.write(t, 1, 5, nil)
	report := func(by string) *review.Review {
		t.Helper()
		got, err := s.Report(t.Context(), key(r), by, review.OffTopic, "")
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	report("a")
	report("a")
	if got := report("b"); got.State != review.Published || got.ReportWeight != 200 {
		t.Fatalf("after two reporters: %s, weight %d", got.State, got.ReportWeight)
	}
	if got := report("c"); got.State != review.Held || !got.DecideBy.Equal(noon.Add(review.DecideWithin)) {
		t.Fatalf("after three: %s until %v", got.State, got.DecideBy)
	}
	if open, _, err := s.Reports(t.Context(), 10, ""); err != nil || len(open) != 3 {
		t.Errorf("%d reports are open, %v", len(open), err)
	}
	for range 2 { // settling twice counts once
		if err := s.Settle(t.Context(), r.ID, false); err != nil {
			t.Fatal(err)
		}
	}
	if open, _, err := s.Reports(t.Context(), 10, ""); err != nil || len(open) != 0 {
		t.Errorf("%d reports are open, %v", len(open), err)
	}
	other := s.write(t, 2, 5, nil)
	got, err := s.Report(t.Context(), key(other), "a", review.Spam, "")
	if err != nil || got.ReportWeight != 66 {
		t.Errorf("the next report of somebody who was wrong weighs %d, %v", got.ReportWeight, err)
	}
	s.exact(t)
}

func TestReportsOfPhotosHoldThePhotosAndLeaveTheText(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := s.write(t, 1, 5, func(r *review.Review) {
		r.Media = []review.Media{{ID: "m", Kind: "photo", State: review.MediaPublished}}
	})
	for _, by := range []string{"a", "b", "c"} {
		if _, err := s.Report(t.Context(), key(r), by, review.ImageUnfit, ""); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Get(t.Context(), key(r))
	if err != nil || got.State != review.Published || got.Photos() != 0 {
		t.Errorf("%s with %d photos, %v", got.State, got.Photos(), err)
	}
	if tally := s.exact(t).Tally; tally["photos"] != 0 || tally.Rated() != 1 {
		t.Errorf("summary %v", tally)
	}
}

func TestListsShowEachPublishedReviewOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	want := map[string]bool{}
	for n := range 23 {
		r := s.write(t, n, n%5+1, func(r *review.Review) {
			if n%4 == 3 {
				r.State = review.Held
			}
			r.Helpful, r.Language = n%7, []string{"ko", "en"}[n%2]
		})
		if r.State == review.Published {
			want[r.ID] = true
		}
		s.clock.Advance(time.Minute)
	}
	lists := map[string]func(review.Filter, table.Cursor) (store.Page, error){
		"newest": func(f review.Filter, c table.Cursor) (store.Page, error) {
			return s.Newest(t.Context(), "prod_1", f, 4, c)
		},
		"helpful": func(f review.Filter, c table.Cursor) (store.Page, error) {
			return s.ByHelpfulness(t.Context(), "prod_1", f, 4, c)
		},
		"highest": func(f review.Filter, c table.Cursor) (store.Page, error) {
			return s.ByStars(t.Context(), "prod_1", true, f, 4, c)
		},
		"lowest": func(f review.Filter, c table.Cursor) (store.Page, error) {
			return s.ByStars(t.Context(), "prod_1", false, f, 4, c)
		},
	}
	for name, list := range lists {
		for _, f := range []review.Filter{{}, {Language: "en"}, {Stars: 2}, {Attribute: "skin_type:dry"}, {Photo: true}} {
			all := readAll(t, list, f)
			ids := map[string]bool{}
			for _, c := range all {
				if ids[c.ID] || !want[c.ID] || !f.Keeps(c) {
					t.Errorf("%s %+v: %s does not belong here", name, f, c.ID)
				}
				ids[c.ID] = true
			}
			if f == (review.Filter{}) && len(ids) != len(want) {
				t.Errorf("%s: %d of %d", name, len(ids), len(want))
			}
			if name == "highest" && !slices.IsSortedFunc(all,
				func(a, b review.ReviewSummary) int { return b.Rating - a.Rating }) ||
				name == "lowest" && !slices.IsSortedFunc(all, func(a, b review.ReviewSummary) int { return a.Rating - b.Rating }) ||
				name == "newest" && !slices.IsSortedFunc(all,
					func(a, b review.ReviewSummary) int { return b.Written.Compare(a.Written) }) {
				t.Errorf("%s %+v: not in order", name, f)
			}
		}
	}
}

func readAll(t *testing.T, list func(review.Filter, table.Cursor) (store.Page, error),
	f review.Filter) (all []review.ReviewSummary) {
	t.Helper()
	after := table.Cursor("")
	for range 30 {
		page, err := list(f, after)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Cards) > 4 {
			t.Fatalf("a page of %d", len(page.Cards))
		}
		all = append(all, page.Cards...)
		if after = page.Next; after == "" {
			return all
		}
	}
	t.Fatal("the list does not end")
	return nil
}

func TestAVoteMovesAReviewInTheListByHelpfulness(t *testing.T) {
	t.Parallel()
	s := open(t)
	a, b := s.write(t, 1, 1, nil), s.write(t, 2, 5, nil)
	s.clock.Advance(review.NewFor) // no longer new
	first := func() string {
		t.Helper()
		page, err := s.ByHelpfulness(t.Context(), "prod_1", review.Filter{}, 10, "")
		if err != nil || len(page.Cards) != 2 {
			t.Fatalf("%d cards, %v", len(page.Cards), err)
		}
		return page.Cards[0].ID
	}
	for _, r := range []*review.Review{a, b} {
		if _, err := s.Vote(t.Context(), key(r), "voter", yes()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Vote(t.Context(), key(r), "voter2", yes()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Vote(t.Context(), key(a), "voter3", yes()); err != nil {
		t.Fatal(err)
	}
	if got := first(); got != a.ID {
		t.Errorf("first is %s, want the one with more votes", got)
	}
}

func TestBuyersAreAskedOnceForEachKindOfReview(t *testing.T) {
	t.Parallel()
	s := open(t)
	line := store.Line{OrderID: "ord_1", LineID: "line_1", ProductID: "prod_1", CustomerID: "cust_1", Delivered: noon}
	for range 2 {
		if err := s.Delivered(t.Context(), line); err != nil {
			t.Fatal(err)
		}
	}
	asked := func(ago time.Duration) *store.Line {
		t.Helper()
		s.clock.MoveTo(noon.Add(ago))
		l, err := s.LineOf(t.Context(), "ord_1", "line_1")
		if err == nil {
			err = s.Ask(t.Context(), l.Key)
		}
		if err == nil {
			err = s.Ask(t.Context(), l.Key)
		}
		if err == nil {
			l, err = s.LineOf(t.Context(), "ord_1", "line_1")
		}
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if l := asked(time.Hour); l.Asked != 0 {
		t.Errorf("asked after an hour")
	}
	if l := asked(review.FirstRequest); l.Asked != 1 || l.Event == nil {
		t.Errorf("after a week: %+v", l)
	}
	// An unhappy review changes nothing about the request for the follow-up.
	s.write(t, 1, 1, func(r *review.Review) { r.Delivered = noon })
	if l := asked(review.FollowUpAfter); l.Asked != 2 || l.Event == nil || l.ReviewID == "" || l.At != 0 {
		t.Errorf("after a month: %+v", l)
	}
}

func TestCasesFollowTheReview(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := s.draft(1, 2)
	writes, err := s.CaseWrites(t.Context(), r, 0)
	if err != nil || len(writes) != 2 {
		t.Fatalf("%d writes, %v", len(writes), err)
	}
	sc, err := s.Screen(t.Context(), r, nil, store.AccountLinks{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Create(t.Context(), r, sc, false, store.Effect{With: writes}); err != nil {
		t.Fatal(err)
	}
	cases, _, err := s.Cases(t.Context(), recovery.Open, 10, "")
	if err != nil || len(cases) != 1 || cases[0].ReviewID != r.ID {
		t.Fatalf("open cases %+v, %v", cases, err)
	}
	unresolved := func(want int) {
		t.Helper()
		if found, err := s.Unresolved(t.Context(), r.AuthorID); err != nil || len(found) != want {
			t.Errorf("%d unresolved cases, %v; want %d", len(found), err, want)
		}
	}
	unresolved(1)
	if found, err := s.Unresolved(t.Context(), "somebody-else"); err != nil || len(found) != 0 {
		t.Errorf("another customer has %d cases, %v", len(found), err)
	}
	_, err = s.ChangeCase(t.Context(), cases[0].ID, func(c *recovery.Case) (event.Body, bool, error) {
		c.State = recovery.Resolved
		return nil, true, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	unresolved(0)
	s.clock.Advance(24 * time.Hour)
	for range 2 {
		if err := s.Bought(t.Context(), r.AuthorID, s.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	s.clock.Advance(recovery.ReturnWithin)
	report, err := s.CaseReport(t.Context(), "2026-11")
	if err != nil || report.NotContacted.BoughtAgain != 1 || report.Opened != 1 {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestNearCopiesAndSharedThingsAreFoundAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.draft(1, 5)
	links := store.AccountLinks{Address: "a1", Device: "d1"}
	sc, err := s.Screen(t.Context(), first, []string{"0.x", "1.y"}, links)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Create(t.Context(), first, sc, true, store.Effect{}); err != nil {
		t.Fatal(err)
	}
	second, err := s.Screen(t.Context(), s.draft(2, 5), []string{"1.y", "2.z"},
		store.AccountLinks{Address: "a1", Payment: "p1"})
	if err != nil {
		t.Fatal(err)
	}
	if len(second.Near) != 1 || second.Near[0].ReviewID.ReviewID != first.ID || len(second.Recent) != 1 {
		t.Errorf("near %+v, recent %v", second.Near, second.Recent)
	}
	if got := fmt.Sprint(second.Sharing); got != "map[address:[cust_1]]" {
		t.Errorf("sharing %s", got)
	}
	own, err := s.Screen(t.Context(), first, []string{"0.x"}, links)
	if err != nil || len(own.Near) != 0 || len(own.Sharing) != 0 || own.Author.Covered != 1 || own.Author.Five != 1 {
		t.Errorf("the author's own: %+v, %v", own, err)
	}
}

func TestTheBudgetOfAMonthIsNeverOverspent(t *testing.T) {
	t.Parallel()
	s := open(t)
	give := func(n int) error {
		r := s.write(t, n, 5, nil)
		_, err := s.Reward(t.Context(), key(r), 1000, func(r *review.Review) (store.Effect, bool, error) {
			r.Reward = &review.Reward{ID: "x", Amount: 400}
			return store.Effect{}, true, nil
		})
		return err
	}
	failed := 0
	for n := range 4 {
		if err := give(n); err != nil {
			failed++
		}
	}
	spent, rewards, err := s.Spent(t.Context(), "2026-11")
	if err != nil || failed != 2 || spent != 800 || rewards != 2 {
		t.Errorf("%d failed, %d spent in %d rewards, %v", failed, spent, rewards, err)
	}
	if got := s.exact(t).Tally["rewarded"]; got != 2 {
		t.Errorf("%d rewarded", got)
	}
}

func TestAccessPatternsCostWhatTheySay(t *testing.T) {
	t.Parallel()
	s := open(t)
	ids := make([]*review.Review, 25)
	for n := range ids {
		ids[n] = s.write(t, n, 5, nil)
		s.clock.Advance(time.Second)
	}
	extra := s.draft(100, 5)
	sc, err := s.Screen(t.Context(), extra, twelve(), store.AccountLinks{Address: "a", Device: "d", Payment: "p"})
	if err != nil {
		t.Fatal(err)
	}
	do := map[string]func(context.Context) error{
		"the summary of a product with its 20 newest reviews": func(ctx context.Context) error {
			page, err := s.Newest(ctx, "prod_1", review.Filter{}, 20, "")
			if err == nil && (len(page.Cards) != 20 || page.Summary == nil) {
				err = fmt.Errorf("%d cards", len(page.Cards))
			}
			return err
		},
		"the reviews of a product by helpfulness": func(ctx context.Context) error {
			_, err := s.ByHelpfulness(ctx, "prod_1", review.Filter{}, 20, "")
			return err
		},
		"the reviews of a product by stars": func(ctx context.Context) error {
			_, err := s.ByStars(ctx, "prod_1", true, review.Filter{}, 20, "")
			return err
		},
		"screen a review": func(ctx context.Context) error {
			_, err := s.Screen(ctx, extra, twelve(), store.AccountLinks{Address: "a", Device: "d", Payment: "p"})
			return err
		},
		"write a review": func(ctx context.Context) error { return s.Create(ctx, extra, sc, false, store.Effect{}) },
		"change a review": func(ctx context.Context) error {
			_, err := s.Change(ctx, key(ids[0]), setState(review.Held))
			return err
		},
		"vote": func(ctx context.Context) error { _, err := s.Vote(ctx, key(ids[1]), "v", yes()); return err },
		"report a review": func(ctx context.Context) error {
			_, err := s.Report(ctx, key(ids[2]), "v", review.Spam, "")
			return err
		},
		"one's own reviews": func(ctx context.Context) error { _, _, err := s.Mine(ctx, "cust_3", 20, ""); return err },
		"recount a product": func(ctx context.Context) error { _, _, err := s.Recount(ctx, "prod_1"); return err },
		"questions of a product": func(ctx context.Context) error {
			_, _,
				err := s.Questions(ctx, "prod_1", 20, "")
			return err
		},
		"note that a line arrived": func(ctx context.Context) error {
			return s.Delivered(ctx, store.Line{OrderID: "o", LineID: "l", ProductID: "p", Delivered: noon})
		},
	}
	for _, p := range store.AccessPatterns {
		run := do[p.Name]
		if run == nil {
			t.Errorf("nothing measures %q", p.Name)
			continue
		}
		ctx, meter := table.Metered(t.Context())
		if err := run(ctx); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		if c := meter.Cost(); c.Trips != p.Trips || c.Read != p.Read || c.Write != p.Write {
			t.Errorf("%s costs %d round trips, %g RCU, %g WCU; it says %d, %g, %g", p.Name, c.Trips, c.Read, c.Write, p.Trips,
				p.Read, p.Write)
		}
	}
}

func twelve() (buckets []string) {
	for n := range 12 {
		buckets = append(buckets, fmt.Sprint(n))
	}
	return buckets
}
