package outreach

import (
	"html"

	"dangol/shared/mail/texts"
)

// text is a text of the pages. One that is missing shows its key; a test keeps that from happening.
func text(language, key string) string {
	catalog, err := texts.Of(language)
	if err != nil {
		return key
	}
	t, err := catalog.Text("pages." + key)
	if err != nil {
		return key
	}
	return t
}

// style is inline, because the pages stand alone and load nothing.
const style = `:root{color-scheme:light dark;font:16px/1.6 system-ui,sans-serif}body{max-width:32rem;margin:0 auto;padding:1.5rem}` +
	`button{font:inherit;padding:.6rem 1.2rem}label{display:block;margin:.4rem 0}fieldset{margin:1rem 0;border:1px solid #8886}`

// page is a page for people. body is HTML; everything that people wrote in it is escaped by whoever made it.
func page(language, title, body string) *Page {
	// Nothing is loaded, nothing frames the page, and no other site learns the token from the
	// Referer.
	return &Page{
		Type: "text/html; charset=utf-8", Cache: "no-store", Referrer: "no-referrer",
		Security: "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; " +
			"base-uri 'none'",
		Body: []byte(`<!doctype html><html lang="` + html.EscapeString(language) + `"><head><meta charset="utf-8">` +
			`<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>` +
			html.EscapeString(title) + `</title><style>` + style + `</style></head><body><main><h1>` + html.EscapeString(title) +
			`</h1>` + body +
			`</main></body></html>`),
	}
}

// paragraph escapes a text.
func paragraph(s string) string { return "<p>" + html.EscapeString(s) + "</p>" }

// form posts to the page's own address.
func form(hidden, inner, button string) string {
	return `<form method="post">` + hidden + inner + `<button type="submit">` + html.EscapeString(button) +
		`</button></form>`
}

// checkbox escapes its texts.
func checkbox(name, value, label string, checked bool) string {
	mark := ""
	if checked {
		mark = " checked"
	}
	return `<label><input type="checkbox" name="` + html.EscapeString(name) + `" value="` + html.EscapeString(value) +
		`"` + mark + `> ` +
		html.EscapeString(label) + `</label>`
}
