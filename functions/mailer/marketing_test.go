package mailer_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/money"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/keystore"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/table"
)

const reader = "haneul@example.com"

// agree makes a contact who has consented to marketing by mail.
func (b *bench) agree(email string, change ...func(*contact.Contact)) {
	b.t.Helper()
	_, err := contact.Store{Table: b.table}.Change(b.t.Context(), email, noon,
		func(c *contact.Contact) ([]table.Write, bool, error) {
			c.Country = "KR"
			c.Apply(consent.Change{Channel: compliance.Email, Action: consent.Give, At: noon})
			for _, f := range change {
				f(c)
			}
			return nil, false, nil
		})
	if err != nil {
		b.t.Fatal(err)
	}
}

// reminder is a mail of the cart series.
func reminder(id string) outbox.Mail {
	return outbox.Mail{
		ID: id, Kind: compliance.Marketing, To: reader, Language: "ko", Template: "cart_reminder", About: "cart_1",
		Source: outbox.Source{Name: "sequence:abandoned_cart:1", Step: "reminder"}, Topic: "cart",
		Contact: consent.ContactID(reader),
		Basis:   compliance.ReasonConsent, Planned: noon, Latest: noon.Add(6 * time.Hour),
		Compose: &outbox.Compose{
			URL: "https://shop.example.com/cart", ConsentAt: noon,
			Products: []outbox.Product{{Title: "쑥 비누", URL: "https://shop.example.com/p/soap", Price: money.Of(12_000, "KRW")}},
		},
	}
}

func (b *bench) queue(m outbox.Mail) {
	b.t.Helper()
	if err := b.table.Put(b.t.Context(), table.Put{Item: m.Task(b.clock.Now()), If: table.IfNew}); err != nil {
		b.t.Fatal(err)
	}
}

func TestAnAdvertisingMailHasLabelFooterAndOneClickUnsubscribe(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	b.agree(reader)
	b.queue(reminder("m1"))
	b.due()
	if len(b.ses.accepted) != 1 {
		t.Fatalf("%d mails, %+v", len(b.ses.accepted), b.record("m1"))
	}
	m := b.ses.accepted[0]
	if m.Subject != "(광고) 장바구니에 담아 두신 상품이 있습니다" {
		t.Errorf("subject %q", m.Subject)
	}
	for _, want := range []string{"수신 거부", "동의 일시", "서울특별시 성동구 왕십리로 83", "help@example.com"} {
		if !strings.Contains(m.HTML, want) || !strings.Contains(m.Text, want) {
			t.Errorf("no %q", want)
		}
	}
	signer, err := (&keystore.Store{Table: b.table}).Signer(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	token, ok := strings.CutPrefix(m.Unsubscribe, "https://api.example.com/outreach/unsubscribe/")
	fields, err := signer.Verify(tracking.Unsubscribe, token, 3)
	if !ok || err != nil || !slices.Equal(fields, []string{consent.ContactID(reader), "cart", "m1"}) {
		t.Errorf("unsubscribe %q: %q, %v", m.Unsubscribe, fields, err)
	}
	if m.FeedbackID != "sequence_abandoned_cart_1:cart:marketing:dangol" || m.Tags["mid"] != "m1" {
		t.Errorf("feedback id %q, tags %v", m.FeedbackID, m.Tags)
	}
	if strings.Contains(m.HTML, "https://shop.example.com/cart") || strings.Contains(m.HTML+m.Text, reader) {
		t.Error("a link is not signed, or the address is in the mail")
	}
	if r := b.record("m1"); !slices.Equal(r.Links,
		[]string{"https://shop.example.com/cart", "https://shop.example.com/p/soap"}) {
		t.Errorf("links %q", r.Links)
	}
}

func TestWhatKeepsAMarketingMailFromBeingSent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		mail   func(*outbox.Mail)
		reader func(*contact.Contact)
		state  outbox.State
		reason string
	}{
		{"refused after it was planned", nil, func(c *contact.Contact) {
			c.Apply(consent.Change{Channel: compliance.Email, Action: consent.Refuse, At: noon.Add(time.Second)})
		}, outbox.Withheld, "refused"},
		{"the topic was switched off", nil, func(c *contact.Contact) { c.TopicsOff = []string{"cart"} }, outbox.Withheld,
			"topic_off"},
		{"the address bounced", nil, func(c *contact.Contact) { c.Suppress(compliance.Email, compliance.HardBounce) },
			outbox.Withheld, "suppressed"},
		{"too late", func(m *outbox.Mail) { m.Latest = noon.Add(-time.Second) }, nil, outbox.Withheld, "too_late"},
		{"nobody agreed", func(m *outbox.Mail) { m.To = "other@example.com" }, nil, outbox.Withheld, "no_consent"},
		{"an unknown template", func(m *outbox.Mail) { m.Template = "no_such" }, nil, outbox.Rejected, ""},
		{"a missing variable", func(m *outbox.Mail) { m.Template = "consent_given" }, nil, outbox.Rejected, ""},
		{"a link out of the shop", func(m *outbox.Mail) { m.Compose.URL = "https://evil.example/" }, nil, outbox.Rejected,
			""},
		{"a label in the author's subject", func(m *outbox.Mail) {
			m.Compose.Texts = &outbox.Texts{Subject: "(광/고) 비누", Heading: "비누", Body: []string{"비누"}}
		}, nil, outbox.Withheld, "label_in_text"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, &fakeSES{})
			b.agree(reader, func(x *contact.Contact) {
				if c.reader != nil {
					c.reader(x)
				}
			})
			m := reminder("m1")
			if c.mail != nil {
				c.mail(&m)
			}
			b.queue(m)
			b.queue(reminder("m2")) // a good one beside it
			b.due()
			r := b.record("m1")
			if r.State != c.state || c.reason != "" && r.Reason != c.reason {
				t.Errorf("%s, %s; want %s, %s", r.State, r.Reason, c.state, c.reason)
			}
			if c.reader == nil && len(b.ses.accepted) != 1 {
				t.Errorf("%d mails: one bad mail stopped the other", len(b.ses.accepted))
			}
		})
	}
}

func TestAMarketingMailWithoutAnAnswerIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	for _, do := range []mode{hang, vanish} {
		b := newBench(t, &fakeSES{plan: []mode{do}})
		b.agree(reader)
		b.queue(reminder("m1"))
		b.due()
		b.sweep(60)
		if r := b.record("m1"); b.ses.asked != 1 || r.State != outbox.Unknown {
			t.Errorf("%s: asked %d times, %s", do, b.ses.asked, r.State)
		}
	}
}

func TestAMailThatWasStoppedInTimeIsNotSent(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	b.agree(reader)
	stop := func(id string) {
		if err := b.table.Transact(t.Context(), "stop-"+id, outbox.StopWrite(id, noon)); err != nil {
			t.Fatal(err)
		}
	}
	b.queue(reminder("m1"))
	stop("m1")
	b.due()
	if r := b.record("m1"); len(b.ses.accepted) != 0 || r.State != outbox.Canceled {
		t.Errorf("%d mails, %s", len(b.ses.accepted), r.State)
	}
	b.queue(reminder("m2"))
	b.due()
	stop("m2")
	if r := b.record("m2"); len(b.ses.accepted) != 1 || r.State == outbox.Canceled {
		t.Errorf("stopped after it was sent: %d mails, %s", len(b.ses.accepted), r.State)
	}
}

func TestManyMailsKeepTheRateAndOrderMailsDoNotWait(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	b.agree(reader)
	for i := range 60 {
		b.queue(reminder(fmt.Sprint("m", i)))
	}
	b.due()
	if waited := b.clock.Now().Sub(noon); waited < 4*time.Second || waited > 20*time.Second {
		t.Errorf("60 mails at 14 a second, of which marketing may use 80 %%, took %s", waited)
	}
	before := b.clock.Now()
	if err := b.deliver(eventMessage(t, "evt_1", placed())); err != nil {
		t.Fatal(err)
	}
	if waited := b.clock.Now().Sub(before); waited > time.Second || b.record(confirmation).State != outbox.Accepted {
		t.Errorf("the order mail waited %s", waited)
	}
	b.sweep(10)
	if len(b.ses.accepted) != 61 {
		t.Errorf("%d mails of 61", len(b.ses.accepted))
	}
}

func TestWhileMarketingIsPausedOrderMailsGoOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	b.agree(reader)
	if err := b.mailer.Budget.Pause(t.Context(), "reputation"); err != nil {
		t.Fatal(err)
	}
	b.queue(reminder("m1"))
	b.due()
	if err := b.deliver(eventMessage(t, "evt_1", placed())); err != nil || len(b.ses.accepted) != 1 {
		t.Errorf("%d mails, %v", len(b.ses.accepted), err)
	}
	if err := b.mailer.Budget.Pause(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	b.sweep(5)
	if len(b.ses.accepted) != 2 {
		t.Errorf("%d mails after the pause", len(b.ses.accepted))
	}
}

func TestTooManyComplaintsPauseMarketingAndNothingElse(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	b.agree(reader)
	for i := range 6 {
		b.queue(reminder(fmt.Sprint("m", i)))
	}
	b.due()
	for i := range 5 {
		for range 2 { // each comes twice
			b.tell("Complaint", fmt.Sprint("m", i), `,"complaint":{"complainedRecipients":[{"emailAddress":"x@example.com"}]}`)
		}
		rate, err := b.mailer.Budget.Read(t.Context())
		if err != nil || (rate.Paused != "") != (i == 4) {
			t.Errorf("after %d complaints: paused %q, %v", i+1, rate.Paused, err)
		}
	}
	b.queue(reminder("m9"))
	b.due()
	sent := len(b.ses.accepted)
	if err := b.deliver(eventMessage(t, "evt_1", placed())); err != nil || sent != 6 || len(b.ses.accepted) != 7 {
		t.Errorf("%d marketing mails, %d in all, %v", sent, len(b.ses.accepted), err)
	}
}

func TestATestMailLooksLikeAdvertisingAndItsLinksRefuseNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, &fakeSES{})
	m := reminder("test_1")
	m.Kind, m.Test, m.To, m.Contact, m.Topic = compliance.Transactional, true, "boss@shop.example.com", "", ""
	m.Compose.Plain = true
	m.Compose.Texts = &outbox.Texts{Subject: "[Test] (광고) 장바구니", Heading: "장바구니", Body: []string{"남아 있습니다."}}
	b.queue(m)
	b.due()
	if len(b.ses.accepted) != 1 {
		t.Fatalf("%d mails, %+v", len(b.ses.accepted), b.record("test_1"))
	}
	sent := b.ses.accepted[0]
	if sent.To != "boss@shop.example.com" || sent.Subject != "[Test] (광고) 장바구니" || sent.Unsubscribe != "" ||
		!strings.Contains(sent.HTML, "수신 거부") || !strings.Contains(sent.HTML, "/outreach/unsubscribe/test") ||
		strings.Contains(sent.HTML, "/outreach/links/") {
		t.Errorf("sent %+v", sent)
	}
}
