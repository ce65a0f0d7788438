package recovery

// Template is a text for agents to begin with, by language. {name} and {product} are filled in by the console.
type Template struct {
	ID   string            `json:"id"`
	Kind string            `json:"kind"` // public_reply, private_offer, invitation
	Text map[string]string `json:"text"`
}

// Templates are the texts that agents begin with. No offer and no invitation says how the review should be.
var Templates = []Template{
	{"reply_sorry", "public_reply", map[string]string{
		"en": "Thank you for telling us. We are sorry that {product} was not as it should be; we have written to you " +
			"about it.",
		"ko": "소중한 의견 감사합니다. {product} 이용에 불편을 드려 죄송합니다. 해결 방법을 개별적으로 안내해 드렸습니다.",
	}},
	{"reply_delivery", "public_reply", map[string]string{
		"en": "We are sorry that your parcel was late or incomplete. We are looking into it with the carrier.",
		"ko": "배송으로 불편을 드려 죄송합니다. 택배사와 함께 확인하고 있습니다.",
	}},
	{"offer_refund", "private_offer", map[string]string{
		"en": "Hello {name}, we will refund {product} in full. You need not do anything else.",
		"ko": "{name}님, {product} 금액을 전액 환불해 드리겠습니다. 따로 하실 일은 없습니다.",
	}},
	{"offer_exchange", "private_offer", map[string]string{
		"en": "Hello {name}, we will exchange {product} and pay for both ways.",
		"ko": "{name}님, {product}을(를) 교환해 드리겠습니다. 왕복 배송비는 저희가 부담합니다.",
	}},
	{"offer_replacement", "private_offer", map[string]string{
		"en": "Hello {name}, we are sending you a new {product} today.",
		"ko": "{name}님, 오늘 새 {product}을(를) 보내 드리겠습니다.",
	}},
	{"offer_store_credit", "private_offer", map[string]string{
		"en": "Hello {name}, we have added store credit to your account for the trouble.",
		"ko": "{name}님, 불편을 드린 점 사과드리며 적립금을 넣어 드렸습니다.",
	}},
	{"invitation", "invitation", map[string]string{
		"en": "You can change your review of {product} whenever you like. Whether and how you change it is up to you.",
		"ko": "{product} 리뷰는 언제든지 고치실 수 있습니다. 고칠지, 어떻게 쓸지는 전적으로 고객님께 달려 있습니다.",
	}},
}
