package store

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dangol/shared/platform/table"
	"dangol/shared/review"
)

// countPrefix begins the attributes of a summary that are counts of its tally.
const countPrefix = "c."

// reviewedList is the index key under which every product with reviews stands, for the auditor and the feed. It is
// written once for each product.
const reviewedList = "REVIEWED"

// summaryUpdate adds a difference to a product's summary. It has no condition: additions commute, and each is in the
// one transaction that makes it true.
func summaryUpdate(productID string, diff review.Tally) table.Update {
	names := map[string]string{}
	with := map[string]any{":one": 1, ":list": reviewedList, ":product": productID}
	add := []string{"#changes :one"}
	for i, name := range diff.Names() {
		alias, value := "#n"+strconv.Itoa(i), ":n"+strconv.Itoa(i)
		names[alias], with[value] = countPrefix+name, diff[name]
		add = append(add, alias+" "+value)
	}
	return table.Update{
		Key: summaryKey(productID),
		Do: "SET #gsi2pk = if_not_exists(#gsi2pk, :list), #gsi2sk = if_not_exists(#gsi2sk, :product) ADD " +
			strings.Join(add, ", "),
		With:  with,
		Names: names,
	}
}

// Summary is the summary of a product with how often it has changed.
type Summary struct {
	Tally   review.Tally
	Changes int
}

// summaryOf reads the counts of a summary from its raw item.
func summaryOf(item table.Item) (s Summary, err error) {
	s.Tally = review.Tally{}
	for name, v := range item {
		n, ok := v.(*types.AttributeValueMemberN)
		if !ok {
			continue
		}
		count, is := strings.CutPrefix(name, countPrefix)
		if name == "changes" {
			s.Changes, err = strconv.Atoi(n.Value)
		} else if is {
			s.Tally[count], err = strconv.Atoi(n.Value)
		}
		if err != nil {
			return s, err
		}
	}
	s.Tally = s.Tally.Plus(nil) // without the zeros that additions leave
	return s, nil
}

// Summary reads the summary of a product, strongly consistent; a product without reviews has an empty one. 1 round
// trip.
func (s Store) Summary(ctx context.Context, productID string) (Summary, error) {
	// The names of its counts are data, so it is read as an item and not into a struct.
	key := summaryKey(productID)
	items, err := s.Table.BatchGet(ctx, true, key)
	if err != nil {
		return Summary{}, err
	}
	return summaryOf(items[key])
}
