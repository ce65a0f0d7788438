package localtest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
)

// ComesBack fails the test unless a T with every field filled is the same after it was made an item and read again: a
// field that its tags leave out, or name twice, is lost.
func ComesBack[T any](t testing.TB) {
	t.Helper()
	put := Filled[T](t)
	item, err := attributevalue.MarshalMap(put)
	if err != nil {
		t.Fatalf("%T: %v", put, err)
	}
	var got T
	if err := attributevalue.UnmarshalMap(item, &got); err != nil {
		t.Fatalf("%T: %v", put, err)
	}
	for _, path := range differ(reflect.TypeFor[T]().String(), reflect.ValueOf(put), reflect.ValueOf(got)) {
		t.Errorf("%s does not come back", path)
	}
}

// Filled returns a T whose exported fields all have a value of their own, those of what it contains too: two elements
// in a list, one entry in a map. It stops the test at an interface, a function or a channel, which it cannot make.
func Filled[T any](t testing.TB) T {
	t.Helper()
	var out T
	f := filler{t: t}
	f.fill(reflect.ValueOf(&out).Elem(), reflect.TypeFor[T]().String())
	return out
}

type filler struct {
	t testing.TB
	n int64
}

var timeType = reflect.TypeFor[time.Time]()

func (f *filler) fill(v reflect.Value, path string) {
	f.n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text-%d", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(f.n % 127)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.n % 127))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(f.n) + 0.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.each(v, path)
	case reflect.Array:
		f.each(v, path)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key, path+" key")
		f.fill(value, path+" value")
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		f.fields(v, path)
	default:
		f.t.Fatalf("%s: cannot fill a %s", path, v.Type())
	}
}

func (f *filler) each(v reflect.Value, path string) {
	for i := range v.Len() {
		f.fill(v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (f *filler) fields(v reflect.Value, path string) {
	if v.Type() == timeType {
		v.Set(reflect.ValueOf(time.Date(2026, 3, 2, 3, 4, 5, int(f.n)*1e6, time.UTC)))
		return
	}
	for i := range v.NumField() {
		if field := v.Type().Field(i); field.IsExported() || field.Anonymous && field.Type.Kind() == reflect.Struct {
			f.fill(v.Field(i), path+"."+field.Name)
		}
	}
}

// differ names the smallest parts in which two values differ.
func differ(path string, a, b reflect.Value) []string {
	if reflect.DeepEqual(value(a), value(b)) {
		return nil
	}
	var out []string
	switch {
	case a.Kind() == reflect.Struct && a.Type() != timeType:
		for i := range a.NumField() {
			if name := a.Type().Field(i).Name; a.Type().Field(i).IsExported() {
				out = append(out, differ(path+"."+name, a.Field(i), b.Field(i))...)
			}
		}
	case a.Kind() == reflect.Pointer && !a.IsNil() && !b.IsNil():
		out = differ(path, a.Elem(), b.Elem())
	case a.Kind() == reflect.Slice && a.Len() == b.Len():
		for i := range a.Len() {
			out = append(out, differ(fmt.Sprintf("%s[%d]", path, i), a.Index(i), b.Index(i))...)
		}
	}
	if len(out) == 0 {
		return []string{path}
	}
	return out
}

func value(v reflect.Value) any {
	if !v.CanInterface() {
		return fmt.Sprint(v)
	}
	return v.Interface()
}
