package reviews_test

import (
	"strings"
	"testing"

	"dangol/functions/reviews"
	"dangol/shared/order"
)

func paidBy(provider, fingerprint string) func(*order.Order) {
	return func(o *order.Order) { o.Payment.Provider, o.Payment.Fingerprint = provider, fingerprint }
}

// One card that pays the reviewed orders of several accounts is a signal, whatever their addresses are.
func TestACardThatPaysForSeveralReviewersIsASignal(t *testing.T) {
	t.Parallel()
	s := open(t)
	texts := []string{
		"거품이 풍성하고 향이 은은해서 온 가족이 함께 쓰고 있어요.", "피부가 당기지 않아서 겨울에도 편하게 씁니다.",
		"선물로 샀는데 포장도 예쁘고 받은 분이 좋아했어요.", "아침마다 쓰는데 한 달이 지나도 아직 절반이 남았어요.",
		"향이 강하지 않아 아이와 같이 써도 부담이 없네요.", "세수하고 나면 촉촉함이 오래가서 다시 주문했어요.",
	}
	for i, c := range []struct{ customer, provider, card, shared string }{
		{"ann", "stripe", "fp_1", ""},
		{"bob", "stripe", "fp_1", "payment with 1"},
		{"cho", "stripe", "fp_1", "payment with 2"},
		{"dan", "stripe", "fp_2", ""},
		// Another provider's name for a card says nothing about Stripe's.
		{"eve", "other", "fp_1", ""},
		// A provider that tells no fingerprint makes nobody share one.
		{"fay", "stripe", "", ""},
	} {
		orderID := s.sell(c.customer, paidBy(c.provider, c.card))
		var own reviews.OwnReview
		s.as(customer(c.customer)).Do("POST", "/reviews", said(orderID, 5, texts[i])).Want(201).Into(&own)
		got := ""
		for _, signal := range s.stored(own).Signals {
			if signal.Name == "shared_account" {
				got = signal.Detail
			}
		}
		// All of them write from one network address here, which is another thing that they share.
		if strings.Contains(got, "payment") != (c.shared != "") || !strings.Contains(got, c.shared) {
			t.Errorf("%s: %q, want %q", c.customer, got, c.shared)
		}
	}
}
