package segment

import (
	"slices"
	"strings"
	"time"

	"dangol/shared/compliance"
)

// Condition is exactly one of its fields.
type Condition struct {
	All     []Condition       `json:"all,omitempty" dynamodbav:"all,omitempty" nullable:"false" doc:"Every one of these."`
	Any     []Condition       `json:"any,omitempty" dynamodbav:"any,omitempty" nullable:"false" doc:"At least one of these."`
	Not     *Condition        `json:"not,omitempty" dynamodbav:"not,omitempty"`
	Profile *ProfileCondition `json:"profile,omitempty" dynamodbav:"profile,omitempty"`
	Orders  *OrderCondition   `json:"orders,omitempty" dynamodbav:"orders,omitempty"`
	Event   *EventCondition   `json:"event,omitempty" dynamodbav:"event,omitempty"`
	Consent *ConsentCondition `json:"consent,omitempty" dynamodbav:"consent,omitempty"`
}

// ProfileField is a field of the profile that conditions can ask about.
type ProfileField string

// The fields.
const (
	FieldLanguage   ProfileField = "language"
	FieldCountry    ProfileField = "country"
	FieldTag        ProfileField = "tag"
	FieldCustomer   ProfileField = "customer" // "true" or "false"
	FieldBirthMonth ProfileField = "birth_month"
)

// ProfileCondition holds when the field has one of the values; for tags, when one of the tags is among them.
type ProfileCondition struct {
	Field ProfileField `json:"field" dynamodbav:"field" enum:"language,country,tag,customer,birth_month"`
	In    []string     `json:"in" dynamodbav:"in" minItems:"1" maxItems:"50" nullable:"false"`
}

// OrderCondition counts purchases. Days limits it to the last so many days (of 24 hours), 0 is ever. With Products,
// only orders count that contain one of them. AtLeast and AtMost bound the number of orders; AtMost is ignored when
// nil, so that 0 means none.
type OrderCondition struct {
	AtLeast  int      `json:"atLeast,omitempty" dynamodbav:"atLeast,omitempty" minimum:"0"`
	AtMost   *int     `json:"atMost,omitempty" dynamodbav:"atMost,omitempty" minimum:"0"`
	Days     int      `json:"days,omitempty" dynamodbav:"days,omitempty" minimum:"0" maximum:"3650"`
	Products []string `json:"products,omitempty" dynamodbav:"products,omitempty" maxItems:"100" nullable:"false"`
	// Spent is the least sum of the orders counted, in minor units of Currency; orders in other currencies are not counted
	// then.
	Spent    int64  `json:"spent,omitempty" dynamodbav:"spent,omitempty" minimum:"0"`
	Currency string `json:"currency,omitempty" dynamodbav:"currency,omitempty"`
}

// EventCondition counts events of a type. Days as in OrderCondition.
type EventCondition struct {
	Type    string `json:"type" dynamodbav:"type"`
	AtLeast int    `json:"atLeast,omitempty" dynamodbav:"atLeast,omitempty" minimum:"0"`
	AtMost  *int   `json:"atMost,omitempty" dynamodbav:"atMost,omitempty" minimum:"0"`
	Days    int    `json:"days,omitempty" dynamodbav:"days,omitempty" minimum:"0" maximum:"3650"`
}

// ConsentCondition holds when the person's consent on the channel is as said.
type ConsentCondition struct {
	Channel compliance.Channel        `json:"channel" dynamodbav:"channel" enum:"email,push,sms,kakao"`
	Is      compliance.ChannelConsent `json:"is" dynamodbav:"is" enum:"given,refused,pending,"`
}

// day is 24 hours; windows of conditions are no calendar days.
const day = 24 * time.Hour

// Holds reports whether a valid condition holds for the person at now. What lies after now has not happened.
func (c Condition) Holds(p Person, now time.Time) bool {
	// holds asks a part about the same person and time.
	holds := func(part Condition) bool { return part.Holds(p, now) }
	switch {
	case c.All != nil:
		// An empty list would hold for everybody; Faults refuses it.
		return !slices.ContainsFunc(c.All, func(part Condition) bool { return !holds(part) })
	case c.Any != nil:
		return slices.ContainsFunc(c.Any, holds)
	case c.Not != nil:
		return !holds(*c.Not)
	case c.Profile != nil:
		return c.Profile.holds(p)
	case c.Orders != nil:
		return c.Orders.holds(p, now)
	case c.Event != nil:
		return c.Event.holds(p, now)
	case c.Consent != nil:
		return p.Consent[c.Consent.Channel] == c.Consent.Is
	}
	return false
}

// holds compares without case, because tags and languages are typed by hand.
func (c ProfileCondition) holds(p Person) bool {
	has := func(value string) bool {
		return slices.ContainsFunc(c.In, func(wanted string) bool { return strings.EqualFold(wanted, value) })
	}
	switch c.Field {
	case FieldLanguage:
		// "en" also stands for "en-US".
		primary, _, _ := strings.Cut(p.Language, "-")
		return has(p.Language) || has(primary)
	case FieldCountry:
		return has(p.Country)
	case FieldTag:
		return slices.ContainsFunc(p.Tags, has)
	case FieldCustomer:
		return p.Customer && has("true") || !p.Customer && has("false")
	case FieldBirthMonth:
		month, _, _ := strings.Cut(p.Birthday, "-")
		return month != "" && has(month)
	}
	return false
}

// holds counts the orders in the window. Without bounds and a sum it would hold for everybody,
// which Faults refuses.
func (c OrderCondition) holds(p Person, now time.Time) bool {
	count, spent := 0, int64(0)
	for _, o := range p.Orders {
		if inWindow(o.At, now, c.Days) && c.counts(o) {
			count++
			spent += o.Amount
		}
	}
	return inRange(count, c.AtLeast, c.AtMost) && spent >= c.Spent
}

// counts reports whether the order is one that the condition asks about, whenever it was.
func (c OrderCondition) counts(o Order) bool {
	if c.Currency != "" && o.Currency != c.Currency {
		return false
	}
	return len(c.Products) == 0 ||
		slices.ContainsFunc(o.Products, func(id string) bool { return slices.Contains(c.Products, id) })
}

// holds counts the events in the window.
func (c EventCondition) holds(p Person, now time.Time) bool {
	count := 0
	for _, at := range p.Events[c.Type] {
		if inWindow(at, now, c.Days) {
			count++
		}
	}
	return inRange(count, c.AtLeast, c.AtMost)
}

// inWindow reports whether at is in (now - days, now]; days 0 is all of the past.
func inWindow(at, now time.Time, days int) bool {
	// The start is outside: after exactly 90 days an order has left the window.
	return !at.After(now) && (days == 0 || at.After(now.Add(-time.Duration(days)*day)))
}

// inRange reports whether n is within the bounds; nil is no upper bound.
func inRange(n, least int, most *int) bool { return n >= least && (most == nil || n <= *most) }

// NextChange is the earliest instant after now at which the answer can change without a new event: when an order or
// event enters the past or leaves a window. It is zero when time alone changes nothing.
func (c Condition) NextChange(p Person, now time.Time) time.Time {
	var next time.Time
	// earliest keeps the first instant that lies ahead.
	earliest := func(at time.Time) {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	window := func(at time.Time, days int) {
		// An event may be dated in the future, such as a birthday.
		earliest(at)
		if days > 0 {
			earliest(at.Add(time.Duration(days) * day))
		}
	}
	// Parts of all and any can each change the answer; asking all of them is too early at worst.
	for _, part := range slices.Concat(c.All, c.Any) {
		earliest(part.NextChange(p, now))
	}
	switch {
	case c.Not != nil:
		earliest(c.Not.NextChange(p, now))
	case c.Orders != nil:
		for _, o := range p.Orders {
			window(o.At, c.Orders.Days)
		}
	case c.Event != nil:
		for _, at := range p.Events[c.Event.Type] {
			window(at, c.Event.Days)
		}
	}
	return next
}
