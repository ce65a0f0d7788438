// Package docs carries the OpenAPI document, which `make generate` writes, to the function that serves it.
package docs

import _ "embed"

// OpenAPI is the merged document of all functions, JSON.
//
//go:embed openapi.json
var OpenAPI []byte
