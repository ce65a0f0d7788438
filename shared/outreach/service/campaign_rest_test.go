package service_test

import (
	"testing"
	"time"

	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/service"
)

// By the recipient's clock the test is decided when the last zone has had the time to read it: in Seoul that is 21
// hours after the test was sent there, and the rest still gets its mail at its own time of day.
func TestTheRestOfATestByTheRecipientsClockGetsTheWinner(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const people = 30
	f.readers(people)
	c := f.spring(func(p *service.CampaignPlan) {
		p.Local, p.By, p.Lateness = "2026-03-12T10:00", campaign.RecipientClock, 60
		p.Test, p.Variants = &service.CampaignTest{Percent: 50, Hours: 2}, []service.Variant{variant("a"), variant("b")}
	})
	f.schedule(c)
	for range 76 * 3 { // until four hours after the rest is due
		f.clock.Advance(20 * time.Minute)
		f.work()
	}
	got, p := f.campaign(c.ID)
	if got.Status != campaign.Finished || p.Sent != people {
		t.Errorf("%s, %+v", got.Status, p)
	}
	for _, m := range f.mails {
		if at := m.Planned.In(f.Shop.Zone).Format("02 15:04"); at != "12 10:00" && at != "13 12:00" {
			t.Errorf("planned for %s", at)
		}
	}
}
