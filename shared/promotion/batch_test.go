package promotion_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dangol/shared/promotion"
)

func TestAHundredThousandCodesAreUniqueAndRecognized(t *testing.T) {
	t.Parallel()
	b := promotion.NewBatch("b1", "SEOL27", 100_000)
	seen := make(map[string]bool, b.Size)
	n := 0
	for code := range b.Codes() {
		if i, ok := b.Index(code); !ok || i != n {
			t.Fatalf("code %d, %s, is recognized as %d, %v", n, code, i, ok)
		}
		if seen[promotion.NormalizeCode(code)] {
			t.Fatalf("%s is there twice", code)
		}
		seen[promotion.NormalizeCode(code)] = true
		n++
	}
	if n != b.Size {
		t.Fatalf("%d codes", n)
	}
}

func TestCodesAreEasyToReadOut(t *testing.T) {
	t.Parallel()
	b := promotion.NewBatch("b1", "", 1_000)
	for code := range b.Codes() {
		if len(code) != 16 || strings.ContainsAny(code, "0O1ILU2Z5S8B") || strings.Count(code, "-") != 2 {
			t.Fatalf("%s", code)
		}
		slow := " " + strings.ToLower(strings.ReplaceAll(code, "-", " ")) + "\n"
		if _, ok := b.Index(slow); !ok {
			t.Fatalf("%q is not recognized", slow)
		}
		break
	}
}

func TestNobodyGuessesACode(t *testing.T) {
	t.Parallel()
	b, other := promotion.NewBatch("b1", "", promotion.MaxBatch), promotion.NewBatch("b1", "", promotion.MaxBatch)
	renamed := *b
	renamed.ID = "b2"
	rapid.Check(t, func(t *rapid.T) {
		code := []byte(promotion.NormalizeCode(b.Code(rapid.IntRange(0, b.Size-1).Draw(t, "number"))))
		if _, ok := other.Index(string(code)); ok {
			t.Fatalf("another secret recognizes %s", code)
		}
		if _, ok := renamed.Index(string(code)); ok {
			t.Fatalf("another batch recognizes %s", code)
		}
		at := rapid.IntRange(0, len(code)-1).Draw(t, "place")
		symbol := rapid.SampledFrom([]byte("34679ACDEFGHJKMNPQRTVWXY")).Draw(t, "symbol")
		if code[at] == symbol {
			return
		}
		code[at] = symbol
		if i, ok := b.Index(string(code)); ok {
			t.Fatalf("a changed code is number %d", i)
		}
	})
}

func TestWhatIsNoCode(t *testing.T) {
	t.Parallel()
	b := promotion.NewBatch("b1", "VIP", 10)
	for _, code := range []string{
		"", "VIP", "VIP-33333-33333-3333", "VIP-YYYYY-YYYYY-YYYY", "VIP-33333-33333-333", "VIP-00000-00000-0000", "vip-한글",
		strings.Repeat("3", 400),
		strings.TrimPrefix(b.Code(1), "VIP-"), b.Code(1) + "3", b.Code(10),
	} {
		if i, ok := b.Index(code); ok {
			t.Errorf("%q is number %d", code, i)
		}
	}
}

func BenchmarkBatch(b *testing.B) {
	batch := promotion.NewBatch("b1", "VIP", promotion.MaxBatch)
	code := batch.Code(4711)
	b.Run("make", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			batch.Code(4711)
		}
	})
	b.Run("recognize", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			batch.Index(code)
		}
	})
}
