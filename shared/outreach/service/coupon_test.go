package service_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
)

func (f *fixture) coupon(p *promotion.Promotion) {
	f.t.Helper()
	if err := f.SetCoupon(f.t.Context(), "spring", p); err != nil {
		f.t.Fatal(err)
	}
}

// codes sends a campaign with the coupon to everybody, and returns who got which code and until when.
func (f *fixture) codes(at string) (codes, until map[string]string) {
	f.t.Helper()
	f.mails = nil
	c := f.spring(func(p *service.CampaignPlan) { p.Coupon, p.Local = "spring", at })
	f.schedule(c)
	f.clock.Advance(10 * time.Minute)
	f.advance(2 * time.Minute)
	f.clock.Advance(18 * time.Minute)
	codes, until = map[string]string{}, map[string]string{}
	for _, m := range f.mails {
		codes[m.To], until[m.To] = m.Compose.Coupon, m.Compose.Until
	}
	return codes, until
}

func TestEachRecipientHasOneCodeOfTheirOwn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Shop.Policy.Cap = compliance.FrequencyCap{}
	emails := f.readers(4)
	p := &promotion.Promotion{ID: "promo_1", Ends: time.Date(2026, 4, 1, 0, 0, 0, 0, seoul)}
	p.Codes.Batch = promotion.NewBatch("batch_1", "SPRING", 3)
	f.coupon(p)
	first, until := f.codes("2026-03-10T12:10")
	seen := map[string]bool{}
	for to, code := range first {
		if seen[code] || until[to] != "2026-03-31" {
			t.Errorf("%s gets %s until %s", to, code, until[to])
		}
		seen[code] = true
	}
	if len(first) != 3 {
		t.Errorf("%d of 4 people get one of 3 codes", len(first))
	}
	if second, _ := f.codes("2026-03-10T12:40"); !maps.Equal(first, second) {
		t.Errorf("other codes the second time: %v, first %v", second, first)
	}
	// The merchant extends the promotion, and orders more codes.
	p.Ends = time.Date(2026, 5, 1, 0, 0, 0, 0, seoul)
	p.Codes.Batch.Size = 4
	f.coupon(p)
	more, until := f.codes("2026-03-10T13:10")
	if len(more) != 4 || until[emails[0]] != "2026-04-30" {
		t.Errorf("after the promotion was extended %d codes, until %v", len(more), until)
	}
	for to, code := range first {
		if more[to] != code {
			t.Errorf("%s had %s and gets %s", to, code, more[to])
		}
	}
	other := &promotion.Promotion{ID: "promo_2"}
	other.Codes.Batch = promotion.NewBatch("batch_2", "MAY", 10)
	f.coupon(other)
	codes, until := f.codes("2026-03-10T13:40")
	for to, code := range codes {
		if !strings.HasPrefix(code, "MAY-") || until[to] != "" {
			t.Errorf("of the other promotion %s gets %s until %q", to, code, until[to])
		}
	}
	if len(codes) != 4 {
		t.Errorf("%d codes of the other promotion", len(codes))
	}
}

// A promotion that stands behind a name again after another one, or behind two names, gives each of its codes once.
func TestACodeIsGivenToOnePersonWhateverTheNameStoodForBetween(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Shop.Policy.Cap = compliance.FrequencyCap{}
	spring := &promotion.Promotion{ID: "promo_1"}
	spring.Codes.Batch = promotion.NewBatch("batch_1", "SPRING", 10)
	may := &promotion.Promotion{ID: "promo_2"}
	may.Codes.Batch = promotion.NewBatch("batch_2", "MAY", 10)
	f.readers(2)
	f.coupon(spring)
	first, _ := f.codes("2026-03-10T12:10")
	f.coupon(may)
	f.coupon(spring)
	if err := f.SetCoupon(t.Context(), "welcome", spring); err != nil {
		t.Fatal(err)
	}
	f.readers(4)
	owner := map[string]string{}
	for _, name := range []string{"spring", "welcome"} {
		f.mails = nil
		c := f.spring(func(p *service.CampaignPlan) {
			p.Coupon, p.Local = name, f.clock.Now().In(seoul).Add(10*time.Minute).Format("2006-01-02T15:04")
		})
		f.schedule(c)
		f.advance(15 * time.Minute)
		for _, m := range f.mails {
			code := m.Compose.Coupon
			if other := owner[code]; code == "" || other != "" && other != m.To+name {
				t.Errorf("%q of %s belongs to %s", code, m.To+name, other)
			}
			owner[code] = m.To + name
			if was, had := first[m.To]; had && name == "spring" && was != code {
				t.Errorf("%s had %s and gets %s", m.To, was, code)
			}
		}
		if len(f.mails) != 4 {
			t.Errorf("%s: %d mails", name, len(f.mails))
		}
	}
}

// A database that does not answer is no promotion without codes: the mail goes out once it answers again.
func TestACouponThatCannotBeReadDelaysItsMail(t *testing.T) {
	t.Parallel()
	down := ""
	db := &interceptor{before: func(operation, pk string) error {
		if down != "" && strings.HasPrefix(pk, down) {
			return errDown
		}
		return nil
	}}
	f := newFixture(t, db.wrap)
	emails := f.readers(1)
	p := &promotion.Promotion{ID: "promo_1"}
	p.Codes.Batch = promotion.NewBatch("batch_1", "SPRING", 10)
	f.coupon(p)
	c := f.spring(func(p *service.CampaignPlan) { p.Coupon = "spring" })
	f.schedule(c)
	f.clock.Advance(30 * time.Minute)
	f.work() // the audience
	f.clock.Advance(time.Minute)
	page := due.Job{Key: table.Key{PK: "CAMPAIGN#" + c.ID, SK: "PAGE#000001"}}
	for _, down = range []string{"COUPON#", "CODES#"} {
		if err := f.WorkPage(t.Context(), page); err == nil {
			t.Errorf("without %s the page is done", down)
		}
	}
	down = ""
	f.advance(5 * time.Minute)
	if len(f.mails) != 1 || f.mails[0].To != emails[0] || !strings.HasPrefix(f.mails[0].Compose.Coupon, "SPRING-") {
		t.Errorf("mails after the outage: %+v", f.mails)
	}
}

// A promotion that hands out no codes stands behind no coupon.
func TestACouponNeedsABatchOfCodes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	emails := f.readers(1)
	if err := f.SetCoupon(t.Context(), "spring", &promotion.Promotion{ID: "promo_1"}); err == nil {
		t.Error("a promotion without codes is taken")
	}
	if codes, _ := f.codes("2026-03-10T12:10"); len(codes) != 0 {
		t.Errorf("a mail about a code that does not exist: %v", codes)
	}
	cards, _, err := f.Outbox.SentTo(t.Context(), emails[0], 10, "")
	if err != nil || len(cards) != 1 || cards[0].Reason != "no_coupon" {
		t.Errorf("%+v, %v", cards, err)
	}
}

// An operator who sends a rejected mail again sends it once, however often the button is pressed.
func TestARejectedMailIsSentAgainOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.agree(person)
	now := f.clock.Now()
	m := outbox.Mail{ID: "order-1", Kind: compliance.Transactional, To: person, Template: "order_placed", Planned: now,
		Contact: consent.ContactID(person), Source: outbox.Source{Name: outbox.EventSource, Step: "order_placed"}}
	settled := func(state outbox.State) {
		t.Helper()
		if err := f.Table.Transact(t.Context(), "", m.Settle(state, "", "test", f.clock.Now())...); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Resend(t.Context(), m.ID); problem.Code(err) != "mail_not_found" {
		t.Errorf("a mail that nobody knows: %v", err)
	}
	settled(outbox.Rejected)
	if _, err := f.Resend(t.Context(), m.ID); problem.Code(err) != "mail_not_found" {
		t.Errorf("a mail whose content is gone: %v", err)
	}
	if err := f.Table.Put(t.Context(), table.Put{Item: m.Task(now), If: table.IfNew}); err != nil {
		t.Fatal(err)
	}
	f.advance(time.Minute)
	f.mails = nil
	settled(outbox.Accepted)
	if _, err := f.Resend(t.Context(), m.ID); problem.Code(err) != "mail_was_sent" {
		t.Errorf("a mail that was sent: %v", err)
	}
	settled(outbox.Unknown)
	for range 3 {
		if again, err := f.Resend(t.Context(), m.ID); err != nil || again == m.ID {
			t.Errorf("%s, %v", again, err)
		}
	}
	f.advance(time.Hour)
	if len(f.mails) != 1 || f.mails[0].To != person {
		t.Errorf("sent again %d times", len(f.mails))
	}
	// Mails of events have no counters, so none goes below zero.
	if counts, err := f.Outbox.Report(t.Context(), outbox.EventSource); err != nil || len(counts) > 0 {
		t.Errorf("counted %v, %v", counts, err)
	}
}
