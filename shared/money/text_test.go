package money_test

import (
	"errors"
	"math"
	"testing"

	"dangol/shared/money"

	"github.com/bojanz/currency"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text, code string
		want       int64
		err        error
	}{
		{"12.00", "USD", 1_200, nil},
		{"12", "USD", 1_200, nil},
		{"12.5", "USD", 1_250, nil},
		{"12.500", "USD", 1_250, nil},
		{"0.05", "USD", 5, nil},
		{"-0.05", "USD", -5, nil},
		{"-0", "USD", 0, nil},
		{"12000", "KRW", 12_000, nil},
		{"12000.00", "KRW", 12_000, nil},
		{"007", "KRW", 7, nil},
		{"1.234", "KWD", 1_234, nil},
		{"9223372036854775807", "KRW", math.MaxInt64, nil},
		{"-9223372036854775808", "KRW", math.MinInt64, nil},
		{"12.5", "KRW", 0, money.ErrSyntax},
		{"12.345", "USD", 0, money.ErrSyntax},
		{"", "USD", 0, money.ErrSyntax},
		{"-", "USD", 0, money.ErrSyntax},
		{".5", "USD", 0, money.ErrSyntax},
		{"5.", "USD", 0, money.ErrSyntax},
		{"1,200", "USD", 0, money.ErrSyntax},
		{"1e3", "USD", 0, money.ErrSyntax},
		{"+1", "USD", 0, money.ErrSyntax},
		{" 1", "USD", 0, money.ErrSyntax},
		{"1.2.3", "USD", 0, money.ErrSyntax},
		{"１２", "USD", 0, money.ErrSyntax},
		{"--1", "USD", 0, money.ErrSyntax},
		{"$1", "USD", 0, money.ErrSyntax},
		{"9223372036854775808", "KRW", 0, money.ErrOverflow},
		{"92233720368547758.08", "USD", 0, money.ErrOverflow},
		{"99999999999999999999999", "KRW", 0, money.ErrOverflow},
		{"1", "XXX1", 0, money.ErrUnknownCurrency},
	} {
		t.Run(tc.text+" "+tc.code, func(t *testing.T) {
			t.Parallel()
			got, err := money.Parse(tc.text, tc.code)
			if !errors.Is(err, tc.err) || err == nil && got != money.Of(tc.want, tc.code) {
				t.Errorf("got %v, %v; want %d, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func anyMoney() *rapid.Generator[money.Money] {
	return rapid.Custom(func(t *rapid.T) money.Money {
		return money.Of(rapid.Int64().Draw(t, "amount"), rapid.SampledFrom(currency.GetCurrencyCodes()).Draw(t, "currency"))
	})
}

func TestWhatIsFormattedCanBeParsed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := anyMoney().Draw(t, "money")
		back, err := money.Parse(m.Format(), m.Currency)
		if err != nil || back != m {
			t.Fatalf("%v is %q, read as %v, %v", m, m.Format(), back, err)
		}
	})
}

func TestDisplay(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		m    money.Money
		want string
	}{
		{krw(12_000), "₩12,000"},
		{krw(0), "₩0"},
		{krw(999), "₩999"},
		{krw(-1_000), "-₩1,000"},
		{usd(1_200), "$12.00"},
		{usd(-5), "-$0.05"},
		{usd(123_456_789), "$1,234,567.89"},
		{money.Of(1_200, "CHF"), "CHF\u00a012.00"},
		{money.Of(math.MinInt64, "KRW"), "-₩9,223,372,036,854,775,808"},
		{money.Of(1_200, "???"), "???12.00"},
	} {
		if got := tc.m.Display(); got != tc.want {
			t.Errorf("%v shows as %q, want %q", tc.m, got, tc.want)
		}
	}
}

func TestDisplayIsWhatTheLibraryWouldSay(t *testing.T) {
	t.Parallel()
	formatter := currency.NewFormatter(currency.NewLocale("en"))
	rapid.Check(t, func(t *rapid.T) {
		m := anyMoney().Draw(t, "money")
		amount, err := currency.NewAmount(m.Format(), m.Currency)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := m.Display(), formatter.Format(amount); got != want {
			t.Fatalf("%v shows as %q, the library says %q", m, got, want)
		}
	})
}

func BenchmarkDisplay(b *testing.B) {
	m := usd(123_456_789)
	b.ReportAllocs()
	for b.Loop() {
		_ = m.Display()
	}
}

func BenchmarkAllocate(b *testing.B) {
	weights := []int64{12_000, 8_000, 35_000, 5_000}
	b.ReportAllocs()
	for b.Loop() {
		_ = money.Allocate(7_000, weights)
	}
}
