package service

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/mail/texts"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/sequence"
	"dangol/shared/outreach/tracking"
	"dangol/shared/outreach/webhook"
	"dangol/shared/platform/due"
	"dangol/shared/platform/format"
	"dangol/shared/platform/id"
	"dangol/shared/platform/table"
)

// proof is a change of consent as it is kept: who can show later that somebody agreed, when, where, and to which text.
type proof struct {
	table.Key
	// Change has a field Channel too; the outer one is what is stored.
	consent.Change
	Channel compliance.Channel `dynamodbav:"channel"`
	TTL     int64              `dynamodbav:"ttl"`
}

// keepProof is how long proofs are kept: consent is shown for as long as messages are sent, and disputes come later (5
// years, as records of contracts are kept).
const keepProof = 5 * 366 * 24 * time.Hour

// Answer adds what somebody said about marketing, with its proof and the mail that follows from it: the request for
// confirmation, or the notice of the result that the law asks for within 14 days, which goes out at once. more changes
// the contact in the same transaction. An answer that changes nothing sends nothing. 2 round trips.
func (s *Service) Answer(ctx context.Context, email string, change consent.Change,
	more func(*contact.Contact)) (contact.Contact, error) {
	change.AddressHash = format.HashEmail(email)
	answer := s.answer(ctx, change, more)
	return s.Contacts.Change(ctx, email, s.Clock.Now(), func(c *contact.Contact) ([]table.Write, bool, error) {
		// Erased after this answer was given: it brings nothing back.
		if !c.Returned(email, change.At) {
			return nil, true, nil
		}
		return answer(c)
	})
}

// AnswerID is Answer for a contact that is known by its id; links of mails name it. Somebody who was erased since has
// nothing to answer. Errors: table.ErrNotFound.
func (s *Service) AnswerID(ctx context.Context, contactID string, change consent.Change,
	more func(*contact.Contact)) (contact.Contact, error) {
	answer := s.answer(ctx, change, more)
	return s.Contacts.ChangeID(ctx, contactID, s.Clock.Now(), func(c *contact.Contact) ([]table.Write, bool, error) {
		if !c.ErasedAt.IsZero() {
			return nil, true, nil
		}
		return answer(c)
	})
}

// answer is the change of a contact by an answer, for a contact by address or by id.
func (s *Service) answer(
	ctx context.Context, change consent.Change, more func(*contact.Contact),
) func(*contact.Contact) ([]table.Write, bool, error) {
	if change.ID == "" {
		change.ID = id.New("cns", s.Clock.Now())
	}
	return func(c *contact.Contact) ([]table.Write, bool, error) {
		// more runs first, because series look at the language and the zone that it may set.
		if more != nil {
			more(c)
		}
		if change.AddressHash == "" {
			change.AddressHash = format.HashEmail(c.Email)
		}
		before := c.Consent[change.Channel]
		applied := c.Apply(change)
		// A repetition, or an answer that came too late.
		if applied.State == before && more == nil {
			return nil, true, nil
		}
		if change.Action == "" { // only the rest of the contact changes
			writes, err := s.settle(ctx, c, s.Clock.Now())
			return writes, false, err
		}
		// A proof is written once and never changed.
		writes := []table.Write{table.Put{Item: proof{
			Key:     table.Key{PK: "CONTACT#" + c.ID, SK: "PROOF#" + change.At.UTC().Format(time.RFC3339Nano) + "#" + change.ID},
			Change:  change,
			Channel: change.Channel, TTL: change.At.Add(keepProof).Unix(),
		}, If: table.IfNew}}
		// settle has to see what follow has changed on the contact.
		follow, err := s.follow(ctx, c, change, applied)
		settled, settleErr := s.settle(ctx, c, s.Clock.Now())
		return slices.Concat(writes, follow, settled), false, errors.Join(err, settleErr)
	}
}

// follow returns the mails that follow from an answer, and starts the series that consent starts.
func (s *Service) follow(ctx context.Context, c *contact.Contact, change consent.Change,
	applied consent.Applied) ([]table.Write, error) {
	writes, err := s.consentWebhooks(ctx, c, change, applied)
	if err != nil {
		return nil, err
	}
	if applied.Ask {
		letter, err := s.consentMail(ctx, *c, "consent_request", change, change.At)
		if err != nil {
			return nil, err
		}
		writes = append(writes, letter)
	}
	if applied.Notice {
		kind := "consent_refused"
		if applied.State.Answer == compliance.Given {
			kind = "consent_given"
		}
		letter, err := s.consentMail(ctx, *c, kind, change, change.At)
		if err != nil {
			return nil, err
		}
		writes = append(writes, letter)
	}
	// Imported consent starts no series: the person has done nothing now.
	if applied.Changed && applied.State.Answer == compliance.Given && change.Channel == compliance.Email &&
		change.Action != consent.Import {
		event := sequence.Event{Type: "consent.given", At: change.At, Data: map[string]string{}}
		c.Person.Happened(event.Type, event.At)
		started, err := s.series(ctx, c, event, true, s.Clock.Now())
		if err != nil {
			return nil, err
		}
		writes = append(writes, started...)
	}
	return writes, nil
}

// consentWebhooks tells the shop's other systems of an answer that changed something.
func (s *Service) consentWebhooks(ctx context.Context, c *contact.Contact, change consent.Change,
	applied consent.Applied) ([]table.Write, error) {
	event := map[compliance.ChannelConsent]string{compliance.Given: webhook.ConsentGiven,
		compliance.Refused: webhook.ConsentRefused}[applied.State.Answer]
	if event == "" || !applied.Changed {
		return nil, nil
	}
	return s.Webhooks.Writes(ctx, event, change.ID, map[string]any{
		"contact": c.ID, "customer": c.CustomerID, "channel": change.Channel, "source": change.Source, "at": change.At,
	})
}

// consentMail is the task of a mail about consent. Such mails are no advertising.
func (s *Service) consentMail(ctx context.Context, c contact.Contact, template string, change consent.Change,
	said time.Time) (table.Write, error) {
	signer, err := s.Keys.Signer(ctx, s.Clock.Now())
	if err != nil {
		return nil, err
	}
	// Every mail about consent has a way to change it.
	url := s.Shop.LinkBase + "/outreach/preferences/" + signer.Sign(tracking.Preferences, c.ID)
	// The link carries the time of the request, so a refusal after it is not undone by it.
	if template == "consent_request" {
		url = s.Shop.LinkBase + "/outreach/confirm/" + signer.Sign(tracking.Confirm, c.ID, string(change.Channel),
			change.At.UTC().Format(time.RFC3339))
	}
	catalog, err := texts.Of(c.MailLanguage())
	if err != nil {
		return nil, err
	}
	// the day in the shop's zone, and the channel in the words that the mail uses
	date, err := catalog.Day(said.In(s.Shop.Zone).Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	channel, err := catalog.Text("words.channel_" + string(change.Channel))
	if err != nil {
		return nil, err
	}
	now := s.Clock.Now()
	letter := outbox.Mail{
		// Neither advertising nor an answer to an order: the law asks for it.
		ID: mailID(template, change.ID), Kind: compliance.LegalNotice, To: c.Email, Language: c.MailLanguage(),
		Template: template, About: c.ID,
		Source: outbox.Source{Name: "consent", Step: template}, Contact: c.ID, Planned: now,
		Basis: compliance.ReasonLegalNotice,
		Compose: &outbox.Compose{
			URL: url, Name: c.Name, Plain: true,
			Values: []string{"date", date, "channel", channel},
		},
	}
	return table.Put{Item: letter.Task(now), If: table.IfNew}, nil
}

// Proofs lists what somebody has said, oldest first. 1 round trip.
func (s *Service) Proofs(ctx context.Context, contactID string) ([]consent.Change, error) {
	all := []consent.Change{}
	err := s.Table.All(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :proof)",
		With:  map[string]any{":pk": "CONTACT#" + contactID, ":proof": "PROOF#"},
	}, func(item table.Item) error {
		var p proof
		if err := item.Decode(&p); err != nil {
			return err
		}
		// The embedded change has lost its channel to the outer field.
		p.Change.Channel = p.Channel
		all = append(all, p.Change)
		return nil
	})
	return all, err
}

// WorkContact puts a contact into other segments when time alone does that, starts the series of a birthday, and sends
// the confirmation of a consent that is due every two years (정보통신망법 50조 8항). Silence keeps the consent.
func (s *Service) WorkContact(ctx context.Context, job due.Job) error {
	contactID := strings.TrimPrefix(job.Key.PK, "CONTACT#")
	now := s.Clock.Now()
	_, err := s.Contacts.ChangeID(ctx, contactID, now, func(c *contact.Contact) ([]table.Write, bool, error) {
		var writes []table.Write
		// Each channel has a consent and two years of its own.
		for channel, state := range c.Consent {
			at, ok := consent.NextConfirmation(state)
			if !ok || at.After(now) || suppressed(*c) {
				continue
			}
			said := state.Confirmed
			// From now on, also when nobody reads the mail: silence keeps the consent.
			state.Confirmed = now
			c.Consent[channel] = state
			// One mail for each year, however often the job comes.
			change := consent.Change{ID: mailID(c.ID, string(channel), at.Format("2006")), Channel: channel, At: now}
			letter, err := s.consentMail(ctx, *c, "consent_confirmation", change, said)
			if err != nil {
				return nil, false, err
			}
			writes = append(writes, letter)
		}
		born, err := s.birthday(ctx, c, now)
		if err != nil {
			return nil, false, err
		}
		settled, err := s.settle(ctx, c, now)
		return slices.Concat(writes, born, settled), false, err
	})
	if errors.Is(err, table.ErrNotFound) {
		return nil
	}
	return err
}
