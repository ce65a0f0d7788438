// Package apidocs serves the OpenAPI document of the whole API and a page to read it, to anyone. It owns no items and
// consumes no events.
//
//	GET /openapi.json   the document
//	GET /docs           the page
package apidocs

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/docs"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/function"
	"dangol/shared/platform/problem"
)

// Spec describes the function.
func Spec() function.Spec {
	return function.Spec{
		Name: "api-docs", Purpose: "The OpenAPI document and a page to read it",
		New: New, API: API(), Memory: 128, Timeout: 10 * time.Second,
	}
}

// New makes the function.
func New(_ context.Context, env *boot.Env) (lambda.Handler, error) {
	return service(api.Options{Clock: env.Clock, Log: env.Log}).Lambda(), nil
}

// API describes the routes.
func API() *api.Service { return service(api.Options{}) }

// service registers the routes. Everything they serve is
// embedded in the binary, so no request reads anything.
func service(o api.Options) *api.Service {
	s := api.New("api-docs", o)
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/openapi.json", ID: "getOpenAPI", Tag: "Reference", Access: api.Public,
		Summary: "The OpenAPI 3.1 document of this API", Types: []string{"application/json"},
	}, file("application/json", docs.OpenAPI))
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/docs", ID: "getDocs", Tag: "Reference", Access: api.Public,
		Summary: "A page to read the document", Types: []string{"text/html"},
	}, file("text/html; charset=utf-8", page()))
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: bundlePath, ID: "getDocsScript", Tag: "Reference", Access: api.Public,
		Summary: "The script of that page", Types: []string{"text/javascript"}, Errors: []int{404},
	}, script)
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/docs/api-guide.md", ID: "getGuide", Tag: "Reference", Access: api.Public,
		Summary: "The guide for storefront developers, Markdown", Types: []string{"text/markdown"},
	}, file("text/markdown; charset=utf-8", docs.Guide))
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/docs/problems.md", ID: "getProblemCodes", Tag: "Reference", Access: api.Public,
		Summary: "Every problem code, Markdown", Types: []string{"text/markdown"},
	}, file("text/markdown; charset=utf-8", docs.Problems))
	return s
}

// File is a whole file as the answer.
type File struct {
	ContentType  string `header:"Content-Type"`
	Encoding     string `header:"Content-Encoding"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

// file answers with content that is the same for everybody. Five
// minutes in caches: the content changes with a deployment only.
func file(contentType string, content []byte) func(context.Context, *struct{}) (*File, error) {
	return func(context.Context, *struct{}) (*File, error) {
		return &File{ContentType: contentType, CacheControl: "public, max-age=300", Body: content}, nil
	}
}

// script answers with the bundle as it was compressed when the function was built: every browser takes gzip.
func script(context.Context, *struct{}) (*File, error) {
	content, ok := bundle()
	if !ok {
		// A build without the bundle has a page that loads it
		// from elsewhere, so this address is then not linked.
		return nil, problem.NotFound("script_not_built", "This function was built without the script of its page.")
	}
	return &File{
		// A day in caches: the bundle changes with its pinned version only.
		ContentType: "text/javascript; charset=utf-8", Encoding: "gzip", CacheControl: "public, max-age=86400", Body: content,
	}, nil
}
