package topology_test

import (
	"reflect"
	"strings"
	"testing"

	"dangol/infra/topology"
)

// written are the names of the fields that encoding/json writes of a struct, those of embedded structs among them, also
// of one whose Go name is that of a field around it: JSON goes by the names in the tags.
func written(t reflect.Type, add func(name, field string)) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "":
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				written(inner, add)
			}
		case !f.IsExported():
		case name == "":
			add(f.Name, f.Name)
		default:
			add(name, f.Name)
		}
	}
}

// The document goes by the names of Go: a field of an embedded struct is missing in it when a field around it has the
// same name in Go and another one in JSON. Generated clients would not know of it, or refuse the answer.
func TestTheDocumentHasEveryFieldThatIsAnswered(t *testing.T) {
	t.Parallel()
	types := 0
	for _, f := range topology.Dangol.Functions {
		if f.API == nil {
			continue
		}
		schemas := f.API.OpenAPI().Components.Schemas
		for name, schema := range schemas.Map() {
			of := schemas.TypeFromRef("#/components/schemas/" + name)
			// A type that describes itself, such as a time, has no properties.
			if of == nil || of.Kind() != reflect.Struct || len(schema.Properties) == 0 {
				continue
			}
			types++
			written(of, func(field, inGo string) {
				if _, ok := schema.Properties[field]; !ok && field != "$schema" {
					t.Errorf("%s: the document has no %s (%s) of %s", f.Name, field, inGo, of)
				}
			})
		}
	}
	if types < 100 {
		t.Errorf("only %d types were looked at", types)
	}
}
