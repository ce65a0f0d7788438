// Package apidocs serves the OpenAPI document of the whole API and a page to read it, to anyone. It owns no items and
// hears no events.
//
//	GET /openapi.json   the document
//	GET /docs           the page
package apidocs

import (
	"context"
	_ "embed"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"dangol/docs"
	"dangol/shared/platform/api"
	"dangol/shared/platform/boot"
	"dangol/shared/platform/function"
)

//go:embed page.html
var page []byte

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

func service(o api.Options) *api.Service {
	s := api.New("api-docs", o)
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/openapi.json", ID: "getOpenAPI", Tag: "Reference", Access: api.Public,
		Summary: "The OpenAPI 3.1 document of this API",
	}, file("application/json", docs.OpenAPI))
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/docs", ID: "getDocs", Tag: "Reference", Access: api.Public,
		Summary: "A page to read the document",
	}, file("text/html; charset=utf-8", page))
	return s
}

// File is a whole file as the answer.
type File struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Body         []byte
}

func file(contentType string, content []byte) func(context.Context, *struct{}) (*File, error) {
	return func(context.Context, *struct{}) (*File, error) {
		return &File{ContentType: contentType, CacheControl: "public, max-age=300", Body: content}, nil
	}
}
