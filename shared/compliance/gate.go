package compliance

import (
	"strings"
	"time"
)

// MessageKind is what a message is for. The law treats them differently, so every message has exactly one.
type MessageKind string

// The kinds.
const (
	// Transactional concerns something the recipient ordered, pays for or asked for. It needs no consent.
	Transactional MessageKind = "transactional"
	// LegalNotice is one that the law obliges the shop to send: the result of a consent or refusal, the confirmation every
	// two years.
	LegalNotice MessageKind = "legal_notice"
	// Marketing is everything else. Notices of points that expire and rewarded requests for reviews are marketing (KISA
	// guide).
	Marketing MessageKind = "marketing"
)

// Priority decides between marketing messages when the frequency cap is nearly reached.
type Priority string

// The priorities. High may use the whole cap, Normal leaves the reserved part to High.
const (
	Normal Priority = "normal"
	High   Priority = "high"
)

// OnCap is what happens to a message that the frequency cap stops.
type OnCap string

// What a cap does: the message waits for a free place, or is skipped and listed.
const (
	WaitOnCap OnCap = "wait"
	SkipOnCap OnCap = "skip"
)

// OutgoingMessage is a message before it is sent, as far as the rules need to know it.
type OutgoingMessage struct {
	Kind     MessageKind
	Channel  Channel
	Topic    string // marketing only; empty belongs to no topic that can be switched off
	Subject  string // of a mail, or the title of a push message, without the label
	Priority Priority
	OnCap    OnCap
	// SameGoods: it advertises goods of the same kind as the recipient bought (시행령 61조 1항; ePrivacy Directive 13(2)).
	SameGoods bool
	// Urgent: the recipient waits for it this minute, for example a code to log in with. It is sent at night. Never for
	// marketing.
	Urgent bool
	Sender SenderIdentity
}

// SenderIdentity is who a message says it comes from and how it can be refused.
type SenderIdentity struct {
	Name          string
	Contact       string // telephone number or address
	PostalAddress string // CAN-SPAM 15 USC 7704(a)(5)
	Unsubscribe   string // where the recipient refuses further messages, free of charge
}

// ChannelConsent is what a recipient has said about marketing on one channel.
type ChannelConsent string

// The states. A state that is none of these counts as NoAnswer.
const (
	NoAnswer ChannelConsent = ""
	// Pending was asked for and not confirmed: the mail of a double opt-in was not answered. It is no consent.
	Pending ChannelConsent = "pending"
	Given   ChannelConsent = "given"
	Refused ChannelConsent = "refused"
)

// Suppression is why nothing may be sent to an address, whatever the recipient agreed to.
type Suppression string

// The suppressions.
const (
	NotSuppressed Suppression = ""
	HardBounce    Suppression = "bounce"
	Complaint     Suppression = "complaint"
	ByOperator    Suppression = "operator"
	Erased        Suppression = "erased"
)

// Contact is a recipient as far as the rules need to know them.
type Contact struct {
	Address string // of the channel; empty when there is none
	Country string // ISO 3166, two letters; empty is treated as the shop's home, Korea
	Zone    *time.Location
	Consent ChannelConsent // on the message's channel
	Night   bool           // separate consent to messages between 21:00 and 08:00 (정보통신망법 50조 3항)
	// Suppression on the message's channel.
	Suppression Suppression
	TopicsOff   []string
	// Bought is when the last purchase was completed, zero when there was none. The shop itself collected the address
	// then.
	Bought time.Time
	// Recent is when marketing was sent to the person, on any channel, in any order. Those before the window of the cap
	// are ignored.
	Recent []time.Time
}

// GatePolicy is the shop's own part of the decision.
type GatePolicy struct {
	// Exceptions: send to existing customers without consent, where the country allows it. Off by default.
	Exceptions bool
	Cap        FrequencyCap
}

// FrequencyCap is at most Max marketing messages to a person in a window, across all channels, of which Reserved are
// for High priority. The zero value caps nothing.
type FrequencyCap struct {
	Max      int           `json:"max"`
	Reserved int           `json:"reserved"`
	Window   time.Duration `json:"window"`
}

// Reason is why a message may or may not be sent. It is stored with the message and shown to the recipient who asks.
type Reason string

// Reasons to send.
const (
	ReasonTransactional    Reason = "transactional"
	ReasonLegalNotice      Reason = "legal_notice"
	ReasonConsent          Reason = "consent"
	ReasonExistingCustomer Reason = "existing_customer"
	ReasonOptOutCountry    Reason = "opt_out_country"
)

// Reasons not to send.
const (
	ReasonNoAddress      Reason = "no_address"
	ReasonSuppressed     Reason = "suppressed"
	ReasonRefused        Reason = "refused"
	ReasonPending        Reason = "consent_pending"
	ReasonNoConsent      Reason = "no_consent"
	ReasonTopicOff       Reason = "topic_off"
	ReasonNight          Reason = "night"
	ReasonCap            Reason = "frequency_cap"
	ReasonLabelInText    Reason = "label_in_text"
	ReasonSenderIdentity Reason = "sender_identity"
	ReasonPostalAddress  Reason = "postal_address"
	ReasonUnsubscribe    Reason = "unsubscribe_link"
	ReasonUnknownKind    Reason = "unknown_kind"
)

// GateDecision is the answer of Allowed.
type GateDecision struct {
	Allowed bool   `json:"allowed"`
	Reason  Reason `json:"reason"`
	// NotBefore is when a message that has to wait may be asked about again; zero when it is refused for good.
	NotBefore time.Time `json:"notBefore,omitzero"`
	// Subject is the message's, with the label that the country asks for.
	Subject string `json:"subject,omitempty"`
	Source  string `json:"source,omitempty"` // of the rule that decided
}

// Waits reports whether the message may be sent later.
func (d GateDecision) Waits() bool { return !d.Allowed && !d.NotBefore.IsZero() }

// Allowed decides whether a message may be sent to a contact at now. It is the one gate: campaigns, sequences, push and
// dry runs ask it and nothing else. The order of the rules is the order of the reasons: what can never be sent is said
// before what has to wait.
func Allowed(m OutgoingMessage, c Contact, p GatePolicy, now time.Time) GateDecision {
	// In the order of their weight: a suppressed address is reported as such, and not as one that
	// has to wait for the morning.
	for _, rule := range []func(OutgoingMessage, Contact, GatePolicy, time.Time) GateDecision{
		address, basis, topic, identity, label, night, capped,
	} {
		if d := rule(m, c, p, now); d.Reason != "" && !d.Allowed {
			return d
		}
	}
	d := basis(m, c, p, now)
	d.Subject = Label(m.Kind, c.Country, m.Subject)
	return d
}

// refuse is a decision for good; source names the rule.
func refuse(r Reason, source string) GateDecision { return GateDecision{Reason: r, Source: source} }

// address refuses what cannot or must not be written to. It comes first, because no consent changes
// it.
func address(m OutgoingMessage, c Contact, _ GatePolicy, _ time.Time) GateDecision {
	switch {
	case c.Address == "":
		return refuse(ReasonNoAddress, "")
	case c.Suppression != NotSuppressed:
		return refuse(ReasonSuppressed, string(c.Suppression))
	}
	return GateDecision{}
}

// basis says why a message is lawful, or why it is not.
func basis(m OutgoingMessage, c Contact, p GatePolicy, now time.Time) GateDecision {
	switch m.Kind {
	case Transactional:
		return GateDecision{Allowed: true, Reason: ReasonTransactional}
	case LegalNotice:
		return GateDecision{Allowed: true, Reason: ReasonLegalNotice, Source: "정보통신망법 50조 7항, 8항"}
	case Marketing:
		return marketingBasis(m, c, p, now)
	}
	return refuse(ReasonUnknownKind, "")
}

// marketingBasis looks at consent first: a refusal also ends every exception.
func marketingBasis(m OutgoingMessage, c Contact, p GatePolicy, now time.Time) GateDecision {
	rule := advertisingRuleFor(c.Country)
	switch c.Consent {
	case Given:
		return GateDecision{Allowed: true, Reason: ReasonConsent, Source: rule.Source}
	case Refused:
		return refuse(ReasonRefused, rule.RefusalSource)
	case Pending:
		return refuse(ReasonPending, rule.Source)
	}
	if p.Exceptions {
		if rule.existing(m, c, now) {
			return GateDecision{Allowed: true, Reason: ReasonExistingCustomer, Source: rule.ExceptionSource}
		}
		if rule.OptOut && m.Channel == Email {
			return GateDecision{Allowed: true, Reason: ReasonOptOutCountry, Source: rule.Source}
		}
	}
	return refuse(ReasonNoConsent, rule.Source)
}

// topic refuses marketing about what the recipient has switched off.
func topic(m OutgoingMessage, c Contact, _ GatePolicy, _ time.Time) GateDecision {
	if m.Kind != Marketing || m.Topic == "" {
		return GateDecision{}
	}
	for _, off := range c.TopicsOff {
		if off == m.Topic {
			return refuse(ReasonTopicOff, "")
		}
	}
	return GateDecision{}
}

// identity checks that marketing says who sends it and how to refuse it.
func identity(m OutgoingMessage, _ Contact, _ GatePolicy, _ time.Time) GateDecision {
	if m.Kind != Marketing {
		return GateDecision{}
	}
	s := m.Sender
	switch {
	case strings.TrimSpace(s.Name) == "" || strings.TrimSpace(s.Contact) == "":
		return refuse(ReasonSenderIdentity, "정보통신망법 50조 4항")
	case m.Channel == Email && strings.TrimSpace(s.PostalAddress) == "":
		return refuse(ReasonPostalAddress, "15 USC 7704(a)(5)")
	case !strings.HasPrefix(s.Unsubscribe, "https://") && !strings.HasPrefix(s.Unsubscribe, "http://"):
		return refuse(ReasonUnsubscribe, "정보통신망법 50조 4항; RFC 8058")
	}
	return GateDecision{}
}

// night stops everything but e-mail between 21:00 and 08:00 where the recipient is. Advertising
// passes with separate consent.
func night(m OutgoingMessage, c Contact, _ GatePolicy, now time.Time) GateDecision {
	quiet := QuietHours(m.Channel, c.Country)
	zone := c.Zone
	// Without a zone the shop's own is the best guess.
	if zone == nil {
		zone = seoul
	}
	urgent := m.Urgent && m.Kind != Marketing
	consented := c.Night && m.Kind == Marketing
	if urgent || consented || quiet.From == quiet.To || !quiet.Covers(now, zone) {
		return GateDecision{}
	}
	return GateDecision{Reason: ReasonNight, NotBefore: quiet.Next(now, zone), Source: quiet.Source}
}

// capped counts marketing in the window and says when the next message may go.
func capped(m OutgoingMessage, c Contact, p GatePolicy, now time.Time) GateDecision {
	limit := p.Cap.Max
	if m.Priority != High {
		limit -= p.Cap.Reserved
	}
	if m.Kind != Marketing || p.Cap.Max <= 0 || p.Cap.Window <= 0 {
		return GateDecision{}
	}
	inside := recentlySent(c.Recent, now, p.Cap.Window)
	if len(inside) < limit {
		return GateDecision{}
	}
	d := refuse(ReasonCap, "")
	if m.OnCap == WaitOnCap && limit > 0 {
		// A place is free when the oldest of the last `limit` messages leaves the window.
		d.NotBefore = inside[len(inside)-limit].Add(p.Cap.Window)
	}
	return d
}
