package promotions

import (
	"cmp"
	"context"
	"slices"
	"time"

	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// ListPromotionsInput is the query of the list.
type ListPromotionsInput struct {
	api.Paging
	State string `query:"state" enum:"draft,scheduled,live,paused,ended" doc:"Only those in this state; all that are not over when left out."`
}

// PromotionList is a page of promotions.
type PromotionList struct {
	Promotions []*PromotionDocument `json:"promotions" nullable:"false"`
	NextCursor string               `json:"nextCursor,omitempty" doc:"Send it as cursor for the next page; missing on the last one."`
}

// ListPromotionsOutput is a page of promotions.
type ListPromotionsOutput struct {
	Body PromotionList
}

// kept is how far back ended promotions are listed: three years of seasons to compare with.
const kept = 3 * 365 * 24 * time.Hour

// list reads all promotions of a state: a shop has some hundreds. 1 or 2 round trips.
func (f *Promotions) list(ctx context.Context, in *ListPromotionsInput) (*ListPromotionsOutput, error) {
	now, state := f.Clock.Now(), promotion.State(in.State)
	// What is over is listed only when it is asked for.
	since := now
	if state == promotion.Ended {
		since = now.Add(-kept)
	}
	var all []promotion.Promotion
	var err error
	// Drafts are in a list of their own, see store.Drafts.
	if state != promotion.Draft {
		if all, err = f.Store.Published(ctx, since); err != nil {
			return nil, err
		}
	}
	if state == promotion.Draft || state == "" {
		drafts, err := f.Store.Drafts(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, drafts...)
	}
	// The state follows from the clock, so it is filtered here and not in the query.
	all = slices.DeleteFunc(all, func(p promotion.Promotion) bool { return state != "" && p.StateAt(now) != state })
	slices.SortFunc(all, func(a, b promotion.Promotion) int {
		order := cmp.Or(a.Starts.Compare(b.Starts), cmp.Compare(a.ID, b.ID))
		// Of those that are over the latest first; of the others the next to happen first.
		if state == promotion.Ended {
			return -order
		}
		return order
	})
	return f.pageOf(all, in.Paging)
}

// pageOf cuts a page: the cursor is the id of the last promotion given.
func (f *Promotions) pageOf(all []promotion.Promotion, page api.Paging) (*ListPromotionsOutput, error) {
	if page.Cursor != "" {
		// A promotion that left the list since (it ended, it was
		// deleted) cannot be found again: the caller begins anew.
		at := slices.IndexFunc(all, func(p promotion.Promotion) bool { return p.ID == page.Cursor })
		if at < 0 {
			return nil, problem.InvalidField("query/cursor", "wrong_format", "a nextCursor from this list")
		}
		all = all[at+1:]
	}
	out := &ListPromotionsOutput{Body: PromotionList{Promotions: []*PromotionDocument{}}}
	for i := range all {
		if i == page.Limit {
			out.Body.NextCursor = all[i-1].ID
			break
		}
		out.Body.Promotions = append(out.Body.Promotions, f.document(&all[i]))
	}
	return out, nil
}

// get shows a promotion with what it brought. 2 or 3 round trips.
func (f *Promotions) get(ctx context.Context, in *OneInput) (*PromotionOutput, error) {
	r, err := f.Store.Get(ctx, in.PromotionID)
	if err != nil {
		return nil, err
	}
	out := f.output(r)
	return out, f.figures(ctx, r, out.Body)
}

// figures adds what a promotion used and brought. 1 or 2 round trips.
func (f *Promotions) figures(ctx context.Context, r *store.Record, d *PromotionDocument) error {
	// Only a promotion with a budget has such a counter.
	if b := r.Promotion.Budget; b.Uses > 0 || len(b.Spend) > 0 {
		used, err := f.Store.Budgets(ctx, true, r.Promotion.ID)
		if err != nil {
			return err
		}
		u := used[r.Promotion.ID]
		d.Used = &PromotionUsed{Uses: u.Uses, Spend: u.Spend}
	}
	stats, err := f.Store.Stats(ctx, r.Promotion.ID)
	for _, s := range stats {
		d.Results = append(d.Results, PromotionResult(s))
	}
	return err
}

// SeasonsInput asks for the calendar.
type SeasonsInput struct {
	From  int `query:"from" minimum:"2000" maximum:"2100" doc:"First year; this one when left out."`
	Years int `query:"years" minimum:"1" maximum:"10" default:"2" doc:"How many years."`
}

// SeasonsOutput is the calendar.
type SeasonsOutput struct {
	Body struct {
		Seasons []SeasonDates `json:"seasons" nullable:"false" doc:"In the order of their starts."`
	}
}

// SeasonDates is one season in one year.
type SeasonDates struct {
	promotion.Occurrence
	Name       map[string]string `json:"name"`
	Region     string            `json:"region" doc:"Country, or * for everywhere."`
	Group      string            `json:"group" doc:"For the group of the season's promotions."`
	LocalStart string            `json:"localStart" doc:"For the starts of a promotion." example:"2026-09-11T10:00"`
	LocalEnd   string            `json:"localEnd" doc:"For the ends of a promotion."`
}

// seasons lists the occurrences of all seasons. No round trip: the calendar is part of the program.
func (f *Promotions) seasons(_ context.Context, in *SeasonsInput) (*SeasonsOutput, error) {
	all, err := promotion.Seasons()
	if err != nil {
		return nil, err
	}
	first := in.From
	if first == 0 {
		// The year of the shop, which on 31 December is not that of UTC.
		first = f.Clock.Now().In(f.Zone).Year()
	}
	years := make([]int, in.Years)
	for i := range years {
		years[i] = first + i
	}
	out := &SeasonsOutput{}
	out.Body.Seasons = []SeasonDates{}
	for _, s := range all {
		for _, o := range s.Occurrences(f.Zone, years...) {
			out.Body.Seasons = append(out.Body.Seasons, SeasonDates{
				Occurrence: o, Name: s.Name, Region: s.Region, Group: o.Group(), LocalStart: local(o.Starts, f.Zone),
				LocalEnd: localEnd(o.Ends, f.Zone),
			})
		}
	}
	slices.SortFunc(out.Body.Seasons,
		func(a, b SeasonDates) int { return cmp.Or(a.Starts.Compare(b.Starts), cmp.Compare(a.Season, b.Season)) })
	return out, nil
}
