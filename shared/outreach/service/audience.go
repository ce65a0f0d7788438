package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/webhook"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// A page is as many contacts as are read and planned within one invocation with time to spare.
const (
	pageSize   = 100
	freezeSize = 20 // pages of an invocation
	// pageEvery is the distance of pages in time: the outbox gets messages no faster than a large account sends them.
	pageEvery = 500 * time.Millisecond
)

// ReadContacts reads a slice of the list of all contacts, in order of their ids, and returns where to go on: the next
// shard and id. done says that there are no more. 2 round trips and more for 100 contacts.
func (s *Service) ReadContacts(ctx context.Context, shard int, after string) (found []contact.Contact, nextShard int,
	nextAfter string, err error) {
	where, with := "#gsi1pk = :list", map[string]any{":list": contact.ListOf(shard)}
	// By id and not by cursor, because the place is stored with the campaign.
	if after != "" {
		where, with[":after"] = where+" AND #gsi1sk > :after", after
	}
	listed, err := s.Table.Query(ctx, table.Query{Index: table.ByOne, Where: where, With: with, Limit: pageSize})
	if err != nil {
		return nil, shard, after, err
	}
	// The index has keys only.
	keys := make([]table.Key, len(listed.Items))
	for i, item := range listed.Items {
		keys[i] = item.Key()
	}
	items, err := s.Table.BatchGet(ctx, false, keys...)
	if err != nil {
		return nil, shard, after, err
	}
	for _, key := range keys {
		// Deleted since the index was read.
		item, ok := items[key]
		if !ok {
			continue
		}
		var c contact.Contact
		if err := item.Decode(&c); err != nil {
			return nil, shard, after, err
		}
		found = append(found, c)
		// The place in the list is the contact's id.
		after = c.Place
	}
	// Fewer than asked for is the end of the shard, unless DynamoDB has cut the page at a megabyte.
	if len(listed.Items) < pageSize && listed.Next == "" {
		return found, shard + 1, "", nil
	}
	return found, shard, after, nil
}

// WorkCampaign moves a campaign on: it writes its audience down, decides its test, and finishes it.
func (s *Service) WorkCampaign(ctx context.Context, job due.Job) error {
	var c Campaign
	if err := s.Table.Get(ctx, job.Key, &c); errors.Is(err, table.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	switch c.Status {
	case campaign.Scheduled:
		// Too late also for the last recipient: after an outage of days the campaign is over.
		if campaign.TooLate(campaign.LastDue(c.local(), c.Plan.By, s.Shop.Zone), s.Clock.Now(), c.lateness()) {
			c.Status, c.Why, c.Ended, c.Due = campaign.Stopped, "too_late", s.Clock.Now(), due.Due{}
			return s.change(ctx, &c)
		}
		c.Status, c.Started = campaign.Freezing, s.Clock.Now()
		return s.freeze(ctx, &c)
	case campaign.Freezing:
		return s.freeze(ctx, &c)
	case campaign.Sending:
		return s.watch(ctx, &c)
	}
	// A paused or ended campaign has no job; resuming makes one.
	c.Due = due.Due{}
	return s.change(ctx, &c)
}

// freeze writes down the next pages of the audience. Where it stands is stored with each page, so a worker that dies
// repeats nothing.
func (s *Service) freeze(ctx context.Context, c *Campaign) error {
	now := s.Clock.Now()
	for range freezeSize {
		// All shards are read: everybody is written down.
		if c.Shard >= contact.Shards {
			c.Status = campaign.Sending
			c.Due = due.On(DueCampaign, c.ID, now.Add(time.Minute))
			return s.change(ctx, c)
		}
		found, shard, after, err := s.ReadContacts(ctx, c.Shard, c.After)
		if err != nil {
			return err
		}
		var members []string
		for _, person := range found {
			if c.Plan.Audience == nil || c.Plan.Audience.Holds(person.Person, now) {
				members = append(members, person.ID)
			}
		}
		// Stored with the page, or with the next one.
		c.Shard, c.After = shard, after
		c.Due = due.On(DueCampaign, c.ID, now.Add(time.Second))
		if len(members) == 0 {
			continue // an empty page is none; the place is stored with the next
		}
		c.Pages++
		c.People += len(members)
		key := table.Key{PK: "CAMPAIGN#" + c.ID, SK: fmt.Sprintf("PAGE#%06d", c.Pages)}
		// Pages are worked one after the other, so that the outbox is not flooded at once.
		first := campaign.FreezeAt(c.local(), c.Plan.By, s.Shop.Zone)
		if first.Before(now) {
			first = now
		}
		p := page{Key: key, Campaign: c.ID, Contacts: members,
			Due: due.On(DuePage, key.String(), first.Add(time.Duration(c.Pages)*pageEvery))}
		if err := s.change(ctx, c, table.Put{Item: p, If: table.IfNew}); err != nil { // a page is written once
			return err
		}
	}
	return s.change(ctx, c)
}

// watch decides the test when its time is over, and ends a campaign of which everybody is settled.
func (s *Service) watch(ctx context.Context, c *Campaign) error {
	now := s.Clock.Now()
	progress, report, err := s.Progress(ctx, c)
	if err != nil {
		return err
	}
	if t := c.test(); t != nil && c.Winner == "" &&
		!now.Before(campaign.DecideAt(c.local(), c.Plan.By, s.Shop.Zone, t.Wait)) {
		results := make([]campaign.Result, len(t.Variants))
		for i, v := range t.Variants {
			results[i] = campaign.Result{Variant: v, Sent: report[v][outbox.CountSent], Clicked: report[v][outbox.CountClicked]}
		}
		winner, _, ok := campaign.Winner(results)
		// Nothing was sent: the first variant is as good as any.
		if !ok {
			winner = t.Variants[0]
		}
		c.Winner = winner
	}
	c.Due = due.On(DueCampaign, c.ID, now.Add(time.Minute))
	// Everybody is settled; clicks that come later are still counted in the report.
	if progress.Open > 0 {
		return s.change(ctx, c)
	}
	c.Status, c.Ended, c.Due = campaign.Finished, now, due.Due{}
	finished, err := s.Webhooks.Writes(ctx, webhook.CampaignFinished, c.ID, map[string]any{
		"campaign": c.ID, "name": c.Plan.Name, "people": c.People, "sent": progress.Sent, "unknown": progress.Unknown,
		"rejected": progress.Rejected, "withheld": progress.Withheld,
	})
	if err != nil {
		return err
	}
	return s.change(ctx, c, finished...)
}

// DryRun is what a campaign would do, without doing it.
type DryRun struct {
	People  int            `json:"people" doc:"In the audience."`
	Mails   int            `json:"mails" doc:"That would be sent."`
	Reasons map[string]int `json:"reasons" doc:"How many are allowed or withheld, by reason."`
	Sample  []DryRunMail   `json:"sample" nullable:"false" doc:"The first of them."`
	Partial bool           `json:"partial,omitempty" doc:"The audience is larger than what was looked at."`
}

// DryRunMail is one message of a dry run.
type DryRunMail struct {
	Contact string    `json:"contact"`
	At      time.Time `json:"at"`
	Variant string    `json:"variant,omitempty" doc:"Absent for those who get the variant that wins the test."`
	Subject string    `json:"subject,omitempty" doc:"Absent as variant is."`
	Reason  string    `json:"reason"`
}

// More would not be read within the timeout of a request.
const (
	dryRunMost   = 20_000
	dryRunSample = 50
)

// DryRunCampaign says who would get what, when, and why or why not. It writes nothing and gives the same answer twice.
func (s *Service) DryRunCampaign(ctx context.Context, c *Campaign) (DryRun, error) {
	run := DryRun{Reasons: map[string]int{}, Sample: []DryRunMail{}}
	err := s.each(ctx, c.Plan.Audience, &run.Partial, func(person contact.Contact) {
		a := campaign.Assign(c.ID, person.ID, c.Plan.Holdout, c.test())
		planned := s.campaignMessage(c, a, person)
		reason, subject := "holdout", ""
		if !a.Holdout {
			d := s.decide(c, &planned, person, s.Clock.Now())
			reason, subject = string(d.Reason), d.Subject
			if d.Allowed {
				run.Mails++
			}
		}
		variant := planned.Mail.Source.Step
		// Nobody knows yet what the test will say.
		if c.test() != nil && !a.Tester && c.Winner == "" {
			variant, subject = "", ""
		}
		run.People++
		run.Reasons[reason]++
		if len(run.Sample) < dryRunSample {
			run.Sample = append(run.Sample, DryRunMail{person.ID, planned.Mail.Planned, variant, subject, reason})
		}
	})
	return run, err
}

// each calls with every contact of an audience, up to dryRunMost.
func (s *Service) each(ctx context.Context, audience *segment.Condition, partial *bool,
	with func(contact.Contact)) error {
	now, looked := s.Clock.Now(), 0
	for shard, after := 0, ""; shard < contact.Shards; {
		found, nextShard, nextAfter, err := s.ReadContacts(ctx, shard, after)
		if err != nil {
			return err
		}
		for _, person := range found {
			if audience == nil || audience.Holds(person.Person, now) {
				with(person)
			}
		}
		if looked += len(found); looked >= dryRunMost {
			*partial = true
			return nil
		}
		shard, after = nextShard, nextAfter
	}
	return nil
}
