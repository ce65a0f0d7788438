package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"dangol/shared/platform/api"
)

type figures struct {
	Sold int `json:"sold"`
}

type fileOut struct {
	Type string `header:"Content-Type"`
	Body []byte
}

// described is the description of one operation.
func described[O any](r api.Route) *huma.Operation {
	s := api.New("tests", api.Options{})
	r.ID, r.Summary, r.Tag, r.Access = "tried", "tried", "Tests", api.Public
	api.Handle(s, r, func(context.Context, *struct{}) (*O, error) { return nil, nil })
	item := s.OpenAPI().Paths[r.Path]
	if r.Method == "POST" {
		return item.Post
	}
	return item.Get
}

// kinds are the content types of an answer, sorted.
func kinds(r *huma.Response) string {
	var all []string
	for kind := range r.Content {
		all = append(all, kind)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// What a route answers besides its usual success, and what can be answered before it is asked, is in the document: a
// client that is generated from it meets nothing else.
func TestTheDocumentHasEveryAnswerOfARoute(t *testing.T) {
	t.Parallel()
	pay := described[whoOut](api.Route{Method: "POST", Path: "/pay", Status: 201, Also: []int{202}, Errors: []int{429}})
	if kinds(pay.Responses["201"]) != "application/json" ||
		pay.Responses["202"].Content["application/json"] != pay.Responses["201"].Content["application/json"] {
		t.Errorf("201 and 202 have not the same body: %v", pay.Responses)
	}
	for _, status := range []string{"429", "503"} {
		if again := pay.Responses[status]; again == nil || again.Headers["Retry-After"] == nil {
			t.Errorf("%s does not say when to try again", status)
		}
	}
	if kinds(pay.Responses["default"]) != "application/problem+json" {
		t.Errorf("what is refused before is no problem: %v", pay.Responses["default"])
	}
	page := described[whoOut](api.Route{Method: "GET", Path: "/page", Also: []int{304}})
	if kept := page.Responses["304"]; kept == nil || kept.Content != nil {
		t.Errorf("304 is missing or has a body: %v", kept)
	}
}

func TestTheDocumentHasTheContentTypesOfAnAnswerThatSetsThemItself(t *testing.T) {
	t.Parallel()
	report := described[fileOut](api.Route{
		Method: "GET", Path: "/report", Types: []string{"application/json", "text/csv", "application/pdf"}, Answer: figures{},
	})
	success := report.Responses["200"]
	if kinds(success) != "application/json application/pdf text/csv" || success.Headers["Content-Type"] != nil {
		t.Fatalf("%s %v", kinds(success), success.Headers)
	}
	if ref := success.Content["application/json"].Schema.Ref; !strings.HasSuffix(ref, "Figures") {
		t.Errorf("the JSON is %q", ref)
	}
	for kind, want := range map[string]string{"text/csv": "string", "application/pdf": ""} {
		if got := success.Content[kind].Schema; got.Type != want || got.ContentEncoding != "" {
			t.Errorf("%s is %+v", kind, got)
		}
	}
}

// A route that sets its content type has to say which ones there are: without it the document would say JSON.
func TestARouteThatSetsItsContentTypeMustSayWhichOnes(t *testing.T) {
	t.Parallel()
	for name, describe := range map[string]func(){
		"bytes": func() {
			described[struct{ Body []byte }](api.Route{Method: "GET", Path: "/file"})
		},
		"a header": func() {
			described[struct {
				Type string `header:"Content-Type"`
				Body figures
			}](api.Route{Method: "GET", Path: "/file"})
		},
		"a stream": func() {
			described[huma.StreamResponse](api.Route{Method: "GET", Path: "/file"})
		},
		"types of an answer that has its own": func() {
			described[whoOut](api.Route{Method: "GET", Path: "/file", Types: []string{"text/csv"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if recover() == nil {
					t.Error("it was registered")
				}
			}()
			describe()
		})
	}
}
