package faq_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"dangol/shared/faq"
)

// The keys of the Korean standard keyboard (KS X 5002) for the letters of a syllable, in Unicode's order.
var (
	initialTyped = strings.Fields("r R s e E f a q Q t T d w W c z x v g")
	vowelTyped   = strings.Fields("k o i O j p u P h hk ho hl y n nj np nl b m ml l")
	finalTyped   = strings.Fields("r R rt s sw sg e f fr fa fq ft fx fv fg a q qt t T d w c z x v g")
)

// keysOf are the keys that type a text of Hangul, by its letters as Unicode takes it apart.
func keysOf(text string) string {
	var keys strings.Builder
	for _, r := range norm.NFD.String(text) {
		switch {
		case r >= 0x1100 && r < 0x1113:
			keys.WriteString(initialTyped[r-0x1100])
		case r >= 0x1161 && r < 0x1176:
			keys.WriteString(vowelTyped[r-0x1161])
		case r >= 0x11A8 && r < 0x11C3:
			keys.WriteString(finalTyped[r-0x11A8])
		default:
			keys.WriteRune(r)
		}
	}
	return keys.String()
}

// syllables draws Hangul of at least two syllables.
var syllables = rapid.StringOfN(rapid.RuneFrom(nil, hangul), 2, 8, -1)

func TestWhatTheKeysOfAWordTypeIsTheWord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(syllables, 1, 3).Draw(t, "words")
		text := strings.Join(words, " ")
		if got, ok := faq.FromKeyboard(keysOf(text)); !ok || got != text {
			t.Fatalf("%q is %q, %v; want %q", keysOf(text), got, ok, text)
		}
	})
}

// Shift is held too long for letters that have nothing of their own with it.
func TestAKeyWithShiftIsThePlainOneWhereItHasNoOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := syllables.Draw(t, "text")
		keys := strings.Map(func(r rune) rune {
			if strings.ContainsRune("ySDFGHJKLZXCVBNMasdfghjklzxcvbnmuiY", r) && rapid.Bool().Draw(t, "shift") {
				return []rune(strings.ToUpper(string(r)))[0]
			}
			return r
		}, keysOf(text))
		if got, ok := faq.FromKeyboard(keys); !ok || got != text {
			t.Fatalf("%q is %q, %v; want %q", keys, got, ok, text)
		}
	})
}

// Whichever keyboard is on, the same entry is found first.
func TestTheOtherKeyboardFindsTheSameEntry(t *testing.T) {
	t.Parallel()
	index := demo(t)
	for _, asked := range []string{"배송비는 얼마인가요", "비밀번호를 잊었어요", "쿠폰은 어디에 입력하나요", "정기배송을 해지하고 싶어요"} {
		want := index.Search(asked, "ko", 1)
		got := index.Search(keysOf(asked), "ko", 1)
		if len(want) != 1 || len(got) != 1 || got[0].ID != want[0].ID || got[0].Score != want[0].Score {
			t.Errorf("%s finds %v, %s finds %v", asked, ids(want), keysOf(asked), ids(got))
		}
	}
}
