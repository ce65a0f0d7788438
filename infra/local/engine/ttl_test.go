package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/local/engine"
	"dangol/infra/testkit/enginetest"
	"dangol/shared/platform/id"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestSweepRemovesWhatHasPassedAndNothingElse(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	number := func(at time.Time) types.AttributeValue {
		return &types.AttributeValueMemberN{Value: fmt.Sprint(at.Unix())}
	}
	db := enginetest.Client(t)
	table := "Swept-" + id.Secret()
	createTable(t, db, table)
	items := map[string]types.AttributeValue{
		"gone: a second ago":         number(now.Add(-time.Second)),
		"gone: this second":          number(now),
		"gone: four years ago":       number(now.AddDate(-4, 0, 0)),
		"kept: in a second":          number(now.Add(time.Second)),
		"kept: six years ago":        number(now.AddDate(-6, 0, 0)),
		"kept: a string, no number":  &types.AttributeValueMemberS{Value: fmt.Sprint(now.Unix())},
		"kept: a list of the number": &types.AttributeValueMemberL{Value: []types.AttributeValue{number(now)}},
	}
	for pk, ttl := range items {
		put(t, db, table, pk, map[string]types.AttributeValue{"expires": ttl})
	}
	put(t, db, table, "kept: no time to live", nil)
	n, err := engine.Sweep(t.Context(), db, table, "expires", now)
	if err != nil || n != 3 {
		t.Fatalf("removed %d, error %v; want 3", n, err)
	}
	left := slices.Sorted(maps.Keys(names(t, db, table)))
	if len(left) != 5 || slices.ContainsFunc(left, func(s string) bool { return strings.HasPrefix(s, "gone") }) {
		t.Errorf("left: %q", left)
	}
}

func TestSweepGoesThroughEveryPage(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	db := enginetest.Client(t)
	table := "Pages-" + id.Secret()
	createTable(t, db, table)
	filler := &types.AttributeValueMemberS{Value: strings.Repeat("x", 100_000)}
	for i := range 25 {
		put(t, db, table, fmt.Sprint(i), map[string]types.AttributeValue{
			"expires": &types.AttributeValueMemberN{Value: fmt.Sprint(now.Unix() - int64(i%2))}, "filler": filler,
		})
	}
	if n, err := engine.Sweep(t.Context(), db, table, "expires", now.Add(-time.Second)); err != nil || n != 12 {
		t.Errorf("removed %d of 12 over three pages: %v", n, err)
	}
}

func TestSweepOfAMissingTableIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := engine.Sweep(t.Context(), enginetest.Client(t), "Nowhere", "expires", time.Unix(0, 0)); err == nil {
		t.Error("no error")
	}
}
