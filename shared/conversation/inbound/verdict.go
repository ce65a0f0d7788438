package inbound

import (
	"cmp"
	"net/textproto"
	"strings"
)

// Verdict is what SES found out about one side of a mail.
type Verdict string

// The verdicts that decide something; SES has others (GRAY, DISABLED, PROCESSING_FAILED).
const (
	Pass Verdict = "PASS"
	Fail Verdict = "FAIL"
)

// Verdicts are what SES says about a mail, in headers that it writes itself.
// https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
type Verdicts struct {
	Spam, Virus, DMARC Verdict
	// SPF and DKIM pass only for the domain of the From header: anybody's own server passes for anybody's own domain.
	SPF, DKIM Verdict
}

// Proved reports whether the sender's domain stands behind the mail: DMARC, which holds SPF or DKIM against the From
// header, passes; or there is no DMARC policy and one of the two passes.
func (v Verdicts) Proved() bool {
	if v.DMARC == Pass {
		return true
	}
	return v.DMARC != Fail && (v.SPF == Pass || v.DKIM == Pass)
}

// verdicts reads the headers that SES put in front of the mail of a sender. Whoever sends a mail may have put the same
// headers into it, but those of SES come first, and of each only the first one counts.
func verdicts(header textproto.MIMEHeader, from string) Verdicts {
	v := Verdicts{
		Spam:  Verdict(strings.ToUpper(strings.TrimSpace(header.Get("X-SES-Spam-Verdict")))),
		Virus: Verdict(strings.ToUpper(strings.TrimSpace(header.Get("X-SES-Virus-Verdict")))),
	}
	results := parts(header.Get("Authentication-Results"))
	// Only those of SES: another server's are the sender's own word.
	if len(results) == 0 || !strings.EqualFold(results[0], "amazonses.com") {
		return v
	}
	spf, envelope := Verdict(""), ""
	for _, part := range results[1:] {
		method, rest, ok := strings.Cut(part, "=")
		if !ok {
			continue
		}
		switch found := verdictOf(rest); strings.ToLower(strings.TrimSpace(method)) {
		case "spf":
			spf = found
			envelope = cmp.Or(property(rest, "smtp.mailfrom"), envelope)
		case "envelope-from": // SES writes it as a result of its own, behind that of SPF
			envelope = strings.TrimSpace(rest)
		case "dkim":
			// A mail may have several signatures; one that is right is enough.
			if v.DKIM != Pass {
				v.DKIM = aligned(found, cmp.Or(property(rest, "header.d"), property(rest, "header.i")), from)
			}
		case "dmarc":
			v.DMARC = found
		}
	}
	v.SPF = aligned(spf, envelope, from)
	return v
}

// parts divides a header at its semicolons, but not within quotes and comments, which an address of the sender may
// have.
func parts(header string) []string {
	var all []string
	quoted, escaped, depth, begin := false, false, 0, 0
	for i, r := range header {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = quoted || depth > 0
		case r == '"' && depth == 0:
			quoted = !quoted
		case r == '(' && !quoted:
			depth++
		case r == ')' && !quoted && depth > 0:
			depth--
		case r == ';' && !quoted && depth == 0:
			all, begin = append(all, strings.TrimSpace(header[begin:i])), i+1
		}
	}
	return append(all, strings.TrimSpace(header[begin:]))
}

// verdictOf is the result at the beginning of what a method says.
func verdictOf(rest string) Verdict {
	words := strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == '\t' || r == '(' })
	if len(words) == 0 {
		return ""
	}
	return map[string]Verdict{"pass": Pass, "fail": Fail}[strings.ToLower(words[0])]
}

// property is what a method says of a name, such as header.i; empty when it says nothing.
func property(rest, name string) string {
	for word := range strings.FieldsSeq(rest) {
		if key, value, ok := strings.Cut(word, "="); ok && strings.EqualFold(key, name) {
			return value
		}
	}
	return ""
}

// aligned is a verdict on a domain, or an address of it, as one on the sender's: a pass for another domain says nothing
// of the sender (RFC 7489, 3.1). A domain and those below it are one.
func aligned(found Verdict, of, from string) Verdict {
	domain := func(address string) string {
		return strings.ToLower(strings.Trim(address[strings.LastIndex(address, "@")+1:], " .>\""))
	}
	a, b := domain(of), domain(from)
	if found != Pass || a != "" && b != "" && (a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)) {
		return found
	}
	return ""
}
