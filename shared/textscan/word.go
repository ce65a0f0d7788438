package textscan

import (
	"slices"
	"strings"
	"unicode"
)

// Words of the shop's list. Korean ones are found inside longer words too, because particles and endings are written
// without a space; English ones only as whole words, so that "class" or "Scunthorpe" is no finding.
var (
	koreanWords = foldAll("씨발 시발 씨팔 ㅅㅂ 씹할 병신 ㅂㅅ 지랄 개새끼 새끼야 개색기 개소리 좆 존나 미친놈 미친년 염병 니미 " +
		"느금마 꺼져")
	// harmless are words that contain one of koreanWords by accident. Words that end in 시 before one that begins with
	// 발 are frequent in a shop: 출시 발표, 다시 발송, 동시 발급.
	harmless = foldAll("시발점 시발역 시발택시 다시발 즉시발 표시발 동시발 출시발 시발표 시발송 시발급 시발생 시발행 시발견 시발주 " +
		"시발매 병신년")
	// harmlessApart are such words where a space stands behind the first letter: 김하늘 씨 발송.
	harmlessApart = foldAll("씨발송 씨발표 씨발급 씨발행 씨발견 씨발매")

	englishWords = strings.Fields(
		"fuck fucking fucker fucked shit shitty bullshit asshole bitch bastard cunt dickhead motherfucker")
)

// foldAll are the words of a list in the form in which text is searched.
func foldAll(list string) (words [][]rune) {
	for _, w := range strings.Fields(list) {
		words = append(words, Fold(w).letters)
	}
	return words
}

// Profanity finds Korean words anywhere, also with signs or digits between their syllables, and English ones as whole
// words, also spelled letter by letter.
func Profanity(f Text) (found []Span) {
	squeezed := f.squeezed()
	for _, w := range koreanWords {
		for _, i := range occurrences(squeezed.letters, w) {
			s := squeezed.span(i, i+len(w))
			// Syllables that are far from each other are no word.
			near := s.End-s.Start <= 4*len(w)+2
			if near && !accident(squeezed, i) {
				found = append(found, s)
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

// Find finds every place where a word stands in a text, however it is written.
func Find(f Text, word string) (found []Span) {
	wanted := Fold(word).letters
	if len(wanted) == 0 {
		return nil
	}
	for _, i := range occurrences(f.letters, wanted) {
		found = append(found, f.span(i, i+len(wanted)))
	}
	return found
}

// accident reports whether the letters at i are part of a harmless word.
func accident(f Text, i int) bool {
	apart := f.end[i] < f.at[min(i+1, len(f.at)-1)]
	return partOf(f.letters, i, harmless) || apart && partOf(f.letters, i, harmlessApart)
}

// partOf reports whether the letters at i are part of one of the words.
func partOf(letters []rune, i int, words [][]rune) bool {
	for _, word := range words {
		// Only from here back can it begin and still reach i.
		for j := max(i-len(word)+1, 0); j <= i && j+len(word) <= len(letters); j++ {
			if slices.Equal(letters[j:j+len(word)], word) {
				return true
			}
		}
	}
	return false
}

// spelled finds English words written with something between their letters: f.u.c.k, s h i t.
func spelled(f Text) (found []Span) {
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
