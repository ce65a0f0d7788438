package runner_test

import (
	"testing"

	"dangol/infra/local/runner"
	"dangol/infra/testkit/system"
)

// shop is the running system with what the tests of this package add to it.
type shop struct{ *system.Shop }

func open(t testing.TB, change ...func(*runner.Options)) *shop {
	t.Helper()
	return &shop{system.Open(t, change...)}
}
