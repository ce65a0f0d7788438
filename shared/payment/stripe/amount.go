package stripe

import (
	"fmt"

	"dangol/shared/money"
	"dangol/shared/payment"
)

// stripeDigits are the currencies that Stripe counts in other units than ISO 4217 does (docs.stripe.com/currencies):
// ISK and UGX as if they had cents, MGA as if it had none.
var stripeDigits = map[string]int{"ISK": 2, "UGX": 2, "MGA": 0}

// scale is how many decimals a currency has for us (ISO 4217) and for Stripe.
func scale(code string) (ours, theirs int, err error) {
	if ours, err = money.Digits(code); err != nil {
		return 0, 0, err
	}
	if n, ok := stripeDigits[code]; ok {
		return ours, n, nil
	}
	return ours, ours, nil
}

// payable turns an amount above zero into Stripe's units. Error: ErrInvalid, with ErrAmount for currencies
// with three decimals whose last digit is not zero: card networks settle only two
// (docs.stripe.com/currencies).
func payable(key string, m money.Money) (int64, error) {
	ours, theirs, err := scale(m.Currency)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%w: %w", payment.ErrInvalid, err)
	// An amount of 0 needs no provider, and a call without a key could not be repeated safely.
	case key == "" || m.Amount <= 0:
		return 0, fmt.Errorf("%w: a key and an amount above zero are needed", payment.ErrInvalid)
	case ours == 3 && m.Amount%10 != 0:
		return 0, fmt.Errorf("%w: %s must end in zero", errAmount, m.Format())
	}
	// Dropping decimals must not change the amount.
	for ; ours > theirs; ours-- {
		if m.Amount%10 != 0 {
			return 0, fmt.Errorf("%w: Stripe takes no fractions of %s", errAmount, m.Currency)
		}
		m.Amount /= 10
	}
	for ; ours < theirs; ours++ {
		if m, err = m.Mul(10); err != nil {
			return 0, fmt.Errorf("%w: %w", payment.ErrInvalid, err)
		}
	}
	return m.Amount, nil
}

// fromUnits turns Stripe's units into ours. An unknown currency is taken as it is: reading must not
// fail for what Stripe has already accepted.
func fromUnits(units int64, code string) money.Money {
	ours, theirs, err := scale(code)
	if err != nil {
		return money.Of(units, code)
	}
	for ; ours > theirs; theirs++ {
		units *= 10
	}
	for ; ours < theirs; theirs-- {
		units /= 10
	}
	return money.Of(units, code)
}
