package runner_test

import (
	"testing"

	"dangol/infra/local/runner"
	"dangol/infra/testkit/system"
)

// shop is the running system with what the tests of this package add to it.
type shop struct {
	*system.Shop
	written int // messages that a test has written by HTTP
}

func open(t testing.TB, change ...func(*runner.Options)) *shop {
	t.Helper()
	return &shop{Shop: system.Open(t, change...)}
}
