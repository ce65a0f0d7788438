package cart

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"dangol/shared/platform/problem"
)

// What one cart takes. The bounds on text keep the item far below DynamoDB's 400 KB, also when two full carts become
// one, and the bound on units does the same for the order made of it.
const (
	MaxLines         = 100
	MaxQuantity      = 999 // of one line
	MaxUnits         = 5_000
	MaxProperties    = 10 // of one line
	MaxPropertyName  = 50
	MaxPropertyText  = 500 // characters
	maxPropertyBytes = 100_000
	MaxCodes         = 10
)

// Choice is what a shopper puts into the cart.
type Choice struct {
	VariantID  string
	Quantity   int
	Properties map[string]string
}

// Crockford's alphabet in lower case: without i, l, o and u, which are read wrongly.
var lineEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// LineID is the id of the line of a variant with these properties: the same choice always has the same id.
func LineID(variantID string, properties map[string]string) string {
	h := sha256.New()
	// Each text is written with its length before it, so that no two choices give the same bytes:
	// ("ab", "c") is not ("a", "bc").
	write := func(s string) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	write(variantID)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		write(name)
		write(properties[name])
	}
	// 26 characters hold 130 bits, as many as the random part of other ids.
	return "line_" + lineEncoding.EncodeToString(h.Sum(nil))[:26]
}

// Find returns where the line is, -1 when it is not there.
func (c *Cart) Find(lineID string) int {
	return slices.IndexFunc(c.Lines, func(l Line) bool { return l.ID == lineID })
}

// Add puts a choice of a variant into the cart, or more of it when the line is there. What stock
// and purchase limits do not allow goes in all the same, as a problem that the cart shows. Errors:
// 422 that name the field of the choice, 409 too_many_lines.
func (c *Cart) Add(w Choice, g SellableVariant, at time.Time) error {
	if err := w.check(); err != nil {
		return err
	}
	price, sold := g.Variant.Price(c.Currency)
	if !sold {
		return problem.InvalidField("/variantId", "not_sold_in_currency", "a variant that is sold in %s, the cart's currency",
			c.Currency)
	}
	id := LineID(w.VariantID, w.Properties)
	// The same variant with the same properties is the same line, so its quantity grows.
	if at := c.Find(id); at >= 0 {
		return c.Set(id, c.Lines[at].Quantity+w.Quantity)
	}
	if len(c.Lines) >= MaxLines {
		return problem.Conflict("too_many_lines", "A cart has at most %d lines.", MaxLines)
	}
	c.Lines = append(c.Lines, Line{
		ID: id, VariantID: w.VariantID, ProductID: g.Product.ID, Quantity: w.Quantity, Properties: maps.Clone(w.Properties),
		// The shopper chose it at this price; a later one has to be accepted if it is higher.
		SeenPrice: price.Amount, AddedAt: at,
	})
	return c.fits()
}

// Set gives a line another quantity; 0 removes it. Errors: 404 line_not_found, 422 quantity.
func (c *Cart) Set(lineID string, quantity int) error {
	at := c.Find(lineID)
	switch {
	case at < 0:
		return problem.NotFound("line_not_found", "This cart has no line %s.", lineID)
	case quantity < 0:
		return problem.InvalidField("/quantity", "too_small", "0 or more")
	case quantity > MaxQuantity:
		return problem.InvalidField("/quantity", "too_large", "at most %d in one line, with what is there", MaxQuantity)
	case quantity == 0:
		c.Lines = slices.Delete(c.Lines, at, at+1)
		return nil
	}
	c.Lines[at].Quantity = quantity
	return c.fits()
}

// Remove takes a line out. Errors: 404 line_not_found.
func (c *Cart) Remove(lineID string) error { return c.Set(lineID, 0) }

// Accept takes the current prices as seen by the shopper. A line that is not sold keeps the price
// it was seen at.
func (c *Cart) Accept(variants Variants) {
	for i, l := range c.Lines {
		if price, sold := variants[l.VariantID].Variant.Price(c.Currency); sold {
			c.Lines[i].SeenPrice = price.Amount
		}
	}
}

// ChangeCurrency reads all prices in another currency. It changes nothing when a line is not sold in it. Errors: 409
// not_sold_in_currency with extra.lines, the ids of those lines.
func (c *Cart) ChangeCurrency(currency string, variants Variants) error {
	var unsold []string
	for _, l := range c.Lines {
		if _, sold := variants[l.VariantID].Variant.Price(currency); !sold {
			unsold = append(unsold, l.ID)
		}
	}
	if len(unsold) > 0 {
		return problem.Conflict("not_sold_in_currency", "Some lines are not sold in %s.", currency).With("lines", unsold)
	}
	// The shopper chose the currency, so the prices in it count as seen.
	if c.Currency != currency {
		c.Currency = currency
		c.Accept(variants)
	}
	return nil
}

// VariantIDs lists the variants in the cart, each once.
func (c *Cart) VariantIDs() []string {
	ids := make([]string, len(c.Lines))
	for i, l := range c.Lines {
		ids[i] = l.VariantID
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// check checks the choice by itself, without the cart. All wrong fields are named at once.
func (w Choice) check() error {
	var fields []problem.Field
	wrong := func(pointer, code, message string) {
		fields = append(fields, problem.Field{Pointer: pointer, Code: code, Message: message})
	}
	if w.Quantity < 1 {
		wrong("/quantity", "too_small", "1 or more")
	}
	if w.Quantity > MaxQuantity {
		wrong("/quantity", "too_large", "at most 999 in one line")
	}
	if len(w.Properties) > MaxProperties {
		wrong("/properties", "too_long", "at most 10 properties")
	}
	// In a fixed order, so that the same request always gets the same answer.
	for _, name := range slices.Sorted(maps.Keys(w.Properties)) {
		at := "/properties/" + name
		if n := utf8.RuneCountInString(name); n == 0 || n > MaxPropertyName {
			wrong(at, "wrong_format", "a name of 1 to 50 characters")
		}
		if utf8.RuneCountInString(w.Properties[name]) > MaxPropertyText {
			wrong(at, "too_long", "at most 500 characters")
		}
	}
	if fields != nil {
		return problem.Invalid(fields...)
	}
	return nil
}

// fits checks the cart as a whole. It runs after the change: the caller does not store a cart for
// which it returns an error.
func (c *Cart) fits() error {
	units, text := 0, 0
	for _, l := range c.Lines {
		units += l.Quantity
		for name, value := range l.Properties {
			// Bytes, not characters: the limit of the item is one of bytes.
			text += len(name) + len(value)
		}
	}
	switch {
	case units > MaxUnits:
		return problem.InvalidField("/quantity", "too_large", "at most %d units in one cart", MaxUnits)
	case text > maxPropertyBytes:
		return problem.InvalidField("/properties", "too_long", "at most %d bytes of properties in one cart", maxPropertyBytes)
	}
	return nil
}
