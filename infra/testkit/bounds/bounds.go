// Package bounds reads the bounds of a request from the OpenAPI document, so that a test can show that the domain
// refuses what the schema refuses: a schema is never the only guard of what is stored.
package bounds

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"dangol/docs"
)

// Beyond is a value just outside a bound of a field.
type Beyond struct {
	Field string
	Value any // int64 or string
}

// Document is what is read of an OpenAPI document.
type Document struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		RequestBody struct {
			Content map[string]struct{ Schema schema }
		} `json:"requestBody"`
	}
	Components struct{ Schemas map[string]schema }
}

// parsed is the document, read once: a walk asks for it thousands of times.
var parsed = sync.OnceValues(func() (d Document, err error) {
	err = json.Unmarshal(docs.OpenAPI, &d)
	return d, err
})

// read reads the document.
func read(t testing.TB) Document {
	t.Helper()
	d, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Parse reads a document.
func Parse(t testing.TB, raw []byte) (d Document) {
	t.Helper()
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TakesJSON reports whether an operation takes a JSON body. It fails the test when there is no such operation.
func (d Document) TakesJSON(t testing.TB, operationID string) bool {
	t.Helper()
	return d.request(t, operationID) != nil
}

// request is the schema of the JSON body of an operation, nil when it takes none. It fails the test when there is no
// such operation.
func (d Document) request(t testing.TB, operationID string) schema {
	t.Helper()
	for _, methods := range d.Paths {
		for _, o := range methods {
			if o.OperationID == operationID {
				return o.RequestBody.Content["application/json"].Schema
			}
		}
	}
	t.Fatalf("there is no operation %s", operationID)
	return nil
}

// refName is the name of the schema that a reference leads to.
func refName(ref any) string { return path.Base(fmt.Sprint(ref)) }

// Of returns a value beyond each bound of the request of an operation, for the numbers and texts at its top. It fails
// the test when there is no such operation, or it has no bounds.
func Of(t testing.TB, operationID string) []Beyond {
	t.Helper()
	return OfSchema(t, refName(read(t).request(t, operationID)["$ref"]))
}

// OfSchema is Of for a schema of the document.
func OfSchema(t testing.TB, name string) (all []Beyond) {
	t.Helper()
	for field, raw := range sub(read(t).Components.Schemas[name], "properties") {
		p, _ := raw.(map[string]any)
		all = append(all, beyond(field, p)...)
	}
	if len(all) == 0 {
		t.Fatalf("%s has no bounds", name)
	}
	slices.SortFunc(all, func(a, b Beyond) int { return strings.Compare(a.Field, b.Field) })
	return all
}

// beyond are the values just outside the bounds of one field.
func beyond(name string, p schema) (all []Beyond) {
	if p["minimum"] != nil {
		all = append(all, Beyond{name, number(p, "minimum", 0) - 1})
	}
	if p["maximum"] != nil {
		all = append(all, Beyond{name, number(p, "maximum", 0) + 1})
	}
	if n := int(number(p, "minLength", 0)); n > 0 {
		all = append(all, Beyond{name, strings.Repeat("가", n-1)})
	}
	if p["maxLength"] != nil {
		all = append(all, Beyond{name, strings.Repeat("가", int(number(p, "maxLength", 0))+1)})
	}
	return all
}
