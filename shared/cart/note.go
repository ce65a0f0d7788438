package cart

import "dangol/shared/platform/problem"

// Bounds of what a shopper writes and chooses besides the lines. The cart is one item, so everything in it has one.
const (
	maxNote   = 1000 // characters of the note to the shop
	maxChosen = 20   // gifts chosen of one promotion
)

// SetNote sets the note to the shop; an empty one removes it. Errors: 422 too_long.
func (c *Cart) SetNote(text string) error {
	if err := problem.CheckText(text, 0, maxNote, "/note"); err != nil {
		return err
	}
	c.Note = text
	return nil
}

// ChooseGifts remembers which gifts of a promotion the shopper would have; none forgets the choice. What of it is given
// is worked out when the cart is priced. Errors: 422 too_long, too_many.
func (c *Cart) ChooseGifts(promotionID string, variantIDs []string) error {
	if len(variantIDs) == 0 {
		delete(c.Chosen, promotionID)
		return nil
	}
	var f problem.Fields
	f.Count(len(variantIDs), 1, maxChosen, "/variantIds")
	// A choice that replaces another does not enlarge the cart.
	if _, known := c.Chosen[promotionID]; !known && len(c.Chosen) >= MaxChosen {
		f.Add("path/promotionId", "too_many", "gifts of at most %d promotions", MaxChosen)
	}
	if err := f.Err(); err != nil {
		return err
	}
	if c.Chosen == nil {
		c.Chosen = map[string][]string{}
	}
	c.Chosen[promotionID] = variantIDs
	return nil
}
