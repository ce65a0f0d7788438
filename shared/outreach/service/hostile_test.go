package service_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/service"
	"dangol/shared/platform/table"
)

func TestOneBadRecipientDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const people = 12
	for i := range people {
		f.agree(fmt.Sprintf("reader%d@example.com", i))
	}
	// An item that is full: whatever is added to it is refused for ever.
	bad := "reader5@example.com"
	_, err := f.Contacts.Change(t.Context(), bad, f.clock.Now(), func(c *contact.Contact) ([]table.Write, bool, error) {
		size, err := table.Size(c)
		c.Name = strings.Repeat("x", table.MaxItem-size-10)
		return nil, false, err
	})
	if err != nil {
		t.Fatal(err)
	}
	words := outbox.Texts{Subject: "봄", Heading: "봄", Body: []string{"봄"}}
	c, err := f.CreateCampaign(t.Context(), service.CampaignPlan{
		Name: "Spring", Topic: "news", Local: "2026-03-10T12:10", By: campaign.ShopClock, Lateness: 600,
		URL:      f.Shop.URL + "/",
		Variants: []service.Variant{{ID: "a", Texts: map[string]outbox.Texts{"ko": words, "en": words}}},
	})
	if err == nil {
		_, err = f.Schedule(t.Context(), c.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.advance(time.Hour)
	got, err := f.GetCampaign(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := f.Progress(t.Context(), got)
	if err != nil || got.Status != campaign.Finished || p.Sent != people-1 || p.Withheld != 1 {
		t.Errorf("%s %+v, %v", got.Status, p, err)
	}
}

func TestWhoLostTheMailThatAsksMayAskAgainTheNextDay(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	asked := func() (n int) {
		t.Helper()
		f.advance(time.Minute)
		for _, m := range f.mails {
			if m.Template == "consent_request" {
				n++
			}
		}
		return n
	}
	ask := func() {
		t.Helper()
		_, err := f.Answer(t.Context(), person, consent.Change{Channel: compliance.Email, Action: consent.Ask,
			At: f.clock.Now(), Source: "form", TextVersion: "1"}, func(*contact.Contact) {})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 5 { // somebody types the address again and again
		ask()
		f.advance(time.Hour)
	}
	if n := asked(); n != 1 {
		t.Errorf("%d mails in five hours", n)
	}
	f.advance(20 * time.Hour)
	ask()
	if n := asked(); n != 2 {
		t.Errorf("%d mails after a day", n)
	}
}

func TestAWholesaleOrderDoesNotFillThePerson(t *testing.T) {
	t.Parallel()
	var p segment.Person
	for i := range segment.MaxOrders {
		o := segment.Order{ID: fmt.Sprintf("ord_%d", i), At: start.Add(time.Duration(i) * time.Hour), Currency: "KRW"}
		for n := range 500 {
			o.Products = append(o.Products, fmt.Sprintf("prod_%026d", n), fmt.Sprintf("prod_%026d", n))
		}
		p.Ordered(o)
	}
	size, err := table.Size(contact.Contact{Person: p})
	if err != nil || size > table.MaxItem/2 {
		t.Errorf("%d bytes, %v", size, err)
	}
	if got := len(p.Orders[0].Products); got != segment.MaxProducts {
		t.Errorf("%d products of an order", got)
	}
}
