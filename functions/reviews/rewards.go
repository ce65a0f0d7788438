package reviews

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dangol/events"
	"dangol/shared/order"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	promotions "dangol/shared/promotion/store"
	"dangol/shared/refund"
	"dangol/shared/review"
	"dangol/shared/review/reward"
	"dangol/shared/review/store"
)

// Granted is a reward that can be given.
type Granted struct {
	ID       string // names it for Revoke
	Form     string // coupon
	Code     string
	Amount   int64 // minor units; 0 when it is no fixed amount
	Currency string
	ValidTo  time.Time // zero for no end
}

// Granter makes rewards and takes them back. Coupons do it now; points can take their place without another rule.
type Granter interface {
	// Grant makes a reward of the offer's kind. One that is made and then not given is lost and harms nobody. Errors: 409
	// no_offer.
	Grant(ctx context.Context, o store.Offer, kind string) (Granted, error)
	// Revoke takes a reward back. spent reports that it had been used, so that nothing came back. Repeating changes
	// nothing.
	Revoke(ctx context.Context, id string) (spent bool, err error)
	// Makes reports whether rewards can be made from what a merchant names as their source: a promotion.
	Makes(ctx context.Context, source string) (bool, error)
}

// coupons gives codes of a promotion's batch, one by one.
type coupons struct {
	Promotions promotions.Store
	Codes      store.Store
	Commerce   *table.Table
}

// Grant takes the next code of the promotion that the offer names for the kind. 2 round trips.
func (c coupons) Grant(ctx context.Context, o store.Offer, kind string) (Granted, error) {
	promotionID := o.Promotions[kind]
	if promotionID == "" {
		return Granted{}, store.NoOffer()
	}
	p, err := c.promotion(ctx, promotionID)
	if err != nil {
		return Granted{}, err
	}
	// A promotion that was deleted or made a draft since the offer was set.
	if p == nil {
		return Granted{}, store.NoOffer()
	}
	n, err := c.Codes.NextCode(ctx, promotionID)
	if err != nil {
		return Granted{}, err
	}
	// The number is not given back: the batch is used up anyway.
	if n >= p.Codes.Batch.Size {
		return Granted{}, store.NoOffer()
	}
	code := p.Codes.Batch.Code(n)
	return Granted{ID: promotionID + "/" + promotion.NormalizeCode(code), Form: "coupon", Code: code, ValidTo: p.Ends}, nil
}

// promotion reads a promotion whose codes can be given, nil when it has none, is a draft or has ended. 1 round trip.
func (c coupons) promotion(ctx context.Context, promotionID string) (*promotion.Promotion, error) {
	rec, err := c.Promotions.Get(ctx, promotionID)
	if problem.Code(err) == "promotion_not_found" {
		return nil, nil
	}
	if err != nil || rec.Promotion.Codes.Batch == nil {
		return nil, err
	}
	// No cart takes a draft's codes or those of one that has ended, so they would be worth nothing. One that is planned or
	// paused will be live.
	switch rec.Promotion.StateAt(c.Promotions.Clock.Now()) {
	case promotion.Draft, promotion.Ended:
		return nil, nil
	}
	return &rec.Promotion, nil
}

// Makes reports whether a promotion has codes to give. 1 round trip.
func (c coupons) Makes(ctx context.Context, source string) (bool, error) {
	p, err := c.promotion(ctx, source)
	return p != nil, err
}

// Revoke uses a code up, so that no cart can. 1 round trip.
func (c coupons) Revoke(ctx context.Context, grantID string) (spent bool, err error) {
	promotionID, code := splitGrant(grantID)
	// A code that was taken back looks used, which every cart checks already.
	_, err = c.Commerce.Update(ctx, table.Update{
		Key: promotions.KeyOfCode(promotionID, code), Do: "SET #uses = :one, #revoked = :yes",
		If:   "attribute_not_exists(#uses) OR #uses < :one OR #revoked = :yes", // what an order has used stays used
		With: map[string]any{":one": 1, ":yes": true},
	})
	// The condition fails for a code that an order has used.
	if _, used := table.Failed(err); used {
		return true, nil
	}
	return false, err
}

// splitGrant is the promotion and the code of a grant's id. Codes have no slash, promotion ids
// neither.
func splitGrant(grantID string) (promotionID, code string) {
	for i := range grantID {
		if grantID[i] == '/' {
			return grantID[:i], grantID[i+1:]
		}
	}
	return grantID, ""
}

// reward decides what a review has earned and gives it, once. A month's budget that is used up is an outcome too.
func (f *Reviews) reward(ctx context.Context, r *review.Review) error {
	offer, err := f.Store.Offer(ctx)
	if err != nil {
		return err
	}
	// The order is read again, because money may have gone back since the review was written.
	refunded, err := f.moneyWentBack(ctx, r.OrderID, r.LineID)
	if err != nil {
		return err
	}
	kind, amount := offer.Criteria.Decide(reward.Facts{
		Verified: r.Verified, Published: r.State == review.Published, Imported: r.Imported != "", Text: r.Text,
		Photos:   r.Photos(),
		Refunded: refunded, Doubted: r.Doubted(),
	})
	// The kind is earned but the shop names no promotion for it.
	if offer.Promotions[kind] == "" && amount > 0 {
		kind, amount = "no_offer", 0
	}
	i := store.ReviewID{ProductID: r.ProductID, ReviewID: r.ID}
	if amount == 0 {
		return f.noReward(ctx, i, kind)
	}
	err = f.give(ctx, i, offer, kind, amount)
	// Final for this review: a reward is not made up for in a later month.
	switch {
	case errors.Is(err, store.ErrBudget):
		return f.noReward(ctx, i, "budget_used_up")
	case problem.Code(err) == "no_offer":
		return f.noReward(ctx, i, "no_offer")
	}
	return err
}

// noReward notes why a review has earned nothing.
func (f *Reviews) noReward(ctx context.Context, i store.ReviewID, why string) error {
	_, err := f.Store.Change(ctx, i, func(r *review.Review) (e store.Effect, changed bool, err error) {
		// Decided already, by another run of the job.
		if r.RewardAt.IsZero() {
			return e, false, nil
		}
		r.RewardAt, r.RewardOutcome = time.Time{}, why
		return e, true, nil
	})
	return err
}

// give makes a reward and writes it to the review, unless it has one. Errors: store.ErrBudget.
func (f *Reviews) give(ctx context.Context, i store.ReviewID, offer store.Offer, kind string, amount int64) error {
	// Asked first, because each code that is taken and not given is one less for somebody who earned it.
	before, err := f.Store.Get(ctx, i)
	if err != nil || !mayGet(before, kind) {
		return err
	}
	spent, _, err := f.Store.Spent(ctx, store.Month(f.Clock.Now()))
	if err != nil {
		return err
	}
	if spent+amount > offer.Criteria.Budget {
		return store.ErrBudget
	}
	// The code is taken before it is written: one that is lost does no harm, one given twice would.
	granted, err := f.Rewards.Grant(ctx, offer, kind)
	if err != nil {
		return err
	}
	now := f.Clock.Now()
	_, err = f.Store.Reward(ctx, i, offer.Criteria.Budget,
		func(r *review.Review) (e store.Effect, changed bool, err error) {
			// Again: the line may have been refunded while the reward was made.
			if !mayGet(r, kind) {
				return e, false, nil
			}
			var replaced []string // that of an earlier reward, which is taken back with this one
			if r.Reward != nil && r.Reward.Revoked.IsZero() {
				replaced = append(slices.Clone(r.Reward.Replaced), r.Reward.ID)
			}
			r.Reward = &review.Reward{
				Replaced: replaced, ID: granted.ID, Kind: kind, Form: granted.Form, Code: granted.Code, Amount: amount,
				Currency: offer.Criteria.Currency, At: now,
			}
			r.RewardAt, r.RewardOutcome = time.Time{}, kind
			e.Body = events.ReviewRewarded{
				ReviewRef: store.Ref(r), Kind: kind, Form: granted.Form, Code: granted.Code, Amount: amount,
				Currency: offer.Criteria.Currency,
				ValidTo:  granted.ValidTo,
			}
			return e, true, nil
		})
	return err
}

// mayGet reports whether a review may be given a reward of a kind. Only the best of a month may follow another reward;
// any other kind is given once.
func mayGet(r *review.Review, kind string) bool {
	return r.State == review.Published && r.MayEarn() &&
		(r.Reward == nil || r.Reward.Kind != kind && kind == reward.ForBest)
}

// moneyWentBack reports whether the money for a line of an order went back, as money or as store credit. What another
// line was refunded, or a gesture for none, is no reason to break the promise of a reward.
func (f *Reviews) moneyWentBack(ctx context.Context, orderID, lineID string) (bool, error) {
	if orderID == "" {
		return false, nil
	}
	o, err := f.Orders.Get(ctx, orderID)
	if err != nil {
		return false, err
	}
	// Releasing an authorization is the refund of what was never captured.
	switch o.Payment.State {
	case order.PayRefunded, order.PayReleased, order.PayReleasing:
		return true, nil
	}
	all := o.RefundLedger()
	if o.State == order.Canceled || all.Refunded() > 0 && all.Left() == 0 {
		return true, nil
	}
	return slices.ContainsFunc(all.Entries, func(e refund.Entry) bool {
		// What was exchanged was not refunded; a return that is under way may yet be canceled, and takes the reward back
		// when it is completed.
		return e.Paid && !e.Void && e.To != refund.ToExchange &&
			slices.ContainsFunc(e.Units, func(u refund.UnitRef) bool { return u.LineID == lineID })
	}), nil
}

// takeBack takes a reward back. The review keeps it, marked, because it was written for a reward.
func (f *Reviews) takeBack(ctx context.Context, r *review.Review, reason string) error {
	if r.Reward == nil || !r.Reward.Revoked.IsZero() {
		return nil
	}
	// The code is made unusable first: when the write fails, the repetition finds it so and goes
	// on.
	for _, id := range r.Reward.Replaced {
		if _, err := f.Rewards.Revoke(ctx, id); err != nil {
			return err
		}
	}
	spent, err := f.Rewards.Revoke(ctx, r.Reward.ID)
	if err != nil {
		return err
	}
	now := f.Clock.Now()
	_, err = f.Store.Change(ctx, store.ReviewID{ProductID: r.ProductID, ReviewID: r.ID},
		func(r *review.Review) (e store.Effect, changed bool, err error) {
			if r.Reward == nil || !r.Reward.Revoked.IsZero() {
				return e, false, nil
			}
			// A copy: what the rule changes must not be what was read, which the pointer shares.
			taken := *r.Reward
			taken.Revoked, taken.RevokedFor = now, reason
			r.Reward = &taken
			// Only refunds are counted here; abuse was counted with the decision.
			if reason == "refund" {
				e.With = []table.Write{store.CountRefunded(r.AuthorID)}
			}
			e.Body = events.ReviewRewardRevoked{ReviewRef: store.Ref(r), Reason: reason, Spent: spent}
			return e, true, nil
		})
	return err
}

// rewardRoutes are the routes of what reviews earn.
func (f *Reviews) rewardRoutes(s *api.Service) {
	const tag = "Review rewards"
	set := route(tag, api.MerchantIs, "PUT", "/admin/review-rewards", "setReviewRewards",
		"Set what reviews earn, for everybody alike")
	set.Description = "Promotions with a batch of codes are named by kind: review, photo_review, best_of_month. A kind " +
		"without one earns nothing."
	api.Handle(s, set, f.setOffer)
	api.Handle(s, route(tag, api.Agent, "GET", "/admin/review-rewards", "getReviewRewards",
		"Read what reviews earn and what a month has cost"), f.getOffer)
	api.Handle(s, route(tag, api.MerchantIs, "POST", "/admin/review-rewards/best", "rewardBestReviews",
		"Choose and reward the best reviews of a month that is over", 409, 503), f.best)
}

// setOfferInput is what reviews earn.
type setOfferInput struct {
	Body struct {
		MinLetters int               `json:"minLetters,omitempty" minimum:"1" maximum:"2000" default:"50"`
		Text       int64             `json:"text,omitempty" minimum:"0" doc:"For a review with text, minor units."`
		Photo      int64             `json:"photo,omitempty" minimum:"0" doc:"For a review with a photo."`
		BestCount  int               `json:"bestCount,omitempty" minimum:"0" maximum:"20" default:"3"`
		Best       int64             `json:"best,omitempty" minimum:"0"`
		BestVotes  int               `json:"bestVotes,omitempty" minimum:"1" maximum:"1000" default:"5"`
		Budget     int64             `json:"budget" minimum:"0" doc:"The most that one month's rewards may be worth."`
		Currency   string            `json:"currency,omitempty" pattern:"^[A-Z]{3}$" default:"KRW"`
		Promotions map[string]string `json:"promotions" doc:"Promotion id by kind."`
	}
}

// offerOutput is the offer with the cost of the month.
type offerOutput struct {
	Body struct {
		store.Offer
		Month   string `json:"month"`
		Spent   int64  `json:"spent"`
		Rewards int    `json:"rewards"`
	}
}

// setOffer stores the offer after a look at each promotion it names.
func (f *Reviews) setOffer(ctx context.Context, in *setOfferInput) (*offerOutput, error) {
	b := in.Body
	for kind, promotionID := range b.Promotions {
		if !slices.Contains([]string{reward.ForText, reward.ForPhoto, reward.ForBest}, kind) {
			return nil, problem.InvalidField("/promotions/"+kind, "not_allowed", "review, photo_review or best_of_month")
		}
		good, err := f.Rewards.Makes(ctx, promotionID)
		if err != nil {
			return nil, err
		}
		if !good {
			return nil, problem.InvalidField("/promotions/"+kind, "not_allowed", "a published promotion with a batch of codes")
		}
	}
	o := store.Offer{Promotions: b.Promotions, Criteria: reward.Criteria{
		MinLetters: b.MinLetters, Text: b.Text, Photo: b.Photo, BestCount: b.BestCount, Best: b.Best, BestVotes: b.BestVotes,
		Budget: b.Budget,
		// The wait covers the time in which the order can be withdrawn from and is not the
		// merchant's to set.
		Currency: b.Currency, Wait: reward.Default.Wait, ValidFor: reward.Default.ValidFor,
	}}
	if err := f.Store.SetOffer(ctx, o); err != nil {
		return nil, err
	}
	return f.offered(ctx, o)
}

// getOffer reads the offer.
func (f *Reviews) getOffer(ctx context.Context, _ *struct{}) (*offerOutput, error) {
	o, err := f.Store.Offer(ctx)
	if err != nil {
		return nil, err
	}
	return f.offered(ctx, o)
}

// offered is the offer with what the current month has cost. 1 round trip.
func (f *Reviews) offered(ctx context.Context, o store.Offer) (out *offerOutput, err error) {
	out = &offerOutput{}
	out.Body.Offer, out.Body.Month = o, store.Month(f.Clock.Now())
	out.Body.Spent, out.Body.Rewards, err = f.Store.Spent(ctx, out.Body.Month)
	return out, err
}

// bestOutput are the best reviews of a month.
type bestOutput struct {
	Body struct {
		Month string             `json:"month"`
		Best  []reward.Candidate `json:"best"`
	}
}

// best rewards the best reviews of a month by the published rule. Repeating changes nothing.
func (f *Reviews) best(ctx context.Context, in *MonthInput) (*bestOutput, error) {
	// Months are compared as text: 2026-11 sorts like the time.
	if in.Month >= store.Month(f.Clock.Now()) {
		return nil, problem.Conflict("month_not_over", "The best reviews of a month are chosen when it is over.")
	}
	offer, err := f.Store.Offer(ctx)
	if err != nil {
		return nil, err
	}
	if offer.Promotions[reward.ForBest] == "" {
		return nil, store.NoOffer()
	}
	out := &bestOutput{}
	out.Body.Month = in.Month
	best, err := f.Store.BestOf(ctx, offer.Criteria, in.Month)
	if err != nil {
		return nil, err
	}
	out.Body.Best = []reward.Candidate{}
	for _, b := range best {
		// One that was rewarded before is skipped by give.
		err := f.give(ctx, store.ReviewID{ProductID: b.ProductID, ReviewID: b.ReviewID}, offer, reward.ForBest,
			offer.Criteria.Best)
		// The month's budget ends the choice, and is no failure.
		if errors.Is(err, store.ErrBudget) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reward %s: %w", b.ReviewID, err)
		}
		out.Body.Best = append(out.Body.Best, b)
	}
	return out, nil
}
