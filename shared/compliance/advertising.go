package compliance

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// advertisingRule is what a country asks of advertising by electronic mail and messages.
type advertisingRule struct {
	// OptOut: e-mail needs no consent, only a way out.
	OptOut bool
	// Existing is how long after a purchase the seller may advertise goods of the same kind without consent; zero is
	// never.
	Existing time.Duration
	Source   string
	// RefusalSource forbids sending to who has refused; ExceptionSource allows the existing customer.
	RefusalSource, ExceptionSource string
}

// sixMonths is the shortest span that six calendar months can have, so that the exception is never used too long.
const sixMonths = 181 * 24 * time.Hour

// koreanAdvertising holds for Korea, and for every country without an entry: prior explicit
// consent.
var koreanAdvertising = advertisingRule{
	Existing: sixMonths, Source: "정보통신망법 50조 1항", RefusalSource: "정보통신망법 50조 2항",
	ExceptionSource: "정보통신망법 50조 1항 1호, 시행령 61조 1항",
}

// euAdvertising: similar products to the seller's own customers, with an opt-out in each message.
// The directive sets no time; the shop takes six months.
var euAdvertising = advertisingRule{
	Existing: sixMonths, Source: "ePrivacy Directive 2002/58/EC 13(1); GDPR 7(1)", RefusalSource: "GDPR 21(3)",
	ExceptionSource: "ePrivacy Directive 2002/58/EC 13(2)",
}

var usAdvertising = advertisingRule{
	OptOut: true, Existing: sixMonths, Source: "CAN-SPAM 15 USC 7704", RefusalSource: "15 USC 7704(a)(4)",
	ExceptionSource: "15 USC 7704",
}

// advertisingRuleFor returns the rule of a country; the strictest one for a country that is not
// known.
func advertisingRuleFor(country string) advertisingRule {
	country = strings.ToUpper(country)
	switch {
	case country == "US":
		return usAdvertising
	case slices.Contains(euCountries, country):
		return euAdvertising
	}
	return koreanAdvertising
}

// existing reports whether the contact bought recently enough and the message advertises the same
// kind of products. Push
// is never an exception: the KISA guide and the platforms ask for consent of its own.
func (r advertisingRule) existing(m OutgoingMessage, c Contact, now time.Time) bool {
	return m.SameGoods && m.Channel != Push && !c.Bought.IsZero() && !now.Before(c.Bought) &&
		now.Before(c.Bought.Add(r.Existing))
}

// AdLabel begins the subject of advertising in Korea, in exactly this form (정보통신망법 시행령 별표 6).
const AdLabel = "(광고)"

// Label returns the subject with the label that the country asks for. Only Korea has one. Empty and unknown countries
// are the shop's home.
func Label(kind MessageKind, country, subject string) string {
	// Only advertising is labeled; a label on an order mail would be wrong too.
	if kind != Marketing || !labeled(country) {
		return subject
	}
	return AdLabel + " " + subject
}

// labeled reports whether advertising to a country carries the label. The home of the shop is Korea.
func labeled(country string) bool { return country == "" || strings.EqualFold(country, "KR") }

// label refuses a subject in which the author wrote the label, in the right form or in one that the law forbids because
// it hides from filters: "(광/고)", "(광 고)", "[광고]". The gate adds the label itself.
func label(m OutgoingMessage, _ Contact, _ GatePolicy, _ time.Time) GateDecision {
	if m.Kind == Marketing && HasLabel(m.Subject) {
		return refuse(ReasonLabelInText, "정보통신망법 시행령 별표 6")
	}
	return GateDecision{}
}

// HasLabel reports whether a text contains the label or an altered form of it: "광" and "고" in brackets, with nothing
// but spaces, signs and invisible characters around them, or at the start of the text; in wide and in decomposed
// letters too. "(광고주 모집)" is none.
func HasLabel(text string) bool {
	var kept []rune // letters and brackets
	// Wide letters and letters in parts look the same to a reader, so they are made the same first.
	text = norm.NFKC.String(text)
	for _, r := range text {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			kept = append(kept, r)
		case opens(r):
			kept = append(kept, '(')
		case closes(r):
			kept = append(kept, ')')
		}
	}
	plain := strings.ToUpper(string(kept))
	// Doubled brackets are another way to hide the label from filters.
	for strings.Contains(plain, "((") || strings.Contains(plain, "))") {
		plain = strings.NewReplacer("((", "(", "))", ")").Replace(plain)
	}
	for _, form := range []string{"(광고)", "(AD)", "(광)고", "광(고)", "(광)(고)"} {
		if strings.Contains(plain, form) {
			return true
		}
	}
	return startsWithLabel(text)
}

// startsWithLabel finds "광고" at the start, followed by something that ends a word.
func startsWithLabel(text string) bool {
	trimmed := strings.TrimLeftFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	rest, first := strings.CutPrefix(trimmed, "광")
	rest = strings.TrimLeftFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	rest, second := strings.CutPrefix(rest, "고")
	if !first || !second {
		return false
	}
	for _, r := range rest {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	return true
}

func opens(r rune) bool { return unicode.Is(unicode.Ps, r) || r == '<' }

func closes(r rune) bool { return unicode.Is(unicode.Pe, r) || r == '>' }

// recentlySent returns the times inside the window before now, oldest first. Times after now count
// as well: a message on its way already uses up a place under the cap.
func recentlySent(times []time.Time, now time.Time, window time.Duration) []time.Time {
	var inside []time.Time
	for _, at := range times {
		if at.After(now.Add(-window)) {
			inside = append(inside, at)
		}
	}
	slices.SortFunc(inside, time.Time.Compare)
	return inside
}
