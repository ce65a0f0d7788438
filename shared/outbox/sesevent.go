package outbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dangol/shared/compliance"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/contact"
	"dangol/shared/platform/table"
)

// SESEvent is what SES publishes about a message on the default bus. eventType says which; the detail-type of the
// envelope is not used, because its words are not documented for all of them.
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
type SESEvent struct {
	EventType string `json:"eventType"`
	Mail      struct {
		MessageID   string              `json:"messageId"`
		Timestamp   time.Time           `json:"timestamp"`
		Destination []string            `json:"destination"`
		Tags        map[string][]string `json:"tags"`
	} `json:"mail"`
	Bounce struct {
		Type       string      `json:"bounceType"`
		Recipients []recipient `json:"bouncedRecipients"`
		Timestamp  time.Time   `json:"timestamp"`
	} `json:"bounce"`
	Complaint struct {
		Recipients []recipient `json:"complainedRecipients"`
		Timestamp  time.Time   `json:"timestamp"`
	} `json:"complaint"`
	Delivery struct {
		Recipients []string  `json:"recipients"`
		Timestamp  time.Time `json:"timestamp"`
	} `json:"delivery"`
	Reject struct {
		Reason string `json:"reason"`
	} `json:"reject"`
}

// recipient is an address in an event.
type recipient struct {
	EmailAddress string `json:"emailAddress"`
}

// ErrEvent says that something is no event of SES about a message.
var ErrEvent = errors.New("outbox: not an event of SES about a message")

// Check refuses what cannot be an event of SES: the function reads nothing else from the bus.
func (e SESEvent) Check() error {
	if e.EventType == "" || e.Mail.MessageID == "" {
		return ErrEvent
	}
	return nil
}

// id is the id that the mail was sent with; empty for a mail of somebody else, such as Cognito.
func (e SESEvent) id() string {
	if tags := e.Mail.Tags[Tag]; len(tags) == 1 {
		return tags[0]
	}
	return ""
}

// SESEventHandler records SES's events: on the message, and on the contact.
type SESEventHandler struct {
	Store    Store
	Contacts contact.Store
}

// Handle records an event. Events come more than once and in any order; each changes a record once.
// Bounces and complaints count for every recipient they name, also for mails that are not ours,
// because the address is the same.
func (h SESEventHandler) Handle(ctx context.Context, e SESEvent, now time.Time) error {
	if err := e.Check(); err != nil {
		return err
	}
	switch e.EventType {
	case "Send":
		return h.sent(ctx, e, now)
	case "Delivery":
		return h.delivered(ctx, e, now)
	case "Bounce":
		if _, err := h.mark(ctx, e, "bounced", CountBounced, e.Bounce.Timestamp, now); err != nil {
			return err
		}
		return h.each(ctx, e.Bounce.Recipients, now, func(c *contact.Contact) {
			if e.Bounce.Type == "Permanent" {
				c.Suppress(compliance.Email, compliance.HardBounce)
				return
			}
			// A full mailbox or a server that is down: only several in a row suppress the address.
			c.SoftBounce(e.Bounce.Timestamp)
		})
	case "Complaint":
		if _, err := h.mark(ctx, e, "complained", CountComplained, e.Complaint.Timestamp, now); err != nil {
			return err
		}
		return h.each(ctx, e.Complaint.Recipients, now,
			func(c *contact.Contact) { c.Suppress(compliance.Email, compliance.Complaint) })
	case "Reject":
		return h.rejected(ctx, e, now)
	}
	return nil // DeliveryDelay, Open, Click and others: nothing follows from them
}

// delivered notes a delivery and forgets soft bounces. Most contacts have none, and then nothing is written of them. 2
// round trips: record and contacts are read together.
func (h SESEventHandler) delivered(ctx context.Context, e SESEvent, now time.Time) error {
	var keys []table.Key
	id := e.id()
	if id != "" {
		keys = append(keys, keyOf(id))
	}
	for _, address := range e.Delivery.Recipients {
		// A batch may ask for a key once.
		if key := contact.KeyOf(consent.ContactID(address)); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	found, err := h.Store.Table.BatchGet(ctx, true, keys...)
	if err != nil {
		return err
	}
	if id != "" {
		var r Record
		if err := found[keyOf(id)].Decode(&r); err != nil {
			return err
		}
		if err := h.note(ctx, e, r, "delivered", CountDelivered, e.Delivery.Timestamp, now); err != nil {
			return err
		}
	}
	for _, address := range e.Delivery.Recipients {
		var c contact.Contact
		if err := found[contact.KeyOf(consent.ContactID(address))].Decode(&c); err != nil {
			return err
		}
		if len(c.SoftBounces) == 0 {
			continue
		}
		if err := h.change(ctx, address, now, func(c *contact.Contact) { c.Delivered(e.Delivery.Timestamp) }); err != nil {
			return err
		}
	}
	return nil
}

// each changes the contact of every recipient; one that fails does not stop the others.
func (h SESEventHandler) each(ctx context.Context, all []recipient, now time.Time,
	change func(*contact.Contact)) error {
	var failed []error
	for _, r := range all {
		if strings.Contains(r.EmailAddress, "@") {
			failed = append(failed, h.change(ctx, r.EmailAddress, now, change))
		}
	}
	return errors.Join(failed...)
}

// change applies a change to a contact. Its version makes a repeated event harmless.
func (h SESEventHandler) change(ctx context.Context, address string, now time.Time,
	change func(*contact.Contact)) error {
	_, err := h.Contacts.Change(ctx, address, now, func(c *contact.Contact) ([]table.Write, bool, error) {
		change(c)
		return nil, false, nil
	})
	return err
}

// sent settles an attempt whose answer was lost: its record says from now on that SES took it. A mail that was counted
// as unknown is counted as sent instead, and leaves the list of failures.
func (h SESEventHandler) sent(ctx context.Context, e SESEvent, now time.Time) error {
	id := e.id()
	if id == "" {
		return nil
	}
	r, err := h.mark(ctx, e, "sentEvent", CountSES, e.Mail.Timestamp, now)
	// What SES is known to have taken is never given up, so there is nothing to correct.
	if err != nil || r.State == Accepted {
		return err
	}
	// Read again: it may have been given up while the event was noted.
	r, err = h.Store.Get(ctx, id)
	// Only a mail that was given up has to be corrected.
	if err != nil || r.State != Unknown {
		return err
	}
	r.Card.State, r.Card.Reason = Accepted, ""
	settle := table.Update{
		Key: r.Key, Do: "SET #state = :accepted, #messageId = :messageId, #card = :card",
		If:   "#state = :unknown AND " + asSeen(r),
		With: map[string]any{":accepted": Accepted, ":unknown": Unknown, ":messageId": e.Mail.MessageID, ":card": r.Card},
	}
	writes := []table.Write{settle, cleared(id, now)}
	// A mail that was sent again is counted by what became of that one, and is not unknown in the counts any more.
	if r.Source.Counted() && !r.Repeated {
		writes = append(writes, Count(r.Source, id, now, Counters{CountUnknown: -1, CountSent: 1}))
	}
	err = h.Store.Table.Transact(ctx, "", writes...)
	if canceled, ok := table.Refused(err); ok && canceled.Refused(0) {
		return nil
	}
	return err
}

// asSeen is the condition that nobody has had the message sent again since it was read, or somebody had before.
func asSeen(r Record) string {
	if r.Repeated {
		return "attribute_exists(#repeated)"
	}
	return "attribute_not_exists(#repeated)"
}

// mark reads the record of an event, notes the event there, and returns the record as it was before. 2 round trips, 1
// for the Send event of an order mail that is settled.
func (h SESEventHandler) mark(ctx context.Context, e SESEvent, attribute, counter string, at, now time.Time) (Record,
	error) {
	id := e.id()
	if id == "" {
		return Record{}, nil
	}
	r, err := h.Store.Get(ctx, id)
	if err != nil && !errors.Is(err, table.ErrNotFound) {
		return r, err
	}
	return r, h.note(ctx, e, r, attribute, counter, at, now)
}

// note sets a time on the record, which was read before, and counts it, once. If the record is not there yet, the event
// makes it. What is not counted is one conditional write and no transaction: a repetition changes nothing.
func (h SESEventHandler) note(ctx context.Context, e SESEvent, r Record, attribute, counter string, at,
	now time.Time) (err error) {
	// A field that SES left out.
	if at.IsZero() {
		at = now
	}
	// The most frequent event says nothing new of an order mail: SES's answer said that it took it. What SES itself
	// counts is compared with for campaigns and series only.
	if counter == CountSES && r.State == Accepted && r.Kind == compliance.Transactional {
		return nil
	}
	id := e.id()
	once := table.Update{
		Key: keyOf(id), Do: fmt.Sprintf("SET #%s = :at, #ttl = :ttl", attribute),
		If:   fmt.Sprintf("attribute_not_exists(#%s)", attribute),
		With: map[string]any{":at": at, ":ttl": now.Add(keep).Unix()},
	}
	writes := []table.Write{once}
	// A record that the event itself made has no source to be counted under; sent does that later.
	if r.Source.Counted() {
		writes = append(writes, Count(r.Source, id, now, Counters{counter: 1}))
	}
	// Hard bounces and complaints are what SES and the mail providers judge a sender by.
	hard := counter == CountBounced && e.Bounce.Type == "Permanent" || counter == CountComplained
	if hard && r.Kind == compliance.Marketing {
		writes = append(writes, Count(healthOf(now), id, now, Counters{counter: 1}))
	}
	if len(writes) == 1 {
		_, err = h.Store.Table.Update(ctx, once)
	} else {
		err = h.Store.Table.Transact(ctx, "", writes...)
	}
	if _, refused := table.Met(err, 0); refused {
		return nil
	}
	return err
}

// rejected is a mail that SES accepted and then found to hold a virus. It is listed for the merchant.
func (h SESEventHandler) rejected(ctx context.Context, e SESEvent, now time.Time) error {
	id := e.id()
	if id == "" {
		return nil
	}
	r, err := h.Store.Get(ctx, id)
	if errors.Is(err, table.ErrNotFound) || err == nil && r.State == Rejected {
		return nil
	}
	if err != nil {
		return err
	}
	m := Mail{ID: id, Template: r.Template, Source: r.Source, About: r.About}
	card := m.card(Rejected, "SES: "+e.Reject.Reason, now)
	writes := []table.Write{
		table.Update{
			// only what was read
			Key: r.Key, Do: "SET #state = :rejected, #reason = :reason, #card = :card", If: "#state = :seen AND " + asSeen(r),
			With: map[string]any{":rejected": Rejected, ":reason": card.Reason, ":card": card, ":seen": r.State},
		},
	}
	// One that was sent again needs no second look.
	if !r.Repeated {
		writes = append(writes, table.Put{Item: m.failure(Rejected, card.Reason, now)})
	}
	if r.Source.Counted() && !r.Repeated {
		writes = append(writes, Count(r.Source, id, now, Counters{counterOf(r.State): -1, CountRejected: 1}))
	}
	err = h.Store.Table.Transact(ctx, "", writes...)
	if canceled, ok := table.Refused(err); ok && canceled.Refused(0) {
		return nil
	}
	return err
}
