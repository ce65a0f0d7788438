package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/segment"
	"dangol/shared/platform/due"
	"dangol/shared/platform/format"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// Campaign is one message to many people. What may be changed by its author is in Plan.
type Campaign struct {
	table.Key
	due.Due
	ID      string          `dynamodbav:"id" json:"id"`
	Plan    CampaignPlan    `dynamodbav:"plan" json:"plan"`
	Status  campaign.Status `dynamodbav:"status" json:"status"`
	Why     string          `dynamodbav:"why,omitempty" json:"why,omitempty" doc:"Why it was stopped or paused."`
	Winner  string          `dynamodbav:"winner,omitempty" json:"winner,omitempty" doc:"Variant that the rest of the audience gets."`
	Pages   int             `dynamodbav:"pages" json:"pages"`
	People  int             `dynamodbav:"people" json:"people" doc:"In the audience."`
	Started time.Time       `dynamodbav:"started,omitempty" json:"started,omitzero"`
	Ended   time.Time       `dynamodbav:"ended,omitempty" json:"ended,omitzero"`
	Version int             `dynamodbav:"version" json:"version"`
	// Shard and After are how far the audience is written down.
	Shard int          `dynamodbav:"shard" json:"-"`
	After string       `dynamodbav:"after,omitempty" json:"-"`
	Made  time.Time    `dynamodbav:"made" json:"made"`
	List  string       `dynamodbav:"gsi1pk" json:"-"`
	Place string       `dynamodbav:"gsi1sk" json:"-"`
	Card  CampaignCard `dynamodbav:"card" json:"-"`
}

// CampaignCard is what the list of campaigns shows.
type CampaignCard struct {
	ID     string          `dynamodbav:"id" json:"id"`
	Name   string          `dynamodbav:"name" json:"name"`
	Status campaign.Status `dynamodbav:"status" json:"status"`
	At     time.Time       `dynamodbav:"at" json:"at"`
}

// CampaignPlan is what an author decides.
type CampaignPlan struct {
	Name     string              `json:"name" dynamodbav:"name" minLength:"1" maxLength:"100"`
	Topic    string              `json:"topic" dynamodbav:"topic" enum:"news,offers,tips" doc:"Recipients can switch a topic off."`
	Audience *segment.Condition  `json:"audience,omitempty" dynamodbav:"audience,omitempty" doc:"Everybody who may be written to when absent."`
	Local    string              `json:"local" dynamodbav:"local" pattern:"^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d$" doc:"When, on the clock of By." example:"2026-12-01T10:00"`
	By       campaign.Clock      `json:"by" dynamodbav:"by" enum:"shop,recipient"`
	Variants []Variant           `json:"variants" dynamodbav:"variants" minItems:"1" maxItems:"4" nullable:"false"`
	Test     *CampaignTest       `json:"test,omitempty" dynamodbav:"test,omitempty"`
	Holdout  int                 `json:"holdout,omitempty" dynamodbav:"holdout,omitempty" minimum:"0" maximum:"50" doc:"Percent that get nothing, to measure the effect."`
	Lateness int                 `json:"maxLatenessMinutes" dynamodbav:"maxLateness" minimum:"10" maximum:"10080" doc:"How late a mail may be sent, for example after an outage."`
	Priority compliance.Priority `json:"priority,omitempty" dynamodbav:"priority,omitempty" enum:"normal,high"`
	OnCap    compliance.OnCap    `json:"onCap,omitempty" dynamodbav:"onCap,omitempty" enum:"wait,skip"`
	Coupon   string              `json:"coupon,omitempty" dynamodbav:"coupon,omitempty" maxLength:"40" doc:"Name of a coupon: each recipient gets a code of their own."`
	URL      string              `json:"url" dynamodbav:"url" doc:"Page of the shop that the button leads to."`
}

// Variant is one version of the mail, in each language.
type Variant struct {
	ID    string                  `json:"id" dynamodbav:"id" pattern:"^[a-z0-9]{1,8}$"`
	Texts map[string]outbox.Texts `json:"texts" dynamodbav:"texts" nullable:"false" doc:"By language: ko and en."`
}

// CampaignTest sends variants to a part of the audience first.
type CampaignTest struct {
	Percent int `json:"percent" dynamodbav:"percent" minimum:"1" maximum:"50"`
	Hours   int `json:"hours" dynamodbav:"hours" minimum:"1" maximum:"72"`
}

// localForm is how the time of a campaign is written.
const localForm = "2006-01-02T15:04"

// campaignKey is the key of a campaign; its pages are in the same partition.
func campaignKey(id string) table.Key { return table.Key{PK: "CAMPAIGN#" + id, SK: "CAMPAIGN"} }

// Check says what is wrong with a plan. Error: 422 with field pointers.
func (p CampaignPlan) Check(shopURL string) error {
	fields := p.bounds()
	// fault adds what is wrong with a field.
	fault := func(pointer, text string) {
		fields = append(fields, problem.Field{Pointer: pointer, Code: "campaign_invalid", Message: text})
	}
	if p.Audience != nil {
		for _, f := range p.Audience.Faults() {
			fault("/audience"+f.Pointer, f.Text)
		}
	}
	if _, err := time.Parse(localForm, p.Local); err != nil {
		fault("/local", "is no time such as 2026-12-01T10:00")
	}
	seen := map[string]bool{}
	for i, v := range p.Variants {
		at := fmt.Sprintf("/variants/%d", i)
		if seen[v.ID] {
			fault(at+"/id", "is the id of another variant")
		}
		seen[v.ID] = true
		// Everybody can be written to in one of them.
		for _, language := range []string{"ko", "en"} {
			t, ok := v.Texts[language]
			if !ok {
				fault(at+"/texts/"+language, "is missing")
				continue
			}
			t.Check(at+"/texts/"+language, &fields)
			// Twice the label would be against the form that the law prescribes.
			if compliance.HasLabel(t.Subject) {
				fault(at+"/texts/"+language+"/subject", "has the label of advertising, which is added when it is sent")
			}
		}
	}
	if p.Test != nil && len(p.Variants) < 2 {
		fault("/test", "needs two variants")
	}
	if p.Test == nil && len(p.Variants) > 1 {
		fault("/variants", "more than one needs a test")
	}
	if !within(p.URL, shopURL) {
		fault("/url", "is no page of the shop")
	}
	return fields.Err()
}

// campaignTopics are the topics that a campaign can have.
var campaignTopics = []string{"news", "offers", "tips"}

// bounds are the fields of a plan that are outside of the bounds of their tags, and the values that are none of a list.
func (p CampaignPlan) bounds() (f problem.Fields) {
	f.Text(p.Name, 1, 100, "/name")
	f.OneOf(p.Topic, "/topic", campaignTopics...)
	f.OneOf(string(p.By), "/by", string(campaign.ShopClock), string(campaign.RecipientClock))
	f.OneOf(string(p.Priority), "/priority", "", string(compliance.Normal), string(compliance.High))
	f.OneOf(string(p.OnCap), "/onCap", "", string(compliance.WaitOnCap), string(compliance.SkipOnCap))
	f.Between(p.Holdout, 0, 50, "/holdout")
	f.Between(p.Lateness, 10, 7*24*60, "/maxLatenessMinutes")
	f.Text(p.Coupon, 0, 40, "/coupon")
	f.Count(len(p.Variants), 1, 4, "/variants")
	for i, v := range p.Variants {
		f.Note(format.Name(fmt.Sprintf("/variants/%d/id", i), v.ID, 1, 8, format.Lower("")))
	}
	if p.Test != nil {
		f.Between(p.Test.Percent, 1, 50, "/test/percent")
		f.Between(p.Test.Hours, 1, 72, "/test/hours")
	}
	return f
}

// within reports whether a page belongs to the shop. A prefix alone would let
// "https://shop.example.evil.com" pass.
func within(url, shop string) bool {
	return url == shop || len(url) > len(shop) && url[:len(shop)] == shop &&
		(url[len(shop)] == '/' || url[len(shop)] == '?')
}

// CreateCampaign stores a draft. 1 round trip.
func (s *Service) CreateCampaign(ctx context.Context, p CampaignPlan) (*Campaign, error) {
	if err := p.Check(s.Shop.URL); err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	c := &Campaign{ID: id.New("cmp", now), Plan: p, Status: campaign.Draft, Made: now, Version: 1}
	c.Key, c.List, c.Place = campaignKey(c.ID), "CAMPAIGNS", now.UTC().Format(time.RFC3339Nano)
	c.Card = c.card()
	return c, s.Table.Put(ctx, table.Put{Item: c, If: table.IfNew})
}

// card is what the list shows; it is stored with each write.
func (c *Campaign) card() CampaignCard { return CampaignCard{c.ID, c.Plan.Name, c.Status, c.Made} }

// GetCampaign reads a campaign. 1 round trip. Errors: 404 campaign_not_found.
func (s *Service) GetCampaign(ctx context.Context, campaignID string) (*Campaign, error) {
	var c Campaign
	err := s.Table.Get(ctx, campaignKey(campaignID), &c)
	if errors.Is(err, table.ErrNotFound) {
		return nil, problem.NotFound("campaign_not_found", "There is no such campaign.")
	}
	return &c, err
}

// Campaigns lists campaigns, newest first. 1 round trip.
func (s *Service) Campaigns(ctx context.Context, limit int, after table.Cursor) ([]CampaignCard, table.Cursor, error) {
	page, err := s.Table.Query(ctx, table.Query{
		Index: table.ByOne, Where: "#gsi1pk = :list", With: map[string]any{":list": "CAMPAIGNS"}, Limit: limit, After: after,
		Backwards: true,
	})
	if err != nil {
		return nil, "", err
	}
	cards := []CampaignCard{}
	for _, item := range page.Items {
		var c struct {
			Card CampaignCard `dynamodbav:"card"`
		}
		if err := item.Decode(&c); err != nil {
			return nil, "", err
		}
		cards = append(cards, c.Card)
	}
	return cards, page.Next, nil
}

// change replaces a campaign by its next version. Errors: 409 campaign_changed when another one came between.
func (s *Service) change(ctx context.Context, c *Campaign, writes ...table.Write) error {
	read := c.Version
	c.Version++
	c.Card = c.card()
	// only what was read is replaced
	put := table.Put{Item: c, If: "#version = :read", With: map[string]any{":read": read}}
	err := s.put(ctx, put, writes)
	// The campaign is the first write; what else was refused is the caller's to judge.
	if _, met := table.Met(err, 0); met {
		return problem.Conflict("campaign_changed", "The campaign has changed meanwhile; read it again.")
	}
	return err
}

// put writes a campaign alone or with others.
func (s *Service) put(ctx context.Context, put table.Put, writes []table.Write) error {
	if len(writes) == 0 {
		return s.Table.Put(ctx, put)
	}
	return s.Table.Transact(ctx, "", append([]table.Write{put}, writes...)...)
}

// Schedule lets a draft start at its time. Errors: 409 campaign_state, 422 campaign_too_late.
func (s *Service) Schedule(ctx context.Context, campaignID string) (*Campaign, error) {
	c, err := s.GetCampaign(ctx, campaignID)
	if err != nil {
		return nil, err
	}
	if !campaign.May(c.Status, campaign.Scheduled) {
		return nil, stateProblem(c, "scheduled")
	}
	start := campaign.FreezeAt(c.local(), c.Plan.By, s.Shop.Zone)
	// Checked again when it starts.
	if campaign.TooLate(campaign.LastDue(c.local(), c.Plan.By, s.Shop.Zone), s.Clock.Now(), c.lateness()) {
		return nil, problem.InvalidField("/local", "campaign_too_late", "The time of the campaign has passed.")
	}
	c.Status = campaign.Scheduled
	c.Due = due.On(DueCampaign, c.ID, start)
	return c, s.change(ctx, c)
}

// stateProblem is the answer to a step that the state does not allow.
func stateProblem(c *Campaign, to string) error {
	return problem.Conflict("campaign_state", "A campaign that is %s cannot be %s.", c.Status, to)
}

// Steer pauses, resumes or stops a campaign. Errors: 409 campaign_state.
func (s *Service) Steer(ctx context.Context, campaignID string, to campaign.Status, why string) (*Campaign, error) {
	c, err := s.GetCampaign(ctx, campaignID)
	if err != nil {
		return nil, err
	}
	if !campaign.May(c.Status, to) {
		return nil, stateProblem(c, string(to))
	}
	c.Status, c.Why = to, why
	switch to {
	case campaign.Stopped:
		c.Ended = s.Clock.Now()
		c.Due = due.Due{}
	// Also when it is paused: the job then takes itself out of the index.
	case campaign.Sending, campaign.Paused:
		c.Due = due.On(DueCampaign, c.ID, s.Clock.Now().Add(time.Minute))
	}
	return c, s.change(ctx, c)
}

// local is the time on the wall, as if in UTC; SendAt gives it a zone.
func (c *Campaign) local() time.Time {
	at, _ := time.Parse(localForm, c.Plan.Local)
	return at
}

// lateness is how late a mail may be sent.
func (c *Campaign) lateness() time.Duration { return time.Duration(c.Plan.Lateness) * time.Minute }

// test is the A/B test with the ids of its variants; nil when there is none.
func (c *Campaign) test() *campaign.Test {
	if c.Plan.Test == nil {
		return nil
	}
	t := &campaign.Test{Percent: c.Plan.Test.Percent, Wait: time.Duration(c.Plan.Test.Hours) * time.Hour}
	for _, v := range c.Plan.Variants {
		t.Variants = append(t.Variants, v.ID)
	}
	return t
}

// source is what the campaign's messages are counted under.
func (c *Campaign) source(variant string) outbox.Source {
	return outbox.Source{Name: "campaign:" + c.ID, Step: variant}
}

// Progress is how far a campaign is, by the counters of what has been settled.
type Progress struct {
	campaign.Tally
	Delivered int `json:"delivered"`
	SESSent   int `json:"sesSent" doc:"Mails that SES itself reports as sent."`
	Open      int `json:"open" doc:"Still to come."`
}

// Progress adds up what the counters say. 1 round trip.
func (s *Service) Progress(ctx context.Context, c *Campaign) (Progress, map[string]outbox.Counters, error) {
	report, err := s.Outbox.Report(ctx, c.source("").Name)
	if err != nil {
		return Progress{}, nil, err
	}
	p := Progress{Tally: campaign.Tally{Recipients: c.People}}
	// Every variant and the counters that belong to none.
	for _, n := range report {
		p.Sent += n[outbox.CountSent]
		p.Rejected += n[outbox.CountRejected]
		p.Unknown += n[outbox.CountUnknown]
		p.Withheld += n[outbox.CountWithheld] + n[outbox.CountHeldOut]
		p.Canceled += n[outbox.CountCanceled]
		p.Delivered += n[outbox.CountDelivered]
		p.SESSent += n[outbox.CountSES]
	}
	p.Open = p.Tally.Open()
	return p, report, nil
}
