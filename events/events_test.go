package events_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"dangol/events"
	"dangol/shared/platform/event"
)

var update = flag.Bool("update", false, "write schemas/ anew from the Go types")

// TestEveryEventTypeIsRegistered finds the types with an EventType method in the source and wants each of them in All.
func TestEveryEventTypeIsRegistered(t *testing.T) {
	t.Parallel()
	var registered []string
	for _, body := range events.All {
		registered = append(registered, reflect.TypeOf(body).Name())
	}
	slices.Sort(registered)
	if declared := declaredBodies(t); !slices.Equal(declared, registered) {
		t.Errorf("the source has %v\nAll has       %v", declared, registered)
	}
}

func declaredBodies(t *testing.T) (names []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "EventType" && f.Recv != nil {
				names = append(names, f.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func TestEventTypesAreUniqueAndNamedSubjectDotPast(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[a-z]+\.[a-z_]+ed$`)
	seen := map[string]bool{}
	for _, body := range events.All {
		name := body.EventType()
		if seen[name] || !form.MatchString(name) {
			t.Errorf("event type %q of %T is there twice or is no subject.past_tense", name, body)
		}
		seen[name] = true
	}
}

// TestSchemasAreThoseOfTheTypes fails when a body changed and its schema did not: run it with -update.
func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	t.Parallel()
	want := map[string]bool{}
	for _, body := range events.All {
		file := filepath.Join("schemas", body.EventType()+".json")
		want[file] = true
		made := schemaOf(t, body)
		if *update {
			if err := os.WriteFile(file, made, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := os.ReadFile(file); err != nil || !bytes.Equal(kept, made) {
			t.Errorf("%s is not what %T makes (%v); go test ./events -update", file, body, err)
		}
	}
	kept, err := filepath.Glob("schemas/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range kept {
		if !want[file] {
			t.Errorf("%s belongs to no event type", file)
		}
	}
}

// schemaOf writes the schema of a body: JSON Schema 2020-12 with the shared types under $defs.
func schemaOf(t *testing.T, body event.Body) []byte {
	t.Helper()
	registry := huma.NewMapRegistry("#/$defs/", huma.DefaultSchemaNamer)
	of := reflect.TypeOf(body)
	registry.Schema(of, true, "")
	defs := map[string]any{}
	for name, schema := range registry.Map() {
		raw, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		var plain map[string]any
		if err := json.Unmarshal(raw, &plain); err != nil {
			t.Fatal(err)
		}
		defs[name] = opened(plain)
	}
	main := defs[of.Name()].(map[string]any)
	delete(defs, of.Name())
	main["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	main["$id"] = "https://dangol.dev/events/" + body.EventType() + ".json"
	main["title"] = body.EventType()
	if len(defs) > 0 {
		main["$defs"] = defs
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(main); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// opened allows unknown fields: bodies grow, and a consumer must not refuse what it does not know.
func opened(schema map[string]any) map[string]any {
	delete(schema, "additionalProperties")
	return schema
}

// TestBodiesSurviveTheTrip wants every exported field tagged in camel case, so that what is written is what is read.
func TestBodiesSurviveTheTrip(t *testing.T) {
	t.Parallel()
	camel := regexp.MustCompile(`^[a-z][A-Za-z0-9]*$`)
	for _, body := range events.All {
		eachField(reflect.TypeOf(body), func(owner reflect.Type, f reflect.StructField) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if !f.Anonymous && !camel.MatchString(name) {
				t.Errorf("%s.%s has JSON name %q", owner, f.Name, name)
			}
		})
		raw, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(body))
		if err := json.Unmarshal(raw, back.Interface()); err != nil {
			t.Errorf("%T: %v", body, err)
		}
	}
}

func eachField(of reflect.Type, visit func(reflect.Type, reflect.StructField)) {
	for of.Kind() == reflect.Slice || of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || of.PkgPath() == "time" {
		return
	}
	for i := range of.NumField() {
		visit(of, of.Field(i))
		eachField(of.Field(i).Type, visit)
	}
}
