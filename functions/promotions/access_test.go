package promotions_test

import (
	"testing"

	"dangol/functions/promotions"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	const planned = `{"name":{"ko":"세일"},"kind":"percentage","starts":"2027-02-05T10:00","ends":"2027-02-05T24:00",` +
		`"targets":{"products":["{id}"],"variants":["{variantId}"]},"terms":{"basisPoints":1000}}`
	const coded = `{"name":{"ko":"코드 {unique}"},"kind":"percentage","starts":"2027-02-05T10:00","ends":"2027-02-05T24:00",` +
		`"targets":{"products":["{id}"]},"terms":{"basisPoints":1000},"code":"CODE-{unique}","limitPerCode":5,"group":"spring",` +
		`"reason":"a test"}`
	const grouped = `{"name":{"ko":"하나 더"},"kind":"buy_x_get_y","starts":"2027-02-05T10:00","ends":"2027-02-05T24:00",` +
		`"targets":{"products":["{id}"]},"terms":{"buyXGetY":{"buy":1,"get":1,"basisPoints":10000,"applyTo":"cheapest"}}}`
	const previewed = `{"lines":[{"variantId":"{variantId}","quantity":1}],"draft":` + coded + `}`
	stateless := map[string]string{"/state enum": "a new promotion is a draft, and a change leaves the state as it is"}
	const reason = `{"reason":"a test"}`
	system.Check(t, system.Function{
		Spec: promotions.Spec(),
		Routes: system.Routes{
			"createPromotion": {Needs: system.AProduct, Body: planned, Bodies: []string{coded, grouped}, Harmless: stateless},
			"planPromotion":   {Needs: system.AProduct, Body: planned, Bodies: []string{coded}},
			"previewPromotion": {Needs: system.AProduct, Bodies: []string{previewed},
				Body: `{"lines":[{"variantId":"{variantId}","quantity":1}]}`},
			"listPromotions":  {},
			"listSeasons":     {},
			"reportDiscounts": {},
			"reportSales":     {Query: "format=csv"},
			"getPromotion":    {Needs: published},
			"replacePromotion": {Needs: drafted, Body: planned, Bodies: []string{coded, grouped}, Harmless: stateless,
				Header: map[string]string{"If-Match": "*"}},
			"deletePromotion":  {Needs: drafted},
			"publishPromotion": {Needs: drafted, Body: reason},
			"pausePromotion":   {Needs: published},
			"resumePromotion":  {Needs: paused},
			"endPromotion":     {Needs: published},
			"dryRunPromotion":  {Needs: drafted},
			"reportPromotion":  {Needs: published},
			"createCodes":      {Needs: withoutCodes, Body: `{"size":3}`, Bodies: []string{`{"size":3,"prefix":"SPRING"}`}},
			"getCodes":         {Needs: withCodes},
		},
		Journey: func(s *system.Shop) {
			s.Do(s.Merchant(), "PUT", "/outreach/segments/buyers", `{"condition":{"orders":{"atLeast":1}}}`)
			b := draft(s, map[string]any{
				"kind": "percentage", "conditions": map[string]any{"segments": []string{"buyers"}},
			})
			after(s, b, "publish", `{"reason":"a test"}`)
		},
	})
}

func draft(s *system.Shop, change map[string]any) system.Things {
	b := system.AProduct(s)
	body := system.Sale(b.Fill["id"], "2026-12-04T10:00", "2026-12-06T24:00", change)
	b.Fill["promotionId"] = s.Do(s.Merchant(), "POST", "/promotions", body).Field(s.T, "id")
	return b
}

func after(s *system.Shop, b system.Things, action, body string) system.Things {
	s.Do(s.Merchant(), "POST", "/promotions/"+b.Fill["promotionId"]+"/"+action, body)
	return b
}

func drafted(s *system.Shop) system.Things { return draft(s, nil) }

func published(s *system.Shop) system.Things {
	return after(s, drafted(s), "publish", `{"reason":"a test"}`)
}

func paused(s *system.Shop) system.Things { return after(s, published(s), "pause", "") }

func withoutCodes(s *system.Shop) system.Things {
	return draft(s, map[string]any{"kind": "percentage"})
}

func withCodes(s *system.Shop) system.Things {
	return after(s, withoutCodes(s), "codes", `{"size":3}`)
}
