package moderation

import (
	"slices"
	"strings"
	"unicode"

	"dangol/shared/review"
)

// Words of the shop's list. Korean ones are found inside longer words too, because particles and endings are written
// without a space; English ones only as whole words, so that "class" or "Scunthorpe" is no finding.
var (
	koreanWords = strings.Fields("씨발 시발 씨팔 씹할 병신 지랄 개새끼 개색기 개소리 좆같 좆까 존나 미친놈 미친년 염병 니미 느금마")
	// harmless are words that contain one of koreanWords by accident.
	harmless = strings.Fields("시발점 시발역 시발택시 다시발 즉시발 표시발 동시발 병신년")

	englishWords = strings.Fields(
		"fuck fucking fucker fucked shit shitty bullshit asshole bitch bastard cunt motherfucker")
)

// swearWords finds Korean words anywhere, English ones as whole words, also spelled letter by
// letter.
func swearWords(f folded) (found []span) {
	squeezed := f.squeezed()
	letters := string(squeezed.letters)
	for _, w := range koreanWords {
		for _, i := range occurrences(squeezed.letters, []rune(w)) {
			if !accident(squeezed.letters, i, letters) {
				found = append(found, squeezed.span(i, i+len([]rune(w))))
			}
		}
	}
	for i, j := range wordsOf(f.letters) {
		if slices.Contains(englishWords, string(f.letters[i:j])) {
			found = append(found, f.span(i, j))
		}
	}
	return append(found, spelled(f)...)
}

// accident reports whether the letters at i are part of a harmless word.
func accident(letters []rune, i int, whole string) bool {
	for _, w := range harmless {
		if !strings.Contains(whole, w) {
			continue
		}
		word := []rune(w)
		for _, j := range occurrences(letters, word) {
			if j <= i && i < j+len(word) {
				return true
			}
		}
	}
	return false
}

// spelled finds English words written with something between their letters: f.u.c.k, s h i t.
func spelled(f folded) (found []span) {
	for start := 0; start < len(f.letters); {
		var single []int // places of letters that stand alone
		i := start
		for ; i < len(f.letters); i++ {
			letter := unicode.IsLetter(f.letters[i])
			if letter && i+1 < len(f.letters) && unicode.IsLetter(f.letters[i+1]) || letter && i > start &&
				unicode.IsLetter(f.letters[i-1]) {
				break
			}
			if letter {
				single = append(single, i)
			}
		}
		if len(single) >= 3 {
			var word []rune
			for _, k := range single {
				word = append(word, f.letters[k])
			}
			if slices.Contains(englishWords, string(word)) {
				found = append(found, f.span(single[0], single[len(single)-1]+1))
			}
		}
		start = i + 1
	}
	return found
}

// wordsOf yields the start and end of each run of letters and digits.
func wordsOf(letters []rune) func(yield func(int, int) bool) {
	return func(yield func(int, int) bool) {
		start := -1
		for i := 0; i <= len(letters); i++ {
			in := i < len(letters) && (unicode.IsLetter(letters[i]) || unicode.IsDigit(letters[i]))
			switch {
			case in && start < 0:
				start = i
			case !in && start >= 0:
				if !yield(start, i) {
					return
				}
				start = -1
			}
		}
	}
}

// occurrences are the positions at which a word begins.
func occurrences(letters, word []rune) (at []int) {
	for i := 0; i+len(word) <= len(letters); i++ {
		if slices.Equal(letters[i:i+len(word)], word) {
			at = append(at, i)
		}
	}
	return at
}

// Find marks every place where a word that a moderator names stands in a text, however it is written.
func Find(text, word string) []review.Mark {
	f, wanted := fold(text), fold(word).letters
	if len(wanted) == 0 {
		return nil
	}
	var found []span
	for _, i := range occurrences(f.letters, wanted) {
		found = append(found, f.span(i, i+len(wanted)))
	}
	return f.marks(found)
}
