package orders_test

import (
	"testing"
	"time"

	"dangol/functions/orders"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	system.Check(t, system.Function{
		Spec: orders.Spec(),
		Routes: system.Routes{
			"listMyOrders": {},
			"listOrders":   {Query: "state=placed"},
			"searchOrders": {Query: "q=nobody"},
			"getOrder":     {Needs: system.OwnOrder, Owned: true, Operators: true},
			"cancelOrder":  {Needs: system.OwnOrder, Owned: true, Operators: true, Body: `{"reason":"changed my mind"}`},
			"lookupOrder":  {Needs: guestOrder, Body: `{"number":"{number}","email":"{email}"}`},
			"fulfillOrder": {Needs: ownLine,
				Bodies: []string{`{"carrier":"cj","trackingNumber":"1","lines":[{"lineId":"{lineId}","quantity":1}]}`}, Body: `{"carrier":"cj","trackingNumber":"1"}`},
			"deliverFulfillment": {Needs: system.ShippedOrder},
			"addOrderNote":       {Needs: system.OwnOrder, Body: `{"text":"called"}`},

			"listReconciliations": {},
			"getReconciliation":   {Needs: reconciledDay},
			"listDifferences":     {Needs: reconciledDay},
		},
		Journey: func(s *system.Shop) {
			b := guestOrder(s)
			found := s.Do(system.Guest, "POST", "/orders/lookup",
				map[string]string{"number": b.Fill["number"], "email": b.Fill["email"]})
			s.Do(system.Guest.With("Order-Token", found.Field(s.T, "token")), "GET", "/orders/"+b.Fill["orderId"], nil)
			s.Do(b.Owner.Caller, "POST", "/orders/"+b.Fill["orderId"]+"/cancel", nil)
		},
	})
}

func guestOrder(s *system.Shop) system.Things {
	guest, order := s.Order()
	number := s.Do(guest.Caller, "GET", "/orders/"+order, nil).Field(s.T, "number")
	return system.Things{Owner: guest, Fill: system.Fill{"orderId": order, "number": number, "email": guest.Email}}
}

// reconciledDay is a day whose books were reconciled.
func reconciledDay(s *system.Shop) system.Things {
	s.Order()
	s.AdvanceBy(50 * time.Hour)
	list := s.Do(s.Merchant(), "GET", "/admin/reconciliations", nil)
	return system.Things{Fill: system.Fill{"day": list.Field(s.T, "reconciliations.0.day")}}
}

// ownLine is an order whose money has been taken: {orderId}, {lineId}.
func ownLine(s *system.Shop) system.Things {
	b := system.OwnOrder(s)
	s.RunUntilIdle() // a job takes the money, and nothing is shipped before
	b.Fill["lineId"] = s.Do(b.Owner.Caller, "GET", "/orders/"+b.Fill["orderId"], nil).Field(s.T, "lines.0.id")
	return b
}
