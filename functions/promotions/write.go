package promotions

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"dangol/events"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// CreatePromotionInput is a promotion to be written down.
type CreatePromotionInput struct {
	Body PromotionDocument
}

// create stores a draft. 1 round trip, and those of the checks.
func (f *Promotions) create(ctx context.Context, in *CreatePromotionInput) (*PromotionOutput, error) {
	p, err := f.promotion(&in.Body,
		promotion.Promotion{ID: id.New(store.Prefix, f.Clock.Now()), Version: 1, State: promotion.Draft})
	if err != nil {
		return nil, err
	}
	keyed := api.Idempotency(ctx)
	if err := f.valid(ctx, &p); err != nil {
		// What it names may have left the catalog since the first request.
		made, err := idempotency.Earlier[*PromotionDocument](ctx, f.Table, keyed, err)
		if err != nil {
			return nil, err
		}
		return replayed(made), nil
	}
	r := &store.Record{Promotion: p, By: auth.From(ctx).Subject}
	put := f.Store.Create(r)
	if !keyed.Keyed() {
		return f.output(r), f.Table.Put(ctx, put)
	}
	done, err := keyed.AnswerWrite(f.output(r).Body)
	if err != nil {
		return nil, err
	}
	err = f.Table.Transact(ctx, r.WriteID, done, put)
	// Place 0 is the record of the key: the request has been answered before.
	refused, ok := table.Refused(err)
	if !ok || !refused.Refused(0) {
		return f.output(r), err
	}
	made := &PromotionDocument{}
	if err := keyed.Replay(refused.Reasons[0].Item, made); err != nil {
		return nil, err
	}
	return replayed(made), nil
}

// replayed is the answer that was given before.
func replayed(made *PromotionDocument) *PromotionOutput {
	return &PromotionOutput{Replayed: "true", ETag: api.ETag(strconv.Itoa(made.Version)), Body: made}
}

// OneInput names a promotion.
type OneInput struct {
	PromotionID string `path:"promotionId" maxLength:"64" example:"promo_01k9xxxxxxxxxxxxxxxxxxxxxx"`
}

// ChangingInput names a promotion and the version that is meant.
type ChangingInput struct {
	OneInput
	IfMatch string `header:"If-Match" maxLength:"200" doc:"Only when this is its version." example:"\"3\""`
}

// fresh reports 412 unless the promotion is the version that the caller means.
func (in ChangingInput) fresh(r *store.Record) error {
	if !api.Matches(in.IfMatch, strconv.Itoa(r.Promotion.Version)) {
		return store.Changed().With("version", r.Promotion.Version)
	}
	return nil
}

// ReplacePromotionInput is a promotion in the place of the one there.
type ReplacePromotionInput struct {
	OneInput
	IfMatch string `header:"If-Match" required:"true" maxLength:"200" doc:"ETag of the promotion that was read." example:"\"3\""`
	Body    PromotionDocument
}

// replace puts the document in the place of the promotion. It plans the schedules
// before it writes: one that fires although the write came to nothing finds that it has
// nothing to announce, whereas a promotion without schedules would never be announced.
func (f *Promotions) replace(ctx context.Context, in *ReplacePromotionInput) (*PromotionOutput, error) {
	return f.change(ctx, ChangingInput{in.OneInput, in.IfMatch}, func(r *store.Record) error {
		after, err := f.promotion(&in.Body, r.Promotion)
		if err != nil {
			return err
		}
		// Before the rules: what cannot be changed any more need not be checked.
		if err := f.allowed(&r.Promotion, &after); err != nil {
			return err
		}
		if err := f.valid(ctx, &after); err != nil {
			return err
		}
		r.Promotion = after
		// A draft is for nobody yet: neither the guard nor schedules have to know of it.
		if after.State == promotion.Draft {
			return nil
		}
		if err := f.named(ctx, &after); err != nil {
			return err
		}
		if _, err := f.publishable(ctx, r); err != nil {
			return err
		}
		return f.schedule(ctx, r)
	})
}

// change applies a rule to a promotion and writes what comes of it; a rule that changes nothing makes no version.
// Schedules that were made for a write that came to nothing are put right again, at the latest when they fire.
func (f *Promotions) change(ctx context.Context, in ChangingInput, rule func(*store.Record) error) (*PromotionOutput,
	error) {
	// Over all tries: schedules that any of them made may have to be put right.
	planned := false
	r, err := f.Store.Change(ctx, in.PromotionID, func(r *store.Record) (bool, error) {
		if err := in.fresh(r); err != nil {
			return false, err
		}
		before, event := r.Promotion, r.Event
		err := rule(r)
		planned = planned || r.Planned
		if err != nil {
			return false, err
		}
		r.By = auth.From(ctx).Subject
		// A new event is a change even where the promotion reads the same.
		return event != r.Event || !equalJSON(before, r.Promotion), nil
	})
	if err != nil {
		if planned {
			f.mend(ctx, in.PromotionID)
		}
		return nil, err
	}
	return f.output(r), nil
}

// mend makes the schedules of a promotion fit what is stored. The caller returns an error
// already, so one of mend's own is dropped: a wrong schedule is noticed when it fires.
func (f *Promotions) mend(ctx context.Context, promotionID string) {
	if r, err := f.Store.Get(ctx, promotionID); err == nil {
		_ = f.Planner.Plan(ctx, &r.Promotion)
	}
}

// allowed says what of a published promotion can be changed. What customers have seen of a live one stays.
func (f *Promotions) allowed(before, after *promotion.Promotion) error {
	now := f.Clock.Now()
	switch {
	// Nobody has seen it.
	case !before.Begun(now):
		return nil
	case before.Over(now):
		return ended()
	}
	if before.Kind != after.Kind || before.Class != after.Class || !before.Starts.Equal(after.Starts) ||
		!same(before, after) {
		return problem.Conflict("promotion_live",
			"This promotion has begun: only name, end, budget, limits and priority can be changed. "+
				"End it and write another one.")
	}
	// An end in the past would be an end now, without its event.
	if !after.Ends.IsZero() && after.Ends.Before(now) {
		return problem.InvalidField("/ends", "too_small", "not in the past; to stop it now, end it")
	}
	return nil
}

// same reports whether two promotions give the same to the same
// people; what may be changed while it is live is left out.
func same(a, b *promotion.Promotion) bool {
	x, y := *a, *b
	for _, p := range []*promotion.Promotion{&x, &y} {
		p.Name, p.Ends, p.Budget, p.LimitPerCustomer, p.LimitPerCode, p.Priority, p.Reason, p.TimeZone, p.Group = nil,
			time.Time{},
			promotion.Budget{}, 0, 0, 0, "", "", ""
		// The batch is not part of the document.
		p.Codes.Batch = nil
	}
	return equalJSON(x, y)
}

// ended is the answer for changes to a promotion that is over.
func ended() error {
	return problem.Conflict("promotion_ended", "This promotion is over.")
}

// remove deletes a draft. 2 round trips.
func (f *Promotions) remove(ctx context.Context, in *ChangingInput) (*struct{ Status int }, error) {
	done := &struct{ Status int }{http.StatusNoContent}
	r, err := f.Store.Get(ctx, in.PromotionID)
	if err != nil {
		return nil, err
	}
	if err := in.fresh(r); err != nil {
		return nil, err
	}
	return done, f.Store.Delete(ctx, r)
}

// PublishInput is a draft to be published.
type PublishInput struct {
	ChangingInput
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"1000" doc:"Why, when the guard speaks against it." example:"Stock has to go before the label changes."`
	}
}

// publish makes a draft a promotion. 3 round trips and more, and 2 calls
// of the Scheduler. Publishing again only puts the schedules right.
func (f *Promotions) publish(ctx context.Context, in *PublishInput) (*PromotionOutput, error) {
	var warnings []promotion.Warning
	out, err := f.change(ctx, in.ChangingInput, func(r *store.Record) (err error) {
		p := &r.Promotion
		if p.State != promotion.Draft {
			return f.schedule(ctx, r)
		}
		if in.Body != nil && in.Body.Reason != "" {
			p.Reason = in.Body.Reason
		}
		// The catalog may have changed since the draft was written.
		if err := f.valid(ctx, p); err != nil {
			return err
		}
		if err := f.named(ctx, p); err != nil {
			return err
		}
		if !p.Ends.IsZero() && !p.Ends.After(f.Clock.Now()) {
			return problem.InvalidField("/ends", "too_small", "in the future")
		}
		if warnings, err = f.publishable(ctx, r); err != nil {
			return err
		}
		p.State = promotion.Scheduled
		if err := f.schedule(ctx, r); err != nil {
			return err
		}
		// A start in the future is announced by its schedule.
		if !p.Live(f.Clock.Now()) {
			return nil
		}
		// It is live at once: its start is noted as announced,
		// so that a schedule does not announce it again.
		r.Announce(store.Start)
		return f.announce(ctx, r, p.Starts,
			func(ref events.PromotionRef) event.Body { return events.PromotionStarted{PromotionRef: ref} })
	})
	if err != nil {
		return nil, err
	}
	out.Body.Warnings = warnings
	return out, nil
}

// schedule makes the schedules of a promotion. Errors: 503 schedule_unavailable.
func (f *Promotions) schedule(ctx context.Context, r *store.Record) error {
	r.Planned = true
	if err := f.Planner.Plan(ctx, &r.Promotion); err != nil {
		return problem.Unavailable("schedule_unavailable",
			"The start and end could not be scheduled; nothing was changed. Try again.").Because(err)
	}
	return nil
}

// announce puts the event of what a merchant did onto the record. Only what takes effect at once is told here; the rest
// is told when its time has come.
func (f *Promotions) announce(ctx context.Context, r *store.Record, at time.Time,
	body func(events.PromotionRef) event.Body) (err error) {
	ref := store.EventRef(&r.Promotion, at)
	ref.Version++ // the one that this write makes
	r.Event, err = event.New(ctx, f.Clock.Now(), body(ref))
	return err
}

// pause stops a promotion until it is resumed. 2 round trips.
func (f *Promotions) pause(ctx context.Context, in *ChangingInput) (*PromotionOutput, error) {
	return f.change(ctx, *in, func(r *store.Record) error {
		p, now := &r.Promotion, f.Clock.Now()
		switch state := p.StateAt(now); {
		case state == promotion.Paused:
			return nil
		case state == promotion.Ended:
			return ended()
		case state == promotion.Draft:
			return notPublished()
		// Before its start it has no effect that could stop, so there is nothing to announce.
		case state == promotion.Scheduled:
			p.Pause(now)
			return nil
		}
		p.Pause(now)
		// Its start has been, also where the schedule that announces it is late: that must not follow the pause.
		r.Announce(store.Start)
		return f.announce(ctx, r, now,
			func(ref events.PromotionRef) event.Body { return events.PromotionPaused{PromotionRef: ref} })
	})
}

// notPublished is the answer for what a draft cannot do.
func notPublished() error {
	return problem.Conflict("promotion_not_published", "This promotion is a draft.")
}

// resume lets a paused promotion go on, if its time is not over. 2 round trips.
func (f *Promotions) resume(ctx context.Context, in *ChangingInput) (*PromotionOutput, error) {
	return f.change(ctx, *in, func(r *store.Record) error {
		p, now := &r.Promotion, f.Clock.Now()
		if p.State == promotion.Draft {
			return notPublished()
		}
		if p.Over(now) {
			return ended()
		}
		// It runs, or will: nothing to do.
		if p.State != promotion.Paused {
			return nil
		}
		p.Resume(now)
		// Its start is still to come and will be announced then.
		if !p.Live(now) {
			return nil
		}
		// Paused before its start, which was therefore not announced: this is the moment it starts.
		if !r.Announced(store.Start) {
			r.Announce(store.Start)
			return f.announce(ctx, r, now,
				func(ref events.PromotionRef) event.Body { return events.PromotionStarted{PromotionRef: ref} })
		}
		return f.announce(ctx, r, now,
			func(ref events.PromotionRef) event.Body { return events.PromotionResumed{PromotionRef: ref} })
	})
}

// end ends a promotion now. One that had not begun yet becomes a draft again: nobody has seen it.
func (f *Promotions) end(ctx context.Context, in *ChangingInput) (*PromotionOutput, error) {
	return f.change(ctx, *in, func(r *store.Record) error {
		p, now := &r.Promotion, f.Clock.Now()
		if p.State == promotion.Draft {
			return notPublished()
		}
		// Over already: ending again changes nothing.
		if p.Over(now) {
			return nil
		}
		if now.Before(p.Starts) {
			p.State, p.Pauses = promotion.Draft, nil
			return f.schedule(ctx, r)
		}
		wasLive := p.State != promotion.Paused
		p.Resume(now)
		p.Ends = now
		if err := f.schedule(ctx, r); err != nil {
			return err
		}
		r.Announce(store.End)
		if !wasLive && p.Kind == promotion.SalePrice {
			return nil // its price went when it was paused
		}
		return f.announce(ctx, r, now,
			func(ref events.PromotionRef) event.Body { return events.PromotionEnded{PromotionRef: ref} })
	})
}
