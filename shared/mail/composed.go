package mail

import (
	"strings"
	"time"

	"dangol/shared/mail/texts"
	"dangol/shared/money"
)

// Composed is a mail whose texts come with it: a step of a series, with the texts of the catalog, or a campaign, with
// those of its author. Texts are plain text; whatever looks like HTML in them is shown as it was typed.
type Composed struct {
	Kind      string // tag and log entry: the template of a step, or "campaign"
	Subject   string // without the label of advertising: the gate adds it
	Preheader string // what the list of mails shows behind the subject
	Heading   string
	Body      []string // paragraphs
	Button    string
	URL       string // of the button
	Name      string // of the recipient; may be empty
	Coupon    string // a code of the recipient's own; may be empty
	Until     string // last day of the code, YYYY-MM-DD; may be empty
	Products  []Product
}

// Product is one of the goods that a mail shows.
type Product struct {
	Title string
	URL   string
	Image string // https; may be empty
	Price money.Money
	Was   money.Money // the price before a reduction; zero for none
}

// Template is the kind; all kinds share one template file.
func (c Composed) Template() string { return c.Kind }

func (c Composed) missing() []string {
	missing := need(field{"kind", c.Kind}, field{"subject", c.Subject}, field{"heading", c.Heading})
	if len(c.Body) == 0 {
		missing = append(missing, "body")
	}
	if (c.Button == "") != (c.URL == "") {
		missing = append(missing, "button")
	}
	for _, p := range c.Products {
		if strings.TrimSpace(p.Title) == "" || !web(p.URL) || p.Price.Validate() != nil || p.Image != "" && !web(p.Image) {
			missing = append(missing, "products")
		}
	}
	if c.URL != "" && !web(c.URL) {
		missing = append(missing, "URL")
	}
	return missing
}

// file is the template that the kinds share.
func (Composed) file() string { return "composed" }

func web(url string) bool {
	return strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://")
}

// Compose fills a mail with the texts of a kind in a language; pairs are the names and values of its placeholders.
// Error: a kind that the catalog does not have, or a placeholder without a value.
func Compose(language, kind string, pairs ...string) (Composed, error) {
	l, err := texts.Compose(language, kind, pairs...)
	return Composed{
		Kind: kind, Subject: l.Subject, Preheader: l.Preheader, Heading: l.Heading, Body: l.Body, Button: l.Button,
	}, err
}

// ComposedKinds lists the kinds that Compose knows, in order.
func ComposedKinds() (kinds []string) {
	c, err := texts.Of(Languages[0])
	if err != nil {
		return nil
	}
	for _, key := range c.Keys() {
		if kind, ok := strings.CutSuffix(strings.TrimPrefix(key, texts.Composed), ".subject"); ok &&
			strings.HasPrefix(key, texts.Composed) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// Frame is what stands around the content of a mail that people can refuse. The zero value is the frame of a
// transactional mail.
type Frame struct {
	Advertising bool
	Consent     bool // a notice about consent, which is neither advertising nor about an order
	// Conversation is a mail about a conversation with the shop, and about no order.
	Conversation bool
	Account      bool   // a mail about an account, whose owner may never have ordered
	Unsubscribe  string // page that ends such mails
	Preferences  string
	Why          string // page that says why the mail was sent
	Pixel        string // picture that marks an open; empty when the shop measures none
	ConsentAt    time.Time
}
