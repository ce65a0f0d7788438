package service

import (
	"context"
	"errors"
	"slices"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outbox"
	"dangol/shared/outreach/attribution"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/ranking"
	"dangol/shared/outreach/segment"
	"dangol/shared/outreach/sequence"
	"dangol/shared/platform/table"
)

// TriggerEvent is something that somebody did, as outreach takes it in.
type TriggerEvent struct {
	Event sequence.Event
	// Profile changes what is known of the person: language, customer id, name, country. It may be nil.
	Profile func(*contact.Contact)
	// Order is a purchase that the event tells of, and Canceled one that it takes back.
	Order    *segment.Order
	Canceled string
	// Return is what happened to a return of the person; nil for nothing. Without a type of the event series are not told,
	// but messages about the order wait while the return is open.
	Return *contact.ReturnEvent
	// Also is stored in the same transaction. It may be stored again.
	Also []table.Write
}

// givesAddress reports whether the person gives their address with the event. What else happens to an order or a
// subscription, also what the shop does, is of an address that was given before.
func (h TriggerEvent) givesAddress() bool {
	return slices.Contains([]string{"cart.changed", "order.placed", "subscription.started"}, h.Event.Type)
}

// Take adds what somebody did to their contact, in one transaction with the runs that it starts, moves and ends, and
// with the counting of the order it may be. The same happening again changes nothing. 2 round trips, 1 more when runs
// are under way.
func (s *Service) Take(ctx context.Context, email string, h TriggerEvent) error {
	err := s.take(ctx, email, h, false)
	// A run that was to be started is there: the event comes again, or two came at once. The contact is the first write,
	// and is as it was read.
	if canceled, refused := table.Refused(err); refused && !canceled.Refused(0) && !table.Permanent(err) {
		return s.take(ctx, email, h, true)
	}
	return err
}

// take is one try of Take. known says whether the runs that the event may start are read before.
func (s *Service) take(ctx context.Context, email string, h TriggerEvent, known bool) error {
	now := s.Clock.Now()
	_, err := s.Contacts.Change(ctx, email, now, func(c *contact.Contact) ([]table.Write, bool, error) {
		// An event from before the erasure that comes late, or one of an order from before it.
		if !c.ErasedAt.IsZero() && !h.givesAddress() || !c.Returned(email, h.Event.At) {
			return nil, true, nil
		}
		// First, because the series look at the language and the customer.
		if h.Profile != nil {
			h.Profile(c)
		}
		writes := s.ordered(c, h, now)
		held, err := s.returning(ctx, c, h.Return, now)
		if err != nil {
			return nil, false, err
		}
		writes = append(writes, held...)
		if h.Event.Type != "" {
			c.Person.Happened(h.Event.Type, h.Event.At)
			moved, err := s.series(ctx, c, h.Event, known, now)
			if err != nil {
				return nil, false, err
			}
			writes = append(writes, moved...)
		}
		settled, err := s.settle(ctx, c, now)
		// Also is written although nothing else changed: it may be what an earlier try has lost.
		return slices.Concat(writes, settled, h.Also), false, err
	})
	return err
}

// returning notes what happened to a return. One that opens keeps the messages about its order that still wait in the
// outbox from being sent. 1 round trip when runs are under way then.
func (s *Service) returning(ctx context.Context, c *contact.Contact, e *contact.ReturnEvent, now time.Time) (
	writes []table.Write, err error) {
	if e == nil {
		return nil, nil
	}
	c.NoteReturn(*e)
	if !c.ReturnOpen(e.OrderID, now) {
		return nil, nil
	}
	runs, err := s.runs(ctx, c.Runs)
	if err != nil {
		return nil, err
	}
	for _, r := range runs {
		d, ok := s.Library.Version(r.Run.Sequence, r.Run.Version)
		if ok && d.OrderOf(r.Run.Key) == e.OrderID {
			writes = append(writes, s.stopPending(r, now)...)
		}
	}
	return writes, nil
}

// buyer says whose an order is, for events about it that name no address. It names the contact and not the address: an
// erasure does not find the orders that the profile lists no more.
type buyer struct {
	table.Key
	Contact string `dynamodbav:"contact"`
	TTL     int64  `dynamodbav:"ttl"`
}

// buyerKey is the key of an order's buyer.
func buyerKey(orderID string) table.Key { return table.Key{PK: "ORDER#" + orderID, SK: "BUYER"} }

// keepBuyer is how long after an order somebody may still write about it.
const keepBuyer = 400 * 24 * time.Hour

// Buyer is the write that remembers whose an order is.
func Buyer(orderID, email string, at time.Time) table.Write {
	// always the same for an order
	return table.Put{Item: buyer{buyerKey(orderID), consent.ContactID(email), at.Add(keepBuyer).Unix()}}
}

// BuyerOf is the address of an order's buyer, empty when it is not known or was erased. 2 round trips.
func (s *Service) BuyerOf(ctx context.Context, orderID string) (string, error) {
	var b buyer
	if err := s.Table.Get(ctx, buyerKey(orderID), &b); err != nil {
		return "", ignoreMissing(err)
	}
	c, err := s.Contacts.Get(ctx, b.Contact)
	return c.Email, ignoreMissing(err)
}

// ordered notes a purchase and counts it for the message that the person clicked last, once: what is counted is fixed
// with the order.
func (s *Service) ordered(c *contact.Contact, h TriggerEvent, now time.Time) []table.Write {
	// An order that is canceled keeps what was counted for it: reports of the past do not change.
	if h.Canceled != "" {
		c.Person.Canceled(h.Canceled)
	}
	// Counted before, or its cancellation came first.
	if h.Order == nil || c.Person.Knows(h.Order.ID) {
		return nil
	}
	counted := intervals(c.ID, c.Person, *h.Order, now)
	c.Person.Ordered(*h.Order)
	c.Person.Customer = true
	writes := ranking.CountOrder(c.ID, h.Order.Products, now)
	// Touches after the order do not count, so that a late import counts like the event.
	if touch, ok := attribution.LastTouch(c.Touches, h.Order.At, attribution.DefaultWindows); ok {
		source := sourceOf(touch.Source)
		// The counter's name has the currency, because amounts of several cannot be added.
		writes = append(writes, outbox.Count(source, c.ID, now, outbox.Counters{
			outbox.CountOrders: 1, outbox.CountRevenue + "_" + h.Order.Currency: int(h.Order.Amount),
		}))
	}
	return slices.Concat(writes, counted, countExposure(c, h.Order.At, now))
}

// liftWindow is how long after the entry into a series a purchase counts for its lift.
const liftWindow = 14 * 24 * time.Hour

// countExposure counts a purchase for the lift of each series the person has entered lately, once for each entry.
func countExposure(c *contact.Contact, ordered, now time.Time) (writes []table.Write) {
	for id, e := range c.Exposure {
		// Counted once for each entry, however much is bought.
		if e.Counted || ordered.Before(e.At) || ordered.Sub(e.At) > liftWindow {
			continue
		}
		e.Counted = true
		c.Exposure[id] = e
		writes = append(writes, outbox.Count(outbox.Source{Name: "sequence:" + id, Step: "lift"}, c.ID, now,
			outbox.Counters{group("bought", e.Held): 1}))
	}
	return writes
}

// group is the counter of people with messages, or of the holdout.
func group(name string, held bool) string {
	if held {
		return name + "_held_out"
	}
	return name
}

// series hands the event to the runs that are under way, and starts those that it starts. 1 round trip when any are
// under way, or when any may be started and known asks for it: else the condition of the write finds out that there is
// one with the key.
func (s *Service) series(ctx context.Context, c *contact.Contact, e sequence.Event, known bool, now time.Time) (
	[]table.Write, error) {
	entries := s.entries(c, s.Library.StartedBy(e.Type), e, now)
	underWay := slices.Clone(c.Runs)
	keys := underWay
	if known || len(underWay) > 0 {
		keys = appendKeys(underWay, entries)
	}
	runs, err := s.runs(ctx, keys)
	if err != nil {
		return nil, err
	}
	zone := c.Location(s.Shop.Zone)
	var writes []table.Write
	for _, r := range runs {
		d, ok := s.Library.Version(r.Run.Sequence, r.Run.Version)
		// A deployment without the version: the run waits. One that is over was read for entries only.
		if !ok || !slices.Contains(underWay, r.PK) {
			continue
		}
		next, changed := sequence.HandleEvent(d, r.Run, e, zone, now)
		if !changed {
			continue
		}
		writes = append(writes, r.save(next))
		// A goal has ended it, so what waits in the outbox is stopped.
		if next.Status != sequence.Active {
			c.Runs = slices.DeleteFunc(c.Runs, func(key string) bool { return key == r.PK })
			writes = append(writes, s.stopPending(r, now)...)
		}
	}
	return append(writes, s.enter(c, entries, runs, now)...), nil
}

// start enters the person into those of the series that the event starts. 1 round trip when there are any.
func (s *Service) start(
	ctx context.Context, c *contact.Contact, candidates []sequence.Definition, e sequence.Event, now time.Time,
) ([]table.Write, error) {
	entries := s.entries(c, candidates, e, now)
	runs, err := s.runs(ctx, appendKeys(nil, entries))
	if err != nil {
		return nil, err
	}
	return s.enter(c, entries, runs, now), nil
}

// entry is a run that an event may start.
type entry struct {
	definition sequence.Definition
	run        stored
}

// entries are the runs that the event starts in the series, unless there are runs with their keys.
func (s *Service) entries(
	c *contact.Contact, candidates []sequence.Definition, e sequence.Event, now time.Time,
) (all []entry) {
	for _, d := range candidates {
		// Counted from now and not from the event, because the distance between runs is for the recipient.
		run, why := sequence.Enter(d, c.Person, e, c.Entered[d.ID], c.Location(s.Shop.Zone), now)
		// Delivered late, or after all of it came back: nothing is left to be told about.
		if order := d.OrderOf(run.Key); order != "" && c.OrderUndone(order, e.At) {
			continue
		}
		if why == sequence.Started {
			all = append(all, entry{d, newStored(run)})
		}
	}
	return all
}

// appendKeys adds the keys of the runs that may be started, each once.
func appendKeys(keys []string, entries []entry) []string {
	keys = slices.Clip(keys)
	for _, e := range entries {
		if !slices.Contains(keys, e.run.PK) {
			keys = append(keys, e.run.PK)
		}
	}
	return keys
}

// enter starts the runs whose keys are not known. A run that is over keeps its key for half a year: this event, or an
// earlier one with the key, has started it already.
func (s *Service) enter(c *contact.Contact, entries []entry, known []stored, now time.Time) (writes []table.Write) {
	for _, e := range entries {
		if slices.ContainsFunc(known, func(r stored) bool { return r.PK == e.run.PK }) {
			continue
		}
		run := e.run.Run
		writes = append(writes, table.Put{Item: e.run.withDue(), If: table.IfNew}) // one run for each key
		if run.Status == sequence.Active {
			c.Runs = append(c.Runs, e.run.PK)
		}
		if c.Entered == nil {
			c.Entered = map[string]time.Time{}
		}
		// For Reentry; Exposure is for the lift.
		c.Entered[run.Sequence] = now
		writes = append(writes, s.entered(c, e.definition, run, now))
	}
	return writes
}

// entered counts an entry, and remembers it for the lift.
func (s *Service) entered(c *contact.Contact, d sequence.Definition, run sequence.Run, now time.Time) table.Write {
	if c.Exposure == nil {
		c.Exposure = map[string]contact.Exposure{}
	}
	c.Exposure[d.ID] = contact.Exposure{At: now, Held: run.Holdout}
	return outbox.Count(outbox.Source{Name: "sequence:" + d.ID, Step: "lift"}, c.ID, now,
		outbox.Counters{group("entered", run.Holdout): 1})
}

// stopPending keeps mails of a run that has ended from being sent, when they are still waiting. A mail that is sent
// already is not touched by it.
func (s *Service) stopPending(r stored, now time.Time) (writes []table.Write) {
	for _, id := range r.Pending {
		writes = append(writes, outbox.StopWrite(id, now))
	}
	return writes
}

// Click notes that a person followed a link of a mail, or clicked a push message, in one transaction with the series
// that wait for it and the segments that ask for it. 2 round trips, 1 more when runs are under way. Somebody erased
// since is no error.
func (s *Service) Click(ctx context.Context, r outbox.Record, at time.Time) error {
	event, kind := "mail.clicked", attribution.MailClick
	if r.Channel == compliance.Push {
		event, kind = "push.clicked", attribution.PushClick
	}
	now := s.Clock.Now()
	_, err := s.Contacts.ChangeID(ctx, r.Contact, now, func(c *contact.Contact) ([]table.Write, bool, error) {
		// Nothing is noted on somebody who was erased after the message.
		if c.Gone(r.At) {
			return nil, true, nil
		}
		// Several browsers may show one notification, and the service worker may ask again: the first click counts.
		known := func(t attribution.Touch) bool { return t.Message == r.ID && t.Kind == kind }
		if kind == attribution.PushClick && slices.ContainsFunc(c.Touches, known) {
			return nil, true, nil
		}
		c.Touched(attribution.Touch{Message: r.ID, Source: r.Source.Name + "|" + r.Source.Step, Kind: kind,
			At: at})
		c.Person.Happened(event, at)
		writes, err := s.series(ctx, c, sequence.Event{Type: event, At: at}, true, now)
		if err != nil {
			return nil, false, err
		}
		settled, err := s.settle(ctx, c, now)
		return append(writes, settled...), false, err
	})
	return ignoreMissing(err) // erased since
}

// ignoreMissing leaves out that something is not there any more.
func ignoreMissing(err error) error {
	if errors.Is(err, table.ErrNotFound) {
		return nil
	}
	return err
}

// suppressed reports whether nothing can be sent to a contact any more.
func suppressed(c contact.Contact) bool {
	return c.Suppression[compliance.Email] != compliance.NotSuppressed
}
