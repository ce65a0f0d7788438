package catalog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"dangol/shared/catalogue"
	"dangol/shared/catalogue/shopify"
	"dangol/shared/problem"
	"dangol/shared/stock"
	"dangol/shared/table"
)

// ImportInput is a piece of a file.
type ImportInput struct {
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"Of price columns that name none; the shop's first if left out." example:"KRW"`
	Language string `query:"language" maxLength:"10" doc:"Of the text columns that name none; the shop's first when left out." example:"ko"`
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
	Omitted   int                 `json:"errorsOmitted,omitempty" doc:"Errors beyond those listed."`
}

// maxErrors bounds the errors listed in one report.
const maxErrors = 200

// tally gathers a report from several goroutines.
type tally struct {
	mu sync.Mutex
	ImportReport
}

func (t *tally) count(n *int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*n++
}

func (t *tally) fail(products int, errs ...*shopify.RowError) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Failed += products
	t.Errors = append(t.Errors, errs...)
}

// report sorts the errors by row and keeps the first.
func (t *tally) report() ImportReport {
	r := t.ImportReport
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
	importWriters = 8   // products written at the same time
)

func (c *catalog) importFile(ctx context.Context, in *ImportInput) (*ImportOutput, error) {
	base, err := c.base(in.Language, in.Currency)
	if err != nil {
		return nil, err
	}
	file, err := shopify.NewReader(bytes.NewReader(in.RawBody), in.FirstRow)
	if err != nil {
		return nil, fileProblem(err)
	}
	t := &tally{}
	seen := map[string]int{}
	for done := false; !done; {
		var batch []shopify.Product
		batch, done = t.batch(file, base, seen)
		if err := c.importBatch(ctx, batch, t); err != nil {
			return nil, err
		}
	}
	return &ImportOutput{Body: t.report()}, nil
}

// fileProblem is the answer to a file that cannot be read from its first row on.
func fileProblem(err error) error {
	row, ok := errors.AsType[*shopify.RowError](err)
	if !ok {
		return err
	}
	p := problem.New(http.StatusUnprocessableEntity, row.Code, "%s", row.Error())
	return p.With("row", row.Row).With("column", row.Column)
}

// batch reads the next products, leaving out and reporting those with errors. done says that the file is at its end, or
// that what follows cannot be read.
func (t *tally) batch(file *shopify.Reader, base shopify.Base, seen map[string]int) (batch []shopify.Product, done bool) {
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
		if len(errs) > 0 {
			t.fail(1, errs...)
			continue
		}
		batch = append(batch, p)
	}
	return batch, false
}

// importBatch brings the shop's products in line with those of the file. 3 round trips to read, then 1 for each product
// that is made or changed and 1 to 2 for each variant whose stock is set.
func (c *catalog) importBatch(ctx context.Context, batch []shopify.Product, t *tally) error {
	there, err := c.there(ctx, batch)
	if err != nil {
		return err
	}
	writers, ctx := errgroup.WithContext(ctx)
	writers.SetLimit(importWriters)
	for _, p := range batch {
		writers.Go(func() error { return c.importProduct(ctx, p, there, t) })
	}
	return writers.Wait()
}

// there is what the shop has of a batch.
type there struct {
	products map[string]*catalogue.Product // by handle
	parts    map[string]*catalogue.Product // by id, for gift sets
	levels   map[table.Key]stock.Level
}

// there reads what the shop has of the batch.
func (c *catalog) there(ctx context.Context, batch []shopify.Product) (there, error) {
	found := there{products: map[string]*catalogue.Product{}}
	if len(batch) == 0 {
		return found, nil
	}
	ids, err := catalogue.IDsOf(ctx, c.table, handlesOf(batch))
	if err != nil || len(ids) == 0 {
		return found, err
	}
	var list []string
	for _, id := range ids {
		if !slices.Contains(list, id) { // a product keeps its old handles
			list = append(list, id)
		}
	}
	byID, err := catalogue.Batch(ctx, c.table, list)
	if err != nil {
		return found, err
	}
	var all []*catalogue.Product
	for handle, id := range ids {
		if p := byID[id]; p != nil {
			found.products[handle] = p
			all = append(all, p)
		}
	}
	if found.parts, err = c.partsOf(ctx, all...); err != nil {
		return found, err
	}
	for _, p := range all {
		if found.parts != nil {
			found.parts[p.ID] = p
		}
	}
	found.levels, err = stock.Read(ctx, c.table, counters(byID))
	return found, err
}

// importTries bounds how often a product that somebody else changed meanwhile is read again.
const importTries = 4

func (c *catalog) importProduct(ctx context.Context, file shopify.Product, found there, t *tally) error {
	for try := range importTries {
		if try > 0 {
			var err error
			if found, err = c.there(ctx, []shopify.Product{file}); err != nil {
				return err
			}
		}
		again, err := c.importOnce(ctx, file, found, t)
		if err != nil || !again {
			return err
		}
	}
	t.fail(1, &shopify.RowError{Row: file.Row, Code: "busy", Message: "others keep changing this product; import it again"})
	return nil
}

// importOnce makes one attempt. again says that the product was made or changed by somebody else in between.
func (c *catalog) importOnce(ctx context.Context, file shopify.Product, found there, t *tally) (again bool, err error) {
	before := found.products[file.Handle]
	m := merge(file, before, c.now())
	if len(m.errors) == 0 {
		m.errors = rowErrors(file, check(m.product, before, found.parts))
	}
	if len(m.errors) > 0 {
		t.fail(1, m.errors...)
		return false, nil
	}
	wrote := false
	if m.differs {
		if wrote, err = true, c.write(ctx, before, m); errors.Is(err, catalogue.ErrHandleTaken) || errors.Is(err, catalogue.ErrVersion) {
			return true, nil
		}
		if errors.Is(err, catalogue.ErrTooManyCounters) {
			t.fail(1, &shopify.RowError{Row: file.Row, Code: "too_many", Message: "fewer new variants in one import"})
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	set, err := c.importStock(ctx, before, m, found.levels)
	if err != nil {
		return false, err
	}
	switch {
	case before == nil:
		t.count(&t.Created)
	case wrote || set:
		t.count(&t.Updated)
	default:
		t.count(&t.Unchanged)
	}
	return false, nil
}

func (c *catalog) write(ctx context.Context, before *catalogue.Product, m merged) error {
	if err := c.announce(ctx, before, m.product); err != nil {
		return err
	}
	if before == nil {
		return catalogue.Create(ctx, c.table, m.product, m.units)
	}
	defer c.shelf.Forget(m.product)
	return catalogue.Replace(ctx, c.table, before, m.product, m.units)
}

// importStock sets the stock of variants that were there before; new ones begin with theirs. Each variant remembers the
// quantity of its last import, so a repetition after a failure in between sets what is left to set.
func (c *catalog) importStock(
	ctx context.Context, before *catalogue.Product, m merged, levels map[table.Key]stock.Level,
) (wrote bool, err error) {
	if before == nil {
		return false, nil
	}
	for _, v := range m.product.Variants {
		quantity, named := m.quantities[v.ID]
		if _, fresh := m.units[v.ID]; fresh || !named || !v.Stocked() {
			continue
		}
		set, err := stock.Import(ctx, c.table, levels, v.ID, v.Buckets(), quantity, c.now())
		if err != nil {
			return wrote, busy(err)
		}
		wrote = wrote || set
	}
	return wrote, nil
}
