package ses

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// shown is how many messages one page lists.
const shown = 200

// kind is what a mail is, by the tag that the mailer gives it: order_confirmation, subscription_notice.
func (m Message) kind() string { return m.Tags["template"] }

// filter reads which messages are asked for: ?to= an address, ?kind= of mail, all without.
func filter(r *http.Request) (to, kind string) { return r.FormValue("to"), r.FormValue("kind") }

func ofKind(all []Message, kind string) []Message {
	return slices.DeleteFunc(all, func(m Message) bool { return kind != "" && m.kind() != kind })
}

// inboxJSON lists messages, newest first.
func (s *Sink) inboxJSON(w http.ResponseWriter, r *http.Request) {
	to, kind := filter(r)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": ofKind(s.Messages(to), kind)})
}

// kinds is a menu of the kinds of mail there are, the chosen one first shown.
func (s *Sink) kinds(chosen string) string {
	var names []string
	for _, m := range s.list("") {
		if k := m.kind(); k != "" && !slices.Contains(names, k) {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(`<label>Kind <select name="kind"><option value="">any</option>`)
	for _, name := range names {
		selected := ""
		if name == chosen {
			selected = " selected"
		}
		b.WriteString(`<option` + selected + `>` + html.EscapeString(name) + `</option>`)
	}
	b.WriteString(`</select></label>`)
	return b.String()
}

// inbox is the page with the messages, newest first.
func (s *Sink) inbox(w http.ResponseWriter, r *http.Request) {
	to, kind := filter(r)
	messages := ofKind(s.list(to), kind)
	var b strings.Builder
	b.WriteString(`<h1>Inbox</h1><form><label>Sent to <input name="to" type="search" placeholder="anybody" value="` +
		html.EscapeString(to) + `"></label> ` + s.kinds(kind) + ` <button>Show</button></form>`)
	if len(messages) == 0 {
		b.WriteString(`<p>No mail here. Whatever the shop sends appears on this page; nothing leaves this machine.</p>`)
	}
	b.WriteString(`<ul>`)
	for _, m := range messages[:min(len(messages), shown)] {
		row(&b, m)
	}
	b.WriteString(`</ul>`)
	if more := len(messages) - shown; more > 0 {
		b.WriteString(`<p>Older messages are in <a href="/inbox.json?to=` + html.EscapeString(url.QueryEscape(to)) +
			`&amp;kind=` + html.EscapeString(url.QueryEscape(kind)) + `">inbox.json</a>.</p>`)
	}
	page(w, http.StatusOK, "Inbox", b.String())
}

// row is one message in the list; an outcome other than success is shown.
func row(b *strings.Builder, m Message) {
	b.WriteString(`<li><a href="/inbox/` + html.EscapeString(m.ID) + `"><strong>` + html.EscapeString(subject(m)) +
		`</strong><span>` +
		html.EscapeString(strings.Join(m.recipients(), ", ")) + `</span><time>` + m.At.Format("2006-01-02 15:04:05") +
		`</time>`)
	if m.Outcome != outcomeSuccess {
		b.WriteString(` <em>` + html.EscapeString(m.Outcome) + `</em>`)
	}
	b.WriteString(`</a></li>`)
}

// subject is the subject, or a text that can be clicked.
func subject(m Message) string {
	if m.Subject == "" {
		return "(no subject)"
	}
	return m.Subject
}

// message is the page of one message, with the headers that matter for its delivery.
func (s *Sink) message(w http.ResponseWriter, r *http.Request) {
	all := s.list("")
	i := slices.IndexFunc(all, func(m Message) bool { return m.ID == r.PathValue("id") })
	if i < 0 {
		page(w, http.StatusNotFound, "Not found", `<h1>No such message</h1><p><a href="/inbox">Inbox</a></p>`)
		return
	}
	m := s.whole(all[i])
	var b strings.Builder
	b.WriteString(`<p><a href="/inbox">&larr; Inbox</a></p><h1>` + html.EscapeString(subject(m)) + `</h1><dl>`)
	for _, line := range facts(m) {
		if line.Value != "" {
			b.WriteString(`<dt>` + html.EscapeString(line.Name) + `</dt><dd>` + html.EscapeString(line.Value) + `</dd>`)
		}
	}
	b.WriteString(`</dl>`)
	if m.HTML != "" {
		// The sandbox runs no script; links open in a tab of their own.
		b.WriteString(`<h2>HTML</h2><iframe title="Message" sandbox="allow-popups allow-popups-to-escape-sandbox" srcdoc="` +
			html.EscapeString(`<base target="_blank">`+m.HTML) + `"></iframe>`)
	}
	if m.Text != "" {
		b.WriteString(`<h2>Text</h2><pre>` + html.EscapeString(m.Text) + `</pre>`)
	}
	if len(m.ReplyTo) > 0 && len(m.To) > 0 {
		b.WriteString(`<h2>Reply</h2><form method="post" action="/inbox/` + html.EscapeString(m.ID) +
			`/reply"><p><textarea ` +
			`name="text" rows="4" cols="60" aria-label="Reply" required></textarea></p><button>Send as ` +
			html.EscapeString(m.To[0]) + `</button></form>`)
	}
	page(w, http.StatusOK, subject(m), b.String())
}

// facts are the lines above a message, those without a value included.
func facts(m Message) []Header {
	tags := make([]string, 0, len(m.Tags))
	for name, value := range m.Tags {
		tags = append(tags, name+"="+value)
	}
	slices.Sort(tags)
	about := []Header{
		{"From", m.From}, {"To", strings.Join(m.To, ", ")}, {"Cc", strings.Join(m.Cc, ", ")},
		{"Bcc", strings.Join(m.Bcc, ", ")},
		{"Reply to", strings.Join(m.ReplyTo, ", ")}, {"Sent", m.At.Format("2006-01-02 15:04:05 UTC")},
		{"Outcome", m.Outcome}, {"Tags", strings.Join(tags, ", ")}, {"Configuration set", m.ConfigurationSet},
		{"Attachments", strings.Join(m.Attachments, ", ")},
	}
	return append(about, m.Headers...)
}

// style is the only style of the pages; they load nothing.
const style = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:52rem;margin:0 auto;padding:1rem}
h1{font-size:1.4rem;overflow-wrap:anywhere}h2{font-size:1rem}ul{list-style:none;padding:0}li{border-top:1px solid #8884}
li a{display:block;padding:.6rem .2rem;color:inherit;text-decoration:none;overflow-wrap:anywhere}li a:hover,li a:focus{background:#8882}
li strong,li span{display:block}li span,time,dt{opacity:.75;font-size:.9rem}
em{background:#c33;color:#fff;border-radius:.3rem;padding:0 .4rem;font-style:normal}
dl{display:grid;grid-template-columns:minmax(6rem,auto) 1fr;gap:.2rem 1rem}dd{margin:0;overflow-wrap:anywhere}
iframe{width:100%;height:70vh;border:1px solid #8886;background:#fff}pre{white-space:pre-wrap;overflow-wrap:anywhere}
input,button{font:inherit;padding:.4rem;max-width:100%}`

// page writes a page. Pictures of mails may come from anywhere, everything else is forbidden.
func page(w http.ResponseWriter, status int, title, body string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; img-src * data:; font-src *; frame-src 'self'; form-action "+
			"'self'; base-uri 'none'")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`<!doctype html><html lang="en"><head><meta charset="utf-8">` +
		`<meta name="viewport" content="width=device-width,initial-scale=1"><title>` + html.EscapeString(title) +
		`</title><style>` + style + `</style></head><body>` + body + `</body></html>`))
}
