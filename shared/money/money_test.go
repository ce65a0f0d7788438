package money_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"dangol/shared/money"

	"pgregory.net/rapid"
)

func krw(n int64) money.Money { return money.Of(n, "KRW") }
func usd(n int64) money.Money { return money.Of(n, "USD") }

func TestArithmeticRefusesWhatItCannotSay(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		do   func() (money.Money, error)
		want money.Money
		err  error
	}{
		{"two prices add up", func() (money.Money, error) { return krw(12_000).Add(krw(500)) }, krw(12_500), nil},
		{"won and dollars do not add up", func() (money.Money, error) { return krw(1).Add(usd(1)) }, money.Money{},
			money.ErrMixedCurrency},
		{"won and dollars have no difference", func() (money.Money, error) { return krw(1).Sub(usd(1)) }, money.Money{},
			money.ErrMixedCurrency},
		{"nothing added at the limit is fine", func() (money.Money, error) { return krw(math.MaxInt64).Add(krw(0)) },
			krw(math.MaxInt64), nil},
		{"one added at the limit overflows", func() (money.Money, error) { return krw(math.MaxInt64).Add(krw(1)) },
			money.Money{}, money.ErrOverflow},
		{"one taken at the lower limit overflows", func() (money.Money, error) { return krw(math.MinInt64).Sub(krw(1)) },
			money.Money{}, money.ErrOverflow},
		{"the smallest amount cannot be subtracted from zero",
			func() (money.Money, error) { return krw(0).Sub(krw(math.MinInt64)) }, money.Money{}, money.ErrOverflow},
		{"the smallest amount subtracted from itself is zero",
			func() (money.Money, error) { return krw(math.MinInt64).Sub(krw(math.MinInt64)) }, krw(0), nil},
		{"a price times a quantity", func() (money.Money, error) { return usd(1_250).Mul(3) }, usd(3_750), nil},
		{"the smallest amount times minus one overflows", func() (money.Money, error) { return krw(math.MinInt64).Mul(-1) },
			money.Money{}, money.ErrOverflow},
		{"half the smallest amount doubles", func() (money.Money, error) { return krw(math.MinInt64 / 2).Mul(2) },
			krw(math.MinInt64), nil},
		{"a huge product overflows", func() (money.Money, error) { return krw(math.MaxInt64).Mul(math.MaxInt64) },
			money.Money{}, money.ErrOverflow},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.do()
			if got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("got %v, %v; want %v, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func TestAddAndSubAreExactOrRefuse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := krw(rapid.Int64().Draw(t, "a")), krw(rapid.Int64().Draw(t, "b"))
		if sum, err := a.Add(b); err == nil {
			if back, err := sum.Sub(b); err != nil || back != a {
				t.Fatalf("%v + %v - %v = %v, %v", a, b, b, back, err)
			}
		} else if exact := float64(a.Amount) + float64(b.Amount); math.Abs(exact) < math.MaxInt64*0.999 {
			t.Fatalf("%v + %v refused: %v", a, b, err)
		}
		if diff, err := a.Sub(b); err == nil {
			if back, err := diff.Add(b); err != nil || back != a {
				t.Fatalf("%v - %v + %v = %v, %v", a, b, b, back, err)
			}
		}
	})
}

func TestMulIsRepeatedAddition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, n := krw(rapid.Int64().Draw(t, "a")), rapid.Int64Range(0, 20).Draw(t, "n")
		want, wantErr := krw(0), error(nil)
		for range n {
			if want, wantErr = want.Add(a); wantErr != nil {
				break
			}
		}
		got, err := a.Mul(n)
		if (err == nil) != (wantErr == nil) || err == nil && got != want {
			t.Fatalf("%v * %d = %v, %v; want %v, %v", a, n, got, err, want, wantErr)
		}
	})
}

func TestComparison(t *testing.T) {
	t.Parallel()
	if c, err := krw(1).Cmp(krw(2)); c != -1 || err != nil {
		t.Errorf("1 against 2: %d, %v", c, err)
	}
	if _, err := krw(1).Cmp(usd(1)); !errors.Is(err, money.ErrMixedCurrency) {
		t.Errorf("won against dollars: %v", err)
	}
	if krw(5).Neg() != krw(-5) || krw(math.MinInt64).Neg() != krw(math.MaxInt64) || !usd(0).IsZero() || usd(1).IsZero() {
		t.Error("sign or zero is wrong")
	}
}

func TestOnlyRealCurrenciesAreValid(t *testing.T) {
	t.Parallel()
	for code, digits := range map[string]int{"KRW": 0, "JPY": 0, "USD": 2, "EUR": 2, "KWD": 3} {
		if n, err := money.Digits(code); n != digits || err != nil {
			t.Errorf("%s has %d digits, %v; want %d", code, n, err, digits)
		}
	}
	for _, code := range []string{"", "krw", "WON", "US", "USDT", "₩"} {
		if err := money.Of(1, code).Validate(); !errors.Is(err, money.ErrUnknownCurrency) {
			t.Errorf("%q is accepted: %v", code, err)
		}
	}
}

func TestJSONShape(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(struct {
		M money.Money     `json:"m"`
		V money.Formatted `json:"v"`
	}{krw(12_000), krw(12_000).Formatted()})
	want := `{"m":{"amount":12000,"currency":"KRW"},"v":{"amount":12000,"currency":"KRW","display":"₩12,000"}}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}
