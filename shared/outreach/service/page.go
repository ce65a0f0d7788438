package service

import (
	"context"
	"errors"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
	"dangol/shared/platform/task"
)

// page is a part of a frozen audience.
type page struct {
	table.Key
	due.Due
	Campaign string   `dynamodbav:"campaign"`
	Contacts []string `dynamodbav:"contacts"`
	// Next is the place in Contacts up to which messages have been planned, in this round: the test, then the rest.
	Next int  `dynamodbav:"next"`
	Rest bool `dynamodbav:"rest"` // the round after the test
	Done bool `dynamodbav:"done"`
}

// WorkPage plans the messages of the recipients on a page. Each is planned in the transaction that notes it on the
// contact, under an id of campaign and contact, so a page that is worked twice plans nobody twice.
func (s *Service) WorkPage(ctx context.Context, job due.Job) error {
	var p page
	if err := s.Table.Get(ctx, job.Key, &p); errors.Is(err, table.ErrNotFound) || p.Done {
		return nil
	} else if err != nil {
		return err
	}
	c, err := s.GetCampaign(ctx, p.Campaign)
	if err != nil {
		return err
	}
	now := s.Clock.Now()
	switch {
	// The rest waits for the winner.
	case c.Status == campaign.Paused || c.Status == campaign.Freezing || p.Rest && c.test() != nil && c.Winner == "" &&
		c.Status == campaign.Sending:
		return s.putOff(ctx, p, now.Add(time.Minute))
	case c.Status != campaign.Sending:
		return s.cancelPage(ctx, c, p, now)
	}
	known, err := s.readPage(ctx, c, p.Contacts[p.Next:], false)
	if err != nil {
		return err
	}
	// The invocation may end in the middle; the place is stored.
	for i := p.Next; i < len(p.Contacts) && ctx.Err() == nil; i++ {
		err := s.recipient(ctx, c, p, known[p.Contacts[i]], now)
		if err != nil && table.Permanent(err) {
			// One recipient who can never be planned must not keep the others of the page from their mail.
			s.Log.ErrorContext(ctx, "recipient left out", "campaign", c.ID, "contact", p.Contacts[i], "error", err)
			err = s.leaveOut(ctx, c, p.Contacts[i], "cannot_be_stored", now)
		}
		if err != nil {
			return err
		}
		p.Next = i + 1
	}
	if p.Next < len(p.Contacts) {
		// A context of its own: the place has to be stored although the time is over.
		return s.putOff(context.WithoutCancel(ctx), p, now)
	}
	// The second round goes over the same contacts and plans those who were no testers.
	if c.test() != nil && !p.Rest {
		p.Rest, p.Next = true, 0
		return s.putOff(ctx, p, now.Add(time.Minute))
	}
	p.Done, p.Due = true, due.Due{}
	return s.savePage(ctx, p)
}

// putOff stores how far a page is and when it goes on.
func (s *Service) putOff(ctx context.Context, p page, at time.Time) error {
	p.Due = due.On(DuePage, p.Key.String(), at)
	return s.savePage(ctx, p)
}

// savePage stores how far a page is, unless it is done. Messages have ids of their own, so that two workers on one page
// plan nobody twice; but a page that one of them has ended must not begin again, or its recipients are counted twice.
func (s *Service) savePage(ctx context.Context, p page) error {
	err := s.Table.Put(ctx, table.Put{Item: p, If: "#done = :no", With: map[string]any{":no": false}})
	if _, done := table.Failed(err); done {
		return nil
	}
	return err
}

// cancelPage counts the recipients of a stopped campaign who have not been planned. The end of the page and the count
// are one transaction.
func (s *Service) cancelPage(ctx context.Context, c *Campaign, p page, now time.Time) error {
	// Neither the place nor the round says it: after a worker that died more have a message than the place says, and in
	// the round of the test the rest of the page is open too.
	known, err := s.readPage(ctx, c, p.Contacts, true)
	if err != nil {
		return err
	}
	open := 0
	for _, r := range known {
		if !r.planned {
			open++
		}
	}
	p.Done, p.Due = true, due.Due{}
	err = s.Table.Transact(ctx, "",
		table.Put{Item: p, If: "#done = :no", With: map[string]any{":no": false}}, // counted once
		outbox.Count(c.source("all"), p.SK, now, outbox.Counters{outbox.CountCanceled: open}),
	)
	if _, met := table.Met(err, 0); met {
		return nil
	}
	return err
}

// pageRecipient is what is known of a recipient before the message is planned.
type pageRecipient struct {
	contact contact.Contact
	planned bool // the message is there already
	erased  bool // the contact is not there any more
}

// readPage reads contacts of a page, and which of them have their message already: a worker that died has left its
// place behind. 2 round trips. To plan messages eventual consistency is enough, because the writes of the message and
// of the contact are conditional; to count those without one it is not.
func (s *Service) readPage(ctx context.Context, c *Campaign, of []string,
	strong bool) (map[string]pageRecipient, error) {
	var people, tasks []table.Key
	for _, contactID := range of {
		people = append(people, contact.KeyOf(contactID))
		tasks = append(tasks, task.KeyOf(outbox.DueMarketing, mailID(c.ID, contactID)))
	}
	contacts, err := s.Table.BatchGet(ctx, strong, people...)
	if err != nil {
		return nil, err
	}
	planned, err := s.Table.BatchGet(ctx, strong, tasks...)
	if err != nil {
		return nil, err
	}
	known := map[string]pageRecipient{}
	for i, contactID := range of {
		r := pageRecipient{contact: contact.Contact{ID: contactID}, erased: true}
		if item, ok := contacts[people[i]]; ok {
			r.erased = false
			if err := item.Decode(&r.contact); err != nil {
				return nil, err
			}
		}
		_, r.planned = planned[tasks[i]]
		known[contactID] = r
	}
	return known, nil
}

// recipient plans the message of one recipient, or records why there is none. 1 round trip.
func (s *Service) recipient(ctx context.Context, c *Campaign, p page, r pageRecipient, now time.Time) error {
	contactID := r.contact.ID
	a := campaign.Assign(c.ID, contactID, c.Plan.Holdout, c.test())
	// Testers and the holdout in the first round, everybody else in the second.
	if c.test() != nil && p.Rest == (a.Tester || a.Holdout) {
		return nil // the other round's
	}
	if r.planned {
		return nil // planned before
	}
	// Erased between freezing and planning; they are counted all the same, so that the campaign
	// ends.
	if r.erased {
		return s.leaveOut(ctx, c, contactID, "erased", now)
	}
	_, err := s.Contacts.ChangeRead(ctx, r.contact, now, func(person *contact.Contact) ([]table.Write, bool, error) {
		planned := s.campaignMessage(c, a, *person)
		if a.Holdout {
			return s.once(planned, s.withhold(planned, "holdout", now)), false, nil
		}
		d := s.decide(c, &planned, *person, now)
		if !d.Allowed {
			return s.once(planned, planned.withheld(string(d.Reason), now)), false, nil
		}
		// Last, because a code that was taken is used up.
		if name := c.Plan.Coupon; name != "" {
			code, until, ok, err := s.coupon(ctx, name, person)
			if err != nil {
				return nil, false, err
			}
			if !ok {
				return s.once(planned, planned.withheld("no_coupon", now)), false, nil
			}
			planned.Mail.Compose.Coupon, planned.Mail.Compose.Until = code, until
		}
		return s.write(planned, person, d, now), false, nil
	})
	// Erased between freezing and planning; they are counted all the same, so that the campaign
	// ends.
	if errors.Is(err, table.ErrNotFound) {
		return s.leaveOut(ctx, c, contactID, "erased", now)
	}
	// The task was there already. When the contact itself was overtaken, ChangeID has tried again.
	if _, refused := table.Refused(err); refused && !table.Permanent(err) {
		return nil // planned already by another worker
	}
	return err
}

// decide asks the gate about a message of a campaign for the time of sending: the cap may be over by then, or the night
// have begun. A message that waits and is not too late afterwards is planned for the end of its wait, and lawful for
// the reason that it has then.
func (s *Service) decide(
	c *Campaign, p *PlannedMessage, person contact.Contact, now time.Time,
) compliance.GateDecision {
	at := p.Mail.Planned
	if at.Before(now) {
		at = now
	}
	d := s.gate(*p, person, at)
	if d.Waits() && c.Plan.OnCap == compliance.WaitOnCap && d.NotBefore.Before(p.Mail.Latest) {
		p.Mail.Planned = d.NotBefore
		d = s.gate(*p, person, d.NotBefore)
	}
	return d
}

// leaveOut records that a recipient gets nothing, without what is known of them.
func (s *Service) leaveOut(ctx context.Context, c *Campaign, contactID, reason string, now time.Time) error {
	p := PlannedMessage{Mail: outbox.Mail{ID: mailID(c.ID, contactID), Source: c.source("all"), Template: "campaign"}}
	err := s.Table.Transact(ctx, "", s.once(p, p.withheld(reason, now))...)
	if _, refused := table.Refused(err); refused && !table.Permanent(err) {
		return nil // recorded already by another worker
	}
	return err
}

// once adds a task that is over to the writes of a message that is not sent, so that it is counted once however often
// the page is worked.
func (s *Service) once(p PlannedMessage, writes []table.Write) []table.Write {
	over := p.Mail.Task(s.Clock.Now())
	over.State, over.Due, over.TTL = task.Done, due.Due{}, s.Clock.Now().Add(task.KeepFor).Unix()
	return append([]table.Write{table.Put{Item: over, If: table.IfNew}}, writes...)
}

// campaignMessage is the mail of a campaign to one recipient.
func (s *Service) campaignMessage(c *Campaign, a campaign.Assignment, person contact.Contact) PlannedMessage {
	// The rest without a winner gets the first.
	variant := c.Plan.Variants[0]
	for _, v := range c.Plan.Variants {
		if a.Tester && v.ID == a.Variant || !a.Tester && v.ID == c.Winner {
			variant = v
		}
	}
	language := person.MailLanguage()
	// Check asks for English and Korean in each variant.
	texts, ok := variant.Texts[language]
	if !ok {
		texts = variant.Texts["en"]
	}
	zone := person.Location(s.Shop.Zone)
	planned := campaign.SendAt(c.local(), c.Plan.By, s.Shop.Zone, zone)
	// The winner goes out later by the time of the test, and not before there is one.
	if t := c.test(); !a.Tester && t != nil {
		planned = campaign.RestAt(c.local(), c.Plan.By, s.Shop.Zone, zone, t.Wait)
	}
	return PlannedMessage{
		Message: compliance.OutgoingMessage{
			Kind: compliance.Marketing, Channel: compliance.Email, Topic: c.Plan.Topic, Subject: texts.Subject,
			Priority: c.Plan.Priority,
			OnCap:    c.Plan.OnCap,
		},
		Mail: outbox.Mail{
			ID: mailID(c.ID, person.ID), Kind: compliance.Marketing, To: person.Email, Language: language, Template: "campaign",
			About:  c.ID,
			Source: c.source(variant.ID), Topic: c.Plan.Topic, Contact: person.ID, Planned: planned,
			Latest:  planned.Add(c.lateness()),
			Compose: &outbox.Compose{Texts: &texts, URL: c.Plan.URL, Name: person.Name},
		},
	}
}
