package faq

// A Hangul syllable is 0xAC00 + (initial*21 + vowel)*28 + final (The Unicode Standard, 3.12).
const (
	firstSyllable = 0xAC00
	lastSyllable  = 0xD7A3
	vowels        = 21
	finals        = 28
)

// letters are the three parts of a syllable, by number; final is 0 when there is none. ok is false
// for anything but a composed syllable.
func letters(r rune) (initial, vowel, final int, ok bool) {
	if r < firstSyllable || r > lastSyllable {
		return 0, 0, 0, false
	}
	n := int(r - firstSyllable)
	return n / (vowels * finals), n / finals % vowels, n % finals, true
}

// keyboardLetter turns a loose letter as the composed form has it (U+1100 and U+1161 on) into the one that keyboards
// send while a syllable is typed: normalization makes the first of the second.
func keyboardLetter(r rune) rune {
	const initials, medials = 0x1100, 0x1161
	switch {
	case r >= initials && r < initials+19:
		return []rune(initialKeys)[r-initials]
	case r >= medials && r < medials+vowels:
		return 'ㅏ' + r - medials
	}
	return r
}

// oneLetterApart reports whether two syllables differ in exactly one of their three letters: a slip of one key.
func oneLetterApart(a, b rune) bool {
	i, v, f, ok := letters(a)
	i2, v2, f2, ok2 := letters(b)
	if !ok || !ok2 {
		return false
	}
	apart := 0
	for _, same := range []bool{i == i2, v == v2, f == f2} {
		if !same {
			apart++
		}
	}
	return apart == 1
}

// begins reports whether typed can become whole when typing goes on: ㅎ, 호 and 환 all begin 환.
func begins(typed, whole rune) bool {
	if typed == whole {
		return true
	}
	i, v, f, ok := letters(whole)
	if !ok {
		return false
	}
	// A single consonant may become any syllable that it begins.
	if typed >= 'ㄱ' && typed <= 'ㅎ' {
		return []rune(initialKeys)[i] == typed
	}
	ti, tv, tf, ok := letters(typed)
	if !ok || ti != i {
		return false
	}
	// A final that is half typed may also become the first consonant of the next syllable, but that
	// is another text.
	return tf == 0 && (tv == v || startsVowel(tv, v)) || tv == v && tf != 0 && tf == f
}

// startsVowel reports whether the keyboard types the vowel whole by way of part: ㅗ before ㅘ.
func startsVowel(part, whole int) bool {
	for pair, composed := range vowelPairs {
		if composed == whole && pair[0] == part {
			return true
		}
	}
	return false
}

// The letters in the order of their numbers in a syllable; finals count from 1.
const (
	initialKeys = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
	vowelKeys   = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
	finalKeys   = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
)

// vowelPairs are the vowels made of two keys, by the numbers of the two.
var vowelPairs = map[[2]int]int{
	{8, 0}: 9, {8, 1}: 10, {8, 20}: 11, {13, 4}: 14, {13, 5}: 15, {13, 20}: 16, {18, 20}: 19,
}

// finalPairs are the finals made of two keys, by the finals of the two.
var finalPairs = map[[2]int]int{
	{1, 19}: 3, {4, 22}: 5, {4, 27}: 6, {8, 1}: 9, {8, 16}: 10, {8, 17}: 11, {8, 19}: 12, {8, 25}: 13, {8, 26}: 14,
	{8, 27}: 15, {17, 19}: 18,
}

// dubeolsik is the letter on each key of the Korean standard keyboard (KS X 5002).
var dubeolsik = map[rune]rune{
	'q': 'ㅂ', 'w': 'ㅈ', 'e': 'ㄷ', 'r': 'ㄱ', 't': 'ㅅ', 'y': 'ㅛ', 'u': 'ㅕ', 'i': 'ㅑ', 'o': 'ㅐ', 'p': 'ㅔ',
	'a': 'ㅁ', 's': 'ㄴ', 'd': 'ㅇ', 'f': 'ㄹ', 'g': 'ㅎ', 'h': 'ㅗ', 'j': 'ㅓ', 'k': 'ㅏ', 'l': 'ㅣ',
	'z': 'ㅋ', 'x': 'ㅌ', 'c': 'ㅊ', 'v': 'ㅍ', 'b': 'ㅠ', 'n': 'ㅜ', 'm': 'ㅡ',
	'Q': 'ㅃ', 'W': 'ㅉ', 'E': 'ㄸ', 'R': 'ㄲ', 'T': 'ㅆ', 'O': 'ㅒ', 'P': 'ㅖ',
}

// FromKeyboard reads a text that was typed with the keyboard left on English: "ghksqnf" is 환불. ok is false when the
// keys do not make whole syllables, as English words hardly ever do.
func FromKeyboard(text string) (hangul string, ok bool) {
	c := composer{}
	for _, r := range text {
		letter, found := dubeolsik[r]
		if !found {
			// Keys without a letter of their own with shift give the plain one.
			letter, found = dubeolsik[r|0x20]
		}
		if !found {
			c.flush()
			c.out = append(c.out, r)
			continue
		}
		c.add(letter)
	}
	c.flush()
	// A single loose letter makes it unlikely; fewer than two syllables could be chance.
	return string(c.out), c.loose == 0 && c.whole >= 2
}

// composer puts letters together into syllables. Parts are -1 while they are missing; final counts from 1.
type composer struct {
	out                   []rune
	open                  bool
	initial, vowel, final int
	second                int // the second key of a final of two, 0 when it has one
	whole, loose          int
}

// add takes the next letter.
func (c *composer) add(letter rune) {
	if v := position(vowelKeys, letter); v >= 0 {
		c.addVowel(v)
		return
	}
	c.addConsonant(letter)
}

// addVowel completes a syllable, makes a double vowel, or takes the last consonant into a new
// syllable.
func (c *composer) addVowel(v int) {
	switch {
	case c.open && c.vowel < 0:
		c.vowel = v
	case c.open && c.final == 0:
		if both, ok := vowelPairs[[2]int{c.vowel, v}]; ok {
			c.vowel = both
			return
		}
		c.flush()
		c.loose++
	case c.open: // the last consonant begins the next syllable
		last := c.final
		if c.second > 0 {
			last = c.second
			// Of a double final only its second consonant moves on.
			c.final = firstOf(c.final, c.second)
		} else {
			c.final = 0
		}
		c.second = 0
		initial := position(initialKeys, []rune(finalKeys)[last-1])
		c.flush()
		c.open, c.initial, c.vowel, c.final = true, initial, v, 0
	default:
		c.loose++
	}
}

// addConsonant ends a syllable, makes a double final, or begins the next one.
func (c *composer) addConsonant(letter rune) {
	final := position(finalKeys, letter) + 1
	switch {
	case c.open && c.vowel >= 0 && c.final == 0 && final > 0:
		c.final = final
		return
	case c.open && c.final > 0 && c.second == 0:
		if both, ok := finalPairs[[2]int{c.final, final}]; ok {
			c.final, c.second = both, final
			return
		}
	}
	c.flush()
	c.open, c.initial, c.vowel, c.final = true, position(initialKeys, letter), -1, 0
}

// flush ends the open syllable. A consonant alone counts as loose.
func (c *composer) flush() {
	if !c.open {
		return
	}
	if c.vowel < 0 {
		c.loose++
	} else {
		c.out = append(c.out, rune(firstSyllable+(c.initial*vowels+c.vowel)*finals+c.final))
		c.whole++
	}
	c.open, c.second = false, 0
}

// firstOf is the first consonant of a double final.
func firstOf(both, second int) int {
	for pair, composed := range finalPairs {
		if composed == both && pair[1] == second {
			return pair[0]
		}
	}
	return 0
}

// position is the number of a letter in a list; -1 when it is not in it.
func position(letters string, letter rune) int {
	n := 0
	for _, r := range letters {
		if r == letter {
			return n
		}
		n++
	}
	return -1
}
