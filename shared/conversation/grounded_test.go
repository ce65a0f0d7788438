package conversation_test

import (
	"testing"

	"dangol/shared/conversation"
)

func TestNumbersThatNoSourceHasAreNotGrounded(t *testing.T) {
	t.Parallel()
	const entry = "배송비는 3,000원이고 50,000원부터 무료입니다. 받으신 날부터 7일 안에 반품하실 수 있습니다."
	for text, want := range map[string]bool{
		"배송비는 3000원입니다.":         true,
		"3,000원이고 50000원부터 무료예요": true,
		"It is free.":                 true,
		"반품은 7일 안에요.":                 true,
		"반품은 30일 안에요.":                false,
		"배송비는 2,500원입니다.":             false,
		"Call 02-555-1234 for 3,000.": false,
		"300원":                        false,
		"50.000":                      true,
	} {
		if got := conversation.Grounded(text, "배송비", entry); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if !conversation.Grounded("주문 1234는", "1234번 주문", entry) {
		t.Error("a number of the question is known")
	}
}
