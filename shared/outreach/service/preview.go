package service

import (
	"context"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/mail/texts"
	"dangol/shared/outbox"
	"dangol/shared/outreach/campaign"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/sequence"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// PreviewOf says which message is looked at, and with whose profile.
type PreviewOf struct {
	Sequence string            `json:"sequence,omitempty" maxLength:"40" doc:"Id of a series, with step; or campaign."`
	Step     string            `json:"step,omitempty" maxLength:"40" doc:"Id of a step that sends."`
	Campaign string            `json:"campaign,omitempty" maxLength:"60" doc:"Id of a campaign."`
	Variant  string            `json:"variant,omitempty" maxLength:"8" doc:"Of the campaign; the first when absent."`
	Email    string            `json:"email" maxLength:"254" format:"email" doc:"Whose profile is used."`
	Data     map[string]string `json:"data,omitempty" doc:"Fields of the event: cartId, orderId."`
}

// Preview is a message as the person would get it now.
type Preview struct {
	Channel   string           `json:"channel"`
	Language  string           `json:"language"`
	Subject   string           `json:"subject" doc:"With the label that the country asks for."`
	Preheader string           `json:"preheader,omitempty"`
	Heading   string           `json:"heading,omitempty"`
	Body      []string         `json:"body" nullable:"false"`
	Button    string           `json:"button,omitempty"`
	URL       string           `json:"url,omitempty"`
	Coupon    bool             `json:"coupon" doc:"A code of the recipient's own is in it. None is used up by a preview."`
	Products  []outbox.Product `json:"products" nullable:"false"`
	Allowed   bool             `json:"allowed" doc:"What the gate says of this person now."`
	Reason    string           `json:"reason"`
}

// Preview composes a message with the profile of a person, known or not. It writes nothing. Errors: 404
// sequence_not_found, step_not_found, campaign_not_found.
func (s *Service) Preview(ctx context.Context, of PreviewOf) (Preview, error) {
	p, c, err := s.previewed(ctx, of)
	if err != nil {
		return Preview{}, err
	}
	words, err := wordsOf(p, s.Shop.Name)
	if err != nil {
		return Preview{}, err
	}
	// The gate decides on the words that are sent, not on the name of the template.
	m := p
	m.Message.Subject = words.Subject
	d := s.gate(m, c, s.Clock.Now())
	out := Preview{
		Channel: string(p.Message.Channel), Language: p.Mail.Language, Preheader: words.Preheader, Heading: words.Heading,
		Subject: compliance.Label(p.Message.Kind, c.Country, words.Subject), Body: append([]string{}, words.Body...),
		Button: words.Button, URL: p.Mail.Compose.URL, Coupon: p.Mail.Compose.Coupon != "",
		Products: append([]outbox.Product{}, p.Mail.Compose.Products...), Allowed: d.Allowed, Reason: string(d.Reason),
	}
	// A push message has a title only.
	if p.Push != nil {
		out.Subject = compliance.Label(p.Message.Kind, c.Country, p.Push.Title)
		out.Preheader, out.Heading, out.Body, out.Button = "", "", []string{}, ""
	}
	return out, nil
}

// sampleCode stands where the recipient's own code will be.
const sampleCode = "SAMPLE-CODE"

// TestSend mails a message to somebody who works for the shop, as the person with the profile would get it. It needs no
// consent, because it goes to the caller's own address, and uses no code up. Errors: those of Preview; 422
// test_needs_mail for a push message.
func (s *Service) TestSend(ctx context.Context, of PreviewOf, to string) (mailID string, err error) {
	p, c, err := s.previewed(ctx, of)
	if err != nil {
		return "", err
	}
	if p.Push != nil {
		return "", problem.InvalidField("/step", "test_needs_mail", "a step that sends a mail")
	}
	words, err := wordsOf(p, s.Shop.Name)
	if err != nil {
		return "", err
	}
	now := s.Clock.Now()
	// A copy: the planned message itself is not changed.
	m := p.Mail
	m.ID = id.New("test", now)
	// Transactional and without contact, topic or consent: it is no advertising to anybody.
	m.Kind, m.Test, m.To, m.Contact, m.Topic = compliance.Transactional, true, to, "", ""
	m.Planned, m.Latest, m.Source = now, time.Time{}, outbox.Source{Name: "test", Step: m.Template}
	m.Compose.Plain = true // nothing of it is measured
	// The words are fixed now, because the mailer would compose them without the profile.
	m.Compose.Texts = &outbox.Texts{
		Subject: "[Test] " + compliance.Label(p.Message.Kind, c.Country, words.Subject), Preheader: words.Preheader,
		Heading: words.Heading, Body: words.Body, Button: words.Button,
	}
	return m.ID, s.Table.Put(ctx, table.Put{Item: m.Task(now), If: table.IfNew})
}

// previewed is the message, and the person it is made for.
func (s *Service) previewed(ctx context.Context, of PreviewOf) (PlannedMessage, contact.Contact, error) {
	c, err := s.Contacts.Of(ctx, of.Email)
	if err != nil {
		return PlannedMessage{}, c, err
	}
	var p PlannedMessage
	if of.Campaign != "" {
		p, err = s.previewedCampaign(ctx, of, c)
	} else {
		p, err = s.previewedStep(ctx, of, c)
	}
	return p, c, err
}

// previewedCampaign makes a campaign's message for one variant.
func (s *Service) previewedCampaign(ctx context.Context, of PreviewOf, c contact.Contact) (PlannedMessage, error) {
	found, err := s.GetCampaign(ctx, of.Campaign)
	if err != nil {
		return PlannedMessage{}, err
	}
	// Neither tester nor holdout: whoever looks sees the message in any case.
	variant := campaign.Assignment{}
	if of.Variant != "" {
		variant = campaign.Assignment{Tester: true, Variant: of.Variant}
	}
	p := s.campaignMessage(found, variant, c)
	if found.Plan.Coupon != "" {
		p.Mail.Compose.Coupon = sampleCode
	}
	return p, nil
}

// previewedStep makes the message of a step of a series.
func (s *Service) previewedStep(ctx context.Context, of PreviewOf, c contact.Contact) (PlannedMessage, error) {
	var d sequence.Definition
	// The newest version, which is what new people get.
	for _, one := range s.Library.Latest() {
		if one.ID == of.Sequence {
			d = one
		}
	}
	if d.ID == "" {
		return PlannedMessage{}, problem.NotFound("sequence_not_found", "There is no such series.")
	}
	step, ok := d.Step(of.Step)
	if !ok || step.Send == nil {
		return PlannedMessage{}, problem.NotFound("step_not_found", "The series has no such step that sends.")
	}
	// A run that is stored nowhere; its key is in no id.
	run := sequence.Run{Sequence: d.ID, Version: d.Version, Key: "preview", Data: of.Data}
	p := s.plan(ctx, d, run, sequence.Outgoing{Step: step.ID, Send: *step.Send, Planned: s.Clock.Now()}, c)
	if step.Send.Coupon != "" {
		p.Mail.Compose.Coupon = sampleCode
	}
	return p, nil
}

// wordsOf is what a mail says: what its author wrote, or the catalog's.
func wordsOf(p PlannedMessage, brand string) (texts.Letter, error) {
	if own := p.Mail.Compose.Texts; own != nil {
		return texts.Letter{
			Subject: own.Subject, Preheader: own.Preheader, Heading: own.Heading, Body: own.Body, Button: own.Button,
		}, nil
	}
	return texts.Compose(p.Mail.Language, p.Mail.Template, "brand", brand)
}
