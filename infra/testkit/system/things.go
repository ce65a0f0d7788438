package system

// Fill is the values of placeholders; see Things.
type Fill = map[string]string

// Once makes a thing for the first caller of a shop and gives the same one to the others: for things that take many
// calls to make and that a route leaves as they are.
func Once(make func(*Shop) Things) func(*Shop) Things {
	made := map[*Shop]Things{}
	return func(s *Shop) Things {
		if _, ok := made[s]; !ok {
			made[s] = make(s)
		}
		return made[s]
	}
}

// AProduct is a product with stock: {id}, {variantId}.
func AProduct(s *Shop) Things {
	product, variant := s.Product(10, nil)
	return Things{Fill: Fill{"id": product, "variantId": variant}}
}

// OwnCart is a customer's cart, ready for checkout, with a code: {cartId}, {lineId}, {variantId}, {code}.
func OwnCart(s *Shop) Things {
	product, variant := s.Product(10, nil)
	owner := s.CustomerWith(Unique("ann"), variant, 1)
	cart := s.Do(owner.Caller, "GET", "/carts/mine", nil)
	s.Do(owner.Caller, "PUT", "/carts/mine/codes", `{"codes":["X"]}`)
	return Things{Owner: owner, Fill: Fill{
		"id": product, "variantId": variant, "cartId": owner.Cart, "lineId": cart.Field(s.T, "lines.0.id"), "code": "X",
	}}
}

// OwnCheckout is a customer's checkout that waits for the bank's challenge: {checkoutId}.
func OwnCheckout(s *Shop) Things {
	b := OwnCart(s)
	b.Fill["checkoutId"] = s.Buy(b.Owner, "pm_card_threeDSecure2Required").Field(s.T, "id")
	return b
}

// OwnOrder is a customer's order: {orderId}, {number}.
func OwnOrder(s *Shop) Things {
	b := OwnCart(s)
	order := s.Buy(b.Owner, "pm_card_visa").Field(s.T, "orderId")
	b.Fill["orderId"] = order
	b.Fill["number"] = s.Do(b.Owner.Caller, "GET", "/orders/"+order, nil).Field(s.T, "number")
	return b
}

// ShippedOrder is a customer's order on its way: {orderId}, {number}.
func ShippedOrder(s *Shop) Things {
	b := OwnOrder(s)
	s.RunUntilIdle() // a job takes the money, and nothing is shipped before
	s.Do(s.Agent(), "POST", "/orders/"+b.Fill["orderId"]+"/fulfillments",
		map[string]string{"carrier": "cj", "trackingNumber": "1"})
	return b
}

// DeliveredOrder is a customer's order that has arrived: {orderId}, {number}.
func DeliveredOrder(s *Shop) Things {
	b := ShippedOrder(s)
	s.Do(s.Agent(), "POST", "/orders/"+b.Fill["orderId"]+"/fulfillments/1/delivered", nil)
	return b
}

// OwnSubscription is a customer's subscription: {planId}, {subscriptionId}.
func OwnSubscription(s *Shop) Things {
	plan := s.Plan(nil)
	owner := Purse{Caller: s.As(Unique("eve"))}
	id := s.Subscribe(owner.Caller, plan, "pm_card_visa").Field(s.T, "id")
	return Things{Owner: owner, Fill: Fill{"planId": plan, "subscriptionId": id}}
}
