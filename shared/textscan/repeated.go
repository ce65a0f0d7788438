package textscan

import "unicode"

// Repeated finds a text that is mostly one or two characters again and again: runs of five and more that make more than
// half of it. ㅋㅋㅋㅋㅋ and ㅠㅠㅠㅠㅠ after a sentence are how people write.
func Repeated(f Text) []Span {
	const run = 5
	letters := f.letters
	total, inRuns, first, last := 0, 0, -1, 0
	for i := 0; i < len(letters); {
		j := i + 1
		for j < len(letters) && letters[j] == letters[i] {
			j++
		}
		// Spaces count for neither side: empty lines are no text.
		if !unicode.IsSpace(letters[i]) {
			total += j - i
			if j-i >= run {
				inRuns += j - i
				last = j
				if first < 0 {
					first = i
				}
			}
		}
		i = j
	}
	// More than half of the text: a short burst at its end is allowed.
	if inRuns*2 <= total || inRuns == 0 {
		return nil
	}
	return []Span{f.span(first, last)}
}
