package engine_test

import (
	"fmt"
	"testing"

	"dangol/infra/local/engine"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"
)

func TestATokenMakesATransactionTakeEffectOnce(t *testing.T) {
	t.Parallel()
	db, name := localtest.DB(t), localtest.Name(t, table.Commerce)
	tb := table.New(engine.RememberTokens(db), name, nil)
	key := table.Key{PK: "COUNTER#1", SK: "COUNTER"}
	add := table.Update{Key: key, Do: "ADD #n :one", With: map[string]any{":one": 1}}
	// The first token twice; without a token each call stands for itself.
	for _, token := range []string{"a", "a", "b", "", ""} {
		if err := tb.Transact(t.Context(), token, add); err != nil {
			t.Fatal(err)
		}
	}
	var counter struct {
		N int `dynamodbav:"n"`
	}
	if err := tb.Get(t.Context(), key, &counter); err != nil || counter.N != 4 {
		t.Errorf("counted %d, %v; want 4", counter.N, err)
	}
}

func TestATransactionThatWasRefusedMayComeAgainWithItsToken(t *testing.T) {
	t.Parallel()
	db, name := localtest.DB(t), localtest.Name(t, table.Commerce)
	tb := table.New(engine.RememberTokens(db), name, nil)
	key := table.Key{PK: "COUNTER#1", SK: "COUNTER"}
	add := table.Update{Key: key, Do: "ADD #n :one", If: table.IfExists, With: map[string]any{":one": 1}}
	if err := tb.Transact(t.Context(), "a", add); err == nil {
		t.Fatal("a counter that is not there was changed")
	}
	if err := tb.Put(t.Context(), table.Put{Item: struct {
		table.Key
		N int `dynamodbav:"n"`
	}{Key: key}}); err != nil {
		t.Fatal(err)
	}
	if err := tb.Transact(t.Context(), "a", add); err != nil {
		t.Fatal(fmt.Errorf("the token of a refused transaction: %w", err))
	}
}
