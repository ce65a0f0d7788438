// Package entitlements stores the memberships of each customer: one small item next to their cart,
// so that it is read in the same round trip. Billing writes it in the transaction that changes the
// subscription; carts, checkouts and the customer read it, and compare with the time themselves.
package entitlements

import (
	"fmt"
	"slices"
	"strings"

	"dangol/shared/membership"
	"dangol/shared/platform/table"
)

// KeyOf is the key of a customer's entitlements.
func KeyOf(customerID string) table.Key {
	return table.Key{PK: "CUSTOMER#" + customerID, SK: "ENTITLEMENTS"}
}

// Each membership is an attribute of its own, packed, and the version of the subscription that wrote it another. So two
// memberships of one customer that change at once leave each other alone.
const (
	heldPrefix    = "held#"
	versionPrefix = "version#"
)

// Write is the write that puts down what a subscription gives at a version of it, or with a nil Held that it gives
// nothing. The condition keeps an older version from overwriting a newer one.
func Write(customerID, subscriptionID string, version int, h *membership.Entitlement) table.Update {
	u := table.Update{
		// Subscription updates may arrive late and out of order; the version decides.
		Key: KeyOf(customerID), Do: "SET #version = :version REMOVE #held",
		If:    "attribute_not_exists(#version) OR #version < :version",
		With:  map[string]any{":version": version},
		Names: map[string]string{"#held": heldPrefix + subscriptionID, "#version": versionPrefix + subscriptionID},
	}
	// The version stays when the membership goes: it keeps
	// an older write from bringing the membership back.
	if h != nil {
		u.Do, u.With[":held"] = "SET #version = :version, #held = :held", table.Packed[membership.Entitlement]{Value: *h}
	}
	return u
}

// Decode is the memberships in an entitlements item as read, by subscription; none for an item that is not there.
func Decode(item table.Item) (s membership.Entitlements, err error) {
	for name, text := range item {
		if !strings.HasPrefix(name, heldPrefix) {
			continue
		}
		var h membership.Entitlement
		if err := table.Unpack(text, &h); err != nil {
			return nil, fmt.Errorf("entitlements: %w", err)
		}
		s = append(s, h)
	}
	// Attributes arrive in no order; sorted, two reads of the same item give the same list.
	slices.SortFunc(s, func(a, b membership.Entitlement) int {
		return strings.Compare(a.SubscriptionID,
			b.SubscriptionID)
	})
	return s, nil
}
