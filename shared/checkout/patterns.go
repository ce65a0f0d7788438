package checkout

import "dangol/shared/platform/table"

// AccessPatterns are the ways in which checkouts are read and written; a test measures them. The figures are those of
// one line with one counter.
var AccessPatterns = []table.Pattern{
	{Name: "buy a cart with a card that is good at once", Key: "CART, PRODUCT, STOCK, CHECKOUT, ORDER", Trips: 5, Read: 3,
		Write: 24,
		Note:  "cart; product and stock; hold (transaction of 3); order (transaction of 3); capture"},
	{Name: "buy a limited edition with a lifetime limit", Key: "the same, CUSTOMER#<sub> / PURCHASES, ENTITLEMENTS",
		Trips: 6, Read: 12, Write: 26,
		Note: "4 buckets: one more read for their levels, one more write"},
	{Name: "answer a repeated checkout", Key: "CART#<id> / CART, CHECKOUT#<id> / CHECKOUT", Trips: 2, Read: 2},
	{Name: "read a checkout", Key: "CHECKOUT#<id> / CHECKOUT", Trips: 1, Read: 1},
	{Name: "claim a checkout after a challenge", Key: "CHECKOUT, CART, ORDER", Trips: 4, Read: 2, Write: 17,
		Note: "checkout; cart; order (transaction of 3); capture"},
	{Name: "give a checkout up", Key: "CHECKOUT, CART, STOCK", Trips: 3, Read: 2, Write: 7,
		Note: "checkout; transaction of 3; checkout"},
	{Name: "put a question to a silent provider off", Key: "CHECKOUT#<id> / CHECKOUT", Index: table.Due, Trips: 2, Read: 1,
		Write: 2},
}
