package promotions

import (
	"slices"
	"testing"
	"time"

	"dangol/shared/order"
)

func TestADryRunLooksAtTheNewestOrdersWhateverTheirState(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	// As they are read: state by state, each newest first.
	read := []order.Summary{
		{ID: "new", PlacedAt: now.Add(-1 * time.Hour)}, {ID: "old and open", PlacedAt: now.Add(-90 * time.Hour)},
		{ID: "arrived", PlacedAt: now.Add(-2 * time.Hour)}, {ID: "arrived before", PlacedAt: now.Add(-3 * time.Hour)},
	}
	got, more := newest(slices.Clone(read), 3)
	var ids []string
	for _, o := range got {
		ids = append(ids, o.ID)
	}
	if !slices.Equal(ids, []string{"new", "arrived", "arrived before"}) || !more {
		t.Errorf("%q, more %t", ids, more)
	}
	if got, more := newest(slices.Clone(read), 4); len(got) != 4 || more {
		t.Errorf("%d of 4, more %t", len(got), more)
	}
}
