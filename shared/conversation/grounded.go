package conversation

import "strings"

// Grounded reports whether every number in a text that a model worded is in the sources it was given: a price, a
// deadline or a telephone number of its own making is the mistake that costs the shop most. Separators within a number
// do not count, so 3,000 and 3000 are the same.
func Grounded(text string, sources ...string) bool {
	known := map[string]bool{}
	for _, s := range sources {
		for _, n := range digitRuns(s) {
			known[n] = true
		}
	}
	for _, n := range digitRuns(text) {
		if !known[n] {
			return false
		}
	}
	return true
}

// digitRuns are the runs of digits of a text; a comma or a point between two digits joins them.
func digitRuns(text string) []string {
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	var all []string
	var one strings.Builder
	for i := range len(text) {
		switch {
		case digit(i):
			one.WriteByte(text[i])
		case (text[i] == ',' || text[i] == '.') && digit(i-1) && digit(i+1):
		case one.Len() > 0:
			all = append(all, one.String())
			one.Reset()
		}
	}
	if one.Len() > 0 {
		all = append(all, one.String())
	}
	return all
}
