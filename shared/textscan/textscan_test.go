package textscan_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/textscan"
)

func TestWordsThatMeetAreNoProfanity(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"출시 발표는 언제인가요":      "",
		"다시 발송해 주세요":        "",
		"동시발급":              "",
		"시발역 앞 매장":          "",
		"씨.1발":              "씨.1발",
		"ㅅ ㅂ":               "ㅅ ㅂ",
		"출시 발표 전에 씨발":       "씨발",
		"김하늘 씨 발송 언제예요":     "",
		"씨발 송금했다고":          "씨발",
		"정말 씨발 뭐야":          "씨발",
		"씨 ------------ 발":  "",
		"class, Scunthorpe": "",
		"s h i t":           "s h i t",
		"it is what it is":  "",
	} {
		scanned := textscan.Fold(text)
		var got []string
		for _, s := range textscan.Profanity(scanned) {
			got = append(got, scanned.Original(s))
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestNumbersAreToldApart(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"4242 4242 4242 4242":                 "card 4242 4242 4242 4242",
		"2 4242-4242-4242-4242 3":             "card 4242-4242-4242-4242",
		"4242 - 4242 - 4242 - 4242":           "card 4242 - 4242 - 4242 - 4242",
		"0000 0000 0000 0000":                 "", // every digit the same
		"900101-1234567":                      "resident 900101-1234567",
		"900231-1234567":                      "", // no 31st of February
		"010-1234-5678. 20000원":               "phone 010-1234-5678",
		"+82 10 1234 5678":                    "phone 82 10 1234 5678",
		"D-2024-0101234567":                   "", // part of the number of an order
		"900101-1234567, 4242 4242 4242 4242": "resident 900101-1234567,card 4242 4242 4242 4242",
		"ISBN 979-11-6057-123-4":              "",
	} {
		scanned := textscan.Fold(text)
		var got []string
		for _, n := range textscan.Numbers(scanned) {
			got = append(got, string(n.Kind)+" "+scanned.Original(n.Span))
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// TestEachDigitStandsWhereItIsSaidTo: whoever masks a number changes exactly its digits.
func TestEachDigitStandsWhereItIsSaidTo(t *testing.T) {
	t.Parallel()
	pieces := []string{"4242", "４２４２", " ", "-", "010", "1234", "5678", "900101", "\u200b", "값 ", "🙂", "1"}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 14).Draw(t, "pieces"), "")
		letters, last := []rune(text), -1
		for _, n := range textscan.Numbers(textscan.Fold(text)) {
			if len(n.At) != len(n.Digits) || !slices.IsSorted(n.At) || n.At[0] != n.Start || n.At[len(n.At)-1] != n.End-1 {
				t.Fatalf("%q: %+v", text, n)
			}
			if n.Start <= last {
				t.Fatalf("%q: a digit is in two numbers: %+v", text, n)
			}
			last = n.End - 1
			for i, at := range n.At {
				if digit := letters[at]; digit != rune(n.Digits[i]) && digit-'０'+'0' != rune(n.Digits[i]) {
					t.Fatalf("%q: %c at %d, want %c", text, digit, at, n.Digits[i])
				}
			}
		}
	})
}
