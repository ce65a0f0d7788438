package catalog

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"dangol/shared/platform/table"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// filled is a T in which no field is zero, however deep.
func filled[T any]() T {
	var v T
	n := 0
	fill(reflect.ValueOf(&v).Elem(), &n)
	return v
}

func fill(v reflect.Value, n *int) {
	*n++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.UnixMilli(1_780_000_000_000 + int64(*n)).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), n)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(fmt.Sprint("<글> & \U0001f381 ", *n))
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt(1<<40 + int64(*n))
	}
}

func comesBack[T any](t *testing.T) {
	t.Helper()
	t.Run(reflect.TypeFor[T]().Name(), func(t *testing.T) {
		t.Parallel()
		put := filled[T]()
		item, err := attributevalue.MarshalMap(put)
		if err != nil {
			t.Fatal(err)
		}
		var got T
		if err := table.Item(item).Decode(&got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(put, got) {
			t.Errorf("put %+v\ngot %+v", put, got)
		}
	})
}

func TestEveryFieldComesBack(t *testing.T) {
	t.Parallel()
	comesBack[stored](t)
	comesBack[PriceHistoryEntry](t)
}

func TestNothingOfAProductIsNested(t *testing.T) {
	t.Parallel()
	item, err := attributevalue.MarshalMap(filled[stored]())
	if err != nil {
		t.Fatal(err)
	}
	for name, av := range item {
		switch av.(type) {
		case *types.AttributeValueMemberM, *types.AttributeValueMemberL:
			if name != "event" { // the relay looks into it
				t.Errorf("%s is a %T", name, av)
			}
		}
	}
}

func TestWhatAProductLacksHasNoAttribute(t *testing.T) {
	t.Parallel()
	item, err := attributevalue.MarshalMap(Product{ID: "p", Title: Text{"ko": "비누"}, Variants: []Variant{{ID: "v"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"description", "tags", "categories", "options", "images", "event"} {
		if av, there := item[name]; there {
			t.Errorf("%s is %#v", name, av)
		}
	}
}
