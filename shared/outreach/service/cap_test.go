package service_test

import (
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// lately is somebody who was sent a mail at a time, under a cap of one mail in twelve hours.
func (f *fixture) lately(sent time.Time, change func(*contact.Contact)) {
	f.t.Helper()
	f.Shop.Policy.Cap = compliance.FrequencyCap{Max: 1, Window: 12 * time.Hour}
	f.agree(person)
	_, err := f.Contacts.Change(f.t.Context(), person, f.clock.Now(),
		func(c *contact.Contact) ([]table.Write, bool, error) {
			c.Sent(sent)
			change(c)
			return nil, false, nil
		})
	if err != nil {
		f.t.Fatal(err)
	}
}

// planned writes the audience of a campaign down at a time, and returns the mail to the person.
func (f *fixture) planned(c *service.Campaign, freeze time.Time) (outbox.Mail, error) {
	f.t.Helper()
	f.schedule(c)
	f.clock.Advance(freeze.Sub(f.clock.Now()))
	f.work() // the audience
	f.clock.Advance(time.Minute)
	f.work() // the page
	var t task.Task[outbox.Mail]
	err := f.Table.Get(f.t.Context(), task.KeyOf(outbox.DueMarketing, c.ID+"-"+consent.ContactID(person)), &t)
	return t.Payload.Value, err
}

// The audience is written down hours before the recipient's morning; a cap that is over by then delays nothing, and
// never brings a mail forward.
func TestACapIsAskedForTheTimeOfSending(t *testing.T) {
	t.Parallel()
	freeze := time.Date(2026, 3, 11, 20, 0, 0, 0, time.UTC)  // ten in the morning of the 12th on Kiritimati
	morning := time.Date(2026, 3, 12, 17, 0, 0, 0, time.UTC) // and in Los Angeles
	for name, c := range map[string]struct {
		sent time.Time
		want time.Time
	}{
		"over before the morning": {freeze.Add(-5 * time.Hour), morning},
		"not over in the morning": {morning.Add(-11 * time.Hour), morning.Add(time.Hour)},
	} {
		f := newFixture(t)
		f.lately(c.sent, func(c *contact.Contact) { c.Zone = "America/Los_Angeles" })
		m, err := f.planned(f.spring(func(p *service.CampaignPlan) {
			p.Local, p.By, p.OnCap = "2026-03-12T10:00", campaign.RecipientClock, compliance.WaitOnCap
		}), freeze)
		if err != nil || !m.Planned.Equal(c.want) {
			t.Errorf("%s: planned for %s, want %s, %v", name, m.Planned, c.want, err)
		}
	}
}

// The mailer asks the gate again by the reason for which the mail was allowed. A mail that had to wait for the cap
// keeps the reason, or an existing customer would never get it.
func TestAMailThatWaitsForTheCapKeepsTheReasonItIsAllowedFor(t *testing.T) {
	t.Parallel()
	for country, want := range map[string]compliance.Reason{
		"KR": compliance.ReasonConsent, "US": compliance.ReasonOptOutCountry,
	} {
		f := newFixture(t)
		f.Shop.Policy.Exceptions = true
		f.lately(f.clock.Now(), func(c *contact.Contact) {
			if c.Country = country; country == "US" {
				c.Consent, c.Person.Consent = nil, nil
			}
		})
		sent := f.clock.Now()
		m, err := f.planned(f.spring(func(p *service.CampaignPlan) { p.OnCap, p.Lateness = compliance.WaitOnCap, 1_440 }),
			sent.Add(30*time.Minute))
		if err != nil || m.Basis != want || !m.Planned.Equal(sent.Add(12*time.Hour)) {
			t.Errorf("%s: %q at %s, %v", country, m.Basis, m.Planned, err)
		}
	}
}

// A mail that waits for the cap is one that is sent: the dry run says so, and when.
func TestADryRunWaitsForTheCapAsTheCampaignDoes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		onCap    compliance.OnCap
		lateness int // minutes
		sent     bool
	}{
		"waits":                      {compliance.WaitOnCap, 1_440, true},
		"would wait until too late":  {compliance.WaitOnCap, 60, false},
		"is skipped by its own plan": {compliance.SkipOnCap, 1_440, false},
	} {
		f := newFixture(t)
		before := f.clock.Now()
		f.lately(before, func(*contact.Contact) {})
		plan := f.spring(func(p *service.CampaignPlan) { p.OnCap, p.Lateness = c.onCap, c.lateness })
		run, err := f.DryRunCampaign(t.Context(), plan)
		if err != nil || len(run.Sample) != 1 {
			t.Fatal(name, run, err)
		}
		m, err := f.planned(plan, before.Add(30*time.Minute))
		if err != nil {
			t.Fatal(name, err)
		}
		_, p := f.campaign(plan.ID)
		if one := run.Sample[0]; (run.Mails == 1) != c.sent || (p.Withheld == 0) != c.sent ||
			c.sent && !one.At.Equal(m.Planned) {
			t.Errorf("%s: the dry run says %+v, and it became %+v at %s", name, run, p, m.Planned)
		}
	}
}

// A mail that is planned days ahead takes its place under the cap on the day on which it is sent.
func TestAMailCountsForTheCapFromWhenItIsSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.lately(f.clock.Now().Add(-48*time.Hour), func(c *contact.Contact) { c.Zone = "America/Los_Angeles" })
	m, err := f.planned(f.spring(func(p *service.CampaignPlan) {
		p.Local, p.By = "2026-03-12T10:00", campaign.RecipientClock
	}), time.Date(2026, 3, 11, 20, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	c, err := f.Contacts.Of(t.Context(), person)
	if n := len(c.Recent); err != nil || n != 2 || !c.Recent[n-1].Equal(m.Planned) {
		t.Errorf("planned for %s, counted at %v, %v", m.Planned, c.Recent, err)
	}
}

// Which variant the rest gets is not known before the test is over, so a dry run names none.
func TestADryRunNamesNoVariantForThoseWhoGetTheWinner(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.readers(20)
	c := f.spring(func(p *service.CampaignPlan) {
		p.Variants = []service.Variant{variant("a"), variant("b")}
		p.Test = &service.CampaignTest{Percent: 50, Hours: 4}
	})
	run, err := f.DryRunCampaign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	testers := 0
	for _, one := range run.Sample {
		tester := one.At.Equal(start.Add(30 * time.Minute))
		if tester {
			testers++
		}
		if (one.Variant != "") != tester || (one.Subject != "") != tester {
			t.Errorf("%+v", one)
		}
	}
	if testers == 0 || testers == len(run.Sample) {
		t.Errorf("%d testers of %d", testers, len(run.Sample))
	}
}
