package carts

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"dangol/shared/cart"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/promotion"
)

// change runs one change of a cart and answers with the whole cart. 1 or 2 round trips when goods
// and promotions are fresh in memory; see cart.Store.Change. do may be called several times.
func (f *Carts) change(ctx context.Context, in Changing, body any, do func(*cart.Cart) error) (*output, error) {
	try, err := attempt(ctx, body)
	if err != nil {
		return nil, err
	}
	var priced cart.Priced
	c, replayed, err := f.Store.Change(ctx, who(ctx, in.CartID, in.Token), try, func(c *cart.Cart) (err error) {
		// Before the change: a first cart needs a currency to price what is put into it.
		f.complete(ctx, c, in.Language)
		// On each try: the version may have become another one in between.
		if err := in.fresh(c); err != nil {
			return err
		}
		priced, err = f.Changes.ApplyChange(ctx, c, f.Clock.Now(), do)
		return err
	})
	if err != nil {
		return nil, err
	}
	// A replayed request did nothing, and a write that was found
	// again was priced by an earlier try: price what is stored.
	if replayed || priced.Cart == nil {
		return f.show(ctx, c, in.Language, replayed)
	}
	// The cart was priced within the change; only version and times are new since then.
	return answer(priced.WithStored(c), in.Language, false), nil
}

// show prices a cart and answers with it.
func (f *Carts) show(ctx context.Context, c *cart.Cart, accept string, replayed bool) (*output, error) {
	priced, err := f.Quoter.Quote(ctx, c, f.Clock.Now())
	if err != nil {
		return nil, err
	}
	return answer(priced, accept, replayed), nil
}

// complete gives a customer's first cart what it cannot be
// without: currency, language, mail address.
func (f *Carts) complete(ctx context.Context, c *cart.Cart, accept string) {
	if c.Version > 0 {
		return
	}
	if c.Currency == "" {
		c.Currency = f.Quoter.Shop.Currencies[0]
	}
	if c.Language == "" {
		c.Language = f.speaks(accept)
	}
	if c.Email == "" {
		c.Email = auth.From(ctx).Email
	}
}

// speaks is the best language for a reader that the shop has.
func (f *Carts) speaks(accept string) string {
	for _, tag := range spoken(accept) {
		if slices.Contains(f.Quoter.Shop.Languages, tag) {
			return tag
		}
	}
	return f.Quoter.Shop.Languages[0]
}

// addLine puts a variant into the cart. The variant is read before the cart, so that no write waits for it.
func (f *Carts) addLine(ctx context.Context, in *addLineInput) (*output, error) {
	now := f.Clock.Now()
	// No currency is named: the cart's is known only within
	// the change, and the prices are those of all currencies.
	variants, err := f.Quoter.Read(ctx, []string{in.Body.VariantID}, "", now)
	if err != nil {
		return nil, err
	}
	choice := cart.Choice{VariantID: in.Body.VariantID, Quantity: in.Body.Quantity, Properties: in.Body.Properties}
	return f.change(ctx, in.Changing, in.Body, func(c *cart.Cart) error {
		// Refused here, behind the key: a repetition is answered although the variant has gone since.
		variant, ok := variants[in.Body.VariantID]
		if !ok {
			return problem.InvalidField("/variantId", "unknown_variant", "a variant that is sold here")
		}
		return c.Add(choice, variant, now)
	})
}

// setLine sets a quantity.
func (f *Carts) setLine(ctx context.Context, in *setLineInput) (*output, error) {
	return f.change(ctx, in.Changing, nil, func(c *cart.Cart) error { return c.Set(in.LineID, in.Body.Quantity) })
}

// removeLine takes a line out.
func (f *Carts) removeLine(ctx context.Context, in *removeLineInput) (*output, error) {
	return f.change(ctx, in.Changing, nil, func(c *cart.Cart) error { return c.Remove(in.LineID) })
}

// setCodes replaces the codes. Whether they do anything is found out when the cart
// is priced; a code that does nothing stays, because it may do something later.
func (f *Carts) setCodes(ctx context.Context, in *codesInput) (*output, error) {
	codes, err := readCodes(in.Body.Codes)
	if err != nil {
		return nil, err
	}
	return f.change(ctx, in.Changing, nil, func(c *cart.Cart) error {
		c.Codes = codes
		return nil
	})
}

// removeCode takes one code out, however it is written.
func (f *Carts) removeCode(ctx context.Context, in *removeCodeInput) (*output, error) {
	code := promotion.NormalizeCode(in.Code)
	return f.change(ctx, in.Changing, nil, func(c *cart.Cart) error {
		at := slices.Index(c.Codes, code)
		if at < 0 {
			return problem.NotFound("code_not_found", "This code is not in the cart.")
		}
		c.Codes = slices.Delete(c.Codes, at, at+1)
		return nil
	})
}

// setContact sets the mail address, and the language of mails where one is given.
func (f *Carts) setContact(ctx context.Context, in *contactInput) (*output, error) {
	if l := in.Body.Language; l != "" && !slices.Contains(f.Quoter.Shop.Languages, l) {
		return nil, f.notSpoken()
	}
	email, err := format.Email("/email", in.Body.Email)
	if err != nil {
		return nil, err
	}
	return f.change(ctx, in.Changing, nil, func(c *cart.Cart) error {
		c.Email = email
		if in.Body.Language != "" {
			c.Language = in.Body.Language
		}
		return nil
	})
}

// notSpoken is the answer for a language that the shop does not have.
func (f *Carts) notSpoken() error {
	return problem.InvalidField("/language", "not_allowed", "one of %s", strings.Join(f.Quoter.Shop.Languages, ", "))
}

// notTaken is the answer for a currency that the shop does not take.
func (f *Carts) notTaken() error {
	return problem.InvalidField("/currency", "not_allowed", "one of %s", strings.Join(f.Quoter.Shop.Currencies, ", "))
}

// setAddress sets where the parcel goes, in normalized form.
func (f *Carts) setAddress(ctx context.Context, in *addressInput) (*output, error) {
	to, err := in.Body.Normalize("")
	if err != nil {
		return nil, err
	}
	return f.change(ctx, in.Changing, nil, func(c *cart.Cart) error {
		c.Address = &to
		return nil
	})
}

// setShipping takes a method that goes to the cart's address. A later address to which it does not go makes it a
// problem.
func (f *Carts) setShipping(ctx context.Context, in *shippingInput) (*output, error) {
	return f.change(ctx, in.Changing, nil, func(c *cart.Cart) error {
		if c.Address == nil {
			return problem.Conflict("missing_address", "Set the address first: it decides how the goods can be shipped.")
		}
		for _, m := range f.Quoter.Shop.Methods(c.Address.Country, c.Currency) {
			if m.ID == in.Body.MethodID {
				c.Shipping = m.ID
				return nil
			}
		}
		return problem.InvalidField("/methodId", "not_allowed", "one of the cart's shippingMethods")
	})
}

// setCurrency prices the cart in another currency, if all of it is sold in it.
func (f *Carts) setCurrency(ctx context.Context, in *currencyInput) (*output, error) {
	if !slices.Contains(f.Quoter.Shop.Currencies, in.Body.Currency) {
		return nil, f.notTaken()
	}
	return f.change(ctx, in.Changing, nil, func(c *cart.Cart) error {
		// Read within the change: only there it is known what is in the cart.
		variants, err := f.Quoter.Read(ctx, c.VariantIDs(), in.Body.Currency, f.Clock.Now())
		if err != nil {
			return err
		}
		return c.ChangeCurrency(in.Body.Currency, variants)
	})
}

// setNote sets the note to the shop.
func (f *Carts) setNote(ctx context.Context, in *noteInput) (*output, error) {
	return f.change(ctx, in.Changing, nil, func(c *cart.Cart) error { return c.SetNote(in.Body.Note) })
}

// acceptPrices takes the current prices, and what promotions do now, as seen.
func (f *Carts) acceptPrices(ctx context.Context, in *acceptInput) (*output, error) {
	return f.change(ctx, in.Changing, nil, func(c *cart.Cart) error {
		variants, err := f.Quoter.Read(ctx, c.VariantIDs(), c.Currency, f.Clock.Now())
		if err == nil {
			c.Accept(variants)
			c.AcceptPromotions()
		}
		return err
	})
}

// chooseGifts remembers what the shopper would have. What of it is given is worked out when the cart is priced.
func (f *Carts) chooseGifts(ctx context.Context, in *giftsInput) (*output, error) {
	return f.change(ctx, in.Changing, nil, func(c *cart.Cart) error {
		return c.ChooseGifts(in.PromotionID, in.Body.VariantIDs)
	})
}

// readCodes spells codes the same way and drops repetitions.
func readCodes(given []string) ([]string, error) {
	if len(given) > cart.MaxCodes {
		return nil, problem.InvalidField("/codes", "too_long", "at most %d codes", cart.MaxCodes)
	}
	codes := []string{}
	for i, text := range given {
		code := promotion.NormalizeCode(text)
		if n := utf8.RuneCountInString(code); n < 1 || n > 50 {
			return nil, problem.InvalidField("/codes/"+strconv.Itoa(i), "wrong_format", "a code of 1 to 50 characters")
		}
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return codes, nil
}
