package runner

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"dangol/shared/platform/function"
	"dangol/shared/platform/table"
)

// wanted is the filter of the deployed mapping: only items that carry an event, of the types that the function wants,
// and counters that are small.
func wanted(s *function.Stream) func(types.Record) bool {
	return func(r types.Record) bool {
		if slices.ContainsFunc(s.Counters, func(c function.Counter) bool { return small(c, r.Dynamodb) }) {
			return true
		}
		attribute, ok := r.Dynamodb.NewImage["event"]
		carried, isMap := attribute.(*types.AttributeValueMemberM)
		if !ok || len(s.Types) == 0 || !isMap {
			return ok
		}
		return slices.Contains(s.Types, text(carried.Value, "type"))
	}
}

// small reports whether the change is of the counter and concerns it: it was or is at its limit or below, or is
// watched.
func small(c function.Counter, change *types.StreamRecord) bool {
	if !strings.HasPrefix(text(change.Keys, table.HashKey), c.Key) ||
		!strings.HasPrefix(text(change.Keys, table.SortKey), c.Sort) {
		return false
	}
	for _, image := range []map[string]types.AttributeValue{change.NewImage, change.OldImage} {
		units := number(image, c.Attribute)
		if strings.HasPrefix(units, "-") || slices.Contains(c.Small(), units) {
			return true
		}
	}
	return number(change.NewImage, c.Watch) != ""
}

// text is a text attribute, "" when there is none.
func text(image map[string]types.AttributeValue, name string) string {
	if s, ok := image[name].(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

// number is a number attribute, "" when there is none.
func number(image map[string]types.AttributeValue, name string) string {
	if n, ok := image[name].(*types.AttributeValueMemberN); ok {
		return n.Value
	}
	return ""
}
