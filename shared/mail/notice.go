package mail

import (
	"slices"
	"strings"
	"time"

	"dangol/shared/money"
)

// ServiceNotice tells a customer about one step of what comes after a purchase: a return, a change of the order, store
// credit, a review. What it says follows from the decision: Kind names the step, and after a dash how it was decided.
// Its texts are those under service_notices.
type ServiceNotice struct {
	Kind   string
	Number string // of the order; empty for one that is about no order
	Name   string // of the customer; may be empty
	Lines  []Line
	Facts  []NoticeFact
	// Reasons are why the shop decided so, in words.
	Reasons []Localized
	// Message is what a person of the shop wrote to the customer.
	Message string
	// Path is where the storefront shows more; it begins with a slash.
	Path string
}

// NoticeFact is one row of a notice: the name of it, and an amount, a time, a text, or a word of the texts.
type NoticeFact struct {
	Name   string // key under service_words
	Amount money.Money
	At     time.Time
	Text   string
	Word   string // key under service_words
}

// Localized is a text by language.
type Localized map[string]string

// In is the text in a language, in English when there is none.
func (l Localized) In(language string) string {
	if text := l[language]; text != "" {
		return text
	}
	return l["en"]
}

// Template is "service_notice".
func (ServiceNotice) Template() string { return "service_notice" }

func (c ServiceNotice) missing() []string {
	missing := need(field{"path", c.Path})
	if c.Kind == "" || !known(c.TextKey("title")) {
		missing = append(missing, "kind")
	}
	if len(c.Lines) > 0 {
		missing = append(missing, need(field{"lines", c.Lines})...)
	}
	if slices.ContainsFunc(c.Facts, func(f NoticeFact) bool { return !f.known() }) {
		missing = append(missing, "facts")
	}
	return missing
}

// known reports whether the row has a name and something to say.
func (f NoticeFact) known() bool {
	said := f.Amount.Currency != "" || !f.At.IsZero() || strings.TrimSpace(f.Text) != "" ||
		f.Word != "" && known(f.WordKey())
	return said && known(f.NameKey())
}

// NameKey is the key of the row's name.
func (f NoticeFact) NameKey() string { return "service_words." + f.Name }

// WordKey is the key of the row's value when that is a word of the texts.
func (f NoticeFact) WordKey() string { return "service_words." + f.Word }

// TextKey is the key of a text of the notice: title, text or button.
func (c ServiceNotice) TextKey(part string) string { return "service_notices." + c.Kind + "." + part }

// Paragraphs are the parts of the message that are divided by empty lines or line breaks.
func (c ServiceNotice) Paragraphs() []string {
	return strings.FieldsFunc(c.Message, func(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' })
}
