package inbound

import (
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
	Spam, Virus, SPF, DKIM, DMARC Verdict
}

// Proved reports whether the sender's domain stands behind the mail: DMARC, which holds SPF or DKIM against the From
// header, passes; or there is no DMARC policy and one of the two passes.
func (v Verdicts) Proved() bool {
	if v.DMARC == Pass {
		return true
	}
	return v.DMARC != Fail && (v.SPF == Pass || v.DKIM == Pass)
}

// verdicts reads the headers that SES put in front of the mail. Whoever sends a mail may have put the same headers into
// it, but those of SES come first, and of each only the first one counts.
func verdicts(header textproto.MIMEHeader) Verdicts {
	v := Verdicts{
		Spam:  Verdict(strings.ToUpper(strings.TrimSpace(header.Get("X-SES-Spam-Verdict")))),
		Virus: Verdict(strings.ToUpper(strings.TrimSpace(header.Get("X-SES-Virus-Verdict")))),
	}
	results := header.Get("Authentication-Results")
	// Only those of SES: another server's are the sender's own word.
	if server, _, _ := strings.Cut(results, ";"); strings.TrimSpace(strings.ToLower(server)) != "amazonses.com" {
		return v
	}
	for part := range strings.SplitSeq(results, ";") {
		method, rest, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			continue
		}
		result := ""
		if words := strings.FieldsFunc(rest, func(r rune) bool { return r == ' ' || r == '\t' || r == '(' }); len(words) > 0 {
			result = strings.ToLower(words[0])
		}
		found := map[string]Verdict{"pass": Pass, "fail": Fail}[result]
		switch strings.ToLower(strings.TrimSpace(method)) {
		case "spf":
			v.SPF = found
		case "dkim":
			// A mail may have several signatures; one that is right is enough.
			if v.DKIM != Pass {
				v.DKIM = found
			}
		case "dmarc":
			v.DMARC = found
		}
	}
	return v
}
