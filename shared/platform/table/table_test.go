package table_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dangol/infra/testkit/fault"
	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"
)

// thing is an item with a bit of everything.
type thing struct {
	table.Key
	Name  string            `dynamodbav:"name,omitempty"`
	Count int               `dynamodbav:"count"`
	Tags  []string          `dynamodbav:"tags,omitempty"`
	Text  map[string]string `dynamodbav:"text,omitempty"`
	Mark  string            `dynamodbav:"writeId,omitempty"`
	List  string            `dynamodbav:"gsi1pk,omitempty"`
	At    string            `dynamodbav:"gsi1sk,omitempty"`
	Card  map[string]string `dynamodbav:"card,omitempty"`
	DuePK string            `dynamodbav:"duePk,omitempty"`
	DueAt int64             `dynamodbav:"dueAt,omitempty"`
}

func key(n int) table.Key { return table.Key{PK: "THING", SK: fmt.Sprintf("%04d", n)} }

func a(n int) thing { return thing{Key: key(n), Name: fmt.Sprint("thing ", n), Count: n} }

func put(t *testing.T, to *table.Table, things ...thing) {
	t.Helper()
	for _, th := range things {
		if err := to.Put(t.Context(), table.Put{Item: th}); err != nil {
			t.Fatal(err)
		}
	}
}

func get(t *testing.T, from *table.Table, k table.Key) (th thing) {
	t.Helper()
	if err := from.Get(t.Context(), k, &th); err != nil && !errors.Is(err, table.ErrNotFound) {
		t.Fatal(err)
	}
	return th
}

func TestWhatIsPutIsWhatIsRead(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	want := thing{Key: key(1), Name: "쑥 비누 🎁", Count: -3, Tags: []string{"a", ""},
		Text: map[string]string{"ko": "가", "en": ""}}
	put(t, tb, want)
	var got, peeked thing
	if err := tb.Get(t.Context(), want.Key, &got); err != nil {
		t.Fatal(err)
	}
	if err := tb.Peek(t.Context(), want.Key, &peeked); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(peeked) != fmt.Sprint(want) {
		t.Errorf("got %+v and %+v, want %+v", got, peeked, want)
	}
	if err := tb.Get(t.Context(), key(2), &got); !errors.Is(err, table.ErrNotFound) {
		t.Errorf("an item that is not there: %v", err)
	}
}

func TestConditionsRefuseAndShowWhatStoodThere(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, a(1))
	seen := func(err error) string {
		failed, ok := table.Failed(err)
		if !ok {
			return fmt.Sprint(err)
		}
		if len(failed.Item) == 0 {
			return "refused: nothing there"
		}
		return "refused: " + failed.Item.Text("name") + " at " + failed.Key.String()
	}
	update := func(u table.Update) error { _, err := tb.Update(t.Context(), u); return err }
	for _, c := range []struct{ name, want, got string }{
		{"a put of what must be new", "refused: thing 1 at THING/0001",
			seen(tb.Put(t.Context(), table.Put{Item: a(1), If: table.IfNew}))},
		{"a put of what must be there", "refused: nothing there",
			seen(tb.Put(t.Context(), table.Put{Item: a(2), If: table.IfExists}))},
		{"an update of another version", "refused: thing 1 at THING/0001",
			seen(update(table.Update{Key: key(1), Do: "SET #count = :n", If: "#count = :old",
				With: map[string]any{":n": 5, ":old": 4}}))},
		{"an update of what is not there", "refused: nothing there",
			seen(update(table.Update{Key: key(2), Do: "ADD #count :n", If: table.IfExists, With: map[string]any{":n": 1}}))},
		{"a delete of another version", "refused: thing 1 at THING/0001",
			seen(tb.Delete(t.Context(), table.Delete{Key: key(1), If: "#count = :old", With: map[string]any{":old": 4}}))},
		{"a delete of what is not there", "<nil>", seen(tb.Delete(t.Context(), table.Delete{Key: key(9)}))},
	} {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", c.name, c.got, c.want)
		}
	}
	if got := get(t, tb, key(1)); got.Count != 1 {
		t.Errorf("a refused write changed the item: %+v", got)
	}
	if err := tb.Delete(t.Context(), table.Delete{Key: key(1), If: table.IfExists}); err != nil ||
		get(t, tb, key(1)).Name != "" {
		t.Errorf("delete: %v", err)
	}
}

func TestUpdateReturnsTheItemAsItIsThen(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, a(1))
	item, err := tb.Update(t.Context(), table.Update{
		Key: key(1), Do: "SET #text.#language = :text ADD #count :n REMOVE #name",
		If:    "attribute_not_exists(#text.#language)",
		Names: map[string]string{"#language": "ko-KR"}, With: map[string]any{":text": "가", ":n": 2},
	})
	if err == nil {
		t.Fatal("a path into a map that is not there was accepted")
	}
	item, err = tb.Update(t.Context(), table.Update{
		Key: key(1), Do: "SET #text = :text ADD #count :n REMOVE #name",
		With: map[string]any{":text": map[string]string{"en": "x"}, ":n": 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	item, err = tb.Update(t.Context(), table.Update{
		Key: key(1), Do: "SET #text.#language = :text", Names: map[string]string{"#language": "ko-KR"},
		With: map[string]any{":text": "가"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got thing
	if err := item.Decode(&got); err != nil || got.Count != 3 || got.Name != "" || got.Text["ko-KR"] != "가" ||
		got.Text["en"] != "x" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAtomicCountersLoseNothing(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := tb.Update(t.Context(),
				table.Update{Key: key(1), Do: "ADD #count :one", With: map[string]any{":one": 1}}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := get(t, tb, key(1)); got.Count != 20 {
		t.Errorf("20 increments make %d", got.Count)
	}
}

// TestMarkedWriteSurvivesALostAnswer repeats a conditional update as the client does when the first answer got lost.
func TestMarkedWriteSurvivesALostAnswer(t *testing.T) {
	t.Parallel()
	for _, do := range []string{"SET #name = :x ADD #count :one", "ADD #count :one SET #name = :x", "ADD #count :one"} {
		for _, writeID := range []string{"", "m-1"} {
			t.Run(do+" write id "+writeID, func(t *testing.T) {
				t.Parallel()
				in := fault.New(fault.Plan{})
				tb := table.New(in.DB(localtest.DB(t)), localtest.Name(t, table.Commerce), nil)
				put(t, tb, a(0))
				in.Restart(fault.Plan{N: 1, Mode: fault.Twice})
				with := map[string]any{":one": 1, ":zero": 0}
				if do != "ADD #count :one" {
					with[":x"] = "x"
				}
				item, err := tb.Update(t.Context(),
					table.Update{Key: key(0), Do: do, If: "#count = :zero", With: with, WriteID: writeID})
				if writeID == "" {
					if _, refused := table.Failed(err); !refused {
						t.Errorf("without a write id: %v, want a refusal", err)
					}
				} else if err != nil || item.Text(table.WriteIDAttribute) != writeID {
					t.Errorf("with a write id: %v, %v", item, err)
				}
				if got := get(t, tb, key(0)); got.Count != 1 {
					t.Errorf("took effect %d times", got.Count)
				}
				if with[":writeId"] != nil {
					t.Error("the caller's values were changed")
				}
			})
		}
	}
}

func TestAConditionalPutThatTheClientSentTwiceIsNoRefusal(t *testing.T) {
	t.Parallel()
	for _, mode := range []fault.Mode{fault.None, fault.Twice} {
		in := fault.New(fault.Plan{})
		tb := table.New(in.DB(localtest.DB(t)), localtest.Name(t, table.Commerce), nil)
		in.Restart(fault.Plan{N: 1, Mode: mode})
		if err := tb.Put(t.Context(), table.Put{Item: a(0), If: table.IfNew}); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		first := get(t, tb, key(0)).Mark
		// Somebody else wants to write the very same item.
		err := tb.Put(t.Context(), table.Put{Item: a(0), If: table.IfNew})
		if _, refused := table.Failed(err); !refused || first == "" || get(t, tb, key(0)).Mark != first {
			t.Errorf("%s: a second caller gets %v; the write id %q", mode, err, first)
		}
	}
}

func TestAPutKeepsTheWriteIDOfItsCaller(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	item := a(0)
	item.Mark = "chg_1"
	if err := tb.Put(t.Context(), table.Put{Item: item, If: table.IfNew}); err != nil {
		t.Fatal(err)
	}
	put(t, tb, a(1))
	if one, other := get(t, tb, key(0)).Mark, get(t, tb, key(1)).Mark; one != "chg_1" || other != "" {
		t.Errorf("the write ids are %q and, without a condition, %q", one, other)
	}
}

func TestAMarkOfAnotherWriteIsNoExcuse(t *testing.T) {
	t.Parallel()
	tb := localtest.Table(t, table.Commerce)
	put(t, tb, a(0))
	u := table.Update{Key: key(0), Do: "ADD #count :one", If: "#count = :zero",
		With: map[string]any{":one": 1, ":zero": 0}, WriteID: "first"}
	if _, err := tb.Update(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	u.WriteID = "second"
	if _, err := tb.Update(t.Context(), u); err == nil {
		t.Error("a second write passed because the first had a write id")
	}
}

func TestErrorsSayWhatFailed(t *testing.T) {
	t.Parallel()
	tb := table.New(fault.New(fault.Plan{N: 1, Times: 4, Mode: fault.Fails}).DB(localtest.DB(t)), "none", nil)
	_, updating := tb.Update(t.Context(), table.Update{Key: key(1), Do: "REMOVE #name"})
	for _, err := range []error{
		tb.Get(t.Context(), key(1), &thing{}), updating, tb.Put(t.Context(), table.Put{Item: a(1)}),
		tb.Delete(t.Context(), table.Delete{Key: key(1)}),
	} {
		if !errors.Is(err, fault.ErrInjected) || !slices.Contains([]string{"THING/0001"}, lastWord(err)) {
			t.Errorf("%v: want the key and the cause", err)
		}
	}
	if err := tb.Put(t.Context(), table.Put{Item: make(chan int)}); err == nil {
		t.Error("a channel was stored")
	}
}

// lastWord is the word before the injected cause.
func lastWord(err error) string {
	var action, key string
	if _, scan := fmt.Sscanf(err.Error(), "%s %s", &action, &key); scan != nil {
		return err.Error()
	}
	return key[:len(key)-1] // without the colon
}

func TestMeterCountsTripsAndUnits(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []table.Op
	observed := table.New(localtest.DB(t), localtest.Name(t, table.Commerce), func(op table.Op) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, op)
	})
	for _, c := range []struct {
		name    string
		do      func(context.Context) error
		want    table.Cost
		actions []string
	}{
		{"a put of a small item", func(ctx context.Context) error { return observed.Put(ctx, table.Put{Item: a(1)}) },
			table.Cost{Trips: 1, Write: 1}, []string{"PutItem"}},
		{"a consistent read", func(ctx context.Context) error { return observed.Get(ctx, key(1), &thing{}) },
			table.Cost{Trips: 1, Read: 1}, []string{"GetItem"}},
		{"an eventually consistent read", func(ctx context.Context) error { return observed.Peek(ctx, key(1), &thing{}) },
			table.Cost{Trips: 1, Read: 0.5}, []string{"GetItem"}},
		{"a refused write is a trip", func(ctx context.Context) error {
			if _, refused := table.Failed(observed.Put(ctx, table.Put{Item: a(1), If: table.IfNew})); !refused {
				return errors.New("not refused")
			}
			return nil
		}, table.Cost{Trips: 1}, []string{"PutItem"}},
		{"a transaction is one trip and costs double", func(ctx context.Context) error {
			return observed.Transact(ctx, "", table.Put{Item: a(2)},
				table.Update{Key: key(3), Do: "ADD #count :n", With: map[string]any{":n": 1}},
				table.Delete{Key: key(4)}, table.Check{Key: key(1), If: table.IfExists})
		}, table.Cost{Trips: 1, Write: 8}, []string{"TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem",
			"ConditionCheckItem"}},
		{"a query", func(ctx context.Context) error {
			_, err := observed.Query(ctx, table.Query{Where: "#pk = :pk", With: map[string]any{":pk": "THING"}})
			return err
		}, table.Cost{Trips: 1, Read: 0.5}, []string{"Query"}},
	} {
		told = nil
		ctx, meter := table.Metered(t.Context())
		if err := c.do(ctx); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		got := meter.Cost()
		if got.Trips != c.want.Trips || math.Abs(got.Read-c.want.Read) > 0.01 || math.Abs(got.Write-c.want.Write) > 0.01 {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		var actions []string
		for _, op := range told {
			actions = append(actions, op.Action)
		}
		if !slices.Equal(actions, c.actions) {
			t.Errorf("%s: observed %v, want %v", c.name, actions, c.actions)
		}
	}
}

// stub stands for an engine that answers what ours never does.
type stub struct {
	table.DB
	transact func(n int) (*dynamodb.TransactWriteItemsOutput, error)
	batchGet func(n int, in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error)
	batchPut func(n int, in *dynamodb.BatchWriteItemInput) (*dynamodb.BatchWriteItemOutput, error)
	query    func(n int) (*dynamodb.QueryOutput, error)
	calls    int
	tokens   []string
}

func (s *stub) TransactWriteItems(_ context.Context, in *dynamodb.TransactWriteItemsInput,
	_ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	s.calls++
	s.tokens = append(s.tokens, fmt.Sprint(in.ClientRequestToken != nil, in.ClientRequestToken))
	if in.ClientRequestToken != nil {
		s.tokens[len(s.tokens)-1] = *in.ClientRequestToken
	}
	return s.transact(s.calls)
}

func (s *stub) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput,
	_ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	s.calls++
	return s.batchGet(s.calls, in)
}

func (s *stub) BatchWriteItem(_ context.Context, in *dynamodb.BatchWriteItemInput,
	_ ...func(*dynamodb.Options)) (*dynamodb.BatchWriteItemOutput, error) {
	s.calls++
	return s.batchPut(s.calls, in)
}

func (s *stub) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	s.calls++
	return s.query(s.calls)
}
