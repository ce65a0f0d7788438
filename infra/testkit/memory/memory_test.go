package memory_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"dangol/infra/testkit/localtest"
	"dangol/infra/testkit/memory"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// thing is an item with something of everything.
type thing struct {
	table.Key
	due.Due
	List   string            `dynamodbav:"gsi1pk,omitempty"`
	ListAt string            `dynamodbav:"gsi1sk,omitempty"`
	Card   map[string]any    `dynamodbav:"card,omitempty"`
	N      int               `dynamodbav:"n"`
	Text   string            `dynamodbav:"text,omitempty"`
	Deep   map[string][]bool `dynamodbav:"deep,omitempty"`
	Raw    []byte            `dynamodbav:"raw,omitempty"`
	None   *int              `dynamodbav:"none"`
	Set    []string          `dynamodbav:"set,stringset,omitempty"`
}

var keys = rapid.Custom(func(t *rapid.T) table.Key {
	return table.Key{PK: fmt.Sprint("P#", rapid.IntRange(1, 2).Draw(t, "pk")),
		SK: fmt.Sprint("S#", rapid.IntRange(1, 4).Draw(t, "sk"))}
})

var things = rapid.Custom(func(t *rapid.T) thing {
	x := thing{Key: keys.Draw(t, "key"), N: rapid.IntRange(0, 3).Draw(t, "n"),
		Text: rapid.SampledFrom([]string{"", "a", "ab", "한"}).Draw(t, "text")}
	if rapid.Bool().Draw(t, "due") {
		x.Due = due.Due{Shard: "k#0", At: rapid.Int64Range(1, 12).Draw(t, "at")}
	}
	if rapid.Bool().Draw(t, "listed") {
		x.List, x.ListAt = "L", fmt.Sprint(rapid.IntRange(1, 9).Draw(t, "place"))
		x.Card, x.Deep, x.Raw = map[string]any{"n": x.N}, map[string][]bool{"a": {true, false}}, []byte{1, 2}
		x.Set = []string{"x", "y"}
	}
	return x
})

// conditions that the kernel uses, and some around them.
var conditions = []string{
	"", "", table.IfNew, table.IfExists, "#n = :n", "#n <> :n", "#n < :n", "#n >= :n", "#n BETWEEN :zero AND :n",
	"begins_with(#text, :a)",
	"attribute_not_exists(#pk) OR #n < :n OR (#text = :a AND #n = :n)", "NOT (#n = :n) AND attribute_exists(#text)",
	"#text > :a",
}

var updates = []string{
	"ADD #n :n", "SET #n = :n REMOVE #text", "SET #text = :a, #n = if_not_exists(#n, :zero) + :n",
	"SET #n = if_not_exists(#n, :zero) - :n ADD #m :n", "REMOVE #duePk, #dueAt, #dueTries",
}

// values are those of the expressions that speak of them: DynamoDB refuses what is not used.
func values(n int, expressions ...string) map[string]any {
	with := map[string]any{}
	for name, v := range map[string]any{":n": n, ":zero": 0, ":a": "a"} {
		if slices.ContainsFunc(expressions, func(e string) bool { return contains(e, name) }) {
			with[name] = v
		}
	}
	return with
}

func contains(expression, name string) bool {
	for i := range expression {
		if end := i + len(name); end <= len(expression) && expression[i:end] == name &&
			(end == len(expression) || !letter(expression[end])) {
			return true
		}
	}
	return false
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' }

var writes = rapid.Custom(func(t *rapid.T) table.Write {
	when, n := rapid.SampledFrom(conditions).Draw(t, "when"), rapid.IntRange(0, 3).Draw(t, "value")
	key := keys.Draw(t, "of")
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0, 1:
		return table.Put{Item: things.Draw(t, "item"), If: when, With: values(n, when)}
	case 2:
		do := rapid.SampledFrom(updates).Draw(t, "do")
		return table.Update{Key: key, Do: do, If: when, With: values(n, do, when)}
	case 3:
		return table.Delete{Key: key, If: when, With: values(n, when)}
	}
	if when == "" {
		when = table.IfExists
	}
	return table.Check{Key: key, If: when, With: values(n, when)}
})

// said is what a write answered, without the words.
func said(err error) string {
	if f, ok := table.Failed(err); ok {
		return fmt.Sprint("failed ", plain(f.Item))
	}
	if c, ok := table.Refused(err); ok {
		out := "refused"
		for _, r := range c.Reasons {
			out += " " + r.Code + plain(r.Item)
		}
		return out
	}
	if err != nil {
		return "error"
	}
	return "done"
}

func plain(i table.Item) string {
	var x thing
	if i == nil {
		return "-"
	}
	if err := i.Decode(&x); err != nil {
		return err.Error()
	}
	slices.Sort(x.Set)
	return fmt.Sprintf("%+v", x)
}

func one(ctx context.Context, tb *table.Table, w table.Write) string {
	switch w := w.(type) {
	case table.Put:
		return said(tb.Put(ctx, w))
	case table.Update:
		got, err := tb.Update(ctx, w)
		return said(err) + plain(got)
	case table.Delete:
		return said(tb.Delete(ctx, w))
	}
	return said(tb.Transact(ctx, "", w))
}

// everything reads all of a table, by every way.
func everything(t *rapid.T, ctx context.Context, tb *table.Table) (out []string) {
	for _, q := range []table.Query{
		{Where: "#pk = :x", With: map[string]any{":x": "P#1"}},
		{Where: "#pk = :x AND begins_with(#sk, :s)", With: map[string]any{":x": "P#2", ":s": "S#"}, Backwards: true,
			Limit: 2},
		{Where: "#pk = :x AND #sk BETWEEN :a AND :b", With: map[string]any{":x": "P#2", ":a": "S#2", ":b": "S#3"}},
		{Index: table.Due, Where: "#duePk = :k AND #dueAt <= :now", With: map[string]any{":k": "k#0", ":now": 9}, Limit: 1},
		{Index: table.Due, Where: "#duePk = :k", With: map[string]any{":k": "k#0"}},
		{Index: table.ByOne, Where: "#gsi1pk = :l AND #gsi1sk < :s", With: map[string]any{":l": "L", ":s": "7"},
			Backwards: true, Limit: 2},
	} {
		var found []string
		if err := tb.All(ctx, q, func(i table.Item) error { found = append(found, plain(i)); return nil }); err != nil {
			t.Fatal(err)
		}
		if q.Index != "" {
			slices.Sort(found) // DynamoDB gives no order to what has the same sort key
		}
		out = append(out, fmt.Sprint(found))
	}
	return out
}

func TestItAnswersAsTheEngineDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		ctx := t.Context()
		real, fast := localtest.Table(t, table.Commerce), table.New(memory.New(table.Commerce), "any", nil)
		for range rapid.IntRange(1, 25).Draw(r, "steps") {
			all := rapid.SliceOfNDistinct(writes, 1, 3, func(w table.Write) string { return fmt.Sprint(keyOf(w)) }).Draw(r,
				"writes")
			var a, b string
			if len(all) == 1 {
				a, b = one(ctx, real, all[0]), one(ctx, fast, all[0])
			} else {
				token := rapid.SampledFrom([]string{"", "", "1", "2"}).Draw(r, "token")
				if token != "" {
					token = real.Name() + token // the engine knows them whatever the table
				}
				a, b = said(real.Transact(ctx, token, all...)), said(fast.Transact(ctx, token, all...))
			}
			if a != b {
				r.Fatalf("%+v: the engine says %s, memory %s", all, a, b)
			}
		}
		if a, b := everything(r, ctx, real), everything(r, ctx, fast); !slices.Equal(a, b) {
			r.Fatalf("the engine has\n%v\nmemory\n%v", a, b)
		}
	})
}

func keyOf(w table.Write) table.Key {
	switch w := w.(type) {
	case table.Put:
		return w.Item.(thing).Key
	case table.Update:
		return w.Key
	case table.Delete:
		return w.Key
	case table.Check:
		return w.Key
	}
	return table.Key{}
}

func TestWhatItDoesNotKnowItRefuses(t *testing.T) {
	t.Parallel()
	tb, key := table.New(memory.New(table.Commerce), "any", nil), table.Key{PK: "P", SK: "S"}
	for _, u := range []table.Update{
		{Key: key, Do: "SET #a.#b = :n"}, {Key: key, Do: "DELETE #a :n"}, {Key: key, Do: "SET #a = list_append(#a, :n)"},
		{Key: key, Do: "ADD #a :n", If: "size(#a) > :n"}, {Key: key, Do: "ADD #a :n", If: "#a = :n AND"},
		{Key: key, Do: "ADD #a :missing"}, {Key: key, Do: "SET #a = #b + :n"},
	} {
		u.With = map[string]any{":n": 1}
		if _, err := tb.Update(t.Context(), u); err == nil {
			t.Errorf("%q if %q was carried out", u.Do, u.If)
		}
	}
	if err := tb.Get(t.Context(), key, &thing{}); !errors.Is(err, table.ErrNotFound) {
		t.Errorf("something is there: %v", err)
	}
}
