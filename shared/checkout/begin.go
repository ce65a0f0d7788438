package checkout

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"

	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/order"
	"dangol/shared/payment"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/due"
	"dangol/shared/platform/format"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/metrics"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/pricing"
	"dangol/shared/promotion/store"
	"dangol/shared/stock"
	"dangol/shared/storecredit"
)

// Service runs checkouts.
type Service struct {
	Table      *table.Table
	Carts      cart.Store
	Catalog    *catalog.Cache
	Shop       pricing.Shop
	Promotions store.Reader // nil for none
	Provider   payment.Provider
	Cashier    order.Cashier
	Clock      clock.Clock
	Log        *slog.Logger
	Metrics    *metrics.Writer     // nil for none
	Completed  *CompletedCheckouts // nil remembers none
}

// Start is a request to buy a cart.
type Start struct {
	Cart      cart.Ref
	Request   idempotency.Request
	Method    string // the provider's token of the shopper's card; empty when there is nothing to pay
	ReturnURL string
	// Credit pays by store credit as far as it goes, for customers with an account.
	Credit bool
	// Total and Currency are what the shopper has been shown; nil and empty when the client does not say.
	Total    *int64
	Currency string
	// Fits reports whether the client's If-Match allows the version of the cart.
	Fits func(version int) bool
}

// check refuses what the payment provider would not accept. Errors: 422 at /paymentMethod,
// /returnUrl.
func (in Start) check() error {
	if _, err := format.Token("/paymentMethod", in.Method); err != nil {
		return err
	}
	if in.ReturnURL == "" {
		return nil
	}
	_, err := format.URL("/returnUrl", in.ReturnURL)
	return err
}

// begin reserves the stock and locks the cart, in one transaction. replay is true when an earlier
// request with the same key has begun the checkout. 2 round trips and 1 transaction when nobody
// else wants the last units. Errors: 404 cart_not_found; 409 checkout_blocked, out_of_stock,
// checkout_running, cart_changed, cart_ordered, total_changed, customer_limit_reached,
// offer_changed, order_too_large; 412 cart_changed; 422 idempotency_key_reused; 503 busy.
func (s Service) begin(ctx context.Context, in Start) (c *Checkout, replay bool, err error) {
	if err := in.check(); err != nil {
		return nil, false, err
	}
	id := IDFor(in.Request)
	hash, err := hashOf(in)
	if err != nil {
		return nil, false, err
	}
	basket, err := s.Carts.Load(ctx, in.Cart)
	// A first request with this key may have locked or ordered the cart.
	if problem.Code(err) == "cart_not_found" || err == nil && basket.State != cart.Open {
		return s.replay(ctx, id, hash, in, basket, err)
	}
	if err != nil {
		return nil, false, err
	}
	variants := &pricedVariants{cache: s.Catalog}
	now := s.Clock.Now()
	// Priced again from current data: what was shown before may be out of date.
	priced, err := cart.Quoter{Shop: s.Shop, Variants: variants, Promotions: s.Promotions}.Quote(ctx, basket, now)
	if err != nil {
		return nil, false, err
	}
	if err := s.sellable(priced, in); err != nil {
		return s.refused(ctx, id, hash, err)
	}
	c = newCheckout(priced, now)
	c.Key, c.ID, c.Hash, c.Due = KeyOf(id), id, hash, due.On(DueCheckout, id, now.Add(HoldDuration))
	c.basket = basket
	if err := s.planCredit(ctx, c, in, now); err != nil {
		return s.refused(ctx, id, hash, err)
	}
	// Checked before anything is taken: after the payment an order that cannot be stored would have
	// to be undone.
	if err := s.storable(ctx, c); err != nil {
		return s.refused(ctx, id, hash, err)
	}
	return s.hold(ctx, c, priced, variants, in)
}

// replay answers for a cart that is being paid for, was ordered, or does not exist any more:
// perhaps by this very request.
func (s Service) replay(ctx context.Context, id, hash string, in Start, basket *cart.Cart, cause error) (*Checkout,
	bool, error) {
	c, err := s.get(ctx, id)
	switch {
	case err == nil && c.Hash != hash:
		return nil, false, idempotency.Reused()
	case err == nil:
		return c, true, nil
	case problem.Code(err) != "checkout_not_found":
		return nil, false, err
	case cause != nil:
		return nil, false, cause
	case basket.State == cart.Ordered:
		return nil, false, problem.Conflict("cart_ordered", "This cart has been ordered.").With("orderId", basket.OrderID)
	default:
		return nil, false, running(basket.CheckoutID)
	}
}

// refused looks whether a request that cannot begin now has begun before. If so, it gets that
// checkout, because a repetition must not be refused for what its first try has done.
func (s Service) refused(ctx context.Context, id, hash string, cause error) (*Checkout, bool, error) {
	c, err := s.get(ctx, id)
	switch {
	case err != nil:
		// Also when the look-up failed: the refusal is true in any case.
		return nil, false, cause
	case c.Hash != hash:
		return nil, false, idempotency.Reused()
	default:
		return c, true, nil
	}
}

// running names the other checkout, so that the client can confirm or cancel it.
func running(checkoutID string) error {
	return problem.Conflict("checkout_running", "This cart is being paid for. Confirm or cancel that checkout first.").
		With("checkoutId", checkoutID)
}

// sellable checks that the cart can be bought, and that it is what the shopper was shown (version
// and total).
func (s Service) sellable(p cart.Priced, in Start) error {
	switch {
	case in.Fits != nil && !in.Fits(p.Cart.Version):
		return problem.Precondition("cart_changed", "The cart is at version %d; read it again.",
			p.Cart.Version).With("version", p.Cart.Version)
	case p.Blocked():
		return blocked(p)
	case in.Total != nil && (*in.Total != p.Totals.Total || in.Currency != p.Totals.Currency):
		return problem.Conflict("total_changed", "The cart costs %s.", price(p.Totals).Display()).With("total",
			price(p.Totals).Formatted())
	case p.Totals.Total > 0 && in.Method == "" && !in.Credit:
		return problem.InvalidField("/paymentMethod", "required", "the payment provider's token of the shopper's card")
	}
	return nil
}

// blocked is out_of_stock when only stock is in the way, for which a storefront has a message of
// its own.
func blocked(p cart.Priced) error {
	var lines []string
	other := false
	for _, q := range p.Problems {
		if q.Blocking && (q.Code == "out_of_stock" || q.Code == "insufficient_stock") {
			lines = append(lines, q.LineID)
		} else if q.Blocking {
			other = true
		}
	}
	if only := onlyProblem(p); only.Code == "order_too_large" {
		return problem.Conflict(only.Code, "%s", only.Detail).With("bytes", only.Facts["bytes"]).
			With("limit", only.Facts["limit"])
	}
	if !other {
		return outOfStock(lines).With("problems", p.Problems)
	}
	return problem.Conflict("checkout_blocked", "This cart cannot be bought as it is; see problems.").With("problems",
		p.Problems)
}

// onlyProblem is the problem that keeps a cart from being bought when it is the only one.
func onlyProblem(p cart.Priced) cart.Problem {
	var only cart.Problem
	for _, q := range p.Problems {
		if q.Blocking && only.Code != "" {
			return cart.Problem{}
		}
		if q.Blocking {
			only = q
		}
	}
	return only
}

// outOfStock names the lines concerned.
func outOfStock(lines []string) *problem.Problem {
	return problem.Conflict("out_of_stock", "There is not enough stock for this cart.").With("lines", lines)
}

// hold writes the beginning of the checkout, and plans again when others were faster.
func (s Service) hold(
	ctx context.Context, c *Checkout, p cart.Priced, variants *pricedVariants, in Start,
) (*Checkout, bool, error) {
	wants := variants.wants(p.Cart.Lines)
	type outcome struct {
		checkout *Checkout
		replay   bool
	}
	first, outdated := true, false
	var levels map[table.Key]stock.Level
	counter := store.NewClaimCounter(p.Promotions.Claims(p.Outcome.Applied, p.Totals.Currency))
	out, err := table.Modify(ctx, func(ctx context.Context, _ table.Item) (_ outcome, err error) {
		// The levels of the first try were read with the prices, which saves a round trip.
		if first {
			first = false
			levels, err = variants.levels(ctx, s.Table, wants)
			return outcome{}, err
		}
		// Another transaction was in the way: what was read stands, and the next try takes other counters.
		if !outdated {
			return outcome{}, nil
		}
		// Somebody else was faster: credit and stock have changed, so they are read again.
		if err = s.planCredit(ctx, c, in, s.Clock.Now()); err == nil {
			levels, err = stock.Read(ctx, s.Table, stock.Keys(wants))
		}
		return outcome{}, err
	}, func(ctx context.Context, _ outcome) (outcome, error) {
		outdated = false
		// A random start spreads the writes over the buckets of hot stock.
		writes, taken, short := stock.Hold(levels, wants, rand.Int())
		if len(short) > 0 {
			prior, replay, err := s.refused(ctx, c.ID, c.Hash, outOfStock(shortOf(p, short)))
			return outcome{prior, replay}, err
		}
		c.Allocations = taken
		count, used, err := counter.Plan(ctx, s.Table)
		if err != nil {
			return outcome{}, err
		}
		if used != nil {
			prior, replay, err := s.refused(ctx, c.ID, c.Hash, s.offerChanged(*used))
			return outcome{prior, replay}, err
		}
		c.Uses = count.Uses
		prior, moved, err := s.open(ctx, c, p, counter, count, writes)
		outdated = moved
		if prior != nil {
			return outcome{prior, true}, err
		}
		return outcome{c, false}, err
	})
	return out.checkout, out.replay, err
}

// open is the transaction that begins a checkout. It returns the checkout that the same request
// began before or at the same time, if it did. Errors: table.Stale when others took the stock that
// the plan counts on (outdated), or write the same counters at this moment, and the reason when the purchase is not
// possible.
func (s Service) open(
	ctx context.Context, c *Checkout, p cart.Priced, counter *store.ClaimCounter, count store.Count, holds []table.Write,
) (prior *Checkout, outdated bool, err error) {
	// The order matters: the reasons of a refusal are read by position below.
	all := []table.Write{table.Put{Item: c, If: table.IfNew}, cart.BeginPaying(p.Cart, c.ID, c.CreatedAt)}
	limited := limitedOf(p)
	if len(limited) > 0 {
		all = append(all, cart.CountPurchases(cart.CounterOf(c.CustomerID, c.Email), limited))
	}
	counters := len(all)
	all = append(append(all, count.Writes...), holds...)
	all = append(all, storecredit.Take(c.Credit)...)
	// A transaction has 100 writes at most. What the limits of promotions need does not depend on how much is left.
	if len(all) > table.MaxWrites {
		return nil, false, problem.Conflict("too_many_stock_counters",
			"This cart takes from too many stock counters at once; buy it in two.").
			With("writes", len(all)).With("limit", table.MaxWrites)
	}
	err = s.Table.TryTransact(ctx, token(s.Clock), all...)
	canceled, refused := table.Refused(err)
	switch {
	case !refused:
		return nil, false, err
	case canceled.Conflicted():
		return nil, false, table.Stale(err, nil)
	case canceled.Refused(0):
		prior, err := begun(canceled.Reasons[0].Item, c.Hash)
		return prior, false, err
	case canceled.Refused(1):
		return nil, false, locked(canceled.Reasons[1].Item)
	case len(limited) > 0 && canceled.Refused(2):
		return nil, false, s.overLimit(limited, canceled.Reasons[2].Item, p)
	}
	if used := counter.Refused(count, canceled, counters); used != nil {
		return nil, false, s.offerChanged(*used)
	}
	switch {
	// A condition on stock, credit or a limit: the plan was made from old levels.
	case slices.ContainsFunc(canceled.Reasons, func(r table.Reason) bool { return r.Code == "ConditionalCheckFailed" }):
		return nil, true, table.Stale(err, nil)
	default:
		return nil, false, problem.Busy(err)
	}
}

// begun is the checkout that the same request began. A failed condition returns the stored item, so
// it needs no read.
func begun(item table.Item, hash string) (*Checkout, error) {
	var c Checkout
	if err := item.Decode(&c); err != nil {
		return nil, err
	}
	if c.Hash != hash {
		return nil, idempotency.Reused()
	}
	return &c, nil
}

// locked says why the cart could not be locked: another checkout has it, or it was changed.
func locked(item table.Item) error {
	var c cart.Cart
	if err := item.Decode(&c); err != nil {
		return err
	}
	if c.State == cart.Paying {
		return running(c.CheckoutID)
	}
	return problem.Conflict("cart_changed", "The cart was changed meanwhile; read it again.").With("version", c.Version)
}
