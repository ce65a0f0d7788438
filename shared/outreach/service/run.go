package service

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/sequence"
	"dangol/shared/platform/due"
	"dangol/shared/platform/format"
	"dangol/shared/platform/table"
)

// stored is a run as an item: RUN#<sequence>#<key>.
type stored struct {
	table.Key
	due.Due
	Run     sequence.Run `dynamodbav:"run"`
	Edition int          `dynamodbav:"edition"` // of the item, for conditions
	// Pending are the mails of the run that may still be waiting in the outbox.
	Pending []string `dynamodbav:"pending,omitempty"`
	TTL     int64    `dynamodbav:"ttl,omitempty"` // Unix seconds, once it is over
}

// keepRun is how long a run that is over keeps its key, so that a late event starts no second one.
const keepRun = 180 * 24 * time.Hour

// newStored is a run that begins. Its key holds the run's own, so a second run of it cannot begin.
func newStored(r sequence.Run) stored {
	return stored{Key: table.Key{PK: "RUN#" + r.Sequence + "#" + r.Key, SK: "RUN"}, Run: r, Edition: 1}
}

// withDue puts the run into the due index while it is active.
func (r stored) withDue() stored {
	r.Due = due.Due{}
	if r.Run.Status == sequence.Active {
		r.Due = due.On(DueRun, r.PK, r.Run.Due)
		return r
	}
	r.TTL = r.Run.Moved.Add(keepRun).Unix()
	return r
}

// save replaces a run by its next state.
func (r stored) save(next sequence.Run) table.Put {
	read := r.Edition
	r.Run, r.Edition = next, read+1
	// only what was read is replaced
	return table.Put{Item: r.withDue(), If: "#edition = :read", With: map[string]any{":read": read}}
}

// runs reads runs by their keys.
func (s *Service) runs(ctx context.Context, pks []string) ([]stored, error) {
	if len(pks) == 0 {
		return nil, nil
	}
	keys := make([]table.Key, len(pks))
	for i, pk := range pks {
		keys[i] = table.Key{PK: pk, SK: "RUN"}
	}
	// Strongly consistent: each edition may be written once.
	items, err := s.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return nil, err
	}
	var all []stored
	for _, key := range keys {
		item, ok := items[key]
		if !ok {
			continue
		}
		var r stored
		if err := item.Decode(&r); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// series is the switch of a series: people in it stay where they are while it is paused.
type series struct {
	table.Key
	Paused bool `dynamodbav:"paused"`
}

// seriesKey is the key of the switch of a series.
func seriesKey(id string) table.Key { return table.Key{PK: "SERIES#" + id, SK: "SERIES"} }

// PauseSeries pauses a series, or lets it go on. 1 round trip.
func (s *Service) PauseSeries(ctx context.Context, id string, paused bool) error {
	return s.Table.Put(ctx, table.Put{Item: series{seriesKey(id), paused}}) // the newest decision counts
}

// SeriesPaused reports whether a series is paused. 1 round trip.
func (s *Service) SeriesPaused(ctx context.Context, id string) (bool, error) {
	var found series
	// Paused a second ago counts at the next look.
	err := s.Table.Peek(ctx, seriesKey(id), &found)
	if errors.Is(err, table.ErrNotFound) {
		return false, nil
	}
	return found.Paused, err
}

// pausedAgain is how often a run of a paused series is looked at.
const pausedAgain = 15 * time.Minute

// returningAgain is how often a run about an order is looked at while a return of the order is open. Whole days keep
// the hour that the step was meant for.
const returningAgain = 24 * time.Hour

// WorkRun moves one run whose time has come: the next state of the run, the message it asks for, and the place that the
// message takes under the frequency cap are stored in one transaction. A run that another worker has moved meanwhile is
// left to it.
func (s *Service) WorkRun(ctx context.Context, job due.Job) error {
	found, err := s.runs(ctx, []string{job.Key.PK})
	if err != nil || len(found) == 0 || found[0].Run.Status != sequence.Active {
		return err
	}
	r, now := found[0], s.Clock.Now()
	// Put off and not moved: the run goes on where it stands.
	if paused, err := s.SeriesPaused(ctx, r.Run.Sequence); err != nil || paused {
		return errors.Join(err, s.later(ctx, r, now.Add(pausedAgain)))
	}
	d, ok := s.Library.Version(r.Run.Sequence, r.Run.Version)
	if !ok {
		return s.later(ctx, r, now.Add(24*time.Hour)) // a deployment that lacks a version people are in: it may come back
	}
	_, err = s.Contacts.ChangeID(ctx, r.Run.Person, now, func(c *contact.Contact) ([]table.Write, bool, error) {
		// While the goods may come back, nobody is told how to use them or asked how they like them.
		if c.ReturnOpen(d.OrderOf(r.Run.Key), now) {
			return []table.Write{r.putOff(now.Add(returningAgain))}, false, nil
		}
		// The run was read before the contact. An event that changed both in between has changed the run's edition, and then
		// the transaction is refused.
		writes, err := s.advance(ctx, d, r, c, now)
		if err != nil {
			return nil, false, err
		}
		settled, err := s.settle(ctx, c, now)
		return append(writes, settled...), false, err
	})
	// The contact is the first write: when that was refused, ChangeID has tried again.
	if canceled, refused := table.Refused(err); refused && !canceled.Refused(0) && !table.Permanent(err) {
		return nil // the run or its message is not as it was: whoever changed it goes on
	}
	// The contact is missing, which not even an erasure causes: the run waits for a day.
	if errors.Is(err, table.ErrNotFound) {
		return s.later(ctx, r, now.Add(24*time.Hour))
	}
	return err
}

// putOff is the write that puts a run off without moving it. When its step was due stays as it is: a message that has
// become too late meanwhile is not sent.
func (r stored) putOff(at time.Time) table.Put {
	read := r.Edition
	r.Edition, r.Due = read+1, due.On(DueRun, r.PK, at)
	// only what was read is replaced
	return table.Put{Item: r, If: "#edition = :read", With: map[string]any{":read": read}}
}

// later puts a run off on its own.
func (s *Service) later(ctx context.Context, r stored, at time.Time) error {
	err := s.Table.Put(ctx, r.putOff(at))
	if _, refused := table.Failed(err); refused {
		return nil
	}
	return err
}

// advance moves the run and returns the writes of what follows.
func (s *Service) advance(ctx context.Context, d sequence.Definition, r stored, c *contact.Contact,
	now time.Time) ([]table.Write, error) {
	next, out := sequence.Advance(d, r.Run, c.Person, c.Location(s.Shop.Zone), now)
	// A wait or a branch, or the end.
	if out == nil {
		return s.finish(r, next, c), nil
	}
	p := s.plan(ctx, d, next, *out, *c)
	// A code is only taken when the mail may go out.
	if name := out.Send.Coupon; name != "" && out.Withheld == "" && s.gate(p, *c, now).Allowed {
		code, until, ok, err := s.coupon(ctx, name, c)
		if err != nil {
			return nil, err
		}
		if !ok {
			out.Withheld = "no_coupon" // a mail about a code without one would be a lie
		}
		p.Mail.Compose.Coupon, p.Mail.Compose.Until = code, until
	}
	if out.Withheld != "" {
		return append(s.finish(r, next, c), s.withhold(p, string(out.Withheld), now)...), nil
	}
	decision := s.gate(p, *c, now)
	switch {
	case decision.Allowed:
		writes := s.write(p, c, decision, now)
		// Noted, so that a goal can still stop it in the outbox.
		r.Pending = append(r.Pending, p.Mail.ID)
		return append(s.finish(r, next, c), writes...), nil
	case decision.Waits() && decision.Reason == compliance.ReasonCap:
		// Of no use when it is too late by then: what it announces has happened, and the steps behind it would wait too.
		if decision.NotBefore.After(p.Mail.Latest) {
			break
		}
		return []table.Write{r.putOff(decision.NotBefore)}, nil
	case decision.Waits():
		waiting := r.Run // stands where it stood, and asks again then
		waiting.Due = decision.NotBefore
		return []table.Write{r.save(waiting)}, nil
	}
	return append(s.finish(r, next, c), s.withhold(p, string(decision.Reason), now)...), nil
}

// withhold records a message that is not sent. The holdout is only counted: a record for each would
// be a list of people who were never written to.
func (s *Service) withhold(p PlannedMessage, reason string, now time.Time) []table.Write {
	if reason == string(sequence.ForHoldout) {
		return []table.Write{outbox.Count(p.Mail.Source, p.Mail.ID, now, outbox.Counters{outbox.CountHeldOut: 1})}
	}
	return p.withheld(reason, now)
}

// finish stores the run and takes it off the contact when it is over.
func (s *Service) finish(r stored, next sequence.Run, c *contact.Contact) []table.Write {
	if next.Status != sequence.Active {
		// A new list: the old one may be shared with what was read.
		kept := c.Runs[:0:0]
		for _, key := range c.Runs {
			if key != r.PK {
				kept = append(kept, key)
			}
		}
		c.Runs = kept
	}
	return []table.Write{r.save(next)}
}

// plan makes the message of a step.
func (s *Service) plan(ctx context.Context, d sequence.Definition, r sequence.Run, out sequence.Outgoing,
	c contact.Contact) PlannedMessage {
	p := PlannedMessage{Message: d.Message(out.Send)}
	latest, _ := sequence.ParseDelay(d.MaxLateness)
	// The same step of the same run has the same id, so it cannot be sent twice. The key is hashed,
	// because ids are seen in mails.
	id := mailID("seq", d.ID, "v"+strconv.Itoa(d.Version), format.HashEmail(r.Key)[:16], out.Step)
	source := outbox.Source{Name: "sequence:" + d.ID, Step: out.Step}
	url := r.Data["url"]
	// The address comes from an event; other pages than the shop's are not linked.
	if url == "" || !within(url, s.Shop.URL) {
		url = s.Shop.URL + "/"
	}
	p.Mail = outbox.Mail{
		ID: id, Kind: d.Kind, To: c.Email, Language: c.MailLanguage(), Template: out.Send.Template, About: r.Key,
		Source:    source,
		Topic:     d.Topic,
		SameGoods: d.SameGoods, Contact: c.ID, Planned: s.Clock.Now(), Latest: latest.After(out.Planned, time.UTC),
		Compose: &outbox.Compose{
			URL: url, Name: c.Name, Products: s.products(ctx, out.Send.Products, c, r.Data),
		},
	}
	p.Message.Subject = out.Send.Template // the author's text is the catalog's, which has no label
	if out.Send.Channel == compliance.Push {
		p.Mail.Channel = compliance.Push // of the record, also of a message that is withheld
		p.Push = &PushMessage{
			ID: id, Contact: c.ID, Kind: d.Kind, Topic: d.Topic, Title: pushTitle(out.Send.Template, c.MailLanguage()), URL: url,
			Template: out.Send.Template, About: r.Key, Source: source,
			// A newer reminder of the same run takes the place of an older one.
			Planned: p.Mail.Planned, Latest: p.Mail.Latest, Replaces: format.HashEmail(r.Key)[:16],
		}
		p.Message.Subject = p.Push.Title
	}
	return p
}

// nextDue is when a contact has to be looked at for itself: when its consent is to be confirmed, or on its birthday.
func (s *Service) nextDue(c contact.Contact, now time.Time) due.Due {
	next := s.nextBirthday(c, now)
	for _, state := range c.Consent {
		if at, ok := consent.NextConfirmation(state); ok && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	// Nothing may be sent to them, so nothing is confirmed either.
	if next.IsZero() || suppressed(c) {
		return due.Due{}
	}
	return due.On(DueContact, c.ID, next)
}

// sourceOf reads the source of a touch.
func sourceOf(text string) outbox.Source {
	name, step, _ := strings.Cut(text, "|")
	return outbox.Source{Name: name, Step: step}
}
