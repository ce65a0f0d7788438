package address

import (
	"strings"

	"dangol/shared/platform/problem"
)

// dialing is how numbers of a country are written at home: its calling code (ITU-T E.164) and the prefix of national
// calls, which is left out after the calling code.
type dialing struct{ code, trunk string }

// dialings has the countries that the shop's customers mostly call
// from; a number of another country needs its + and calling code.
var dialings = map[string]dialing{
	"AT": {"43", "0"}, "AU": {"61", "0"}, "BE": {"32", "0"}, "CA": {"1", "1"}, "CH": {"41", "0"}, "CN": {"86", "0"},
	"DE": {"49", "0"},
	"DK": {"45", ""}, "ES": {"34", ""}, "FI": {"358", "0"}, "FR": {"33", "0"}, "GB": {"44", "0"}, "HK": {"852", ""},
	"ID": {"62", "0"},
	"IE": {"353", "0"}, "IN": {"91", "0"}, "IT": {"39", ""}, "JP": {"81", "0"}, "KR": {"82", "0"}, "MY": {"60", "0"},
	"NL": {"31", "0"},
	"NO": {"47", ""}, "NZ": {"64", "0"}, "PH": {"63", "0"}, "PL": {"48", ""}, "PT": {"351", ""}, "SE": {"46", "0"},
	"SG": {"65", ""},
	"TH": {"66", "0"}, "TW": {"886", "0"}, "US": {"1", "1"}, "VN": {"84", "0"},
}

// Lengths of E.164: at most 15 digits with the calling code; no country has fewer than 8.
const (
	fewestDigits = 8
	mostDigits   = 15
)

// phone returns a telephone number as E.164 ("+821012345678"). One that begins with + is international; another is a
// national number of the country. Spaces, hyphens, dots and brackets are for reading only. Whether anybody has the
// number is not known here: a library that knows (nyaruka/phonenumbers) adds 24 ms to the start of each function, see
// docs/decisions.md. Errors: 422 at the pointer.
func phone(pointer, s, country string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	rest, international := strings.CutPrefix(s, "+")
	digits := strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "/", "").Replace(rest)
	// A national number: without the trunk prefix, behind the calling code of its country.
	home, known := dialings[country]
	if !international && known {
		national := strings.TrimPrefix(digits, home.trunk)
		digits = home.code + national
		// A prefix alone is no number.
		international = national != ""
	}
	if !international {
		return "", problem.InvalidField(pointer, "wrong_format", "a number with its calling code, such as +82 10 1234 5678")
	}
	for _, r := range digits {
		if r < '0' || r > '9' {
			return "", problem.InvalidField(pointer, "wrong_format", "digits, such as +82 10 1234 5678")
		}
	}
	// No calling code begins with 0.
	if len(digits) < fewestDigits || len(digits) > mostDigits || digits[0] == '0' {
		return "", problem.InvalidField(pointer, "wrong_format", "%d to %d digits with the calling code", fewestDigits,
			mostDigits)
	}
	return "+" + digits, nil
}
