package money

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/big"
	"math/bits"
	"slices"
)

// Allocate shares total out in proportion to weights and loses nothing: the shares add up to total, and each is within
// one unit of its exact part. Units left over go one each to the largest remainders, to the earlier index where two are
// equal (the largest remainder method). Weights below zero count as zero; a zero weight gets nothing, unless all are
// zero, when everybody gets the same. A negative total is shared like its opposite. No weights, no shares.
func Allocate(total int64, weights []int64) []int64 {
	if len(weights) == 0 {
		return nil
	}
	w := usable(weights)
	// The magnitude is shared and the sign put back at the
	// end, so that a refund is shared exactly like the sale.
	shares, rest := parts(magnitude(total), w)
	left := magnitude(total)
	for _, s := range shares {
		left -= s
	}
	// There are fewer units left than shares with a remainder, so one each is enough.
	for _, i := range byRemainder(rest)[:left] {
		shares[i]++
	}
	out := make([]int64, len(w))
	for i, s := range shares {
		// A share is at most the magnitude of total, so the sign always fits.
		out[i], _ = signed(0, s, total < 0)
	}
	return out
}

// usable clears negative weights and replaces all-zero weights by equal ones.
func usable(weights []int64) []uint64 {
	w := make([]uint64, len(weights))
	for i, v := range weights {
		w[i] = uint64(max(v, 0))
	}
	if slices.Max(w) == 0 {
		for i := range w {
			w[i] = 1
		}
	}
	return w
}

// wide is a 128-bit number.
type wide struct{ hi, lo uint64 }

// parts divides mag * w[i] by the sum of w for every i, exactly: the whole shares and what remains of each.
func parts(mag uint64, w []uint64) (shares []uint64, rest []wide) {
	shares, rest = make([]uint64, len(w)), make([]wide, len(w))
	var sum, carry uint64
	for _, v := range w {
		// Sums beyond 64 bits come from weights near the
		// limit; they take the slow path instead of failing.
		if sum, carry = bits.Add64(sum, v, 0); carry != 0 {
			return bigParts(mag, w)
		}
	}
	for i, v := range w {
		hi, lo := bits.Mul64(mag, v)
		shares[i], rest[i].lo = bits.Div64(hi, lo, sum)
	}
	return shares, rest
}

// bigParts is parts for weights whose sum needs more than 64 bits.
func bigParts(mag uint64, w []uint64) (shares []uint64, rest []wide) {
	shares, rest = make([]uint64, len(w)), make([]wide, len(w))
	sum, q, r := new(big.Int), new(big.Int), new(big.Int)
	for _, v := range w {
		sum.Add(sum, q.SetUint64(v))
	}
	// A remainder is below the sum of the weights, which has fewer than 128 bits.
	var raw [16]byte
	for i, v := range w {
		q.SetUint64(mag)
		q.Mul(q, r.SetUint64(v)).QuoRem(q, sum, r)
		r.FillBytes(raw[:])
		shares[i], rest[i] = q.Uint64(), wide{binary.BigEndian.Uint64(raw[:8]), binary.BigEndian.Uint64(raw[8:])}
	}
	return shares, rest
}

// byRemainder orders the indexes by remainder, the largest first.
// Stable: of equal remainders the earlier index comes first.
func byRemainder(rest []wide) []int {
	order := make([]int, len(rest))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(rest[b].hi, rest[a].hi), cmp.Compare(rest[b].lo, rest[a].lo))
	})
	return order
}

// whole is 100 % in basis points.
const whole = 10_000

// Percent returns basisPoints hundredths of a percent of amount, rounded to the nearest unit, a half away from zero: so
// the percentage of a refund is exactly the opposite of that of the sale. A result beyond 64 bits stops at the limit.
func Percent(amount, basisPoints int64) int64 {
	return fraction(amount, basisPoints, whole)
}

// TaxOnTop returns the tax to add to a net amount at rateBP basis points (1000 = 10 %), rounded like Percent. Rates
// below zero count as zero.
func TaxOnTop(net, rateBP int64) int64 {
	return Percent(net, max(rateBP, 0))
}

// TaxIncluded returns the tax contained in a gross amount at rateBP basis points: gross * rate / (1 + rate), rounded
// like Percent. Rates below zero count as zero.
func TaxIncluded(gross, rateBP int64) int64 {
	// Capped so that whole+rate does not overflow.
	rate := min(max(rateBP, 0), math.MaxInt64-whole)
	return fraction(gross, rate, whole+rate)
}

// fraction returns amount * num / den, rounded to the nearest, halves away from zero; den is above zero.
func fraction(amount, num, den int64) int64 {
	negative := (amount < 0) != (num < 0)
	hi, lo := bits.Mul64(magnitude(amount), magnitude(num))
	// Div64 would panic: the quotient needs more than 64 bits.
	if hi >= uint64(den) {
		return limit(negative)
	}
	q, r := bits.Div64(hi, lo, uint64(den))
	// r >= den-r is 2*r >= den without its overflow: half or more rounds up.
	if r >= uint64(den)-r && q < math.MaxUint64 {
		q++
	}
	if n, ok := signed(0, q, negative); ok {
		return n
	}
	return limit(negative)
}

// limit is the largest amount, or the smallest when negative.
func limit(negative bool) int64 {
	if negative {
		return math.MinInt64
	}
	return math.MaxInt64
}
