package store_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// draft writes a draft and returns its id.
func (b *bench) draft(change ...func(*promotion.Promotion)) string {
	b.t.Helper()
	p := promo(id.New(store.Prefix, b.clock.Now()), change...)
	p.State = promotion.Draft
	b.put(p)
	return p.ID
}

var errTaken = errors.New("the code is taken")

// publish publishes a draft with a code, as the promotions function does: against what is planned, and only when nobody
// else has the code. Errors: errTaken.
func (b *bench) publish(promotionID, code string) error {
	_, err := b.store.Change(b.t.Context(), promotionID, func(r *store.Record) (bool, error) {
		planned, calendar, err := b.store.Planned(b.t.Context(), noon)
		if err != nil {
			return false, err
		}
		for _, p := range planned {
			if p.ID != promotionID && p.Codes.Single == code {
				return false, errTaken
			}
		}
		r.Promotion.State, r.Promotion.Codes.Single, r.Against = promotion.Scheduled, code, calendar
		return true, nil
	})
	return err
}

// listed are the ids of promotions, sorted.
func listed(all []promotion.Promotion, err error) string {
	var ids []string
	for _, p := range all {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return fmt.Sprint(ids, err)
}

func TestOfMerchantsWhoPublishOneCodeAtOnceOneGetsIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.publish(b.draft(), "SPRING"); err != nil {
		t.Fatal(err)
	}
	drafts := make([]string, 5)
	for i := range drafts {
		drafts[i] = b.draft()
	}
	errs := make([]error, len(drafts))
	var all sync.WaitGroup
	for i, promotionID := range drafts {
		all.Go(func() { errs[i] = b.publish(promotionID, "SUMMER") })
	}
	all.Wait()
	published := 0
	for i, err := range errs {
		if err == nil {
			published++
		} else if !errors.Is(err, errTaken) && problem.Code(err) != "busy" {
			t.Errorf("%s: %v", drafts[i], err)
		}
	}
	inForce, _, err := b.store.Planned(t.Context(), noon)
	if err != nil || published != 1 || len(inForce) != 2 {
		t.Errorf("%d were answered that they have the code, %d are published besides (%v)", published, len(inForce)-1, err)
	}
}

// TestWhatWasPublishedJustNowIsPlannedThoughTheIndexIsBehind takes what was published out of the index, as if the index
// did not show it yet.
func TestWhatWasPublishedJustNowIsPlannedThoughTheIndexIsBehind(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	promotionID := b.draft()
	if err := b.publish(promotionID, "SUMMER"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.store.Table.Update(t.Context(), table.Update{
		Key: store.KeyOf(promotionID), Do: "SET #gsi1pk = :away", With: map[string]any{":away": "BEHIND"},
	}); err != nil {
		t.Fatal(err)
	}
	if got := listed(b.store.Published(t.Context(), noon)); got != "[] <nil>" {
		t.Fatalf("the index shows %s", got)
	}
	if err := b.publish(b.draft(), "SUMMER"); !errors.Is(err, errTaken) {
		t.Errorf("the code is given twice: %v", err)
	}
	planned := func(since time.Time) string {
		all, _, err := b.store.Planned(t.Context(), since)
		return listed(all, err)
	}
	if got, want := planned(noon), fmt.Sprintf("[%s] <nil>", promotionID); got != want {
		t.Errorf("planned are %s, want %s", got, want)
	}
	if got := planned(noon.Add(2 * time.Hour)); got != "[] <nil>" {
		t.Errorf("planned after its end are %s", got)
	}
}

func TestTheCalendarForgetsWhatTheIndexShowsByNow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	trips := func() int64 {
		before := b.trips.Load()
		if _, _, err := b.store.Planned(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		return b.trips.Load() - before
	}
	if n := trips(); n != 2 {
		t.Errorf("%d round trips before anything was published, want 2", n)
	}
	first := b.draft()
	for _, code := range []string{"ONE", "TWO"} { // the second time as a change of what is published
		if err := b.publish(first, code); err != nil {
			t.Fatal(err)
		}
	}
	_, c, err := b.store.Planned(t.Context(), noon)
	if err != nil || c.Version != 2 || len(c.Recent) != 1 {
		t.Fatalf("version %d with %d recent ones, %v; want 2 with 1", c.Version, len(c.Recent), err)
	}
	b.clock.Advance(10*time.Minute + time.Millisecond)
	second := b.draft()
	if err := b.publish(second, "THREE"); err != nil {
		t.Fatal(err)
	}
	if _, c, err = b.store.Planned(t.Context(), noon); err != nil || len(c.Recent) != 1 || c.Recent[0].ID != second {
		t.Errorf("recent are %+v, %v", c.Recent, err)
	}
	if n := trips(); n != 3 {
		t.Errorf("%d round trips after a publication, want 3", n)
	}
}

func TestAPromotionIsDeletedOnlyAsTheDraftThatWasRead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	read := func(promotionID string) *store.Record {
		t.Helper()
		r, err := b.store.Get(t.Context(), promotionID)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	changed := b.draft()
	old := read(changed)
	if _, err := b.store.Change(t.Context(), changed, func(r *store.Record) (bool, error) {
		r.Promotion.Priority = 7
		return true, nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Delete(t.Context(), old); problem.Code(err) != "promotion_changed" {
		t.Errorf("a draft that was changed since: %v", err)
	}
	public := b.draft()
	draft := read(public)
	if err := b.publish(public, "SUMMER"); err != nil {
		t.Fatal(err)
	}
	if err := b.store.Delete(t.Context(), draft); problem.Code(err) != "promotion_changed" {
		t.Errorf("a draft that was published since: %v", err)
	}
	if err := b.store.Delete(t.Context(), read(public)); problem.Code(err) != "promotion_published" {
		t.Errorf("a published one: %v", err)
	}
	for range 2 { // the second is a repetition whose first answer was lost
		if err := b.store.Delete(t.Context(), draftOf(changed, 2)); err != nil {
			t.Errorf("the draft as it is: %v", err)
		}
	}
	if got := listed(b.store.Drafts(t.Context())); got != "[] <nil>" {
		t.Errorf("drafts left: %s", got)
	}
}

// draftOf is a draft as somebody has read it.
func draftOf(promotionID string, version int) *store.Record {
	p := promo(promotionID)
	p.Version, p.State = version, promotion.Draft
	return &store.Record{Key: store.KeyOf(promotionID), Promotion: p}
}

func TestDraftsAreListedApartAndTheOldestFirst(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	want := []string{"promo_c", "promo_a", "promo_b"}
	for _, promotionID := range want {
		b.put(promo(promotionID, func(p *promotion.Promotion) { p.State = promotion.Draft }))
		b.clock.Advance(time.Hour)
	}
	if err := b.publish(b.draft(), "SUMMER"); err != nil {
		t.Fatal(err)
	}
	all, err := b.store.Drafts(t.Context())
	if err != nil || len(all) != 3 {
		t.Fatalf("%d drafts, %v", len(all), err)
	}
	for i, p := range all {
		if p.ID != want[i] {
			t.Errorf("draft %d is %s, want %s", i, p.ID, want[i])
		}
	}
}

// TestABoundaryIsNotedOnceForEachTimeItHas lets several schedules fire at once for a start, and moves the start then.
func TestABoundaryIsNotedOnceForEachTimeItHas(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	promotionID := id.New(store.Prefix, noon)
	b.put(promo(promotionID))
	events := 0
	note := func(of store.Milestone) (noted int) {
		t.Helper()
		r, err := b.store.Get(t.Context(), promotionID)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		for range 4 {
			mine := *r
			events++
			mine.Event = &event.Event{ID: fmt.Sprint("evt_", events)}
			all.Go(func() {
				ok, err := b.store.RecordMilestone(t.Context(), &mine, of)
				if err != nil {
					t.Error(err)
				}
				if ok {
					mu.Lock()
					noted++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		return noted
	}
	change := func(edit func(*promotion.Promotion)) {
		t.Helper()
		if _, err := b.store.Change(t.Context(), promotionID, func(r *store.Record) (bool, error) {
			edit(&r.Promotion)
			return true, nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name string
		of   store.Milestone
		edit func(*promotion.Promotion)
		want int
	}{
		{"it starts", store.Started, nil, 1},
		{"its schedule fires again", store.Started, nil, 0},
		{"another version with the same start", store.Started, func(p *promotion.Promotion) { p.Priority = 3 }, 0},
		{"its start is moved", store.Started, func(p *promotion.Promotion) { p.Starts = noon.Add(time.Minute) }, 1},
		{"it ends", store.Ended, nil, 1},
		{"its end is moved", store.Ended, func(p *promotion.Promotion) { p.Ends = noon.Add(2 * time.Hour) }, 1},
		{"its budget is used up", store.Exhausted, nil, 1},
		{"and again", store.Exhausted, nil, 0},
		{"its budget is raised and used up", store.Exhausted, func(p *promotion.Promotion) { p.Budget.Uses = 9 }, 1},
	} {
		if step.edit != nil {
			change(step.edit)
		}
		if got := note(step.of); got != step.want {
			t.Errorf("%s: noted %d times, want %d", step.name, got, step.want)
		}
	}
	change(func(p *promotion.Promotion) { p.Starts = noon.Add(30 * time.Minute) })
	old, err := b.store.Get(t.Context(), promotionID)
	if err != nil {
		t.Fatal(err)
	}
	change(func(p *promotion.Promotion) { p.Starts = noon.Add(time.Hour) })
	old.Event = &event.Event{ID: "evt_late"}
	if noted, err := b.store.RecordMilestone(t.Context(), old, store.Started); noted || err != nil {
		t.Errorf("a start was noted that has been moved since: %v", err)
	}
}

func TestWhichBoundariesAreReached(t *testing.T) {
	t.Parallel()
	later := noon.Add(3 * time.Hour)
	for _, c := range []struct {
		name      string
		edit      func(*store.Record)
		at        time.Time
		want      string
		announces store.Boundary
	}{
		{"before the start", nil, noon.Add(-time.Hour - time.Millisecond), "[]", ""},
		{"at the start", nil, noon.Add(-time.Hour), "[start]", ""},
		{"the start is announced", nil, noon, "[]", store.Start},
		{"at the end", nil, noon.Add(time.Hour), "[end]", store.Start},
		{"all of it was missed", nil, later, "[start end]", ""},
		{"the end alone is announced", nil, later, "[start]", store.End},
		{"one without an end", func(r *store.Record) { r.Promotion.Ends = time.Time{} }, later, "[start]", ""},
		{"a draft", func(r *store.Record) { r.Promotion.State = promotion.Draft }, later, "[]", ""},
		{"paused before it started", func(r *store.Record) { r.Promotion.State = promotion.Paused }, later, "[]", ""},
		{"paused after it started", func(r *store.Record) { r.Promotion.State = promotion.Paused }, later, "[end]",
			store.Start},
		{"moved after it was announced", func(r *store.Record) {
			r.Announce(store.Start)
			r.Promotion.Starts = noon
		}, noon, "[start]", ""},
	} {
		r := &store.Record{Promotion: promo("promo_a")}
		if c.edit != nil {
			c.edit(r)
		}
		if c.announces != "" {
			r.Announce(c.announces)
		}
		if got := fmt.Sprint(r.Reached(c.at)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
