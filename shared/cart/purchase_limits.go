package cart

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"dangol/shared/membership"
	"dangol/shared/membership/entitlements"
	"dangol/shared/platform/table"
	"dangol/shared/promotion/store"
)

// LimitedPurchase is an amount that is counted against a limit
// per customer: units of a variant, or uses of a promotion.
type LimitedPurchase struct {
	VariantID string // or the id of a promotion, or offers.Orders
	Quantity  int
	Limit     int // over the customer's lifetime
	// Of are the variants whose units a promotion counts: those of a limited edition.
	Of []string
}

// KeyOfPurchases is the key of what a customer has bought of goods with a lifetime limit: one item per customer, one
// attribute per variant, so it is read in the same round trip as the cart.
func KeyOfPurchases(customerID string) table.Key { return store.KeyOfCounters(customerID) }

// Customer is what the shop knows of a customer that decides what they may buy and which promotions they get.
type Customer struct {
	Bought       map[string]int // see Cart.Purchases
	Entitlements membership.Entitlements
}

// Customer reads what is known of a customer. 1 round trip, 0.5 RCU per 4 KB of both items.
func (s Store) Customer(ctx context.Context, customerID string) (Customer, error) {
	// Eventually consistent: it is for showing; the condition of CountPurchases decides.
	found, err := s.Table.BatchGet(ctx, false, KeyOfPurchases(customerID), entitlements.KeyOf(customerID))
	if err != nil {
		return Customer{}, err
	}
	var c Cart
	err = c.know(customerID, found)
	return Customer{c.Purchases, c.Entitlements}, err
}

// LimitedPurchases lists the variants in the lines that have a lifetime limit, summed per variant
// and in the order of their ids: an update may name each attribute once only. Gifts do not count.
func LimitedPurchases(lines []Line, variants Variants) []LimitedPurchase {
	var out []LimitedPurchase
	for _, l := range lines {
		limit := variants[l.VariantID].Variant.MaxPerCustomer
		if limit == 0 || l.Gift != "" {
			continue
		}
		at := slices.IndexFunc(out, func(o LimitedPurchase) bool { return o.VariantID == l.VariantID })
		if at >= 0 {
			out[at].Quantity += l.Quantity
			continue
		}
		out = append(out, LimitedPurchase{VariantID: l.VariantID, Quantity: l.Quantity, Limit: limit})
	}
	slices.SortFunc(out, func(a, b LimitedPurchase) int { return cmp.Compare(a.VariantID, b.VariantID) })
	return out
}

// CountPurchases counts units as bought, for the transaction that takes them out of stock. The condition fails, and
// nothing counts, when one of the limits would be passed. wants must not be empty; each variant appears once.
func CountPurchases(customerID string, wants []LimitedPurchase) table.Update {
	return count(customerID, wants, 1)
}

// UncountPurchases gives back what CountPurchases counted, when the purchase came to nothing
// or was canceled. Build it once per purchase: it takes off each time it is applied.
func UncountPurchases(customerID string, wants []LimitedPurchase) table.Update {
	return count(customerID, wants, -1)
}

// count builds one update for all variants, so that either all of them count or none. Attribute
// names go through placeholders because ids may be reserved words or begin with a digit.
func count(customerID string, wants []LimitedPurchase, sign int) table.Update {
	u := table.Update{Key: KeyOfPurchases(customerID), With: map[string]any{}, Names: map[string]string{}}
	var adds, conditions []string
	for i, w := range wants {
		u.Names[fmt.Sprintf("#v%d", i)] = w.VariantID
		u.With[fmt.Sprintf(":n%d", i)] = sign * w.Quantity
		adds = append(adds, fmt.Sprintf("#v%d :n%d", i, i))
		switch {
		case sign < 0:
			// Never below zero: what was not counted cannot be given back.
			u.With[fmt.Sprintf(":m%d", i)] = w.Quantity
			conditions = append(conditions, fmt.Sprintf("#v%d >= :m%d", i, i))
		default:
			// The limit holds also against a purchase that runs at the same time. What is more than the limit by itself fails
			// also for a customer who has bought nothing: no count is below zero, and an absent one compares with nothing.
			u.With[fmt.Sprintf(":m%d", i)] = w.Limit - w.Quantity
			within := fmt.Sprintf("#v%d <= :m%d", i, i)
			if w.Quantity <= w.Limit {
				within = fmt.Sprintf("(attribute_not_exists(#v%d) OR %s)", i, within)
			}
			conditions = append(conditions, within)
		}
	}
	u.Do, u.If = "ADD "+strings.Join(adds, ", "), strings.Join(conditions, " AND ")
	return u
}
