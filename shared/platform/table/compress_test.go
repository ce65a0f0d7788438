package table_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"
)

// basket is an item whose contents may be compressed.
type basket struct {
	table.Key
	Version int               `dynamodbav:"version"`
	Parts   table.List[part]  `dynamodbav:"parts,omitempty"`
	Note    string            `dynamodbav:"note,omitempty"`
	Weight  int               `dynamodbav:"weight,omitempty"`
	Wrapped bool              `dynamodbav:"wrapped,omitempty"`
	Of      table.Key         `dynamodbav:"of"`
	Names   map[string]string `dynamodbav:"names,omitempty"`
	Tags    []string          `dynamodbav:"tags,omitempty"`
}

func (basket) CompressedAttributes() []string {
	return []string{"parts", "note", "weight", "wrapped", "of", "names", "tags", "absent"}
}

// plainBasket is the same item as it was stored before anything was compressed.
type plainBasket basket

// full is a basket of about 2 KB.
func full() basket {
	b := basket{Key: table.Key{PK: "BASKET#1", SK: "BASKET"}, Version: 1, Weight: 3, Wrapped: true,
		Of: table.Key{PK: "CART#9", SK: "CART"}, Tags: []string{"비건"}, Names: map[string]string{"ko": "범 비누", "en": "Soap"}}
	for range 40 {
		b.Parts = append(b.Parts, part{Name: "솔잎 클렌징 폼 <150ml>", Count: 14_000})
	}
	return b
}

func TestALargeItemIsStoredCompressedAndReadAsItWas(t *testing.T) {
	t.Parallel()
	tab := localtest.Table(t, table.Commerce)
	put := full()
	ctx, meter := table.Metered(t.Context())
	if err := tab.Put(ctx, table.Put{Item: put}); err != nil {
		t.Fatal(err)
	}
	if size, err := table.Size(put); err != nil || size < 2048 || meter.Cost().Write != 1 {
		t.Errorf("%d bytes cost %v units, %v; want one unit for more than 2 KB", size, meter.Cost().Write, err)
	}
	found, err := tab.BatchGet(t.Context(), true, put.Key)
	if err != nil {
		t.Fatal(err)
	}
	stored := found[put.Key]
	if stored[table.CompressedAttribute] == nil || stored["parts"] != nil || stored["of"] != nil ||
		stored["version"] == nil || stored["tags"] == nil {
		t.Errorf("stored with %v; a list of its own type stays outside", reflect.ValueOf(stored).MapKeys())
	}
	// What an update returns, and what a refused write found, are read in the same way.
	updated, err := tab.Update(t.Context(), table.Update{Key: put.Key, Do: "SET #version = :two", If: table.IfExists,
		With: map[string]any{":two": 2}})
	if err != nil {
		t.Fatal(err)
	}
	met, refused := table.Failed(tab.Put(t.Context(), table.Put{Item: put, If: table.IfNew}))
	if !refused {
		t.Fatal("a second new item was stored")
	}
	put.Version = 2
	for name, item := range map[string]table.Item{"updated": updated, "met": met.Item} {
		var got basket
		if err := item.Decode(&got); err != nil || !reflect.DeepEqual(got, put) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, put)
		}
	}
}

func TestSmallItemsAndThoseFromBeforeAreReadAsTheyAre(t *testing.T) {
	t.Parallel()
	tab := localtest.Table(t, table.Commerce)
	small := full()
	small.Parts = small.Parts[:2]
	large := full()
	large.PK = "BASKET#2"
	for _, item := range []any{small, plainBasket(large)} {
		if err := tab.Put(t.Context(), table.Put{Item: item}); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []basket{small, large} {
		found, err := tab.BatchGet(t.Context(), true, want.Key)
		if err != nil {
			t.Fatal(err)
		}
		var got basket
		if err := found[want.Key].Decode(&got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v; want %+v", got, err, want)
		}
		if found[want.Key][table.CompressedAttribute] != nil {
			t.Errorf("%s was compressed", want.PK)
		}
	}
}

// TestWhateverIsCompressedComesBack stores and reads baskets of any content, and the same basket twice: a repeated
// transaction is compared with the first byte by byte.
func TestWhateverIsCompressedComesBack(t *testing.T) {
	t.Parallel()
	tab := localtest.Table(t, table.Commerce)
	rapid.Check(t, func(rt *rapid.T) {
		text := func(name string) string { return strings.ToValidUTF8(rapid.String().Draw(rt, name), "") }
		put := full()
		put.Parts = append(put.Parts, part{Name: text("part"), Count: rapid.Int64().Draw(rt, "count")})
		put.Note = text("note")
		put.Weight = rapid.Int().Draw(rt, "weight")
		put.Wrapped = rapid.Bool().Draw(rt, "wrapped")
		put.Names = rapid.MapOfN(rapid.StringMatching(`[a-z]{2}`), rapid.StringMatching(`[a-z가-힣 ]{0,9}`), 1, 9).Draw(rt,
			"names")
		var before table.Item
		for range 2 {
			if err := tab.Put(t.Context(), table.Put{Item: put}); err != nil {
				rt.Fatal(err)
			}
			found, err := tab.BatchGet(t.Context(), true, put.Key)
			if err != nil {
				rt.Fatal(err)
			}
			var got basket
			if err := found[put.Key].Decode(&got); err != nil || !reflect.DeepEqual(got, put) {
				rt.Fatalf("%+v, %v; want %+v", got, err, put)
			}
			if before != nil && !reflect.DeepEqual(before, found[put.Key]) {
				rt.Fatal("the same item is other bytes the second time")
			}
			before = found[put.Key]
		}
	})
}

func TestACompressedAttributeThatIsDamagedIsAnError(t *testing.T) {
	t.Parallel()
	tab := localtest.Table(t, table.Commerce)
	put := full()
	if err := tab.Put(t.Context(), table.Put{Item: put}); err != nil {
		t.Fatal(err)
	}
	found, err := tab.BatchGet(t.Context(), true, put.Key)
	if err != nil {
		t.Fatal(err)
	}
	good := found[put.Key][table.CompressedAttribute].(*types.AttributeValueMemberB).Value
	decode := func(b []byte) (got basket, err error) {
		item := table.Item{table.CompressedAttribute: &types.AttributeValueMemberB{Value: b}}
		return got, item.Decode(&got)
	}
	for name, b := range map[string][]byte{
		"nothing": {}, "an unknown format": append([]byte{2}, good[1:]...), "half of it": good[:len(good)/2],
	} {
		if got, err := decode(b); err == nil {
			t.Errorf("%s was read as %+v", name, got)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		b := bytes.Clone(good)
		b[rapid.IntRange(0, len(b)-1).Draw(rt, "at")] ^= byte(rapid.IntRange(1, 255).Draw(rt, "bits"))
		_, _ = decode(b[:rapid.IntRange(0, len(b)).Draw(rt, "length")]) // any answer but a panic
	})
}

func TestALongTextIsStoredCompressedAndAShortOneAsItIs(t *testing.T) {
	t.Parallel()
	long := table.Text(strings.Repeat(`{"amount":14000,"currency":"KRW"}`, 20))
	noise := table.Text(strings.Repeat("\U0010ffff", 3))
	for _, tt := range []struct {
		text table.Text
		want any
	}{
		{"", &types.AttributeValueMemberS{}}, {`{"lines":2}`, &types.AttributeValueMemberS{}},
		{noise, &types.AttributeValueMemberS{}}, {long, &types.AttributeValueMemberB{}},
	} {
		av, err := tt.text.MarshalDynamoDBAttributeValue()
		if err != nil || reflect.TypeOf(av) != reflect.TypeOf(tt.want) {
			t.Errorf("%d bytes are stored as a %T, %v; want a %T", len(tt.text), av, err, tt.want)
		}
		var got table.Text
		if err := got.UnmarshalDynamoDBAttributeValue(av); err != nil || got != tt.text {
			t.Errorf("%q came back as %q, %v", tt.text, got, err)
		}
	}
	var got table.Text
	if err := got.UnmarshalDynamoDBAttributeValue(&types.AttributeValueMemberN{Value: "1"}); err == nil {
		t.Error("a number was read as a text")
	}
	if err := got.Decompress([]byte("no such format")); err == nil {
		t.Error("an unknown format was read")
	}
}

// TestTheDictionaryStaysAsItIs: what is stored refers to its bytes, so another dictionary needs another format.
func TestTheDictionaryStaysAsItIs(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("dictionary1.txt")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(raw)
	if got := hex.EncodeToString(sum[:8]); got != "d606321ee2bc12a9" {
		t.Errorf("dictionary1.txt has changed (%s): values that are stored cannot be read with it", got)
	}
}

func BenchmarkPutCompressed(b *testing.B) {
	tab := localtest.Table(b, table.Commerce)
	for name, item := range map[string]any{"plain": plainBasket(full()), "compressed": full()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := tab.Put(b.Context(), table.Put{Item: item}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
