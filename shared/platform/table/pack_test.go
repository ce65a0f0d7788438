package table_test

import (
	"reflect"
	"strings"
	"testing"

	"dangol/infra/testkit/localtest"
	"dangol/shared/platform/table"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"pgregory.net/rapid"
)

type part struct {
	Name  string         `json:"name"`
	Count int64          `json:"count,omitempty"`
	More  map[string]int `json:"more,omitempty"`
}

type packing struct {
	table.Key
	Parts table.List[part] `dynamodbav:"parts,omitempty"`
}

func TestPackedListComesBackFromTheTableAsItWas(t *testing.T) {
	t.Parallel()
	tab := localtest.Table(t, table.Commerce)
	put := packing{table.Key{PK: "WHOLE#1", SK: "-"}, table.List[part]{
		{Name: "각인 <b> & \U0001f381", Count: 9_007_199_254_740_993}, {Name: "", More: map[string]int{"a": 1}},
	}}
	if err := tab.Put(t.Context(), table.Put{Item: put, If: table.IfNew}); err != nil {
		t.Fatal(err)
	}
	var got packing
	if err := tab.Get(t.Context(), put.Key, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(put, got) {
		t.Errorf("got %+v, put %+v", got, put)
	}
}

func TestPackedListIsOneTextAndLeftOutWhenEmpty(t *testing.T) {
	t.Parallel()
	full, err := attributevalue.MarshalMap(packing{Parts: table.List[part]{{Name: "a&b"}}})
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := full["parts"].(*types.AttributeValueMemberS); !ok || got.Value != `[{"name":"a&b"}]` {
		t.Errorf("parts is %#v", full["parts"])
	}
	empty, err := attributevalue.MarshalMap(packing{})
	if err != nil {
		t.Fatal(err)
	}
	if _, there := empty["parts"]; there {
		t.Error("an empty list has an attribute")
	}
}

func TestUnpackSaysWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, av := range map[string]types.AttributeValue{
		"a number":    &types.AttributeValueMemberN{Value: "1"},
		"a list":      &types.AttributeValueMemberL{},
		"half a text": &types.AttributeValueMemberS{Value: `[{"name":`},
		"other types": &types.AttributeValueMemberS{Value: `[{"name":1}]`},
	} {
		var l table.List[part]
		if err := l.UnmarshalDynamoDBAttributeValue(av); err == nil || !strings.Contains(err.Error(), "unpack") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	kept := table.List[part]{{Name: "kept"}}
	if err := kept.UnmarshalDynamoDBAttributeValue(&types.AttributeValueMemberNULL{Value: true}); err != nil ||
		len(kept) != 1 {
		t.Errorf("null left %v, %v", kept, err)
	}
}

func TestWhatIsPackedIsUnpacked(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.SliceOf(rapid.Custom(func(t *rapid.T) part {
			return part{rapid.String().Draw(t, "name"), rapid.Int64().Draw(t, "count"), nil}
		})).Draw(t, "parts")
		av, err := table.List[part](in).MarshalDynamoDBAttributeValue()
		if err != nil {
			t.Fatal(err)
		}
		var out table.List[part]
		if err := out.UnmarshalDynamoDBAttributeValue(av); err != nil {
			t.Fatal(err)
		}
		if len(in)+len(out) > 0 && !reflect.DeepEqual(table.List[part](in), out) {
			t.Fatalf("got %+v, packed %+v", out, in)
		}
	})
}
