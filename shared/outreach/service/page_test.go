package service_test

import (
	"fmt"
	"testing"
	"time"

	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// A stopped campaign has settled everybody: those who have their mail, and those who will have none.
func TestACampaignThatIsStoppedDuringItsTestHasNobodyOpen(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const people = 40
	for i := range people {
		f.agree(fmt.Sprintf("reader%d@example.com", i))
	}
	words := map[string]outbox.Texts{
		"ko": {Subject: "봄", Heading: "봄", Body: []string{"봄"}},
		"en": {Subject: "Spring", Heading: "Spring", Body: []string{"Spring"}},
	}
	c, err := f.CreateCampaign(t.Context(), service.CampaignPlan{
		Name: "Spring", Topic: "news", Local: "2026-03-10T12:10", By: campaign.ShopClock, Lateness: 600,
		URL: f.Shop.URL + "/", Test: &service.CampaignTest{Percent: 50, Hours: 4}, Holdout: 20,
		Variants: []service.Variant{{ID: "a", Texts: words}, {ID: "b", Texts: words}},
	})
	if err == nil {
		_, err = f.Schedule(t.Context(), c.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.advance(30 * time.Minute) // the testers have their mail, the rest waits for the winner
	if _, err := f.Steer(t.Context(), c.ID, campaign.Stopped, "test"); err != nil {
		t.Fatal(err)
	}
	f.advance(time.Hour)
	stopped, err := f.GetCampaign(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := f.Progress(t.Context(), stopped)
	if err != nil || p.Open != 0 || p.Settled() != people || p.Sent == 0 || p.Canceled == 0 {
		t.Errorf("%s %+v of %d people, %v", stopped.Status, p, people, err)
	}
}

// A worker that read a page before the campaign was stopped finds it done and does not open it again.
func TestAPageThatWasEndedDoesNotBeginAgain(t *testing.T) {
	t.Parallel()
	db := &interceptor{}
	f := newFixture(t, db.wrap)
	f.readers(3)
	c := f.spring()
	f.schedule(c)
	f.clock.Advance(30 * time.Minute)
	f.work() // the audience
	f.clock.Advance(time.Minute)
	if _, err := f.Steer(t.Context(), c.ID, campaign.Paused, "test"); err != nil {
		t.Fatal(err)
	}
	page := due.Job{Key: table.Key{PK: "CAMPAIGN#" + c.ID, SK: "PAGE#000001"}}
	// The campaign is stopped and its page ended while a worker is about to put the page off because of the pause.
	db.before = func(operation, pk string) error {
		if operation != "PutItem" || pk != page.Key.PK {
			return nil
		}
		db.before = nil
		if _, err := f.Steer(t.Context(), c.ID, campaign.Stopped, "test"); err != nil {
			return err
		}
		return f.WorkPage(t.Context(), page)
	}
	if err := f.WorkPage(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	f.advance(10 * time.Minute)
	if _, p := f.campaign(c.ID); p.Canceled != 3 || p.Settled() != 3 {
		t.Errorf("3 people, %+v", p)
	}
}
