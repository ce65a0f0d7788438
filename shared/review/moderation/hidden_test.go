package moderation_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"dangol/shared/review"
	"dangol/shared/review/moderation"
)

// reasons lists what is found in a text.
func reasons(text string) (all []review.Reason) {
	for _, f := range moderation.Check(moderation.Field{Name: "text", Text: text}) {
		all = append(all, f.Reason)
	}
	return all
}

// How a text is written must not decide whether it is published: a Mac sends Hangul in parts, and characters without a
// shape can stand anywhere.
func TestAWordIsFoundHoweverItIsEncoded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		reason review.Reason
		mark   string
	}{
		"Hangul in parts":                 {"정말 " + norm.NFD.String("씨발") + " 뭐야", review.Profanity, norm.NFD.String("씨발")},
		"a zero-width space in English":   {"what a sh\u200bit", review.Profanity, "sh\u200bit"},
		"a soft hyphen":                   {"f\u00aduck this", review.Profanity, "f\u00aduck"},
		"a zero-width joiner in a number": {"010\u200d12345678", review.PersonalData, "010\u200d12345678"},
		"a stroke through every letter": {"f\u0336u\u0336c\u0336k\u0336", review.Profanity,
			"f\u0336u\u0336c\u0336k\u0336"},
		"an address in full-width letters":  {"ｈong@example．com", review.PersonalData, "ｈong@example．com"},
		"a word between two emoji":          {"🙂shit🙂", review.Profanity, "shit"},
		"a link behind a character of none": {"\u200bhttps://evil.example.com", review.Links, "https://evil.example.com"},
	} {
		found := moderation.Check(moderation.Field{Name: "text", Text: c.text})
		if len(found) != 1 || found[0].Reason != c.reason || len(found[0].Marks) != 1 || found[0].Marks[0].Text != c.mark {
			t.Errorf("%s: found %+v, want %s on %q", name, found, c.reason, c.mark)
		}
	}
}

// Composed and decomposed, a text is the same text to whoever reads it.
func TestTheSameTextHasTheSameFindingsInEachForm(t *testing.T) {
	t.Parallel()
	pieces := []string{"좋아요 ", "씨발 ", "시발점 ", "010-1234-5678 ", "각 ", "é", "ﬁ ", "shit ", "ㅋㅋㅋㅋㅋㅋ", "값이 싸요 ",
		"hong@example.com "}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 8).Draw(t, "pieces"), "")
		if a, b := reasons(norm.NFC.String(text)), reasons(norm.NFD.String(text)); !slices.Equal(a, b) {
			t.Fatalf("%q: %v, in parts %v", text, a, b)
		}
	})
}

func TestNumbersThatAreNobodysAreLeft(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"02-123-4567로 전화":     true,
		"031 123 4567":        true,
		"070-1234-5678":       false, // a service of a company
		"주문번호 202611290001":   false,
		"1588-1234에 물어봤어요":    false, // a company's number
		"015-1234-5678":       false, // no prefix of a mobile number
		"8801043012345 바코드":   false, // thirteen digits without a hyphen
		"881399-1234567":      false, // no month 13
		"4242 4242 4242 4243": false, // fails the check digit
		"a@b":                 false,
		"@온결 비누 최고":           false,
		"a@example.com.":      true,
		"가격 12,000원, 3.5점":    false,
	} {
		if got := slices.Contains(reasons(text), review.PersonalData); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestFieldsAreToldApartAndReasonsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	found := moderation.Check(
		moderation.Field{Name: "title", Text: "shit, https://evil.example.com"},
		moderation.Field{Name: "text", Text: "010-1234-5678 씨발"},
		moderation.Field{Name: "followUp", Text: "좋아요"},
	)
	var got []string
	for _, f := range found {
		got = append(got, f.Field+" "+string(f.Reason))
	}
	want := []string{
		"title " + string(review.Profanity), "title " + string(review.Links),
		"text " + string(review.Profanity), "text " + string(review.PersonalData),
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A moderator names a word as they see it; every place of it is marked.
func TestAModeratorsWordIsMarkedEverywhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, word string
		want       []string
	}{
		{"Brand X and brand x, BRAND Ｘ", "brand x", []string{"Brand X", "brand x", "BRAND Ｘ"}},
		{norm.NFD.String("다른 가게"), "가게", []string{norm.NFD.String("가게")}},
		{"아무 말", "", nil},
		{"", "말", nil},
	} {
		var got []string
		for _, m := range moderation.Find(c.text, c.word) {
			got = append(got, m.Text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q in %q: %q", c.word, c.text, got)
		}
	}
}
