package store

import (
	"context"
	"errors"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/reward"
)

// Offer is what the shop promises for reviews: the criteria, and the promotion whose codes are given for each kind.
type Offer struct {
	Criteria   reward.Criteria   `json:"criteria"`
	Promotions map[string]string `json:"promotions"` // by kind of reward; a kind without one earns nothing
}

// offerKey is the key of the shop's offer.
func offerKey() table.Key { return table.Key{PK: "REWARDS", SK: "CRITERIA"} }

// budgetKey is the key of a month's budget.
func budgetKey(month string) table.Key {
	return table.Key{PK: "REWARDS#" + month, SK: "BUDGET"}
}

// Offer reads the shop's offer; without one nothing is rewarded. 1 round trip, 1 RCU.
func (s Store) Offer(ctx context.Context) (Offer, error) {
	var rec struct {
		Offer table.Packed[Offer] `dynamodbav:"offer"`
	}
	err := s.Table.Get(ctx, offerKey(), &rec)
	if errors.Is(err, table.ErrNotFound) {
		return Offer{}, nil
	}
	return rec.Offer.Value, err
}

// SetOffer replaces the shop's offer. 1 round trip, 1 WCU. It has no condition: the last merchant's word counts.
// Errors: 422 for criteria that Validate refuses.
func (s Store) SetOffer(ctx context.Context, o Offer) error {
	if err := o.Criteria.Validate(); err != nil {
		return err
	}
	return s.Table.Put(ctx, table.Put{Item: struct {
		table.Key
		Offer table.Packed[Offer] `dynamodbav:"offer"`
	}{offerKey(), table.Packed[Offer]{Value: o}}})
}

// NextCode is the number of the next code of a promotion's batch. Numbers are not given twice; one whose reward was not
// written after all is left out. 1 round trip, 1 WCU.
func (s Store) NextCode(ctx context.Context, promotionID string) (int, error) {
	item, err := s.Table.Update(ctx, table.Update{
		Key: table.Key{PK: "REWARDS#CODES#" + promotionID, SK: "CODES"}, Do: "ADD #given :one",
		With: map[string]any{":one": 1},
	})
	if err != nil {
		return 0, err
	}
	n, ok := item["given"].(*types.AttributeValueMemberN)
	if !ok {
		return 0, errors.New("the counter of codes is no number")
	}
	given, err := strconv.Atoi(n.Value)
	// Codes are numbered from 0.
	return given - 1, err
}

// Spend is the write that takes a reward out of the budget of a month, for the transaction that writes it to the
// review. Its condition keeps the month within the budget.
func Spend(month string, amount, budget int64) table.Update {
	return table.Update{
		Key: budgetKey(month), Do: "ADD #spent :amount, #rewards :one",
		If:   "attribute_not_exists(#spent) OR #spent <= :room",
		With: map[string]any{":amount": amount, ":one": 1, ":room": budget - amount},
	}
}

// Spent reads what a month's rewards are worth so far. 1 round trip, 1 RCU.
func (s Store) Spent(ctx context.Context, month string) (amount int64, rewards int, err error) {
	var b struct {
		Spent   int64 `dynamodbav:"spent"`
		Rewards int   `dynamodbav:"rewards"`
	}
	err = s.Table.Get(ctx, budgetKey(month), &b)
	if errors.Is(err, table.ErrNotFound) {
		err = nil
	}
	return b.Spent, b.Rewards, err
}

// ErrBudget says that the month's budget has no room for a reward.
var ErrBudget = errors.New("the budget of the month is used up")

// Reward writes a reward to a review and takes it out of the month's budget, once: also one that follows another, which
// stays valid beside it. 3 round trips. Errors: ErrBudget, 404 review_not_found, 503 busy.
func (s Store) Reward(ctx context.Context, i ReviewID, budget int64,
	rule func(*review.Review) (Effect, bool, error)) (*review.Review, error) {
	month := Month(s.Clock.Now())
	return s.Change(ctx, i, func(r *review.Review) (Effect, bool, error) {
		had := ""
		if r.Reward != nil {
			had = r.Reward.ID
		}
		e, changed, err := rule(r)
		if err != nil || !changed || r.Reward == nil || r.Reward.ID == had {
			return e, changed, err
		}
		spent, _, err := s.Spent(ctx, month)
		if err != nil {
			return e, false, err
		}
		// Looked up first, so that a used-up budget is told apart from a conflict with another
		// write.
		if spent+r.Reward.Amount > budget {
			return e, false, ErrBudget
		}
		e.With = append(e.With, Spend(month, r.Reward.Amount, budget))
		return e, true, nil
	})
}

// Best reads the reviews of a product that were written in a month as candidates for the best of it. 1 round trip per
// MB.
func (s Store) Best(ctx context.Context, productID, month string, each func(*review.Review) error) error {
	return s.Table.All(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :reviews)",
		With:  map[string]any{":pk": productPK(productID), ":reviews": "REVIEW#"}, Backwards: true,
	}, func(item table.Item) error {
		var rec record
		if err := item.Decode(&rec); err != nil {
			return err
		}
		r := rec.Review.Value
		switch m := Month(r.Written); {
		case m < month && r.Imported == "":
			return errPast
		case m == month && r.State == review.Published:
			return each(&r)
		}
		return nil
	})
}

// errPast ends a list that is read until a month is over.
var errPast = errors.New("past the month")

// BestOf chooses the best reviews of a month over all products. 1 round trip per product and MB of its reviews of that
// month.
func (s Store) BestOf(ctx context.Context, c reward.Criteria, month string) ([]reward.Candidate, error) {
	var all []reward.Candidate
	err := s.Products(ctx, "", func(productID string) error {
		err := s.Best(ctx, productID, month, func(r *review.Review) error {
			if r.Verified && !r.Doubted() && r.MayEarn() {
				all = append(all, reward.Candidate{
					ReviewID: r.ID, ProductID: r.ProductID, AuthorID: r.AuthorID, Helpful: r.Helpful, Votes: r.Helpful + r.Unhelpful,
					Score: review.Wilson(r.Helpful, r.Helpful+r.Unhelpful), Written: r.Written,
				})
			}
			return nil
		})
		if errors.Is(err, errPast) {
			return nil
		}
		return err
	})
	return c.BestOf(all), err
}

// NoOffer is the answer for a reward that the shop does not offer.
func NoOffer() error { return problem.Conflict("no_offer", "The shop offers no such reward.") }
