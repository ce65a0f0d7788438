package promotions_test

import (
	"slices"
	"testing"

	"dangol/functions/promotions"
	"dangol/shared/cart"
	"dangol/shared/platform/table"
	"dangol/shared/promotion"
	"dangol/shared/promotion/store"
)

// used counts an order of a promotion, as a checkout does.
func (b *bench) used(id string, amount int64, code, customer string) {
	b.t.Helper()
	s := store.NewSnapshot([]promotion.Promotion{b.record(id).Promotion}, nil)
	claims := s.Claims([]promotion.Applied{{PromotionID: id, Version: 1, Amount: amount,
		Code: promotion.NormalizeCode(code)}},
		"KRW")
	count, _, err := store.NewClaimCounter(claims).Plan(b.t.Context(), b.table)
	if err != nil {
		b.t.Fatal(err)
	}
	writes := count.Writes
	if customer != "" {
		writes = append(writes, cart.CountPurchases(customer,
			[]cart.LimitedPurchase{{VariantID: id, Quantity: 1, Limit: 9}, {VariantID: store.Orders, Quantity: 1, Limit: 9}}))
	}
	for _, w := range writes {
		if _, err := b.table.Update(b.t.Context(), w.(table.Update)); err != nil {
			b.t.Fatal(err)
		}
	}
}

func TestPreviewKnowsWhatHasBeenUsed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		change map[string]any
		code   string
		ask    map[string]any // of the shopper
		used   string         // customer who has used it
		reason promotion.Reason
	}{
		{"a budget that the discount does not fit into",
			map[string]any{"budget": map[string]any{"spend": map[string]any{"KRW": 5_000}}}, "", nil, "",
			promotion.BudgetExhausted},
		{"a budget of orders", map[string]any{"budget": map[string]any{"uses": 1}}, "", nil, "", promotion.BudgetExhausted},
		{"a code that is used up", map[string]any{"limitPerCode": 1}, "ONCE", nil, "", promotion.UsedUp},
		{"a customer who has used it", map[string]any{"limitPerCustomer": 1}, "", map[string]any{"customerId": "cus_1"},
			"cus_1", promotion.LimitReached},
		{"another customer has not", map[string]any{"limitPerCustomer": 1}, "", map[string]any{"customerId": "cus_2"},
			"cus_1", ""},
		{"a customer who has ordered before", map[string]any{"conditions": map[string]any{"firstOrder": true}}, "",
			map[string]any{"customerId": "cus_1"}, "cus_1", promotion.FirstOrderOnly},
		{"a customer who has not", map[string]any{"conditions": map[string]any{"firstOrder": true}}, "",
			map[string]any{"customerId": "cus_2"}, "cus_1", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			product, variant := b.sell(30_000)
			change := map[string]any{"code": "ONCE"}
			for name, value := range tc.change {
				change[name] = value
			}
			p := b.publish(body(product, change))
			b.used(p.ID, 3_000, tc.code, tc.used)
			in := map[string]any{
				"at": "2026-11-27T03:00:00Z", "codes": []string{"ONCE"},
				"lines": []any{map[string]any{"variantId": variant, "quantity": 1}},
			}
			if tc.ask != nil {
				in["shopper"] = tc.ask
			}
			var got promotions.PromotionPreview
			b.merchant.Do("POST", "/promotions/preview", in).Want(200).Into(&got)
			reason := promotion.Reason("")
			if len(got.Refused) > 0 {
				reason = promotion.Reason(got.Refused[0].Reason)
			}
			if reason != tc.reason {
				t.Errorf("refused as %q, want %q", reason, tc.reason)
			}
		})
	}
}

func TestThePartsOfAPreviewAddUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first, a := b.sell(30_000)
	_, c := b.sell(12_345)
	all := []string{"product", "order", "shipping"}
	b.publish(body(first, map[string]any{"name": map[string]string{"ko": "비누 1할"}, "combinesWith": all,
		"class": "product"}))
	b.publish(body("", map[string]any{
		"name": map[string]string{"ko": "오천 원"}, "combinesWith": all, "kind": "fixed_amount", "class": "order",
		"targets": map[string]any{"all": true}, "terms": map[string]any{"amount": map[string]any{"KRW": 5_000}},
	}))
	b.publish(body("", map[string]any{
		"name": map[string]string{"ko": "무료 배송"}, "combinesWith": all, "kind": "free_shipping", "class": "shipping",
		"targets": map[string]any{"all": true}, "terms": map[string]any{},
	}))
	var p promotions.PromotionPreview
	b.merchant.Do("POST", "/promotions/preview", map[string]any{
		"at": "2026-11-27T03:00:00Z", "country": "KR", "shippingMethod": "standard",
		"lines": []any{map[string]any{"variantId": a, "quantity": 1}, map[string]any{"variantId": c, "quantity": 2}},
	}).Want(200).Into(&p)
	var lines, applied, tax int64
	for _, l := range p.Lines {
		var own int64
		for _, s := range l.Discounts {
			own += s.Amount.Amount
			if s.Name == "" {
				t.Errorf("a share without a name: %+v", s)
			}
		}
		if own != l.Discount.Amount || l.Subtotal.Amount-own != l.Total.Amount {
			t.Errorf("the line does not add up: %+v", l)
		}
		lines += own
	}
	for _, x := range p.Applied {
		applied += x.Amount
		if x.Name == "" {
			t.Errorf("applied without a name: %+v", x)
		}
	}
	for _, x := range p.TaxLines {
		tax += x.Amount.Amount
	}
	if len(p.Applied) != 3 || applied != p.Discount.Amount || lines+p.ShippingDiscount.Amount != applied ||
		p.ShippingDiscount.Amount != 3_000 {
		t.Errorf("applied %+v; lines %d, shipping %+v, discount %+v", p.Applied, lines, p.ShippingDiscount, p.Discount)
	}
	if !p.TaxIncluded || tax != p.Tax.Amount || p.Total.Amount != p.Subtotal.Amount-p.Discount.Amount+p.Shipping.Amount {
		t.Errorf("%+v", p)
	}
}

func TestPublishingNamesWhatIsHardlyMeant(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	product, _ := b.sell(30_000)
	first := b.publish(body(product, nil))
	second := b.create(body(product,
		map[string]any{"terms": map[string]any{"basisPoints": 10}, "combinesWith": []string{"order"}, "group": "x"}))
	var published promotions.PromotionDocument
	b.merchant.Do("POST", "/promotions/"+second.ID+"/publish",
		map[string]string{"reason": "a test"}).Want(200).Into(&published)
	var codes []string
	for _, w := range published.Warnings {
		codes = append(codes, w.Code)
	}
	if !slices.Equal(codes, []string{"tiny_percentage", "one_sided_combination", "shuts_out"}) ||
		published.Warnings[2].PromotionIDs[0] != first.ID {
		t.Errorf("warnings: %+v", published.Warnings)
	}
}
