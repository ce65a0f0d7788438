package returns_test

import (
	"strings"
	"testing"
	"time"

	"dangol/functions/returns"
	"dangol/infra/testkit/system"
)

const (
	wantedBody = `{"resolution":"refund","lines":[{"lineId":"{lineId}","quantity":1,"reason":"changed_mind"}]}`
	policyBody = `{"sections":[{"countries":["*"],"sendWithinDays":14,"rules":[{"id":"all","goods":{},"windowDays":14,"faultMonths":24,` +
		`"outbound":"whole_order","gifts":"keep","promotions":"keep","autoApprove":true}]}]}`
)

func TestAccess(t *testing.T) {
	t.Parallel()
	address := `{"name":"A","line1":"B","country":"KR"}`
	shopper := func(needs func(*system.Shop) system.Things, body string) system.Request {
		return system.Request{Needs: needs, Owned: true, Operators: true, Body: body}
	}
	// A payment of another amount than the one shown is refused, its currency included, and so is one of nothing.
	asShown := func(r system.Request) system.Request {
		r.Guarded = map[string]string{
			"/amount/currency minLength": "the amount has to be the one that was shown",
			"/amount/currency maxLength": "the amount has to be the one that was shown",
		}
		r.Unrepeated = "the return asks for no payment"
		return r
	}
	system.Check(t, system.Function{
		Spec: returns.Spec(),
		Routes: system.Routes{
			"quoteReturn": shopper(delivered, wantedBody),
			"requestReturn": shopper(quoted,
				`{"resolution":"refund","quote":"{quote}","way":"label","lines":[{"lineId":"{lineId}","quantity":1,"reason":"changed_mind"}]}`),
			"listReturnsOfOrder": shopper(delivered, ""),
			"listMyReturns":      {},
			"getReturn":          shopper(requested, ""),
			"cancelReturn":       shopper(requested, ""),
			"sendReturn": {Needs: requested, Owned: true, Operators: true,
				Bodies: []string{`{"carrier":"cj","trackingNumber":"1234-5678"}`}},
			"payReturnBalance": asShown(shopper(requested,
				`{"paymentMethod":"pm_card_visa","amount":{"amount":1,"currency":"KRW"}}`)),
			"holdForExchange": asShown(shopper(requested,
				`{"paymentMethod":"pm_card_visa","amount":{"amount":1,"currency":"KRW"}}`)),
			"getMyStoreCredit": {},
			"listReturns":      {Query: "state=approved"},
			"approveReturn":    {Needs: requested},
			"rejectReturn":     {Needs: requested, Body: `{"reason":"used"}`},
			"bookReturn":       {Needs: requested},
			"receiveReturn": {Needs: requested,
				Bodies: []string{`{"lines":[{"lineId":"{lineId}","good":1,"damaged":0,"wrong":0}]}`}},
			"inspectReturn": {Needs: received, Bodies: []string{`{"lines":[{"lineId":"{lineId}","accepted":1,"grade":"B",` +
				`"restocked":1,"writeOff":0,"damageFee":0,"note":"opened"}]}`}},
			"receiveReturns":       {Needs: requested, Body: `{"returns":["{returnId}"]}`},
			"reportReturns":        {},
			"getReturnsOfCustomer": {Needs: requested},
			"grantStoreCredit":     {Needs: requested, Body: `{"amount":{"amount":1000,"currency":"KRW"},"reason":"sorry"}`},
			"getStoreCredit":       {Needs: requested},
			"getReturnPolicy":      {},
			"getReturnPolicyText":  {},
			"listReturnPolicies":   {},
			"publishReturnPolicy":  {Body: policyBody},
			"changeOrderAddress":   shopper(system.OwnOrder, address),
			"changeOrderContact":   shopper(system.OwnOrder, `{"email":"new@example.com"}`),
			"removeOrderLines":     shopper(twoUnits, `{"lines":[{"lineId":"{lineId}","quantity":1}],"reason":"one too many"}`),
			"addToOrder":           shopper(paidOrder, `{"lines":[{"variantId":"{variantId}","quantity":1}]}`),
			"getOrderAddition":     shopper(addition, ""),
			"payOrderAddition": shopper(addition,
				`{"paymentMethod":"pm_card_visa","returnUrl":"https://shop.example.com/paid","amount":{"amount":{added},"currency":"KRW"}}`),
			"cancelOrderAddition": shopper(addition, ""),
			"holdOrder":           {Needs: system.OwnOrder, Body: `{"reason":"x"}`},
			"releaseOrder":        {Needs: system.OwnOrder},
			"splitFulfillment": {Needs: parcel,
				Body: `{"carrier":"cj","trackingNumber":"2","lines":[{"lineId":"{lineId}","quantity":1}]}`},
			"refundOrder": {Needs: twoUnits,
				Bodies: []string{`{"lines":[{"lineId":"{lineId}","quantity":1}],"shipping":0,"reason":"sorry"}`},
				Body:   `{"amount":{"amount":100,"currency":"KRW"},"reason":"sorry"}`},
			"retryOrderRefunds": {Needs: system.OwnOrder},
		},
		Journey: func(s *system.Shop) {
			b := requested(s)
			s.Do(s.Agent(), "POST", "/admin/returns/"+b.Fill["returnId"]+"/receive", nil)
			s.AdvanceBy(10 * 24 * time.Hour) // the law's time ends
			s.Do(s.Agent(), "POST", "/admin/returns/"+b.Fill["returnId"]+"/inspect", nil)
			requested(s)
			s.AdvanceBy(20 * 24 * time.Hour) // nobody sends the goods
			// A keyed request that is refused leaves its key free.
			refused := s.Try(s.Merchant().With("Idempotency-Key", system.Unique("key-of-a-policy")), "POST",
				"/admin/return-policies", strings.Replace(policyBody, `"windowDays":14`, `"windowDays":1`, 1))
			if refused.Status != 422 {
				s.T.Errorf("a policy that is stricter than the law: %d %s", refused.Status, refused.Body)
			}
		},
	})
}

// delivered is a customer's order that has arrived: {orderId}, {lineId}.
func delivered(s *system.Shop) system.Things {
	b := system.DeliveredOrder(s)
	b.Fill["lineId"] = s.Do(b.Owner.Caller, "GET", "/orders/"+b.Fill["orderId"], nil).Field(s.T, "lines.0.id")
	return b
}

// paidOrder is an order whose money a job has taken; nothing is added before.
func paidOrder(s *system.Shop) system.Things {
	b := system.OwnOrder(s)
	s.RunUntilIdle()
	return b
}

// addition is an order that something is to be added to: {n}.
func addition(s *system.Shop) system.Things {
	b := paidOrder(s)
	added := s.Do(b.Owner.Caller.With("Idempotency-Key", system.Unique("key-for-the-addition")), "POST",
		"/orders/"+b.Fill["orderId"]+"/additions",
		map[string]any{"lines": []any{map[string]any{"variantId": b.Fill["variantId"], "quantity": 1}}})
	b.Fill["n"], b.Fill["added"] = "1", added.Field(s.T, "amount.amount")
	return b
}

// twoUnits is an order of two units in one line, paid: {orderId}, {lineId}.
func twoUnits(s *system.Shop) system.Things {
	product, variant := s.Product(10, nil)
	owner := s.CustomerWith(system.Unique("ann"), variant, 2)
	order := s.Buy(owner, "pm_card_visa").Field(s.T, "orderId")
	s.RunUntilIdle() // a job takes the money
	line := s.Do(owner.Caller, "GET", "/orders/"+order, nil).Field(s.T, "lines.0.id")
	return system.Things{Owner: owner,
		Fill: system.Fill{"id": product, "variantId": variant, "orderId": order, "lineId": line}}
}

// quoted is delivered with the token of a quote: {quote}.
func quoted(s *system.Shop) system.Things {
	b := delivered(s)
	b.Fill["quote"] = s.Do(b.Owner.Caller, "POST", "/orders/"+b.Fill["orderId"]+"/returns/quote", wants(b)).Field(s.T,
		"token")
	return b
}

// requested is a return that was asked for: {returnId}.
func requested(s *system.Shop) system.Things {
	b := quoted(s)
	body := wants(b)
	body["quote"] = b.Fill["quote"]
	made := s.Do(b.Owner.Caller.With("Idempotency-Key", system.Unique("key-for-the-return")), "POST",
		"/orders/"+b.Fill["orderId"]+"/returns", body)
	b.Fill["returnId"] = made.Field(s.T, "id")
	b.Fill["customerId"] = b.Owner.Name
	return b
}

// received is a return whose goods have arrived.
func received(s *system.Shop) system.Things {
	b := requested(s)
	s.Do(s.Agent(), "POST", "/admin/returns/"+b.Fill["returnId"]+"/receive", nil)
	return b
}

// parcel is an order on its way: {n}.
func parcel(s *system.Shop) system.Things {
	b := twoUnits(s)
	s.Do(s.Agent(), "POST", "/orders/"+b.Fill["orderId"]+"/fulfillments", `{"carrier":"cj","trackingNumber":"1"}`)
	b.Fill["n"] = "1"
	return b
}

func wants(b system.Things) map[string]any {
	return map[string]any{"resolution": "refund",
		"lines": []any{map[string]any{"lineId": b.Fill["lineId"], "quantity": 1, "reason": "changed_mind"}}}
}
