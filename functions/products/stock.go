package products

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"dangol/shared/catalog"
	"dangol/shared/platform/api"
	"dangol/shared/platform/auth"
	"dangol/shared/platform/id"
	"dangol/shared/platform/idempotency"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// stockRoutes registers the routes of stock; all are for merchants.
func (c *Products) stockRoutes(s *api.Service) {
	route := func(r api.Route) api.Route {
		r.Tag, r.Access = "Stock", api.MerchantIs
		return r
	}
	api.Handle(s, route(api.Route{
		Method: http.MethodGet, Path: "/stock/{variantId}", ID: "getStock", Errors: []int{404, 409},
		Summary: "Read the stock of a variant and its latest adjustments",
	}), c.getStock)
	api.Handle(s, route(api.Route{
		Method: http.MethodPut, Path: "/stock/{variantId}", ID: "setStock", Errors: []int{404, 409, 422, 503},
		Summary:     "Set the stock of a variant",
		Description: "Sets the units that can be sold. Units held by running checkouts are not among them.",
	}), c.setStock)
	api.Handle(s, route(api.Route{
		Method: http.MethodPost, Path: "/stock/{variantId}/adjustments", ID: "adjustStock", Errors: []int{404, 409, 422, 503},
		Summary: "Add units to the stock of a variant, or take some out", Keyed: api.KeyOptional,
	}), c.adjustStock)
}

// StockInput names a variant.
type StockInput struct {
	VariantID string `path:"variantId" maxLength:"60" example:"var_01jt3v9q2d8m4x6c7b5n1k0h2g_0"`
}

// StockOutput is the stock of a variant.
type StockOutput struct {
	Replayed string `header:"Idempotent-Replayed"`
	Body     StockLevel
}

// StockLevel is how many units of a variant can be sold.
type StockLevel struct {
	VariantID   string            `json:"variantId"`
	Available   int               `json:"available" doc:"Units; below zero for what was sold on backorder." example:"42"`
	Buckets     []int             `json:"buckets" doc:"Units in each counter; several for a limited edition."`
	SetAt       *time.Time        `json:"setAt,omitempty" doc:"When it was last set outright."`
	Adjustments []StockAdjustment `json:"adjustments" doc:"The latest 20, newest first."`
}

// StockAdjustment is units that came or went other than by sales.
type StockAdjustment struct {
	At     time.Time `json:"at"`
	Delta  int       `json:"delta" example:"-2"`
	Reason string    `json:"reason,omitempty" example:"broken in the warehouse"`
	By     string    `json:"by" doc:"Subject of the merchant's token."`
}

// logged is an adjustment as kept, next to the counters.
type logged struct {
	table.Key
	At     time.Time `dynamodbav:"at"`
	Delta  int       `dynamodbav:"delta"` // units; below zero for taken ones
	Reason string    `dynamodbav:"reason,omitempty"`
	By     string    `dynamodbav:"by"` // subject of the merchant's token
}

// logPrefix begins the sort keys of adjustments, in the partition of the
// counters: one query reads them, newest first, as ids sort by time.
const logPrefix = "LOG#"

// stocked returns the variant when it has counters of its own. 1 round trip.
func (c *Products) stocked(ctx context.Context, variantID string) (catalog.Variant, error) {
	unknown := problem.NotFound("variant_not_found", "There is no such variant.")
	productID := catalog.ProductOf(variantID)
	if !id.Is(catalog.ProductPrefix, productID) {
		return catalog.Variant{}, unknown
	}
	p, err := catalog.Get(ctx, c.table, productID)
	if errors.Is(err, table.ErrNotFound) {
		return catalog.Variant{}, unknown
	}
	if err != nil {
		return catalog.Variant{}, err
	}
	v, ok := p.Variant(variantID)
	switch {
	case !ok:
		return v, unknown
	// A gift set has the stock of its parts, and an untracked variant has none to show.
	case !v.HasOwnStock():
		return v, problem.Conflict("not_stocked", "This variant has no stock of its own: it is a gift set, or not tracked.")
	}
	return v, nil
}

// getStock shows the stock of a variant. 3 round trips.
func (c *Products) getStock(ctx context.Context, in *StockInput) (*StockOutput, error) {
	v, err := c.stocked(ctx, in.VariantID)
	if err != nil {
		return nil, err
	}
	return c.stockOf(ctx, v)
}

// stockOf reads counters and adjustments. 2 round trips.
func (c *Products) stockOf(ctx context.Context, v catalog.Variant) (*StockOutput, error) {
	levels, err := c.levels(ctx, v)
	if err != nil {
		return nil, err
	}
	page, err := c.table.Query(ctx, table.Query{
		Where: "#pk = :pk AND begins_with(#sk, :log)", Backwards: true, Limit: 20, Strong: true,
		With: map[string]any{":pk": stock.KeyOf(v.ID, 0).PK, ":log": logPrefix},
	})
	if err != nil {
		return nil, err
	}
	out := &StockOutput{Body: StockLevel{
		VariantID: v.ID, Available: stock.Available(levels, v.ID, v.Buckets()), Adjustments: []StockAdjustment{},
	}}
	for b := range v.Buckets() {
		out.Body.Buckets = append(out.Body.Buckets, levels[stock.KeyOf(v.ID, b)].Available)
	}
	// A counter made on the side, as for a new bucket, has no such time.
	if at := levels[stock.KeyOf(v.ID, 0)].SetAt; !at.IsZero() {
		out.Body.SetAt = &at
	}
	for _, item := range page.Items {
		var l logged
		if err := item.Decode(&l); err != nil {
			return nil, err
		}
		out.Body.Adjustments = append(out.Body.Adjustments,
			StockAdjustment{At: l.At, Delta: l.Delta, Reason: l.Reason, By: l.By})
	}
	return out, nil
}

// levels reads the variant's counters. 1 round trip.
func (c *Products) levels(ctx context.Context, v catalog.Variant) (map[table.Key]stock.Level, error) {
	return stock.Read(ctx, c.table, stock.Keys([]stock.Request{{VariantID: v.ID, Quantity: 1, Buckets: v.Buckets()}}))
}

// SetStockInput is what the stock shall be.
type SetStockInput struct {
	StockInput
	Body struct {
		Available int `json:"available" minimum:"0" maximum:"10000000" doc:"Units that can be sold from now on." example:"42"`
	}
}

// setStock sets the units outright. 5 round trips when nobody else changes the stock.
func (c *Products) setStock(ctx context.Context, in *SetStockInput) (*StockOutput, error) {
	v, err := c.stocked(ctx, in.VariantID)
	if err != nil {
		return nil, err
	}
	if err := stock.Set(ctx, c.table, v.ID, v.Buckets(), in.Body.Available, c.now()); err != nil {
		return nil, err
	}
	return c.stockOf(ctx, v)
}

// maxStockReason is how long the reason of an adjustment may be, in characters.
const maxStockReason = 200

// AdjustInput is units to add or take.
type AdjustInput struct {
	StockInput
	Body struct {
		Delta  int    `json:"delta" minimum:"-10000000" maximum:"10000000" doc:"Units to add; below zero to take." example:"-2"`
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"Why, for the log." example:"broken in the warehouse"`
	}
}

// adjustStock moves the counters, logs why and records the answer to the key in one transaction.
func (c *Products) adjustStock(ctx context.Context, in *AdjustInput) (*StockOutput, error) {
	var wrong problem.Fields
	// A delta of 0 would leave an entry in the log that says nothing.
	wrong.Require(in.Body.Delta != 0, "/delta", "not_allowed", "a number other than 0")
	wrong.Text(in.Body.Reason, 1, maxStockReason, "/reason")
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	v, err := c.stocked(ctx, in.VariantID)
	if err != nil {
		// The variant may have left the catalog since the first request.
		level, err := idempotency.Earlier[StockLevel](ctx, c.table, api.Idempotency(ctx), err)
		if err != nil {
			return nil, err
		}
		return &StockOutput{Replayed: "true", Body: level}, nil
	}
	now := c.now()
	// Made once, outside the tries: a repeated try writes the same entry.
	entry := logged{
		Key: table.Key{PK: stock.KeyOf(v.ID, 0).PK, SK: logPrefix + id.New("adj", now)},
		At:  now, Delta: in.Body.Delta, Reason: in.Body.Reason, By: auth.From(ctx).Subject,
	}
	return table.Modify(ctx, func(ctx context.Context, _ table.Item) (*StockOutput, error) {
		return c.stockOf(ctx, v)
	}, func(ctx context.Context, before *StockOutput) (*StockOutput, error) {
		return c.tryAdjust(ctx, v, before, entry)
	})
}

// tryAdjust makes one attempt on the stock as it was before. Errors: table.Stale when the counters changed in between.
func (c *Products) tryAdjust(ctx context.Context, v catalog.Variant, before *StockOutput, entry logged) (*StockOutput,
	error) {
	levels := map[table.Key]stock.Level{}
	// The plan needs only the counters, which the answer has in the order of the buckets.
	for b, n := range before.Body.Buckets {
		levels[stock.KeyOf(v.ID, b)] = stock.Level{Available: n}
	}
	moves, tooLittle := stock.AdjustPlan(levels, v.ID, v.Buckets(), entry.Delta)
	// The answer is computed before the write, because it is
	// stored with the key in the same transaction.
	answer := after(before.Body, moves, v.ID, entry)
	writes := []table.Write{table.Put{Item: entry, If: table.IfNew}}
	keyed := api.Idempotency(ctx)
	if keyed.Keyed() {
		done, err := keyed.AnswerWrite(answer)
		if err != nil {
			return nil, err
		}
		writes = append(writes, done)
	}
	if tooLittle != nil {
		return c.refusedAdjustment(ctx, before.Body.Available, writes)
	}
	for _, m := range moves {
		writes = append(writes, m)
	}
	err := c.table.Transact(ctx, id.Secret(), writes...)
	refused, ok := table.Refused(err)
	switch {
	// Place 1 is the record of the key, see above: the request has taken effect before.
	case ok && keyed.Keyed() && refused.Refused(1):
		out := &StockOutput{Replayed: "true"}
		return out, keyed.Replay(refused.Reasons[1].Item, &out.Body)
	// A counter changed between the read and this write.
	case ok:
		return nil, table.Stale(err, nil)
	}
	return &StockOutput{Body: answer}, err
}

// refusedAdjustment tells that there are too few units, unless this request has already taken them: then its record has
// the answer. The transaction asks for the entry to be there, which it never is: it changes nothing and only looks.
func (c *Products) refusedAdjustment(ctx context.Context, available int, writes []table.Write) (*StockOutput, error) {
	tooLittle := problem.Conflict("insufficient_stock", "There are only %d units.", available).With("available", available)
	keyed := api.Idempotency(ctx)
	if !keyed.Keyed() {
		return nil, tooLittle
	}
	never := writes[0].(table.Put)
	never.If = table.IfExists // no entry has this fresh id
	err := c.table.Transact(ctx, id.Secret(), never, writes[1])
	refused, ok := table.Refused(err)
	if !ok {
		return nil, fmt.Errorf("look for the first answer: %w", err)
	}
	if refused.Refused(1) {
		out := &StockOutput{Replayed: "true"}
		return out, keyed.Replay(refused.Reasons[1].Item, &out.Body)
	}
	return nil, tooLittle
}

// after is the stock once the moves have been made.
func after(s StockLevel, moves []table.Update, variantID string, entry logged) StockLevel {
	buckets := append([]int(nil), s.Buckets...)
	for b := range buckets {
		for _, m := range moves {
			if m.Key == stock.KeyOf(variantID, b) {
				buckets[b] += m.With[":by"].(int)
			}
		}
	}
	s.Buckets = buckets
	s.Available += entry.Delta
	latest := []StockAdjustment{{At: entry.At, Delta: entry.Delta, Reason: entry.Reason, By: entry.By}}
	// 20 entries are shown in all.
	s.Adjustments = append(latest, s.Adjustments[:min(len(s.Adjustments), 19)]...)
	return s
}
