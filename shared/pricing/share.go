package pricing

import (
	"math/bits"
	"slices"
)

// sharing allocates amounts like money.Allocate, without asking for memory each time: the price of a cart with many
// promotions is nearly all made of it.
type sharing struct {
	rests []uint64 // remainders, by place
	order []uint64 // copy of rests that nth may reorder
}

// add shares an amount above zero out in proportion to weights and adds each share to into: by largest remainder, to
// the earlier place where two are equal. Weights are not below zero and not all zero.
func (s *sharing) add(into []int64, amount int64, weights []int64) {
	var total uint64
	for _, w := range weights {
		total += uint64(w)
	}
	// The caller sees to it that not all weights are zero; dividing by zero would stop the program.
	if total == 0 {
		return
	}
	s.rests = s.rests[:0]
	over := uint64(amount)
	for i, w := range weights {
		// The product of two 64-bit numbers may need 128 bits;
		// most do not, and the plain division is faster.
		high, low := bits.Mul64(uint64(amount), uint64(w))
		share, rest := uint64(0), uint64(0)
		if high == 0 {
			share, rest = low/total, low%total
		} else {
			share, rest = bits.Div64(high, low, total)
		}
		into[i] += int64(share)
		over -= share
		s.rests = append(s.rests, rest)
	}
	if over > 0 {
		s.hand(into, int(over))
	}
}

// hand gives one each to the over largest remainders.
func (s *sharing) hand(into []int64, over int) {
	// For few remainders or few places searching the largest one each time is faster than sorting.
	if over <= 3 || len(into) <= 8 {
		for range over { // more places than over have a remainder
			best := 0
			for i, rest := range s.rests {
				if rest > s.rests[best] {
					best = i
				}
			}
			into[best]++
			// A remainder that got its unit must not be found again.
			s.rests[best] = 0
		}
		return
	}
	// Otherwise find the smallest remainder that still gets a unit, and give one to
	// all that are larger, and to equal ones from the front until the units run out.
	s.order = append(s.order[:0], s.rests...)
	least := nth(s.order, over)
	equal := over
	for _, rest := range s.rests {
		if rest > least {
			equal--
		}
	}
	for i, rest := range s.rests {
		switch {
		case rest > least:
			into[i]++
		case rest == least && equal > 0:
			into[i]++
			equal--
		}
	}
}

// nth is the nth largest of the values, from 1 on; it changes their order.
func nth(values []uint64, n int) uint64 {
	// Quickselect: linear, where sorting all remainders would not be.
	// The middle as pivot is good for sorted values, which are common.
	for len(values) > 12 {
		pivot := values[len(values)/2]
		low, high, i := 0, len(values), 0
		for i < high { // larger than the pivot, equal to it, smaller
			switch v := values[i]; {
			case v > pivot:
				values[i], values[low] = values[low], v
				low++
				i++
			case v < pivot:
				high--
				values[i], values[high] = values[high], v
			default:
				i++
			}
		}
		switch {
		case n <= low:
			values = values[:low]
		case n <= high:
			return pivot
		default:
			values, n = values[high:], n-high
		}
	}
	// Few values are left: sorting them is the fastest.
	slices.Sort(values)
	return values[len(values)-n]
}
