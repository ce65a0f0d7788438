package reconcile

import (
	"hash/fnv"
	"slices"
)

// buckets is how many sums a fingerprint has: with one id missing of 10,000, about 40 are looked at one by one.
const buckets = 256

// Fingerprint tells whether two walks saw the same ids without remembering them: one walk adds each id, the other takes
// it away. What is left over says in which part of the ids to look; see Unmatched. The zero value is empty. It has the
// same size however many ids there are, so a walk that is interrupted can be stored.
type Fingerprint []uint64

// Add notes an id that the first walk saw.
func (f *Fingerprint) Add(id string) { f.put(id, 1) }

// Remove notes an id that the second walk saw.
func (f *Fingerprint) Remove(id string) { f.put(id, ^uint64(0)) }

// put adds the hash of an id, times 1 or minus 1, to the sum of its bucket. Sums wrap around, so each id that both
// walks saw leaves nothing.
func (f *Fingerprint) put(id string, times uint64) {
	if *f == nil {
		*f = make(Fingerprint, buckets)
	}
	h := hash(id)
	(*f)[h%buckets] += h * times
}

// Empty reports whether both walks saw the same ids. Different ones that leave nothing by chance are as rare as equal
// hashes of 64 bits.
func (f Fingerprint) Empty() bool {
	return !slices.ContainsFunc(f, func(sum uint64) bool { return sum != 0 })
}

// Unmatched reports whether an id may be among those that only one walk saw. It is true for all ids of a bucket in
// which there is one, and never false for one that only one walk saw.
func (f Fingerprint) Unmatched(id string) bool { return f != nil && f[hash(id)%buckets] != 0 }

// hash is never zero, which would leave nothing in its bucket.
func hash(id string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64() | 1<<63
}
