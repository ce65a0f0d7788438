package compliance_test

import (
	"strings"
	"testing"

	"dangol/shared/compliance"
)

func TestReviewDisclosuresNameTheFactInTheLanguageOfThePage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, language string
		said           func(string) string
		has            string
	}{
		{"a Korean page names the coupon", "ko", compliance.RewardDisclosure, "쿠폰"},
		{"an English page names the coupon", "en", compliance.RewardDisclosure, "coupon"},
		{"other languages get English", "fr", compliance.RewardDisclosure, "coupon"},
		{"an import says that the purchase was not checked", "en", compliance.ImportDisclosure, "not checked"},
		{"an import says so in Korean", "ko", compliance.ImportDisclosure, "확인하지 않았습니다"},
		{"the checks name who can write", "en", compliance.ReviewChecks, "Only customers who bought"},
		{"the checks name who can write in Korean", "ko", compliance.ReviewChecks, "구매해 배송받은 고객만"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.said(tt.language); !strings.Contains(got, tt.has) {
				t.Errorf("got %q, want it to name %q", got, tt.has)
			}
		})
	}
}
