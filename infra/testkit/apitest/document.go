package apitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"dangol/docs"
)

// described is an operation as docs/openapi.json describes it.
type described struct {
	segments  []string // of the path; "{…}" stands for anything
	responses map[string]response
}

// response is what the document says of the answers with one status.
type response struct {
	Ref     string                     `json:"$ref"`
	Content map[string]json.RawMessage `json:"content"`
	pointer string                     // to it, in the document
}

// document reads docs/openapi.json once: the operations by method, and a compiler that knows the document.
var document = sync.OnceValues(func() (map[string][]described, *schemas) {
	var parsed struct {
		Paths map[string]map[string]struct {
			Responses map[string]response `json:"responses"`
		} `json:"paths"`
		Components struct {
			Responses map[string]response `json:"responses"`
		} `json:"components"`
	}
	if err := json.Unmarshal(docs.OpenAPI, &parsed); err != nil {
		panic(err)
	}
	operations := map[string][]described{}
	for path, verbs := range parsed.Paths {
		for verb, operation := range verbs {
			method := strings.ToUpper(verb)
			for status, r := range operation.Responses {
				r.pointer = "/paths/" + escaped(path) + "/" + verb + "/responses/" + status
				if r.Ref != "" {
					r = parsed.Components.Responses[strings.TrimPrefix(r.Ref, "#/components/responses/")]
					r.pointer = strings.TrimPrefix(operation.Responses[status].Ref, "#")
				}
				operation.Responses[status] = r
			}
			operations[method] = append(operations[method], described{strings.Split(path, "/"), operation.Responses})
		}
	}
	return operations, newSchemas()
})

// documentURL names the document for the compiler of schemas; nothing is read from there.
const documentURL = "https://shop.example.com/openapi.json"

// schemas compiles schemas of the document when they are first wanted.
type schemas struct {
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema // by pointer
}

func newSchemas() *schemas {
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(docs.OpenAPI))
	if err != nil {
		panic(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource(documentURL, whole); err != nil {
		panic(err)
	}
	return &schemas{compiler: compiler, compiled: map[string]*jsonschema.Schema{}}
}

// at is the schema at a pointer into the document.
func (s *schemas) at(pointer string) (*jsonschema.Schema, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.compiled[pointer]; ok {
		return known, nil
	}
	schema, err := s.compiler.Compile(documentURL + "#" + pointer)
	s.compiled[pointer] = schema
	return schema, err
}

// escaped is a name as a part of a JSON pointer (RFC 6901).
func escaped(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// matches reports whether the path is one of the operation, and how many of its parts are fixed.
func (d described) matches(path []string) (fixed int, ok bool) {
	if len(path) != len(d.segments) {
		return 0, false
	}
	for i, segment := range d.segments {
		switch {
		case segment == path[i]:
			fixed++
		case !strings.HasPrefix(segment, "{"):
			return 0, false
		}
	}
	return fixed, true
}

// undescribed says in what an answer is not as docs/openapi.json describes it, nil when it is. A route that the
// document does not have, as those of a test's own service, is not looked at.
func undescribed(method, path string, status int, contentType, body string) error {
	operations, schemas := document()
	path, _, _ = strings.Cut(path, "?")
	// As API Gateway hands it over; what does not decode is no path of a route.
	path, err := url.PathUnescape(path)
	if err != nil {
		return nil
	}
	parts := strings.Split(path, "/")
	var of *described
	most := -1
	for i, d := range operations[method] {
		if fixed, ok := d.matches(parts); ok && fixed > most {
			of, most = &operations[method][i], fixed
		}
	}
	if of == nil {
		return nil
	}
	answer, ok := of.responses[strconv.Itoa(status)]
	if !ok && status >= http.StatusBadRequest {
		answer, ok = of.responses["default"]
	}
	if !ok {
		return fmt.Errorf("the document has no answer with the status %d", status)
	}
	if body == "" {
		return nil
	}
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type %q: %w", contentType, err)
	}
	if _, ok := answer.Content[kind]; !ok {
		return fmt.Errorf("the document has no %s with the status %d", kind, status)
	}
	if !strings.Contains(kind, "json") {
		return nil
	}
	schema, err := schemas.at(answer.pointer + "/content/" + escaped(kind) + "/schema")
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}
