package service

import (
	"context"
	"strings"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/table"
)

// PlannedMessage is a message that may be sent to a contact, before the gate has been asked.
type PlannedMessage struct {
	Message compliance.OutgoingMessage
	Mail    outbox.Mail
	Push    *PushMessage // instead of a mail
}

// sender is who the gate is told a message comes from, the same as the mailer tells it: a dry run must not allow what
// is withheld later. The way to refuse is added to each mail by the mailer; it is always there.
func (s *Service) sender() compliance.SenderIdentity {
	return compliance.SenderIdentity{
		Name: s.Shop.Name, Contact: s.Shop.Contact, PostalAddress: s.Shop.Address,
		Unsubscribe: s.Shop.LinkBase + "/outreach/unsubscribe/",
	}
}

// gate asks whether a planned message may be sent to the contact at now.
func (s *Service) gate(p PlannedMessage, c contact.Contact, now time.Time) compliance.GateDecision {
	g := c.Gate(p.Message.Channel)
	// The night is asked by the shop's clock where the contact's is not known.
	if g.Zone == nil {
		g.Zone = s.Shop.Zone
	}
	m := p.Message
	m.Sender = s.sender()
	return compliance.Allowed(m, g, s.Shop.Policy, now)
}

// write returns the writes that hand an allowed message over, and notes it on the contact for the frequency cap. A mail
// or push message of the same id that is there already refuses the transaction.
func (s *Service) write(p PlannedMessage, c *contact.Contact, d compliance.GateDecision, now time.Time) []table.Write {
	// Only advertising counts for the cap, from when it is sent: a mail of a campaign may be planned days ahead.
	if p.Message.Kind == compliance.Marketing {
		sent := p.Mail.Planned
		if sent.Before(now) {
			sent = now
		}
		c.Sent(sent)
	}
	if p.Push != nil {
		return []table.Write{table.Put{Item: p.Push.task(now), If: table.IfNew}}
	}
	mail := p.Mail
	mail.Basis = d.Reason
	if mail.Compose != nil {
		// The mail says since when the person has agreed, as the law in Korea wants it.
		mail.Compose.ConsentAt = c.Consent[compliance.Email].Confirmed
	}
	return []table.Write{table.Put{Item: mail.Task(now), If: table.IfNew}}
}

// withheld returns the writes that record a message that is not sent, with the reason, for lists and reports.
func (p PlannedMessage) withheld(reason string, now time.Time) []table.Write {
	return p.Mail.Settle(outbox.Withheld, "", reason, now)
}

// mailID makes an id out of parts: tags of SES allow only letters, digits, "-" and "_".
func mailID(parts ...string) string {
	clean := func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}
	return strings.Map(clean, strings.Join(parts, "-"))
}

// products fills a block. A fault of the recommender makes a mail without products, not no mail.
func (s *Service) products(ctx context.Context, block string, c contact.Contact,
	data map[string]string) []outbox.Product {
	if block == "" || s.Recommend == nil {
		return nil
	}
	found, err := s.Recommend.Recommend(ctx, block, c, data)
	if err != nil {
		s.Log.WarnContext(ctx, "recommendations", "block", block, "error", err)
		return nil
	}
	return found
}
