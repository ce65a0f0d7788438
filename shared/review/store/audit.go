package store

import (
	"context"
	"errors"

	"dangol/shared/platform/table"
	"dangol/shared/review"
)

// Drift is a summary that differs from what its reviews add up to.
type Drift struct {
	ProductID string       `json:"productId"`
	Summary   review.Tally `json:"summary"`
	Recount   review.Tally `json:"recount"`
}

// auditTries bounds how often a product is counted again because its summary changed while it was counted.
const auditTries = 5

// ErrMoving says that a product's reviews kept changing while they were counted.
var ErrMoving = errors.New("the summary kept changing while the reviews were counted")

// Recount adds up the reviews of a product and compares them with the summary; drift is nil when they agree. A count
// during which the summary changed says nothing and is begun again. It keeps no reviews: its memory does not grow with
// them. 1 round trip per MB of reviews and 2 more; 1 RCU per 4 KB. Errors: ErrMoving.
func (s Store) Recount(ctx context.Context, productID string) (reviews int, drift *Drift, err error) {
	for range auditTries {
		before, err := s.Summary(ctx, productID)
		if err != nil {
			return 0, nil, err
		}
		reviews, tally := 0, review.Tally{}
		err = s.Table.All(ctx, table.Query{
			Where:  "#pk = :pk AND begins_with(#sk, :reviews)",
			With:   map[string]any{":pk": productPK(productID), ":reviews": "REVIEW#"},
			Strong: true,
		}, func(item table.Item) error {
			var rec record
			if err := item.Decode(&rec); err != nil {
				return err
			}
			reviews++
			for name, n := range rec.Review.Value.Tally() {
				tally[name] += n
			}
			return nil
		})
		if err != nil {
			return 0, nil, err
		}
		after, err := s.Summary(ctx, productID)
		if err != nil {
			return 0, nil, err
		}
		// A query of several pages sees no single moment, so the count is only valid when nothing
		// changed meanwhile.
		if after.Changes != before.Changes {
			continue
		}
		if tally.Equal(before.Tally) {
			return reviews, nil, nil
		}
		return reviews, &Drift{productID, before.Tally, tally}, nil
	}
	return 0, nil, ErrMoving
}

// Products hands each product that has or had reviews to each, in the order of their ids, beginning behind after. 1
// round trip per MB of keys.
func (s Store) Products(ctx context.Context, after string, each func(productID string) error) error {
	// A key condition takes no empty value; the blank sorts before every id that follows.
	return s.Table.All(ctx, table.Query{
		Index: table.ByTwo, Where: "#gsi2pk = :list AND #gsi2sk > :after",
		With: map[string]any{":list": reviewedList, ":after": after + " "}, Limit: 500,
	}, func(item table.Item) error { return each(item.Text("gsi2sk")) })
}

// Audit is the outcome of counting every product.
type Audit struct {
	Products, Reviews int
	Drift             []Drift
	Moving            []string // products that could not be counted
}

// Audit counts every product again. Cost: see Recount.
func (s Store) Audit(ctx context.Context) (a Audit, err error) {
	err = s.Products(ctx, "", func(productID string) error {
		n, drift, err := s.Recount(ctx, productID)
		if errors.Is(err, ErrMoving) {
			a.Moving = append(a.Moving, productID)
			return nil
		}
		if err != nil {
			return err
		}
		a.Products++
		a.Reviews += n
		if drift != nil {
			a.Drift = append(a.Drift, *drift)
		}
		return nil
	})
	return a, err
}
