package auth_test

import (
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/platform/auth"
)

func TestATokenFitsItsOwnHashOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "token"), rapid.String().Draw(t, "another")
		hash := auth.HashToken(a)
		if auth.TokenFits(a, hash) != (a != "") {
			t.Errorf("%q does not fit its hash", a)
		}
		if auth.TokenFits(b, hash) && a != b {
			t.Errorf("%q fits the hash of %q", b, a)
		}
		// What is stored is of no use as a token.
		if auth.TokenFits(hash, hash) {
			t.Errorf("the hash of %q is taken as a token", a)
		}
	})
}

func TestWithoutATokenOrAHashNothingFits(t *testing.T) {
	t.Parallel()
	for _, c := range [][2]string{{"", ""}, {"", auth.HashToken("")}, {"token", ""}} {
		if auth.TokenFits(c[0], c[1]) {
			t.Errorf("%q fits %q", c[0], c[1])
		}
	}
}
