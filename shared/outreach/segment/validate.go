package segment

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"dangol/shared/compliance"
)

// EventTypes are the events that conditions and sequences can ask about: those that are noted on people. Opens are not
// among them: mail programs open everything by themselves (Apple Mail Privacy Protection, Gmail's proxy), so nothing
// may depend on an open.
var EventTypes = []string{
	"cart.changed", "order.placed", "order.delivered", "order.canceled", "review.published", "review.negative",
	"subscription.started", "subscription.renewal_due", "subscription.trial_ending", "subscription.ended", "consent.given",
	"mail.clicked", "push.clicked", "customer.birthday",
}

// Limits of a condition.
const (
	maxDepth = 5
	maxParts = 50

	maxValues   = 50 // of a condition about the profile
	maxProducts = 100
)

// Fault is one thing that is wrong with a condition.
type Fault struct {
	Pointer string // JSON pointer within the condition
	Text    string
}

// Error makes a fault an error, for callers that join several.
func (f Fault) Error() string { return f.Pointer + ": " + f.Text }

// Faults lists what is wrong with a condition; nil when nothing is.
func (c Condition) Faults() []Fault {
	v := &validator{}
	v.check(c, "", 1)
	if v.parts > maxParts {
		v.fault("", fmt.Sprintf("has %d parts, at most %d", v.parts, maxParts))
	}
	return v.faults
}

// validator collects faults and counts parts.
type validator struct {
	faults []Fault
	parts  int
}

// fault adds a fault.
func (v *validator) fault(pointer, text string) { v.faults = append(v.faults, Fault{pointer, text}) }

// check looks at a condition and all below it. Depth and parts are bounded, because conditions are
// evaluated with each event.
func (v *validator) check(c Condition, at string, depth int) {
	v.parts++
	if depth > maxDepth {
		v.fault(at, fmt.Sprintf("is nested more than %d deep", maxDepth))
		return
	}
	if n := c.fields(); n != 1 {
		v.fault(at, fmt.Sprintf("has %d of all, any, not, profile, orders, event, consent; exactly one is needed", n))
		return
	}
	v.group(c.All, at+"/all", depth)
	v.group(c.Any, at+"/any", depth)
	switch {
	case c.Not != nil:
		v.check(*c.Not, at+"/not", depth+1)
	case c.Profile != nil:
		v.profile(*c.Profile, at+"/profile")
	case c.Orders != nil:
		v.orders(*c.Orders, at+"/orders")
	case c.Event != nil:
		v.event(*c.Event, at+"/event")
	case c.Consent != nil:
		v.consent(*c.Consent, at+"/consent")
	}
}

// fields is how many fields are set.
func (c Condition) fields() (n int) {
	for _, set := range []bool{
		c.All != nil, c.Any != nil, c.Not != nil, c.Profile != nil, c.Orders != nil, c.Event != nil, c.Consent != nil,
	} {
		if set {
			n++
		}
	}
	return n
}

// group checks the parts of all or any. nil is "not given", an empty list is a mistake.
func (v *validator) group(parts []Condition, at string, depth int) {
	if parts != nil && len(parts) == 0 {
		v.fault(at, "is empty")
	}
	for i, part := range parts {
		v.check(part, at+"/"+strconv.Itoa(i), depth+1)
	}
}

// profile checks a condition about the profile.
func (v *validator) profile(c ProfileCondition, at string) {
	if !slices.Contains([]ProfileField{FieldLanguage, FieldCountry, FieldTag, FieldCustomer, FieldBirthMonth}, c.Field) {
		v.fault(at+"/field", fmt.Sprintf("%q is no field of the profile", c.Field))
	}
	if len(c.In) == 0 || len(c.In) > maxValues {
		v.fault(at+"/in", fmt.Sprintf("does not have 1 to %d values", maxValues))
	}
	for i, value := range c.In {
		if !c.Field.accepts(value) {
			v.fault(at+"/in/"+strconv.Itoa(i), fmt.Sprintf("%q is no value of %s", value, c.Field))
		}
	}
}

// accepts reports whether a value can occur in the field.
func (f ProfileField) accepts(value string) bool {
	switch f {
	case FieldCustomer:
		return value == "true" || value == "false"
	case FieldCountry:
		return len(value) == 2
	case FieldBirthMonth:
		n, err := strconv.Atoi(value)
		// Two digits, as in birthdays.
		return err == nil && len(value) == 2 && n >= 1 && n <= 12
	}
	return strings.TrimSpace(value) != ""
}

// orders checks a condition about purchases.
func (v *validator) orders(c OrderCondition, at string) {
	v.counts(c.AtLeast, c.AtMost, c.Days, at)
	if len(c.Products) > maxProducts {
		v.fault(at+"/products", fmt.Sprintf("has more than %d products", maxProducts))
	}
	if c.Spent < 0 {
		v.fault(at+"/spent", "is negative")
	}
	// A sum without a currency would add won and dollars.
	if (c.Spent > 0) != (c.Currency != "") {
		v.fault(at+"/currency", "spent and currency are given together")
	}
	if c.AtLeast == 0 && c.AtMost == nil && c.Spent == 0 {
		v.fault(at, "holds for everybody: give atLeast, atMost or spent")
	}
}

// event checks a condition about events.
func (v *validator) event(c EventCondition, at string) {
	v.counts(c.AtLeast, c.AtMost, c.Days, at)
	if !slices.Contains(EventTypes, c.Type) {
		v.fault(at+"/type", fmt.Sprintf("%q is no event to ask about", c.Type))
	}
	if c.AtLeast == 0 && c.AtMost == nil {
		v.fault(at, "holds for everybody: give atLeast or atMost")
	}
}

// counts checks the bounds that orders and events share.
func (v *validator) counts(least int, most *int, days int, at string) {
	if least < 0 {
		v.fault(at+"/atLeast", "is negative")
	}
	if most != nil && (*most < least || *most < 0) {
		v.fault(at+"/atMost", "is less than atLeast")
	}
	// Ten years; nothing is kept longer.
	if days < 0 || days > 3650 {
		v.fault(at+"/days", "is not from 0 to 3650")
	}
}

// consent checks a condition about consent.
func (v *validator) consent(c ConsentCondition, at string) {
	if !slices.Contains([]compliance.Channel{compliance.Email, compliance.Push, compliance.SMS, compliance.KakaoMsg},
		c.Channel) {
		v.fault(at+"/channel", fmt.Sprintf("%q is no channel", c.Channel))
	}
	states := []compliance.ChannelConsent{compliance.NoAnswer, compliance.Pending, compliance.Given, compliance.Refused}
	// No answer is a state too: the empty text.
	if !slices.Contains(states, c.Is) {
		v.fault(at+"/is", fmt.Sprintf("%q is no state of a consent", c.Is))
	}
}
