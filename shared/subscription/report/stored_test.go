package report

import (
	"testing"

	"dangol/infra/testkit/localtest"
)

func TestEverythingThatIsStoredComesBack(t *testing.T) {
	t.Parallel()
	localtest.ComesBack[item](t)
}
