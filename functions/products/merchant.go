package products

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"dangol/events"
	"dangol/shared/catalog"
	"dangol/shared/platform/api"
	"dangol/shared/platform/event"
	"dangol/shared/platform/id"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
)

// DocumentOutput is a product as merchants see it.
type DocumentOutput struct {
	ETag     string `header:"ETag" doc:"The version, for If-Match."`
	Replayed string `header:"Idempotent-Replayed"`
	Body     *ProductDocument
}

// output is the answer with a product and its version.
func output(p *catalog.Product) *DocumentOutput {
	return &DocumentOutput{ETag: api.ETag(strconv.Itoa(p.Version)), Body: documentOf(p)}
}

// now is the time in milliseconds, as keys have it.
func (c *Products) now() time.Time { return c.clock.Now().UTC().Truncate(time.Millisecond) }

// CreateInput is a product to be made.
type CreateInput struct {
	Body ProductDocument
}

// create stores a new product. 1 round trip, and those of the checks.
func (c *Products) create(ctx context.Context, in *CreateInput) (*DocumentOutput, error) {
	now := c.now()
	p, units := in.Body.product(nil, id.New(catalog.ProductPrefix, now), now)
	// Checked before anything is written, with the ids already
	// given, so that pointers name the fields of the document.
	if err := in.Body.checkStock(); err != nil {
		return nil, err
	}
	if err := c.check(ctx, p, nil); err != nil {
		return nil, err
	}
	if err := c.announce(ctx, nil, p); err != nil {
		return nil, err
	}
	keyed := api.Idempotency(ctx)
	var extra []table.Write
	if keyed.Keyed() {
		done, err := keyed.AnswerWrite(documentOf(p))
		if err != nil {
			return nil, err
		}
		extra = append(extra, done)
	}
	err := catalog.Create(ctx, c.table, p, units, extra...)
	// Place 2 of the transaction is the record of the key (see
	// catalog.Create): the request has been answered before.
	if refused, ok := table.Refused(err); ok && keyed.Keyed() && refused.Refused(2) {
		out := &DocumentOutput{Replayed: "true", Body: &ProductDocument{}}
		err := keyed.Replay(refused.Reasons[2].Item, out.Body)
		out.ETag = api.ETag(strconv.Itoa(out.Body.Version))
		return out, err
	}
	if err != nil {
		return nil, writeProblem(err)
	}
	return output(p), nil
}

// check refuses a product that breaks a rule. 1 round trip when it has gift sets.
func (c *Products) check(ctx context.Context, p, before *catalog.Product) error {
	parts, err := c.partsOf(ctx, p)
	if err != nil {
		return err
	}
	if fields := check(p, before, parts); len(fields) > 0 {
		return problem.Invalid(fields...)
	}
	return nil
}

// partsOf reads the products, other than p itself, that p's gift sets take from.
func (c *Products) partsOf(ctx context.Context, products ...*catalog.Product) (map[string]*catalog.Product, error) {
	seen := map[string]bool{}
	// Most products have no gift sets and cost no read.
	var ids []string
	for _, p := range products {
		for _, v := range p.Variants {
			for _, part := range v.Components {
				owner := catalog.ProductOf(part.VariantID)
				if owner != "" && owner != p.ID && !seen[owner] {
					seen[owner] = true
					ids = append(ids, owner)
				}
			}
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return catalog.GetBatch(ctx, c.table, ids)
}

// announce puts the event of the change from before to p on p, and next to prices that it reduces the lowest of the 30
// days before.
func (c *Products) announce(ctx context.Context, before, p *catalog.Product) error {
	s, err := c.promotions.Current(ctx)
	if err != nil {
		return err
	}
	// Before the event: the prices belong to the same write.
	s.SetPriorPrices(p, p.UpdatedAt)
	ref := events.ProductRef{ProductID: p.ID, Handle: p.Handle, Status: string(p.Status), Version: p.Version}
	var body event.Body
	switch {
	case before == nil:
		body = events.ProductCreated{ProductRef: ref}
	// Archiving is an event of its own, because carts and recommendations must drop the product.
	case p.Status == catalog.Archived && before.Status != catalog.Archived:
		body = events.ProductArchived{ProductRef: ref}
	default:
		body = events.ProductUpdated{ProductRef: ref, PricesChanged: catalog.PricesDiffer(before, p)}
	}
	p.Event, err = event.New(ctx, p.UpdatedAt, body)
	return err
}

// writeProblem is the answer for an error of a write.
func writeProblem(err error) error {
	switch {
	case errors.Is(err, catalog.ErrHandleTaken):
		return problem.Conflict("handle_taken", "Another product has this handle.").Because(err)
	case errors.Is(err, catalog.ErrVersion):
		return changed(err)
	case errors.Is(err, catalog.ErrTooManyCounters):
		return problem.InvalidField("/variants", "too_many", "fewer new stocked variants and buckets in one change")
	default:
		return err
	}
}

// changed is the answer when the version that the merchant
// read is no longer the current one (RFC 9110, 13.1.1).
func changed(err error) error {
	return problem.Precondition("product_changed",
		"The product has been changed since you read it. Read it again.").Because(err)
}

// IDInput names a product.
type IDInput struct {
	ID string `path:"id" maxLength:"40" example:"prod_01jt3v9q2d8m4x6c7b5n1k0h2g"`
}

// read returns the product as it is in the table. 1 round trip.
func (c *Products) read(ctx context.Context, productID string) (*catalog.Product, error) {
	// A malformed id costs no read.
	if !id.Is(catalog.ProductPrefix, productID) {
		return nil, notFound()
	}
	p, err := catalog.Get(ctx, c.table, productID)
	if errors.Is(err, table.ErrNotFound) {
		return nil, notFound()
	}
	return p, err
}

// edit shows everything about a product to its merchant.
func (c *Products) edit(ctx context.Context, in *IDInput) (*DocumentOutput, error) {
	p, err := c.read(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return output(p), nil
}

// ReplaceInput is a product in the place of the one there.
type ReplaceInput struct {
	IDInput
	IfMatch string `header:"If-Match" required:"true" maxLength:"200" doc:"ETag of the product that was read." example:"\"3\""`
	Body    ProductDocument
}

// replace puts the document in the place of the product. 2 round trips, 1 more with gift sets.
func (c *Products) replace(ctx context.Context, in *ReplaceInput) (*DocumentOutput, error) {
	before, err := c.read(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	// Checked here for a clear answer; the condition of the
	// write catches a change that comes after the read.
	if !api.Matches(in.IfMatch, strconv.Itoa(before.Version)) {
		return nil, changed(nil)
	}
	// A document without a handle keeps the one there: a new one would break links.
	if in.Body.Handle == "" {
		in.Body.Handle = before.Handle
	}
	after, units := in.Body.product(before, before.ID, c.now())
	if err := in.Body.checkStock(); err != nil {
		return nil, err
	}
	if err := c.check(ctx, after, before); err != nil {
		return nil, err
	}
	if err := c.save(ctx, before, after, units); err != nil {
		return nil, err
	}
	return output(after), nil
}

// save writes after in the place of before, with its event.
func (c *Products) save(ctx context.Context, before, after *catalog.Product,
	units map[string]catalog.InitialStock) error {
	if err := c.announce(ctx, before, after); err != nil {
		return err
	}
	if err := catalog.Replace(ctx, c.table, before, after, units); err != nil {
		return writeProblem(err)
	}
	// This container shows the change at once; others after the time of their caches.
	c.cache.Invalidate(after)
	return nil
}

// ArchiveInput names a product to be archived.
type ArchiveInput struct {
	IDInput
	IfMatch string `header:"If-Match" maxLength:"200" doc:"Only when this is its version."`
}

// archive answers 204 also when the product is archived already, so that it can be repeated.
func (c *Products) archive(ctx context.Context, in *ArchiveInput) (*struct{ Status int }, error) {
	done := &struct{ Status int }{http.StatusNoContent}
	before, err := c.read(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if !api.Matches(in.IfMatch, strconv.Itoa(before.Version)) {
		return nil, changed(nil)
	}
	if before.Status == catalog.Archived {
		return done, nil
	}
	after := before.Clone()
	// A deep copy, because before is what the write is compared with.
	after.Status, after.Version, after.UpdatedAt = catalog.Archived, before.Version+1, c.now()
	return done, c.save(ctx, before, after, nil)
}

// HistoryInput asks for price changes.
type HistoryInput struct {
	IDInput
	Since time.Time `query:"since" doc:"From here on; 90 days back when left out."`
}

// HistoryOutput is price changes.
type HistoryOutput struct {
	Body struct {
		Changes []PriceChange `json:"changes" doc:"Oldest first."`
	}
}

// PriceChange is one price that changed.
type PriceChange struct {
	At        time.Time      `json:"at"`
	VariantID string         `json:"variantId"`
	Currency  string         `json:"currency" example:"KRW"`
	Price     *PriceDocument `json:"price,omitempty" doc:"Absent when it is not sold in the currency any more."`
	Previous  *PriceDocument `json:"previous,omitempty" doc:"Absent when it was not sold in the currency before."`
}

// historyWindow is how far back changes are shown unless the merchant asks for more.
const historyWindow = 90 * 24 * time.Hour

// history lists price changes. 2 round trips.
func (c *Products) history(ctx context.Context, in *HistoryInput) (*HistoryOutput, error) {
	// The read tells an unknown product from one without changes.
	if _, err := c.read(ctx, in.ID); err != nil {
		return nil, err
	}
	now := c.now()
	if in.Since.IsZero() {
		in.Since = now.Add(-historyWindow)
	}
	out := &HistoryOutput{}
	out.Body.Changes = []PriceChange{}
	// A range that ends before it begins would be refused by DynamoDB.
	if in.Since.After(now) {
		return out, nil
	}
	rows, err := catalog.PriceHistory(ctx, c.table, in.ID, in.Since, now)
	for _, h := range rows {
		for _, ch := range h.Changes {
			out.Body.Changes = append(out.Body.Changes, PriceChange{
				At: h.At, VariantID: ch.VariantID, Currency: ch.Currency, Price: priceDocument(ch.Price),
				Previous: priceDocument(ch.Previous),
			})
		}
	}
	return out, err
}

// priceDocument is a price of the history; nil stays nil.
func priceDocument(p *catalog.Price) *PriceDocument {
	if p == nil {
		return nil
	}
	return &PriceDocument{Amount: p.Amount, CompareAt: p.CompareAt}
}
