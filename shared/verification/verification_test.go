package verification_test

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dangol/shared/platform/problem"
	"dangol/shared/verification"
)

var noon = time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC)

const number = "ver_1 +821012345678"

func TestWhatACodeProves(t *testing.T) {
	t.Parallel()
	tried := func(times int) verification.Challenge {
		c := verification.New("123456", number, noon)
		for range times {
			c, _ = c.Prove("000000", number, noon)
		}
		return c
	}
	proved, err := tried(0).Prove("123456", number, noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		challenge verification.Challenge
		code, of  string
		after     time.Duration
		want      string
	}{
		{"the right code", tried(0), "123456", number, 0, ""},
		{"with a space between its digits", tried(0), "123 456", number, 0, ""},
		{"with a hyphen", tried(0), "123-456", number, 0, ""},
		{"in full-width digits", tried(0), "１２３４５６", number, 0, ""},
		{"in the last second", tried(0), "123456", number, verification.Life - time.Second, ""},
		{"after ten minutes", tried(0), "123456", number, verification.Life, "code_expired"},
		{"a wrong code", tried(0), "123457", number, 0, "code_wrong"},
		{"no code", tried(0), "", number, 0, "code_wrong"},
		{"letters", tried(0), "12345a", number, 0, "code_wrong"},
		{"a code that goes on", tried(0), "1234567", number, 0, "code_wrong"},
		{"of another number", tried(0), "123456", "ver_1 +821099999999", 0, "code_wrong"},
		{"the right code after four wrong ones", tried(4), "123456", number, 0, ""},
		{"the right code after five wrong ones", tried(5), "123456", number, 0, "code_used_up"},
		{"the same code again", proved, "123456", number, time.Hour, ""},
		{"another code after it was proved", proved, "654321", number, time.Minute, "code_wrong"},
		{"no challenge", verification.Challenge{}, "123456", number, 0, "code_expired"},
	} {
		after, err := test.challenge.Prove(test.code, test.of, noon.Add(test.after))
		if got := problem.Code(err); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
		if err == nil && after.ProvedAt.IsZero() {
			t.Errorf("%s: accepted and not proved", test.name)
		}
		if err != nil && test.challenge.ProvedAt.IsZero() && !after.ProvedAt.IsZero() {
			t.Errorf("%s: refused and proved", test.name)
		}
	}
}

func TestAWrongCodeSaysHowManyTriesAreLeft(t *testing.T) {
	t.Parallel()
	c := verification.New("123456", number, noon)
	for left := verification.MaxWrong - 1; left >= 0; left-- {
		var err error
		c, err = c.Prove("999999", number, noon)
		p, ok := errors.AsType[*problem.Problem](err)
		if !ok || p.Extra["left"] != left {
			t.Errorf("%v with %d left", err, left)
		}
	}
}

func TestNobodyProvesMoreThanFiveGuesses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := verification.New("123456", number, noon)
		tries := rapid.SliceOfN(rapid.SampledFrom([]string{"123456", "000000", "1", "", "123457"}), 1, 20).Draw(t, "tries")
		wrong := 0
		for _, code := range tries {
			before := c
			after, err := c.Prove(code, number, noon)
			if c = after; c.Wrong > verification.MaxWrong {
				t.Fatalf("%d wrong codes were tried", c.Wrong)
			}
			if err == nil && before.ProvedAt.IsZero() && wrong >= verification.MaxWrong {
				t.Fatalf("proved after %d wrong codes", wrong)
			}
			if problem.Code(err) == "code_wrong" {
				wrong++
			}
		}
	})
}

func TestCodesAreSixDigits(t *testing.T) {
	t.Parallel()
	six, seen := regexp.MustCompile(`^[0-9]{6}$`), map[string]bool{}
	for range 200 {
		code := verification.NewCode()
		if !six.MatchString(code) {
			t.Fatalf("code %q", code)
		}
		seen[code] = true
	}
	if len(seen) < 190 {
		t.Errorf("%d different codes of 200", len(seen))
	}
}

func TestEqualCodesHaveDifferentHashes(t *testing.T) {
	t.Parallel()
	a, b := verification.New("123456", "ver_1 +821012345678", noon), verification.New("123456", "ver_2 +821012345678",
		noon)
	if a.Hash == b.Hash || a.Hash == "123456" {
		t.Errorf("%s and %s", a.Hash, b.Hash)
	}
}
