package customers_test

import (
	"testing"

	"dangol/functions/customers"
	"dangol/infra/local/issuer"
	"dangol/infra/testkit/system"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	const body = `{"address":{"name":"김하늘","line1":"왕십리로 83","postalCode":"04769","country":"KR"}}`
	system.Check(t, system.Function{
		Spec: customers.Spec(),
		Routes: system.Routes{
			"getMyProfile":     {},
			"changeMyProfile":  {Body: `{"name":"김하늘","language":"ko"}`},
			"addMyAddress":     {Body: body},
			"replaceMyAddress": {Needs: ownAddress, Owned: true, Body: body},
			"removeMyAddress":  {Needs: ownAddress, Owned: true},
			"claimGuestOrders": {Needs: ownIdentity, Owned: true, Body: `{"idToken":"{idToken}"}`},
			"findCustomers":    {},
			"getCustomer":      {Needs: ownAddress},
			"addCustomerNote":  {Needs: ownAddress, Body: `{"text":"prefers calls"}`},
		},
		Journey: func(s *system.Shop) {
			// What it used of a limit counts for the customer who claims it.
			s.Publish(system.Sale("", "2026-11-20T10:00", "2026-12-30T12:00", map[string]any{
				"kind": "percentage", "class": "order", "limitPerCustomer": 1, "targets": map[string]any{"all": true},
			}))
			guest, _ := s.Order()
			sub := system.Unique("eve")
			token, err := s.Issuer().MintIdentity(issuer.Claims{Subject: sub, Email: guest.Email})
			if err != nil {
				s.T.Fatal(err)
			}
			s.Do(s.As(sub), "POST", "/me/orders/claim", map[string]string{"idToken": token})
			_, variant := s.Product(3, nil)
			s.Buy(s.CustomerWith(system.Unique("fay"), variant, 1), "pm_card_visa")
		},
	})
}

// ownAddress is a customer with an address in their book.
func ownAddress(s *system.Shop) system.Things {
	sub := system.Unique("eve")
	owner := system.Purse{Caller: s.As(sub)}
	added := s.Do(owner.Caller, "POST", "/me/addresses", map[string]any{"address": map[string]string{
		"name": "김하늘", "line1": "왕십리로 83", "postalCode": "04769", "country": "KR",
	}})
	return system.Things{Owner: owner, Fill: system.Fill{"addressId": added.Field(s.T, "id"), "customerId": sub}}
}

// ownIdentity is a customer with the identity token of their log-in.
func ownIdentity(s *system.Shop) system.Things {
	sub := system.Unique("eve")
	token, err := s.Issuer().MintIdentity(issuer.Claims{Subject: sub, Email: sub + "@example.com"})
	if err != nil {
		s.T.Fatal(err)
	}
	return system.Things{Owner: system.Purse{Caller: s.As(sub)}, Fill: system.Fill{"idToken": token}}
}
