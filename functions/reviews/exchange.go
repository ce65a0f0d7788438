package reviews

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"dangol/shared/catalog"
	"dangol/shared/platform/api"
	"dangol/shared/platform/format"
	"dangol/shared/platform/problem"
	"dangol/shared/platform/table"
	"dangol/shared/review"
	"dangol/shared/review/judgeme"
	"dangol/shared/review/store"
)

// exchangeRoutes are the routes for what comes from and goes to other systems.
func (f *Reviews) exchangeRoutes(s *api.Service) {
	const tag = "Review exchange"
	in := route(tag, api.MerchantIs, "POST", "/admin/reviews/import", "importReviews",
		"Import reviews from a CSV file in Judge.me's form", 503)
	// About 4 KB for each of the 500 rows.
	in.MaxBody = 2 << 20
	in.Description = "At most 500 rows. Imported reviews are marked and count as not verified. Importing a file again " +
		"changes nothing. Pictures are not fetched."
	api.Handle(s, in, f.imports)
	feed := route(tag, api.MerchantIs, "GET", "/admin"+ofProduct+"/feed", "exportReviewFeed",
		"Export a product's reviews as a product review feed (XML)", 404)
	feed.Description = "Google's product review feed 2.4, with is_verified_purchase and is_incentivized_review. " +
		"Next-Cursor leads to the next page."
	feed.Types = []string{"application/xml"}
	api.Handle(s, feed, f.feed)
	api.Handle(s, route(tag, api.Agent, "GET", "/admin/reviewed-products", "listReviewedProducts",
		"List the products that have reviews"), f.reviewed)
	api.Handle(s, route(tag, api.Agent, "POST", "/admin"+ofProduct+"/audit", "auditReviewSummary",
		"Count a product's reviews again and compare the summary", 503), f.audit)
}

// importInput is a file to import.
type importInput struct {
	ContentType string `header:"Content-Type" maxLength:"100"`
	Language    string `query:"language" default:"ko" maxLength:"3" doc:"What the reviews are in (ISO 639)."`
	RawBody     []byte `contentType:"text/csv"`
}

// importOutput is what became of the rows.
type importOutput struct {
	Body struct {
		Imported        int                      `json:"imported"`
		Known           int                      `json:"known" doc:"Rows that were imported before."`
		PicturesSkipped int                      `json:"picturesSkipped"`
		Errors          []judgeme.ReviewRowError `json:"errors"`
	}
}

// imports reads a file and stores each row as a review of its own.
func (f *Reviews) imports(ctx context.Context, in *importInput) (*importOutput, error) {
	if err := format.UTF8(in.RawBody); err != nil {
		return nil, err
	}
	rows, wrong, err := judgeme.Read(bytes.NewReader(in.RawBody), in.Language)
	if errors.Is(err, judgeme.ErrFile) {
		return nil, problem.InvalidField("", "wrong_format", "%s", err)
	}
	if err != nil {
		return nil, err
	}
	// Products are looked up all at once, not row by row.
	handles := make([]string, 0, len(rows))
	for _, r := range rows {
		handles = append(handles, r.ProductHandle)
	}
	slices.Sort(handles)
	products, err := catalog.IDsByHandle(ctx, f.Commerce, slices.Compact(handles))
	if err != nil {
		return nil, err
	}
	out := &importOutput{}
	out.Body.Errors = append([]judgeme.ReviewRowError{}, wrong...)
	for _, row := range rows {
		productID, ok := products[row.ProductHandle]
		// A row that cannot be stored does not stop the others.
		if !ok {
			out.Body.Errors = append(out.Body.Errors,
				judgeme.ReviewRowError{Line: row.Line, Column: "product_handle", Message: "is no product of the shop"})
			continue
		}
		made, err := f.Store.Import(ctx, imported(row, productID))
		if err != nil {
			return nil, err
		}
		if made {
			out.Body.Imported++
		} else {
			out.Body.Known++
		}
		out.Body.PicturesSkipped += row.Pictures
	}
	return out, nil
}

// imported is a row as a review. It is published at once: the merchant vouches for it, and it is
// marked.
func imported(row judgeme.Row, productID string) *review.Review {
	r := &review.Review{
		// The id is made of the row, so that importing again finds it.
		Content: row.Content, ID: store.ImportedID(row.Written, row.Key()), ProductID: productID,
		Author: review.AuthorName(row.ReviewerName),
		// No account stands behind an imported author; the hash only groups reviews of one address.
		AuthorID: "import:" + format.HashEmail(row.ReviewerEmail), State: review.Published, Imported: "judgeme",
		Written: row.Written,
	}
	if row.Reply != "" {
		r.Reply = &review.Reply{Text: row.Reply, At: row.ReplyAt}
	}
	return r
}

// feedInput is a page of a feed.
type feedInput struct {
	ProductID string `path:"id" maxLength:"60" example:"prod_01k9x7d3f8q7m2k"`
	api.Paging
}

// feedOutput is a feed; the cursor is in a header because the body is a format of others.
type feedOutput struct {
	Type string `header:"Content-Type"`
	Next string `header:"Next-Cursor"`
	Body []byte
}

// feed writes a page of reviews in Google's format.
func (f *Reviews) feed(ctx context.Context, in *feedInput) (*feedOutput, error) {
	p, err := f.product(ctx, in.ProductID)
	if err != nil {
		return nil, err
	}
	page, err := f.Store.Newest(ctx, p.ID, review.Filter{}, in.Limit, table.Cursor(in.Cursor))
	if err != nil {
		return nil, api.CursorProblem(err)
	}
	body, err := review.FeedPage(f.Shop.Name, page.Cards, func(string) string { return f.page(p.Handle) })
	return &feedOutput{Type: "application/xml; charset=utf-8", Next: string(page.Next), Body: body}, err
}

// reviewedInput is where a list of products goes on.
type reviewedInput struct {
	After string `query:"after" maxLength:"60" doc:"A product id; the list goes on behind it."`
}

// reviewedOutput is a list of products.
type reviewedOutput struct {
	Body struct {
		Products []string `json:"products"`
	}
}

// reviewed lists products that have reviews, in the order of their ids.
func (f *Reviews) reviewed(ctx context.Context, in *reviewedInput) (*reviewedOutput, error) {
	const most = 1000
	out := &reviewedOutput{}
	out.Body.Products = []string{}
	// An error of its own ends the walk.
	full := errors.New("full")
	err := f.Store.Products(ctx, in.After, func(productID string) error {
		if out.Body.Products = append(out.Body.Products, productID); len(out.Body.Products) == most {
			return full
		}
		return nil
	})
	if errors.Is(err, full) {
		err = nil
	}
	return out, err
}

// auditInput names a product.
type auditInput struct {
	ProductID string `path:"id" maxLength:"60" example:"prod_01k9x7d3f8q7m2k"`
}

// auditOutput is what a recount has found.
type auditOutput struct {
	Body struct {
		Reviews int          `json:"reviews"`
		Exact   bool         `json:"exact"`
		Drift   *store.Drift `json:"drift,omitempty"`
	}
}

// audit recounts a product. It changes nothing: drift is a mistake in the software and must be
// seen.
func (f *Reviews) audit(ctx context.Context, in *auditInput) (*auditOutput, error) {
	n, drift, err := f.Store.Recount(ctx, in.ProductID)
	if errors.Is(err, store.ErrMoving) {
		return nil, problem.Unavailable("busy",
			"The reviews of this product are changing too fast to count; try again.")
	}
	if err != nil {
		return nil, err
	}
	out := &auditOutput{}
	out.Body.Reviews, out.Body.Exact, out.Body.Drift = n, drift == nil, drift
	return out, nil
}
