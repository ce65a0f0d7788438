package catalog

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"dangol/shared/platform/table"
	"dangol/shared/stock"
)

// Sort is the order of a list.
type Sort string

// The orders of a list. Prices are the lowest of a product's variants, as shown.
const (
	Newest    Sort = "newest"
	ByTitle   Sort = "title"
	PriceUp   Sort = "price_asc"
	PriceDown Sort = "price_desc"
	// BestSelling is by the orders of the last weeks, the newest first among those of equally many.
	BestSelling Sort = "best_selling"
)

// Filter says which products a list shows; empty fields let everything through.
type Filter struct {
	Status   Status // empty shows products of every status
	Category string
	Tag      string
	Vendor   string
	Type     string
	Currency string // products sold in it; the price bounds and orders are in it
	Min, Max int64  // minor units; a product is shown when any of its prices is between. Max 0 is no bound
	Search   string // words that must all occur in titles, tags, categories, vendor or type
	// Availability is what the best of a product's variants has, as far as the index has been told; see StockIndex.
	Availability stock.Availability
}

// SalePrices are the sale prices that are live at a moment.
type SalePrices interface {
	// Version is another one whenever a price may be another.
	Version() string
	// PriceRange is what a card shows in a currency in place of its list prices; ok is false where no sale makes another
	// of them.
	PriceRange(c *Summary, currency string) (r PriceRange, ok bool)
}

// Sales counts in how many orders products were, for the order BestSelling.
type Sales interface {
	// Version is another one whenever a count may be another.
	Version() string
	// Orders is in how many orders of the last weeks the product was.
	Orders(productID string) int
}

// ListQuery says what to list.
type ListQuery struct {
	Filter
	Sales    SalePrices // that filters and orders by price go by; nil when there are none
	Sort     Sort       // Newest when empty
	Sold     Sales      // for BestSelling; nil when nothing was counted
	Language string     // of titles, for ByTitle
	Limit    int        // entries a page
	After    string     // Next of the page before
}

// ListPage is one page of a list.
type ListPage struct {
	Entries []*Entry
	Next    string // empty on the last page
}

// List returns one page. No round trip, or Shards in parallel (0.5 RCU per 4 KB of cards that changed) when the listing
// is older than Fresh. A cursor stays right while products come, go and move: it names a place in the order, not a
// number. Errors: table.ErrCursor.
func (l *Listing) List(ctx context.Context, q ListQuery) (ListPage, error) {
	s, err := l.snapshot(ctx, l.fresh)
	if err != nil {
		return ListPage{}, err
	}
	by := orderOf(q)
	var after *indexKey
	if q.After != "" {
		place, err := readPlace(q.After, by)
		if err != nil {
			return ListPage{}, err
		}
		after = &place
	}
	now := l.clock.Now()
	result, ok := q.page(s, by, s.ordered(by, &q), after, now, maxLooked)
	if !ok {
		// Few products pass: looking through all others is done once for the filter and not for each page.
		result, _ = q.page(s, by, s.matching(by, &q, now), after, now, len(s.byID))
	}
	return result, nil
}

// maxLooked is how many rows a list looks at before it takes those that pass its filter from memory.
const maxLooked = 1_000

// page takes a page out of rows, after a place. ok is false when it would have to look at more rows than most.
func (q ListQuery) page(
	s *snapshot, by order, rows []row, after *indexKey, now time.Time, most int,
) (result ListPage, ok bool) {
	if after != nil {
		// The place of the cursor need not exist any more: the search finds where it would be.
		first, _ := slices.BinarySearchFunc(rows, *after, func(r row, p indexKey) int {
			if c := by.compare(by.indexKeyOf(r), p); c != 0 {
				return c
			}
			return -1 // the product the cursor names was on the page before
		})
		rows = rows[first:]
	}
	words := searchWords(q.Search)
	var last row
	for i, r := range rows {
		if i >= most {
			return ListPage{}, false
		}
		if !q.showsAt(s, r, words, now) {
			continue
		}
		// One row more than the page shows that there is a next page.
		if len(result.Entries) == q.Limit {
			result.Next = by.indexKeyOf(last).cursor(by)
			break
		}
		result.Entries, last = append(result.Entries, r.entry), r
	}
	return result, true
}

// matchingKey is what the rows that pass a filter depend on within a snapshot.
type matchingKey struct {
	order
	Filter
	opened int // how many limited editions have opened
}

// maxMatching bounds the rows that are kept by filter, all filters together: some 10 MB.
const maxMatching = 200_000

// matching is the rows that pass the filter, in their order. The first time for a filter it looks at every product.
func (s *snapshot) matching(by order, q *ListQuery, now time.Time) []row {
	key := matchingKey{by, q.Filter, s.opened(now)}
	s.mu.Lock()
	known, ok := s.passing[key]
	s.mu.Unlock()
	if ok {
		return known
	}
	words := searchWords(q.Search)
	var rows []row
	for _, r := range s.ordered(by, q) {
		if q.showsAt(s, r, words, now) {
			rows = append(rows, r)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Callers choose filters, so no entry is worth more than another. A filter without rows counts too.
	if s.kept += len(rows) + 100; s.passing == nil || s.kept > maxMatching {
		s.passing, s.kept = map[matchingKey][]row{}, len(rows)+100
	}
	s.passing[key] = rows
	return rows
}

// showsAt is shows with the availability at a time.
func (f *Filter) showsAt(s *snapshot, r row, words []string, now time.Time) bool {
	return f.shows(r, words) && (f.Availability == "" || s.availability(r.entry.ID, now) == f.Availability)
}

// shows reports whether the row passes the filter but for its availability, which is no part of the row; words are
// those of Search, prepared once for all rows.
func (f *Filter) shows(r row, words []string) bool {
	e := r.entry
	if f.Status != "" && e.Status != f.Status ||
		f.Vendor != "" && e.Vendor != f.Vendor || f.Type != "" && e.Type != f.Type ||
		f.Category != "" && !slices.Contains(e.Categories, f.Category) || f.Tag != "" && !slices.Contains(e.Tags, f.Tag) {
		return false
	}
	// A product with several prices is shown when its range meets the one asked for.
	if f.Currency != "" && (r.max < f.Min || f.Max > 0 && r.min > f.Max) {
		return false
	}
	for _, w := range words {
		if !strings.Contains(e.search, w) {
			return false
		}
	}
	return true
}

// order is one way to put products in a row: those sold in a currency, or all; in a language, for titles; at the prices
// that sales of that name make.
type order struct {
	sort            Sort
	language        string
	currency, sales string // of prices; sales is the version of the sale prices, "" for none
	sold            string // version of the counts, for BestSelling
}

// orderOf leaves out what does not matter for the sort, so that equal orders are kept once.
func orderOf(q ListQuery) order {
	by := order{sort: Newest, currency: q.Currency}
	switch q.Sort {
	case ByTitle:
		by.sort, by.language = ByTitle, q.Language
	case PriceUp, PriceDown:
		by.sort = q.Sort
	case BestSelling:
		by.sort = q.Sort
		if q.Sold != nil {
			by.sold = q.Sold.Version()
		}
	}
	// Sales change the prices of rows, also where the order is not by price: filters look at them.
	if q.Sales != nil && by.currency != "" {
		by.sales = q.Sales.Version()
	}
	return by
}

// in is what a cursor must have in common with the list.
func (o order) in() string {
	switch o.sort {
	case ByTitle:
		return o.language
	case PriceUp, PriceDown:
		return o.currency
	}
	return ""
}

// row is a product in its place, with the least and the most that it is shown for in the order's currency.
type row struct {
	entry    *Entry
	min, max int64
	sold     int // orders of the last weeks, where the order goes by them
}

// indexKey is where a product stands in an order: by what it is sorted, and its id among equals.
type indexKey struct {
	Text   string `json:"t,omitempty"` // the title in lower case, for ByTitle
	Number int64  `json:"n,omitempty"` // the price in minor units, the orders, or Unix milliseconds of the creation
	Made   int64  `json:"m,omitempty"` // Unix milliseconds of the creation, among equally many orders
	ID     string `json:"id"`
}

// indexKeyOf is where the row stands in the order.
func (o order) indexKeyOf(r row) indexKey {
	p := indexKey{ID: r.entry.ID}
	switch o.sort {
	case ByTitle:
		p.Text = strings.ToLower(r.entry.Title.In(o.language))
	case PriceUp, PriceDown:
		p.Number = r.min
	case BestSelling:
		p.Number, p.Made = int64(r.sold), r.entry.CreatedAt.UnixMilli()
	default:
		p.Number = r.entry.CreatedAt.UnixMilli()
	}
	return p
}

// compare orders two places; the id, always ascending, decides between equals.
func (o order) compare(a, b indexKey) int {
	c := cmp.Or(strings.Compare(a.Text, b.Text), cmp.Compare(a.Number, b.Number), cmp.Compare(a.Made, b.Made))
	if o.sort == Newest || o.sort == PriceDown || o.sort == BestSelling {
		c = -c
	}
	return cmp.Or(c, strings.Compare(a.ID, b.ID))
}

// maxOrders bounds the orders kept of one snapshot; callers choose languages and currencies.
const maxOrders = 24

// ordered is the products in an order. It is made once for each state of the sales, which takes a microsecond a product
// to price; after that a list costs the same whether there are sales or not.
func (s *snapshot) ordered(by order, q *ListQuery) []row {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rows, ok := s.orders[by]; ok {
		return rows
	}
	type placed struct {
		indexKey
		row
	}
	all := make([]placed, 0, len(s.byID))
	for _, e := range s.byID {
		if r, sold := e.row(by, q.Sales); sold {
			if by.sold != "" {
				r.sold = q.Sold.Orders(e.ID)
			}
			all = append(all, placed{by.indexKeyOf(r), r})
		}
	}
	slices.SortFunc(all, func(a, b placed) int { return by.compare(a.indexKey, b.indexKey) })
	rows := make([]row, len(all))
	for i, p := range all {
		rows[i] = p.row
	}
	if len(s.orders) >= maxOrders {
		clear(s.orders)
	}
	s.orders[by] = rows
	return rows
}

// row is the entry with its prices in the order's currency; sold is false where it has none there.
func (e *Entry) row(by order, sales SalePrices) (r row, sold bool) {
	r.entry = e
	if by.currency == "" {
		return r, true
	}
	price, sold := e.Prices[by.currency]
	if sold && by.sales != "" {
		if shown, ok := sales.PriceRange(&e.Summary, by.currency); ok {
			price = shown
		}
	}
	r.min, r.max = price.Min, price.Max
	return r, sold
}

// cursor packs a place with the order it belongs to, so it cannot be used with another.
type cursor struct {
	Sort Sort   `json:"s"`
	In   string `json:"in,omitempty"` // language or currency of the order, see order.in
	indexKey
}

// cursor is the place as an opaque text for clients.
func (p indexKey) cursor(by order) string {
	raw, _ := json.Marshal(cursor{by.sort, by.in(), p}) // strings and numbers cannot fail
	return base64.RawURLEncoding.EncodeToString(raw)
}

// readPlace is the place of a cursor. One of another order,
// or not made here, gives table.ErrCursor.
func readPlace(text string, by order) (indexKey, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var c cursor
	if err != nil || json.Unmarshal(raw, &c) != nil || c.ID == "" || c.Sort != by.sort || c.In != by.in() {
		return indexKey{}, table.ErrCursor
	}
	return c.indexKey, nil
}
