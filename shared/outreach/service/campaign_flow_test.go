package service_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"dangol/infra/testkit/localtest"
	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/due"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// spring is a campaign at half past twelve by the shop's clock, half an hour after the tests begin.
func (f *fixture) spring(adjust ...func(*service.CampaignPlan)) *service.Campaign {
	f.t.Helper()
	p := service.CampaignPlan{
		Name: "Spring", Topic: "news", Local: "2026-03-10T12:30", By: campaign.ShopClock, Lateness: 600,
		URL: f.Shop.URL + "/", Variants: []service.Variant{variant("a")},
	}
	for _, change := range adjust {
		change(&p)
	}
	c, err := f.CreateCampaign(f.t.Context(), p)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

func variant(id string) service.Variant {
	return service.Variant{ID: id, Texts: map[string]outbox.Texts{
		"ko": {Subject: "봄 " + id, Heading: "봄", Body: []string{"봄"}},
		"en": {Subject: "Spring " + id, Heading: "Spring", Body: []string{"Spring"}},
	}}
}

func (f *fixture) schedule(c *service.Campaign) {
	f.t.Helper()
	if _, err := f.Schedule(f.t.Context(), c.ID); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) campaign(id string) (*service.Campaign, service.Progress) {
	f.t.Helper()
	c, err := f.GetCampaign(f.t.Context(), id)
	if err != nil {
		f.t.Fatal(err)
	}
	p, _, err := f.Progress(f.t.Context(), c)
	if err != nil {
		f.t.Fatal(err)
	}
	return c, p
}

// readers are people who have agreed, all in one list of contacts: a campaign has a page for each list, and each page
// is worked for itself, which takes its time.
func (f *fixture) readers(n int) (emails []string) {
	f.t.Helper()
	for i := 0; len(emails) < n; i++ {
		if email := fmt.Sprintf("reader%d@example.com", i); contact.New(email).List == contact.ListOf(0) {
			f.agree(email)
			emails = append(emails, email)
		}
	}
	return emails
}

func TestAPlanOfACampaignNamesEachFieldThatIsWrong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct {
		change  func(*service.CampaignPlan)
		pointer string
	}{
		"no time": {func(p *service.CampaignPlan) { p.Local = "2026-02-30T12:00" }, "/local"},
		"two equal variants": {func(p *service.CampaignPlan) {
			p.Variants, p.Test = []service.Variant{variant("a"), variant("a")}, &service.CampaignTest{Percent: 10, Hours: 1}
		}, "/variants/1/id"},
		"variants without test": {func(p *service.CampaignPlan) {
			p.Variants = []service.Variant{variant("a"),
				variant("b")}
		}, "/variants"},
		"a test of one variant": {func(p *service.CampaignPlan) { p.Test = &service.CampaignTest{Percent: 10, Hours: 1} },
			"/test"},
		"no Korean text": {func(p *service.CampaignPlan) { delete(p.Variants[0].Texts, "ko") },
			"/variants/0/texts/ko"},
		"the label in the text": {func(p *service.CampaignPlan) {
			p.Variants[0].Texts["ko"] = outbox.Texts{Subject: "(광고) 봄", Heading: "봄", Body: []string{"봄"}}
		}, "/variants/0/texts/ko/subject"},
		"another shop's page": {func(p *service.CampaignPlan) { p.URL = "https://shop.example.com.evil.example/" },
			"/url"},
		"a page at another port": {func(p *service.CampaignPlan) { p.URL = f.Shop.URL + ":8080/" }, "/url"},
		"an audience of nobody":  {func(p *service.CampaignPlan) { p.Audience = &segment.Condition{} }, "/audience"},
	} {
		p := service.CampaignPlan{
			Name: "Spring", Topic: "news", Local: "2026-03-10T12:30", By: campaign.ShopClock, URL: f.Shop.URL + "/?a=1",
			Lateness: 60, Variants: []service.Variant{variant("a")},
		}
		if err := p.Check(f.Shop.URL); err != nil {
			t.Fatal(err)
		}
		c.change(&p)
		_, err := f.CreateCampaign(t.Context(), p)
		if got := problem.From(err); got.Status != 422 || len(got.Fields) != 1 ||
			!strings.HasPrefix(got.Fields[0].Pointer, c.pointer) {
			t.Errorf("%s: %v, fields %+v", name, err, got.Fields)
		}
	}
	if cards, _, err := f.Campaigns(t.Context(), 10, ""); err != nil || len(cards) != 0 {
		t.Errorf("stored all the same: %+v, %v", cards, err)
	}
}

func TestCampaignsAreListedNewestFirstPageByPageWithTheirState(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for n := range 5 {
		c := f.spring(func(p *service.CampaignPlan) { p.Name = fmt.Sprint("number ", n) })
		f.clock.Advance(time.Second)
		if n == 4 {
			f.schedule(c)
		}
	}
	var names []string
	for after, pages := table.Cursor(""), 0; pages == 0 || after != ""; pages++ {
		cards, next, err := f.Campaigns(t.Context(), 2, after)
		if err != nil || pages > 3 {
			t.Fatal(pages, err)
		}
		for _, card := range cards {
			names = append(names, card.Name+" "+string(card.Status))
		}
		after = next
	}
	want := []string{"number 4 scheduled", "number 3 draft", "number 2 draft", "number 1 draft", "number 0 draft"}
	if !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
}

func TestACampaignIsSteeredOnlyWhereItsStateAllows(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.readers(3)
	c := f.spring()
	steer := func(to campaign.Status, want string) {
		t.Helper()
		got, err := f.Steer(t.Context(), c.ID, to, "by a merchant")
		if problem.Code(err) != want || want == "" && (err != nil || got.Status != to || got.Why != "by a merchant") {
			t.Errorf("to %s: %v", to, err)
		}
	}
	steer(campaign.Paused, "campaign_state")
	f.schedule(c)
	if _, err := f.Schedule(t.Context(), c.ID); problem.Code(err) != "campaign_state" {
		t.Errorf("scheduled twice: %v", err)
	}
	f.clock.Advance(30 * time.Minute)
	f.work() // the audience is written down
	steer(campaign.Paused, "")
	f.advance(5 * time.Minute)
	if got, p := f.campaign(c.ID); len(f.mails) != 0 || got.Status != campaign.Paused || p.Open != 3 {
		t.Errorf("while paused: %d mails, %s, %d open", len(f.mails), got.Status, p.Open)
	}
	steer(campaign.Sending, "")
	f.advance(10 * time.Minute)
	if got, p := f.campaign(c.ID); len(f.mails) != 3 || got.Status != campaign.Finished || p.Sent != 3 {
		t.Errorf("after it goes on: %d mails, %s %+v", len(f.mails), got.Status, p)
	}
	steer(campaign.Stopped, "campaign_state") // it is over
	if _, err := f.Steer(t.Context(), "cmp_none", campaign.Stopped, ""); problem.Code(err) != "campaign_not_found" {
		t.Errorf("a campaign that nobody knows: %v", err)
	}
}

func TestWhenACampaignIsTooLate(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.readers(1)
	missed := f.spring(func(p *service.CampaignPlan) { p.Lateness = 10 })
	late := f.spring(func(p *service.CampaignPlan) { p.Lateness = 10 })
	f.schedule(late)
	f.clock.Advance(41 * time.Minute) // an outage
	_, err := f.Schedule(t.Context(), missed.ID)
	if p := problem.From(err); len(p.Fields) != 1 || p.Fields[0].Code != "campaign_too_late" {
		t.Errorf("scheduled after its time: %v", err)
	}
	f.advance(5 * time.Minute)
	if got, _ := f.campaign(late.ID); got.Status != campaign.Stopped || got.Why != "too_late" || len(f.mails) != 0 {
		t.Errorf("%s %q, %d mails", got.Status, got.Why, len(f.mails))
	}
}

// Ten in the morning is ten in the morning where the recipient is; the shop's clock stands in where nothing is known.
func TestRecipientsGetACampaignByTheirOwnClock(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	zones := map[string]string{
		"auckland@example.com": "Pacific/Auckland", "seoul@example.com": "", "la@example.com": "America/Los_Angeles",
	}
	for email, zone := range zones {
		f.agree(email)
		_, err := f.Contacts.Change(t.Context(), email, f.clock.Now(), func(c *contact.Contact) ([]table.Write, bool, error) {
			c.Zone = zone
			return nil, false, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	c := f.spring(func(p *service.CampaignPlan) { p.Local, p.By = "2026-03-12T10:00", campaign.RecipientClock })
	run, err := f.DryRunCampaign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range run.Sample {
		got[m.Contact] = m.At.UTC().Format("01-02 15:04")
	}
	want := map[string]string{
		consent.ContactID("auckland@example.com"): "03-11 21:00", consent.ContactID("seoul@example.com"): "03-12 01:00",
		consent.ContactID("la@example.com"): "03-12 17:00",
	}
	if !maps.Equal(got, want) {
		t.Errorf("planned for %v, want %v", got, want)
	}
}

func TestTheVariantThatIsClickedMoreGoesToTheRest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	// So many that somebody is in each group, whatever the campaign's id divides them into.
	const people = 60
	f.readers(people)
	c := f.spring(func(p *service.CampaignPlan) {
		p.Test, p.Holdout = &service.CampaignTest{Percent: 50, Hours: 1}, 20
		p.Variants = []service.Variant{variant("a"), variant("b")}
	})
	f.schedule(c)
	f.clock.Advance(30 * time.Minute)
	f.advance(3 * time.Minute)
	testers := len(f.mails)
	for _, m := range f.mails {
		if m.Source.Step == "b" {
			if err := f.CountOnce(t.Context(), m.ID, outbox.CountClicked, "clicked"); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.clock.Advance(56 * time.Minute)
	f.work()
	if len(f.mails) != testers || testers == 0 {
		t.Fatalf("%d mails before the test is over, %d testers", len(f.mails), testers)
	}
	f.advance(5 * time.Minute)
	got, p := f.campaign(c.ID)
	if got.Winner != "b" || got.Status != campaign.Finished || p.Sent+p.Withheld != people || p.Withheld == 0 {
		t.Errorf("winner %q, %s, %+v", got.Winner, got.Status, p)
	}
	to := map[string]int{}
	for i, m := range f.mails {
		if to[m.To]++; i >= testers && m.Source.Step != "b" {
			t.Errorf("%s of the rest gets %s", m.To, m.Source.Step)
		}
	}
	if len(to) != len(f.mails) {
		t.Errorf("%d mails to %d people", len(f.mails), len(to))
	}
}

// What a dry run says is what happens, person by person, and it leaves nothing behind.
func TestADryRunOfACampaignIsWhatHappens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.readers(20)
	f.take("stranger@example.com", "product.viewed") // known, and has agreed to nothing
	c := f.spring(func(p *service.CampaignPlan) { p.Holdout = 30 })
	run, err := f.DryRunCampaign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	again, err := f.DryRunCampaign(t.Context(), c)
	if err != nil || !maps.Equal(run.Reasons, again.Reasons) || f.sent("campaign") != 0 {
		t.Errorf("another answer the second time: %v and %v, %v", run.Reasons, again.Reasons, err)
	}
	f.schedule(c)
	f.clock.Advance(30 * time.Minute)
	f.advance(3 * time.Minute)
	got, p := f.campaign(c.ID)
	if run.People != 21 || got.People != run.People || p.Sent != run.Mails || len(f.mails) != run.Mails ||
		p.Withheld == 0 || p.Withheld != run.Reasons["holdout"]+run.Reasons["no_consent"] {
		t.Errorf("the dry run says %+v, and it became %+v", run, p)
	}
	for _, one := range run.Sample {
		sent := slices.ContainsFunc(f.mails, func(m outbox.Mail) bool { return m.Contact == one.Contact })
		if sent != (one.Reason == string(compliance.ReasonConsent)) {
			t.Errorf("%s: %s, sent: %v", one.Contact, one.Reason, sent)
		}
	}
}

// Somebody who is erased between planning and sending is settled, so that the campaign ends.
func TestACampaignEndsAlthoughARecipientWasErased(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	emails := f.readers(3)
	c := f.spring()
	f.schedule(c)
	f.clock.Advance(30 * time.Minute)
	f.work()
	if err := f.Erase(t.Context(), emails[1]); err != nil {
		t.Fatal(err)
	}
	f.advance(5 * time.Minute)
	if got, p := f.campaign(c.ID); got.Status != campaign.Finished || p.Sent != 2 || p.Withheld != 1 {
		t.Errorf("%s %+v", got.Status, p)
	}
}

// What an operator is shown before saving is who is in it afterwards.
func TestASegmentHasThePeopleThatItsPreviewCounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.Commerce = localtest.Table(t, table.Commerce)
	emails := f.readers(12)
	everybody := segment.Condition{Consent: &segment.ConsentCondition{Channel: compliance.Email, Is: compliance.Given}}
	if _, err := f.SaveSegment(t.Context(), "agreed", everybody); err != nil {
		t.Fatal(err)
	}
	f.advance(5 * time.Minute)
	count, err := f.CountSegment(t.Context(), everybody)
	if err != nil || count.People != 12 || count.Looked != 12 || len(count.Sample) != 10 || count.Partial {
		t.Errorf("%+v, %v", count, err)
	}
	for _, email := range emails {
		if !f.in(email, "agreed") {
			t.Errorf("%s is not in", email)
		}
	}
}

// A mail that an operator sends again belongs to a recipient who is counted already: nobody else is taken for settled.
func TestAMailThatIsSentAgainIsCountedForOneRecipient(t *testing.T) {
	t.Parallel()
	for _, state := range []outbox.State{outbox.Rejected, outbox.Unknown} {
		f := newFixture(t)
		emails := f.readers(2)
		c := f.spring()
		f.schedule(c)
		f.clock.Advance(30 * time.Minute)
		f.work() // the audience
		f.clock.Advance(time.Minute)
		for range 2 { // both mails are planned, and the mailer has sent none
			if err := f.WorkPage(t.Context(), due.Job{Key: table.Key{PK: "CAMPAIGN#" + c.ID, SK: "PAGE#000001"}}); err != nil {
				t.Fatal(err)
			}
		}
		failed := outbox.Mail{
			ID: c.ID + "-" + consent.ContactID(emails[0]), Kind: compliance.Marketing, To: emails[0], Template: "campaign",
			Source: outbox.Source{Name: "campaign:" + c.ID, Step: "a"}, Contact: consent.ContactID(emails[0]),
		}
		var queued task.Task[outbox.Mail]
		if err := f.Table.Get(t.Context(), task.KeyOf(outbox.DueMarketing, failed.ID), &queued); err != nil {
			t.Fatal(err)
		}
		queued.State, queued.Due = task.Done, due.Due{}
		writes := append(failed.Settle(state, "", "test", f.clock.Now()), table.Put{Item: queued})
		if err := f.Table.Transact(t.Context(), "", writes...); err != nil {
			t.Fatal(err)
		}
		if _, p := f.campaign(c.ID); p.Open != 1 {
			t.Errorf("%s: %+v", state, p)
		}
		for range 2 {
			if _, err := f.Resend(t.Context(), failed.ID); err != nil {
				t.Fatal(err)
			}
		}
		if _, p := f.campaign(c.ID); p.Open != 2 || p.Settled() != 0 {
			t.Errorf("%s, sent again: %+v", state, p)
		}
		f.advance(10 * time.Minute)
		if got, p := f.campaign(c.ID); got.Status != campaign.Finished || p.Sent != 2 || p.Settled() != 2 {
			t.Errorf("%s, in the end: %s %+v", state, got.Status, p)
		}
		// SES says late what it did with the first one: the recipient is counted by the second one already.
		for _, kind := range []string{"Send", "Send", "Reject"} {
			e := outbox.SESEvent{EventType: kind}
			e.Mail.MessageID, e.Mail.Timestamp = "ses-1", f.clock.Now()
			e.Mail.Tags = map[string][]string{outbox.Tag: {failed.ID}}
			h := outbox.SESEventHandler{Store: f.Outbox, Contacts: f.Contacts}
			if err := h.Handle(t.Context(), e, f.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
		if _, p := f.campaign(c.ID); p.Sent != 2 || p.Settled() != 2 || p.Unknown != 0 || p.Rejected != 0 {
			t.Errorf("%s, after late events: %+v", state, p)
		}
		if failures, _, err := f.Outbox.Failures(t.Context(), 10, ""); err != nil || len(failures) != 0 {
			t.Errorf("%s: listed once more: %+v, %v", state, failures, err)
		}
	}
}
