package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"dangol/shared/mail/address"
)

// domain is what is looked at.
type domain struct {
	name      string   // of the sender's address
	bounce    string   // MAIL FROM domain; empty is one of amazonses.com
	selectors []string // of the DKIM keys
}

// domainOf takes the domain out of a sender's address.
func domainOf(sender string) (d domain, err error) {
	parsed, err := address.Parse(sender)
	if err != nil {
		return d, fmt.Errorf("-mail %q: %w", sender, err)
	}
	_, name, _ := strings.Cut(parsed, "@")
	return domain{name: strings.ToLower(name)}, nil
}

// resolver is the part of the DNS in use; *net.Resolver has it.
type resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupCNAME(ctx context.Context, name string) (string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
}

// level is how bad a finding is.
type level int

// The levels. A fault keeps mail from being taken by large providers; a warning costs reputation or knowledge.
const (
	fine level = iota
	warning
	fault
)

// finding is one thing that was looked at.
type finding struct {
	level             level
	about, text, mend string
}

// look asks for everything. What Gmail, Yahoo and Outlook ask of who sends 5,000 mails a day is a fault when it is
// missing: SPF and DKIM that pass, DMARC, and one of the two aligned with the sender's domain.
func (d domain) look(ctx context.Context, dns resolver) []finding {
	all := d.dkim(ctx, dns)
	all = append(all, d.spf(ctx, dns)...)
	return append(all, d.dmarc(ctx, dns)...)
}

// dkim looks for the keys that SES signs with (RFC 6376; Easy DKIM publishes them as CNAME).
func (d domain) dkim(ctx context.Context, dns resolver) (all []finding) {
	if len(d.selectors) == 0 {
		return []finding{{fault, "DKIM", "no key is known", "Turn Easy DKIM on for " + d.name + " in SES, or name the keys."}}
	}
	for _, selector := range d.selectors {
		name := selector + "._domainkey." + d.name
		target, err := dns.LookupCNAME(ctx, name)
		target = strings.TrimSuffix(strings.ToLower(target), ".")
		if err == nil && strings.HasSuffix(target, ".dkim.amazonses.com") {
			all = append(all, finding{level: fine, about: "DKIM", text: name + " leads to SES"})
			continue
		}
		if key, ok := record(ctx, dns, name, "p="); ok && !strings.Contains(strings.ReplaceAll(key, " ", ""), "p=;") {
			all = append(all, finding{level: fine, about: "DKIM", text: name + " has a key"})
			continue
		}
		all = append(all, finding{fault, "DKIM", name + " is not there",
			"Publish CNAME " + name + " with the value " + selector + ".dkim.amazonses.com"})
	}
	return all
}

// maxLookups is how many questions an SPF record may ask for (RFC 7208 4.6.4).
const maxLookups = 10

// spf looks at the domain that bounces go to (RFC 7208). Without one of the shop's own SPF passes for amazonses.com and
// is not aligned, so DMARC rests on DKIM alone.
func (d domain) spf(ctx context.Context, dns resolver) []finding {
	if d.bounce == "" {
		return []finding{{warning, "SPF", "bounces go to amazonses.com, so SPF is not aligned with " + d.name,
			"Set a MAIL FROM domain such as bounce." + d.name + " in SES."}}
	}
	var all []finding
	records := records(ctx, dns, d.bounce, "v=spf1")
	switch {
	case len(records) == 0:
		return []finding{{fault, "SPF", d.bounce + " has no record",
			"Publish TXT " + d.bounce + ` with the value "v=spf1 include:amazonses.com ~all"`}}
	case len(records) > 1:
		all = append(all, finding{fault, "SPF", fmt.Sprintf("%s has %d records", d.bounce, len(records)),
			"Keep one: with more, none counts (RFC 7208 4.5)."})
	}
	terms := strings.Fields(strings.ToLower(records[0]))
	if !contains(terms, "include:amazonses.com") {
		all = append(all, finding{fault, "SPF", d.bounce + " does not include SES",
			"Add include:amazonses.com to its record."})
	}
	if contains(terms, "+all") || contains(terms, "all") || contains(terms, "?all") {
		all = append(all, finding{fault, "SPF", d.bounce + " lets everybody send", "End its record with ~all or -all."})
	}
	if n := lookups(terms); n > maxLookups {
		all = append(all, finding{fault, "SPF", fmt.Sprintf("%s asks %d questions, at most %d", d.bounce, n, maxLookups),
			"Take includes out of its record."})
	}
	all = append(all, d.bounceMX(ctx, dns)...)
	if !aligned(d.bounce, d.name) {
		all = append(all, finding{warning, "SPF", d.bounce + " is not aligned with " + d.name,
			"Use a MAIL FROM domain below " + d.name + "."})
	}
	if len(all) == 0 {
		all = append(all, finding{level: fine, about: "SPF", text: d.bounce + " lets SES send and is aligned"})
	}
	return all
}

// bounceMX looks for where bounces are taken in: without it SES falls back to a domain of its own, or refuses to send.
func (d domain) bounceMX(ctx context.Context, dns resolver) []finding {
	hosts, _ := dns.LookupMX(ctx, d.bounce) // not there or not reachable: in either case nothing leads to SES
	for _, mx := range hosts {
		host := strings.TrimSuffix(strings.ToLower(mx.Host), ".")
		if strings.HasPrefix(host, "feedback-smtp.") && strings.HasSuffix(host, ".amazonses.com") {
			return nil
		}
	}
	return []finding{{fault, "SPF", d.bounce + " has no MX of SES",
		"Publish MX " + d.bounce + " with the value 10 feedback-smtp.REGION.amazonses.com"}}
}

// dmarc looks at the policy of the domain, else of the one above it (RFC 7489).
func (d domain) dmarc(ctx context.Context, dns resolver) []finding {
	name := "_dmarc." + d.name
	found := records(ctx, dns, name, "v=DMARC1")
	if len(found) == 0 && organizational(d.name) != d.name {
		name = "_dmarc." + organizational(d.name)
		found = records(ctx, dns, name, "v=DMARC1")
	}
	if len(found) != 1 {
		return []finding{{fault, "DMARC", fmt.Sprintf("%s has %d records", name, len(found)),
			`Publish one TXT ` + name + ` such as "v=DMARC1; p=quarantine; rua=mailto:dmarc@` + d.name + `"`}}
	}
	tags := tagsOf(found[0])
	var all []finding
	switch tags["p"] {
	case "quarantine", "reject":
	case "none":
		all = append(all, finding{warning, "DMARC", name + " lets forged mail through (p=none)",
			"Go to p=quarantine when the reports show no mail of yours that fails."})
	default:
		all = append(all, finding{fault, "DMARC", fmt.Sprintf("%s has the policy %q", name, tags["p"]),
			"p is none, quarantine or reject."})
	}
	if tags["rua"] == "" {
		all = append(all, finding{warning, "DMARC", name + " asks for no reports", "Add rua=mailto:..."})
	}
	if pct := tags["pct"]; pct != "" && pct != "100" {
		all = append(all, finding{warning, "DMARC", name + " counts for " + pct + " % of the mail only", "Take pct out."})
	}
	if len(all) == 0 {
		all = append(all, finding{level: fine, about: "DMARC", text: name + " is p=" + tags["p"]})
	}
	return all
}

// records are the texts of a name that begin with something, in whatever case. A name that is not there has none.
func records(ctx context.Context, dns resolver, name, beginning string) (found []string) {
	texts, err := dns.LookupTXT(ctx, name)
	var missing *net.DNSError
	if err != nil && !errors.As(err, &missing) {
		return nil
	}
	for _, text := range texts {
		if strings.HasPrefix(strings.ToLower(text), strings.ToLower(beginning)) {
			found = append(found, text)
		}
	}
	return found
}

// record is a text of a name that has a part.
func record(ctx context.Context, dns resolver, name, part string) (string, bool) {
	texts, err := dns.LookupTXT(ctx, name)
	for _, text := range texts {
		if err == nil && strings.Contains(text, part) {
			return text + ";", true
		}
	}
	return "", false
}

func contains(terms []string, term string) bool {
	for _, t := range terms {
		if t == term {
			return true
		}
	}
	return false
}

// lookups counts the terms of an SPF record that ask the DNS.
func lookups(terms []string) (n int) {
	for _, t := range terms {
		t = strings.TrimLeft(t, "+-~?")
		for _, asks := range []string{"include:", "a:", "mx:", "ptr:", "exists:", "redirect="} {
			if strings.HasPrefix(t, asks) {
				n++
			}
		}
		if t == "a" || t == "mx" || t == "ptr" {
			n++
		}
	}
	return n
}

// tagsOf reads "v=DMARC1; p=none; rua=mailto:x".
func tagsOf(text string) map[string]string {
	tags := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(part, "=")
		tags[strings.ToLower(strings.TrimSpace(name))] = strings.ToLower(strings.TrimSpace(value))
	}
	return tags
}

// aligned is relaxed alignment: both belong to one organization (RFC 7489 3.1).
func aligned(a, b string) bool { return organizational(a) == organizational(b) }

// secondLevel are registries under which names are given out at the third level, of the countries that shops of this
// kind are in. The public suffix list has all of them; for a warning these are enough.
var secondLevel = []string{"co.kr", "or.kr", "ne.kr", "pe.kr", "co.jp", "co.uk", "com.au", "com.br", "com.cn", "com.tw"}

// organizational is the name that was registered.
func organizational(name string) string {
	labels := strings.Split(name, ".")
	keep := 2
	for _, suffix := range secondLevel {
		if strings.HasSuffix(name, "."+suffix) {
			keep = 3
		}
	}
	return strings.Join(labels[max(0, len(labels)-keep):], ".")
}
