package api

import (
	"net/http"
	"strings"
)

// setDefaultHeaders keeps answers, errors among them, out of every cache on the way, and browsers from guessing types.
// An answer that anyone may keep says so itself.
func setDefaultHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
}

// pagePolicy lets an HTML answer load what comes from here and nothing from elsewhere, and be framed by nobody.
const pagePolicy = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// pageWriter adds the headers that browsers need with a page: they matter for HTML only, and the type is known when the
// answer begins. A handler's own header wins. With an answer that caches may keep it says that it depends on the page
// that asks: the gateway adds the page's origin (CORS), and a cache would give it to pages of others, which may then
// not read it (Fetch, "CORS protocol and HTTP caches").
type pageWriter struct {
	http.ResponseWriter
	begun bool // the status line has been written
}

// WriteHeader implements http.ResponseWriter.
func (w *pageWriter) WriteHeader(status int) {
	h := w.Header()
	if !w.begun && strings.HasPrefix(h.Get("Cache-Control"), "public") {
		h.Set("Vary", strings.TrimPrefix(h.Get("Vary")+", Origin", ", "))
	}
	// Only at the first call: later ones have no effect on what was sent.
	if !w.begun && strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		for name, value := range map[string]string{
			"Content-Security-Policy": pagePolicy,
			"X-Frame-Options":         "DENY", // for browsers that do not know frame-ancestors
			"Referrer-Policy":         "no-referrer",
		} {
			if h.Get(name) == "" {
				h.Set(name, value)
			}
		}
	}
	w.begun = true
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *pageWriter) Write(body []byte) (int, error) {
	if !w.begun {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(body)
}
