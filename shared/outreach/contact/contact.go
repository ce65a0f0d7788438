// Package contact keeps what outreach knows of one mail address: who it is, what they agreed to, what they did, and
// what was sent lately. It is one item, so that the gate needs one read: CONTACT#<id>, with the id made of the address
// (consent.ContactID).
package contact

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // the Lambda image has no time zones

	"dangol/shared/compliance"
	"dangol/shared/outreach/attribution"
	"dangol/shared/outreach/consent"
	"dangol/shared/outreach/push"
	"dangol/shared/outreach/segment"
	"dangol/shared/platform/due"
	"dangol/shared/platform/table"
)

// Contact is one address.
type Contact struct {
	table.Key
	due.Due           // next confirmation of the consent, or next change of a segment that time alone makes
	ID         string `dynamodbav:"id"`
	Email      string `dynamodbav:"email"`
	Name       string `dynamodbav:"name,omitempty"`
	Language   string `dynamodbav:"language,omitempty"`
	Country    string `dynamodbav:"country,omitempty"`
	Zone       string `dynamodbav:"zone,omitempty"` // IANA; empty is the shop's
	CustomerID string `dynamodbav:"customerId,omitempty"`

	Consent     map[compliance.Channel]consent.State          `dynamodbav:"consent,omitempty"`
	TopicsOff   []string                                      `dynamodbav:"topicsOff,omitempty"`
	Suppression map[compliance.Channel]compliance.Suppression `dynamodbav:"suppression,omitempty"`
	// Mailbox is what stopped messages to an erased address besides the erasure; it counts again when the person returns.
	Mailbox map[compliance.Channel]compliance.Suppression `dynamodbav:"mailbox,omitempty"`
	// since the last delivery
	SoftBounces []time.Time `dynamodbav:"softBounces,omitempty"`
	// ErasedAt is when everything of the person was removed; the address is kept as a hash only, in ID.
	ErasedAt time.Time `dynamodbav:"erasedAt,omitzero"`
	// nothing of this person is measured
	NoTracking bool `dynamodbav:"noTracking,omitempty"`

	Person  segment.Person      `dynamodbav:"person"`
	Recent  []time.Time         `dynamodbav:"recent,omitempty"`  // marketing sent lately, on all channels
	Touches []attribution.Touch `dynamodbav:"touches,omitempty"` // clicks, newest last
	// Entered is when the person's latest run of a series began, by series.
	Entered  map[string]time.Time `dynamodbav:"entered,omitempty"`
	Segments []string             `dynamodbav:"segments,omitempty"` // those the person is in
	// SegmentsOf is the customer whose segments were written to Commerce.
	SegmentsOf string              `dynamodbav:"segmentsOf,omitempty"`
	Push       []push.Subscription `dynamodbav:"push,omitempty"`
	// Runs are the keys of the runs that are under way, so that an event finds them without an index.
	Runs []string `dynamodbav:"runs,omitempty"`
	// Returning is what is known of the returns of the person's orders, by order.
	Returning map[string]OrderReturns `dynamodbav:"returning,omitempty"`
	// Exposure is whether the person was held out of a series when they entered it last, for the lift.
	Exposure map[string]Exposure `dynamodbav:"exposure,omitempty"`
	// Coupons are the numbers of the codes that the person was given, by coupon and promotion.
	Coupons map[string]int `dynamodbav:"coupons,omitempty"`
	// List and Place put the contact into the list of all contacts, by shards.
	List    string    `dynamodbav:"gsi1pk"`
	Place   string    `dynamodbav:"gsi1sk"`
	Version int       `dynamodbav:"version"`
	Changed time.Time `dynamodbav:"changed"`
	WriteID string    `dynamodbav:"writeId,omitempty"`
	// Overtaken says that a change was decided before and that another one came between; it is not stored.
	Overtaken bool `dynamodbav:"-"`
}

// Exposure is one entry of a person into a series.
type Exposure struct {
	At      time.Time `dynamodbav:"at"`
	Held    bool      `dynamodbav:"held,omitempty"`
	Counted bool      `dynamodbav:"counted,omitempty"` // a purchase after it was counted
}

// Shards is how many lists all contacts are spread over. A campaign reads them one after the other.
const Shards = 16

// ListOf is the index key of one shard of the list.
func ListOf(shard int) string { return fmt.Sprintf("CONTACTS#%02d", shard) }

// Limits of the lists, so that the item stays small.
const (
	maxRecent  = 50
	maxTouches = 20
	maxPush    = 10
)

// KeyOf is the key of a contact.
func KeyOf(id string) table.Key { return table.Key{PK: "CONTACT#" + id, SK: "CONTACT"} }

// New is a contact of whom nothing is known but the address.
func New(email string) Contact {
	email = strings.TrimSpace(email)
	// The id is made of the normalized address, so upper and lower case are the same contact.
	id := consent.ContactID(email)
	h := fnv.New32a()
	h.Write([]byte(id))
	return Contact{
		// Spread by hash, so that no shard of the list becomes hot.
		Key: KeyOf(id), ID: id, Email: email, Person: segment.Person{ID: id}, List: ListOf(int(h.Sum32() % Shards)),
		Place: id,
	}
}

// Gate is the contact as the gate sees it on a channel.
func (c Contact) Gate(channel compliance.Channel) compliance.Contact {
	state := c.Consent[channel]
	g := compliance.Contact{
		Address: c.Email, Country: c.Country, Zone: c.Location(nil), Consent: state.Answer, Night: state.Night,
		Suppression: c.Suppression[channel], TopicsOff: c.TopicsOff, Recent: c.Recent,
	}
	if channel == compliance.Push {
		// The gate only asks whether there is somewhere to send to.
		g.Address = ""
		if len(c.Push) > 0 {
			g.Address = c.Push[0].Endpoint
		}
	}
	// Existing customers may be written to without consent in some countries; the last order
	// decides how long.
	if last, ok := c.Person.LastOrder(); ok {
		g.Bought = last.At
	}
	return g
}

// Location is the contact's time zone, or fallback when none is known.
func (c Contact) Location(fallback *time.Location) *time.Location {
	if c.Zone == "" {
		return fallback
	}
	// A zone that this machine does not know.
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return fallback
	}
	return zone
}

// defaultLanguage is the shop's first language.
const defaultLanguage = "ko"

// MailLanguage is the language that a person is written to in, by mail, push and on the pages behind their links:
// theirs, or the shop's first where nothing is known.
func (c Contact) MailLanguage() string {
	if c.Language == "" {
		return defaultLanguage
	}
	return c.Language
}

// Apply adds an answer about consent. Errors are none: what does not apply changes nothing.
func (c *Contact) Apply(change consent.Change) consent.Applied {
	// Both copies of the answer change together: the person's is what conditions of segments ask
	// about.
	applied := consent.Apply(c.Consent[change.Channel], change)
	if c.Consent == nil {
		c.Consent = map[compliance.Channel]consent.State{}
	}
	c.Consent[change.Channel] = applied.State
	if c.Person.Consent == nil {
		c.Person.Consent = map[compliance.Channel]compliance.ChannelConsent{}
	}
	c.Person.Consent[change.Channel] = applied.State.Answer
	return applied
}

// Suppress stops everything to the address on a channel. The first reason stays, except that an erasure outweighs all,
// and a complaint what is about the mailbox only: events come out of order, and a bounce may be lifted.
func (c *Contact) Suppress(channel compliance.Channel, why compliance.Suppression) {
	if c.Suppression == nil {
		c.Suppression = map[compliance.Channel]compliance.Suppression{}
	}
	known := c.Suppression[channel]
	switch {
	case known == compliance.NotSuppressed, why == compliance.Complaint && known != compliance.Erased:
		c.Suppression[channel] = why
	case why == compliance.Erased:
		c.Suppression[channel] = why
		c.outlive(channel, known)
	case known == compliance.Erased:
		c.outlive(channel, why) // the event of a mail that was sent before the erasure
	}
}

// outlive keeps a reason for the time after an erasure; the first one stays, except for a complaint.
func (c *Contact) outlive(channel compliance.Channel, why compliance.Suppression) {
	if why == compliance.Erased || why == compliance.NotSuppressed ||
		c.Mailbox[channel] != compliance.NotSuppressed && why != compliance.Complaint {
		return
	}
	if c.Mailbox == nil {
		c.Mailbox = map[compliance.Channel]compliance.Suppression{}
	}
	c.Mailbox[channel] = why
}

// Lift lets an address be written to again that bounced or that an operator had suppressed: the mailbox works again. A
// complaint stays, because it is what the person wants, and so does an erasure. It reports whether anything changed.
func (c *Contact) Lift(channel compliance.Channel) bool {
	why := c.Suppression[channel]
	if why != compliance.HardBounce && why != compliance.ByOperator {
		return false
	}
	delete(c.Suppression, channel)
	c.SoftBounces = nil
	return true
}

// Soft bounces: five without a delivery between them, over at least three days, are an address that nobody reads.
const (
	softLimit = 5
	softSpan  = 72 * time.Hour
)

// SoftBounce notes a passing failure of delivery.
func (c *Contact) SoftBounce(at time.Time) {
	i, found := slices.BinarySearchFunc(c.SoftBounces, at, time.Time.Compare)
	// The same event again.
	if found {
		return
	}
	// Cloned, because the slice may be shared with what was read.
	c.SoftBounces = slices.Insert(slices.Clone(c.SoftBounces), i, at)
	// Only the last five count, so the span is theirs.
	c.SoftBounces = c.SoftBounces[max(0, len(c.SoftBounces)-softLimit):]
	if n := len(c.SoftBounces); n == softLimit && c.SoftBounces[n-1].Sub(c.SoftBounces[0]) >= softSpan {
		// An address that is full for days is as good as gone, and SES counts further attempts
		// against the sender.
		c.Suppress(compliance.Email, compliance.HardBounce)
	}
}

// Delivered forgets the passing failures before a delivery.
func (c *Contact) Delivered(at time.Time) {
	// Failures after the delivery stay: events come out of order.
	c.SoftBounces = slices.DeleteFunc(slices.Clone(c.SoftBounces), func(t time.Time) bool { return !t.After(at) })
}

// Sent notes a marketing message for the frequency cap.
func (c *Contact) Sent(at time.Time) {
	// The cap looks at days; fifty are more than any cap allows.
	c.Recent = append(slices.Clone(c.Recent), at)
	c.Recent = c.Recent[max(0, len(c.Recent)-maxRecent):]
}

// Touched notes a click. One of the same message and kind counts once, the newest.
func (c *Contact) Touched(t attribution.Touch) {
	// The newest click of a message replaces the earlier one, so that a message fills the list only
	// once.
	rest := slices.DeleteFunc(slices.Clone(c.Touches),
		func(o attribution.Touch) bool { return o.Message == t.Message && o.Kind == t.Kind })
	rest = append(rest, t)
	slices.SortStableFunc(rest, func(a, b attribution.Touch) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	c.Touches = rest[max(0, len(rest)-maxTouches):]
}

// Untouched takes a click of a message back.
func (c *Contact) Untouched(message string, kind attribution.TouchKind) {
	c.Touches = slices.DeleteFunc(slices.Clone(c.Touches),
		func(o attribution.Touch) bool { return o.Message == message && o.Kind == kind })
}

// Subscribe adds a browser; the same endpoint replaces itself. The oldest goes when there are too many.
func (c *Contact) Subscribe(s push.Subscription) {
	c.Unsubscribe(s.Endpoint)
	c.Push = append(c.Push, s)
	c.Push = c.Push[max(0, len(c.Push)-maxPush):]
}

// Unsubscribe removes a browser.
func (c *Contact) Unsubscribe(endpoint string) {
	c.Push = slices.DeleteFunc(slices.Clone(c.Push), func(o push.Subscription) bool { return o.Endpoint == endpoint })
}

// Erase removes everything of the person at an instant and keeps that nothing may be sent to the address, under its
// hash.
func (c *Contact) Erase(at time.Time) {
	kept := Contact{
		// The key and the list stay, so that the same address is found again.
		Key: c.Key, ID: c.ID, Person: segment.Person{ID: c.ID}, Version: c.Version, List: c.List, Place: c.Place,
		ErasedAt: at, Suppression: c.Suppression, Mailbox: c.Mailbox,
	}
	// Under the hash: nothing may be sent to the address, and nobody can read it.
	for _, channel := range consent.Channels {
		kept.Suppress(channel, compliance.Erased)
	}
	*c = kept
}

// Gone reports whether the person was erased and has done nothing since an instant at which a message was caused. An
// order that is placed after the erasure is confirmed, although nothing else may be sent to the address.
func (c Contact) Gone(caused time.Time) bool {
	// What was caused before the erasure is gone; what came after it is a new beginning.
	return !c.ErasedAt.IsZero() && !caused.After(c.ErasedAt)
}

// Returned notes that an erased person has given their address again, by an order or a sign-up after the erasure. What
// happened before it, and only arrives now, brings nothing back. It reports whether the contact may be changed.
func (c *Contact) Returned(email string, at time.Time) bool {
	switch {
	case c.ErasedAt.IsZero():
		return true
	case !at.After(c.ErasedAt):
		return false
	}
	c.Email, c.ErasedAt = strings.TrimSpace(email), time.Time{}
	// Bounces and complaints outlive an erasure: they are about the mailbox.
	c.Suppression, c.Mailbox = c.Mailbox, nil
	return true
}
