package cart

import (
	"cmp"
	"maps"
	"slices"
)

// Change is one thing that a merge did, so that the storefront can tell the shopper.
type Change struct {
	Code     string `json:"code" doc:"added, increased, capped (stock, limits or the size of a cart), not_sold_in_currency (stays in the cart as a problem), too_many_lines and too_many_codes (did not fit), gift_choice_dropped (the customer's cart has another choice, or too many), price_notice_dropped (the price that was shown is in another currency: the one of now counts as seen)." example:"capped"`
	LineID   string `json:"lineId,omitempty"`
	Promo    string `json:"promotionCode,omitempty" doc:"The code that did not fit."`
	Gift     string `json:"promotionId,omitempty" doc:"The promotion whose gift was chosen."`
	Wanted   int    `json:"wanted" doc:"Quantity of both carts together."`
	Quantity int    `json:"quantity" doc:"Quantity in the merged cart; 0 when the line is not in it."`
}

// keptMerges is how many merged carts a cart remembers. A repeated
// merge request has to find the first one in the list; the customer
// would have to log in with twenty more carts before it is forgotten.
const keptMerges = 20

// Merge puts a guest's cart into the customer's at log-in and tells what that did. Lines with the same variant and
// properties add up; quantities are capped by stock, limits and the size of a cart, but no line that fits is dropped:
// where nothing may be bought one unit stays, and the cart's problems say so. Codes are carried over once. Email,
// address, shipping and note come from the guest where the customer's cart has none; so do chosen gifts, and what has
// changed since the guest was shown their cart and they have not accepted (call Quoter.Note for the guest's cart
// before).
//
// Prices are read in the currency of the customer's cart; a guest's line that is not sold in it stays in the cart as a
// problem and is told as such. An empty cart without a currency takes the guest's.
//
// Whichever of two carts of one currency is put into the other, the lines and codes are the same. A guest's cart that
// is already in it changes nothing.
func Merge(into, guest *Cart, variants Variants, bought map[string]int) []Change {
	if slices.Contains(into.MergedIDs, guest.ID) {
		return nil
	}
	// Version 0 is a cart that was never stored, so the customer has not chosen a currency.
	if len(into.Lines) == 0 && into.Version == 0 {
		into.Currency, into.Language = guest.Currency, guest.Language
	}
	before := map[string]int{}
	for _, l := range into.Lines {
		before[l.ID] = l.Quantity
	}
	lines, dropped := mergeLines(into, guest, variants)
	into.Lines = lines
	// What each line would have without limits, to tell the shopper what was capped.
	wanted := map[string]int{}
	for _, l := range lines {
		wanted[l.ID] = l.Quantity
	}
	capLines(into, variants, bought)
	changes := mergeChanges(into, guest, before, wanted, variants)
	for _, l := range dropped {
		changes = append(changes, Change{Code: "too_many_lines", LineID: l.ID, Wanted: l.Quantity})
	}
	changes = append(changes, mergeCodes(into, guest)...)
	changes = append(changes, mergeGifts(into, guest)...)
	changes = append(changes, mergeSeen(into, guest, variants)...)
	mergeRest(into, guest)
	return changes
}

// mergeLines adds the lines of both up, oldest first. Those beyond the size of a cart are the youngest.
func mergeLines(into, guest *Cart, variants Variants) (lines, dropped []Line) {
	byID := map[string]Line{}
	for _, l := range into.Lines {
		byID[l.ID] = l
	}
	for _, l := range guest.Lines {
		// A price seen in another currency cannot be compared. The current
		// one counts as seen, and mergeSeen says so where it hides a change.
		if guest.Currency != into.Currency {
			price, _ := variants[l.VariantID].Variant.Price(into.Currency)
			l.SeenPrice = price.Amount
		}
		if other, there := byID[l.ID]; there {
			l.Quantity += other.Quantity
			// The lower price, so that a rise since either
			// cart was shown needs the shopper's consent.
			l.SeenPrice = min(l.SeenPrice, other.SeenPrice)
			if other.AddedAt.Before(l.AddedAt) {
				l.AddedAt = other.AddedAt
			}
		}
		byID[l.ID] = l
	}
	lines = slices.SortedFunc(maps.Values(byID), func(a, b Line) int {
		// The id decides between lines added at the same moment:
		// both directions of a merge give the same order.
		return cmp.Or(a.AddedAt.Compare(b.AddedAt), cmp.Compare(a.ID, b.ID))
	})
	if len(lines) > MaxLines {
		return lines[:MaxLines], lines[MaxLines:]
	}
	return lines, nil
}

// capLines goes through the lines in their order and lets each have what is still allowed, but at least one.
func capLines(c *Cart, variants Variants, bought map[string]int) {
	used := counts{variants: map[string]int{}, parts: map[string]int{}}
	// One unit of each line is reserved first, so that no line is dropped for the size of the cart.
	rest := MaxUnits - len(c.Lines)
	for i := range c.Lines {
		l := &c.Lines[i]
		g, known := variants[l.VariantID]
		most := min(l.Quantity, MaxQuantity, rest+1)
		if known {
			most = min(most, allowed(g, used, bought))
		}
		// At least one stays where nothing may be bought: the
		// line must not vanish without the shopper seeing why.
		l.Quantity = max(most, 1)
		rest -= l.Quantity - 1
		used.variants[l.VariantID] += l.Quantity
		for part, quantity := range partsOf(g.Variant) {
			used.parts[part] += quantity * l.Quantity
		}
	}
}

// allowed is how many more units of a variant stock and
// limits leave when used is taken. It may be negative.
func allowed(g SellableVariant, used counts, bought map[string]int) int {
	most := MaxQuantity
	if limit := g.Variant.MaxPerOrder; limit > 0 {
		most = min(most, limit-used.variants[g.Variant.ID])
	}
	if limit := g.Variant.MaxPerCustomer; limit > 0 {
		most = min(most, limit-bought[g.Variant.ID]-used.variants[g.Variant.ID])
	}
	for part, quantity := range partsOf(g.Variant) {
		if left := g.Left[part]; left < Unlimited {
			most = min(most, (left-used.parts[part])/quantity)
		}
	}
	return most
}

// mergeChanges lists what the merge did to each line, in the
// cart's order. Lines that are as they were are left out.
func mergeChanges(into, guest *Cart, before, wanted map[string]int, variants Variants) []Change {
	var changes []Change
	for _, l := range into.Lines {
		had, there := before[l.ID]
		c := Change{LineID: l.ID, Wanted: wanted[l.ID], Quantity: l.Quantity}
		_, sold := variants[l.VariantID].Variant.Price(into.Currency)
		switch {
		case guest.Find(l.ID) >= 0 && !sold && guest.Currency != into.Currency:
			c.Code = "not_sold_in_currency"
		case l.Quantity < wanted[l.ID]:
			c.Code = "capped"
		case !there:
			c.Code = "added"
		case l.Quantity > had:
			c.Code = "increased"
		default:
			continue
		}
		changes = append(changes, c)
	}
	return changes
}

// mergeCodes carries the guest's codes over. Of too many the first by name stay, whichever cart they were in.
func mergeCodes(into, guest *Cart) []Change {
	for _, code := range guest.Codes {
		if !slices.Contains(into.Codes, code) {
			into.Codes = append(into.Codes, code)
		}
	}
	if len(into.Codes) <= MaxCodes {
		return nil
	}
	// Sorted by name, so that the codes that stay do not
	// depend on which cart was merged into which.
	slices.Sort(into.Codes)
	var changes []Change
	for _, code := range into.Codes[MaxCodes:] {
		changes = append(changes, Change{Code: "too_many_codes", Promo: code})
	}
	into.Codes = into.Codes[:MaxCodes]
	return changes
}

// MaxChosen bounds the promotions of which a cart remembers choices, and so the size of the item.
const MaxChosen = 20

// mergeGifts carries the guest's chosen gifts over. Where both carts have a choice the customer's stays.
func mergeGifts(into, guest *Cart) (changes []Change) {
	for _, id := range slices.Sorted(maps.Keys(guest.Chosen)) {
		own, there := into.Chosen[id]
		switch {
		case there && slices.Equal(own, guest.Chosen[id]):
		case there || len(into.Chosen) >= MaxChosen:
			changes = append(changes, Change{Code: "gift_choice_dropped", Gift: id})
		default:
			if into.Chosen == nil {
				into.Chosen = map[string][]string{}
			}
			into.Chosen[id] = guest.Chosen[id]
		}
	}
	return changes
}

// mergeSeen carries over what has changed of promotions since the guest's cart was shown. Prices that were shown ride
// on the lines; those in another currency say nothing about the prices of the customer's cart.
func mergeSeen(into, guest *Cart, variants Variants) (changes []Change) {
	if guest.Currency == into.Currency {
		for _, m := range guest.PromotionChanges {
			if !slices.ContainsFunc(into.PromotionChanges,
				func(o PromotionChange) bool { return o.PromotionID == m.PromotionID }) {
				into.PromotionChanges = append(into.PromotionChanges, m)
			}
		}
		return nil
	}
	// Only price changes that a shopper would have been asked
	// about are told: those of lines that are in the merged cart.
	for _, l := range guest.Lines {
		price, sold := variants[l.VariantID].Variant.Price(guest.Currency)
		if sold && price.Amount != l.SeenPrice && into.Find(l.ID) >= 0 {
			changes = append(changes, Change{Code: "price_notice_dropped", LineID: l.ID})
		}
	}
	return changes
}

// mergeRest fills what the customer's cart has not. Address and shipping
// method go together, because a method belongs to the zone of the address.
func mergeRest(into, guest *Cart) {
	into.Email = cmp.Or(into.Email, guest.Email)
	into.Note = cmp.Or(into.Note, guest.Note)
	if into.Address == nil {
		into.Address, into.Shipping = guest.Address, cmp.Or(guest.Shipping, into.Shipping)
	}
	into.MergedIDs = append(into.MergedIDs, guest.ID)
	// The oldest merged ids leave the list.
	if extra := len(into.MergedIDs) - keptMerges; extra > 0 {
		into.MergedIDs = slices.Delete(into.MergedIDs, 0, extra)
	}
}
