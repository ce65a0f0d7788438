// Package money is amounts of money: whole minor units of an ISO 4217 currency, never a float. It adds, compares,
// shares out without losing a unit, takes percentages, reads and writes decimals, and makes the string a shopper sees.
package money

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
)

var (
	// ErrMixedCurrency says that two amounts of different currencies met in one sum.
	ErrMixedCurrency = errors.New("money: mixed currencies")
	// ErrOverflow says that a result does not fit into 64 bits.
	ErrOverflow = errors.New("money: overflow")
	// ErrUnknownCurrency says that a currency code is empty or not in ISO 4217.
	ErrUnknownCurrency = errors.New("money: unknown currency")
	// ErrSyntax says that a text is not an amount of the currency.
	ErrSyntax = errors.New("money: not an amount")
)

// Money is Amount minor units (won, cents) of Currency, an ISO 4217 code in capitals. Values compare with ==.
type Money struct {
	Amount   int64  `json:"amount" dynamodbav:"amount" doc:"Minor units: won, cents." example:"12000"`
	Currency string `json:"currency" dynamodbav:"currency" doc:"ISO 4217 code." minLength:"3" maxLength:"3" example:"KRW"`
}

// Of makes an amount of minor units. It does not check the currency; Validate does.
func Of(amount int64, code string) Money { return Money{Amount: amount, Currency: code} }

// Validate returns ErrUnknownCurrency unless the currency is in ISO 4217.
func (m Money) Validate() error {
	_, err := Digits(m.Currency)
	return err
}

// Digits returns how many decimal places the currency has: 0 for KRW, 2 for USD, 3 for KWD. Error: ErrUnknownCurrency.
func Digits(code string) (int, error) {
	u, ok := units[code]
	if !ok {
		return 0, fmt.Errorf("%w: %q", ErrUnknownCurrency, code)
	}
	return u.digits, nil
}

// Add returns m + n. Errors: ErrMixedCurrency, ErrOverflow.
func (m Money) Add(n Money) (Money, error) {
	if err := m.same(n); err != nil {
		return Money{}, err
	}
	sum := m.Amount + n.Amount
	// The sum overflowed when it moved in the wrong
	// direction. n of 0 moves nothing and never overflows.
	if (sum > m.Amount) != (n.Amount > 0) && n.Amount != 0 {
		return Money{}, fmt.Errorf("%w: %d + %d", ErrOverflow, m.Amount, n.Amount)
	}
	return Money{sum, m.Currency}, nil
}

// Sub returns m - n. Errors: ErrMixedCurrency, ErrOverflow.
func (m Money) Sub(n Money) (Money, error) {
	if err := m.same(n); err != nil {
		return Money{}, err
	}
	diff := m.Amount - n.Amount
	if (diff < m.Amount) != (n.Amount > 0) && n.Amount != 0 {
		return Money{}, fmt.Errorf("%w: %d - %d", ErrOverflow, m.Amount, n.Amount)
	}
	return Money{diff, m.Currency}, nil
}

// Mul returns m taken qty times. Error: ErrOverflow.
func (m Money) Mul(qty int64) (Money, error) {
	hi, lo := bits.Mul64(magnitude(m.Amount), magnitude(qty))
	product, ok := signed(hi, lo, (m.Amount < 0) != (qty < 0))
	if !ok {
		return Money{}, fmt.Errorf("%w: %d * %d", ErrOverflow, m.Amount, qty)
	}
	return Money{product, m.Currency}, nil
}

// Neg returns -m. The one amount without an opposite, the smallest of 64 bits, becomes the largest.
func (m Money) Neg() Money {
	if m.Amount == math.MinInt64 {
		return Money{math.MaxInt64, m.Currency}
	}
	return Money{-m.Amount, m.Currency}
}

// IsZero reports whether the amount is nothing, in whatever currency.
func (m Money) IsZero() bool { return m.Amount == 0 }

// Cmp returns -1, 0 or 1 as m is less than, equal to or more than n. Error: ErrMixedCurrency.
func (m Money) Cmp(n Money) (int, error) {
	if err := m.same(n); err != nil {
		return 0, err
	}
	return cmp.Compare(m.Amount, n.Amount), nil
}

// same returns ErrMixedCurrency when the currencies differ.
func (m Money) same(n Money) error {
	if m.Currency != n.Currency {
		return fmt.Errorf("%w: %q and %q", ErrMixedCurrency, m.Currency, n.Currency)
	}
	return nil
}

// magnitude is |n|, also for the smallest int64.
func magnitude(n int64) uint64 {
	if n < 0 {
		// Two's complement: the negation of the unsigned value is right
		// also for the smallest int64, whose positive has no int64.
		return -uint64(n)
	}
	return uint64(n)
}

// signed puts the sign back on a 128-bit magnitude and reports whether the result fits into an int64.
func signed(hi, lo uint64, negative bool) (int64, bool) {
	// 1<<63 is the magnitude of the smallest int64, one more than a positive result may have.
	if negative {
		return -int64(lo), hi == 0 && lo <= 1<<63
	}
	return int64(lo), hi == 0 && lo <= math.MaxInt64
}
