package store

import (
	"context"
	"strconv"
	"strings"

	"dangol/shared/platform/table"
	"dangol/shared/review"
)

// Author is the record of an account: counters that its writes add to.
type Author struct {
	table.Key
	One       int `dynamodbav:"stars1,omitempty"`
	Two       int `dynamodbav:"stars2,omitempty"`
	Three     int `dynamodbav:"stars3,omitempty"`
	Four      int `dynamodbav:"stars4,omitempty"`
	Five      int `dynamodbav:"stars5,omitempty"`
	Paid      int `dynamodbav:"paid,omitempty"`    // reviewed order lines that were paid for
	Covered   int `dynamodbav:"covered,omitempty"` // and those that discounts covered
	Refunded  int `dynamodbav:"refunded,omitempty"`
	NotGood   int `dynamodbav:"notGenuine,omitempty"` // reviews rejected as spam, duplicate or not genuine
	Upheld    int `dynamodbav:"upheld,omitempty"`
	Dismissed int `dynamodbav:"dismissed,omitempty"`
}

// authorKey is the key of an account's record.
func authorKey(authorID string) table.Key {
	return table.Key{PK: "AUTHOR#" + authorID, SK: "AUTHOR"}
}

// authorReviewKey is the key of the pointer to one of its reviews.
func authorReviewKey(authorID, reviewID string) table.Key {
	return table.Key{PK: "AUTHOR#" + authorID, SK: "REVIEW#" + reviewID}
}

// Stars is how many reviews the account wrote with each number of stars.
func (a Author) Stars() [5]int { return [5]int{a.One, a.Two, a.Three, a.Four, a.Five} }

// Reporter is the record of the account's reports.
func (a Author) Reporter() review.Reporter {
	return review.Reporter{Upheld: a.Upheld, Dismissed: a.Dismissed}
}

// addTo is the write that adds to counters of an account. It has no condition: additions commute.
func addTo(authorID string, counts map[string]int) table.Update {
	var add []string
	with := map[string]any{}
	for i, name := range review.Tally(counts).Names() {
		value := ":v" + strconv.Itoa(i)
		add, with[value] = append(add, "#"+name+" "+value), counts[name]
	}
	return table.Update{Key: authorKey(authorID), Do: "ADD " + strings.Join(add, ", "), With: with}
}

// authored is a pointer to a review in the list of its author.
type authored struct {
	table.Key
	ProductID string `dynamodbav:"productId"`
	ReviewID  string `dynamodbav:"reviewId"`
}

// Mine lists the reviews of an account, newest first, whatever their state. 2 round trips, 1 RCU per review. Errors:
// table.ErrCursor.
func (s Store) Mine(ctx context.Context, authorID string, limit int, after table.Cursor) (mine []review.Review,
	next table.Cursor, err error) {
	page, err := s.Table.Query(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :reviews)",
		With:  map[string]any{":pk": "AUTHOR#" + authorID, ":reviews": "REVIEW#"}, Backwards: true, Limit: limit,
		After: after,
	})
	if err != nil {
		return nil, "", err
	}
	ids := make([]ReviewID, len(page.Items))
	for i, item := range page.Items {
		ids[i] = ReviewID{item.Text("productId"), item.Text("reviewId")}
	}
	found, err := s.Many(ctx, ids)
	return found, page.Next, err
}

// Many reads reviews in the order of their ids; those that are not there are left out. 1 round trip per 100, 1 RCU
// each.
func (s Store) Many(ctx context.Context, ids []ReviewID) (found []review.Review, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	keys := make([]table.Key, len(ids))
	for i, one := range ids {
		keys[i] = KeyOf(one)
	}
	items, err := s.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		item, ok := items[k]
		if !ok {
			continue
		}
		var rec record
		if err := item.Decode(&rec); err != nil {
			return nil, err
		}
		found = append(found, rec.Review.Value)
	}
	return found, nil
}

// CountNotGenuine is the write that notes a review of an account which was taken down as not genuine.
func CountNotGenuine(authorID string) table.Update {
	return addTo(authorID, map[string]int{"notGenuine": 1})
}

// CountRefunded is the write that notes an order of an account which was refunded after its review was rewarded.
func CountRefunded(authorID string) table.Update {
	return addTo(authorID, map[string]int{"refunded": 1})
}
