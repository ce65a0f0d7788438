package faults_test

import (
	"context"
	"errors"
	"testing"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"
	"dangol/shared/platform/table/faults"
)

func TestEachModeDoesWhatItSays(t *testing.T) {
	t.Parallel()
	for mode, want := range map[faults.Mode]struct {
		fails bool
		count int
	}{
		"": {false, 1}, faults.Lost: {true, 0}, faults.Expired: {true, 0}, faults.Hung: {true, 1}, faults.Twice: {false, 2},
	} {
		t.Run("mode "+string(mode), func(t *testing.T) {
			t.Parallel()
			db := faults.Wrap(localtest.DB(t), map[int]faults.Mode{1: mode})
			tb := table.New(db, localtest.Name(t, table.Commerce), nil)
			key := table.Key{PK: "A", SK: "B"}
			_, err := tb.Update(t.Context(), table.Update{Key: key, Do: "ADD #count :one", With: map[string]any{":one": 1}})
			if errors.Is(err, faults.ErrInjected) != want.fails || errors.Is(err, context.DeadlineExceeded) != (mode == faults.Expired) {
				t.Errorf("error %v", err)
			}
			var got struct {
				Count int `dynamodbav:"count"`
			}
			if err := tb.Get(t.Context(), key, &got); err != nil && !errors.Is(err, table.ErrNotFound) {
				t.Fatal(err)
			}
			if got.Count != want.count || db.Calls() != 2 {
				t.Errorf("took effect %d times in %d calls, want %d", got.Count, db.Calls(), want.count)
			}
			db.Reset(nil)
			if err := tb.Get(t.Context(), key, &got); err != nil && !errors.Is(err, table.ErrNotFound) || db.Calls() != 1 {
				t.Errorf("after a reset: %v, %d calls", err, db.Calls())
			}
		})
	}
}
