package compliance

// What has to be said about reviews. Engineering reading only.
//
// Korea: 추천·보증 등에 관한 표시·광고 심사지침 (in force since 2024-12-01, guide of 2025-12-02): an economic interest (points, coupon,
// discount, prize for the best review) is disclosed at the start of the post, in its language, and also when it was
// only possible. 표시광고법 3조. USA: 16 CFR 465.4 (no incentive conditioned on sentiment), 465.7 (no suppression), in force
// since 2024-10-21; 16 CFR 255.5 (disclosure of material connections). EU: UCPD 2005/29/EC annex I 23b and 23c, article
// 7(6): say whether and how reviews are checked to come from buyers.

// RewardDisclosure is what stands before the text of a rewarded review, in the language of the page.
func RewardDisclosure(language string) string {
	if language == "ko" {
		return "리뷰 작성 혜택(쿠폰)을 받고 쓴 글입니다"
	}
	return "The author received a reward (coupon) for this review"
}

// ImportDisclosure is what is said about a review that was written elsewhere.
func ImportDisclosure(language string) string {
	if language == "ko" {
		return "다른 곳에서 가져온 리뷰로, 구매 여부를 확인하지 않았습니다"
	}
	return "Imported from another system; the purchase was not checked"
}

// ReviewChecks is how the shop checks reviews, for the page that lists them.
func ReviewChecks(language string) string {
	if language == "ko" {
		return "리뷰는 이 쇼핑몰에서 상품을 구매해 배송받은 고객만 쓸 수 있으며, 주문 상품 하나에 하나씩입니다. 별점에 따라 리뷰를 숨기거나 " +
			"순서를 바꾸거나 혜택을 달리하지 않습니다. 허위로 의심되는 리뷰는 담당자가 확인합니다. 가져온 리뷰는 따로 표시합니다."
	}
	return "Only customers who bought the product in this shop and received it can review it, once for each item of an " +
		"order. " +
		"Reviews are not hidden, ordered or rewarded by their stars. Reviews that may not be genuine are checked by a " +
		"person. " +
		"Imported reviews are marked."
}
