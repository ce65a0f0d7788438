package service

import (
	"testing"

	"dangol/infra/testkit/localtest"
)

func TestEverythingThatIsStoredComesBack(t *testing.T) {
	t.Parallel()
	localtest.ComesBack[Record](t)
	localtest.ComesBack[planItem](t)
	localtest.ComesBack[HistoryEntry](t)
	localtest.ComesBack[StoredNotice](t)
	localtest.ComesBack[refundItem](t)
	localtest.ComesBack[ClaimedGift](t)
}
