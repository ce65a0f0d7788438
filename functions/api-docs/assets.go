package apidocs

import (
	"bytes"
	"embed"
	"io/fs"
)

// assets has the bundle of the reference page when `make` built the function; see assets/README.md.
//
//go:embed assets
var assets embed.FS

const (
	bundleFile = "assets/api-reference.js.gz"
	bundlePath = "/docs/api-reference.js"

	// bundleURL is the same bundle for a function that was built without it. The version is the one that the Makefile
	// pins.
	bundleURL = "https://cdn.jsdelivr.net/npm/@scalar/api-reference@1.76.0/dist/browser/standalone.js"
)

//go:embed page.html
var template []byte

// bundle returns the compressed script; ok is false for a function that was built without it.
func bundle() (script []byte, ok bool) {
	script, err := fs.ReadFile(assets, bundleFile)
	return script, err == nil
}

// page returns the reference page, which loads the bundle from this function if it has one.
func page() []byte {
	source := bundleURL
	if _, ok := bundle(); ok {
		source = bundlePath
	}
	// Replaced once: no template engine, which would enlarge the binary and slow its start.
	return bytes.Replace(template, []byte("{{script}}"), []byte(source), 1)
}
