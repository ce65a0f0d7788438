package products

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"dangol/shared/catalog"
	"dangol/shared/catalog/shopify"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// ImportInput is a piece of a file.
type ImportInput struct {
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"Of price columns that name none; the shop's first if left out." example:"KRW"`
	Language string `query:"language" maxLength:"10" doc:"Of the text columns that name none; the shop's first when left out." example:"ko"`
	DryRun   bool   `query:"dryRun" doc:"Only report what the rows would change; write nothing."`
	Stock    string `query:"stock" enum:"set,add" default:"set" doc:"What quantities mean: what there is, or what a delivery adds."`
	Delivery string `query:"delivery" maxLength:"60" doc:"With stock=add: a name of the delivery. Its units are added once, however often the file is sent." example:"PO-2026-117"`
	FirstRow int    `query:"firstRow" minimum:"2" default:"2" doc:"Row of the file that the first row below the header is, for errors."`
	RawBody  []byte `contentType:"text/csv"`
}

// ImportOutput is what became of it.
type ImportOutput struct{ Body ImportReport }

// ImportReport counts products and lists what is wrong.
type ImportReport struct {
	Rows      int                 `json:"rows" doc:"Rows read below the header."`
	Created   int                 `json:"created" doc:"Products."`
	Updated   int                 `json:"updated" doc:"Products, also when only their stock was set."`
	Unchanged int                 `json:"unchanged" doc:"Products already as the file has them."`
	Failed    int                 `json:"failed" doc:"Products left as they were, because of errors."`
	Errors    []*shopify.RowError `json:"errors" doc:"The first 200, by row."`
	Ignored   []string            `json:"ignoredColumns,omitempty" doc:"Columns of the file that mean nothing here."`
	DryRun    bool                `json:"dryRun,omitempty" doc:"Nothing was written."`
	Omitted   int                 `json:"errorsOmitted,omitempty" doc:"Errors beyond those listed."`
}

// maxErrors bounds the errors listed in one report.
const maxErrors = 200

// tally gathers a report from several goroutines.
type tally struct {
	mu sync.Mutex
	ImportReport
}

// count adds one to a figure of the report.
func (t *tally) count(n *int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*n++
}

// fail counts products that are left as they were, with the reasons.
func (t *tally) fail(products int, errs ...*shopify.RowError) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Failed += products
	t.Errors = append(t.Errors, errs...)
}

// report sorts the errors by row and keeps the first.
func (t *tally) report() ImportReport {
	r := t.ImportReport
	// Stable, so that errors of the same row stay in the order in which they were found.
	slices.SortStableFunc(r.Errors, func(a, b *shopify.RowError) int { return a.Row - b.Row })
	if len(r.Errors) > maxErrors {
		r.Omitted = len(r.Errors) - maxErrors
		r.Errors = r.Errors[:maxErrors]
	}
	r.Errors = notNil(r.Errors)
	return r
}

const (
	importBatch   = 100 // products read together: one request for handles, one for products
	importWriters = 8   // products whose stock is set at the same time
)

// importFile imports the rows of one request. Errors of rows are part of the report;
// the answer is an error only where nothing could be read, or the table failed.
func (c *Products) importFile(ctx context.Context, in *ImportInput) (*ImportOutput, error) {
	base, err := c.base(in.Language, in.Currency)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	file, err := shopify.NewReader(bytes.NewReader(in.RawBody), in.FirstRow)
	if err != nil {
		return nil, fileProblem(err)
	}
	t := &tally{}
	t.Ignored, t.DryRun = file.Ignored(), in.DryRun
	// Across all batches, because the rows of one product may be split by others.
	seen := map[string]int{}
	for done := false; !done; {
		var batch []shopify.Product
		batch, done = t.batch(file, base, seen)
		if err := c.importBatch(ctx, batch, in.Delivery, t); err != nil {
			return nil, err
		}
	}
	// A header alone is most likely a file that was cut; an
	// answer of zeros would look like success.
	if t.Rows == 0 && len(t.Errors) == 0 {
		return nil, fileProblem(&shopify.RowError{Row: in.FirstRow, Code: "no_products", Message: "no row below the header"})
	}
	return &ImportOutput{Body: t.report()}, nil
}

// check refuses files that would be stored as other text than their owner sees, and deliveries that could be counted
// twice. Errors: 422 wrong_encoding; at query/delivery.
func (in *ImportInput) check() error {
	if err := format.UTF8(in.RawBody); err != nil {
		return err
	}
	if in.Stock == addsStock && strings.TrimSpace(in.Delivery) == "" {
		return problem.InvalidField("query/delivery", "required", "a name of the delivery, so that it is counted once")
	}
	if in.Stock != addsStock && in.Delivery != "" {
		return problem.InvalidField("query/delivery", "not_allowed", "only with stock=add")
	}
	return nil
}

// addsStock is the value of ImportInput.Stock for deliveries.
const addsStock = "add"

// fileProblem is the answer to a file that cannot be read from its first row on.
func fileProblem(err error) error {
	row, ok := errors.AsType[*shopify.RowError](err)
	if !ok {
		return err
	}
	// The row and the column stand apart from the text, so that a program can point to the cell.
	p := problem.New(http.StatusUnprocessableEntity, row.Code, "%s", row.Error())
	return p.With("row", row.Row).With("column", row.Column)
}

// batch reads the next products, leaving out and reporting those with errors. done says that the file is at its end, or
// that what follows cannot be read.
func (t *tally) batch(file *shopify.Reader, base shopify.Base, seen map[string]int) (batch []shopify.Product,
	done bool) {
	for len(batch) < importBatch {
		group, err := file.Next()
		if errors.Is(err, io.EOF) {
			return batch, true
		}
		if row, ok := errors.AsType[*shopify.RowError](err); ok {
			t.fail(1, row)
			continue // after a row that cannot be read, the reader is at its end
		}
		t.Rows += len(group.Rows)
		p, errs := group.Product(base)
		if first, twice := seen[p.Handle]; twice && p.Handle != "" {
			errs = append(errs, &shopify.RowError{
				Row: p.Row, Column: "Handle", Code: "repeated_handle",
				Message: "the rows of a product next to each other; this one began in row " + itoa(first),
			})
		} else {
			seen[p.Handle] = p.Row
		}
		// A handle that is not valid would make a wrong key,
		// so it is checked before anything is read.
		if len(errs) == 0 { // before it becomes a key to read by
			c := &checker{}
			c.handle(p.Handle)
			errs = rowErrors(p, c.Fields)
		}
		if len(errs) > 0 {
			t.fail(1, errs...)
			continue
		}
		batch = append(batch, p)
	}
	return batch, false
}

// importBatch brings the shop's products in line with those of the file. A product that somebody else made or changed
// meanwhile is read again.
func (c *Products) importBatch(ctx context.Context, batch []shopify.Product, delivery string, t *tally) error {
	left := batch
	// Modify repeats with what is left: those that others changed meanwhile.
	_, err := table.Modify(ctx, func(context.Context, table.Item) ([]shopify.Product, error) {
		return left, nil
	}, func(ctx context.Context, batch []shopify.Product) (_ []shopify.Product, err error) {
		left, err = c.importOnce(ctx, batch, delivery, t)
		if err == nil && len(left) > 0 {
			return nil, table.Stale(errChangedMeanwhile, nil)
		}
		return nil, err
	})
	if !errors.Is(err, errChangedMeanwhile) {
		return err
	}
	for _, file := range left {
		t.fail(1, &shopify.RowError{Row: file.Row, Code: "busy",
			Message: "others keep changing this product; import it again"})
	}
	return nil
}

// errChangedMeanwhile says that products of the file were made or changed by others since they were read.
var errChangedMeanwhile = errors.New("product changed meanwhile")

// incoming is a product of the file, merged with what the shop has of it and not written yet.
type incoming struct {
	merged
	file     shopify.Product
	before   *catalog.Product
	delivery string // that the quantities are; empty when they are what there is
}

// nothingYet lets new variants begin without stock.
func nothingYet(units map[string]catalog.InitialStock) map[string]catalog.InitialStock {
	empty := make(map[string]catalog.InitialStock, len(units))
	for id := range units {
		empty[id] = catalog.InitialStock{}
	}
	return empty
}

// importOnce makes one attempt and returns the products that somebody else made or changed in between. 3 round trips to
// read, then what catalog.WriteAll takes for those that differ, and 1 for each variant whose stock is set.
func (c *Products) importOnce(
	ctx context.Context, batch []shopify.Product, delivery string, t *tally,
) (again []shopify.Product, err error) {
	found, err := c.there(ctx, batch)
	if err != nil {
		return nil, err
	}
	var sound []incoming
	for _, file := range batch {
		before := found.products[file.Handle]
		p := incoming{merged: merge(file, before, c.now()), file: file, before: before, delivery: delivery}
		if delivery != "" {
			p.units = nothingYet(p.units) // the delivery is counted afterwards, for all variants alike
		}
		// Rules are checked on the merged product; after an error
		// in the merge they would report what follows from it.
		if len(p.errors) == 0 {
			p.errors = rowErrors(file, check(p.product, p.before, found.parts))
		}
		if len(p.errors) > 0 {
			t.fail(1, p.errors...)
			continue
		}
		sound = append(sound, p)
	}
	// A dry run ends where writing would begin.
	if t.DryRun {
		for _, p := range sound {
			t.foresee(p, found.levels)
		}
		return nil, nil
	}
	written, again, err := c.write(ctx, sound, t)
	if err != nil {
		return nil, err
	}
	writers, ctx := errgroup.WithContext(ctx)
	writers.SetLimit(importWriters)
	// Stock is set only for products that are written, and after them:
	// a stock for a product that is then refused would be wrong.
	for _, p := range written {
		writers.Go(func() error { return c.importStock(ctx, p, found.levels, t) })
	}
	return again, writers.Wait()
}

// write writes the products that differ. written is those that are as the file has them, again those that somebody else
// made or changed in between.
func (c *Products) write(ctx context.Context, sound []incoming, t *tally) (written []incoming, again []shopify.Product,
	err error) {
	var differ []incoming
	var changes []catalog.ProductChange
	for _, p := range sound {
		if !p.differs {
			written = append(written, p)
			continue
		}
		if err := c.announce(ctx, p.before, p.product); err != nil {
			return nil, nil, err
		}
		differ = append(differ, p)
		changes = append(changes, catalog.ProductChange{Before: p.before, After: p.product, Units: p.units})
	}
	for i, err := range catalog.WriteAll(ctx, c.table, changes) {
		p := differ[i]
		// Also after an error: the write may have taken effect.
		c.cache.Invalidate(p.product)
		switch {
		case errors.Is(err, catalog.ErrHandleTaken), errors.Is(err, catalog.ErrVersion):
			again = append(again, p.file)
		case errors.Is(err, catalog.ErrTooManyCounters):
			t.fail(1, &shopify.RowError{Row: p.file.Row, Code: "too_many", Message: "fewer new variants in one import"})
		case table.Permanent(err):
			t.fail(1, &shopify.RowError{Row: p.file.Row, Code: "too_large",
				Message: "a product of at most 400 KB: less text, fewer variants"})
		case err != nil:
			return nil, nil, err
		default:
			written = append(written, p)
		}
	}
	return written, again, nil
}

// foresee counts a product as what the import would make of it.
func (t *tally) foresee(p incoming, levels map[table.Key]stock.Level) {
	switch {
	case p.before == nil:
		t.count(&t.Created)
	case p.differs || slices.ContainsFunc(p.product.Variants,
		func(v catalog.Variant) bool { return p.setsStock(v, levels) }):
		t.count(&t.Updated)
	default:
		t.count(&t.Unchanged)
	}
}

// there is what the shop has of a batch.
type there struct {
	products map[string]*catalog.Product // by handle
	parts    map[string]*catalog.Product // by id, for gift sets
	levels   map[table.Key]stock.Level
}

// there reads what the shop has of the batch.
func (c *Products) there(ctx context.Context, batch []shopify.Product) (there, error) {
	found := there{products: map[string]*catalog.Product{}}
	if len(batch) == 0 {
		return found, nil
	}
	// Three reads one after the other: each needs the ids that the one before found.
	ids, err := catalog.IDsByHandle(ctx, c.table, handlesOf(batch))
	if err != nil || len(ids) == 0 {
		return found, err
	}
	var list []string
	for _, id := range ids {
		if !slices.Contains(list, id) { // a product keeps its old handles
			list = append(list, id)
		}
	}
	byID, err := catalog.GetBatch(ctx, c.table, list)
	if err != nil {
		return found, err
	}
	var all []*catalog.Product
	for handle, id := range ids {
		if p := byID[id]; p != nil {
			found.products[handle] = p
			all = append(all, p)
		}
	}
	if found.parts, err = c.partsOf(ctx, all...); err != nil {
		return found, err
	}
	// Products of the batch may be parts of each other's sets.
	for _, p := range all {
		if found.parts != nil {
			found.parts[p.ID] = p
		}
	}
	found.levels, err = stock.Read(ctx, c.table, counters(byID))
	return found, err
}
