package products

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"

	"dangol/shared/catalog"
	"dangol/shared/catalog/shopify"
	"dangol/shared/money"
	"dangol/shared/platform/api"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// maxFile is the largest piece of a file in one request. API Gateway takes 10 MB, Lambda 6 MB.
const maxFile = 4 << 20

// maxPage is the largest page of an export: Lambda answers 6 MB, and a body of bytes goes out as base64, which is a
// third longer. A page that would be longer is cut to half its products.
const maxPage = 4 << 20

// fileRoutes registers the import and the export of files.
func (c *Products) fileRoutes(s *api.Service) {
	api.Handle(s, api.Route{
		Method: http.MethodPost, Path: "/products/import", ID: "importProducts", Tag: "Products (merchant)",
		Access:  api.MerchantIs,
		Summary: "Import products from rows of a CSV file in Shopify's format", MaxBody: maxFile, Errors: []int{413, 422},
		Description: "The body is a header and the rows of whole products. A product is found by its handle: one that is " +
			"there is " +
			"brought in line with the file, fields the file has no column for stay, variants are matched by their options " +
			"(a file that says something of them needs the columns of each option), and variants " +
			"that the file leaves out are removed. Importing the same rows again changes nothing. Stock is set only " +
			"when its column says " +
			"something else than in the last import, so what was sold since stays sold. With stock=add the quantities are " +
			"a delivery, which is added once.\n\nEach product is written whole or " +
			"not at all; " +
			"what is wrong with the others is listed by row. `make import FILE=...` sends a file of any size piece by piece.",
	}, c.importFile)
	api.Handle(s, api.Route{
		Method: http.MethodGet, Path: "/products/export", ID: "exportProducts", Tag: "Products (merchant)",
		Access:  api.MerchantIs,
		Summary: "Export products as CSV in Shopify's format", Types: []string{"text/csv"}, Errors: []int{422},
		Description: "One page of products; the header stands on the first page only, so that pages can be put together. " +
			"The next " +
			"page is in the header Next-Cursor.",
	}, c.exportFile)
}

// ExportInput asks for a page of the file.
type ExportInput struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"100" doc:"Products per page."`
	Cursor   string `query:"cursor" maxLength:"2000" doc:"Next-Cursor of the page before."`
	Status   string `query:"status" enum:"draft,active,archived" doc:"Only with this status."`
	Currency string `query:"currency" pattern:"^[A-Z]{3}$" doc:"Of the columns that name none; the shop's first when left out."`
	Language string `query:"language" maxLength:"10" doc:"Of the columns that name none; the shop's first when left out."`
}

// ExportOutput is a page of the file.
type ExportOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	NextCursor  string `header:"Next-Cursor" doc:"Absent on the last page."`
	Body        []byte
}

// exportFile reads the page's products and their stock. 2 round trips per 100 products, besides the listing's.
func (c *Products) exportFile(ctx context.Context, in *ExportInput) (*ExportOutput, error) {
	base, err := c.base(in.Language, in.Currency)
	if err != nil {
		return nil, err
	}
	// Refreshed, so that an export right after a change has it.
	if err := c.listing.Refresh(ctx); err != nil {
		return nil, err
	}
	languages, err := c.listing.Languages(ctx)
	if err != nil {
		return nil, err
	}
	currencies, err := c.listing.Currencies(ctx)
	if err != nil {
		return nil, err
	}
	// A page that is too large is tried again with half the products.
	// One product alone always goes out: it is far smaller than maxPage.
	for limit := in.Limit; ; limit /= 2 {
		page, err := c.listing.List(ctx, catalog.ListQuery{
			Filter: catalog.Filter{Status: catalog.Status(in.Status)}, Limit: limit, After: in.Cursor,
		})
		if err != nil {
			return nil, api.CursorProblem(err)
		}
		var file bytes.Buffer
		// The header only on the first page, so that pages can be put together.
		w, err := shopify.NewWriter(&file, base, languages, currencies, in.Cursor == "")
		if err != nil {
			return nil, err
		}
		if err := errors.Join(c.writeAll(ctx, w, page.Entries), w.Flush()); err != nil {
			return nil, err
		}
		if file.Len() <= maxPage || limit == 1 {
			return &ExportOutput{
				ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="products.csv"`,
				NextCursor: page.Next, Body: file.Bytes(),
			}, nil
		}
	}
}

// writeAll writes the rows of the listed products. One that
// was deleted from the table since it was listed is left out.
func (c *Products) writeAll(ctx context.Context, w *shopify.Writer, entries []*catalog.Entry) error {
	ids := make([]string, len(entries))
	for i, e := range entries {
		ids[i] = e.ID
	}
	products, err := catalog.GetBatch(ctx, c.table, ids)
	if err != nil {
		return err
	}
	levels, err := stock.Read(ctx, c.table, counters(products))
	if err != nil {
		return err
	}
	// In the order of the list, not of the batch.
	for _, id := range ids {
		p := products[id]
		if p == nil {
			continue
		}
		available := map[string]int{}
		for _, v := range p.Variants {
			available[v.ID] = stock.Available(levels, v.ID, v.Buckets())
		}
		if err := w.Write(p, available); err != nil {
			return err
		}
	}
	return nil
}

// counters lists the counters of all stocked variants of the products.
func counters(products map[string]*catalog.Product) []table.Key {
	var wants []stock.Request
	for _, p := range products {
		for _, v := range p.Variants {
			if v.HasOwnStock() {
				wants = append(wants, stock.Request{VariantID: v.ID, Quantity: 1, Buckets: v.Buckets()})
			}
		}
	}
	return stock.Keys(wants)
}

// base is the language and the currency of the columns that name none.
func (c *Products) base(language, currency string) (shopify.Base, error) {
	base := shopify.Base{Language: language, Currency: currency}
	if base.Language == "" {
		base.Language = c.shop.Languages[0]
	}
	if base.Currency == "" {
		base.Currency = c.shop.Currencies[0]
	}
	if !validLanguage(base.Language) {
		return base, problem.InvalidField("query/language", "wrong_format", "a language tag such as ko")
	}
	if _, err := money.Digits(base.Currency); err != nil {
		return base, problem.InvalidField("query/currency", "unknown_currency", "an ISO 4217 code")
	}
	return base, nil
}

// handlesOf lists the handles of a batch, each once.
func handlesOf(batch []shopify.Product) []string {
	handles := make([]string, len(batch))
	for i, p := range batch {
		handles[i] = p.Handle
	}
	slices.Sort(handles)
	return slices.Compact(handles)
}
