package format_test

import (
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"dangol/shared/platform/format"
)

func TestTextsThatLookAlikeAreFoldedToOne(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, typed, plain string }{
		{"full-width letters", "ＡＢＣ", "abc"},
		{"full-width digits", "１２３", "123"},
		{"half-width katakana with a mark of its own", "ｶﾞﾗｽ", "ガラス"},
		{"half-width Hangul", "ﾡￂ", "가"},
		{"Hangul as a Mac writes it", norm.NFD.String("수분 크림"), "수분 크림"},
		{"letters that a keyboard sends one by one", "ㄱㅏ", "가"},
		{"units in one sign", "50㎖", "50ml"},
		{"an accent of its own", "cafe\u0301", "caf\u00e9"},
	} {
		if got := format.Fold(c.typed); got != c.plain {
			t.Errorf("%s: %q is folded to %q, want %q", c.name, c.typed, got, c.plain)
		}
	}
}

func TestFoldingDoesNotDependOnHowATextIsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom([]rune("aBé수분크림ㄱㅏ ＡＺ９ｶﾞ㎖½"))).Draw(t, "text")
		want := format.Fold(s)
		for _, other := range []string{norm.NFC.String(s), norm.NFD.String(s), norm.NFKC.String(s), norm.NFKD.String(s),
			want} {
			if got := format.Fold(other); got != want {
				t.Fatalf("%q is folded to %q, %q to %q", s, want, other, got)
			}
		}
	})
}
