package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"regexp"
	"strings"
	"sync"
	texttemplate "text/template"
	"time"

	"dangol/shared/mail/texts"
	"dangol/shared/money"
)

//go:embed templates
var files embed.FS

// Languages are the languages that mails are written in; a mail in any other is written in the last of them.
var Languages = texts.Languages

// Brand is the shop as its mails show it.
type Brand struct {
	Name    string
	URL     string   // of the storefront
	Color   string   // #rrggbb
	Contact string   // where people get help: an address or a telephone number
	Imprint []string // who the seller is, line by line, at the foot of every mail (전자상거래법 10조)
	Links   Links    // where buttons lead; a name that is left out has its default
	API     string   // where the API answers: links below /console/ lead there, as functions/pages serves those pages
}

// Templates writes mails in one brand and one time zone. It is safe for concurrent use.
type Templates struct {
	brand Brand
	zone  *time.Location
	mu    sync.Mutex
	ready map[string]*pair
}

// pair is one template in one language.
type pair struct {
	text *texttemplate.Template
	html *htmltemplate.Template
}

var colorForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// NewTemplates returns the templates; times are told in zone. Error: a brand without name, address, contact or color.
func NewTemplates(b Brand, zone *time.Location) (*Templates, error) {
	if b.Name == "" || b.URL == "" || b.Contact == "" {
		return nil, fmt.Errorf("mail: the brand needs name, URL and contact: %+v", b)
	}
	if !colorForm.MatchString(b.Color) {
		return nil, fmt.Errorf("mail: brand color %q is not #rrggbb", b.Color)
	}
	return &Templates{brand: b, zone: zone, ready: map[string]*pair{}}, nil
}

// Brand is the shop as its mails show it.
func (t *Templates) Brand() Brand { return t.brand }

// Address is the postal address of the seller, as far as the imprint tells it.
func (b Brand) Address() string { return strings.Join(b.Imprint, ", ") }

// page is what a template sees: .D is the Content.
type page struct {
	Language string
	Brand    Brand
	Frame    Frame
	D        Content
}

// Write writes a mail without an addressee. language is a tag such as "ko" or "en-US". Error: a Content that lacks what
// its template needs, with the names of the fields.
func (t *Templates) Write(language string, c Content) (m Message, err error) {
	return t.WriteIn(language, c, Frame{})
}

// WriteIn is Write with the frame of a mail that people can refuse.
func (t *Templates) WriteIn(language string, c Content, f Frame) (m Message, err error) {
	if missing := c.missing(); len(missing) > 0 {
		return m, fmt.Errorf("mail %s: missing or not valid: %s", c.Template(), strings.Join(missing, ", "))
	}
	_, f.Account = c.(AccountMail)
	_, f.Conversation = c.(ConversationMail)
	p := page{Language: texts.Language(language), Brand: t.brand, Frame: f, D: c}
	templates, err := t.pair(p.Language, fileOf(c))
	if err != nil {
		return m, err
	}
	var subject, text, html strings.Builder
	if err := templates.text.ExecuteTemplate(&subject, "subject", p); err != nil {
		return m, fmt.Errorf("mail %s: subject: %w", c.Template(), err)
	}
	if err := templates.text.ExecuteTemplate(&text, "layout", p); err != nil {
		return m, fmt.Errorf("mail %s: text: %w", c.Template(), err)
	}
	if err := templates.html.ExecuteTemplate(&html, "layout", p); err != nil {
		return m, fmt.Errorf("mail %s: HTML: %w", c.Template(), err)
	}
	return Message{
		Subject: texts.OneLine(subject.String()), Text: text.String(), HTML: html.String(),
		Tags: map[string]string{"template": c.Template()},
	}, nil
}

// fileOf is the name of the template file of a content.
func fileOf(c Content) string {
	if shared, ok := c.(interface{ file() string }); ok {
		return shared.file()
	}
	return c.Template()
}

// pair parses a template when it is first asked for: a start pays for none, an invocation for the one it needs.
func (t *Templates) pair(language, name string) (*pair, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := language + "/" + name
	if p, ok := t.ready[id]; ok {
		return p, nil
	}
	catalog, err := texts.Of(language)
	if err != nil {
		return nil, err
	}
	functions := t.functions(catalog)
	text, err := texttemplate.New(name).Funcs(functions).ParseFS(files, "templates/layout.txt", "templates/"+name+".txt")
	if err != nil {
		return nil, fmt.Errorf("mail %s: %w", id, err)
	}
	html, err := htmltemplate.New(name).Funcs(functions).ParseFS(files, "templates/layout.html", "templates/"+name+".html")
	if err != nil {
		return nil, fmt.Errorf("mail %s: %w", id, err)
	}
	// The HTML title repeats the subject, which is written once, as text.
	subject := text.Lookup("subject")
	html.Funcs(htmltemplate.FuncMap{"subject": func(p page) (string, error) {
		var out strings.Builder
		err := subject.Execute(&out, p)
		return texts.OneLine(out.String()), err
	}})
	p := &pair{text: text, html: html}
	t.ready[id] = p
	return p, nil
}

func (t *Templates) functions(catalog *texts.Catalog) map[string]any {
	return map[string]any{
		"t":       catalog.Any,
		"amount":  money.Money.Display,
		"minus":   func(m money.Money) string { return m.Neg().Display() },
		"date":    func(at time.Time) (string, error) { return catalog.Instant(at.In(t.zone)) },
		"dateIn":  func(at time.Time, zone string) (string, error) { return catalog.InstantIn(at, zone, t.zone) },
		"day":     catalog.Day,
		"say":     func(n SubscriptionNotice, part string) (string, error) { return say(catalog, n, part) },
		"receipt": func(all []ReceiptLine) ([]Line, error) { return receiptLines(catalog, all) },
		"account": func(language string, c AccountMail) ([]accountPart, error) { return accountParts(t.brand, language, c) },
		"link":    t.brand.link,
		"report":  t.brand.reportLink,
		"line":    texts.OneLine,
		"join":    func(all []string) string { return texts.OneLine(strings.Join(all, " / ")) },
		"fact":    func(name, value string) fact { return fact{name, texts.OneLine(value)} },
		"button":  func(color, url, label string) button { return button{color, url, label} },
		"subject": func(page) (string, error) { return "", nil },
		// the subject of a mail in several languages
		"accountSubject": accountSubject,
	}
}

// fact and button are what the layout's parts of these names show.
type (
	fact   struct{ Name, Value string }
	button struct{ Color, URL, Label string }
)

// known reports whether there is a text in the first language; a test keeps the others alike.
func known(key string) bool {
	c, err := texts.Of(Languages[0])
	return err == nil && c.Has(key)
}
