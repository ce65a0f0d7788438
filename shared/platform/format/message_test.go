package format_test

import (
	"strings"
	"testing"

	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
)

func TestATextForSomebodyElseHasNoAddressInAnySpelling(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"https://example.com", "HTTP://x", "hxxps://example", "ftp://x", "javascript:alert(1)", "mailto:a", "tel:+8210",
		"www.example", "example.com", "win at EXAMPLE.COM!", "bit.ly/abc", "t.me/abc", "여기example.kr입니다", "example.com에서",
		"ｅｘａｍｐｌｅ．ｃｏｍ", "example。com", "example｡com", "example․com", "exam\u200bple.c\u00adom", "example\u2060.com",
		"example[.]com", "example (.)com", "example(dot)com", "example . com", "example. com", "example dot com", "예제 닷 컴",
		"네이버닷컴",
		"a@b", "a＠example", "a(at)example", "10.0.0.1", "한글.한국", "xn--3e0b.xn--3e0b707e", "e\u0301xample.com",
	} {
		if !format.HasAddress(s) {
			t.Errorf("%q passes", s)
		}
	}
	for _, s := range []string{
		"생일 축하해!\n매달 하나씩", "축하해.사랑해", "Happy birthday. With love, Min", "It is 3.5 kg, 1.000 won", "a.m. or p.m.",
		"사랑해... 보고 싶어", "10:30에 만나", "1.2.3", "email me @ home", "김하늘", "O'Brien-Smith", "コーヒーです。どうぞ", "Dr. Kim",
		"dot the i", "Mr.", "",
	} {
		if format.HasAddress(s) {
			t.Errorf("%q is refused", s)
		}
	}
}

func TestMessagesAndNamesAreBounded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text, want, code string
		call                   func(pointer, s string, most int) (string, error)
	}{
		{"a message keeps its lines", " a\r\nb ", "a\nb", "", format.Message},
		{"a name has one line", "a\nb", "", "control_character", format.DisplayName},
		{"no bell", "a\ab", "", "control_character", format.Message},
		{"ten characters, not bytes", strings.Repeat("가", 10), strings.Repeat("가", 10), "", format.Message},
		{"eleven", strings.Repeat("가", 11), "", "too_long", format.Message},
		{"a name that is an address", "a.com", "", "address", format.DisplayName},
	} {
		got, err := tc.call("/message", tc.text, 10)
		code := ""
		if err != nil {
			code = problem.From(err).Fields[0].Code
		}
		if got != tc.want || code != tc.code {
			t.Errorf("%s: %q, %q", tc.name, got, code)
		}
	}
}
