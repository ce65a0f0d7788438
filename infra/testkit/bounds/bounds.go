// Package bounds reads the bounds of a request from the OpenAPI document, so that a test can show that the domain
// refuses what the schema refuses: a schema is never the only guard of what is stored.
package bounds

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"

	"dangol/docs"
)

// Beyond is a value just outside a bound of a field.
type Beyond struct {
	Field string
	Value any // int64 or string
}

// property is what is read of a field's schema.
type property struct {
	Type                 string
	Minimum, Maximum     *int64
	MinLength, MaxLength *int
}

// document is what is read of the OpenAPI document.
type document struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		RequestBody struct {
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
		} `json:"requestBody"`
	}
	Components struct {
		Schemas map[string]struct {
			Properties map[string]json.RawMessage
		}
	}
}

// read reads the document.
func read(t testing.TB) (d document) {
	t.Helper()
	if err := json.Unmarshal(docs.OpenAPI, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// Of returns a value beyond each bound of the request of an operation, for the numbers and texts at its top. It fails
// the test when there is no such operation, or it has no bounds.
func Of(t testing.TB, operationID string) []Beyond {
	t.Helper()
	for _, methods := range read(t).Paths {
		for _, o := range methods {
			if o.OperationID == operationID {
				return OfSchema(t, path.Base(o.RequestBody.Content["application/json"].Schema.Ref))
			}
		}
	}
	t.Fatalf("there is no operation %s", operationID)
	return nil
}

// OfSchema is Of for a schema of the document.
func OfSchema(t testing.TB, name string) (all []Beyond) {
	t.Helper()
	for field, raw := range read(t).Components.Schemas[name].Properties {
		var p property
		// A field that is of several types has no bounds of this kind.
		if json.Unmarshal(raw, &p) == nil {
			all = append(all, p.beyond(field)...)
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s has no bounds", name)
	}
	slices.SortFunc(all, func(a, b Beyond) int { return strings.Compare(a.Field, b.Field) })
	return all
}

// beyond are the values just outside the bounds of one field.
func (p property) beyond(name string) (all []Beyond) {
	if p.Minimum != nil {
		all = append(all, Beyond{name, *p.Minimum - 1})
	}
	if p.Maximum != nil {
		all = append(all, Beyond{name, *p.Maximum + 1})
	}
	if p.MinLength != nil && *p.MinLength > 0 {
		all = append(all, Beyond{name, strings.Repeat("가", *p.MinLength-1)})
	}
	if p.MaxLength != nil {
		all = append(all, Beyond{name, strings.Repeat("가", *p.MaxLength+1)})
	}
	return all
}
