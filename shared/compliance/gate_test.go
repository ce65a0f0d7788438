package compliance_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/compliance"
)

var sender = compliance.SenderIdentity{
	Name: "하늘 비누", Contact: "02-123-4567", PostalAddress: "서울특별시 성동구 왕십리로 83",
	Unsubscribe: "https://shop.example.com/u/token",
}

// offer is a marketing mail that nothing is wrong with.
func offer(change ...func(*compliance.OutgoingMessage)) compliance.OutgoingMessage {
	m := compliance.OutgoingMessage{
		Kind: compliance.Marketing, Channel: compliance.Email, Topic: "offers", Subject: "가을 비누", Priority: compliance.Normal,
		OnCap: compliance.SkipOnCap, Sender: sender,
	}
	for _, c := range change {
		c(&m)
	}
	return m
}

// reader is a contact in Korea who has consented.
func reader(change ...func(*compliance.Contact)) compliance.Contact {
	c := compliance.Contact{Address: "haneul@example.com", Country: "KR", Zone: seoul, Consent: compliance.Given}
	for _, f := range change {
		f(&c)
	}
	return c
}

type (
	message = compliance.OutgoingMessage
	contact = compliance.Contact
)

func TestTheGate(t *testing.T) {
	t.Parallel()
	weekCap := compliance.GatePolicy{Cap: compliance.FrequencyCap{Max: 3, Reserved: 1, Window: 7 * 24 * time.Hour}}
	exceptions := compliance.GatePolicy{Exceptions: true}
	push := func(m *message) { m.Channel = compliance.Push }
	recent := func(at ...string) func(*contact) {
		return func(c *contact) {
			for _, s := range at {
				c.Recent = append(c.Recent, in(s))
			}
		}
	}
	tests := []struct {
		name      string
		message   compliance.OutgoingMessage
		contact   compliance.Contact
		policy    compliance.GatePolicy
		at        string
		want      compliance.Reason
		allowed   bool
		notBefore string
	}{
		{name: "consent", message: offer(), contact: reader(), want: compliance.ReasonConsent, allowed: true},
		{name: "no answer is no consent", message: offer(), contact: reader(func(c *contact) { c.Consent = "" }),
			want: compliance.ReasonNoConsent},
		{name: "an unknown state is no consent", message: offer(), contact: reader(func(c *contact) { c.Consent = "yes" }),
			want: compliance.ReasonNoConsent},
		{name: "an unconfirmed sign-up is no consent", message: offer(),
			contact: reader(func(c *contact) { c.Consent = compliance.Pending }),
			want:    compliance.ReasonPending},
		{name: "a pending sign-up is no exception", message: offer(func(m *message) { m.SameGoods = true }),
			policy:  exceptions,
			contact: reader(func(c *contact) { c.Consent = compliance.Pending; c.Bought = in("2026-03-01 12:00:00") }),
			want:    compliance.ReasonPending},
		{name: "refused", message: offer(), contact: reader(func(c *contact) { c.Consent = compliance.Refused }),
			want: compliance.ReasonRefused},
		{name: "an order mail needs no consent",
			message: message{Kind: compliance.Transactional, Channel: compliance.Email, Subject: "주문"},
			contact: reader(func(c *contact) { c.Consent = compliance.Refused }), want: compliance.ReasonTransactional,
			allowed: true},
		{name: "the notice of a refusal goes to who refused",
			message: message{Kind: compliance.LegalNotice, Channel: compliance.Email, Subject: "수신 거부 처리 결과"},
			contact: reader(func(c *contact) { c.Consent = compliance.Refused }), want: compliance.ReasonLegalNotice,
			allowed: true},
		{name: "an order mail to an address that bounced is not sent",
			message: message{Kind: compliance.Transactional, Channel: compliance.Email},
			contact: reader(func(c *contact) { c.Suppression = compliance.HardBounce }), want: compliance.ReasonSuppressed},
		{name: "no address", message: offer(), contact: reader(func(c *contact) { c.Address = "" }),
			want: compliance.ReasonNoAddress},
		{name: "a message without a kind", message: offer(func(m *message) { m.Kind = "" }), contact: reader(),
			want: compliance.ReasonUnknownKind},
		{name: "topic switched off", message: offer(), contact: reader(func(c *contact) { c.TopicsOff = []string{"offers"} }),
			want: compliance.ReasonTopicOff},
		{name: "another topic switched off", message: offer(),
			contact: reader(func(c *contact) { c.TopicsOff = []string{"tips"} }),
			want:    compliance.ReasonConsent, allowed: true},

		{name: "a buyer of the same goods, exceptions on", message: offer(func(m *message) { m.SameGoods = true }),
			policy:  exceptions,
			contact: reader(func(c *contact) { c.Consent = ""; c.Bought = in("2026-01-10 12:00:00") }),
			want:    compliance.ReasonExistingCustomer, allowed: true},
		{name: "exceptions are off by default", message: offer(func(m *message) { m.SameGoods = true }),
			contact: reader(func(c *contact) { c.Consent = ""; c.Bought = in("2026-01-10 12:00:00") }),
			want:    compliance.ReasonNoConsent},
		{name: "other goods", message: offer(), policy: exceptions,
			contact: reader(func(c *contact) { c.Consent = ""; c.Bought = in("2026-01-10 12:00:00") }),
			want:    compliance.ReasonNoConsent},
		{name: "more than six months ago", message: offer(func(m *message) { m.SameGoods = true }), policy: exceptions,
			contact: reader(func(c *contact) { c.Consent = ""; c.Bought = in("2025-09-01 12:00:00") }),
			want:    compliance.ReasonNoConsent},
		{name: "a refusal wins over the exception", message: offer(func(m *message) { m.SameGoods = true }),
			policy:  exceptions,
			contact: reader(func(c *contact) { c.Consent = compliance.Refused; c.Bought = in("2026-03-01 12:00:00") }),
			want:    compliance.ReasonRefused},
		{name: "push is never an exception", policy: exceptions,
			message: offer(push, func(m *message) { m.SameGoods = true }),
			contact: reader(func(c *contact) { c.Consent = ""; c.Bought = in("2026-03-01 12:00:00") }),
			want:    compliance.ReasonNoConsent},
		{name: "the USA asks for no consent to mail", message: offer(), policy: exceptions,
			contact: reader(func(c *contact) { c.Consent = ""; c.Country = "us" }), want: compliance.ReasonOptOutCountry,
			allowed: true},
		{name: "a refusal in the USA", message: offer(), policy: exceptions,
			contact: reader(func(c *contact) { c.Consent = compliance.Refused; c.Country = "US" }),
			want:    compliance.ReasonRefused},

		{name: "a push at 22:00 waits until 08:00", message: offer(push), contact: reader(), at: "2026-03-10 22:00:00",
			want: compliance.ReasonNight, notBefore: "2026-03-11 08:00:00"},
		{name: "a mail at 22:00 goes out", message: offer(), contact: reader(), at: "2026-03-10 22:00:00",
			want: compliance.ReasonConsent, allowed: true},
		{name: "a push at 22:00 with consent to the night", message: offer(push),
			contact: reader(func(c *contact) { c.Night = true }),
			at:      "2026-03-10 22:00:00", want: compliance.ReasonConsent, allowed: true},
		{name: "a push about an order waits too", message: message{Kind: compliance.Transactional, Channel: compliance.Push},
			contact: reader(),
			at:      "2026-03-10 22:00:00", want: compliance.ReasonNight, notBefore: "2026-03-11 08:00:00"},
		{name: "an urgent push about an order does not", contact: reader(), at: "2026-03-10 22:00:00",
			message: message{Kind: compliance.Transactional, Channel: compliance.Push, Urgent: true},
			want:    compliance.ReasonTransactional, allowed: true},
		{name: "urgent marketing waits", message: offer(push, func(m *message) { m.Urgent = true }), contact: reader(),
			at: "2026-03-10 22:00:00", want: compliance.ReasonNight, notBefore: "2026-03-11 08:00:00"},
		{name: "a contact without a zone is in Seoul", message: offer(push),
			contact: reader(func(c *contact) { c.Zone = nil }),
			at:      "2026-03-10 22:00:00", want: compliance.ReasonNight, notBefore: "2026-03-11 08:00:00"},

		{name: "two in the week: the third place is for high priority", message: offer(), policy: weekCap,
			contact: reader(recent("2026-03-08 09:00:00", "2026-03-09 09:00:00")), want: compliance.ReasonCap},
		{name: "high priority takes it", message: offer(func(m *message) { m.Priority = compliance.High }), policy: weekCap,
			contact: reader(recent("2026-03-08 09:00:00", "2026-03-09 09:00:00")), want: compliance.ReasonConsent,
			allowed: true},
		{name: "one that waits is told when", message: offer(func(m *message) { m.OnCap = compliance.WaitOnCap }),
			policy:  weekCap,
			contact: reader(recent("2026-03-09 09:00:00", "2026-03-08 09:00:00")), want: compliance.ReasonCap,
			notBefore: "2026-03-15 09:00:00"},
		{name: "what was sent a week ago is forgotten", message: offer(), policy: weekCap,
			contact: reader(recent("2026-03-03 12:00:00", "2026-03-09 09:00:00")), want: compliance.ReasonConsent,
			allowed: true},
		{name: "a mail about an order is not counted",
			message: message{Kind: compliance.Transactional, Channel: compliance.Email}, policy: weekCap,
			contact: reader(recent("2026-03-08 09:00:00", "2026-03-09 09:00:00", "2026-03-10 09:00:00")),
			want:    compliance.ReasonTransactional, allowed: true},

		{name: "no sender", message: offer(func(m *message) { m.Sender.Name = " " }), contact: reader(),
			want: compliance.ReasonSenderIdentity},
		{name: "no postal address", message: offer(func(m *message) { m.Sender.PostalAddress = "" }), contact: reader(),
			want: compliance.ReasonPostalAddress},
		{name: "no way to refuse", message: offer(func(m *message) { m.Sender.Unsubscribe = "" }), contact: reader(),
			want: compliance.ReasonUnsubscribe},
		{name: "a way to refuse that is none",
			message: offer(func(m *message) { m.Sender.Unsubscribe = "javascript:alert(1)" }), contact: reader(),
			want: compliance.ReasonUnsubscribe},
		{name: "the author wrote the label", message: offer(func(m *message) { m.Subject = "(광고) 비누" }), contact: reader(),
			want: compliance.ReasonLabelInText},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at := in("2026-03-10 12:00:00")
			if tt.at != "" {
				at = in(tt.at)
			}
			got := compliance.Allowed(tt.message, tt.contact, tt.policy, at)
			if got.Reason != tt.want || got.Allowed != tt.allowed {
				t.Errorf("got %+v, want %s, allowed %t", got, tt.want, tt.allowed)
			}
			if tt.notBefore != "" && !got.NotBefore.Equal(in(tt.notBefore)) || tt.notBefore == "" && !got.NotBefore.IsZero() {
				t.Errorf("not before %s, want %q", got.NotBefore.In(seoul), tt.notBefore)
			}
		})
	}
}

func TestTheLabelIsWrittenByTheGateAndForKoreaOnly(t *testing.T) {
	t.Parallel()
	for country, want := range map[string]string{"KR": "(광고) Soap", "kr": "(광고) Soap", "": "(광고) Soap", "US": "Soap",
		"DE": "Soap", "JP": "Soap"} {
		m := offer(func(m *message) { m.Subject = "Soap" })
		got := compliance.Allowed(m, reader(func(c *contact) { c.Country = country }), compliance.GatePolicy{},
			in("2026-03-10 12:00:00"))
		if got.Subject != want || !got.Allowed {
			t.Errorf("%q: %+v", country, got)
		}
	}
	plain := compliance.Allowed(message{Kind: compliance.Transactional, Channel: compliance.Email, Subject: "주문"},
		reader(), compliance.GatePolicy{},
		in("2026-03-10 12:00:00"))
	if plain.Subject != "주문" {
		t.Errorf("an order mail has the subject %q", plain.Subject)
	}
}

func TestAlteredFormsOfTheLabel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"(광고) 비누": true, "(광/고) 비누": true, "(광 고) 비누": true, "[광고] 비누": true, `("광고") 비누`: true, "(광.고)비누": true,
		"( 광고 )": true,
		"（광고）비누": true, "「광고」": true, "<광고> 비누": true, "(광\u200b고) 비누": true, "비누 (광고)": true, "광고) 비누": true, "광 고 비누": true,
		"【(광고)】": true, "(a d) soap": true, "(\u1100\u116a\u11bc\u1100\u1169) 비누": true, "*광고* 비누": true,
		"광고주 모집": false, "(광고주 모집)": false, "광고판 앞에서": false, "관광 고객 할인": false, "새 비누 “광고” 공개": false, "가을 비누": false,
		"":               false,
		"(advance) soap": false, "광명 고등학교": false,
	} {
		if got := compliance.HasLabel(text); got != want {
			t.Errorf("%q: got %t", text, got)
		}
	}
}

// anyMessage and anyContact draw from the whole grid.
func anyMessage(t *rapid.T) compliance.OutgoingMessage {
	return compliance.OutgoingMessage{
		Kind: rapid.SampledFrom([]compliance.MessageKind{compliance.Transactional, compliance.LegalNotice,
			compliance.Marketing, "", "other"}).Draw(t, "kind"),
		Channel: rapid.SampledFrom([]compliance.Channel{compliance.Email, compliance.Push, compliance.SMS,
			compliance.KakaoMsg}).Draw(t, "channel"),
		Topic:     rapid.SampledFrom([]string{"", "offers", "tips"}).Draw(t, "topic"),
		Subject:   rapid.SampledFrom([]string{"비누", "(광고) 비누", ""}).Draw(t, "subject"),
		Priority:  rapid.SampledFrom([]compliance.Priority{compliance.Normal, compliance.High, ""}).Draw(t, "priority"),
		OnCap:     rapid.SampledFrom([]compliance.OnCap{compliance.WaitOnCap, compliance.SkipOnCap, ""}).Draw(t, "on cap"),
		SameGoods: rapid.Bool().Draw(t, "same goods"), Urgent: rapid.Bool().Draw(t, "urgent"),
		Sender: rapid.SampledFrom([]compliance.SenderIdentity{sender, {}}).Draw(t, "sender"),
	}
}

func anyContact(t *rapid.T, now time.Time) compliance.Contact {
	c := compliance.Contact{
		Address: rapid.SampledFrom([]string{"a@example.com", ""}).Draw(t, "address"),
		Country: rapid.SampledFrom([]string{"KR", "US", "DE", "JP", "kr", ""}).Draw(t, "country"),
		Zone: rapid.SampledFrom([]*time.Location{seoul, time.UTC, time.FixedZone("LA", -8*3600),
			time.FixedZone("Kiritimati", 14*3600), nil}).Draw(t, "zone"),
		Consent: rapid.SampledFrom([]compliance.ChannelConsent{"", compliance.Pending, compliance.Given, compliance.Refused,
			"yes"}).Draw(t, "consent"),
		Night: rapid.Bool().Draw(t, "night"),
		Suppression: rapid.SampledFrom([]compliance.Suppression{
			"", compliance.HardBounce, compliance.Complaint, compliance.ByOperator, compliance.Erased,
		}).Draw(t, "suppression"),
		TopicsOff: rapid.SampledFrom([][]string{nil, {"offers"}, {"tips", "offers"}}).Draw(t, "topics off"),
	}
	if rapid.Bool().Draw(t, "has bought") {
		c.Bought = now.Add(-time.Duration(rapid.IntRange(-10, 400).Draw(t, "days ago")) * 24 * time.Hour)
	}
	for _, hours := range rapid.SliceOfN(rapid.IntRange(-1, 300), 0, 5).Draw(t, "recent") {
		c.Recent = append(c.Recent, now.Add(-time.Duration(hours)*time.Hour))
	}
	return c
}

func TestNoMessageWithoutABasisAndARefusalAlwaysWins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		now := in("2026-03-10 00:00:00").Add(time.Duration(rapid.IntRange(0, 86400).Draw(t, "second")) * time.Second)
		m, c := anyMessage(t), anyContact(t, now)
		p := compliance.GatePolicy{Exceptions: rapid.Bool().Draw(t, "exceptions")}
		if rapid.Bool().Draw(t, "cap") {
			p.Cap = compliance.FrequencyCap{Max: rapid.IntRange(1, 4).Draw(t, "max"),
				Reserved: rapid.IntRange(0, 2).Draw(t, "reserved"), Window: 72 * time.Hour}
		}
		d := compliance.Allowed(m, c, p, now)
		check(t, m, c, p, now, d)
		if again := compliance.Allowed(m, c, p, now); again != d {
			t.Fatalf("asked again: %+v, before %+v", again, d)
		}
	})
}

func check(t *rapid.T, m compliance.OutgoingMessage, c compliance.Contact, p compliance.GatePolicy, now time.Time,
	d compliance.GateDecision) {
	marketing := m.Kind == compliance.Marketing
	switch {
	case d.Reason == "":
		t.Fatal("a decision without a reason")
	case d.Allowed && (c.Suppression != "" || c.Address == ""):
		t.Fatalf("sent to a suppressed or missing address: %+v", d)
	case d.Allowed && marketing && c.Consent == compliance.Refused:
		t.Fatalf("sent after a refusal: %+v", d)
	case d.Allowed && marketing && c.Consent != compliance.Given && !p.Exceptions:
		t.Fatalf("marketing without consent: %+v", d)
	case d.Allowed && marketing && c.Consent != compliance.Given && m.Channel == compliance.Push:
		t.Fatalf("push without consent: %+v", d)
	case d.Allowed && marketing && m.Sender.Unsubscribe == "":
		t.Fatalf("marketing that cannot be refused: %+v", d)
	case d.Allowed && marketing && strings.Count(d.Subject, compliance.AdLabel) != labels(c.Country):
		t.Fatalf("subject %q in %q", d.Subject, c.Country)
	case d.Allowed && !marketing && d.Subject != m.Subject:
		t.Fatalf("subject %q of %q changed", d.Subject, m.Subject)
	case d.Waits() && !d.NotBefore.After(now):
		t.Fatalf("waits until the past: %+v at %s", d, now)
	case d.Allowed && m.Channel != compliance.Email && !m.Urgent && !c.Night:
		zone := c.Zone
		if zone == nil {
			zone = seoul
		}
		if h := now.In(zone).Hour(); h >= 21 || h < 8 {
			t.Fatalf("a push at %d o'clock: %+v", h, d)
		}
	}
	if d.Waits() {
		c.Recent = nil
		later := compliance.Allowed(m, c, p, d.NotBefore)
		if later.Reason == d.Reason {
			t.Fatalf("still %s at the time it was told to wait for", d.Reason)
		}
	}
}

func labels(country string) int {
	if country == "" || strings.EqualFold(country, "KR") {
		return 1
	}
	return 0
}
