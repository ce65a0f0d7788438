package stock

import (
	"context"
	"fmt"
	"time"

	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// deliveryKept is how long it is known that a delivery was counted: longer than any file is imported again by mistake.
const deliveryKept = 400 * 24 * time.Hour

// delivered says that a delivery was counted for a variant.
type delivered struct {
	table.Key
	Units int       `dynamodbav:"units"`
	At    time.Time `dynamodbav:"at"`
	TTL   int64     `dynamodbav:"ttl"`
}

// Receive adds the units of a delivery to the stock of a variant, once: a repetition under the same name changes
// nothing. levels are the variant's buckets as read; they only decide how the units are spread. It reports whether it
// wrote. 1 transaction of 1 write and 1 for each bucket that grows. Errors: 503 busy.
func Receive(
	ctx context.Context, t *table.Table, levels map[table.Key]Level, variantID string, buckets, units int, delivery string,
	now time.Time,
) (bool, error) {
	moves, err := AdjustPlan(levels, variantID, buckets, units)
	if err != nil {
		return false, fmt.Errorf("stock of %s: %w", variantID, err)
	}
	writes := []table.Write{table.Put{
		Item: delivered{
			Key: table.Key{PK: "DELIVERY#" + delivery, SK: variantID}, Units: units, At: now,
			TTL: now.Add(deliveryKept).Unix(),
		},
		If: table.IfNew, // else this delivery was counted before
	}}
	for _, m := range moves {
		writes = append(writes, m)
	}
	err = t.Transact(ctx, id.Secret(), writes...)
	if refused, ok := table.Refused(err); ok && refused.Refused(0) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("stock of %s: %w", variantID, err)
	}
	return true, nil
}
