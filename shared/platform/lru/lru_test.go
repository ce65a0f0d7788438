package lru_test

import (
	"testing"

	"dangol/shared/platform/lru"
)

func TestACacheKeepsWhatWasUsedLast(t *testing.T) {
	t.Parallel()
	c := lru.New[string, int](2)
	c.Add("a", 1)
	c.Add("b", 2)
	c.Get("a")
	c.Add("c", 3)
	for key, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if c.Contains(key) != want {
			t.Errorf("%s is kept: %v, want %v", key, !want, want)
		}
	}
}
