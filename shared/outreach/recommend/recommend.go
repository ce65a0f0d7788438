// Package recommend fills the blocks of products in mails: with what is in the cart, and else with what sells best. It
// is what stands behind the interface of package service until a better recommender does. What sells best is package
// ranking's answer.
package recommend

import (
	"context"
	"errors"
	"slices"
	"time"

	"dangol/shared/cart"
	"dangol/shared/catalog"
	"dangol/shared/money"
	"dangol/shared/outbox"
	"dangol/shared/outreach/contact"
	"dangol/shared/outreach/ranking"
	"dangol/shared/platform/clock"
	"dangol/shared/platform/table"
)

// What a block shows and how much is read for it.
const (
	// shown is how many products a block has.
	shown = 3
	// candidates is how many of the best sellers are looked at: some are out of stock or bought already.
	candidates = 24
	// remembered is how long a product counts as read; it changes slowly beside the mails of a campaign.
	remembered = time.Hour
)

// Recommender reads carts, products and stock in Commerce, and the ranking in Outreach. It is safe for concurrent use.
type Recommender struct {
	Commerce *table.Table
	Catalog  *catalog.Cache
	Clock    clock.Clock
	Shop     string // address of the storefront
	Ranking  *ranking.Reader
}

// New returns a recommender for the products of a shop.
func New(commerce, outreach *table.Table, c clock.Clock, shop string) *Recommender {
	return &Recommender{
		Commerce: commerce, Catalog: catalog.NewCache(commerce, c, remembered), Clock: c, Shop: shop,
		Ranking: ranking.NewReader(outreach, c),
	}
}

// Recommend returns up to three products that can be bought now, in the language of the contact and the currency of
// their last order. Block cart is what the cart of the run (cartId) has; all others are best sellers, without what the
// person has bought last. The price is the one without promotions, which may be over when the mail is read.
func (r *Recommender) Recommend(ctx context.Context, block string, c contact.Contact,
	data map[string]string) ([]outbox.Product, error) {
	var bought []string
	currency := ""
	if last, ok := c.Person.LastOrder(); ok {
		bought, currency = last.Products, last.Currency
	}
	if block == "cart" {
		inCart, cartCurrency, err := r.cart(ctx, data["customerId"], data["cartId"])
		if err != nil {
			return nil, err
		}
		return r.products(ctx, inCart, nil, c.MailLanguage(), cartCurrency)
	}
	best, err := r.Ranking.Current(ctx)
	if err != nil {
		return nil, err
	}
	return r.products(ctx, best.Best(candidates), bought, c.MailLanguage(), currency)
}

// cart is what a cart has: a guest's by its id, a customer's by whose it is. 1 round trip.
func (r *Recommender) cart(ctx context.Context, customerID, cartID string) (products []string, currency string,
	err error) {
	keys := []table.Key{cart.KeyOfGuest(cartID)}
	if customerID != "" {
		keys = append(keys, cart.KeyOfCustomer(customerID))
	}
	found, err := r.Commerce.BatchGet(ctx, false, keys...)
	if err != nil {
		return nil, "", err
	}
	// A guest's cart first; after a login the cart is the customer's.
	for _, key := range keys {
		item, ok := found[key]
		var stored cart.Cart
		// A cart that was ordered or emptied has another id.
		if !ok || item.Decode(&stored) != nil || stored.ID != cartID {
			continue // another cart by now
		}
		for _, line := range stored.Lines {
			products = append(products, line.ProductID)
		}
		return products, stored.Currency, nil
	}
	return nil, "", nil
}

// products are those of the ids that can be bought, as a mail shows them.
func (r *Recommender) products(ctx context.Context, ids, without []string, language, currency string) (
	found []outbox.Product, err error) {
	seen := map[string]bool{}
	// In the order of the ranking, up to what a block shows.
	for _, id := range ids {
		if len(found) == shown || seen[id] || slices.Contains(without, id) {
			continue
		}
		seen[id] = true
		product, variants, err := r.Catalog.Product(ctx, id)
		if errors.Is(err, table.ErrNotFound) || err == nil && (product == nil || product.Status != catalog.Active) {
			continue
		}
		if err != nil {
			return nil, err
		}
		// What cannot be bought in that currency is not shown at all.
		price, image, ok := r.cheapest(product, variants, currency)
		if !ok {
			continue
		}
		found = append(found, outbox.Product{
			Title: product.Title.In(language, "en", "ko"), URL: r.Shop + "/products/" + product.Handle, Image: image,
			Price: price,
		})
	}
	return found, nil
}

// cheapest is the lowest price of the variants that are there, in a currency; empty is won, else dollars. ok is false
// when nothing of the product can be bought.
func (r *Recommender) cheapest(p *catalog.Product, variants map[string]catalog.SellableVariant, currency string) (
	best money.Money, image string, ok bool) {
	if len(p.Images) > 0 {
		image = p.Images[0].URL
	}
	// Somebody who has never ordered may pay in either of the shop's currencies.
	currencies := []string{currency}
	if currency == "" {
		currencies = []string{"KRW", "USD"}
	}
	for _, one := range currencies {
		for _, v := range p.Variants {
			price, sold := v.Price(one)
			// Sold out or not on sale yet: a mail must not advertise it.
			there := variants[v.ID].Available > 0 && v.Open(r.Clock.Now())
			if sold && there && (!ok || price.Amount < best.Amount) {
				best, ok = price, true
			}
		}
		if ok {
			return best, image, true
		}
	}
	return best, image, false
}
