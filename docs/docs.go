// Package docs carries the OpenAPI document, which `make generate` writes, and the pages of the API guide to the
// function that serves them.
package docs

import _ "embed"

// OpenAPI is the merged document of all functions, JSON.
//
//go:embed openapi.json
var OpenAPI []byte

// Guide is the guide for storefront developers, Markdown.
//
//go:embed api-guide.md
var Guide []byte

// Problems lists the problem codes, Markdown.
//
//go:embed problems.md
var Problems []byte
