// Package consent is what people said about being written to, on which channel and about what, with the proof of each
// answer.
//
// An answer is a Change; State is the sum of all changes. Changes come late, twice and out of order, so Apply asks for
// the time of each: the newest answer counts, and of two at one instant the refusal does.
package consent

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"dangol/shared/compliance"
	"dangol/shared/platform/format"
)

// Topic is a subject that people can switch off.
type Topic string

// Topics are those of the shop. A message has one of them.
var Topics = []Topic{"news", "offers", "cart", "tips", "reviews", "replenishment", "subscriptions"}

// Channels are those that marketing is sent on.
var Channels = []compliance.Channel{compliance.Email, compliance.Push}

// State is what one person has said about one channel.
type State struct {
	Answer compliance.ChannelConsent `json:"answer" dynamodbav:"answer"`
	Night  bool                      `json:"night,omitempty" dynamodbav:"night,omitempty"`
	At     time.Time                 `json:"at,omitzero" dynamodbav:"at,omitempty"` // of the newest change
	// Confirmed is when the consent was given, or last confirmed to the person: the two years count from here.
	Confirmed time.Time `json:"confirmed,omitzero" dynamodbav:"confirmed,omitempty"`
	// Asked is when the sign-up that is pending was made, the first of several, in Unix seconds: a link from before it
	// confirms nothing.
	Asked int64 `json:"-" dynamodbav:"asked,omitempty"`
}

// Action is what somebody did.
type Action string

// The actions. Ask is a sign-up that the person has yet to confirm from their mailbox; Confirm answers it. Give is
// consent that needs no second step, because the person was logged in with the address. Withdraw and Refuse are the
// same for what may be sent.
const (
	Ask      Action = "ask"
	Confirm  Action = "confirm"
	Give     Action = "give"
	Refuse   Action = "refuse"
	Withdraw Action = "withdraw"
	Import   Action = "import"
)

// Change is one thing that somebody did, and the proof of it.
type Change struct {
	ID      string             `json:"id" dynamodbav:"id"`
	Channel compliance.Channel `json:"channel" dynamodbav:"channel"`
	Action  Action             `json:"action" dynamodbav:"action"`
	Night   bool               `json:"night,omitempty" dynamodbav:"night,omitempty"`
	At      time.Time          `json:"at" dynamodbav:"at"`
	// sign_up, checkout, preferences, one_click, import, complaint
	Source string `json:"source" dynamodbav:"source"`
	// TextVersion names the text that the person agreed to; texts are kept.
	TextVersion string `json:"textVersion,omitempty" dynamodbav:"textVersion,omitempty"`
	// AddressHash says for which address, without telling it to who reads the log.
	AddressHash string `json:"addressHash" dynamodbav:"addressHash"`
	// Asked is when a confirmation's request was made, as its link says, in Unix seconds.
	Asked int64 `json:"-" dynamodbav:"asked,omitempty"`
	// Message is the message that the person answered, when there was one.
	Message string `json:"message,omitempty" dynamodbav:"message,omitempty"`
}

// Applied is the outcome of a change.
type Applied struct {
	State   State
	Changed bool
	// Notice: the law wants the person to be told of the result (정보통신망법 50조 7항).
	Notice bool
	// Ask: a mail has to go out that asks for confirmation.
	Ask bool
}

// Apply adds a change to a state.
func Apply(s State, c Change) Applied {
	// An answer from before the newest one changes nothing; of two at one instant only a refusal counts.
	late := c.At.Before(s.At)
	refusing := c.Action == Refuse || c.Action == Withdraw
	if late || c.At.Equal(s.At) && !s.At.IsZero() && !refusing {
		return Applied{State: s}
	}
	next := s
	switch c.Action {
	case Ask:
		// Whoever has agreed need not confirm again.
		if s.Answer == compliance.Given {
			return Applied{State: s}
		}
		// One mail a day at the most, however often somebody types the address; and one more for who lost the first.
		if s.Answer == compliance.Pending && c.At.Sub(s.At) < AskAgain {
			return Applied{State: s}
		}
		next.Answer = compliance.Pending
		if s.Answer != compliance.Pending {
			next.Asked = c.At.Unix()
		}
	case Confirm:
		// Confirms only what was asked: a link of a mail from before a refusal gives nothing, also when somebody has typed
		// the address again since.
		if s.Answer != compliance.Pending || c.Asked < s.Asked {
			return Applied{State: s}
		}
		next.Answer, next.Night, next.Confirmed = compliance.Given, c.Night, c.At
	case Give:
		next.Answer, next.Night, next.Confirmed = compliance.Given, c.Night, c.At
	case Refuse, Withdraw:
		// Confirmed goes too: the two years count from a new consent.
		next.Answer, next.Night, next.Confirmed = compliance.Refused, false, time.Time{}
	case Import:
		// An old consent from elsewhere never outweighs what the person said here.
		if s.Answer != compliance.NoAnswer {
			return Applied{State: s}
		}
		next.Answer, next.Night, next.Confirmed = compliance.Given, c.Night, c.At
	default:
		return Applied{State: s}
	}
	next.At = c.At
	if next.Answer != compliance.Pending {
		next.Asked = 0
	}
	// A consent that is confirmed again changes nothing for the person.
	changed := next.Answer != s.Answer || next.Night != s.Night
	return Applied{
		State: next, Changed: changed, Ask: c.Action == Ask,
		// Nobody is told of a sign-up before it is confirmed, nor of what was agreed to elsewhere.
		Notice: changed && c.Action != Ask && c.Action != Import,
	}
}

// seoul has had no summer time since 1988.
var seoul = time.FixedZone("Asia/Seoul", 9*60*60)

// NextConfirmation is when a consent has to be confirmed to the person: every two years, by the day it was given or
// last confirmed (정보통신망법 50조 8항, 시행령 62조의3). Silence keeps the consent. ok is false without consent. 29 February
// becomes the 28th.
func NextConfirmation(s State) (at time.Time, ok bool) {
	// Only consent has to be confirmed; a refusal stands.
	if s.Answer != compliance.Given || s.Confirmed.IsZero() {
		return time.Time{}, false
	}
	y, m, d := s.Confirmed.In(seoul).Date()
	if m == time.February && d == 29 {
		d = 28
	}
	// At nine in the morning of the day before, so that it is read by the day.
	return time.Date(y+2, m, d-1, 9, 0, 0, 0, seoul).UTC(), true
}

// AskAgain is how long an unanswered request for confirmation stands before another may be sent.
const AskAgain = 24 * time.Hour

// ConfirmWithin is how long the link of a request for confirmation counts.
const ConfirmWithin = 14 * 24 * time.Hour

// ContactID is the id of whoever reads the mail of an address. The same address always has the same.
func ContactID(address string) string { return "ctc_" + format.HashEmail(address)[:26] }

// KnownTopic reports whether a topic is one of the shop's.
func KnownTopic(t Topic) bool { return slices.Contains(Topics, t) }

// KnownChannel reports whether marketing is sent on a channel.
func KnownChannel(c compliance.Channel) bool { return slices.Contains(Channels, c) }

// Check says what an imported consent lacks; nil when it is proof enough: when, where and to which text somebody
// agreed.
func (c Change) Check(now time.Time) error {
	switch {
	case !KnownChannel(c.Channel):
		return fmt.Errorf("channel %q is not one of the shop's", c.Channel)
	case c.At.IsZero() || c.At.After(now):
		return fmt.Errorf("the time of the consent is missing or in the future")
	case strings.TrimSpace(c.Source) == "":
		return fmt.Errorf("the source is missing: where the consent was given")
	case strings.TrimSpace(c.TextVersion) == "":
		return fmt.Errorf("the version of the text is missing that the person agreed to")
	case utf8.RuneCountInString(c.Source) > longestSource:
		return fmt.Errorf("the source has more than %d characters", longestSource)
	case utf8.RuneCountInString(c.TextVersion) > longestVersion:
		return fmt.Errorf("the version of the text has more than %d characters", longestVersion)
	}
	return nil
}

// Bounds of a proof, in characters.
const (
	longestSource  = 100
	longestVersion = 40
)
