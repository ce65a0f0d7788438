package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
)

// zone is a DNS that has what it is told.
type zone struct {
	txt   map[string][]string
	cname map[string]string
	mx    map[string]string
}

func missing(name string) error {
	return &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (z zone) LookupTXT(_ context.Context, name string) ([]string, error) {
	if found, ok := z.txt[name]; ok {
		return found, nil
	}
	return nil, missing(name)
}

func (z zone) LookupCNAME(_ context.Context, name string) (string, error) {
	if found, ok := z.cname[name]; ok {
		return found, nil
	}
	return "", missing(name)
}

func (z zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if found, ok := z.mx[name]; ok {
		return []*net.MX{{Host: found, Pref: 10}}, nil
	}
	return nil, missing(name)
}

// whole is a zone that lacks nothing.
func whole() zone {
	return zone{
		txt: map[string][]string{
			"bounce.shop.example.co.kr": {"v=spf1 include:amazonses.com ~all", "google-site-verification=x"},
			"_dmarc.shop.example.co.kr": {"v=DMARC1; p=quarantine; rua=mailto:d@shop.example.co.kr"},
		},
		cname: map[string]string{"abc._domainkey.shop.example.co.kr": "abc.dkim.amazonses.com."},
		mx:    map[string]string{"bounce.shop.example.co.kr": "feedback-smtp.ap-northeast-2.amazonses.com."},
	}
}

func looked(t *testing.T, z zone, change func(*domain)) (string, bool) {
	t.Helper()
	d, err := domainOf("Shop <hello@shop.example.co.kr>")
	if err != nil {
		t.Fatal(err)
	}
	d.bounce, d.selectors = "bounce.shop.example.co.kr", []string{"abc"}
	if change != nil {
		change(&d)
	}
	var out bytes.Buffer
	well := report(t.Context(), &out, d, z)
	return out.String(), well
}

func TestADomainThatLacksNothing(t *testing.T) {
	t.Parallel()
	if out, well := looked(t, whole(), nil); !well || strings.Contains(out, "FAULT") || strings.Contains(out, "warn") ||
		strings.Count(out, "ok ") != 3 {
		t.Error(out)
	}
	// A policy of the domain above counts as well.
	above := whole()
	above.txt["_dmarc.example.co.kr"] = above.txt["_dmarc.shop.example.co.kr"]
	delete(above.txt, "_dmarc.shop.example.co.kr")
	if out, well := looked(t, above, nil); !well {
		t.Error(out)
	}
}

func TestWhatADomainLacks(t *testing.T) {
	t.Parallel()
	const bounce, dmarc = "bounce.shop.example.co.kr", "_dmarc.shop.example.co.kr"
	for name, c := range map[string]struct {
		zone   func(zone)
		change func(*domain)
		want   string
		well   bool
	}{
		"no key in the DNS": {func(z zone) { clear(z.cname) }, nil, "Publish CNAME abc._domainkey", false},
		"no key known":      {func(zone) {}, func(d *domain) { d.selectors = nil }, "no key is known", false},
		"a key that is taken": {func(z zone) { z.cname["abc._domainkey.shop.example.co.kr"] = "abc.dkim.evil.example." }, nil,
			"is not there", false},
		"a revoked key": {func(z zone) {
			clear(z.cname)
			z.txt["abc._domainkey.shop.example.co.kr"] = []string{"v=DKIM1; p="}
		}, nil, "is not there", false},
		"no SPF": {func(z zone) { delete(z.txt, bounce) }, nil, "has no record", false},
		"two SPF": {func(z zone) { z.txt[bounce] = append(z.txt[bounce], "V=SPF1 -all") }, nil, "has 2 records",
			false},
		"SPF without SES": {func(z zone) { z.txt[bounce] = []string{"v=spf1 -all"} }, nil, "does not include SES", false},
		"SPF for everybody": {func(z zone) { z.txt[bounce] = []string{"v=spf1 include:amazonses.com +all"} }, nil,
			"everybody", false},
		"SPF that asks much": {func(z zone) {
			z.txt[bounce] = []string{"v=spf1 include:amazonses.com" + strings.Repeat(" a:x.example", 10) + " ~all"}
		}, nil, "11 questions", false},
		"no MX":          {func(z zone) { clear(z.mx) }, nil, "has no MX", false},
		"bounces to SES": {func(zone) {}, func(d *domain) { d.bounce = "" }, "not aligned", true},
		"no DMARC":       {func(z zone) { delete(z.txt, dmarc) }, nil, "DMARC", false},
		"two DMARC": {func(z zone) { z.txt[dmarc] = append(z.txt[dmarc], "v=DMARC1; p=none") }, nil,
			"has 2 records", false},
		"a policy that is not": {func(z zone) { z.txt[dmarc] = []string{"v=DMARC1; p=maybe; rua=mailto:x"} }, nil, "maybe",
			false},
		"p=none": {func(z zone) { z.txt[dmarc] = []string{"v=DMARC1; p=none; rua=mailto:x"} }, nil, "forged",
			true},
		"no reports": {func(z zone) { z.txt[dmarc] = []string{"v=DMARC1; p=reject"} }, nil, "no reports", true},
		"half of the mail": {func(z zone) { z.txt[dmarc] = []string{"v=DMARC1; p=reject; rua=mailto:x; pct=50"} }, nil,
			"50 %", true},
	} {
		z := whole()
		c.zone(z)
		if out, well := looked(t, z, c.change); well != c.well || !strings.Contains(out, c.want) {
			t.Errorf("%s: %v\n%s", name, well, out)
		}
	}
}

func TestSESNamesTheKeysAndTheMailFromDomain(t *testing.T) {
	t.Parallel()
	d := domain{name: "shop.example.co.kr"}
	err := d.ask(t.Context(), func(context.Context, string) ([]byte, error) {
		return []byte(`{"DkimAttributes":{"Tokens":["a","b"]},"MailFromAttributes":{"MailFromDomain":"bounce.x.kr"}}`), nil
	})
	if err != nil || len(d.selectors) != 2 || d.bounce != "bounce.x.kr" {
		t.Errorf("%+v, %v", d, err)
	}
	gone := func(context.Context, string) ([]byte, error) { return nil, errors.New("no credentials") }
	if err := d.ask(t.Context(), gone); err == nil {
		t.Error("an error is swallowed")
	}
	for _, sender := range []string{"", "shop", "a@b@c", "hello@"} {
		if _, err := domainOf(sender); err == nil {
			t.Errorf("%q is a sender", sender)
		}
	}
}
