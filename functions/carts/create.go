package carts

import (
	"context"
	"net/http"
	"slices"

	"dangol/events"
	"dangol/shared/cart"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/event"
	"dangol/shared/platform/problem"
)

// beginOutput is a cart with, for a guest, its token.
type beginOutput struct {
	Status  int
	ETag    string `header:"ETag"`
	Caching string `header:"Cache-Control"`
	Replay  string `header:"Idempotent-Replayed"`
	Body    struct {
		Cart  Cart   `json:"cart"`
		Token string `json:"token,omitempty" doc:"Of a guest's cart: whoever has it owns it. Shown only here." example:"7h3k9xxxxxxxxxxxxxxxxxxxxxxxxxxx"`
	}
}

// shortestKey is how long a guest's idempotency key must be: among guests the key alone tells who repeats a request.
const shortestKey = 16

// begin makes a guest's cart, or finds a customer's.
func (f *Carts) begin(ctx context.Context, in *beginInput) (*beginOutput, error) {
	blank := cart.Cart{Currency: f.Quoter.Shop.Currencies[0], Language: f.speaks(in.Language)}
	if in.Body != nil && in.Body.Currency != "" {
		blank.Currency = in.Body.Currency
	}
	if in.Body != nil && in.Body.Language != "" {
		blank.Language = in.Body.Language
	}
	// Checked before anything is stored, also for what the shop itself chose.
	switch {
	case !slices.Contains(f.Quoter.Shop.Currencies, blank.Currency):
		return nil, f.notTaken()
	case !slices.Contains(f.Quoter.Shop.Languages, blank.Language):
		return nil, f.notSpoken()
	case auth.From(ctx).Known():
		return f.beginCustomer(ctx, in, blank)
	}
	key := api.IdempotencyKey(ctx)
	if key != "" && len(key) < shortestKey {
		return nil, problem.InvalidField("header/Idempotency-Key", "too_short",
			"at least %d characters that nobody can guess",
			shortestKey)
	}
	// The key is part of the token (see cart.Store.CreateGuest), so a short one could be guessed.
	c, token, replayed, err := f.Store.CreateGuest(ctx, blank, api.Idempotency(ctx), key)
	if err != nil {
		return nil, err
	}
	return f.begun(ctx, c, in.Language, token, http.StatusCreated, replayed)
}

// beginCustomer stores the first cart of a customer; the next time it finds it.
func (f *Carts) beginCustomer(ctx context.Context, in *beginInput, blank cart.Cart) (*beginOutput, error) {
	mine := who(ctx, cart.OwnCart, "")
	c, err := f.Store.Load(ctx, mine)
	// The cart exists: the request is answered with it, and 200 says that none was made.
	if err != nil || c.Version > 0 {
		return f.begunUnless(ctx, err, c, in.Language, http.StatusOK)
	}
	c, _, err = f.Store.Change(ctx, mine, cart.Attempt{}, func(c *cart.Cart) error {
		// Another request may have stored the first cart in between; its choices stay.
		if c.Version == 0 {
			c.Currency, c.Language = blank.Currency, blank.Language
		}
		f.complete(ctx, c, in.Language)
		return nil
	})
	return f.begunUnless(ctx, err, c, in.Language, http.StatusCreated)
}

// begunUnless is begun unless there is an error.
func (f *Carts) begunUnless(ctx context.Context, err error, c *cart.Cart, accept string, status int) (*beginOutput,
	error) {
	if err != nil {
		return nil, err
	}
	return f.begun(ctx, c, accept, "", status, false)
}

// begun answers with a cart that was made or found.
func (f *Carts) begun(ctx context.Context, c *cart.Cart, accept, token string, status int, replayed bool) (*beginOutput,
	error) {
	shown, err := f.show(ctx, c, accept, replayed)
	if err != nil {
		return nil, err
	}
	out := &beginOutput{Status: status, ETag: shown.ETag, Caching: shown.Caching, Replay: shown.Replay}
	out.Body.Cart, out.Body.Token = shown.Body, token
	return out, nil
}

// get reads a cart. The shop's people may read a guest's; they change none.
func (f *Carts) get(ctx context.Context, in *getInput) (*output, error) {
	ref := who(ctx, in.CartID, in.Token)
	ref.Operator = auth.From(ctx).Operator()
	c, err := f.Store.Load(ctx, ref)
	if err != nil {
		return nil, err
	}
	// Shown as it would be stored; nothing is written by reading.
	f.complete(ctx, c, in.Language)
	return f.show(ctx, c, in.Language, false)
}

// mergeOutput is the merged cart and what the merge did.
type mergeOutput struct {
	ETag    string `header:"ETag"`
	Caching string `header:"Cache-Control"`
	Body    struct {
		Cart    Cart         `json:"cart"`
		Changes []CartChange `json:"changes" nullable:"false" doc:"What the merge did; empty when the guest's cart had been merged before."`
	}
}

// merge puts a guest's cart into the customer's and says so with an event.
func (f *Carts) merge(ctx context.Context, in *mergeInput) (*mergeOutput, error) {
	customer := auth.From(ctx).Subject
	var changes []cart.Change
	from := cart.Ref{CartID: in.Body.CartID, Token: in.Body.Token}
	c, err := f.Store.MergeGuest(ctx, customer, from, func(into, guest *cart.Cart) error {
		f.complete(ctx, into, in.Language)
		now := f.Clock.Now()
		// The goods of both carts: the merge reads prices and stock of all lines.
		variants, err := f.Quoter.Read(ctx, append(into.VariantIDs(), guest.VariantIDs()...), into.Currency, now)
		if err != nil {
			return err
		}
		// What promotions changed since the guest's cart was shown is noted before it is gone.
		if err := f.Quoter.Note(ctx, guest, now); err != nil {
			return err
		}
		// Run as a change of the customer's cart, so that their own notes are kept too.
		if _, err := f.Quoter.ApplyChange(ctx, into, now, func(into *cart.Cart) error {
			changes = cart.Merge(into, guest, variants, into.Purchases)
			return nil
		}); err != nil {
			return err
		}
		// Set last: it says more than cart.changed, which ApplyChange leads to.
		into.Event, err = event.New(ctx, f.Clock.Now(), events.CartMerged{
			CartID: into.ID, CustomerID: customer, GuestCartID: guest.ID,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	// Priced again: the answer of the last try may be one that was found by its write id.
	shown, err := f.show(ctx, c, in.Language, false)
	if err != nil {
		return nil, err
	}
	out := &mergeOutput{ETag: shown.ETag, Caching: shown.Caching}
	out.Body.Cart, out.Body.Changes = shown.Body, make([]CartChange, len(changes))
	for i, c := range changes {
		out.Body.Changes[i] = CartChange(c)
	}
	return out, nil
}
