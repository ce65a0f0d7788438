package address

import (
	"strings"

	"dangol/shared/platform/problem"
)

// postalForms are the forms of postal codes by country (Universal Postal Union, "Addressing systems"): 9 is a digit, A
// a letter, the rest stands for itself. Countries that are not here take what looks like a code.
var postalForms = map[string]string{
	"AT": "9999", "AU": "9999", "BE": "9999", "BR": "99999-999 99999999", "CA": "A9A_9A9 A9A9A9", "CH": "9999",
	"CN": "999999",
	"CZ": "999_99 99999", "DE": "99999", "DK": "9999", "ES": "99999", "FI": "99999", "FR": "99999",
	"GB": "A9_9AA A99_9AA AA9_9AA AA99_9AA A9A_9AA AA9A_9AA A99AA A999AA AA99AA AA999AA A9A9AA AA9A9AA",
	"GR": "999_99 99999", "HU": "9999", "ID": "99999", "IN": "999999 999_999", "IT": "99999", "JP": "999-9999 9999999",
	"KR": "99999",
	"LU": "9999", "MX": "99999", "MY": "99999", "NL": "9999_AA 9999AA", "NO": "9999", "NZ": "9999", "PH": "9999",
	"PL": "99-999",
	"PT": "9999-999", "SE": "999_99 99999", "SG": "999999", "SK": "999_99 99999", "TH": "99999", "TR": "99999",
	"TW": "999 99999 999999 999-99 999-999", "US": "99999 99999-9999", "VN": "99999 999999",
}

// postalCode returns a postal code in the form of its country, in capital letters. An empty one is left empty: some
// countries have none. Errors: 422 at the pointer.
func postalCode(pointer, s, country string) (string, error) {
	s = strings.ToUpper(strings.Join(strings.Fields(s), " "))
	if s == "" {
		return "", nil
	}
	forms, known := postalForms[country]
	// The country's form is not known here: it is only
	// checked that it looks like a code and is short.
	if !known {
		if len(s) > 12 || strings.IndexFunc(s, func(r rune) bool { return !codeRune(r) }) >= 0 {
			return "", problem.InvalidField(pointer, "wrong_format", "at most 12 letters, digits, spaces and hyphens")
		}
		return s, nil
	}
	// The forms of one country are separated by spaces; an
	// underscore stands for a space in the code.
	for form := range strings.FieldsSeq(forms) {
		if fits(s, form) {
			return s, nil
		}
	}
	first, _, _ := strings.Cut(forms, " ")
	// The first form becomes the example of the error message: 9 is shown as 1, A as K.
	return "", problem.InvalidField(pointer, "wrong_format", "a postal code of %s, such as %s", country,
		strings.NewReplacer("9", "1", "A", "K", "_", " ").Replace(first))
}

// codeRune reports whether r may stand in a postal code of a country without a known form.
func codeRune(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r == ' ' || r == '-'
}

// fits reports whether s has the form; s is in capitals and in single spaces already.
func fits(s, form string) bool {
	if len(s) != len(form) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch form[i] {
		case '9':
			if c < '0' || c > '9' {
				return false
			}
		case 'A':
			if c < 'A' || c > 'Z' {
				return false
			}
		case '_':
			if c != ' ' {
				return false
			}
		default:
			if c != form[i] {
				return false
			}
		}
	}
	return true
}
