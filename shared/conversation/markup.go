package conversation

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// Span is a stretch of a message as it is shown. Clients put Text into the page as text, never as HTML.
type Span struct {
	Text string `dynamodbav:"text" json:"text"`
	Bold bool   `dynamodbav:"bold,omitempty" json:"bold,omitempty"`
	Ital bool   `dynamodbav:"ital,omitempty" json:"italic,omitempty"`
	Code bool   `dynamodbav:"code,omitempty" json:"code,omitempty"`
	Link string `dynamodbav:"link,omitempty" json:"link,omitempty" doc:"an https, mailto or tel address"`
}

// Spans reads light markdown: **bold**, *italic*, code between backquotes, [text](link) and bare https links. What is
// not closed is plain text, and so is any link that is not https, mailto or tel. The texts of the spans put together
// have every character that is not markup.
func Spans(text string) []Span {
	p := &parser{rest: text}
	for p.rest != "" {
		p.next()
	}
	p.flush()
	return p.spans
}

// parser reads a message from left to right.
type parser struct {
	rest       string
	plain      strings.Builder
	bold, ital bool
	spans      []Span
}

// flush ends a stretch of plain text.
func (p *parser) flush() {
	if p.plain.Len() > 0 {
		p.spans = append(p.spans, Span{Text: p.plain.String(), Bold: p.bold, Ital: p.ital})
		p.plain.Reset()
	}
}

// take adds bytes to the plain text.
func (p *parser) take(n int) {
	p.plain.WriteString(p.rest[:n])
	p.rest = p.rest[n:]
}

// next reads the next markup, or plain text up to the next sign that could begin one.
func (p *parser) next() {
	switch {
	case strings.HasPrefix(p.rest, "**") && (p.bold || closes(p.rest[2:], "**")):
		p.flush()
		p.bold, p.rest = !p.bold, p.rest[2:]
	case p.rest[0] == '*' && !strings.HasPrefix(p.rest, "**") && (p.ital || closes(p.rest[1:], "*")):
		p.flush()
		p.ital, p.rest = !p.ital, p.rest[1:]
	case p.rest[0] == '`' && strings.IndexByte(p.rest[1:], '`') > 0:
		p.flush()
		end := strings.IndexByte(p.rest[1:], '`')
		p.spans = append(p.spans, Span{Text: p.rest[1 : 1+end], Code: true})
		p.rest = p.rest[end+2:]
	case p.rest[0] == '[' && p.link():
	case strings.HasPrefix(p.rest, "https://"):
		p.bare()
	default:
		n := 1
		// "h" may begin a link.
		for n < len(p.rest) && !strings.ContainsRune("*`[h", rune(p.rest[n])) {
			n++
		}
		p.take(n)
	}
}

// closes reports whether the mark is closed on the same line, with something in between.
func closes(rest, mark string) bool {
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Index(line, mark) > 0
}

// link reads [text](link); false leaves it as plain text.
func (p *parser) link() bool {
	text, rest, ok := strings.Cut(p.rest[1:], "](")
	if !ok || text == "" || strings.ContainsAny(text, "[]\n") {
		return false
	}
	target, rest, ok := strings.Cut(rest, ")")
	if !ok || !SafeLink(target) {
		return false
	}
	p.flush()
	p.spans = append(p.spans, Span{Text: text, Bold: p.bold, Ital: p.ital, Link: target})
	p.rest = rest
	return true
}

// bare takes a link that stands in the text. Punctuation at its end belongs to the sentence.
func (p *parser) bare() {
	end := strings.IndexFunc(p.rest,
		func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("<>\"'`*", r) || isHangul(r) })
	if end < 0 {
		end = len(p.rest)
	}
	target := strings.TrimRight(p.rest[:end], ".,;:!?)")
	if !SafeLink(target) {
		p.take(len("https://"))
		return
	}
	p.flush()
	p.spans = append(p.spans, Span{Text: target, Bold: p.bold, Ital: p.ital, Link: target})
	p.rest = p.rest[len(target):]
}

// isHangul reports whether a rune is a composed syllable. A Korean particle often follows a link
// without a space.
func isHangul(r rune) bool { return r >= 0xAC00 && r <= 0xD7A3 }

// SafeLink reports whether an address may be a link: https with a host and without user information, mailto or tel, and
// no control characters or spaces.
func SafeLink(target string) bool {
	// Control characters and spaces are ways to make a link look like another one.
	if len(target) > 2000 || strings.ContainsFunc(target,
		func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	u, err := url.Parse(target)
	if err != nil || u.User != nil {
		return false
	}
	if u.Scheme == "https" {
		return u.Host != ""
	}
	return slices.Contains([]string{"mailto", "tel"}, u.Scheme) && u.Opaque != ""
}

// Clean is a text without control characters (line breaks and tabs stay), in valid UTF-8, without space at its ends.
func Clean(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		// Characters that turn the direction of writing can make a text look like another one.
		bidi := r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == unicode.ReplacementChar || bidi {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "")))
}
