package cart

import "dangol/shared/platform/table"

// AccessPatterns is what the store does and what it costs; a test measures it. The figures are those of a cart of two
// lines (under 1 KB); a large cart costs 1 RCU per 4 KB and 1 WCU per KB.
var AccessPatterns = []table.Pattern{
	{Name: "read a guest's cart", Key: "CART#<id> / CART", Trips: 1, Read: 1, Note: "strongly consistent"},
	{Name: "read a customer's cart with what they bought of limited goods, and their memberships",
		Key: "CUSTOMER#<id> / CART, PURCHASES, ENTITLEMENTS", Trips: 1, Read: 3, Note: "one BatchGet, strongly consistent"},
	{Name: "add to a guest's cart", Key: "CART#<id> / CART", Trips: 2, Read: 1, Write: 1,
		Note: "1 more trip for each change it meets; no read of a cart that the process wrote last"},
	{Name: "add to a customer's cart", Key: "CUSTOMER#<id> / CART, PURCHASES, ENTITLEMENTS", Trips: 2, Read: 3, Write: 1,
		Note: "1 more trip for each change it meets"},
	{Name: "begin a guest's cart", Key: "CART#<id> / CART", Trips: 1, Write: 1},
	{Name: "begin a guest's cart with an Idempotency-Key", Key: "CART#<id> / CART, IDEM#<key> / IDEM", Trips: 1, Write: 4,
		Note: "a transaction of two"},
	{Name: "merge a guest's cart at log-in", Key: "CUSTOMER#<id> / CART, PURCHASES, ENTITLEMENTS, CART#<id> / CART",
		Trips: 2, Read: 4, Write: 4, Note: "one BatchGet, a transaction of two"},
	{Name: "lock a cart for a checkout", Key: "of the cart", Trips: 1, Write: 1, Note: "also part of a transaction"},
}
