package mailer

import (
	"context"
	"errors"
	"strconv"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/mail"
	"dangol/shared/outbox"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/tracking"
	"dangol/shared/platform/event"
	"dangol/shared/platform/task"
)

// write renders a mail, asks the gate, and returns where its links lead.
func (m *Mailer) write(ctx context.Context, letter outbox.Mail, c contact.Contact, now time.Time) (mail.Message,
	[]string, compliance.GateDecision, error) {
	if letter.Event != nil {
		message, err := m.fromEvent(ctx, letter)
		// No way to refuse: mails about orders are no advertising.
		return message, nil, m.gate(letter, c, message.Subject, "", now), err
	}
	return m.composed(ctx, letter, c, now)
}

// fromEvent renders the mail of an event anew, so that a mail that waited has today's template.
func (m *Mailer) fromEvent(ctx context.Context, letter outbox.Mail) (mail.Message, error) {
	l, err := letterFor(event.Envelope{ID: letter.ID, Type: letter.Event.Type, Data: letter.Event.Detail})
	if err != nil {
		return mail.Message{}, err
	}
	if l, err = m.complete(ctx, l); err != nil {
		return mail.Message{}, err
	}
	message, err := m.templates.Write(letter.Language, l.content)
	if err != nil {
		return mail.Message{}, err
	}
	if message.ReplyTo, err = m.replyTo(ctx, l, letter.To); err != nil {
		return mail.Message{}, err
	}
	// The address at the time the mail was made, although the event may carry another.
	message.To = letter.To
	// By this tag SES's events find the mail.
	message.Tags[outbox.Tag] = letter.ID
	return message, nil
}

// composed renders a mail of a series or a campaign. The links of advertising lead through the shop's own domain, so
// that clicks can be counted; those of people who do not want to be measured do not.
func (m *Mailer) composed(ctx context.Context, letter outbox.Mail, c contact.Contact, now time.Time) (mail.Message,
	[]string, compliance.GateDecision, error) {
	content, err := m.content(letter)
	if err != nil {
		return mail.Message{}, nil, compliance.GateDecision{}, err
	}
	signer, err := m.links.Keys.Signer(ctx, now)
	if err != nil {
		return mail.Message{}, nil, compliance.GateDecision{}, errors.Join(task.ErrLater, err)
	}
	advertising := letter.Kind == compliance.Marketing
	var frame mail.Frame
	switch {
	case advertising:
		frame = m.frame(signer, letter)
	case letter.Test:
		frame = m.testFrame()
	case letter.Kind == compliance.LegalNotice:
		frame = mail.Frame{Consent: true}
	}
	// Before anything is signed: a mail that is not sent needs no links.
	decision := m.gate(letter, c, content.Subject, frame.Unsubscribe, now)
	if !decision.Allowed {
		return mail.Message{}, nil, decision, nil
	}
	// Advertising is marked in the subject where the law asks for it.
	content.Subject = decision.Subject
	var links []string
	if advertising && !letter.Compose.Plain && !c.NoTracking {
		if links, err = m.track(signer, letter.ID, &content); err != nil {
			return mail.Message{}, nil, decision, err
		}
		frame.Pixel = m.links.Base + "/outreach/opened/" + signer.Sign(tracking.Open, letter.ID)
	}
	message, err := m.templates.WriteIn(letter.Language, content, frame)
	if err != nil {
		return mail.Message{}, nil, decision, err
	}
	message.To = letter.To
	message.Tags = map[string]string{"template": content.Kind, outbox.Tag: letter.ID}
	// Gmail and Yahoo want one-click refusal in the header for bulk mail (RFC 8058).
	if advertising {
		message.Unsubscribe = frame.Unsubscribe
		message.FeedbackID = feedbackID(letter)
	}
	return message, links, decision, nil
}

// content is what a mail says, before its links are signed.
func (m *Mailer) content(letter outbox.Mail) (mail.Composed, error) {
	from := letter.Compose
	var content mail.Composed
	// Texts of a campaign are its author's; those of a series are the shop's templates.
	if from.Texts != nil {
		content = mail.Composed{
			Kind: letter.Template, Subject: from.Texts.Subject, Preheader: from.Texts.Preheader, Heading: from.Texts.Heading,
			Body: from.Texts.Body, Button: from.Texts.Button,
		}
	} else {
		var err error
		values := append([]string{"brand", m.templates.Brand().Name}, from.Values...)
		if content, err = mail.Compose(letter.Language, letter.Template, values...); err != nil {
			return content, err
		}
	}
	content.URL, content.Name, content.Coupon, content.Until = from.URL, from.Name, from.Coupon, from.Until
	// A link without a button is not shown.
	if content.Button == "" {
		content.URL = ""
	}
	for _, p := range from.Products {
		content.Products = append(content.Products,
			mail.Product{Title: p.Title, URL: p.URL, Image: p.Image, Price: p.Price, Was: p.Was})
	}
	return content, nil
}

// track replaces the links of a mail by signed ones and returns where they lead. A link that leads out of the shop is
// an error.
func (m *Mailer) track(signer *tracking.Signer, id string, content *mail.Composed) (links []string, err error) {
	signed := func(target string) (string, error) {
		// Otherwise anybody could use the shop's signed links to lead elsewhere.
		if _, err := tracking.Target(target, m.links.Shop, nil); err != nil {
			return "", err
		}
		links = append(links, target)
		// The link holds only its number; where it leads is kept with the mail.
		return m.links.Base + "/outreach/links/" + signer.Sign(tracking.Link, id, strconv.Itoa(len(links)-1)), nil
	}
	if content.URL != "" {
		if content.URL, err = signed(content.URL); err != nil {
			return nil, err
		}
	}
	for i := range content.Products {
		if content.Products[i].URL, err = signed(content.Products[i].URL); err != nil {
			return nil, err
		}
	}
	return links, nil
}

// frame has the ways to refuse, which lead to the shop's own pages. The token tells contact, topic and message, and no
// address.
func (m *Mailer) frame(signer *tracking.Signer, letter outbox.Mail) mail.Frame {
	sign := signer.Sign
	return mail.Frame{
		Advertising: true,
		Unsubscribe: m.links.Base + "/outreach/unsubscribe/" + sign(tracking.Unsubscribe, letter.Contact, letter.Topic,
			letter.ID),
		Preferences: m.links.Base + "/outreach/preferences/" + sign(tracking.Preferences, letter.Contact),
		Why:         m.links.Base + "/outreach/why/" + sign(tracking.Why, letter.ID),
		ConsentAt:   letter.Compose.ConsentAt,
	}
}

// testFrame looks like that of advertising. Its links are not valid: a colleague who tries them must not unsubscribe
// the customer whose profile was used.
func (m *Mailer) testFrame() mail.Frame {
	return mail.Frame{
		Advertising: true, Unsubscribe: m.links.Base + "/outreach/unsubscribe/test",
		Preferences: m.links.Base + "/outreach/preferences/test", Why: m.links.Base + "/outreach/why/test",
	}
}

// feedbackID has at most three parts besides the sender's, as Gmail asks: source, topic, kind.
func feedbackID(letter outbox.Mail) string {
	return clean(letter.Source.Name) + ":" + clean(letter.Topic) + ":marketing:dangol"
}

// clean keeps a part of the Feedback-ID free of its separator.
func clean(s string) string {
	out := []byte(s)
	for i, b := range out {
		if b == ':' || b <= ' ' || b > '~' {
			out[i] = '_'
		}
	}
	return string(out)
}
