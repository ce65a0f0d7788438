package auth

import (
	"strconv"
	"testing"
	"time"

	"dangol/shared/platform/clock"
)

func TestMemoryOfTokensIsBounded(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	v := NewVerifier(t.Context(), "https://issuer.example", "https://issuer.example/keys", nil, clock.Stopped(noon))
	for n := range 3 * cacheSize {
		v.remember(strconv.Itoa(n), verified{Principal{Subject: strconv.Itoa(n)}, noon.Add(time.Hour)})
	}
	if len(v.seen) > cacheSize {
		t.Errorf("%d tokens are kept", len(v.seen))
	}
	if p, ok := v.remembered(strconv.Itoa(3*cacheSize - 1)); !ok || p.Subject != strconv.Itoa(3*cacheSize-1) {
		t.Errorf("the last one is %+v, %t", p, ok)
	}
}
