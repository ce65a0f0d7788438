package compliance

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dangol/shared/money"
)

// ConsentKind is why a subscriber's consent is asked for.
type ConsentKind string

// The kinds.
const (
	TrialTurnsPaid ConsentKind = "trial_turns_paid"
	PriceRises     ConsentKind = "price_rises"
)

// ConsentRule is what a country asks of a shop before a trial turns paid or a subscription gets dearer. Engineering
// reading only.
type ConsentRule struct {
	// Required: without explicit consent the change must not happen. Where it is false a notice is enough.
	Required bool
	// WindowDays is how long before the change consent may be given: on one of that many days before the day of the
	// change.
	WindowDays int
	// NoticeDays is how long before the change the subscriber has to have been told at the latest; a shorter trial tells
	// at its start.
	NoticeDays int
	// Zone is where the rule counts its days; nil is where the subscriber is.
	Zone   *time.Location
	Source string
}

// seoul is a fixed offset: Korea has had no summer time since 1988. It also spares a look-up of the
// time zone database.
var seoul = time.FixedZone("Asia/Seoul", 9*60*60)

// Korea. 전자상거래법 13조 6항 (in force since 2025-02-14): consent to date, price before and after, and method of payment;
// notice of the conditions, way and effect of canceling. 시행령 20조의2: within the 30 days before the change. 전자상거래 등에서의
// 소비자보호 지침 (2025-10-24): a blanket agreement at sign-up, closing the window or "later" is no consent, and without
// consent neither the rise nor the conversion may happen. 여신전문금융업감독규정 (2021-11-18): notice of conversion 7 days before
// at the latest.
var korea = ConsentRule{
	Required: true, WindowDays: 30, NoticeDays: 7, Zone: seoul,
	Source: "전자상거래법 13조 6항, 시행령 20조의2, 소비자보호지침 2025-10-24, 여신전문금융업감독규정",
}

// USA: California asks for a reminder 3 to 21 days before a trial of more than 31 days ends and a notice 7 to 30 days
// before a change of price (Bus. & Prof. Code 17602, AB 390 and AB 2863). Visa and Mastercard want a notice before the
// first charge after any trial: 7 days (Visa), 3 to 7 (Mastercard).
var usa = ConsentRule{
	WindowDays: 30, NoticeDays: 7,
	Source: "Cal. Bus. & Prof. Code 17602; Visa and Mastercard subscription rules",
}

// EU: a trader may change the price only as the contract says, with notice and a free way out (Directive 93/13/EEC,
// annex 1 (j) to (l)); no fixed number of days, so the card networks' is taken.
var eu = ConsentRule{WindowDays: 30, NoticeDays: 7,
	Source: "Directive 93/13/EEC annex 1 (j)-(l); Visa and Mastercard subscription rules"}

var euCountries = strings.Fields("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK")

// ConsentRuleFor returns the rule of a country (ISO 3166, two letters). A country that is not in the table gets
// Korea's, the strictest and the one of the shop's home.
func ConsentRuleFor(country string) ConsentRule {
	country = strings.ToUpper(country)
	switch {
	case country == "US":
		return usa
	case slices.Contains(euCountries, country):
		return eu
	}
	return korea
}

// Window returns when consent to a change counts: [from, until). It opens at the start of the day WindowDays before the
// day of the change and closes at the change.
func (r ConsentRule) Window(change time.Time, local *time.Location) (from, until time.Time) {
	z := r.zone(local)
	// The start of a local day, because the law counts days and not hours.
	y, m, d := change.In(z).Date()
	return time.Date(y, m, d-r.WindowDays, 0, 0, 0, 0, z).UTC(), change.UTC()
}

// NoticeBy is the instant before which the first notice has to be out: the end of the day NoticeDays before the day of
// the change.
func (r ConsentRule) NoticeBy(change time.Time, local *time.Location) time.Time {
	z := r.zone(local)
	y, m, d := change.In(z).Date()
	return time.Date(y, m, d-r.NoticeDays+1, 0, 0, 0, 0, z).UTC()
}

// zone is where the rule counts its days.
func (r ConsentRule) zone(local *time.Location) *time.Location {
	if r.Zone != nil {
		return r.Zone
	}
	return local
}

// ConsentNotice is what the subscriber is shown before they say yes or no.
type ConsentNotice struct {
	ID     string      `json:"id" dynamodbav:"id"`
	Kind   ConsentKind `json:"kind" dynamodbav:"kind"`
	Change time.Time   `json:"change" dynamodbav:"change" doc:"When the price changes."`
	Old    money.Money `json:"old" dynamodbav:"old"`
	New    money.Money `json:"new" dynamodbav:"new"`
	Method string      `json:"method" dynamodbav:"method" doc:"How it will be paid, for people."`
	Cancel string      `json:"cancel" dynamodbav:"cancel" doc:"Conditions and way to cancel, with a link."`
	Effect string      `json:"effect" dynamodbav:"effect" doc:"What canceling, and saying nothing, brings about."`
}

// Missing names the parts the law asks for that the notice lacks.
func (n ConsentNotice) Missing() []string {
	var missing []string
	for _, part := range []struct {
		name string
		ok   bool
	}{
		{"id", n.ID != ""},
		{"kind", n.Kind == TrialTurnsPaid || n.Kind == PriceRises},
		{"change", !n.Change.IsZero()},
		{"old", n.Old.Validate() == nil},
		{"new", n.New.Validate() == nil && n.New.Currency == n.Old.Currency},
		{"method", n.Method != ""},
		{"cancel", n.Cancel != ""},
		{"effect", n.Effect != ""},
	} {
		if !part.ok {
			missing = append(missing, part.name)
		}
	}
	return missing
}

// Fingerprint is a digest of everything the subscriber was shown, so that a proof says what they agreed to.
func (n ConsentNotice) Fingerprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{
		n.ID, string(n.Kind), n.Change.UTC().Format(time.RFC3339Nano), n.Old.Format(), n.Old.Currency, n.New.Format(),
		n.New.Currency,
		n.Method, n.Cancel, n.Effect,
	}))
	return hex.EncodeToString(sum[:])
}

// ConsentAnswer is what the subscriber did.
type ConsentAnswer struct {
	NoticeID string    `json:"noticeId" dynamodbav:"noticeId"`
	At       time.Time `json:"at" dynamodbav:"at"`
	// Explicit: they chose yes themselves. A box that was ticked before they came, a closed window and "later" are not.
	Explicit bool `json:"explicit" dynamodbav:"explicit"`
	// Separate: asked for on its own, not in one go with the terms of the contract.
	Separate bool   `json:"separate" dynamodbav:"separate"`
	Channel  string `json:"channel" dynamodbav:"channel" doc:"Where they said it: web, app, mail link, phone."`
	Origin   string `json:"origin,omitempty" dynamodbav:"origin,omitempty" doc:"Evidence: request id or recording."`
}

// Why an answer is no consent.
var (
	ErrNotExplicit   = errors.New("compliance: not an explicit choice")
	ErrNotSeparate   = errors.New("compliance: not asked for separately")
	ErrOutsideWindow = errors.New("compliance: outside the days before the change in which consent counts")
	ErrOtherNotice   = errors.New("compliance: an answer to another notice")
	ErrNotice        = errors.New("compliance: the notice lacks what the law asks for")
)

// Accept returns nil when the answer is valid consent to what the notice says, else one of the errors above.
func (r ConsentRule) Accept(n ConsentNotice, a ConsentAnswer, local *time.Location) error {
	if missing := n.Missing(); len(missing) > 0 {
		return fmt.Errorf("%w: %s", ErrNotice, strings.Join(missing, ", "))
	}
	from, until := r.Window(n.Change, local)
	switch {
	case a.NoticeID != n.ID:
		return ErrOtherNotice
	case !a.Explicit:
		return ErrNotExplicit
	case !a.Separate:
		return ErrNotSeparate
	case a.At.Before(from) || !a.At.Before(until):
		return ErrOutsideWindow
	}
	return nil
}

// ConsentProof is kept to show later that consent was given, to what, and how.
type ConsentProof struct {
	Notice      ConsentNotice `json:"notice" dynamodbav:"notice"`
	Answer      ConsentAnswer `json:"answer" dynamodbav:"answer"`
	Fingerprint string        `json:"fingerprint" dynamodbav:"fingerprint"`
	Source      string        `json:"source" dynamodbav:"source"`
	// KeepUntil is five years after the change: records of contracts and payments (전자상거래법 시행령 6조 1항). California's three
	// years (Bus. & Prof. Code 17602(a)(6)) are within.
	KeepUntil time.Time `json:"keepUntil" dynamodbav:"keepUntil"`
}

// Proof returns the record of valid consent. Errors: those of Accept.
func (r ConsentRule) Proof(n ConsentNotice, a ConsentAnswer, local *time.Location) (ConsentProof, error) {
	if err := r.Accept(n, a, local); err != nil {
		return ConsentProof{}, err
	}
	return ConsentProof{
		Notice: n, Answer: a, Fingerprint: n.Fingerprint(), Source: r.Source, KeepUntil: n.Change.AddDate(5, 0, 0).UTC(),
	}, nil
}

// Intact reports whether the proof still says what was agreed to.
func (p ConsentProof) Intact() bool { return p.Fingerprint == p.Notice.Fingerprint() }
