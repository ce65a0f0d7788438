package products

import "testing"

func TestOptionValuesMayBeWrittenAsAMacTypesThem(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const composed, decomposed = "\uac01", "\u1100\u1161\u11a8" // one syllable
	var made ProductDocument
	s.merchant.Do("POST", "/products", object{
		"title": object{"ko": "비누"}, "status": "active",
		"options":  []object{{"name": decomposed, "values": []string{decomposed}}},
		"variants": []object{{"options": []string{decomposed}, "prices": object{"KRW": object{"amount": 100}}}},
	}).Want(201).Into(&made)
	if made.Options[0].Name != composed || made.Options[0].Values[0] != composed ||
		made.Variants[0].Options[0] != composed {
		t.Errorf("%+q, %+q", made.Options, made.Variants[0].Options)
	}
}
