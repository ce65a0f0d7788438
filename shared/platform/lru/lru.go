// Package lru makes caches that keep what was used last, for processes that remember what they have read or written.
package lru

import lru "github.com/hashicorp/golang-lru/v2"

// Cache keeps a bounded number of values, those that were used last. It is safe for concurrent use.
type Cache[K comparable, V any] = lru.Cache[K, V]

// New returns an empty cache of that many values. It panics for a size below one, which is a mistake in the code.
func New[K comparable, V any](size int) *Cache[K, V] {
	c, err := lru.New[K, V](size)
	if err != nil {
		panic(err)
	}
	return c
}
